/* SPDX-License-Identifier: MIT */
/* A child that asks the TPM. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "init/tpm-job.h"

int tpm_job_start(struct tpm_job *job, void (*work)(void *context), void *context,
		  size_t size, struct error *err)
{
	int ends[2];

	*job = (struct tpm_job){.fd = -EBADF, .size = size};
	if (size > PIPE_BUF || pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, -errno, "Can't make a pipe: %m");
	job->pid = fork();
	if (job->pid == 0) {
		close(ends[0]);
		work(context);
		_exit(write_full(ends[1], context, size) < 0);
	}
	close(ends[1]);
	if (job->pid < 0) {
		close(ends[0]);
		return fail(err, -errno, "Can't start a process: %m");
	}
	job->fd = ends[0];
	return 0;
}

int tpm_job_wait(struct tpm_job *job, int milliseconds, void *context)
{
	struct pollfd p = {job->fd, POLLIN, 0};
	int r;

	do {
		r = poll(&p, 1, milliseconds);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return 0;
	/* Written at once: there is all of it, or the end. */
	r = read_full(job->fd, context, job->size) == (ssize_t)job->size ? 1 : -EPIPE;
	tpm_job_end(job);
	return r;
}

void tpm_job_end(struct tpm_job *job)
{
	if (job->fd < 0)
		return;
	close(job->fd);
	job->fd = -EBADF;
	kill(job->pid, SIGKILL);
	(void)waitpid(job->pid, NULL, WNOHANG);
}
