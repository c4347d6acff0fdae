/* SPDX-License-Identifier: MIT */
/* Work in a child with a time limit. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "init/limit.h"

#define ASK_MILLISECONDS 100

void be_silent(void)
{
	int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (none < 0)
		return;
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		(void)dup2(none, i);
	if (none > STDERR_FILENO)
		close(none);
}

static void close_all(int first, int last)
{
	if (first <= last)
		(void)close_range((unsigned)first, (unsigned)last, 0);
}

/* Leaves no more open than `out` and `keep` (0: nothing). */
static void be_alone(int out, int keep)
{
	int low = keep ? MIN(out, keep) : out, high = MAX(out, keep);

	be_silent();
	close_all(STDERR_FILENO + 1, low - 1);
	close_all(MAX(low, STDERR_FILENO) + 1, high - 1);
	close_all(MAX(high, STDERR_FILENO) + 1, INT_MAX);
}

static _noreturn_ void child(int out, const struct limited *l)
{
	struct error e = {0};

	(void)setpgid(0, 0);
	if (l->alone)
		be_alone(out, l->keep);
	e.code = l->work(l->context, &e);
	_exit(write_full(out, &e, sizeof(e)) < 0);
}

static long milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for the child's struct: 1. Else 0 (enough), -ETIMEDOUT, or -EPIPE when it died.
 */
static int receive(int in, const struct limited *l, struct error *ret)
{
	long end = milliseconds() + (long)l->seconds * 1000, left;

	while ((left = end - milliseconds()) > 0) {
		struct pollfd p = {in, POLLIN, 0};
		int r = poll(&p, 1, (int)MIN(left, (long)ASK_MILLISECONDS));

		if (r > 0)
			return read_full(in, ret, sizeof(*ret)) == sizeof(*ret) ? 1
										: -EPIPE;
		if (l->enough && l->enough())
			return 0;
	}
	return -ETIMEDOUT;
}

int run_limited(const struct limited *l, struct error *err)
{
	int ends[2], r;
	struct error result = {0};
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, -errno, "Can't make a pipe: %m");
	pid = fork();
	if (pid == 0)
		child(ends[1], l);
	close(ends[1]);
	/* Whichever of both is first. */
	if (pid > 0)
		(void)setpgid(pid, pid);
	if (pid < 0) {
		close(ends[0]);
		return fail(err, -errno, "Can't start a process: %m");
	}
	r = receive(ends[0], l, &result);
	close(ends[0]);
	if (r == -ETIMEDOUT)
		kill(-pid, SIGKILL);
	if (r == -ETIMEDOUT || r == 0)
		return r;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return fail(err, r, "A helper process crashed");
	if (result.code < 0 && err)
		*err = result;
	return result.code;
}
