/* SPDX-License-Identifier: MIT */
/* The LUKS2 header: the shape we make, and that no other is opened. */
#include <libcryptsetup.h>
#include <string.h>
#include <systemd/sd-json.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/luks.h"
#include "image/xts.h"

#define UUID "0f3a1f2e-9d5d-8b7a-8c3e-d1f0a7c6b5a4"
#define JSON_OFFSET 4096
#define JSON_SIZE (16384 - JSON_OFFSET)

static struct secret *make_with_keymap(const char *path, const char *keymap)
{
	_cleanup_secret_ struct secret *word = secret_of("atomos");
	const struct luks_options o = {
		.path = path, .uuid = UUID, .password = word, .keymap = keymap};
	struct secret *key;
	struct error err;

	assert_ok(luks_format(&o, &key, &err), &err);
	assert_int_equal(key->size, XTS_KEY_SIZE);
	return key;
}

static struct secret *make(const char *path)
{
	return make_with_keymap(path, NULL);
}

static int open_with(const char *path, const char *text, struct secret **key)
{
	_cleanup_secret_ struct secret *word = secret_of(text);
	_cleanup_close_ int fd = open(path, O_RDONLY);
	struct error err;

	return luks_open(fd, 0, word, key, &err);
}

static sd_json_variant *metadata(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY);
	char text[JSON_SIZE + 1] = {0};
	sd_json_variant *v;

	assert_int_equal(pread(fd, text, JSON_SIZE, JSON_OFFSET), JSON_SIZE);
	assert_int_equal(sd_json_parse(text, 0, &v, NULL, NULL), 0);
	return v;
}

/* Member by member, as in "keyslots.0.kdf.iterations". */
static sd_json_variant *at(sd_json_variant *v, const char *path)
{
	_cleanup_strv_ char **names = strv_split(path, ".");

	for (char **name = names; *name; name++)
		v = sd_json_variant_by_key(v, *name);
	assert_non_null(v);
	return v;
}

static void check_string(sd_json_variant *v, const char *path, const char *expected)
{
	assert_string_equal(sd_json_variant_string(at(v, path)), expected);
}

static void check_number(sd_json_variant *v, const char *path, uint64_t expected)
{
	assert_int_equal(sd_json_variant_unsigned(at(v, path)), expected);
}

static void test_shape(void **state)
{
	const char *path = in_directory(state, "header");
	_cleanup_secret_ struct secret *key = make(path);
	sd_json_variant *v = metadata(path);

	check_string(v, "segments.0.type", "crypt");
	check_string(v, "segments.0.encryption", "aes-xts-plain64");
	check_string(v, "segments.0.offset", "16777216");
	check_string(v, "segments.0.iv_tweak", "0");
	check_string(v, "segments.0.size", "dynamic");
	check_number(v, "segments.0.sector_size", 4096);
	check_number(v, "keyslots.0.key_size", 64);
	check_string(v, "keyslots.0.kdf.type", "pbkdf2");
	check_string(v, "keyslots.0.kdf.hash", "sha256");
	check_number(v, "keyslots.0.kdf.iterations", 1000);
	check_string(v, "digests.0.type", "pbkdf2");
	check_number(v, "digests.0.iterations", 1000);
	/* One of each (name and value), no tokens, no requirements. */
	assert_int_equal(sd_json_variant_elements(at(v, "segments")), 2);
	assert_int_equal(sd_json_variant_elements(at(v, "keyslots")), 2);
	assert_int_equal(sd_json_variant_elements(at(v, "digests")), 2);
	assert_int_equal(sd_json_variant_elements(at(v, "tokens")), 0);
	assert_null(sd_json_variant_by_key(at(v, "config"), "requirements"));
	sd_json_variant_unref(v);
}

static void test_keymap(void **state)
{
	const char *path = in_directory(state, "header");
	_cleanup_secret_ struct secret *key = make_with_keymap(path, "de-latin1"),
				       *same = NULL;
	sd_json_variant *v = metadata(path);

	assert_int_equal(sd_json_variant_elements(at(v, "tokens")), 2);
	check_string(v, "tokens.0.type", "atomos-keymap");
	check_string(v, "tokens.0.keymap", "de-latin1");
	assert_int_equal(sd_json_variant_elements(at(v, "tokens.0.keyslots")), 0);
	sd_json_variant_unref(v);
	assert_int_equal(open_with(path, "atomos", &same), 0);
	assert_memory_equal(same->data, key->data, key->size);
}

static void test_open(void **state)
{
	const char *path = in_directory(state, "header");
	_cleanup_secret_ struct secret *key = make(path), *same = NULL, *none = NULL;

	assert_int_equal(open_with(path, "atomos", &same), 0);
	assert_int_equal(same->size, key->size);
	assert_memory_equal(same->data, key->data, key->size);
	assert_int_equal(open_with(path, "atomos ", &none), -EKEYREJECTED);
	assert_int_equal(open_with(path, "", &none), -EKEYREJECTED);
	assert_null(none);
}

static void test_keys_differ(void **state)
{
	_cleanup_secret_ struct secret *a = make(in_directory(state, "a"));
	_cleanup_secret_ struct secret *b = make(in_directory(state, "b"));

	assert_memory_not_equal(a->data, b->data, XTS_KEY_SIZE);
}

static void make_other(const char *path, const char *mode, size_t key_size,
		       uint32_t sector)
{
	const struct crypt_pbkdf_type pbkdf = {.type = "pbkdf2",
					       .hash = "sha256",
					       .iterations = 1000,
					       .flags = CRYPT_PBKDF_NO_BENCHMARK};
	struct crypt_params_luks2 parameters = {.pbkdf = &pbkdf, .sector_size = sector};
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct crypt_device *cd;

	assert_int_equal(ftruncate(fd, LUKS_DATA_OFFSET + (1 << 20)), 0);
	assert_int_equal(crypt_init(&cd, path), 0);
	crypt_set_log_callback(cd, NULL, NULL);
	assert_int_equal(crypt_set_data_offset(cd, LUKS_DATA_OFFSET / 512), 0);
	assert_int_equal(crypt_format(cd, CRYPT_LUKS2, "aes", mode, NULL, NULL, key_size,
				      &parameters),
			 0);
	assert_int_equal(crypt_keyslot_add_by_volume_key(cd, 0, NULL, 0, "atomos", 6), 0);
	crypt_free(cd);
}

static void test_other_shapes_refused(void **state)
{
	const char *path = in_directory(state, "other");
	struct secret *key = NULL;

	make_other(path, "cbc-essiv:sha256", 32, 4096);
	assert_int_equal(open_with(path, "atomos", &key), -EMEDIUMTYPE);
	make_other(path, "xts-plain64", 32, 4096);
	assert_int_equal(open_with(path, "atomos", &key), -EMEDIUMTYPE);
	make_other(path, "xts-plain64", 64, 512);
	assert_int_equal(open_with(path, "atomos", &key), -EMEDIUMTYPE);
	/* And this one is ours, made by the same hand. */
	make_other(path, "xts-plain64", 64, 4096);
	assert_int_equal(open_with(path, "atomos", &key), 0);
	secret_free(key);
}

static void test_no_header(void **state)
{
	const char *path = in_directory(state, "zeros");
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct secret *key = NULL;

	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(open_with(path, "atomos", &key), -EMEDIUMTYPE);
	assert_int_equal(ftruncate(fd, LUKS_DATA_OFFSET), 0);
	assert_int_equal(open_with(path, "atomos", &key), -EMEDIUMTYPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shape, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_keymap, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_open, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_keys_differ, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_other_shapes_refused,
						setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_header, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
