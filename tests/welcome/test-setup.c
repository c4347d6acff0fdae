/* SPDX-License-Identifier: MIT */
/* The disk's side of the first boot, cut at every step: the generic password opens until
 * the very end, and nobody is ever locked out. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/recovery-key.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "welcome/preset.h"
#include "welcome/setup.h"
#include "welcome/volume.h"

#define TPM_TOKEN                                                                        \
	"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"%d\"],\"tpm2-blob\":\"AA==\","       \
	"\"tpm2-pcrs\":[7],\"tpm2-policy-hash\":\"00\"}"
#define RECOVERY_TOKEN "{\"type\":\"systemd-recovery\",\"keyslots\":[\"%d\"]}"

struct world {
	struct setup setup;
	struct boot_facts boot;
	struct config config;
	struct flow_answers answers;
	struct secret *recovery;
};

static void begin(void **state, struct world *w)
{
	const char *path = in_directory(state, "disk");
	_cleanup_secret_ struct secret *key = NULL;
	struct error err;

	*w = (struct world){.config.generic = secret_of("atomos")};
	w->answers = (struct flow_answers){.name = (char *)"nobody-here",
					   .administrator = true,
					   .password = secret_of("correct horse")};
	assert_ok(recovery_key_make(&w->recovery, &err), &err);
	assert_ok(luks_format(&(struct luks_options){.path = path,
						     .password = w->config.generic},
			      &key, &err),
		  &err);
	w->setup = (struct setup){.boot = &w->boot,
				  .config = &w->config,
				  .answers = &w->answers,
				  .recovery = w->recovery};
	assert_ok(header_open(path, &w->setup.header, &err), &err);
}

static void done(struct world *w)
{
	secret_free(w->config.generic);
	secret_free(w->answers.password);
	secret_free(w->recovery);
	header_free(w->setup.header);
}

static bool opens(struct world *w, const struct secret *secret)
{
	return header_try(w->setup.header, secret) >= 0;
}

static size_t slots(struct world *w)
{
	struct slots s;
	struct error err;

	assert_ok(header_slots(w->setup.header, &s, &err), &err);
	return s.count;
}

static void test_whole(void **state)
{
	struct error err;
	struct world w;

	begin(state, &w);
	assert_ok(setup_clear_slots(&w.setup, &err), &err);
	assert_ok(setup_slots(&w.setup, &err), &err);
	assert_true(opens(&w, w.config.generic));
	assert_ok(setup_close(&w.setup, &err), &err);
	assert_false(opens(&w, w.config.generic));
	assert_true(opens(&w, w.answers.password));
	assert_true(opens(&w, w.recovery));
	assert_int_equal(slots(&w), 2);
	/* Who comes again finds an owner. */
	assert_int_equal(setup_clear_slots(&w.setup, &err), -EPERM);
	assert_non_null(strstr(err.message, "has an owner"));
	done(&w);
}

/* The power failed after the slots were made: the next try's answers count. */
static void test_again(void **state)
{
	_cleanup_secret_ struct secret *old = secret_of("correct horse");
	struct error err;
	struct world w;

	begin(state, &w);
	assert_ok(setup_slots(&w.setup, &err), &err);
	assert_ok(setup_clear_slots(&w.setup, &err), &err);
	assert_int_equal(slots(&w), 1);
	assert_true(opens(&w, w.config.generic));
	assert_false(opens(&w, old));
	strcpy(w.answers.password->data, "battery staple");
	w.answers.password->size = strlen(w.answers.password->data);
	assert_ok(setup_slots(&w.setup, &err), &err);
	assert_ok(setup_close(&w.setup, &err), &err);
	assert_false(opens(&w, old));
	assert_true(opens(&w, w.answers.password));
	done(&w);
}

static void test_no_administrator(void **state)
{
	struct error err;
	struct world w;

	begin(state, &w);
	w.answers.administrator = false;
	assert_ok(setup_slots(&w.setup, &err), &err);
	assert_ok(setup_close(&w.setup, &err), &err);
	assert_false(opens(&w, w.answers.password));
	assert_true(opens(&w, w.recovery));
	assert_int_equal(slots(&w), 1);
	done(&w);
}

/* Without a proven recovery key the generic password stays. */
static void test_not_proven(void **state)
{
	struct error err;
	struct world w;

	begin(state, &w);
	assert_int_equal(setup_close(&w.setup, &err), -EKEYREJECTED);
	assert_true(opens(&w, w.config.generic));
	done(&w);
}

/* What the last step of the first start left is gone at the next one. */
static void test_left_answers(void **state)
{
	const char *path = in_directory(state, "disk");
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	_cleanup_free_ char *before = NULL, *after = NULL;
	_cleanup_header_ struct header *h = NULL;
	struct error err;
	struct world w;

	begin(state, &w);
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_true(crypt_token_json_set(cd, CRYPT_ANY_TOKEN,
					 "{\"type\":\"atomos-answers\",\"keyslots\":"
					 "[],\"open\":\"e30=\",\"sealed\":\"x\"}") >= 0);
	assert_ok(header_open(path, &h, &err), &err);
	before = header_answers(h);
	assert_non_null(before);
	assert_int_equal(preset_drop_left(path), 0);
	header_free(TAKE_PTR(h));
	assert_ok(header_open(path, &h, &err), &err);
	after = header_answers(h);
	assert_null(after);
	assert_int_equal(slots(&w), 1);
	done(&w);
}

/* As somebody with the disk in hand and the generic password adds it. */
static void plant(void **state, struct world *w, const char *password,
		  const char *const *tokens)
{
	const char *path = in_directory(state, "disk"),
		   *generic = w->config.generic->data;
	const struct crypt_pbkdf_type quick = {.type = CRYPT_KDF_PBKDF2,
					       .hash = "sha256",
					       .iterations = LUKS_MEDIUM_ITERATIONS,
					       .flags = CRYPT_PBKDF_NO_BENCHMARK};
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	struct error err;
	int slot;

	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &quick), 0);
	slot = crypt_keyslot_add_by_passphrase(cd, CRYPT_ANY_SLOT, generic,
					       w->config.generic->size, password,
					       strlen(password));
	assert_true(slot >= 0);
	for (size_t i = 0; tokens[i]; i++) {
		_cleanup_free_ char *json = xasprintf(tokens[i], slot);

		assert_true(crypt_token_json_set(cd, CRYPT_ANY_TOKEN, json) >= 0);
	}
	header_free(TAKE_PTR(w->setup.header));
	assert_ok(header_open(path, &w->setup.header, &err), &err);
}

static void planted_goes(void **state, const char *const *tokens)
{
	_cleanup_secret_ struct secret *theirs = secret_of("theirs");
	struct error err;
	struct world w;

	begin(state, &w);
	plant(state, &w, "theirs", tokens);
	assert_true(opens(&w, theirs));
	assert_ok(setup_clear_slots(&w.setup, &err), &err);
	assert_false(opens(&w, theirs));
	assert_int_equal(slots(&w), 1);
	assert_true(opens(&w, w.config.generic));
	done(&w);
}

static void test_planted(void **state)
{
	planted_goes(state, (const char *const[]){NULL});
}

/* Where the start didn't tell the TPM: absent, or Secure Boot is off. */
static void test_planted_as_the_tpms(void **state)
{
	planted_goes(state, (const char *const[]){TPM_TOKEN, NULL});
}

/* The enrolment doesn't touch one that is somebody else's, too. */
static void test_planted_as_two(void **state)
{
	planted_goes(state, (const char *const[]){RECOVERY_TOKEN, TPM_TOKEN, NULL});
}

static void test_tpms_stays(void **state)
{
	_cleanup_secret_ struct secret *tpms = secret_of("of the TPM");
	struct error err;
	struct world w;

	begin(state, &w);
	w.boot.enrolled = true;
	plant(state, &w, "of the TPM", (const char *const[]){TPM_TOKEN, NULL});
	assert_ok(setup_clear_slots(&w.setup, &err), &err);
	assert_true(opens(&w, tpms));
	done(&w);
}

/* It would be the owner's slot that goes at the end: nothing is begun. */
static void test_public_password(void **state)
{
	struct error err;
	struct world w;

	begin(state, &w);
	secret_free(w.answers.password);
	w.answers.password = secret_of("atomos");
	assert_int_equal(setup_clear_slots(&w.setup, &err), -EPERM);
	assert_non_null(strstr(err.message, "choose another"));
	assert_int_equal(slots(&w), 1);
	done(&w);
}

static void test_home_shape(void **state)
{
	const char *path = in_directory(state, "home");
	_cleanup_secret_ struct secret *key = secret_new(), *volume = NULL;
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct error err;

	key->size = VOLUME_KEY_SIZE;
	memset(key->data, 7, key->size);
	assert_int_equal(ftruncate(fd, LUKS_DATA_OFFSET + (1 << 20)), 0);
	assert_ok(volume_format(path, "atomos-home", key, &err), &err);
	/* It is of the one shape that everything of ours opens. */
	assert_ok(luks_open(fd, 0, key, &volume, &err), &err);
}

/* Two systems on a disk have one partition for homes: neither's first start touches it.
 */
static void test_two_systems(void **state)
{
	const char *path = in_directory(state, "disk");
	_cleanup_free_ char *name = xasprintf("..%s", path);
	const struct boot_facts boot = {.disk = name};
	const struct config config = {.repart = (char *)"/nowhere"};
	struct setup setup = {.boot = &boot, .config = &config};
	struct gpt gpt = {.uuid = "0b2d3f4a-1c5e-4f6a-8b7c-9d0e1f2a3b4c"};
	struct error err;

	gpt_add(&gpt, GPT_INSTALLED_ROOT, "one", 1 << 20);
	gpt_add(&gpt, GPT_HOME, "homes", 1 << 20);
	gpt_add(&gpt, GPT_INSTALLED_ROOT, "two", 1 << 20);
	assert_ok(gpt_write(&gpt, path, &err), &err);
	assert_int_equal(setup_home(&setup, &err), -EEXIST);
	assert_non_null(strstr(err.message, "2 installed systems"));
}

static void test_node(void **state)
{
	const char *start = in_directory(state, "vda/vda4/start");
	_cleanup_free_ char *node = NULL, *none = NULL;

	assert_int_equal(make_parents_at(AT_FDCWD, start), 0);
	assert_int_equal(write_file_at(AT_FDCWD, start, "2048\n", 5, 0644), 0);
	node = volume_node(*state, "vda", 1 << 20);
	assert_string_equal(node, "vda4");
	none = volume_node(*state, "vda", 2 << 20);
	assert_null(none);
	assert_null(volume_node(*state, "vdb", 1 << 20));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_whole),
		CASE(test_again),
		CASE(test_no_administrator),
		CASE(test_not_proven),
		CASE(test_planted),
		CASE(test_planted_as_the_tpms),
		CASE(test_planted_as_two),
		CASE(test_tpms_stays),
		CASE(test_public_password),
		CASE(test_home_shape),
		CASE(test_node),
		CASE(test_two_systems),
		CASE(test_left_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
