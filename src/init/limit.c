/* SPDX-License-Identifier: MIT */
/* Work in a child with a time limit. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "init/limit.h"

static _noreturn_ void child(int out, int (*work)(void *, struct error *), void *context)
{
	struct error e = {0};

	e.code = work(context, &e);
	_exit(write_full(out, &e, sizeof(e)) < 0);
}

/* Waits for the child's struct. 0, or -ETIME, or -EPIPE when it died. */
static int receive(int in, unsigned seconds, struct error *ret)
{
	struct pollfd p = {in, POLLIN, 0};
	struct timespec start, now;
	long left = (long)seconds * 1000;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (left > 0) {
		int r = poll(&p, 1, (int)left);

		if (r > 0)
			return read_full(in, ret, sizeof(*ret)) == sizeof(*ret) ? 0
										: -EPIPE;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (long)seconds * 1000 - (now.tv_sec - start.tv_sec) * 1000 -
		       (now.tv_nsec - start.tv_nsec) / 1000000;
	}
	return -ETIME;
}

int run_limited(int (*work)(void *context, struct error *err), void *context,
		unsigned seconds, struct error *err)
{
	int ends[2], r;
	struct error result = {0};
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, -errno, "Can't make a pipe: %m");
	pid = fork();
	if (pid == 0)
		child(ends[1], work, context);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return fail(err, -errno, "Can't start a process: %m");
	}
	r = receive(ends[0], seconds, &result);
	close(ends[0]);
	if (r == -ETIME) {
		kill(pid, SIGKILL);
		return r;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return fail(err, r, "A helper process crashed");
	if (result.code < 0 && err)
		*err = result;
	return result.code;
}
