/* SPDX-License-Identifier: MIT */
/* Building with Nix, told step by step. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "atomos/nix-build.h"
#include "atomos/nix.h"

static char **command_line(const struct nix_build *b)
{
	char **argv = strv_split(
		"nix build --impure --no-link -v --log-format internal-json", " ");

	argv = strv_add(argv, "--expr");
	argv = strv_add(argv, b->expression);
	for (const char *const *a = b->attributes; *a; a++)
		argv = strv_add(argv, *a);
	return argv;
}

static _noreturn_ void child(char **argv, int messages)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(messages, STDERR_FILENO) < 0)
		_exit(127);
	for (const char *const *e = nix_environment; *e; e++)
		putenv(xstrdup(*e));
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO,
		"error: Nix can't be run: install Debian's package nix-bin\n");
	_exit(127);
}

/* The long steps by the names of their derivations; everything else is a package. */
static const char *step_name(const char *derivation)
{
	static const struct {
		const char *prefix, *step;
	} steps[] = {
		{"atomos-root-second", "Configuring the second layer"},
		{"atomos-root", "Configuring the packages"},
		{"atomos-system", "Putting the system together"},
		{"atomos-boot", "Making the initramfs"},
		{"atomos-initramfs", "Making the initramfs"},
	};

	for (size_t i = 0; i < ELEMENTSOF(steps); i++)
		if (startswith(derivation, steps[i].prefix))
			return steps[i].step;
	return "Fetching and unpacking packages";
}

static void tell(const struct nix_build *b, const struct nix_log *log, FILE *file)
{
	if (log->line && file)
		fprintf(file, "%s> %s\n", log->line_of, log->line);
	if (b->progress && log->expected && *log->current)
		progress_step(b->progress, log->done, log->expected,
			      step_name(log->current), log->current);
}

static void follow(const struct nix_build *b, int messages, struct nix_log *log)
{
	_cleanup_fclose_ FILE *in = fdopen(messages, "r");
	_cleanup_fclose_ FILE *file = b->log_file ? fopen(b->log_file, "we") : NULL;
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	if (!in) {
		close(messages);
		return;
	}
	while ((n = getline(&line, &capacity, in)) > 0) {
		if (line[n - 1] == '\n')
			line[--n] = 0;
		if ((size_t)n > NIX_LOG_LINE_MAX)
			continue;
		nix_log_take(log, line);
		tell(b, log, file);
	}
}

static int failed(const struct nix_build *b, const struct nix_log *log, struct error *err)
{
	_cleanup_free_ char *words = nix_log_failure(log);

	if (log->failed && b->log_file)
		return fail(err, -EIO, "%s (all of it: %s)", words, b->log_file);
	return fail(err, -EIO, "%s", words);
}

int nix_build(const struct nix_build *b, struct nix_log *log, struct error *err)
{
	_cleanup_strv_ char **argv = command_line(b);
	int messages[2], status;
	pid_t pid;

	if (b->log_file)
		make_parents_at(AT_FDCWD, b->log_file);
	if (pipe2(messages, O_CLOEXEC) < 0)
		return fail(err, -errno, "Can't make a pipe: %m");
	pid = fork();
	if (pid < 0)
		return fail(err, -errno, "Can't start Nix: %m");
	if (pid == 0)
		child(argv, messages[1]);
	close(messages[1]);
	follow(b, messages[0], log);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(err, -errno, "Can't wait for Nix: %m");
	if (b->progress)
		progress_clear(b->progress);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failed(b, log, err);
}
