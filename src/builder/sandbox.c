/* SPDX-License-Identifier: MIT */
/* Runs Debian's own programs inside of the root that is being built. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/sandbox.h"

#define POLICY "usr/sbin/policy-rc.d"
#define KEPT 1500 /* bytes of output that a failure quotes */
#define OUTPUT_MAX (64U << 20)
#define STATUS_FD 3

/* The hash seeds keep the order of Python's and Perl's tables, and what is made from it,
 * the same in every build. */
static const char *const fixed_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"SHELL=/bin/sh",
	"LC_ALL=C.UTF-8",
	"TZ=UTC",
	"DEBIAN_FRONTEND=noninteractive",
	"DEBCONF_NONINTERACTIVE_SEEN=true",
	"DEBCONF_NOWARNINGS=yes",
	"SYSTEMD_OFFLINE=1",
	"PYTHONHASHSEED=0",
	"PERL_HASH_SEED=0",
	"PERL_PERTURB_KEYS=0",
	"DPKG_ROOT=",
	"DPKG_ADMINDIR=/var/lib/dpkg",
};

static int mount_in_root(const char *root, const char *folder, struct error *err)
{
	_cleanup_free_ char *target = xasprintf("%s/%s", root, folder),
			    *source = xasprintf("/%s", folder);

	if (mkdir(target, 0755) < 0 && errno != EEXIST)
		return fail(err, -errno, "/%s can't be made in the root: %s", folder,
			    strerror(errno));
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail(err, -errno, "/%s can't be mounted in the root: %s", folder,
			    strerror(errno));
	return 0;
}

int sandbox_start(struct sandbox *s, const char *root_path, struct error *err)
{
	static const char policy[] = "#!/bin/sh\nexit 101\n";
	int r = mount_in_root(root_path, "dev", err);

	if (r == 0)
		r = mount_in_root(root_path, "proc", err);
	if (r < 0)
		return r;
	r = write_file_at(s->root_fd, POLICY, policy, strlen(policy), 0755);
	return r < 0 ? fail(err, r, "/" POLICY " can't be written: %s", strerror(-r)) : 0;
}

static const char *at_work(const struct sandbox *s)
{
	return s->count > 0 ? s->events[s->count - 1].package : NULL;
}

int sandbox_stop(struct sandbox *s, const char *root_path, struct error *err)
{
	static const char *const folders[] = {"dev", "proc"};

	/* Only in a PID namespace of its own may it end everything. */
	if (getpid() == 1) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
	makers_look(&s->makers, s->root_fd, at_work(s));
	for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
		_cleanup_free_ char *target = xasprintf("%s/%s", root_path, folders[i]);

		if (umount2(target, MNT_DETACH) < 0)
			return fail(err, -errno, "%s can't be unmounted: %s", target,
				    strerror(errno));
	}
	if (unlinkat(s->root_fd, POLICY, 0) < 0 && errno != ENOENT)
		return fail(err, -errno, "/" POLICY " can't be removed: %s",
			    strerror(errno));
	return 0;
}

static _noreturn_ void child(const struct sandbox *s, const char *const *argv,
			     const char *const *environment, const int pipes[2])
{
	_cleanup_free_ char *epoch =
		xasprintf("SOURCE_DATE_EPOCH=%jd", (intmax_t)s->epoch);
	int null = open("/dev/null", O_RDONLY);

	setsid();
	clearenv();
	for (size_t i = 0; i < ELEMENTSOF(fixed_environment); i++)
		putenv((char *)fixed_environment[i]);
	putenv(epoch);
	for (; environment && *environment; environment++)
		putenv((char *)*environment);
	/* The directory first: its descriptor may be one of those that are taken here. */
	if (fchdir(s->root_fd) < 0 || chroot(".") < 0 || dup2(null, 0) < 0 ||
	    dup2(pipes[0], 1) < 0 || dup2(pipes[0], 2) < 0 ||
	    dup2(pipes[1], STATUS_FD) < 0 || fcntl(STATUS_FD, F_SETFD, 0) < 0 ||
	    close_range(STATUS_FD + 1, ~0U, 0) < 0)
		_exit(126);
	umask(022);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* What is read from one pipe: all of it, or only its end. */
struct stream {
	int fd;
	char *data;
	size_t size, capacity;
};

static void stream_done(struct stream *s)
{
	close_fdp(&s->fd);
	free(s->data);
}
#define _cleanup_stream_ _cleanup_(stream_done)

struct job {
	struct sandbox *sandbox;
	pid_t pid;
	int pidfd;
	bool capture;
	struct stream output, status;
	int64_t started, heard; /* seconds of the monotonic clock */
};

static void stream_add(struct stream *s, const char *data, size_t size)
{
	while (s->size + size + 1 > s->capacity) {
		s->capacity = s->capacity ? s->capacity * 2 : 8192;
		s->data = xrealloc(s->data, s->capacity, 1);
	}
	memcpy(s->data + s->size, data, size);
	s->size += size;
	s->data[s->size] = 0;
}

static void stream_drop(struct stream *s, size_t size)
{
	memmove(s->data, s->data + size, s->size - size + 1);
	s->size -= size;
}

/* Returns false when nothing more can come. */
static bool stream_read(struct stream *s, const char **ret_new, size_t *ret_size)
{
	char buffer[16384];
	ssize_t n = read(s->fd, buffer, sizeof(buffer));

	*ret_size = 0;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	stream_add(s, buffer, (size_t)n);
	*ret_new = s->data + s->size - n;
	*ret_size = (size_t)n;
	return true;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static bool read_output(struct job *j)
{
	const char *new;
	size_t size;
	bool more = stream_read(&j->output, &new, &size);

	if (size > 0)
		j->heard = now();
	if (j->capture)
		return more && j->output.size < OUTPUT_MAX;
	if (size > 0)
		(void)write_full(2, new, size);
	if (j->output.size > 8 * KEPT)
		stream_drop(&j->output, j->output.size - KEPT);
	return more;
}

/* dpkg(1), --status-fd: "processing: ACTION: PACKAGE". */
static bool read_status(struct job *j)
{
	const char *new, *end;
	size_t size;
	bool more = stream_read(&j->status, &new, &size);

	while (j->status.size > 0 && (end = strchr(j->status.data, '\n'))) {
		size_t length = (size_t)(end - j->status.data);
		_cleanup_free_ char *line = xstrndup(j->status.data, length);
		const char *rest = startswith(line, "processing: "),
			   *name = rest ? strstr(rest, ": ") : NULL;

		if (name)
			sandbox_note(j->sandbox, name + 2);
		stream_drop(&j->status, length + 1);
	}
	return more;
}

/* Returns 0 while the program runs, 1 when it has ended. */
static int wait_once(struct job *j)
{
	struct pollfd fds[3] = {{j->output.fd, POLLIN, 0},
				{j->status.fd, POLLIN, 0},
				{j->pidfd, POLLIN, 0}};

	poll(fds, 3, 1000);
	if (fds[0].revents && !read_output(j))
		close_fdp(&j->output.fd), j->output.fd = -EBADF;
	if (fds[1].revents && !read_status(j))
		close_fdp(&j->status.fd), j->status.fd = -EBADF;
	/* A daemon left behind may keep the pipes open: the program's own end counts. */
	return fds[2].revents && !(fds[0].revents & POLLIN);
}

static int start(struct job *j, const char *const *argv, const char *const *environment,
		 struct error *err)
{
	int output[2], status[2];

	if (pipe2(output, O_CLOEXEC) < 0)
		return fail(err, -errno, "No pipe can be made: %s", strerror(errno));
	j->output.fd = output[0];
	if (pipe2(status, O_CLOEXEC) < 0) {
		close(output[1]);
		return fail(err, -errno, "No pipe can be made: %s", strerror(errno));
	}
	j->status.fd = status[0];
	j->pid = fork();
	if (j->pid == 0)
		child(j->sandbox, argv, environment, (int[2]){output[1], status[1]});
	close(output[1]);
	close(status[1]);
	if (j->pid < 0)
		return fail(err, -errno, "%s can't be started: %s", argv[0],
			    strerror(errno));
	j->pidfd = pidfd_open(j->pid, 0);
	fcntl(j->output.fd, F_SETFL, O_NONBLOCK);
	fcntl(j->status.fd, F_SETFL, O_NONBLOCK);
	j->started = j->heard = now();
	return 0;
}

static const char *last_lines(const struct job *j)
{
	const char *text = j->output.data ? j->output.data : "";
	size_t size = j->output.size;

	while (size > 0 && j->output.data[size - 1] == '\n')
		j->output.data[--size] = 0;
	return size > KEPT ? text + size - KEPT : text;
}

static unsigned silence_limit(const struct job *j)
{
	return j->sandbox->silence_seconds ? j->sandbox->silence_seconds
					   : SANDBOX_SILENCE_SECONDS;
}

static unsigned total_limit(const struct job *j)
{
	return j->sandbox->total_seconds ? j->sandbox->total_seconds
					 : SANDBOX_TOTAL_SECONDS;
}

static bool silent(const struct job *j)
{
	return now() - j->heard > silence_limit(j);
}

static bool late(const struct job *j)
{
	return now() - j->started > total_limit(j);
}

static int give_up(struct job *j, const char *program, struct error *err)
{
	const struct sandbox *s = j->sandbox;
	const char *who = at_work(s);
	bool quiet = silent(j);

	kill(-j->pid, SIGKILL);
	waitpid(j->pid, NULL, 0);
	return fail(
		err, -ETIMEDOUT,
		"%s was ended after %u seconds %s, while it worked on the package %s: %s",
		program, quiet ? silence_limit(j) : total_limit(j),
		quiet ? "of silence" : "in all", who ? who : "?", last_lines(j));
}

static int finish(struct job *j, const char *program, char **ret_output,
		  struct error *err)
{
	int status = 0;

	waitpid(j->pid, &status, 0);
	kill(-j->pid, SIGKILL);
	if (WIFSIGNALED(status))
		return fail(err, -EIO, "%s was ended by signal %d: %s", program,
			    WTERMSIG(status), last_lines(j));
	if (WEXITSTATUS(status) != 0)
		return fail(err, -EIO, "%s failed with status %d: %s", program,
			    WEXITSTATUS(status), last_lines(j));
	if (ret_output)
		*ret_output = j->output.data ? TAKE_PTR(j->output.data) : xstrdup("");
	return 0;
}

int sandbox_run(struct sandbox *s, const char *const *argv,
		const char *const *environment, char **ret_output, struct error *err)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct job j = {.sandbox = s, .capture = ret_output, .pidfd = -EBADF};
	_cleanup_stream_ struct stream output = {.fd = -EBADF}, status = {.fd = -EBADF};
	int r;

	j.output.fd = j.status.fd = -EBADF;
	r = start(&j, argv, environment, err);
	while (r == 0) {
		if (wait_once(&j))
			break;
		if (silent(&j) || late(&j))
			r = give_up(&j, argv[0], err);
	}
	if (r == 0)
		r = finish(&j, argv[0], ret_output, err);
	pidfd = j.pidfd;
	output = j.output;
	status = j.status;
	return r;
}

void sandbox_note(struct sandbox *s, const char *package)
{
	struct timespec t;

	makers_look(&s->makers, s->root_fd, at_work(s));
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	s->events = xgrow(s->events, s->count, &s->capacity, sizeof(*s->events));
	s->events[s->count++] = (struct sandbox_event){
		(int64_t)t.tv_sec * 1000000000 + t.tv_nsec, xstrdup(package)};
}

const char *sandbox_who(const struct sandbox *s, const struct timespec *time)
{
	int64_t at = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
	const char *who = NULL;

	for (size_t i = 0; i < s->count && s->events[i].nanoseconds <= at; i++)
		who = s->events[i].package;
	return who;
}

void sandbox_done(struct sandbox *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->events[i].package);
	free(s->events);
	makers_done(&s->makers);
	s->events = NULL;
	s->count = s->capacity = 0;
}
