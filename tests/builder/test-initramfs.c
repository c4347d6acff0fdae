/* SPDX-License-Identifier: MIT */
/* Parts of the initramfs: ELF files, kernel modules, keymaps, the archive. */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/hash.h"
#include "builder/cpio.h"
#include "builder/elf-needs.h"
#include "builder/keymap-files.h"
#include "builder/module-index.h"
#include "fixture.h"

static const struct module_texts texts = {
	.dep = "kernel/fs/btrfs/btrfs.ko.xz: kernel/lib/raid6.ko.xz "
	       "kernel/crypto/xor.ko.xz\n"
	       "kernel/lib/raid6.ko.xz:\n"
	       "kernel/crypto/xor.ko.xz:\n"
	       "kernel/crypto/crc32c_generic.ko.xz:\n"
	       "kernel/crypto/deep-one.ko.xz: kernel/lib/raid6.ko.xz\n"
	       "kernel/drivers/usb/usb-storage.ko.xz:\n"
	       "kernel/drivers/mmc/sdhci-pci.ko.xz: kernel/drivers/mmc/sdhci.ko.xz\n"
	       "kernel/drivers/mmc/sdhci.ko.xz:\n",
	.alias = "# comment\nalias crypto-crc32c crc32c_generic\n"
		 "alias pci:v00001* sdhci_pci\nalias crypto-deep deep-one\n",
	.softdep = "# comment\nsoftdep btrfs pre: crypto-crc32c post: crypto-deep\n"
		   "softdep crc32c_generic btrfs\n",
	.builtin = "kernel/drivers/virtio/virtio_pci.ko\n",
};

static char *modules_of(const char *name, size_t *ret_found, bool *ret_builtin)
{
	_cleanup_module_index_ struct module_index index = {0};
	_cleanup_strv_ char **paths = NULL;
	struct error err = {0};

	assert_ok(module_index_parse(&texts, &index, &err));
	*ret_found = module_index_add(&index, name, &paths, ret_builtin);
	return strv_join(paths, " ");
}

static void expect_modules(const char *name, size_t expected, const char *paths)
{
	size_t found;
	bool builtin;
	_cleanup_free_ char *joined = modules_of(name, &found, &builtin);

	assert_string_equal(joined, paths);
	assert_int_equal(found, expected);
	assert_false(builtin);
}

static void test_modules(void **state)
{
	_cleanup_free_ char *none = NULL;
	size_t found;
	bool builtin;

	/* Dependencies, soft ones by alias, and a circle of soft ones. */
	expect_modules("btrfs", 1,
		       "kernel/crypto/crc32c_generic.ko.xz kernel/crypto/deep-one.ko.xz "
		       "kernel/crypto/xor.ko.xz kernel/fs/btrfs/btrfs.ko.xz "
		       "kernel/lib/raid6.ko.xz");
	expect_modules("usb_storage", 1, "kernel/drivers/usb/usb-storage.ko.xz");
	expect_modules("usb-storage", 1, "kernel/drivers/usb/usb-storage.ko.xz");
	expect_modules(
		"sdhci*", 2,
		"kernel/drivers/mmc/sdhci-pci.ko.xz kernel/drivers/mmc/sdhci.ko.xz");
	expect_modules("crypto-deep", 1,
		       "kernel/crypto/deep-one.ko.xz kernel/lib/raid6.ko.xz");
	expect_modules("missing", 0, "");
	none = modules_of("virtio-pci", &found, &builtin);
	assert_true(builtin && found == 0 && !*none);
}

static void test_modules_damaged(void **state)
{
	struct module_texts bad = texts;
	struct module_index index = {0};
	struct error err = {0};

	bad.dep = "no colon here\n";
	assert_int_equal(module_index_parse(&bad, &index, &err), -EBADMSG);
	assert_words("modules.dep has the line \"no colon here\"");
}

/* This very program needs cmocka, and libc's loader. */
static void test_elf(void **state)
{
	_cleanup_elf_needs_ struct elf_needs needs = {0};
	_cleanup_free_ char *data = NULL, *joined = NULL;
	struct error err = {0};
	size_t size;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int owned = fd;
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	data = xmalloc(1 << 26);
	size = (size_t)read_full(fd, data, 1 << 26);
	assert_ok(elf_read_needs(data, size, "/usr/bin", &needs, &err));
	joined = strv_join(needs.needed, " ");
	assert_non_null(strstr(joined, "libcmocka.so.0"));
	assert_non_null(strstr(joined, "libc.so.6"));
	assert_non_null(strstr(needs.interpreter, "ld-linux-x86-64.so.2"));
}

static void test_elf_not(void **state)
{
	struct elf_needs needs;
	struct error err = {0};

	assert_ok(elf_read_needs("#!/bin/sh\n", 10, "/", &needs, &err));
	assert_null(needs.needed);
	assert_int_equal(elf_read_needs("\177ELF", 4, "/", &needs, &err), -EBADMSG);
}

/* A made-up file: a load segment over all of it, then dynamic section and note. */
struct tiny_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Dyn dynamic[4];
	Elf64_Nhdr note;
	char owner[4], text[160], strings[64];
};

static struct tiny_elf tiny(void)
{
	struct tiny_elf t = {
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
			   .e_phoff = offsetof(struct tiny_elf, segments),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 3},
		.note = {4, sizeof(t.text), 0x407c0c0a},
		.owner = "FDO",
		.text = "[{\"priority\":\"required\",\"soname\":[\"libr.so\"]},"
			"{\"priority\":\"suggested\",\"soname\":[\"libs.so\"]},"
			"{\"soname\":[\"libt.so\",\"libu.so\"]}]",
		.strings = "\0libx.so\0$ORIGIN/../y:/opt",
	};

	t.segments[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_filesz = sizeof(t)};
	t.segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
				     .p_offset = offsetof(struct tiny_elf, dynamic),
				     .p_filesz = sizeof(t.dynamic)};
	t.segments[2] = (Elf64_Phdr){.p_type = PT_NOTE,
				     .p_offset = offsetof(struct tiny_elf, note),
				     .p_filesz = sizeof(t.note) + 4 + sizeof(t.text),
				     .p_align = 4};
	t.dynamic[0] = (Elf64_Dyn){DT_NEEDED, {1}};
	t.dynamic[1] = (Elf64_Dyn){DT_RUNPATH, {9}};
	t.dynamic[2] = (Elf64_Dyn){DT_STRTAB, {offsetof(struct tiny_elf, strings)}};
	return t;
}

static void test_elf_notes(void **state)
{
	_cleanup_elf_needs_ struct elf_needs needs = {0};
	_cleanup_free_ char *loaded = NULL, *run_path = NULL;
	struct tiny_elf t = tiny();
	struct error err = {0};

	assert_ok(elf_read_needs((char *)&t, sizeof(t), "/usr/lib", &needs, &err));
	loaded = strv_join(needs.loaded, " ");
	run_path = strv_join(needs.run_path, " ");
	assert_string_equal(needs.needed[0], "libx.so");
	assert_string_equal(run_path, "/usr/lib/../y /opt");
	assert_string_equal(loaded, "libr.so libt.so");
}

static void refuse_elf(const struct tiny_elf *t)
{
	struct elf_needs needs;
	struct error err = {0};

	assert_true(elf_read_needs((const char *)t, sizeof(*t), "/", &needs, &err) < 0);
}

static void test_elf_damaged(void **state)
{
	struct tiny_elf t = tiny();

	t.header.e_phoff = UINT64_MAX - 8;
	refuse_elf(&t);
	t = tiny();
	t.segments[1].p_offset = sizeof(t);
	refuse_elf(&t);
	t = tiny();
	t.segments[0].p_filesz = UINT64_MAX;
	refuse_elf(&t);
	t = tiny();
	t.dynamic[0].d_un.d_val = 1 << 20;
	refuse_elf(&t);
	t = tiny();
	t.dynamic[2].d_un.d_ptr = 1 << 20;
	refuse_elf(&t);
	t = tiny();
	t.note.n_descsz = UINT32_MAX;
	refuse_elf(&t);
	t = tiny();
	t.note.n_namesz = UINT32_MAX;
	refuse_elf(&t);
	t = tiny();
	t.text[0] = '{';
	refuse_elf(&t);
}

static int write_cpio(bool backwards)
{
	static const char *const names[] = {"/init", "/etc/a", "/usr/lib/x", "/b"};
	_cleanup_cpio_ struct cpio c = {0};
	int fd = memfd_create("cpio", MFD_CLOEXEC);
	struct error err = {0};

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		const char *name = names[backwards ? ELEMENTSOF(names) - 1 - i : i];

		cpio_add_file(&c, name, 0755, name, strlen(name));
	}
	cpio_add_file(&c, "/init", 0644, "other", 5);
	cpio_add_symlink(&c, "/bin", "usr/bin");
	assert_true(cpio_has(&c, "/usr/lib"));
	assert_ok(cpio_write(&c, fd, 1700000000, &err));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void test_cpio_same(void **state)
{
	_cleanup_close_ int one = write_cpio(false), two = write_cpio(true);
	char a[8192], b[8192];
	ssize_t n = read_full(one, a, sizeof(a)), m = read_full(two, b, sizeof(b));

	assert_true(n > 0 && n < (ssize_t)sizeof(a));
	assert_int_equal(n, m);
	assert_memory_equal(a, b, (size_t)n);
}

/* The archive without its compression, which may change with the library. */
static void test_cpio_golden(void **state)
{
	_cleanup_close_ int fd = write_cpio(false);
	uint8_t digest[SHA256_SIZE];
	char data[8192], hex[2 * SHA256_SIZE + 1];
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	la_ssize_t n;

	archive_read_support_format_raw(a);
	archive_read_support_filter_zstd(a);
	assert_int_equal(archive_read_open_fd(a, fd, 4096), ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_OK);
	n = archive_read_data(a, data, sizeof(data));
	assert_int_equal(n, 1096);
	archive_read_free(a);
	sha256_buffer(data, (size_t)n, digest);
	hex_encode(digest, sizeof(digest), hex);
	assert_string_equal(
		hex, "6327c2b847caa41b4bb0267c60a355028dfd1f921401d4983fd52545ff474a01");
}

static void test_cpio_content(void **state)
{
	_cleanup_close_ int fd = write_cpio(false);
	_cleanup_free_ char *names = xstrdup("");
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	archive_read_support_format_cpio(a);
	archive_read_support_filter_zstd(a);
	assert_int_equal(archive_read_open_fd(a, fd, 4096), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		char *longer = xasprintf("%s %s", names, archive_entry_pathname(e));

		free(names);
		names = longer;
		assert_int_equal(archive_entry_mtime(e), 1700000000);
		assert_int_equal(archive_entry_uid(e), 0);
		if (streq(archive_entry_pathname(e), "init")) {
			assert_int_equal(archive_entry_size(e), 5);
			assert_int_equal(archive_entry_mode(e), S_IFREG | 0755);
		}
		if (streq(archive_entry_pathname(e), "bin"))
			assert_string_equal(archive_entry_symlink(e), "usr/bin");
	}
	assert_string_equal(names, " b bin etc etc/a init usr usr/lib usr/lib/x");
	archive_read_free(a);
}

#define P "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-p-1"

static void test_keymap(void **state)
{
	_cleanup_free_ char
		*de = file_line("/usr/share/keymaps/i386/de.kmap", "100644", P "/de",
				"include \"inc\"\n"),
		*inc = file_line("/usr/share/keymaps/i386/inc.inc", "100644", P "/inc",
				 "  include \"de\"\n"),
		*sun = file_line("/usr/share/keymaps/sun/de.kmap", "100644", P "/sun",
				 "s\n"),
		*text = xasprintf(
			"/ 0 40755 1 0 0 0 1.0 - - -\n/usr 0 40755 1 0 0 0 1.0 - - -\n"
			"/usr/share 0 40755 1 0 0 0 1.0 - - -\n"
			"/usr/share/keymaps 0 40755 1 0 0 0 1.0 - - -\n"
			"/usr/share/keymaps/i386 0 40755 1 0 0 0 1.0 - - -\n%s%s"
			"/usr/share/keymaps/sun 0 40755 1 0 0 0 1.0 - - -\n%s",
			de, inc, sun);
	_cleanup_cpio_ struct cpio c = {0};
	struct root_path root = {0};
	struct error err = {0};
	char *path;
	int store = temporary(&path);

	put(store, P "/de", "include \"inc\"\n");
	put(store, P "/inc", "  include \"de\"\n");
	root.store_fd = store;
	assert_ok(
		manifest_parse(text, strlen(text), MANIFEST_ROOT, &root.manifest, &err));
	/* Files that include each other end, and the PC's keymap is preferred. */
	assert_ok(keymap_add(&root, "de", &c, &err));
	assert_true(cpio_has(&c, "/usr/share/keymaps/i386/de.kmap"));
	assert_true(cpio_has(&c, "/usr/share/keymaps/i386/inc.inc"));
	assert_false(cpio_has(&c, "/usr/share/keymaps/sun/de.kmap"));
	assert_int_equal(keymap_add(&root, "fr", &c, &err), -ENOENT);
	assert_words("The keymap fr");
	manifest_done(&root.manifest);
	temporary_done(store, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_modules_damaged),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_not),
		cmocka_unit_test(test_elf_notes),
		cmocka_unit_test(test_elf_damaged),
		cmocka_unit_test(test_cpio_same),
		cmocka_unit_test(test_cpio_golden),
		cmocka_unit_test(test_cpio_content),
		cmocka_unit_test(test_keymap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
