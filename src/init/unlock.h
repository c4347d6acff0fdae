/* SPDX-License-Identifier: MIT */
/* Opens an encrypted volume with a copy of its header that was read once and checked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/secret.h"
#include "init/opener.h"
#include "init/pin.h"
#include "init/request.h"
#include "init/tpm-slots.h"
#include "init/volume-digest.h"

#define VOLUME_NAME "atomos-root"
#define VOLUME_DEVICE "/dev/mapper/" VOLUME_NAME
#define HOME_NAME "atomos-home"
#define HOME_DEVICE "/dev/mapper/" HOME_NAME
/* A slot that costs more iterations isn't one that we gave a public password. */
#define PUBLIC_ITERATIONS_MAX 10000

struct volume;

/* Copies the header of the volume at `path` to RAM, once, and checks its shape. From then
 * on only the copy is read; record and requests are written onto the disk itself. `name`
 * is the device's in /dev/mapper when it is opened; with NULL slots are found and nothing
 * is opened. */
int volume_open_header(const char *path, const char *name, struct volume **ret,
		       struct error *err);
void volume_free(struct volume *v);
DEFINE_FREEP(struct volume, volume_free)

/* Makes the device; returns the slot. -EPERM (no words): no slot opens with this
 * password. `read_only` volumes can't be written by anything. */
int volume_unlock(struct volume *v, const struct secret *password, bool read_only,
		  struct error *err);

/* As volume_unlock, for what somebody typed: a recovery key may be spelt in any way.
 * `typed` then holds it as it opens the volume. */
int volume_unlock_typed(struct volume *v, struct secret *typed, bool read_only,
			struct error *err);

/* The slot that opens with this password, without a device: volume_record needs it.
 * -EPERM (no words) as volume_unlock. */
int volume_learn(struct volume *v, const struct secret *password, struct error *err);

/* The slot that opens with what was typed, without a device; as volume_unlock_typed. */
int volume_prove(struct volume *v, struct secret *typed, struct error *err);

/* Makes the device with a token that systemd-cryptenroll left for the TPM: with `first`,
 * unless that is negative, then with any; `pin` was typed, or is NULL. The slot, or
 * libcryptsetup's negative errno: see protection.c for what it means. -ENOTRECOVERABLE
 * when the PIN is wrong, or when the TPM takes none for a while. May take for ever; run
 * in a child. `plugin`: what systemd's plugin takes from who uses it; NULL: it finds all
 * by itself. */
int volume_unlock_by_tpm(struct volume *v, int first, const struct secret *pin,
			 void *plugin);

/* The slot that opens with a public password, or -ENOENT; looks only at cheap slots. */
int volume_public_slot(struct volume *v, const struct secret *password);

/* What the slot opens with, by its token. */
enum opener volume_opener(struct volume *v, int slot);

/* Makes the device with a FIDO2 security key and perhaps its PIN (or NULL). The slot, or
 * what security-key.h explains. Waits for a touch; run in a child. */
int volume_unlock_by_key(struct volume *v, const struct secret *pin);

/* Whether a slot for such a key is there. */
bool volume_has_key(struct volume *v);

/* Whether each of these slots wants the key's PIN, so that none opens without. */
bool volume_keys_want_pin(struct volume *v);

/* Whether a token for the TPM is there. */
bool volume_has_tpm(struct volume *v);

/* The slots that those tokens open; released by tpm_slots_done. */
void volume_tpm_slots(struct volume *v, struct tpm_slots *ret);

/* What stands for the volume key: see volume-digest.h. */
const uint8_t *volume_key_digest(const struct volume *v);

/* What the header keeps in the pin's place (record.h). -ENOENT when there is none for
 * this volume, -ENOKEY when no password has opened it: volume_unlock_typed, volume_learn.
 * *ret stays as it was then. */
int volume_record(struct volume *v, struct pin *ret);

/* Writes it onto the disk, unless this is there already. */
int volume_keep_record(struct volume *v, const struct pin *pin, struct error *err);

/* What the running system asked for (request.h); released by requests_done. */
void volume_requests(struct volume *v, struct requests *ret);

/* Asks the next start for a slot of the TPM's, as the running system would. */
int volume_request_tpm(struct volume *v, bool pin, struct error *err);

enum dropping { DROP_ALL, DROP_BUT_TPM, DROP_TPM };

/* Takes requests off the disk: those for a slot of the TPM's, the others, or all. */
int volume_drop_requests(struct volume *v, enum dropping which, struct error *err);

/* The name in the keymap token ("atomos-keymap", field "keymap"), or NULL; freed by the
 * caller. Not checked in any way. */
char *volume_keymap(struct volume *v);

/* What an installation has sealed for the first start (core/answers-token.h), or NULL;
 * freed by the caller. */
char *volume_answers(struct volume *v);

/* Whether a device of this name is open. */
bool volume_is_open(const char *name);

/* Removes the device of this name and with it the key; 0 when it isn't there. */
int volume_close(const char *name, struct error *err);
