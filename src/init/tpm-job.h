/* SPDX-License-Identifier: MIT */
/* A child that asks the TPM, while its parent may already do something else. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct tpm_job {
	pid_t pid;
	int fd; /* readable when the answer is there */
	size_t size;
};

/* Runs work(context) in a child; what it has made of the `size` bytes at `context`, at
 * most PIPE_BUF, is its answer. */
int tpm_job_start(struct tpm_job *job, void (*work)(void *context), void *context,
		  size_t size, struct error *err);

/* Waits for at most so many milliseconds: 1 and the answer in `context`, 0 when there is
 * none yet, -EPIPE when the child died without one. */
int tpm_job_wait(struct tpm_job *job, int milliseconds, void *context);

/* Ends it. Not waited for: a process that hangs in the kernel can't be killed. */
void tpm_job_end(struct tpm_job *job);
