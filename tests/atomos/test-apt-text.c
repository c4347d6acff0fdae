/* SPDX-License-Identifier: MIT */
/* What apt reads and prints. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/apt-text.h"
#include "fixture.h"

static void test_uri(void **state)
{
	const char *line = "'http://m/pool/g/g%2b_14_a.deb' g+_14_a.deb 49432 "
			   "MD5Sum:8c82dcf89447f04e600379a1a1871f3b";
	_cleanup_(apt_uri_done) struct apt_uri u = {0};

	assert_int_equal(apt_uri_parse(line, strlen(line), &u), 0);
	assert_string_equal(u.uri, "http://m/pool/g/g%2b_14_a.deb");
	assert_int_equal(u.size, 49432);
}

/* Debian's security suite has no hash there; such lines must not get lost. */
static void test_uri_without_hash(void **state)
{
	const char *line = "'http://m/linux.deb' linux_6.12_amd64.deb 108547552 ";
	_cleanup_(apt_uri_done) struct apt_uri u = {0};

	assert_int_equal(apt_uri_parse(line, strlen(line), &u), 0);
	assert_int_equal(u.size, 108547552);
}

static void test_uri_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"'",
		"''",
		"'http://m/a.deb'",
		"'http://m/a.deb' a.deb",
		"'http://m/a.deb' a.deb 12",
		"'http://m/a.deb' a.deb x MD5Sum:1",
		"'http://m/a.deb' a.deb -1 MD5Sum:1",
		"'http://m/a.deb' a.deb 99999999999999999999 MD5Sum:1",
		"'http://m/a.deb' a.deb 12 MD5Sum",
		"'http://m/a.deb' a.deb 12 MD5Sum:1 more",
		"http://m/a.deb a.deb 12 MD5Sum:1",
	};

	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		struct apt_uri u;

		if (apt_uri_parse(lines[i], strlen(lines[i]), &u) != -EBADMSG)
			fail_msg("accepted: %s", lines[i]);
		assert_null(u.uri);
	}
}

static void test_decode(void **state)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(uri_decode("a%2bb%7ec", &text), 0);
	assert_string_equal(text, "a+b~c");
}

static void test_decode_refused(void **state)
{
	static const char *const texts[] = {"%", "%2", "%zz", "a%00b"};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		char *text;

		assert_int_equal(uri_decode(texts[i], &text), -EBADMSG);
	}
}

static const char packages[] =
	"\n\nPackage: a\nVersion: 1\nDescription: first\n more\n\n\n"
	"Package: b\nVersion:  2 \n";

static void test_stanzas(void **state)
{
	const char *cursor = packages, *end = packages + strlen(packages);
	_cleanup_free_ char *name = NULL, *version = NULL;
	struct stanza s;

	assert_true(stanza_next(&cursor, end, &s));
	name = stanza_get(&s, "Package");
	assert_string_equal(name, "a");
	assert_true(stanza_next(&cursor, end, &s));
	version = stanza_get(&s, "Version");
	assert_string_equal(version, "2");
	assert_null(stanza_get(&s, "Pack"));
	assert_null(stanza_get(&s, "Description"));
	assert_false(stanza_next(&cursor, end, &s));
}

/* A continuation line is no field, even when it looks like one. */
static void test_continuation(void **state)
{
	struct stanza s = {"A: 1\n B: 2\n", 11};

	assert_null(stanza_get(&s, "B"));
}

static void test_summary(void **state)
{
	struct apt_summary s;

	assert_true(apt_summary_find(
		"Reading...\n1 upgraded, 23 newly installed, 4 to remove "
		"and 5 not upgraded.\n'x'\n",
		&s));
	assert_int_equal(s.upgraded, 1);
	assert_int_equal(s.installed, 23);
	assert_int_equal(s.removed, 4);
	assert_false(apt_summary_find("Reading...\n", &s));
	assert_false(apt_summary_find("upgraded, newly installed, to remove", &s));
}

static uint64_t date_of(const char *text)
{
	return release_date(&(struct stanza){text, strlen(text)});
}

static void test_release(void **state)
{
	assert_int_equal(date_of("-----BEGIN PGP SIGNED MESSAGE-----\nOrigin: Debian\n"
				 "Date: Sat, 06 Sep 2025 12:03:21 UTC\n"),
			 1757160201);
	assert_int_equal(date_of("Date: Sat, 06 Sep 2025 12:03:21 CEST\n"), 0);
	assert_int_equal(date_of("Date: yesterday\n"), 0);
	assert_int_equal(date_of("Origin: Debian\n"), 0);
}

static void check_reason(const char *output, const char *messages, const char *expected)
{
	_cleanup_free_ char *words = apt_reason(output, messages);

	assert_string_equal(words, expected);
}

static void test_reason(void **state)
{
	check_reason("The following packages have unmet dependencies:\n"
		     " exim4 : Depends: daemon (>= 4) but it is not installable or\n"
		     "                  other but it is not installable\n",
		     "E: Unable to correct problems, you have held broken packages.\n",
		     "exim4 : Depends: daemon (>= 4) but it is not installable or other "
		     "but it "
		     "is not installable");
	check_reason("Reading...\nPackage mta is a virtual package provided by:\n"
		     "  dma 1\n  postfix 2\n",
		     "E: Package 'mta' has no installation candidate\n",
		     "Package mta is a virtual package provided by: dma 1 postfix 2");
	check_reason("", "W: x\nE: Version '2' for 'vim' was not found\n",
		     "Version '2' for 'vim' was not found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_uri_without_hash),
		cmocka_unit_test(test_uri_refused),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_decode_refused),
		cmocka_unit_test(test_stanzas),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_reason),
	};

	return cmocka_run_group_tests_name("apt-text", tests, NULL, NULL);
}
