/* SPDX-License-Identifier: MIT */
/* A sealed secret opens with its password only, and not once it was changed. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "owner/seal.h"

static void test_seal(void **state _unused_)
{
	_cleanup_secret_ struct secret *plain = secret_of("machine-1:secret"),
				       *password = secret_of("correct horse"),
				       *wrong = secret_of("battery"), *out = secret_new();
	_cleanup_free_ uint8_t *data = NULL;
	struct error err;
	size_t size;

	assert_ok(seal(plain, password, SEAL_WORK_MIN, &data, &size, &err), &err);
	assert_int_equal(size, SEAL_HEADER + plain->size + SEAL_TAG);
	assert_null(memmem(data, size, plain->data, plain->size));
	assert_int_equal(seal_decode(data, size, wrong, out), -EKEYREJECTED);
	assert_int_equal(out->size, 0);
	assert_int_equal(seal_decode(data, size, password, out), 0);
	assert_string_equal(out->data, plain->data);
	for (size_t i = 0; i < size; i++) {
		data[i] ^= 1;
		assert_int_not_equal(seal_decode(data, size, password, out), 0);
		data[i] ^= 1;
	}
	assert_int_equal(seal_decode(data, SEAL_HEADER + SEAL_TAG, password, out),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_seal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
