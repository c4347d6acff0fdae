/* SPDX-License-Identifier: MIT */
/* The pin in the TPM: an NV index that anybody may read, and that only a boot image of
 * this vendor can write, before it has left its start phase, under the PCR 7 that it was
 * defined with: whoever starts something else can replay PCR 11, but not both. Anybody
 * may remove it; what is then defined in its place has another Name, or no content. Every
 * function may take for ever on a mute TPM: run them in a child with a time limit. */
#pragma once

#include "base/error.h"
#include "init/pin.h"

/* In the range that owners define: 0x01800000 to 0x01bfffff. */
#define PIN_INDEX 0x01800a70

enum pin_state {
	PIN_UNAVAILABLE, /* the TPM can't be asked */
	PIN_NONE,	 /* there is no index */
	PIN_SPOILT,	 /* there is one that isn't ours, or has no valid content */
	/* Written under another PCR 7 than there is now: before the firmware's keys or
	 * settings changed, or by whoever has changed them. Good for words only. */
	PIN_OTHER_PCR7,
	PIN_GOOD,
};

/* How libtss2 reaches the TPM, and what the vendor signs with. */
struct pin_tpm {
	const char *driver;	/* "device" */
	const char *device;	/* "/dev/tpmrm0" */
	const char *public_key; /* of the PCR signatures, PEM */
	const char *signature;	/* of PCR 11, JSON as ukify writes it */
};

struct pin_reading {
	enum pin_state state;
	struct pin pin; /* PIN_GOOD, PIN_OTHER_PCR7 */
	bool has_pcr7;
	uint8_t pcr7[PIN_HASH_SIZE]; /* now */
};

/* Reads pin and PCR 7. 0, or negative with PIN_UNAVAILABLE and words. */
int pin_tpm_read(const struct pin_tpm *t, struct pin_reading *ret, struct error *err);

/* Writes the pin; an index that isn't ours is replaced. -EPERM when the TPM has left the
 * start phase, or this boot image has no signature for it. */
int pin_tpm_write(const struct pin_tpm *t, const struct pin *pin, struct error *err);
