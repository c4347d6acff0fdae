/* SPDX-License-Identifier: MIT */
/* Opens an encrypted volume. */
#include <errno.h>
#include <libcryptsetup.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "core/answers-token.h"
#include "core/recovery-key.h"
#include "core/token.h"
#include "init/luks-shape.h"
#include "init/record.h"
#include "init/security-key.h"
#include "init/unlock.h"

#define HEADER_FOLDER "/run/atomos"
#define TPM_TOKEN "systemd-tpm2"
#define REQUEST_TEXT(want)                                                               \
	"{\"type\":\"" REQUEST_TOKEN "\",\"keyslots\":[],\"want\":\"" want "\"}"

struct volume {
	struct crypt_device *device;
	char *path, *name, *header; /* header: the file with the copy */
	uint8_t digest[VOLUME_DIGEST_SIZE];
	bool learnt;
	uint8_t record_key[RECORD_KEY_SIZE];
};

static void to_log(int level, const char *message, void *context _unused_)
{
	if (level == CRYPT_LOG_ERROR)
		log_warning("cryptsetup: %.*s", (int)strcspn(message, "\n"), message);
}

void volume_free(struct volume *v)
{
	if (!v)
		return;
	crypt_free(v->device);
	(void)unlink(v->header);
	free(v->header);
	free(v->name);
	free(v->path);
	wipe(v->record_key, sizeof(v->record_key));
	free(v);
}

static int read_header(const char *path, char *data, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail(err, -errno, "The disk %s can't be opened: %m", path);
	n = read_full(fd, data, LUKS_HEADER_COPY);
	if (n < 0)
		return fail(err, (int)n, "The disk %s can't be read: %s", path,
			    strerror((int)-n));
	if (n != LUKS_HEADER_COPY)
		return fail(err, -EIO, "The disk %s is too small to hold AtomOS", path);
	return 0;
}

/* As large as on the disk, so that libcryptsetup takes it for a whole one. */
static int copy_header(const char *path, const char *file, struct error *err)
{
	_cleanup_free_ char *data = xmalloc(LUKS_HEADER_COPY);
	int r = read_header(path, data, err);

	if (r < 0)
		return r;
	(void)mkdir(HEADER_FOLDER, 0755);
	r = write_file_at(AT_FDCWD, file, data, LUKS_HEADER_COPY, 0600);
	if (r == 0 && truncate(file, LUKS_DATA_OFFSET) < 0)
		r = -errno;
	return r < 0 ? fail(err, r,
			    "The disk's encryption header can't be kept in memory: %s",
			    strerror(-r))
		     : 0;
}

static int load(struct volume *v, const char *path, struct error *err)
{
	const char *json;
	int r = crypt_init_data_device(&v->device, v->header, path);

	if (r < 0)
		return fail(err, r, "The disk %s can't be used: %s", path, strerror(-r));
	crypt_set_log_callback(v->device, to_log, NULL);
	r = crypt_load(v->device, CRYPT_LUKS2, NULL);
	if (r < 0)
		return fail(err, -EPERM,
			    "The disk %s has no valid encryption header: it was changed "
			    "or is "
			    "damaged; write the medium anew or use another one",
			    path);
	/* What libcryptsetup took from the copy, not what we might read from it. */
	r = crypt_dump_json(v->device, &json, 0);
	if (r < 0)
		return fail(err, r, "The disk's encryption header can't be read: %s",
			    strerror(-r));
	r = luks_shape_check(json, err);
	if (r == 0 && volume_digest(json, v->digest) < 0)
		return fail(err, -EPERM,
			    "The disk's encryption header can't tell its key from "
			    "others");
	return r;
}

int volume_open_header(const char *path, const char *name, struct volume **ret,
		       struct error *err)
{
	_cleanup_(volume_freep) struct volume *v = xcalloc(1, sizeof(*v));
	int r;

	v->path = xstrdup(path);
	v->name = name ? xstrdup(name) : NULL;
	v->header = xasprintf("%s/header.%s", HEADER_FOLDER, name ? name : "looked-at");
	crypt_set_log_callback(NULL, to_log, NULL);
	r = copy_header(path, v->header, err);
	if (r == 0)
		r = load(v, path, err);
	if (r == 0)
		*ret = TAKE_PTR(v);
	return r;
}

/* With a name the device is made; without one the slot is only found. By way of the
 * volume key: once more deriving it would take as long again. */
static int learn(struct volume *v, const char *name, const struct secret *password,
		 uint32_t flags)
{
	_cleanup_secret_ struct secret *key = secret_new();
	int slot, r = 0;

	key->size = SECRET_MAX;
	slot = crypt_volume_key_get(v->device, CRYPT_ANY_SLOT, key->data, &key->size,
				    password->data, password->size);
	/* A header of which every slot is for a token says "no such slot". */
	if (slot < 0)
		return slot == -ENOENT ? -EPERM : slot;
	v->learnt = record_key(key->data, key->size, v->record_key) == 0;
	if (name)
		r = crypt_activate_by_volume_key(v->device, name, key->data, key->size,
						 flags);
	return r < 0 ? r : slot;
}

static int learn_typed(struct volume *v, const char *name, struct secret *typed,
		       uint32_t flags)
{
	_cleanup_secret_ struct secret *key = NULL;
	int r = learn(v, name, typed, flags);

	if (r != -EPERM)
		return r;
	key = secret_new();
	memcpy(key, typed, sizeof(*key));
	if (recovery_key_normalise(key) < 0)
		return r;
	r = learn(v, name, key, flags);
	if (r >= 0)
		memcpy(typed, key, sizeof(*typed));
	return r;
}

static int unlocked(int r, struct error *err)
{
	if (r == -EPERM || r >= 0)
		return r;
	return fail(err, r,
		    "The disk can't be opened (%s): the kernel's log, \"show messages\", "
		    "says more",
		    strerror(-r));
}

int volume_unlock(struct volume *v, const struct secret *password, bool read_only,
		  struct error *err)
{
	int r = crypt_activate_by_passphrase(v->device, v->name, CRYPT_ANY_SLOT,
					     password->data, password->size,
					     read_only ? CRYPT_ACTIVATE_READONLY : 0);

	/* As above. */
	return unlocked(r == -ENOENT ? -EPERM : r, err);
}

int volume_unlock_typed(struct volume *v, struct secret *typed, bool read_only,
			struct error *err)
{
	return unlocked(
		learn_typed(v, v->name, typed, read_only ? CRYPT_ACTIVATE_READONLY : 0),
		err);
}

int volume_learn(struct volume *v, const struct secret *password, struct error *err)
{
	return unlocked(learn(v, NULL, password, 0), err);
}

int volume_prove(struct volume *v, struct secret *typed, struct error *err)
{
	return unlocked(learn_typed(v, NULL, typed, 0), err);
}

static int try_token(struct volume *v, int token, const struct secret *pin, void *plugin)
{
	return crypt_activate_by_token_pin(v->device, v->name, TPM_TOKEN, token,
					   pin ? pin->data : NULL, pin ? pin->size : 0,
					   plugin, 0);
}

int volume_unlock_by_tpm(struct volume *v, int first, const struct secret *pin,
			 void *plugin)
{
	int r = first >= 0 ? try_token(v, first, pin, plugin) : -ENOENT;

	/* A wrong PIN isn't tried twice: the TPM counts. Else somebody may have laid one
	 * beside that opens nothing. */
	if (r >= 0 || r == -ENOANO || (pin && r == -ENOTRECOVERABLE))
		return r;
	return try_token(v, CRYPT_ANY_TOKEN, pin, plugin);
}

int volume_unlock_by_key(struct volume *v, const struct secret *pin)
{
	return crypt_activate_by_token_pin(v->device, v->name, KEY_TOKEN, CRYPT_ANY_TOKEN,
					   pin ? pin->data : NULL, pin ? pin->size : 0,
					   NULL, 0);
}

static bool is_cheap(struct crypt_device *device, int slot)
{
	struct crypt_pbkdf_type kdf;

	return crypt_keyslot_get_pbkdf(device, slot, &kdf) == 0 &&
	       streq(kdf.type, CRYPT_KDF_PBKDF2) &&
	       kdf.iterations <= PUBLIC_ITERATIONS_MAX;
}

int volume_public_slot(struct volume *v, const struct secret *password)
{
	for (int slot = 0; slot < crypt_keyslot_max(CRYPT_LUKS2); slot++) {
		crypt_keyslot_info info = crypt_keyslot_status(v->device, slot);

		if ((info != CRYPT_SLOT_ACTIVE && info != CRYPT_SLOT_ACTIVE_LAST) ||
		    !is_cheap(v->device, slot))
			continue;
		if (crypt_activate_by_passphrase(v->device, NULL, slot, password->data,
						 password->size, 0) >= 0)
			return slot;
	}
	return -ENOENT;
}

enum opener volume_opener(struct volume *v, int slot)
{
	return opener_of_slot(v->device, slot);
}

static bool has_slot_of(struct volume *v, enum opener opener)
{
	for (int slot = 0; slot < crypt_keyslot_max(CRYPT_LUKS2); slot++)
		if (opener_of_slot(v->device, slot) == opener)
			return true;
	return false;
}

bool volume_has_tpm(struct volume *v)
{
	return has_slot_of(v, OPENER_TPM);
}

bool volume_has_key(struct volume *v)
{
	return has_slot_of(v, OPENER_FIDO2);
}

bool volume_keys_want_pin(struct volume *v)
{
	bool any = false;

	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		enum key_slot slot;
		const char *json;

		if (crypt_token_json_get(v->device, i, &json) < 0)
			continue;
		slot = security_key_slot(json);
		if (slot == KEY_SLOT_TOUCH)
			return false;
		any |= slot == KEY_SLOT_PIN;
	}
	return any;
}

void volume_tpm_slots(struct volume *v, struct tpm_slots *ret)
{
	tpm_slots_read(v->device, ret);
}

const uint8_t *volume_key_digest(const struct volume *v)
{
	return v->digest;
}

/* The number of the token and its content, or -ENOENT. */
static int find_record(struct volume *v, struct crypt_device *device, struct pin *ret)
{
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		const char *json;
		struct pin pin;

		if (crypt_token_json_get(device, i, &json) < 0 ||
		    record_token_parse(json, v->record_key, &pin) < 0 ||
		    memcmp(pin.volume, v->digest, VOLUME_DIGEST_SIZE) != 0)
			continue;
		*ret = pin;
		return i;
	}
	return -ENOENT;
}

int volume_record(struct volume *v, struct pin *ret)
{
	int r = v->learnt ? find_record(v, v->device, ret) : -ENOKEY;

	return r < 0 ? r : 0;
}

static bool any_of_type(const char *json _unused_)
{
	return true;
}

static bool is_for_tpm(const char *json)
{
	struct request r;
	bool tpm = request_parse(json, &r) == 0 && request_is_tpm(&r);

	request_done(&r);
	return tpm;
}

static bool is_not_for_tpm(const char *json)
{
	return !is_for_tpm(json);
}

/* Replaces all tokens of a type, as far as they are meant, by one with this text, or by
 * none. */
static int replace_tokens(struct volume *v, const char *wanted,
			  bool (*meant)(const char *json), const char *text)
{
	_cleanup_(crypt_freep) struct crypt_device *device = NULL;
	int r = crypt_init(&device, v->path);

	if (r == 0)
		r = crypt_load(device, CRYPT_LUKS2, NULL);
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2) && r >= 0; i++) {
		const char *type = NULL, *json;

		if (crypt_token_status(device, i, &type) == CRYPT_TOKEN_INACTIVE ||
		    !type || !streq(type, wanted) ||
		    crypt_token_json_get(device, i, &json) < 0 || !meant(json))
			continue;
		/* In its place: the new text comes before an older one goes. */
		r = crypt_token_json_set(device, i, text);
		text = NULL;
	}
	if (r >= 0 && text)
		r = crypt_token_json_set(device, CRYPT_ANY_TOKEN, text);
	return r < 0 ? r : 0;
}

int volume_keep_record(struct volume *v, const struct pin *pin, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct pin old;
	int r;

	if (volume_record(v, &old) == 0 && pin_equal(&old, pin))
		return 0;
	text = v->learnt ? record_token(pin, v->record_key) : NULL;
	if (!text)
		return fail(err, -ENOKEY, "no password has opened it");
	r = replace_tokens(v, RECORD_TOKEN, any_of_type, text);
	return r < 0 ? fail(err, r, "%s", strerror(-r)) : 0;
}

void volume_requests(struct volume *v, struct requests *ret)
{
	*ret = (struct requests){0};
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		struct request r;
		const char *json;

		if (crypt_token_json_get(v->device, i, &json) < 0 ||
		    request_parse(json, &r) < 0)
			continue;
		if (ret->count < REQUESTS_MAX) {
			ret->list[ret->count++] = r;
		} else {
			ret->too_many = true;
			request_done(&r);
		}
	}
}

/* Both kinds are about the same slot: the newest counts. */
int volume_request_tpm(struct volume *v, bool pin, struct error *err)
{
	int r = replace_tokens(v, REQUEST_TOKEN, is_for_tpm,
			       pin ? REQUEST_TEXT("tpm-pin") : REQUEST_TEXT("tpm"));

	return r < 0 ? fail(err, r, "%s", strerror(-r)) : 0;
}

int volume_drop_requests(struct volume *v, enum dropping which, struct error *err)
{
	static bool (*const meant[])(const char *json) = {[DROP_ALL] = any_of_type,
							  [DROP_BUT_TPM] = is_not_for_tpm,
							  [DROP_TPM] = is_for_tpm};
	int r = replace_tokens(v, REQUEST_TOKEN, meant[which], NULL);

	return r < 0 ? fail(err, r, "%s", strerror(-r)) : 0;
}

char *volume_keymap(struct volume *v)
{
	return token_find(v->device, KEYMAP_TOKEN, "keymap");
}

char *volume_answers(struct volume *v)
{
	return token_find(v->device, ANSWERS_TOKEN, "sealed");
}

bool volume_is_open(const char *name)
{
	_cleanup_free_ char *path = xasprintf("/dev/mapper/%s", name);

	return access(path, F_OK) == 0;
}

int volume_close(const char *name, struct error *err)
{
	int r;

	if (!volume_is_open(name))
		return 0;
	r = crypt_deactivate(NULL, name);
	return r < 0 && r != -ENODEV
		       ? fail(err, r, "The disk can't be closed: %s", strerror(-r))
		       : 0;
}
