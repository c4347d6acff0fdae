/* SPDX-License-Identifier: MIT */
/* A volume, a software TPM and boot images whose vendor signs for it, with
 * systemd-cryptenroll and systemd's token plugin as they are. */
#include <libcryptsetup.h>
#include <openssl/rsa.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "told.h"
#include "image/luks.h"
#include "init/luks-shape.h"
#include "init/unlock.h"

#define PLUGIN "systemd-tpm2"
/* What systemd's plugin takes from who uses it (cryptsetup-token-systemd-tpm2.c). */
struct plugin_parameters {
	uint32_t pcrs; /* a token with these only; UINT32_MAX: with any */
	const char *device, *signature, *pcrlock;
};

void save(const char *path, const char *text)
{
	assert_int_equal(write_file_at(AT_FDCWD, path, text, strlen(text), 0600), 0);
}

static void image_init(struct boot_image *i, struct fixture *f, const char *name,
		       EVP_PKEY *key, char *json)
{
	i->pem = public_pem(key);
	i->json = json;
	i->key_file = xasprintf("%s/%s.pem", f->tpm.directory, name);
	i->signature_file = xasprintf("%s/%s.json", f->tpm.directory, name);
	save(i->key_file, i->pem);
	save(i->signature_file, i->json);
	assert_int_equal(pcr_key_fingerprint(i->pem, i->fingerprint), 0);
	i->tpm = (struct pin_tpm){"swtpm", f->tpm.device, i->pem, i->json};
}

static void image_done(struct boot_image *i)
{
	free(i->pem);
	free(i->json);
	free(i->key_file);
	free(i->signature_file);
}

/* Two keys' signatures in one text, as ukify combines them. */
static char *combine(const char *a, const char *b)
{
	const char *list = strchr(b, '[') + 1;

	return xasprintf("%.*s,%s", (int)(strlen(a) - 2), a, list);
}

void make_volume(struct fixture *f, const char *name)
{
	_cleanup_secret_ struct secret *password = secret_of("atomos"), *key = NULL;
	struct luks_options o = {.password = password};
	struct error err = {0};

	f->volume = xasprintf("%s/%s", f->tpm.directory, name);
	o.path = f->volume;
	if (luks_format(&o, &key, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(truncate(f->volume, LUKS_DATA_OFFSET + (1 << 20)), 0);
}

/* systemd's programs look there alone, and other tests run at the same time. */
static void own_run(void)
{
	static bool done;

	if (!done) {
		assert_int_equal(unshare(CLONE_NEWNS), 0);
		assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
		assert_int_equal(mkdir(SIGNATURE_DIR, 0755), 0);
	}
	done = true;
}

int told_setup(void **state)
{
	static struct fixture f;
	char *old, *new;

	f = (struct fixture){0};
	swtpm_start(&f.tpm);
	for (size_t i = 0; i < ELEMENTSOF(f.keys); i++)
		f.keys[i] = EVP_RSA_gen(2048);
	old = sign(f.keys[0], f.keys[0], "enter-initrd");
	new = sign(f.keys[1], f.keys[1], "enter-initrd");
	image_init(&f.both, &f, "both", f.keys[1], combine(new, old));
	image_init(&f.old, &f, "old", f.keys[0], old);
	image_init(&f.new, &f, "new", f.keys[1], new);
	make_volume(&f, "volume");
	own_run();
	swtpm_extend("enter-initrd");
	*state = &f;
	return 0;
}

int told_teardown(void **state)
{
	struct fixture *f = *state;

	image_done(&f->old);
	image_done(&f->both);
	image_done(&f->new);
	free(f->volume);
	for (size_t i = 0; i < ELEMENTSOF(f->keys); i++)
		EVP_PKEY_free(f->keys[i]);
	(void)unlink(SIGNATURE_FILE);
	swtpm_stop(&f->tpm);
	return 0;
}

struct crypt_device *open_volume(const struct fixture *f)
{
	struct crypt_device *cd;

	assert_int_equal(crypt_init(&cd, f->volume), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	return cd;
}

/* The slot that opens by this token and perhaps a PIN, under this image; or what the boot
 * gets to hear. */
int unseal_pin(const struct fixture *f, const struct boot_image *i, int token,
	       const char *pin)
{
	_cleanup_free_ char *device = xasprintf("swtpm:%s", f->tpm.device);
	struct plugin_parameters p = {
		.pcrs = UINT32_MAX, .device = device, .signature = i->signature_file};
	struct crypt_device *cd = open_volume(f);
	int r = crypt_activate_by_token_pin(cd, NULL, PLUGIN, token, pin,
					    pin ? strlen(pin) : 0, &p, 0);

	swtpm_forget();
	crypt_free(cd);
	return r;
}

int unseal(const struct fixture *f, const struct boot_image *i, int token)
{
	return unseal_pin(f, i, token, NULL);
}

void slots_of(const struct fixture *f, struct tpm_slots *ret)
{
	struct crypt_device *cd = open_volume(f);
	struct error err = {0};
	const char *json;

	tpm_slots_read(cd, ret);
	/* What comes out of it the next boot accepts. */
	assert_int_equal(crypt_dump_json(cd, &json, 0), 0);
	if (luks_shape_check(json, &err) < 0)
		fail_msg("%s", err.message);
	crypt_free(cd);
}

void digest_of(const struct fixture *f, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	struct error err = {0};

	if (volume_open_header(f->volume, NULL, &v, &err) < 0)
		fail_msg("%s", err.message);
	memcpy(ret, volume_key_digest(v), VOLUME_DIGEST_SIZE);
}

void tell(struct fixture *f, const struct boot_image *i, struct enrol e)
{
	struct pin pin = {.secure_boot = true, .lowest_release = 5};
	struct error err = {0};

	digest_of(f, pin.volume);
	e.device = f->volume;
	e.tpm = &i->tpm;
	e.pin = &pin;
	e.key = i->key_file;
	e.signature = i->signature_file;
	save(SIGNATURE_FILE, i->json);
	if (enrol(&e, &err) < 0)
		fail_msg("%s", err.message);
	swtpm_forget();
}

void tell_first(struct fixture *f, const struct boot_image *i)
{
	_cleanup_secret_ struct secret *password = secret_of("atomos");

	tell(f, i, (struct enrol){.password = password, .slot = true});
}

enum pin_state pin_of(const struct boot_image *i)
{
	struct pin_reading reading;
	struct error err = {0};

	if (pin_tpm_read(&i->tpm, &reading, &err) < 0)
		fail_msg("%s", err.message);
	return reading.state;
}

/* As the boot opens it, but for the device. */
int unlocks(const struct fixture *f, const struct boot_image *i, int first,
	    const char *pin)
{
	_cleanup_free_ char *device = xasprintf("swtpm:%s", f->tpm.device);
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *typed = pin ? secret_of(pin) : NULL;
	struct plugin_parameters p = {
		.pcrs = UINT32_MAX, .device = device, .signature = i->signature_file};
	struct error err = {0};
	int r;

	if (volume_open_header(f->volume, NULL, &v, &err) < 0)
		fail_msg("%s", err.message);
	r = volume_unlock_by_tpm(v, first, typed, &p);
	swtpm_forget();
	return r;
}

/* Where the TPM's answer for this volume leads, as the boot takes it. */
struct protection protection_of(const struct fixture *f, const struct boot_image *i)
{
	struct protection p = {.usable = true,
			       .has_token = true,
			       .secure_boot = 1,
			       .unlock = -ECANCELED};
	uint8_t digest[VOLUME_DIGEST_SIZE];
	struct pin_reading reading;
	struct error err = {0};

	if (pin_tpm_read(&i->tpm, &reading, &err) < 0)
		fail_msg("%s", err.message);
	digest_of(f, digest);
	protection_read(&p, &reading, digest);
	return p;
}
