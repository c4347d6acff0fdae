/* SPDX-License-Identifier: MIT */
/* What the boot image says beside its code. */
#include "test.h"
#include "init/settings.h"

static void parse(const char *text, struct settings *ret, int code)
{
	struct error err = {0};

	*ret = (struct settings){0};
	assert_int_equal(settings_parse(text, ret, &err), code);
}

static void test_all(void **state)
{
	struct settings s;

	parse("{\"genericPassword\":\"p\",\"keymaps\":[\"us\",\"de\"],\"release\":7,"
	      "\"other\":[],"
	      "\"zram\":{\"enable\":false,\"percent\":25,\"algorithm\":\"lz4\"}}",
	      &s, 0);
	assert_string_equal(s.generic_password, "p");
	assert_int_equal(strv_length(s.keymaps), 2);
	assert_int_equal(s.release, 7);
	assert_false(s.zram);
	assert_int_equal(s.zram_percent, 25);
	assert_string_equal(s.zram_algorithm, "lz4");
	settings_done(&s);
}

static void test_defaults(void **state)
{
	struct settings s;

	parse("{\"genericPassword\":null}", &s, 0);
	assert_null(s.generic_password);
	assert_null(s.keymaps);
	assert_true(s.zram);
	assert_int_equal(s.zram_percent, 50);
	assert_string_equal(s.zram_algorithm, "zstd");
	settings_done(&s);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"keymaps\":\"us\"}",
		"{\"keymaps\":[1]}",
		"{\"release\":\"1\"}",
		"{\"release\":-1}",
		"{\"genericPassword\":5}",
		"{\"zram\":{\"percent\":9999}}",
		"{\"zram\":{\"enable\":1}}",
	};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		struct settings s;

		parse(texts[i], &s, -EBADMSG);
		settings_done(&s);
	}
}

static void test_directory(void **state)
{
	char name[] = "/tmp/test-settings-XXXXXX";
	_cleanup_close_ int fd = open(mkdtemp(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	static const char key[] = "test-1:GtZ1YLsHNy9J0Jf1PlBWfm2UhVG9WEPQcrXTyAFhtFc=\n";
	struct settings s;
	struct error err;

	assert_int_equal(write_file_at(fd, "settings.json", "{}", 2, 0600), 0);
	assert_int_equal(write_file_at(fd, "product", "demo\n", 5, 0600), 0);
	assert_int_equal(write_file_at(fd, "trusted-keys", key, strlen(key), 0600), 0);
	assert_int_equal(settings_read(fd, &s, &err), -ENOENT);
	assert_says(&err, "cmdline");
	assert_int_equal(write_file_at(fd, "cmdline", "quiet", 5, 0600), 0);
	assert_int_equal(settings_read(fd, &s, &err), 0);
	assert_string_equal(s.product, "demo");
	assert_string_equal(s.cmdline, "quiet");
	assert_int_equal(s.keys.count, 1);
	settings_done(&s);
	assert_int_equal(remove_tree_at(AT_FDCWD, name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
