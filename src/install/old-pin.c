/* SPDX-License-Identifier: MIT */
/* What this machine's TPM remembers of a disk that was installed before. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/log.h"
#include "init/limit.h"
#include "init/pin-tpm.h"
#include "init/tpm-device.h"
#include "install/old-pin.h"

/* As long as the boot waits for a TPM. */
#define SECONDS 20

static int find(int tpm, struct error *err)
{
	uint8_t command[TPM_COMMAND_MAX], answer[TPM_COMMAND_MAX];
	uint32_t code = 0;
	int r = tpm_transmit(tpm, command, tpm_encode_find_index(PIN_INDEX, command),
			     answer, err);

	if (r < 0)
		return r;
	r = tpm_decode_find_index(answer, (size_t)r, PIN_INDEX, &code);
	return r < 0 ? tpm_refused(err, r, code) : r;
}

int old_pin_look_at(int tpm, struct old_pin_facts *ret, struct error *err)
{
	uint8_t command[TPM_COMMAND_MAX], answer[TPM_COMMAND_MAX];
	const uint8_t *content;
	struct pin pin;
	uint32_t code;
	int r = find(tpm, err);

	*ret = (struct old_pin_facts){.there = r > 0};
	if (r <= 0)
		return r;
	r = tpm_transmit(tpm, command,
			 tpm_encode_read_index(PIN_INDEX, PIN_SIZE, command), answer,
			 err);
	if (r < 0)
		return r;
	/* Unwritten, smaller, or not for everybody: it is there all the same. */
	r = tpm_decode_read_index(answer, (size_t)r, &content, &code);
	if (r < 0 || pin_decode(content, (size_t)r, &pin) < 0)
		return 0;
	ret->readable = true;
	memcpy(ret->volume, pin.volume, VOLUME_DIGEST_SIZE);
	return 0;
}

int old_pin_remove_at(int tpm, struct error *err)
{
	uint8_t command[TPM_COMMAND_MAX], answer[TPM_COMMAND_MAX];
	uint32_t code = 0;
	int r = find(tpm, err);

	if (r <= 0)
		return r;
	r = tpm_transmit(tpm, command, tpm_encode_remove_index(PIN_INDEX, command),
			 answer, err);
	if (r < 0)
		return r;
	r = tpm_decode_done(answer, (size_t)r, &code);
	return r < 0 ? tpm_refused(err, r, code) : 0;
}

/* A TPM may never answer: asked in a child. */

static int open_tpm(struct error *err)
{
	int fd = open(TPM_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? fail(err, -errno, TPM_DEVICE ": %m") : fd;
}

static int look(void *context, struct error *err)
{
	_cleanup_close_ int tpm = open_tpm(err);

	return tpm < 0 ? tpm : old_pin_look_at(tpm, context, err);
}

static int remove_it(void *context _unused_, struct error *err)
{
	_cleanup_close_ int tpm = open_tpm(err);

	return tpm < 0 ? tpm : old_pin_remove_at(tpm, err);
}

void old_pin_look(struct old_pin_facts *ret)
{
	/* What the child finds is in memory that both see. */
	struct old_pin_facts *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct limited l = {
		.work = look, .context = shared, .seconds = SECONDS, .alone = true};
	struct error err = {0};

	*ret = (struct old_pin_facts){0};
	if (shared == MAP_FAILED || access(TPM_DEVICE, F_OK) < 0)
		return;
	if (run_limited(&l, &err) == 0) {
		*ret = *shared;
	} else {
		ret->mute = true;
		log_info("The TPM can't be asked for what it knows: %s.",
			 err.code < 0 ? err.message : "it gives no answer");
	}
	(void)munmap(shared, sizeof(*shared));
}

enum old_pin old_pin_of(const struct old_pin_facts *f, const struct disk *d, bool whole)
{
	if (!f->there)
		return OLD_PIN_NONE;
	for (size_t i = 0; f->readable && whole && i < d->volume_count; i++)
		if (memcmp(f->volume, d->volumes[i], VOLUME_DIGEST_SIZE) == 0)
			return OLD_PIN_DISK;
	return OLD_PIN_OTHER;
}

int old_pin_remove(struct error *err)
{
	const struct limited l = {.work = remove_it, .seconds = SECONDS, .alone = true};
	struct error why = {0};
	int r = run_limited(&l, &why);

	if (r < 0)
		return fail(err, r,
			    "The TPM doesn't forget the old disk (%s), so it isn't told "
			    "to open the new one; clear the TPM in the firmware's "
			    "settings before the first start, or live with a password",
			    why.code < 0 ? why.message : "it gives no answer");
	return 0;
}
