/* SPDX-License-Identifier: MIT */
/* The rescue prompt. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/prompt.h"
#include "init/rescue.h"
#include "init/status.h"

#define KLOG_READ_ALL 3
#define KLOG_SIZE 10
#define MESSAGES_LINES 100
#define MOUNTS_TEXT_MAX (1U << 20)
#define MOUNTS_MAX 10000
#define SHELL "/usr/bin/busybox"

/* What was mounted last at or below a path; freed by the caller, NULL when nothing is. */
static char *last_mount(const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **lines = NULL;
	char *last = NULL;

	if (read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_TEXT_MAX, &text, NULL) <
	    0)
		return NULL;
	lines = strv_split(text, "\n");
	for (char **line = lines; line && *line; line++) {
		char place[4096];
		const char *rest;

		if (sscanf(*line, "%*s %*s %*s %*s %4095s", place) != 1)
			continue;
		rest = startswith(place, path);
		if (!rest || (*rest && *rest != '/'))
			continue;
		free(last);
		last = xstrdup(place);
	}
	return last;
}

/* Kept directories lie over those of the root, in any number. */
static void unmount_below(const char *path)
{
	for (int i = 0; i < MOUNTS_MAX; i++) {
		_cleanup_free_ char *last = last_mount(path);

		if (!last || umount2(last, UMOUNT_NOFOLLOW) < 0)
			return;
	}
}

static void unmount(struct consoles *c, const char *path)
{
	int r;

	do {
		r = umount2(path, UMOUNT_NOFOLLOW);
	} while (r == 0);
	/* Not mounted, or never made. */
	if (errno == EINVAL || errno == ENOENT)
		return;
	consoles_say(c, "%s is still in use; it is given up.", path);
	(void)umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
}

int rescue_clean(struct consoles *c)
{
	static const char *const mounts[] = {ROOT_DIR, NIX_DIR, STATE_DIR};
	struct error err;
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(mounts); i++) {
		unmount_below(mounts[i]);
		unmount(c, mounts[i]);
	}
	/* The kernel lets go of the file system a moment after the last unmount. */
	for (int i = 0; i < 20; i++) {
		r = volume_close(HOME_NAME, &err);
		if (r == 0)
			r = volume_close(VOLUME_NAME, &err);
		if (r == 0)
			return 0;
		poll(NULL, 0, 100);
	}
	consoles_say(c, "%s", err.message);
	return r;
}

/* Prints what begins at `p`, each line without its "<level>". */
static void print_lines(struct console *c, const char *p)
{
	while (*p) {
		size_t n = strcspn(p, "\n");
		_cleanup_free_ char *line = NULL;

		if (*p == '<' && memchr(p, '>', MIN(n, (size_t)5))) {
			const char *text = strchr(p, '>') + 1;

			n -= (size_t)(text - p);
			p = text;
		}
		line = xasprintf("%.*s\n", (int)n, p);
		console_write(c, line);
		p += n;
		p += *p == '\n';
	}
}

static void show_messages(struct console *c)
{
	int size = klogctl(KLOG_SIZE, NULL, 0), n;
	_cleanup_free_ char *text = size > 0 ? xmalloc((size_t)size + 1) : NULL;
	const char *p;

	n = text ? klogctl(KLOG_READ_ALL, text, size) : -1;
	if (n < 0) {
		console_write(c, "The kernel's messages can't be read.\n");
		return;
	}
	text[n] = 0;
	p = text + n;
	for (int lines = 0; p > text && lines <= MESSAGES_LINES; p--)
		lines += p[-1] == '\n';
	print_lines(c, p + (p > text));
}

static _noreturn_ void shell_child(const struct console *c)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", c->name);
	int fd;

	setsid();
	fd = open(path, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 1) < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 ||
	    dup2(fd, 2) < 0)
		_exit(1);
	putenv((char *)"PATH=/usr/bin:/usr/sbin:/bin:/sbin");
	putenv((char *)"PS1=rescue# ");
	execl(SHELL, "sh", NULL);
	_exit(127);
}

static void run_shell(struct console *c)
{
	int status;
	pid_t pid;

	console_write(c, "A shell of the boot image; \"exit\" leads back.\n");
	pid = fork();
	if (pid == 0)
		shell_child(c);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 1)
		console_write(c, "The shell ended with an error, or there is none.\n");
}

static enum rescue_choice ask(struct consoles *c, enum rescue_offer offer)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = rescue_question(offer)};
	struct console *who;

	for (;;) {
		enum rescue_choice choice;

		if (prompt(c, &q, answer, &who) < 0) {
			/* Nobody can answer: a later start may find a better machine. */
			poll(NULL, 0, 60000);
			return RESCUE_RESTART;
		}
		choice = rescue_parse(answer->data, offer);
		if (choice == RESCUE_MESSAGES) {
			show_messages(who);
		} else if (choice == RESCUE_SHELL) {
			run_shell(who);
			/* The end of a session hangs its terminal up for everyone. */
			consoles_close(c);
			consoles_open(c);
		} else if (choice != RESCUE_NONE)
			return choice;
	}
}

/* The TPM would still unseal: nothing but switching off is safe. */
static enum rescue_choice stop(struct outcome *outcome, struct consoles *c)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = rescue_question(OFFER_END)};

	for (;;) {
		enum rescue_choice choice;

		consoles_say(c, "%s.", outcome->reason);
		if (prompt(c, &q, answer, NULL) < 0)
			poll(NULL, 0, 60000);
		choice = rescue_parse(answer->data, OFFER_END);
		if (choice != RESCUE_NONE)
			return choice;
	}
}

/* For a keyboard or a medium that is plugged in now. */
static void watch_devices(void)
{
	struct modules *m;
	struct error err;

	if (modules_open(&m, &err) < 0) {
		log_warning("%s", err.message);
		return;
	}
	modules_watch(m);
	modules_coldplug(m);
	modules_free(m);
}

enum rescue_choice rescue(struct outcome *outcome, struct consoles *c)
{
	bool closed;

	status_add_failure(outcome);
	if (boot_leave(outcome, c) < 0)
		return stop(outcome, c);
	watch_devices();
	closed = rescue_clean(c) == 0;
	consoles_say(c, "AtomOS didn't start: %s.", outcome->reason);
	return ask(c, closed || outcome->public_only ? OFFER_SHELL : OFFER_RETRY);
}
