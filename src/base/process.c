/* SPDX-License-Identifier: MIT */
/* Other programs: run, feed, capture. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "alloc.h"
#include "fd.h"
#include "process.h"
#include "str.h"

#define OUTPUT_MAX_DEFAULT (64U << 20)
#define STDERR_KEPT 1500

struct buffer {
	char *data;
	size_t size, capacity;
};

static void buffer_add(struct buffer *b, const char *data, size_t size)
{
	while (b->size + size + 1 > b->capacity) {
		b->capacity = b->capacity ? b->capacity * 2 : 8192;
		b->data = xrealloc(b->data, b->capacity, 1);
	}
	memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = 0;
}

/* Keeps the end: what a program says last is what it failed on. */
static void buffer_keep_end(struct buffer *b, size_t keep)
{
	if (b->size <= 4 * keep)
		return;
	memmove(b->data, b->data + b->size - keep, keep + 1);
	b->size = keep;
}

static _noreturn_ void child(const struct process *p, int in, int out, int error_fd)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) ||
	    (out >= 0 && dup2(out, STDOUT_FILENO) < 0) ||
	    (error_fd >= 0 && dup2(error_fd, STDERR_FILENO) < 0))
		_exit(127);
	if (p->directory && chdir(p->directory) < 0) {
		dprintf(STDERR_FILENO, "%s: %s\n", p->directory, strerror(errno));
		_exit(127);
	}
	for (const char *const *e = p->environment; e && *e; e++)
		putenv(xstrdup(*e));
	execvp(p->argv[0], (char *const *)p->argv);
	dprintf(STDERR_FILENO, "%s: %s\n", p->argv[0], strerror(errno));
	_exit(127);
}

struct pipes {
	int in[2], out[2], error[2];
};

static void pipe_close(int pipe[2])
{
	close_fdp(&pipe[0]);
	close_fdp(&pipe[1]);
}

static void pipes_close(struct pipes *s)
{
	pipe_close(s->in);
	pipe_close(s->out);
	pipe_close(s->error);
}

/* Moves bytes until both outputs are closed. Returns 0 or -EFBIG. */
static int pump(const struct process *p, struct pipes *s, struct buffer *out,
		struct buffer *error)
{
	size_t fed = 0, max = p->output_max ? p->output_max : OUTPUT_MAX_DEFAULT;
	int r = 0;

	while (s->in[1] >= 0 || s->out[0] >= 0 || s->error[0] >= 0) {
		struct pollfd fds[] = {{s->in[1], POLLOUT, 0},
				       {s->out[0], POLLIN, 0},
				       {s->error[0], POLLIN, 0}};
		char chunk[16384];
		ssize_t n;

		if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents) {
			n = write(s->in[1], (const char *)p->input + fed,
				  p->input_size - fed);
			if (n > 0)
				fed += (size_t)n;
			if ((n < 0 && errno != EAGAIN && errno != EINTR) ||
			    fed == p->input_size) {
				close(s->in[1]);
				s->in[1] = -EBADF;
			}
		}
		for (int i = 1; i <= 2; i++) {
			int *fd = i == 1 ? &s->out[0] : &s->error[0];

			if (!fds[i].revents)
				continue;
			n = read(*fd, chunk, sizeof(chunk));
			if (n <= 0) {
				close(*fd);
				*fd = -EBADF;
			} else if (i == 2) {
				buffer_add(error, chunk, (size_t)n);
				buffer_keep_end(error, STDERR_KEPT);
			} else if (out->size + (size_t)n > max) {
				r = -EFBIG;
			} else {
				buffer_add(out, chunk, (size_t)n);
			}
		}
	}
	return r;
}

static int open_pipes(const struct process *p, bool capture, struct pipes *s)
{
	*s = (struct pipes){{-EBADF, -EBADF}, {-EBADF, -EBADF}, {-EBADF, -EBADF}};
	/* Our end never blocks: a program that waits for us to read would wait for ever.
	 */
	if (p->input &&
	    (pipe2(s->in, O_CLOEXEC) < 0 || fcntl(s->in[1], F_SETFL, O_NONBLOCK) < 0))
		return -errno;
	if (capture && (pipe2(s->out, O_CLOEXEC) < 0 || pipe2(s->error, O_CLOEXEC) < 0))
		return -errno;
	if (!p->input && !p->inherit_stdin) {
		s->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (s->in[0] < 0)
			return -errno;
	}
	return 0;
}

static void held_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGHUP);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGCHLD);
}

int process_do(const char *const *argv, struct error *err)
{
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;

	return process_check(&p, &output, NULL, err);
}

void process_hold_signals(void)
{
	sigset_t held;

	held_signals(&held);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

/* Waits for the program's end, and for signals that shall be its end. */
static int await(const struct process *p, pid_t pid, int *ret_status)
{
	int options = p->passes_signals ? WNOHANG : 0, r = 0;
	sigset_t held;
	pid_t ended;

	held_signals(&held);
	while ((ended = waitpid(pid, ret_status, options)) <= 0) {
		int number = ended < 0 ? 0 : sigwaitinfo(&held, NULL);

		if (ended < 0 && errno != EINTR)
			return -errno;
		if (number != SIGTERM && number != SIGHUP)
			continue;
		kill(pid, SIGTERM);
		r = -EINTR;
	}
	return r;
}

static int run(const struct process *p, char **ret_output, size_t *ret_size,
	       struct buffer *error, struct error *err)
{
	_cleanup_(pipes_close) struct pipes s;
	struct buffer out = {0};
	int r = open_pipes(p, ret_output, &s), waited, status;
	pid_t pid;

	if (r < 0)
		return fail(err, r, "Can't start %s: %s", p->argv[0], strerror(-r));
	pid = fork();
	if (pid < 0)
		return fail(err, -errno, "Can't start %s: %m", p->argv[0]);
	if (pid == 0)
		child(p, s.in[0], s.out[1], s.error[1]);
	close_fdp(&s.in[0]);
	close_fdp(&s.out[1]);
	close_fdp(&s.error[1]);
	s.in[0] = s.out[1] = s.error[1] = -EBADF;
	signal(SIGPIPE, SIG_IGN);
	buffer_add(&out, "", 0);
	buffer_add(error, "", 0);
	r = pump(p, &s, &out, error);
	waited = await(p, pid, &status);
	if (waited < 0 || r < 0)
		free(TAKE_PTR(out.data));
	if (waited == -EINTR)
		return fail(err, -EINTR, "Ended by a signal");
	if (waited < 0)
		return fail(err, waited, "Can't wait for %s: %s", p->argv[0],
			    strerror(-waited));
	if (r < 0)
		return fail(err, r, "Can't read what %s prints: %s", p->argv[0],
			    strerror(-r));
	if (ret_output)
		*ret_output = TAKE_PTR(out.data);
	free(out.data);
	if (ret_size)
		*ret_size = out.size;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(const struct process *p, char **ret_output, size_t *ret_size,
		struct error *err)
{
	struct buffer error = {0};
	int r = run(p, ret_output, ret_size, &error, err);

	if (r > 0 && !p->quiet)
		fail(err, -EIO, "%s", error.data);
	free(error.data);
	return r;
}

int process_check(const struct process *p, char **ret_output, size_t *ret_size,
		  struct error *err)
{
	struct buffer error = {0};
	char *output = NULL;
	int r = run(p, ret_output ? &output : NULL, ret_size, &error, err);

	if (r > 0) {
		while (error.size > 0 && strchr(" \n", error.data[error.size - 1]))
			error.data[--error.size] = 0;
		r = fail(err, -EIO, "%s failed with status %d%s%s", p->argv[0], r,
			 error.size ? ": " : "",
			 error.size > STDERR_KEPT ? error.data + error.size - STDERR_KEPT
						  : error.data);
		free(TAKE_PTR(output));
	}
	free(error.data);
	if (r == 0 && ret_output)
		*ret_output = output;
	return r;
}

bool process_available(const char *name)
{
	const char *path = getenv("PATH");
	_cleanup_strv_ char **list = strv_split(path ? path : "/usr/bin:/usr/sbin", ":");

	for (char **p = list; *p; p++) {
		_cleanup_free_ char *full = xasprintf("%s/%s", *p, name);

		if (access(full, X_OK) == 0)
			return true;
	}
	return false;
}
