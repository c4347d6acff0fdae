/* SPDX-License-Identifier: MIT */
/* The medium's menu, and what stands between it and a disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "welcome/installer.h"
#include "welcome/medium.h"

static const char disks[] =
	"{\"disks\":["
	"{\"disk\":\"sda\",\"model\":\"Stick\",\"bus\":\"USB\",\"size\":8000000000,"
	"\"content\":\"AtomOS\",\"warning\":null,\"refusal\":\"it is the medium\","
	"\"free\":{\"start\":0,\"size\":0},\"freeRefusal\":\"it is the medium\"},"
	"{\"disk\":\"nvme0n1\",\"model\":\"Fast\",\"bus\":\"NVMe\",\"size\":500000000000,"
	"\"content\":\"Windows\",\"warning\":\"BitLocker is on\",\"pin\":\"disk\","
	"\"refusal\":null,"
	"\"free\":{\"start\":1048576,\"size\":100000000000},\"freeRefusal\":null}]}";

static enum medium_next choose(struct medium *m, size_t choice)
{
	_cleanup_secret_ struct secret *none = secret_new();
	const struct answer a = {.choice = choice, .text = none};

	return medium_take(m, &a);
}

static enum medium_next type(struct medium *m, const char *text)
{
	_cleanup_secret_ struct secret *typed = secret_new();
	const struct answer a = {.text = typed};

	typed->size = strlen(text);
	strcpy(typed->data, text);
	return medium_take(m, &a);
}

static void to_where(struct medium *m)
{
	struct error err;

	*m = (struct medium){.system = "AtomOS demo"};
	assert_int_equal(choose(m, 1), MEDIUM_LIST);
	assert_ok(targets_parse(disks, &m->targets, &err), &err);
}

static void test_targets(void **state _unused_)
{
	_cleanup_medium_ struct medium m;
	_cleanup_screen_ struct screen s;

	to_where(&m);
	assert_int_equal(m.targets.count, 3);
	medium_show(&m, &s);
	assert_int_equal(s.count, 4);
	assert_string_equal(s.items[0].label, "sda, 8.0 GB, Stick, USB");
	assert_true(s.items[0].off);
	assert_string_equal(s.items[0].detail, "it is the medium");
	assert_string_equal(s.items[1].detail, "Windows");
	assert_string_equal(s.items[2].label,
			    "nvme0n1, free space of 100.0 GB, Fast, NVMe");
	assert_string_equal(s.items[2].detail, "beside Windows");
	assert_int_equal(s.preset, 1);
}

static void test_confirm(void **state _unused_)
{
	_cleanup_medium_ struct medium m;
	_cleanup_screen_ struct screen s;

	to_where(&m);
	assert_int_equal(choose(&m, 1), MEDIUM_ON);
	medium_show(&m, &s);
	assert_non_null(strstr(s.text, "BitLocker is on"));
	assert_non_null(strstr(s.text, "will be lost"));
	assert_int_equal(type(&m, "yes"), MEDIUM_ON);
	assert_non_null(m.error);
	assert_int_equal(type(&m, ""), MEDIUM_ON);
	assert_int_equal(type(&m, "nvme0n1"), MEDIUM_INSTALL);
	assert_true(m.targets.list[m.chosen].whole);
	medium_failed(&m, "The disk is full");
	assert_int_equal(m.step, MEDIUM_WHERE);
	assert_int_equal(choose(&m, 2), MEDIUM_ON);
	assert_int_equal(type(&m, "nvme0n1"), MEDIUM_ON);
	assert_int_equal(choose(&m, 0), MEDIUM_INSTALL);
	assert_false(m.targets.list[m.chosen].whole);
	medium_installed(&m, NULL);
	assert_int_equal(choose(&m, 0), MEDIUM_OFF);
	assert_int_equal(choose(&m, 1), MEDIUM_RESTART);
	assert_int_equal(choose(&m, 2), MEDIUM_REACH);
}

/* Asked for by somebody who tries the system already. */
static void test_running(void **state _unused_)
{
	_cleanup_medium_ struct medium m = {
		.system = "AtomOS demo", .running = true, .step = MEDIUM_WHERE};
	_cleanup_secret_ struct secret *none = secret_new();
	const struct answer back = {.back = true, .text = none};
	_cleanup_screen_ struct screen where = {0};
	struct error err;

	assert_ok(targets_parse(disks, &m.targets, &err), &err);
	medium_show(&m, &where);
	assert_string_equal(where.title, "Where to install");
	assert_int_equal(choose(&m, 1), MEDIUM_ON);
	assert_int_equal(m.step, MEDIUM_CONFIRM);
	assert_int_equal(medium_take(&m, &back), MEDIUM_ON);
	assert_int_equal(m.step, MEDIUM_WHERE);
	assert_int_equal(medium_take(&m, &back), MEDIUM_TRY);
}

/* Beside a disk that the TPM opens: which one shall it be? */
static void test_tpm(void **state _unused_)
{
	_cleanup_medium_ struct medium m;
	_cleanup_screen_ struct screen confirm = {0}, installed = {0};

	to_where(&m);
	/* What is overwritten is forgotten without a further question. */
	assert_int_equal(choose(&m, 1), MEDIUM_ON);
	medium_show(&m, &confirm);
	assert_non_null(strstr(confirm.text, "will forget it"));
	assert_int_equal(type(&m, "nvme0n1"), MEDIUM_INSTALL);
	assert_false(m.take_tpm);
	medium_failed(&m, "The disk is full");
	/* In its free space the old one stays. */
	assert_int_equal(choose(&m, 2), MEDIUM_ON);
	assert_int_equal(type(&m, "nvme0n1"), MEDIUM_ON);
	assert_int_equal(m.step, MEDIUM_TPM);
	assert_int_equal(choose(&m, 0), MEDIUM_INSTALL);
	assert_false(m.take_tpm);
	assert_int_equal(choose(&m, 1), MEDIUM_INSTALL);
	assert_true(m.take_tpm);
	medium_installed(&m, "The TPM doesn't forget the old disk");
	medium_show(&m, &installed);
	assert_non_null(
		strstr(installed.text, "\n\nThe TPM doesn't forget the old disk."));
}

/* An image that was written to an inner disk: its own space is offered first. */
static void test_behind(void **state _unused_)
{
	static const char inner[] =
		"{\"disks\":[{\"disk\":\"vda\",\"size\":500000000000,\"medium\":true,"
		"\"content\":\"an AtomOS medium\",\"refusal\":\"it runs from "
		"it\",\"free\":"
		"{\"start\":400000000,\"size\":499000000000},\"freeRefusal\":null}]}";
	_cleanup_medium_ struct medium m = {.system = "AtomOS demo"};
	_cleanup_screen_ struct screen menu = {0}, confirm = {0}, installed = {0};
	struct error err;

	assert_ok(targets_parse(inner, &m.targets, &err), &err);
	medium_show(&m, &menu);
	assert_int_equal(menu.count, 3);
	assert_int_equal(menu.preset, 2);
	assert_string_equal(menu.items[2].label, "Install here");
	assert_int_equal(choose(&m, 2), MEDIUM_ON);
	medium_show(&m, &confirm);
	assert_non_null(strstr(confirm.text, "when the system's partition is gone"));
	assert_int_equal(type(&m, "vda"), MEDIUM_INSTALL);
	assert_false(m.targets.list[m.chosen].whole);
	medium_installed(&m, NULL);
	medium_show(&m, &installed);
	assert_null(strstr(installed.text, "medium"));
	assert_int_equal(installed.preset, 1);
	assert_null(installed.items[1].detail);
}

/* From an installed system: there is no medium to take out, and nothing was tried. */
static void test_from_a_disk(void **state _unused_)
{
	_cleanup_medium_ struct medium m = {.system = "AtomOS demo",
					    .running = true,
					    .installed = true,
					    .step = MEDIUM_WHERE};
	_cleanup_screen_ struct screen s = {0};
	struct error err;

	assert_ok(targets_parse(disks, &m.targets, &err), &err);
	assert_int_equal(choose(&m, 1), MEDIUM_ON);
	medium_installed(&m, NULL);
	medium_show(&m, &s);
	assert_string_equal(s.text, "AtomOS demo is on the disk. The first start from "
				    "there asks what makes it yours.");
	assert_null(s.items[1].detail);
	assert_string_equal(s.items[2].label, "Go on with this system");
	assert_int_equal(s.preset, 2);
	assert_int_equal(choose(&m, 2), MEDIUM_TRY);
}

static void test_try(void **state _unused_)
{
	_cleanup_medium_ struct medium m = {.system = "AtomOS demo"};

	assert_int_equal(choose(&m, 0), MEDIUM_REACH);
	assert_int_equal(medium_network(&m, false), MEDIUM_TRY);
}

/* Without a network that could be had, until there is one or nobody wants it. */
static void test_network(void **state _unused_)
{
	_cleanup_medium_ struct medium m = {.system = "AtomOS demo"};
	_cleanup_secret_ struct secret *none = secret_new();
	const struct answer back = {.back = true, .text = none};
	_cleanup_screen_ struct screen s = {0};

	assert_int_equal(choose(&m, 0), MEDIUM_REACH);
	assert_int_equal(medium_network(&m, true), MEDIUM_ON);
	medium_show(&m, &s);
	assert_string_equal(s.title, "Network");
	assert_true(s.back);
	assert_int_equal(s.preset, 0);
	assert_int_equal(choose(&m, 1), MEDIUM_CONNECT);
	assert_int_equal(medium_network(&m, true), MEDIUM_ON);
	assert_int_equal(m.step, MEDIUM_NETWORK);
	assert_int_equal(choose(&m, 0), MEDIUM_TRY);
	assert_int_equal(choose(&m, 1), MEDIUM_CONNECT);
	assert_int_equal(medium_network(&m, false), MEDIUM_TRY);
	assert_int_equal(medium_take(&m, &back), MEDIUM_ON);
	assert_int_equal(m.step, MEDIUM_MENU);
	/* Behind an installation, too. */
	medium_installed(&m, NULL);
	assert_int_equal(choose(&m, 2), MEDIUM_REACH);
	assert_int_equal(medium_network(&m, true), MEDIUM_ON);
	assert_int_equal(medium_take(&m, &back), MEDIUM_ON);
	assert_int_equal(m.step, MEDIUM_INSTALLED);
}

static void test_list_again(void **state _unused_)
{
	_cleanup_medium_ struct medium m;

	to_where(&m);
	assert_int_equal(choose(&m, 3), MEDIUM_LIST);
	targets_done(&m.targets);
	/* With no disk at all there is still something to choose. */
	assert_int_equal(choose(&m, 0), MEDIUM_LIST);
}

static void test_bad_lists(void **state _unused_)
{
	struct targets t;
	struct error err;

	assert_int_equal(targets_parse("", &t, &err), -EBADMSG);
	assert_int_equal(targets_parse("{}", &t, &err), -EBADMSG);
	assert_int_equal(targets_parse("{\"disks\":[1,{}]}", &t, &err), 0);
	assert_int_equal(t.count, 0);
}

static void test_progress(void **state _unused_)
{
	_cleanup_installer_step_ struct installer_step s = {0}, timed = {0};
	struct installer_step none;

	assert_true(
		installer_line("{\"done\":1,\"total\":2,\"what\":\"Copying\"}\n", &s));
	assert_string_equal(s.what, "Copying");
	assert_null(s.detail);
	assert_int_equal(s.done, 1);
	assert_int_equal(s.total, 2);
	assert_true(installer_line("{\"done\":1,\"total\":2,\"what\":\"Copying\","
				   "\"detail\":\"9 MB/s, 0:40 left\"}\n",
				   &timed));
	assert_string_equal(timed.detail, "9 MB/s, 0:40 left");
	assert_false(installer_line("hello\n", &none));
}

static void say_nothing(struct ui *ui _unused_, const char *what _unused_,
			const char *detail _unused_, uint64_t done _unused_,
			uint64_t total _unused_)
{
}

/* No key on the terminal reaches the program, nor ends who waits for it; the disk is the
 * one that was shown. */
static void test_child(void **state)
{
	static const char program[] =
		"#!/bin/sh\nread -r a b c d e session f </proc/self/stat\n"
		"[ $session = $$ ] || exit 1\nkill -INT $PPID\n"
		"echo \"atomos: $*.\" >&2\n";
	static const struct ui_methods methods = {.progress = say_nothing};
	_cleanup_free_ char *path = xasprintf("%s:%s", (char *)*state, getenv("PATH")),
			    *note = NULL;
	struct target target = {.disk = (char *)"vdx", .whole = false, .sequence = 77};
	const struct installer_order order = {&target, true, NULL};
	struct ui ui = {&methods};
	struct error err;

	assert_int_equal(write_file_at(AT_FDCWD, in_directory(state, "atomos"), program,
				       strlen(program), 0755),
			 0);
	setenv("PATH", path, 1);
	assert_ok(installer_run(&ui, &order, &note, &err), &err);
	assert_string_equal(note, "--quiet install --progress-fd 3 --disk vdx --yes vdx "
				  "--sequence 77 --free --take-tpm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_confirm),
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_tpm),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_from_a_disk),
		cmocka_unit_test(test_try),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_list_again),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_progress),
		cmocka_unit_test_setup_teardown(test_child, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
