/* SPDX-License-Identifier: MIT */
/* What was chosen is kept, applied, and refused where it leads elsewhere. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/choices.h"
#include "owner/config.h"

#define KEYBOARD                                                                         \
	"KEYMAP=\"de-latin1-nodeadkeys\"\nXKBMODEL=\"pc105\"\nXKBLAYOUT=\"de\"\n"        \
	"XKBVARIANT=\"nodeadkeys\"\nXKBOPTIONS=\"\"\nBACKSPACE=\"guess\"\n"

static void check_file(void **state, const char *name, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(
		read_file_at(AT_FDCWD, in_directory(state, name), 4096, &text, NULL), 0);
	assert_string_equal(text, expected);
}

static void make_file(void **state, const char *name, const char *text)
{
	const char *path = in_directory(state, name);

	assert_int_equal(make_parents_at(AT_FDCWD, path), 0);
	assert_int_equal(write_file_at(AT_FDCWD, path, text, strlen(text), 0644), 0);
}

static void test_kept_and_applied(void **state)
{
	const struct choices written = {(char *)"de_DE.UTF-8",
					(char *)"de-latin1-nodeadkeys",
					(char *)"Europe/Berlin"};
	_cleanup_choices_ struct choices read;
	_cleanup_free_ char *target = NULL;
	struct error err;

	make_file(state, "usr/share/zoneinfo/Europe/Berlin", "TZif");
	make_file(state, "etc/default/x", "");
	assert_ok(choices_write(in_directory(state, "var/choices"), &written, &err),
		  &err);
	assert_ok(choices_load(in_directory(state, "var/choices"), &read, &err), &err);
	assert_ok(choices_apply(*state, &read, &err), &err);
	/* At each boot again. */
	assert_ok(choices_apply(*state, &read, &err), &err);
	check_file(state, "etc/locale.conf", "LANG=de_DE.UTF-8\n");
	check_file(state, "etc/timezone", "Europe/Berlin\n");
	/* Debian makes one a link to the other. */
	check_file(state, "etc/vconsole.conf", KEYBOARD);
	check_file(state, "etc/default/keyboard", KEYBOARD);
	assert_int_equal(
		readlink_at(AT_FDCWD, in_directory(state, "etc/localtime"), &target), 0);
	assert_string_equal(target, "/usr/share/zoneinfo/Europe/Berlin");
}

static void test_unknown_zone_left(void **state)
{
	const struct choices c = {(char *)"", (char *)"", (char *)"Europe/Atlantis"};
	struct error err;

	assert_ok(choices_apply(*state, &c, &err), &err);
	assert_int_equal(access(in_directory(state, "etc/localtime"), F_OK), -1);
	assert_int_equal(access(in_directory(state, "etc/timezone"), F_OK), -1);
}

static void test_refused(void **state _unused_)
{
	static const char *const bad[] = {"",
					  "[]",
					  "{\"zone\":\"../../etc/shadow\"}",
					  "{\"zone\":\"/etc/shadow\"}",
					  "{\"language\":\"C\\nLD_PRELOAD=x\"}",
					  "{\"keymap\":\"-x\"}",
					  "{\"keymap\":\"a b\"}",
					  "{\"keymap\":\"home/anna/map\"}",
					  "{\"language\":\"a/b\"}",
					  "{\"keymap\":\"$(x)\"}"};

	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		struct choices c;
		struct error err;

		assert_int_equal(choices_parse(bad[i], &c, &err), -EBADMSG);
		assert_null(c.zone);
	}
}

static void test_config(void **state)
{
	_cleanup_config_ struct config c;
	struct error err;

	make_file(state, "config",
		  "{\"system\":\"Demo\",\"keymaps\":[\"us\",\"de\"],\"directories\":[\"/"
		  "x\"],"
		  "\"files\":[],\"genericPassword\":\"atomos\",\"slotMilliseconds\":2000,"
		  "\"slotMegabytes\":512,\"menu\":true}");
	assert_ok(config_load(in_directory(state, "config"), &c, &err), &err);
	assert_string_equal(c.system, "Demo");
	assert_int_equal(strv_length(c.keymaps), 2);
	assert_string_equal(c.directories[0], "/x");
	assert_string_equal(c.generic->data, "atomos");
	assert_int_equal(c.cost.milliseconds, 2000);
	assert_int_equal(c.cost.megabytes, 512);
	assert_true(c.menu && !c.cheap_homes);
}

/* A cut one would open nothing. */
static void test_long_password(void **state)
{
	char text[SECRET_MAX + 64];
	struct error err;

	for (int n = SECRET_MAX; n <= SECRET_MAX + 1; n++) {
		_cleanup_config_ struct config c = {0};

		snprintf(text, sizeof(text), "{\"genericPassword\":\"%0*d\"}", n, 0);
		make_file(state, "config", text);
		assert_int_equal(config_load(in_directory(state, "config"), &c, &err),
				 n > SECRET_MAX ? -EBADMSG : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept_and_applied, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_unknown_zone_left, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_refused),
		cmocka_unit_test_setup_teardown(test_config, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_long_password, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
