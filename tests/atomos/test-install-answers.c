/* SPDX-License-Identifier: MIT */
/* The file of --answers, and the consents that stand for a typed name. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "owner/account.h"
#include "owner/boot-facts.h"
#include "atomos/install-answers.h"
#include "atomos/install-confirm.h"

#define FILE_NAME "test-install-answers.json"
#define PASSWORD "seven unlikely lamps"

static int load(const char *text, struct install_answers *a, struct error *err)
{
	_cleanup_secret_ struct secret *generic = secret_of("atomos");
	int r;

	assert_int_equal(write_file_at(AT_FDCWD, FILE_NAME, text, strlen(text), 0600), 0);
	r = install_answers_load(FILE_NAME, generic, a, err);
	unlink(FILE_NAME);
	return r;
}

/* A whole path that no other run has. */
static char *key_name(void)
{
	_cleanup_free_ char *here = getcwd(NULL, 0);

	assert_non_null(here);
	return xasprintf("%s/test-install-answers.key", here);
}

static void must(int r, const struct error *err)
{
	if (r < 0)
		print_error("%s\n", err->message);
	assert_true(r >= 0);
}

/* Every machine has more than root: by the first that the rules for names allow. */
static void test_name_taken(void **state)
{
	_cleanup_strv_ char **names = account_system_names(ACCOUNT_PASSWD);
	struct install_answers a;
	struct error err;
	const char *why;

	for (char **name = names; *name; name++) {
		_cleanup_free_ char *text = xasprintf("{\"name\":\"%s\"}", *name);

		if (!account_name_good(*name, &why))
			continue;
		assert_true(load(text, &a, &err) < 0);
		assert_non_null(strstr(err.message, "has an account"));
		return;
	}
	skip();
}

static void test_refused(void **state)
{
	static const char *const bad[][2] = {
		{"[]", "JSON"},
		{"{\"serial\":7}", "must be texts"},
		{"{\"serial\":\"x\",\"login\":\"anna\"}",
		 "\"login\" answers no question"},
		{"{\"password\":\"secret\"}", "\"name\" and \"recoveryKeyFile\""},
		{"{\"password\":\"secret\",\"name\":\"anna\"}", "\"recoveryKeyFile\""},
		{"{\"recoveryKeyFile\":\"/x\"}", "needs a \"password\""},
		{"{\"recoveryKeyFile\":\"x\"}", "isn't a whole path"},
		{"{\"recoveryKey\":\"cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-"
		 "gggggggg-hhhhhhhh-iiiiiiii\"}",
		 "made by the installation"},
		{"{\"password\":\"atomos\",\"name\":\"anna\",\"recoveryKeyFile\":\"/x\"}",
		 "the medium came with"},
		{"{\"zone\":\"Mars/Olympus\"}", "no time zone \"Mars/Olympus\""},
		/* A file of that name isn't one that the first start offers. */
		{"{\"zone\":\"Europe\"}", "no time zone \"Europe\""},
		{"{\"zone\":\"posixrules\"}", "no time zone"},
		{"{\"language\":\"POSIX\"}", "doesn't speak"},
		{"{\"language\":\"xx_XX.UTF-8\"}", "doesn't speak"},
	};
	struct install_answers a;
	struct error err;

	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		assert_true(load(bad[i][0], &a, &err) < 0);
		if (!strstr(err.message, bad[i][1]))
			print_error("%s: %s\n", bad[i][0], err.message);
		assert_non_null(strstr(err.message, bad[i][1]));
	}
	assert_true(install_answers_load("nowhere.json", NULL, &a, &err) < 0);
	assert_non_null(strstr(err.message, "nowhere.json"));
}

/* Answers to all questions; the recovery key goes to this file. */
static char *whole_text(const char *key)
{
	return xasprintf("{\"serial\":\"S1\",\"name\":\"anna\",\"password\":\"" PASSWORD
			 "\",\"recoveryKeyFile\":\"%s\"}",
			 key);
}

/* Where nothing keeps a secret none is left, and no key is made that opens nothing. */
static void test_no_secret_without_tpm(void **state)
{
	_cleanup_install_answers_ struct install_answers a;
	_cleanup_free_ char *key = key_name(), *text = whole_text(key);
	struct error err;

	must(load(text, &a, &err), &err);
	assert_string_equal(a.serial, "S1");
	must(install_answers_prepare(&a, false, &err), &err);
	assert_null(a.leave.sealed);
	assert_string_equal(a.leave.open->data, "{\"name\":\"anna\"}");
	assert_int_equal(access(key, F_OK), -1);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(make_parents_at(AT_FDCWD, path), 0);
	assert_int_equal(write_file_at(AT_FDCWD, path, text, strlen(text), 0600), 0);
}

/* For this process alone, from here on: a verified start of a machine with a TPM. */
static void verified_start(void)
{
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), 0);
	assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
	put(BOOT_FACTS_FILE, "{\"product\":\"x\",\"system\":\"y\",\"tpm\":\"present\","
			     "\"secureBoot\":\"on\"}");
	put(LEAVE_PUBLIC_KEY, "a key");
}

/* What anybody may read has no secret; password and recovery key are in the rest alone.
 */
static void test_secret_for_the_tpm(void **state)
{
	_cleanup_install_answers_ struct install_answers a;
	_cleanup_free_ char *key = key_name(), *text = whole_text(key), *written = NULL,
			    *whole = NULL;
	struct error err;

	verified_start();
	must(load(text, &a, &err), &err);
	must(install_answers_prepare(&a, true, &err), &err);
	must(read_file_at(AT_FDCWD, key, 4096, &written, NULL), NULL);
	assert_true(install_answers_undo(&a));
	written[strcspn(written, "\n")] = 0;
	whole = xasprintf("{\"name\":\"anna\",\"password\":\"" PASSWORD
			  "\",\"recoveryKey\":\"%s\"}",
			  written);
	assert_string_equal(a.leave.open->data, "{\"name\":\"anna\"}");
	assert_non_null(a.leave.sealed);
	assert_string_equal(a.leave.sealed->data, whole);
}

/* Only what the installation has written is removed. */
static void test_undo(void **state)
{
	_cleanup_free_ char *key = key_name();
	struct install_answers a = {.recovery_file = key};

	assert_int_equal(write_file_at(AT_FDCWD, key, "x", 1, 0600), 0);
	assert_false(install_answers_undo(&a));
	assert_int_equal(access(key, F_OK), 0);
	a.written = true;
	assert_true(install_answers_undo(&a));
	assert_int_equal(access(key, F_OK), -1);
	assert_false(install_answers_undo(&a));
}

static void test_serial_consents(void **state)
{
	const struct disk d = {.node = "vdb", .serial = "S1"}, other = {.node = "vdb"};
	const struct invocation in = {.verb = &verb_install};
	struct error err;

	must(install_confirm(&in, &d, "S1", OLD_PIN_NONE, &err), &err);
	assert_int_equal(install_confirm(&in, &d, "S2", OLD_PIN_NONE, &err), -ECANCELED);
	assert_non_null(
		strstr(err.message, "the number 'S2', and vdb has the number S1"));
	/* A disk without a number isn't the one with the empty number. */
	assert_int_equal(install_confirm(&in, &other, "", OLD_PIN_NONE, &err),
			 -ECANCELED);
	/* Nor does it take the TPM from another disk. */
	assert_false(install_confirm_pin(&in, &d, "S1", OLD_PIN_OTHER));
	assert_true(install_confirm_pin(&in, &d, "S1", OLD_PIN_DISK));
	assert_false(install_confirm_pin(&in, &d, "S1", OLD_PIN_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_no_secret_without_tpm),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_serial_consents),
		/* The last: it alters what the process sees of the machine. */
		cmocka_unit_test(test_secret_for_the_tpm),
	};

	return cmocka_run_group_tests_name("install-answers", tests, NULL, NULL);
}
