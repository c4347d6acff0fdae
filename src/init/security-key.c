/* SPDX-License-Identifier: MIT */
/* What a FIDO2 security key's answer means. */
#include <errno.h>

#include "init/security-key.h"

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
	case -EPERM:
		return pin ? "That isn't the security key's PIN"
			   : "The security key doesn't open this disk";
	default:
		return "The security key failed to open the disk";
	}
}
