/* SPDX-License-Identifier: MIT */
/* The names in a firmware's list of certificates. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/firmware-keys.h"

#define LIST_HEADER 28
#define OWNER 16

static void put32(uint8_t *p, size_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

/* One EFI_SIGNATURE_LIST with the certificate; freed by the caller. */
static uint8_t *list_of(const char *der, size_t size, size_t *ret_size)
{
	static const uint8_t type[16] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
					 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
	size_t each = OWNER + size, whole = LIST_HEADER + each;
	uint8_t *data = xcalloc(1, whole);

	memcpy(data, type, sizeof(type));
	put32(data + 16, whole);
	put32(data + 24, each);
	memcpy(data + LIST_HEADER + OWNER, der, size);
	*ret_size = whole;
	return data;
}

static void test_names(void **state)
{
	const char *key = in_directory(state, "key"), *der = in_directory(state, "der");
	const char *const argv[] = {"openssl",	"req",	  "-x509",    "-newkey",
				    "rsa:2048", "-nodes", "-subj",    "/CN=Acme db",
				    "-keyout",	key,	  "-outform", "DER",
				    "-out",	der,	  NULL};
	_cleanup_free_ char *bytes = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	_cleanup_strv_ char **names = NULL;
	size_t size, whole;

	run_program(argv, NULL);
	assert_int_equal(read_file_at(AT_FDCWD, der, 1 << 16, &bytes, &size), 0);
	data = list_of(bytes, size, &whole);
	names = firmware_keys_parse(data, whole);
	assert_int_equal(strv_length(names), 1);
	assert_string_equal(names[0], "Acme db");
	/* Cut anywhere it gives no name and reads nothing behind its end. */
	for (size_t i = 0; i < whole; i += 13) {
		_cleanup_free_ uint8_t *cut = xmemdup(data, MAX(i, 1));
		_cleanup_strv_ char **none = firmware_keys_parse(cut, i);

		assert_int_equal(strv_length(none), 0);
	}
}

static void test_none(void **state _unused_)
{
	_cleanup_strv_ char **names = firmware_keys("/nonexistent");

	assert_int_equal(strv_length(names), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
