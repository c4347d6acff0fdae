/* SPDX-License-Identifier: MIT */
/* What a FIDO2 security key's slot wants, and what its answer means. */
#include <errno.h>

#include "base/str.h"
#include "base/variant.h"
#include "init/security-key.h"

enum key_slot security_key_slot(const char *json)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	sd_json_variant *pin;

	if (variant_parse(json, "it", &token, NULL) < 0 ||
	    !streq(variant_text_or(token, "type", ""), KEY_TOKEN))
		return KEY_SLOT_NONE;
	pin = variant_get(token, "fido2-clientPin-required");
	return pin && sd_json_variant_is_boolean(pin) && sd_json_variant_boolean(pin)
		       ? KEY_SLOT_PIN
		       : KEY_SLOT_TOUCH;
}

enum key_answer security_key_answer(int r, bool pin)
{
	if (r >= 0)
		return KEY_OPENED;
	return r == -ENOANO && !pin ? KEY_WANTS_PIN : KEY_REFUSED;
}

const char *security_key_words(int r, bool pin)
{
	switch (r) {
	case -ETIMEDOUT:
	case -ENOSTR:
		return "The security key wasn't touched in time";
	case -EAGAIN:
	case -ENODEV:
	case -ENXIO:
		return "There is no security key, or it isn't one that opens this disk";
	case -ENOENT:
		return "This boot image knows no security keys";
	case -ENOANO:
	case -ENOLCK:
		return pin ? "That isn't the security key's PIN"
			   : "The security key doesn't open this disk without its PIN";
	case -EPERM:
		return "The security key doesn't open this disk";
	case -EOWNERDEAD:
		return "The security key takes no PIN after too many wrong ones: pull it "
		       "out and plug it in again";
	default:
		/* The plugin has one word for many things: that nobody touches it, a key
		 * may say in a way that the plugin doesn't know. */
		return pin ? "The security key wasn't touched, takes no PIN any more, or "
			     "failed"
			   : "The security key wasn't touched, or failed";
	}
}
