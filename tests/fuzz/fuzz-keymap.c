/* SPDX-License-Identifier: MIT */
/* Fuzz target: keymaps of packages, compressed or not, with what they include. */
#include "base/fd.h"
#include "builder/keymap-files.h"
#include "fuzz.h"

#define P "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-p-1"
#define DIGEST "0000000000000000000000000000000000000000000000000000000000000000"
#define FOLDER(path) path " 0 40755 1 0 0 0 1.0 - - -\n"
#define FILE(name)                                                                       \
	"/usr/share/keymaps/i386/" name " 1 100644 1 0 0 0 1.0 " P "/" name " - " DIGEST \
	"\n"

static const char manifest[] =
	FOLDER("/") FOLDER("/usr") FOLDER("/usr/share") FOLDER("/usr/share/keymaps")
		FOLDER("/usr/share/keymaps/i386") FILE("de.kmap.gz") FILE("inc.inc");

/* A store that is in no folder any more; one for all inputs. */
static int open_store(void)
{
	char path[] = "/tmp/fuzz-keymap-XXXXXX", *inner;
	int fd;

	must(mkdtemp(path) != NULL);
	inner = xasprintf("%s/" P, path);
	must(mkdir(inner, 0700) == 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	free(inner);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char included[] = "include \"de\"\n";
	struct root_path root = {.store_fd = open_store()};
	_cleanup_cpio_ struct cpio out = {0};

	must(manifest_parse(manifest, strlen(manifest), MANIFEST_ROOT, &root.manifest,
			    NULL) == 0);
	must(write_file_at(root.store_fd, P "/de.kmap.gz", data, size, 0600) == 0 &&
	     write_file_at(root.store_fd, P "/inc.inc", included, strlen(included),
			   0600) == 0);
	if (keymap_add(&root, "de", &out, NULL) == 0)
		must(cpio_has(&out, "/usr/share/keymaps/i386/de.kmap"));
	root_path_done(&root);
	return 0;
}
