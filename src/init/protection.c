/* SPDX-License-Identifier: MIT */
/* What the TPM does for an installed disk. */
#include <errno.h>
#include <string.h>

#include "init/protection.h"

/* Of this volume; under today's PCR 7 or another one. */
static bool ours(const struct protection *p)
{
	return (p->reading.state == PIN_GOOD || p->reading.state == PIN_OTHER_PCR7) &&
	       p->same_volume;
}

void protection_read(struct protection *p, const struct pin_reading *reading,
		     const uint8_t digest[static VOLUME_DIGEST_SIZE])
{
	p->reading = *reading;
	p->answered = true;
	p->same_volume = reading->state >= PIN_OTHER_PCR7 &&
			 memcmp(reading->pin.volume, digest, VOLUME_DIGEST_SIZE) == 0;
}

static bool good(const struct protection *p)
{
#ifdef WITHOUT_CHECK_PIN_VOLUME
	return p->reading.state == PIN_GOOD;
#endif
	return p->reading.state == PIN_GOOD && p->same_volume;
}

bool protection_trusts(const struct protection *p)
{
	return p->usable && p->answered && good(p);
}

bool protection_lacks_pin(const struct protection *p)
{
	return p->reading.pin.with_pin && !p->has_pin;
}

static const char *pin_words(const struct protection *p)
{
	switch (p->reading.state) {
	case PIN_UNAVAILABLE:
		return "The TPM can't be asked about this disk";
	case PIN_NONE:
		return "The TPM doesn't know this disk: it was cleared, or is another "
		       "one";
	case PIN_SPOILT:
		return "What the TPM kept about this disk was replaced: somebody may "
		       "have "
		       "tampered with this machine, or its boot image is an older one or "
		       "another vendor's";
	case PIN_OTHER_PCR7:
	case PIN_GOOD:
		break;
	}
	return "The TPM knows another disk than this one: the disk was exchanged, or "
	       "installed anew";
}

static const char *firmware_words(const struct protection *p)
{
	return p->reading.pin.secure_boot && p->secure_boot != 1
		       ? "Secure Boot is off, and was on when the TPM was told to open "
			 "this disk"
		       : "The firmware's keys or settings for Secure Boot have changed";
}

static const char *unlock_words(const struct protection *p)
{
	switch (p->unlock) {
	case -ENOTRECOVERABLE:
		return "The TPM was cleared, or is another one";
	case -ENOANO:
		return "The TPM wants a PIN";
	case UNLOCK_LACKS_PIN:
		return "The disk's slot for the TPM wants no PIN, and should";
	/* No policy fits. libcryptsetup says "no token" after a refusal, too; that there
	   is one, and a signature, is known here. */
	case -ENXIO:
	case -EPERM:
	case -ENOENT:
		break;
	default:
		return "The TPM failed to open the disk";
	}
	return "The boot image isn't one that the TPM was told to trust";
}

const char *protection_words(const struct protection *p)
{
	if (p->unlock >= 0 || (!p->has_token && p->reading.state == PIN_NONE))
		return NULL;
	if (!p->usable)
		return p->has_token ? "The TPM can't be used in this start" : NULL;
	if (!p->answered)
		return "The TPM gives no answer";
	if (!good(p) && !ours(p))
		return pin_words(p);
	if (!p->has_token)
		return "The disk has no slot for the TPM any more";
	return good(p) ? unlock_words(p) : firmware_words(p);
}

const char *protection_pin_word(const struct protection *p)
{
	if (!p->usable || !p->answered)
		return "unavailable";
	switch (p->reading.state) {
	case PIN_UNAVAILABLE:
		break;
	case PIN_NONE:
		return "none";
	case PIN_SPOILT:
		return "spoilt";
	case PIN_OTHER_PCR7:
		return p->same_volume ? "other-firmware" : "other-volume";
	case PIN_GOOD:
		return p->same_volume ? "good" : "other-volume";
	}
	return "unavailable";
}

/* The first own start, repeated until the disk has an owner: each time with a new slot,
 * since whoever knows the medium can add one to such a disk. Whatever the TPM keeps for
 * another disk stays. */
static enum enrolment first_own(const struct protection *p)
{
	if (p->secure_boot != 1)
		return ENROL_NO;
	return p->reading.state == PIN_NONE || ours(p) ? ENROL_YES : ENROL_NO;
}

bool protection_can_tell(const struct protection *p)
{
	return p->usable && !p->left && p->answered &&
	       p->reading.state != PIN_UNAVAILABLE;
}

enum enrolment protection_enrolment(const struct protection *p, enum opener opener)
{
	if (!protection_can_tell(p))
		return ENROL_NO;
	if (opener == OPENER_GENERIC)
		return first_own(p);
	if (opener != OPENER_PASSWORD && opener != OPENER_RECOVERY)
		return ENROL_NO;
	if (p->reading.state >= PIN_OTHER_PCR7 && !ours(p))
		return p->secure_boot == 1 || p->wants_pin ? ENROL_ASK_OTHER_DISK
							   : ENROL_NO;
	/* Its owner has removed it, or never had it. */
	if (!p->has_token && !p->wants_tpm && !p->wants_pin)
		return ENROL_NO;
	if (ours(p) && p->reading.pin.secure_boot && p->secure_boot != 1)
		return ENROL_ASK_FIRMWARE;
	/* With a PIN nobody else gets at the disk, whatever he starts. */
	if (p->wants_pin)
		return ENROL_YES;
	/* Nothing has changed: the PIN wasn't typed, or was wrong. */
	if (good(p) && p->has_pin && p->unlock == -ENOANO && !p->wants_tpm)
		return ENROL_NO;
	return p->secure_boot == 1 ? ENROL_YES : ENROL_NO;
}

bool protection_with_pin(const struct protection *p)
{
	return p->has_pin || p->wants_pin;
}

bool protection_asks_pin(const struct protection *p)
{
	return p->has_pin && protection_trusts(p) && !p->left && p->unlock == -ENOANO;
}

const char *protection_pin_refusal(int r)
{
	/* systemd's plugin has one word for a wrong one and for a locked TPM. */
	if (r == -ENOTRECOVERABLE || r == -ENOANO)
		return "That isn't the TPM's PIN, or it takes none for a while after too "
		       "many wrong ones";
	return NULL;
}

enum renewal protection_renewal(const struct protection *p, enum opener opener)
{
	if (opener != OPENER_TPM || p->unlock < 0 || !protection_trusts(p) || p->left)
		return RENEW_NOTHING;
	if (p->older_slot >= 0 && p->unlock == p->older_slot)
		return RENEW_SLOT_AND_PIN;
	if (p->own_slot < 0 || p->unlock != p->own_slot)
		return RENEW_NOTHING;
	if (p->older_pin)
		return RENEW_PIN;
	/* Whoever vouches for them, or nobody any more. */
	return p->other_slots ? RENEW_DROP_OTHERS : RENEW_NOTHING;
}

enum rememberer protection_remembers(const struct protection *p, const struct keeping *m,
				     const struct pin **ret)
{
	bool old_in_tpm = m->known && protection_trusts(p);

	*ret = m->told || m->kept ? m->pin : m->old;
	if (m->told)
		return REMEMBERED_BY_TPM;
	/* The TPM may have refused what the record took. */
	if (m->kept)
		return old_in_tpm && pin_equal(m->old, m->pin) ? REMEMBERED_BY_TPM
							       : REMEMBERED_BY_HEADER;
	return old_in_tpm ? REMEMBERED_BY_TPM
	       : m->known ? REMEMBERED_BY_HEADER
			  : REMEMBERED_BY_NOBODY;
}

enum weighing protection_weigh(const struct pin *pinned, uint64_t release,
			       enum opener opener)
{
#ifdef WITHOUT_CHECK_PIN_RELEASE
	return RELEASE_GOOD;
#endif
	/* A key says nothing about who is there; a password would have told the record.
	 */
	if (!pinned && opener == OPENER_FIDO2)
		return RELEASE_ASK_PASSWORD;
	if (!pinned || release >= pinned->lowest_release)
		return RELEASE_GOOD;
	return opener == OPENER_PASSWORD || opener == OPENER_RECOVERY
		       ? RELEASE_ASK_YES
		       : RELEASE_ASK_PASSWORD;
}
