/* SPDX-License-Identifier: MIT */
/* Answers sealed by an installation, opened by the boot of that volume on that machine in
 * its start phase, and by nothing else; with stock systemd-creds and a software TPM. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tpm.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/luks.h"
#include "core/answers-token.h"
#include "core/token.h"
#include "init/luks-shape.h"
#include "init/unlock.h"
#include "init/unseal.h"
#include "install/leave-answers.h"
#include "owner/header.h"

#define WHOLE "{\"name\":\"anna\",\"password\":\"seven unlikely lamps\"}"
#define OPEN "{\"name\":\"anna\"}"
#define OPEN_BASE64 "eyJuYW1lIjoiYW5uYSJ9"

/* A fresh header with a token, as an installation makes it; opened as the boot does. */
static struct volume *install(void **state, const char *name, bool seals)
{
	const char *file = in_directory(state, name);
	_cleanup_secret_ struct secret *password = secret_of("atomos"),
				       *open = secret_of(OPEN), *whole = secret_of(WHOLE),
				       *key = NULL;
	const struct luks_options o = {.path = file, .password = password};
	const struct leave_answers l = {.open = open,
					.sealed = seals ? whole : NULL,
					.public_key = in_directory(state, "public.pem"),
					.device = tpm_driver()};
	struct volume *v = NULL;
	struct error err;

	assert_ok(luks_format(&o, &key, &err), &err);
	assert_ok(leave_answers(&l, file, &err), &err);
	/* The boot refuses every token that it doesn't know. */
	assert_ok(volume_open_header(file, name, &v, &err), &err);
	return v;
}

static int open_answers(void **state, struct volume *v, const char *sealed,
			struct error *err)
{
	const struct unseal u = {.sealed = sealed,
				 .digest = volume_key_digest(v),
				 .device = tpm_driver(),
				 .signature = in_directory(state, "signature.json"),
				 .target = in_directory(state, "plain")};

	return unseal(&u, err);
}

static void must_stay_closed(void **state, struct volume *v, const char *sealed,
			     const char *words)
{
	struct error err = {0};

	assert_true(open_answers(state, v, sealed, &err) < 0);
	if (!strstr(err.message, words))
		print_error("%s\n", err.message);
	assert_non_null(strstr(err.message, words));
	assert_int_equal(access(in_directory(state, "plain"), F_OK), -1);
}

/* A disk with answers, and what is sealed of them. */
static char *seal(void **state, struct volume **ret)
{
	sign_phase(state, "enter-initrd");
	*ret = install(state, "disk", true);
	return volume_answers(*ret);
}

static void test_opens(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_free_ char *sealed = NULL, *text = NULL;
	struct error err;
	struct stat st;

	sealed = seal(state, &v);
	assert_non_null(sealed);
	assert_null(strstr(sealed, "lamps"));
	swtpm_extend("enter-initrd");
	assert_ok(open_answers(state, v, sealed, &err), &err);
	assert_int_equal(
		read_file_at(AT_FDCWD, in_directory(state, "plain"), 4096, &text, NULL),
		0);
	assert_string_equal(text, WHOLE);
	assert_int_equal(stat(in_directory(state, "plain"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Not the system that seals them, nor any other one that runs. */
static void test_phase(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_free_ char *sealed = NULL;

	sealed = seal(state, &v);
	must_stay_closed(state, v, sealed, "unseal");
	swtpm_extend("enter-initrd");
	swtpm_extend("leave-initrd");
	must_stay_closed(state, v, sealed, "unseal");
}

/* The name in it is authenticated: one volume's answers aren't another's. */
static void test_other_volume(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL, *other = NULL;
	_cleanup_free_ char *sealed = NULL;

	sealed = seal(state, &v);
	other = install(state, "other", true);
	swtpm_extend("enter-initrd");
	must_stay_closed(state, other, sealed, "does not match");
}

static void test_other_machine(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_free_ char *sealed = NULL;

	sealed = seal(state, &v);
	assert_int_equal(RUN("tpm2_clear", "-c", "p"), 0);
	swtpm_extend("enter-initrd");
	must_stay_closed(state, v, sealed, "systemd-creds failed");
}

/* Other keys of Secure Boot, or none. */
static void test_pcr7(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_free_ char *sealed = NULL;

	sealed = seal(state, &v);
	swtpm_extend("enter-initrd");
	assert_int_equal(RUN("tpm2_pcrextend",
			     "7:sha256=00000000000000000000000000000000000000"
			     "00000000000000000000000001"),
			 0);
	must_stay_closed(state, v, sealed, "unseal");
}

/* The installation goes on without an answer, and with nothing half done. */
static void test_mute(void **state)
{
	const char *file = in_directory(state, "disk");
	_cleanup_secret_ struct secret *password = secret_of("atomos"),
				       *open = secret_of(OPEN), *whole = secret_of(WHOLE),
				       *key = NULL;
	const struct luks_options o = {.path = file, .password = password};
	struct leave_answers l = {.open = open,
				  .sealed = whole,
				  .public_key = in_directory(state, "public.pem"),
				  .seconds = 2,
				  .device = tpm_driver()};
	_cleanup_header_ struct header *h = NULL;
	struct error err;

	sign_phase(state, "enter-initrd");
	assert_ok(luks_format(&o, &key, &err), &err);
	mute_tpm();
	assert_int_equal(leave_answers(&l, file, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.message, "gives no answer"));
	assert_ok(header_open(file, &h, &err), &err);
	assert_null(header_answers(h));
}

/* Without a TPM only what is no secret; an owner takes all of it away. */
static void test_open_only(void **state)
{
	_cleanup_(volume_freep) struct volume *v = install(state, "disk", false);
	_cleanup_header_ struct header *h = NULL;
	_cleanup_free_ char *open = NULL;
	struct error err;

	assert_null(volume_answers(v));
	assert_ok(header_open(in_directory(state, "disk"), &h, &err), &err);
	open = header_answers(h);
	assert_string_equal(open, OPEN_BASE64);
	assert_ok(header_drop_answers(h, &err), &err);
	assert_null(header_answers(h));
}

static void test_odd_tokens(void **state)
{
	_cleanup_free_ char *sealed = token_decode(
		"{\"type\":\"atomos-answers\",\"keyslots\":[],\"sealed\":7}", "sealed");

	assert_null(sealed);
	assert_null(token_decode("[]", "sealed"));
	assert_null(token_decode("{", "sealed"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start_tpm, stop_tpm)
	const struct CMUnitTest tests[] = {
		TEST(test_opens),	 TEST(test_phase),
		TEST(test_other_volume), TEST(test_other_machine),
		TEST(test_pcr7),	 TEST(test_mute),
		TEST(test_open_only),	 cmocka_unit_test(test_odd_tokens),
	};

	return cmocka_run_group_tests_name("leave-answers", tests, NULL, NULL);
}
