/* SPDX-License-Identifier: MIT */
/* fs-verity digests against those of tests/data/make-golden, which follows the kernel's
 * text. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/verity.h"
#include "fixture.h"

/* In pieces of changing size, as a file is read. */
static void in_pieces(struct verity *v, const char *data, size_t size, char hex[65])
{
	uint8_t digest[SHA256_SIZE];

	for (size_t at = 0, step = 1; at < size; step = step * 3 + 1) {
		size_t n = MIN(step, size - at);

		verity_update(v, data + at, n);
		at += n;
	}
	verity_final(v, digest);
	hex_encode(digest, SHA256_SIZE, hex);
}

static void test_golden(void **state)
{
	_cleanup_verity_ struct verity *v = verity_new();
	_cleanup_free_ char *text = golden("verity/digests", NULL);
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	assert_true(strv_length(lines) >= 14);
	for (char **line = lines; *line; line++) {
		size_t size = strtoul(*line, NULL, 10);
		_cleanup_free_ char *data = pattern(size);
		uint8_t digest[SHA256_SIZE];
		char hex[65];

		verity_buffer(data, size, digest);
		hex_encode(digest, SHA256_SIZE, hex);
		assert_string_equal(hex, strchr(*line, ' ') + 1);
		in_pieces(v, data, size, hex);
		assert_string_equal(hex, strchr(*line, ' ') + 1);
	}
}

static void test_file(void **state)
{
	uint8_t from_file[SHA256_SIZE], from_buffer[SHA256_SIZE];
	_cleanup_free_ char *data = pattern(600000);
	FILE *f = tmpfile();

	assert_int_equal(fwrite(data, 1, 600000, f), 600000);
	rewind(f);
	assert_int_equal(verity_fd(fileno(f), from_file), 0);
	verity_buffer(data, 600000, from_buffer);
	assert_memory_equal(from_file, from_buffer, SHA256_SIZE);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
