/* SPDX-License-Identifier: MIT */
/* What Nix says: errors, logs, path infos. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/evaluate.h"
#include "atomos/nix-log.h"
#include "atomos/nix.h"
#include "fixture.h"

static void check_words(const char *messages, const char *expected)
{
	_cleanup_free_ char *words = nix_error_words(messages);

	assert_string_equal(words, expected);
}

static void test_error_words(void **state)
{
	check_words("warning: x\n\033[31;1merror:\033[0m it \033[35;1mfails\033[0m\n",
		    "it fails");
	check_words("error:\n       … while evaluating x\n         at a.nix:1:2\n\n"
		    "       error: first line\n       second line\n"
		    "(use '--show-trace' to show detailed location information)\n",
		    "first line\nsecond line");
	check_words("nothing known\n", "nothing known");
	check_words("", "");
	check_words("\033[", "");
}

static void test_quote(void **state)
{
	_cleanup_free_ char *quoted = nix_quote("a\"b\\c${d}");

	assert_string_equal(quoted, "\"a\\\"b\\\\c\\${d}\"");
}

#define DRV "/nix/store/xdz02zgmljvs3l2l4573yd7ayadygwas-a.deb.drv"

static void take(struct nix_log *l, const char *const *lines)
{
	for (; *lines; lines++)
		nix_log_take(l, *lines);
}

static void test_log(void **state)
{
	static const char *const lines[] = {
		"@nix "
		"{\"action\":\"start\",\"id\":1,\"level\":0,\"type\":104,\"text\":\"\"}",
		"@nix {\"action\":\"result\",\"fields\":[0,7,0,0],\"id\":1,\"type\":105}",
		"@nix {\"action\":\"start\",\"fields\":[\"" DRV
		"\",\"\",1,1],\"id\":2,\"level\":3,\"type\":105}",
		"@nix {\"action\":\"result\",\"fields\":[3,7,1,0],\"id\":1,\"type\":105}",
		"@nix {\"action\":\"result\",\"fields\":[9,9,1,0],\"id\":5,\"type\":105}",
		NULL,
	};
	_cleanup_nix_log_ struct nix_log l = {0};

	take(&l, lines);
	assert_int_equal(l.done, 3);
	assert_int_equal(l.expected, 7);
	assert_string_equal(l.current, "a.deb");
	assert_null(l.failed);
}

static void test_log_failure(void **state)
{
	static const char *const lines[] = {
		"@nix {\"action\":\"start\",\"fields\":[\"" DRV
		"\",\"\",1,1],\"id\":2,\"level\":3,\"type\":105}",
		"@nix {\"action\":\"result\",\"fields\":[\"what it did\"],\"id\":2,"
		"\"type\":101}",
		"@nix {\"action\":\"result\",\"fields\":[\"atomos-lock-id: user x 100 "
		"100 / "
		"/bin/sh\"],\"id\":2,\"type\":101}",
		"@nix {\"action\":\"result\",\"fields\":[\"\"],\"id\":2,\"type\":101}",
		"@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"error: only a warning\"}",
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for '" DRV
		"' failed with exit code 1\"}",
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: 1 dependencies "
		"failed\"}",
		NULL,
	};
	_cleanup_nix_log_ struct nix_log l = {0};
	_cleanup_free_ char *words = NULL;

	take(&l, lines);
	assert_string_equal(l.failed, "a.deb");
	assert_string_equal(l.ids[0], "user x 100 100 / /bin/sh");
	words = nix_log_failure(&l);
	assert_string_equal(words, "Building a.deb failed: what it did");
}

/* The server's page about a missing file isn't the reason. */
static void test_log_download(void **state)
{
	static const char *const lines[] = {
		"@nix {\"action\":\"start\",\"fields\":[\"" DRV
		"\",\"\",1,1],\"id\":2,\"level\":3,\"type\":105}",
		"@nix {\"action\":\"result\",\"fields\":[\"error: unable to download "
		"'http://m/a': "
		"HTTP error 404\"],\"id\":2,\"type\":101}",
		"@nix "
		"{\"action\":\"result\",\"fields\":[\"</html>\"],\"id\":2,\"type\":101}",
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for '" DRV
		"' failed with exit code 1\"}",
		NULL,
	};
	_cleanup_nix_log_ struct nix_log l = {0};

	take(&l, lines);
	assert_string_equal(l.failed_line,
			    "unable to download 'http://m/a': HTTP error 404");
}

/* A package whose script fails is named, not what dpkg says at the end. */
static void test_log_package(void **state)
{
	static const char *const lines[] = {
		"dpkg: error processing package bad-tool (--configure):",
		" installed bad-tool package post-installation script failed",
		"dpkg: error processing package other (--configure):",
		"Errors were encountered while processing:",
		" bad-tool",
	};
	_cleanup_nix_log_ struct nix_log l = {0};
	_cleanup_free_ char *words = NULL;

	nix_log_take(&l, "@nix {\"action\":\"start\",\"fields\":[\"" DRV
			 "\",\"\",1,1],\"id\":2,\"level\":3,\"type\":105}");
	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		_cleanup_free_ char *line = xasprintf(
			"@nix {\"action\":\"result\",\"fields\":[\"%s\"],\"id\":2,"
			"\"type\":101}",
			lines[i]);

		nix_log_take(&l, line);
	}
	nix_log_take(
		&l,
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for '" DRV
		"' failed with exit code 1\"}");
	words = nix_log_failure(&l);
	assert_string_equal(words,
			    "Building a.deb failed: bad-tool: installed bad-tool package "
			    "post-installation script failed");
}

/* Whatever comes is survived and, when it is an error, kept. */
static void test_log_odd(void **state)
{
	static const char *const lines[] = {
		"",
		"@nix ",
		"@nix {}",
		"@nix []",
		"@nix {\"action\":\"result\"}",
		"@nix {\"action\":\"result\",\"fields\":{},\"id\":1,\"type\":101}",
		"@nix {\"action\":\"start\",\"type\":105}",
		"@nix {\"action\":5}",
		"error: Nix can't be run",
		NULL,
	};
	_cleanup_nix_log_ struct nix_log l = {0};
	_cleanup_free_ char *words = NULL;

	take(&l, lines);
	words = nix_log_failure(&l);
	assert_string_equal(words, "Nix can't be run");
}

#define BASE "ab3li50xq0nl4q5lxdyinb8w8y13my9s-f"

static void test_closure(void **state)
{
	_cleanup_closure_ struct closure c = {0};
	struct error err;

	assert_int_equal(
		nix_closure_parse(
			"{\"/nix/store/" BASE "\":{\"ca\":null,\"narHash\":"
			"\"sha256-EFUdrtf6Rn0LWIJufrmg8q99aT3jGfLvd1//zaJEufY=\","
			"\"narSize\":120,\"references\":[\"/nix/store/" BASE "\"],"
			"\"signatures\":[\"k:AAAA\"]}}",
			&c, &err),
		0);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.paths[0].base, BASE);
	assert_string_equal(c.paths[0].references[0], BASE);
	assert_string_equal(c.paths[0].signatures[0], "k:AAAA");
	assert_int_equal(c.paths[0].nar_size, 120);
	assert_int_equal(c.paths[0].nar_hash[0], 0x10);
	assert_false(c.paths[0].content_addressed);
}

static void test_closure_refused(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{\"/nix/store/" BASE "\":{}}",
		"{\"/nix/store/" BASE "\":{\"narHash\":\"sha256-xx\"}}",
		"{\"/etc/passwd\":{\"narHash\":"
		"\"sha256-EFUdrtf6Rn0LWIJufrmg8q99aT3jGfLvd1//zaJEufY=\"}}",
		"{\"/nix/store/../x\":{\"narHash\":"
		"\"sha256-EFUdrtf6Rn0LWIJufrmg8q99aT3jGfLvd1//zaJEufY=\"}}",
	};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		struct closure c;
		struct error err;

		if (nix_closure_parse(texts[i], &c, &err) != -EBADMSG)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(c.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_words),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_failure),
		cmocka_unit_test(test_log_download),
		cmocka_unit_test(test_log_package),
		cmocka_unit_test(test_log_odd),
		cmocka_unit_test(test_closure),
		cmocka_unit_test(test_closure_refused),
	};

	return cmocka_run_group_tests_name("nix", tests, NULL, NULL);
}
