/* SPDX-License-Identifier: MIT */
/* Names of accounts, the text homed gets, and the trace a password leaves in a record. */
#include <errno.h>
#include <string.h>
#include <systemd/sd-json.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/account.h"
#include "owner/record.h"

static void test_names(void **state _unused_)
{
	static const char *const good[] = {"ada", "a", "ada-2", "a_b"};
	static const char *const bad[] = {
		"",    "Ada", "1a",
		"-a",  "a.b", "root",
		"a b", "ä",   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	const char *why;

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		assert_true(account_name_good(good[i], &why));
	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		assert_false(account_name_good(bad[i], &why));
		assert_non_null(why);
	}
}

static void check_guess(const char *real_name, const char *expected)
{
	_cleanup_free_ char *name = account_name_guess(real_name);

	assert_string_equal(name, expected);
}

static void test_guess(void **state _unused_)
{
	check_guess("Ada Lovelace", "ada");
	check_guess("  ", "");
	check_guess("", "");
	check_guess("Root", "");
	check_guess("O'Brien", "obrien");
}

static void test_secret_text(void **state _unused_)
{
	static const char text[] = "a\"b\\c\x01"
				   "ä'";
	_cleanup_secret_ struct secret *password = secret_of(text), *out = secret_new();
	sd_json_variant *v, *list;

	assert_int_equal(account_secret_text(password, out), 0);
	assert_int_equal(sd_json_parse(out->data, 0, &v, NULL, NULL), 0);
	list = sd_json_variant_by_key(v, "password");
	assert_string_equal(sd_json_variant_string(sd_json_variant_by_index(list, 0)),
			    text);
	sd_json_variant_unref(v);
	password->size = ACCOUNT_PASSWORD_MAX + 1;
	assert_int_equal(account_secret_text(password, out), -E2BIG);
}

static void write_record(void **state, const char *name, const char *text)
{
	const char *path = in_directory(state, name);

	assert_int_equal(write_file_at(AT_FDCWD, path, text, strlen(text), 0600), 0);
}

static bool differs(void **state, const char *user, const char *digest,
		    char *const *salts)
{
	return record_differs(in_directory(state, "slots"), user, digest, salts);
}

/* Another tool gave the slot another password; what an earlier release noted tells
 * nothing of that. */
static void test_slot(void **state)
{
	char *const other[] = {(char *)"other", NULL};
	char *const both[] = {(char *)"other", (char *)"salt", NULL};
	struct error err;

	assert_ok(record_write(in_directory(state, "slots"), "ada", "ab", "salt", &err),
		  &err);
	assert_true(differs(state, "ada", "ab", other));
	assert_true(differs(state, "ada", NULL, other));
	assert_false(differs(state, "ada", "ab", both));
	assert_false(differs(state, "ada", NULL, both));
	write_record(state, "slots/ada", "ab");
	assert_false(differs(state, "ada", "ab", other));
	assert_true(differs(state, "ada", "cd", other));
}

static void test_digest(void **state)
{
	char *const salts[] = {(char *)"salt", NULL};
	_cleanup_free_ char *before = NULL, *after = NULL, *none = NULL;
	_cleanup_strv_ char **names = NULL;
	struct error err;

	write_record(
		state, "ada.identity",
		"{\"userName\":\"ada\",\"privileged\":{\"hashedPassword\":[\"$y$1\"]}}");
	assert_int_equal(account_password_digest(*state, "ada", &before), 0);
	assert_ok(record_write(in_directory(state, "slots"), "ada", before, "salt", &err),
		  &err);
	assert_false(differs(state, "ada", before, salts));
	/* Other parts of the record change at each log-in. */
	write_record(state, "ada.identity",
		     "{\"x\":1,\"privileged\":{\"hashedPassword\":[\"$y$1\"]}}");
	assert_int_equal(account_password_digest(*state, "ada", &after), 0);
	assert_string_equal(before, after);
	free(after);
	write_record(state, "ada.identity",
		     "{\"privileged\":{\"hashedPassword\":[\"$y$2\"]}}");
	assert_int_equal(account_password_digest(*state, "ada", &after), 0);
	assert_true(differs(state, "ada", after, salts));
	assert_false(differs(state, "bob", after, salts));
	assert_int_equal(account_password_digest(*state, "bob", &none), -ENOENT);
	names = account_names(*state);
	assert_int_equal(strv_length(names), 1);
	assert_string_equal(names[0], "ada");
}

/* By what homed made here: elsewhere in the record are wishes, and other machines. */
static void test_encrypted(void **state)
{
	write_record(state, "ada.identity",
		     "{\"storage\":\"directory\",\"binding\":{\"7\":{\"storage\":"
		     "\"subvolume\"},\"8\":{\"storage\":\"luks\"}}}");
	write_record(state, "eve.identity", "{\"storage\":\"luks\",\"binding\":[]}");
	write_record(state, "ivy.identity", "[]");
	assert_int_equal(account_encrypted(*state, "8", "ada"), 1);
	assert_int_equal(account_encrypted(*state, "7", "ada"), 0);
	assert_int_equal(account_encrypted(*state, "9", "ada"), -EBADMSG);
	assert_int_equal(account_encrypted(*state, "8", "eve"), -EBADMSG);
	assert_int_equal(account_encrypted(*state, "8", "ivy"), -EBADMSG);
	assert_int_equal(account_encrypted(*state, "8", "bob"), -ENOENT);
}

/* By the record or by the groups' file; nobody is taken for none who may be one. */
static void test_administers(void **state)
{
	const char *groups;

	write_record(state, "groups", "sudo:x:27:bob,eve\nvideo:x:44:ivy\n");
	write_record(state, "ada.identity", "{\"memberOf\":[\"video\",\"sudo\"]}");
	write_record(state, "bob.identity", "{}");
	write_record(state, "ivy.identity", "{\"memberOf\":[\"video\",\"sudoers\"]}");
	write_record(state, "kim.identity",
		     "{\"perMachine\":[{},{\"memberOf\":[\"sudo\"]}]}");
	write_record(state, "lee.identity", "{\"perMachine\":[]}");
	write_record(state, "max.identity", "[]");
	groups = in_directory(state, "groups");
	assert_int_equal(account_administers(*state, groups, "ada"), 1);
	assert_int_equal(account_administers(*state, groups, "bob"), 1);
	assert_int_equal(account_administers(*state, groups, "ivy"), 0);
	assert_int_equal(account_administers(*state, groups, "kim"), 1);
	assert_int_equal(account_administers(*state, groups, "lee"), 0);
	assert_int_equal(account_administers(*state, groups, "max"), -EBADMSG);
	assert_int_equal(account_administers(*state, groups, "eve"), -ENOENT);
	assert_int_equal(account_administers(*state, "nowhere", "bob"), -EBADF);
}

static void test_system_names(void **state)
{
	_cleanup_strv_ char **names = NULL, **none = NULL;

	write_record(state, "passwd",
		     "root:x:0:0:root:/root:/bin/bash\n"
		     "atom:x:1000:1000::/home/atom:/bin/bash\n");
	names = account_system_names(in_directory(state, "passwd"));
	assert_int_equal(strv_length(names), 2);
	assert_true(strv_contains(names, "atom"));
	none = account_system_names(in_directory(state, "nowhere"));
	assert_int_equal(strv_length(none), 0);
}

static int password_is(void **state, const char *name, const char *text)
{
	_cleanup_secret_ struct secret *s = secret_of(text);

	return account_password_is(*state, name, s);
}

static void test_password_is(void **state)
{
	/* openssl passwd -5, of "lamp" and of "two". */
	write_record(state, "ada.identity",
		     "{\"privileged\":{\"hashedPassword\":[1,"
		     "\"$5$saltsalt$w66Hp7gNGJn0MM6h4zLHPD1sFYmyowhv/RdZd49yGNC\","
		     "\"$5$pepper$Pnzidj8kLk/qkEbHImj5NhyRjNb/A8gaOH.GJWbCRp0\"]}}");
	write_record(state, "eve.identity", "{\"privileged\":{\"hashedPassword\":[]}}");
	assert_int_equal(password_is(state, "ada", "lamp"), 1);
	assert_int_equal(password_is(state, "ada", "two"), 1);
	assert_int_equal(password_is(state, "ada", "lamps"), 0);
	assert_int_equal(password_is(state, "ada", ""), 0);
	assert_int_equal(password_is(state, "eve", ""), -ENOENT);
	assert_int_equal(password_is(state, "bob", "lamp"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_secret_text),
		cmocka_unit_test_setup_teardown(test_digest, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_slot, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_encrypted, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_administers, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_system_names, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_password_is, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
