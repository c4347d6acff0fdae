/* SPDX-License-Identifier: MIT */
/* The keymap that the image's builder puts into a header is the one that the boot finds,
 * in a header whose shape it accepts. */
#include <libcryptsetup.h>
#include <sys/mman.h>

#include "test.h"
#include "base/secret.h"
#include "core/token.h"
#include "image/luks.h"
#include "init/keymap.h"
#include "init/luks-shape.h"

static void discard(int level, const char *message, void *context)
{
}

static struct crypt_device *make(const char *keymap)
{
	int fd = memfd_create("header", MFD_CLOEXEC); /* open until the end */
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	_cleanup_secret_ struct secret *password = secret_of("x"), *key = NULL;
	const struct luks_options o = {
		.path = path, .password = password, .keymap = keymap};
	struct crypt_device *device;
	struct error err;

	assert_int_equal(luks_format(&o, &key, &err), 0);
	assert_int_equal(crypt_init(&device, path), 0);
	crypt_set_log_callback(device, discard, NULL);
	assert_int_equal(crypt_load(device, CRYPT_LUKS2, NULL), 0);
	return device;
}

static void test_written_and_found(void **state)
{
	char *allowed[] = {(char *)"us", (char *)"de-latin1", NULL};
	struct crypt_device *device = make("de-latin1");
	_cleanup_free_ char *name = token_find(device, KEYMAP_TOKEN, "keymap");
	struct error err = {0};
	const char *json;

	assert_non_null(name);
	assert_string_equal(name, "de-latin1");
	assert_true(keymap_allowed(name, allowed));
	assert_int_equal(crypt_dump_json(device, &json, 0), 0);
	assert_int_equal(luks_shape_check(json, &err), 0);
	crypt_free(device);
}

static void test_none(void **state)
{
	struct crypt_device *device = make(NULL);

	assert_null(token_find(device, KEYMAP_TOKEN, "keymap"));
	crypt_free(device);
}

/* Others' tokens don't count, and of several ours the first. */
static void test_others(void **state)
{
	struct crypt_device *device = make(NULL);
	_cleanup_free_ char *name = NULL;

	assert_int_equal(crypt_token_json_set(device, 0,
					      "{\"type\":\"other\",\"keyslots\":[],"
					      "\"keymap\":\"fr\"}"),
			 0);
	assert_null(token_find(device, KEYMAP_TOKEN, "keymap"));
	assert_int_equal(
		crypt_token_json_set(device, 7,
				     "{\"type\":\"atomos-keymap\","
				     "\"keyslots\":[],\"keymap\":\"evil/../x\"}"),
		7);
	assert_int_equal(crypt_token_json_set(device, 9,
					      "{\"type\":\"atomos-keymap\","
					      "\"keyslots\":[],\"keymap\":\"us\"}"),
			 9);
	name = token_find(device, KEYMAP_TOKEN, "keymap");
	assert_string_equal(name, "evil/../x");
	assert_false(keymap_allowed(name, (char *[]){name, NULL}));
	crypt_free(device);
}

static void test_odd_texts(void **state)
{
	assert_null(token_decode("", "keymap"));
	assert_null(token_decode("[]", "keymap"));
	assert_null(token_decode("{\"keymap\":7}", "keymap"));
	assert_null(token_decode("{\"type\":\"atomos-keymap\"}", "keymap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_and_found),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_odd_texts),
	};

	return cmocka_run_group_tests_name("keymap-token", tests, NULL, NULL);
}
