/* SPDX-License-Identifier: MIT */
/* Commands to the TPM and back, without a library. */
#include <errno.h>
#include <unistd.h>

#include "init/tpm-device.h"

int tpm_transmit(int tpm, const uint8_t *command, size_t size,
		 uint8_t answer[static TPM_COMMAND_MAX], struct error *err)
{
	ssize_t n = write(tpm, command, size);

	if (n < 0)
		return fail(err, -errno, "%m");
	if (n != (ssize_t)size)
		return fail(err, -EIO, "it took only a part of a command");
	n = read(tpm, answer, TPM_COMMAND_MAX);
	return n < 0 ? fail(err, -errno, "%m") : (int)n;
}

int tpm_refused(struct error *err, int r, uint32_t code)
{
	if (r == -EIO)
		return fail(err, r, "it answers with error 0x%x", code);
	return fail(err, r, "its answer isn't valid");
}
