/* SPDX-License-Identifier: MIT */
/* What QEMU is called with: each option of `atomos run` in its arguments. */
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/str.h"
#include "image/machine.h"

static const struct machine plain = {.image = "/i/x,y.img",
				     .keys = "/keys",
				     .tpm = true,
				     .vnc = -1,
				     .memory = 2048,
				     .ssh_port = 2222};
static const struct machine_files files = {
	.vars = "/i/x,y.img.vars", .tpm_socket = "/tmp/t/tpm", .disk = "/i/x,y.img.disk"};

/* All arguments in one line, with a space before and after each. */
static char *line(const struct machine *m, const struct machine_files *f)
{
	_cleanup_strv_ char **argv = machine_argv(m, f);
	_cleanup_free_ char *joined = strv_join(argv, " ");

	return xasprintf(" %s ", joined);
}

static void expect(const struct machine *m, const char *const *there,
		   const char *const *absent)
{
	_cleanup_free_ char *text = line(m, &files);

	for (; *there; there++)
		if (!strstr(text, *there)) {
			print_error("'%s' isn't in:%s\n", *there, text);
			assert_true(false);
		}
	for (; *absent; absent++)
		if (strstr(text, *absent)) {
			print_error("'%s' is in:%s\n", *absent, text);
			assert_true(false);
		}
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_default(void **state)
{
	expect(&plain,
	       LIST(" setpriv --pdeathsig TERM qemu-system-x86_64 ",
		    " -machine q35,smm=on ",
		    " -global driver=cfi.pflash01,property=secure,value=on ",
		    "/OVMF_CODE_4M.secboot.fd ",
		    " if=pflash,unit=1,format=raw,file=/i/x,,y.img.vars ", " -m 2048 ",
		    " file=/i/x,,y.img,if=none,id=medium,", "drive=medium,",
		    "hostfwd=tcp:127.0.0.1:2222-:22 ", " socket,id=tpm,path=/tmp/t/tpm ",
		    " tpm-crb,tpmdev=tpm ", " -display none -vga none ",
		    " -serial mon:stdio "),
	       LIST("id=disk", "-vnc", "gtk", "usb-kbd"));
}

static void test_no_tpm(void **state)
{
	struct machine m = plain;

	m.tpm = false;
	expect(&m, LIST(" -machine q35,smm=on "), LIST("tpm"));
}

static void test_no_secure_boot(void **state)
{
	struct machine m = plain;

	m.keys = NULL;
	expect(&m, LIST(" -machine q35,smm=off ", "/OVMF_CODE_4M.fd ", " tpm-crb,"),
	       LIST("secboot", "property=secure"));
}

static void test_memory_and_disk(void **state)
{
	struct machine m = plain;

	m.memory = 4096;
	m.disk = 64;
	expect(&m,
	       LIST(" -m 4096 ", " file=/i/x,,y.img.disk,if=none,id=disk,",
		    " virtio-blk-pci,drive=disk,serial=disk "),
	       LIST(" -m 2048 "));
}

static void test_graphic(void **state)
{
	struct machine m = plain;

	m.vnc = 3;
	expect(&m,
	       LIST(" -vnc 127.0.0.1:3 ", " -vga std ", " usb-kbd ",
		    " -serial mon:stdio "),
	       LIST("-display"));
	m.vnc = -1;
	m.window = true;
	expect(&m, LIST(" -display gtk ", " -vga std ", " -serial mon:stdio "),
	       LIST("-vnc", "-display none"));
}

static void test_processor(void **state)
{
	struct machine_files with = files;
	_cleanup_free_ char *emulated = line(&plain, &files), *native = NULL;

	with.kvm = true;
	native = line(&plain, &with);
	assert_non_null(strstr(emulated, " -accel tcg,"));
	assert_null(strstr(emulated, "kvm"));
	assert_non_null(strstr(native, " -accel kvm -cpu host "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_no_tpm),
		cmocka_unit_test(test_no_secure_boot),
		cmocka_unit_test(test_memory_and_disk),
		cmocka_unit_test(test_graphic),
		cmocka_unit_test(test_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
