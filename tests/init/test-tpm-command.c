/* SPDX-License-Identifier: MIT */
/* TPM commands as bytes; golden ones from the TCG's structures, tried with swtpm. */
#include "test.h"
#include "init/tpm-command.h"

static void assert_hex(const uint8_t *data, size_t size, const char *hex)
{
	char text[2 * TPM_COMMAND_MAX + 1];

	hex_encode(data, size, text);
	assert_string_equal(text, hex);
}

static void test_get_banks(void **state)
{
	uint8_t out[TPM_COMMAND_MAX];

	assert_hex(out, tpm_encode_get_banks(out),
		   "80010000001600"
		   "00017a000000050000000000000001");
}

/* SHA-1 without PCR 11, SHA-256 and SHA-384 with it. */
static const char banks_answer[] = "8001"
				   "00000025"
				   "00000000"
				   "00"
				   "00000005"
				   "00000003"
				   "000403000000"
				   "000b03ffffff"
				   "000c03000800";

static int decode(const char *hex, struct tpm_banks *ret)
{
	uint8_t data[200];
	uint32_t code;

	assert_int_equal(hex_decode(hex, data, strlen(hex) / 2), 0);
	return tpm_decode_banks(data, strlen(hex) / 2, 11, ret, &code);
}

static void test_banks(void **state)
{
	struct tpm_banks banks;

	assert_int_equal(decode(banks_answer, &banks), 0);
	assert_int_equal(banks.count, 2);
	assert_int_equal(banks.algorithms[0], 0x000b);
	assert_int_equal(banks.algorithms[1], 0x000c);
}

static void test_banks_cut(void **state)
{
	struct tpm_banks banks;

	/* Every shorter answer is refused, whatever its size field says. */
	for (size_t bytes = 0; bytes < strlen(banks_answer) / 2; bytes++) {
		_cleanup_free_ char *cut = xstrndup(banks_answer, 2 * bytes);

		if (bytes >= 6) {
			char size[9];

			hex_encode((uint8_t[]){0, 0, 0, (uint8_t)bytes}, 4, size);
			memcpy(cut + 4, size, 8);
		}
		assert_int_equal(decode(cut, &banks), -EBADMSG);
	}
	assert_int_equal(decode("80010000001300000000000000000500000099", &banks),
			 -EBADMSG);
}

static void test_refused(void **state)
{
	struct tpm_banks banks;
	uint8_t data[10] = {0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x01};
	uint32_t code;

	assert_int_equal(tpm_decode_banks(data, 10, 11, &banks, &code), -EIO);
	assert_int_equal(code, 0x101);
	assert_int_equal(tpm_decode_done(data, 9, &code), -EBADMSG);
	data[8] = data[9] = 0;
	assert_int_equal(tpm_decode_done(data, 10, &code), 0);
}

/* printf enter-initrd | sha256sum */
#define ENTER "51e6b92f405d1f98d96e3de343d61d420ad6923b25de21d766f9298192f14fed"

static void test_extend(void **state)
{
	struct tpm_banks banks = {{0x000b}, 1};
	uint8_t out[TPM_COMMAND_MAX];
	int n = tpm_encode_extend(11, "enter-initrd", &banks, out);

	assert_int_equal(n, 65);
	assert_hex(out, 65,
		   "80020000004100000182"
		   "0000000b"
		   "00000009400000090000000000"
		   "00000001000b" ENTER);
}

static void test_extend_banks(void **state)
{
	struct tpm_banks all = {{4, 0xb, 0xc, 0xd, 0x12, 0x27, 0x28, 0x29}, 8};
	struct tpm_banks unknown = {{0xb, 0x99}, 2};
	uint8_t out[TPM_COMMAND_MAX];

	assert_int_equal(tpm_encode_extend(11, "x", &all, out),
			 31 + 8 * 2 + 20 + 32 + 48 + 64 + 32 + 32 + 48 + 64);
	assert_int_equal(tpm_encode_extend(11, "x", &unknown, out), -EOPNOTSUPP);
}

/* Captured from tpm2-tools where it sends the same. */
static void test_index_commands(void **state)
{
	uint8_t out[TPM_COMMAND_MAX];

	assert_hex(out, tpm_encode_find_index(0x01800a70, out),
		   "80010000001600"
		   "00017a0000000101800a7000000001");
	assert_hex(out, tpm_encode_read_index(0x01800a70, 344, out),
		   "8002000000230000014e"
		   "01800a7001800a70"
		   "00000009400000090000000000"
		   "01580000");
	assert_hex(out, tpm_encode_remove_index(0x01800a70, out),
		   "8002000000"
		   "1f"
		   "00000122"
		   "4000000101800a70"
		   "00000009400000090000000000");
}

static int find(const char *hex)
{
	uint8_t data[64];
	uint32_t code;

	assert_int_equal(hex_decode(hex, data, strlen(hex) / 2), 0);
	return tpm_decode_find_index(data, strlen(hex) / 2, 0x01800a70, &code);
}

static void test_find_index(void **state)
{
	assert_int_equal(find("8001000000170000000000000000010000000101800a70"), 1);
	assert_int_equal(find("8001000000170000000001000000010000000101800a71"), 0);
	assert_int_equal(find("80010000001300000000000000000100000000"), 0);
	/* A count without handles, another capability, a refusal. */
	assert_int_equal(find("80010000001300000000000000000100000001"), -EBADMSG);
	assert_int_equal(find("80010000001300000000000000000500000000"), -EBADMSG);
	assert_int_equal(find("80010000000a00000101"), -EIO);
}

static void test_read_index(void **state)
{
	static const char good[] = "8002000000170000000000000005"
				   "0003616263"
				   "00000000";
	uint8_t data[64];
	const uint8_t *content;
	uint32_t code;

	assert_int_equal(hex_decode(good, data, sizeof(good) / 2), 0);
	assert_int_equal(tpm_decode_read_index(data, sizeof(good) / 2, &content, &code),
			 3);
	assert_memory_equal(content, "abc", 3);
	for (size_t n = 10; n < 19; n++) {
		data[5] = (uint8_t)n;
		assert_int_equal(tpm_decode_read_index(data, n, &content, &code),
				 -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index_commands), cmocka_unit_test(test_find_index),
		cmocka_unit_test(test_read_index),     cmocka_unit_test(test_get_banks),
		cmocka_unit_test(test_banks),	       cmocka_unit_test(test_banks_cut),
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_extend),
		cmocka_unit_test(test_extend_banks),
	};

	return cmocka_run_group_tests_name("tpm-command", tests, NULL, NULL);
}
