/* SPDX-License-Identifier: MIT */
/* Lines of text, and drawings of them. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "owner/languages.h"
#include "welcome/machine.h"
#include "base/str.h"
#include "welcome/qr.h"
#include "welcome/screen.h"

static void check(const char *text, size_t width, const char *expected)
{
	_cleanup_free_ char *out = screen_wrap(text, width);

	assert_string_equal(out, expected);
}

static void test_wrap(void **state _unused_)
{
	check("", 10, "");
	check("one two three", 7, "one two\nthree");
	check("one two three", 8, "one two\nthree");
	check("one two three", 3, "one\ntwo\nthree");
	check("much-too-long a b", 5, "much-too-long\na b");
	check("a b\n\nc d e", 4, "a b\n\nc d\ne");
	check("ä ö ü ß", 3, "ä ö\nü ß");
}

static void test_columns(void **state _unused_)
{
	assert_int_equal(screen_columns("abc"), 3);
	assert_int_equal(screen_columns("äöü"), 3);
	assert_int_equal(screen_columns("日本"), 4);
	/* Bytes that are no text take a column each and end where the text does. */
	assert_int_equal(screen_columns("\xff\xe4"), 2);
}

static void test_fitting(void **state _unused_)
{
	assert_int_equal(screen_fitting("abc", 2), 2);
	assert_int_equal(screen_fitting("abc", 9), 3);
	assert_int_equal(screen_fitting("äöü", 2), strlen("äö"));
	/* No half of a wide one. */
	assert_int_equal(screen_fitting("日本", 3), strlen("日"));
	/* What is drawn over the letter before it takes no column. */
	assert_int_equal(screen_fitting("e\u0301x", 1), strlen("e\u0301"));
	assert_int_equal(screen_fitting("\xff\xe4", 1), 1);
	assert_int_equal(screen_fitting("a", 0), 0);
}

static void test_qr(void **state _unused_)
{
	_cleanup_free_ char *code = qr_drawing("hello");
	char *end = strchr(code, '\n');
	size_t lines = 0;

	*end = 0;
	assert_int_equal(screen_columns(code), 25);
	*end = '\n';
	for (char *c = code; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 13);
}

static void test_languages(void **state _unused_)
{
	_cleanup_strv_ char **list =
		languages_of("C\nC.utf8\nde_DE.utf8\nfr_FR\nPOSIX\n", "");
	_cleanup_strv_ char **chosen =
		languages_of("C.utf8\nde_DE.utf8\nfr_FR.utf8\n", "LANG=fr_FR.UTF-8\n");
	_cleanup_free_ char *words = language_words("C.UTF-8");

	assert_int_equal(strv_length(list), 2);
	assert_string_equal(list[0], "C.UTF-8");
	assert_string_equal(list[1], "de_DE.UTF-8");
	/* The one of the configuration is the first, and so the preset one. */
	assert_int_equal(strv_length(chosen), 3);
	assert_string_equal(chosen[0], "fr_FR.UTF-8");
	assert_string_equal(chosen[1], "C.UTF-8");
	assert_string_equal(chosen[2], "de_DE.UTF-8");
	assert_true(startswith(words, "English"));
	assert_null(language_words("xx_XX.UTF-8"));
}

static void test_network(void **state _unused_)
{
	static const char head[] =
		"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\t"
		"Mask\tMTU\n";
	static const char lo[] =
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 "
		"lo\n";
	_cleanup_free_ char *route = xasprintf(
		"%sens3\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\n", head);

	assert_true(machine_network_in(route, ""));
	assert_false(machine_network_in(head, lo));
	assert_false(machine_network_in("", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap),	  cmocka_unit_test(test_columns),
		cmocka_unit_test(test_fitting),	  cmocka_unit_test(test_qr),
		cmocka_unit_test(test_languages), cmocka_unit_test(test_network),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
