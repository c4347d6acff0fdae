/* SPDX-License-Identifier: MIT */
/* Brings PCR 11 from phase to phase; a TPM that doesn't answer is taken out of use. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/limit.h"
#include "init/tpm-device.h"
#include "init/tpm.h"

#define TPM_SYSFS "/sys/class/tpm/tpm0"
/* The firmware's table says that there is one. */
#define TPM_ACPI "/sys/firmware/acpi/tables/TPM2"
/* A working one takes a second or two when it still tests itself; the password prompt is
 * to be there within 10 s. */
#define CONFIRM_SECONDS 8
#define APPEAR_SECONDS 5

/* Runs in a child: reads which banks are active, extends all of them in one command. */
static int extend(void *word, struct error *err)
{
	_cleanup_close_ int fd = open(TPM_DEVICE, O_RDWR | O_CLOEXEC);
	uint8_t command[TPM_COMMAND_MAX], answer[TPM_COMMAND_MAX];
	struct tpm_banks banks;
	uint32_t code;
	int r;

	if (fd < 0)
		return fail(err, -errno, "%m");
	r = tpm_transmit(fd, command, tpm_encode_get_banks(command), answer, err);
	if (r < 0)
		return r;
	r = tpm_decode_banks(answer, (size_t)r, TPM_PCR_BOOT, &banks, &code);
	if (r < 0)
		return tpm_refused(err, r, code);
	r = tpm_encode_extend(TPM_PCR_BOOT, word, &banks, command);
	if (r < 0)
		return fail(err, r, "it has a bank of an unknown kind");
	r = tpm_transmit(fd, command, (size_t)r, answer, err);
	if (r < 0)
		return r;
	r = tpm_decode_done(answer, (size_t)r, &code);
	return r < 0 ? tpm_refused(err, r, code) : 0;
}

/* Runs in a child: takes the device away from its driver. */
static int unbind(void *context _unused_, struct error *err)
{
	_cleanup_free_ char *device = realpath(TPM_SYSFS "/device", NULL);
	_cleanup_close_ int fd =
		open(TPM_SYSFS "/device/driver/unbind", O_WRONLY | O_CLOEXEC);
	const char *name = device ? strrchr(device, '/') + 1 : NULL;

	if (!name || fd < 0)
		return fail(err, -ENODEV, "it has no driver that can be told to let go");
	if (write(fd, name, strlen(name)) < 0)
		return fail(err, -errno, "%m");
	return 0;
}

static bool device_gone(void)
{
	return access(TPM_DEVICE, F_OK) < 0 && access("/dev/tpm0", F_OK) < 0;
}

static const struct tpm_removal by_driver = {unbind, device_gone, CONFIRM_SECONDS};

static void saying(const struct tpm *t, const char *sentence)
{
	t->say(t->context, sentence);
}

static int take_away(const struct tpm *t, const char *why, struct error *err)
{
	const struct tpm_removal *how = t->removal ? t->removal : &by_driver;
	const struct limited away = {how->unbind, NULL, how->seconds, how->gone};
	_cleanup_free_ char *sentence = NULL;
	struct error e = {0};

	if (t->settle)
		t->settle(t->context);
	/* The kernel removes the device files first and may then wait for the chip: what
	 * counts is that nobody can open them any more. */
	(void)run_limited(&away, &e);
	if (!how->gone()) {
		*t->state = TPM_STUCK;
		return fail(err, -EIO,
			    "This machine's TPM didn't confirm the start phase (%s) and "
			    "can't be "
			    "taken out of use: switch the machine off and on again; if "
			    "it stays so, "
			    "disable the TPM in the firmware's settings",
			    why);
	}
	*t->state = TPM_UNBOUND;
	sentence = xasprintf(
		"This machine's TPM didn't confirm the start phase (%s); it isn't "
		"used until the next start.",
		why);
	saying(t, sentence);
	return 0;
}

/* One phase: `word` is extended, the state goes over `during` to `after`. */
static int phase(const struct tpm *t, const char *word, enum tpm_state during,
		 enum tpm_state after, struct error *err)
{
	const struct limited work = {extend, (void *)word, CONFIRM_SECONDS, NULL};
	_cleanup_free_ char *late =
		xasprintf("no answer for %d seconds", CONFIRM_SECONDS);
	struct error e = {0};
	int r;

	*t->state = during;
	r = run_limited(&work, &e);
	if (r == 0) {
		*t->state = after;
		return 0;
	}
	return take_away(t,
			 r == -ETIMEDOUT ? late
			 : r == -ETIME ? "no answer" /* the kernel's own, shorter limit */
				       : e.message,
			 err);
}

/* A TPM that the firmware announces may need a moment, or its driver. */
static bool appeared(void)
{
	for (int i = 0; i < APPEAR_SECONDS * 20; i++) {
		if (access(TPM_DEVICE, F_OK) == 0)
			return true;
		if (access(TPM_ACPI, F_OK) < 0)
			return false;
		poll(NULL, 0, 50);
	}
	return false;
}

int tpm_enter(const struct tpm *t, struct error *err)
{
	if (*t->state != TPM_UNTOUCHED)
		return 0;
	if (!appeared()) {
		*t->state = TPM_ABSENT;
		saying(t, access(TPM_ACPI, F_OK) == 0
				  ? "This machine's TPM doesn't work; it isn't used."
				  : "This machine has no TPM.");
		return 0;
	}
	return phase(t, TPM_WORD_ENTER, TPM_ENTERING, TPM_ENTERED, err);
}

int tpm_leave(const struct tpm *t, struct error *err)
{
	switch (*t->state) {
	case TPM_LEFT:
	case TPM_ABSENT:
	case TPM_UNBOUND:
		return 0;
	case TPM_STUCK:
		return fail(err, -EIO,
			    "This machine's TPM can't be taken out of use: switch the "
			    "machine off "
			    "and on again");
	case TPM_UNTOUCHED:
		if (access(TPM_DEVICE, F_OK) < 0) {
			*t->state = TPM_ABSENT;
			return 0;
		}
		break;
	case TPM_ENTERED:
		break;
	case TPM_ENTERING:
	case TPM_LEAVING:
		return take_away(t, "the start was interrupted", err);
	}
	return phase(t, TPM_WORD_LEAVE, TPM_LEAVING, TPM_LEFT, err);
}
