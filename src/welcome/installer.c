/* SPDX-License-Identifier: MIT */
/* The installation, as a child. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "base/variant.h"
#include "welcome/installer.h"

#define PROGRESS_FD 3
#define LINE_LENGTH 1024

int installer_list(struct targets *ret, struct error *err)
{
	const char *const argv[] = {"atomos", "install", "--list", "--json", NULL};
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;
	int r = process_check(&p, &output, NULL, err);

	*ret = (struct targets){0};
	return r < 0 ? r : targets_parse(output, ret, err);
}

void installer_step_done(struct installer_step *s)
{
	free(TAKE_PTR(s->what));
	free(TAKE_PTR(s->detail));
}

bool installer_line(const char *line, struct installer_step *ret)
{
	_cleanup_variant_ sd_json_variant *v = NULL;

	*ret = (struct installer_step){0};
	if (variant_parse(line, "it", &v, NULL) < 0 || !variant_text(v, "what"))
		return false;
	*ret = (struct installer_step){.what = variant_copy(v, "what", NULL),
				       .detail = variant_copy(v, "detail", NULL),
				       .done = variant_number(v, "done"),
				       .total = variant_number(v, "total")};
	return true;
}

/* `atomos install` onto this target, without a question; freed by the caller. */
static char **command(const struct installer_order *o)
{
	static const char *const fixed[] = {"atomos",	     "--quiet", "install",
					    "--progress-fd", "3",	NULL};
	char **argv = NULL;

	for (size_t i = 0; fixed[i]; i++)
		argv = strv_add(argv, fixed[i]);
	argv = strv_add(argv, "--disk");
	argv = strv_add(argv, o->target->disk);
	argv = strv_add(argv, "--yes");
	argv = strv_add(argv, o->target->disk);
	if (o->target->sequence) {
		argv = strv_add(argv, "--sequence");
		argv = strv_consume(argv, xasprintf("%" PRIu64, o->target->sequence));
	}
	if (!o->target->whole)
		argv = strv_add(argv, "--free");
	if (o->answers) {
		argv = strv_add(argv, "--answers");
		argv = strv_add(argv, o->answers);
	}
	return o->take_tpm ? strv_add(argv, "--take-tpm") : argv;
}

/* In a session of its own: no key on the terminal ends it half-way. */
static _noreturn_ void child(char *const *argv, int progress, int words)
{
	static const int keys[] = {SIGINT, SIGQUIT, SIGTSTP};
	_cleanup_close_ int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		(void)signal(keys[i], SIG_DFL);
	if (dup2(none, STDIN_FILENO) < 0 || dup2(none, STDOUT_FILENO) < 0 ||
	    dup2(words, STDERR_FILENO) < 0 || dup2(progress, PROGRESS_FD) < 0 ||
	    fcntl(PROGRESS_FD, F_SETFD, 0) < 0)
		_exit(127);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "atomos: %s\n", strerror(errno));
	_exit(127);
}

static void show(struct ui *ui, int fd)
{
	_cleanup_fclose_ FILE *f = fdopen(fd, "r");
	char line[LINE_LENGTH];

	while (f && fgets(line, sizeof(line), f)) {
		_cleanup_installer_step_ struct installer_step s = {0};

		if (installer_line(line, &s))
			ui->methods->progress(ui, s.what, s.detail, s.done, s.total);
	}
}

/* The last line of what it said, without the program's name; NULL: nothing. */
static char *last_line(int words)
{
	char text[ERROR_MESSAGE_MAX] = "", *line;
	ssize_t n = pread(words, text, sizeof(text) - 1, 0);

	text[MAX(n, 0)] = 0;
	while (n > 0 && strchr("\n. ", text[n - 1]))
		text[--n] = 0;
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (strncmp(line, "atomos: ", 8) == 0)
		line += 8;
	return *line ? xstrdup(line) : NULL;
}

/* Whoever shows how far it is doesn't go before it is done. */
struct keys_ignored {
	struct sigaction interrupt, quit, stop;
};

static void keys_ignore(struct keys_ignored *k)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	(void)sigaction(SIGINT, &ignore, &k->interrupt);
	(void)sigaction(SIGQUIT, &ignore, &k->quit);
	(void)sigaction(SIGTSTP, &ignore, &k->stop);
}

static void keys_heed(struct keys_ignored *k)
{
	(void)sigaction(SIGINT, &k->interrupt, NULL);
	(void)sigaction(SIGQUIT, &k->quit, NULL);
	(void)sigaction(SIGTSTP, &k->stop, NULL);
}

int installer_run(struct ui *ui, const struct installer_order *o, char **ret_note,
		  struct error *err)
{
	_cleanup_strv_ char **argv = command(o);
	_cleanup_free_ char *said = NULL;
	_cleanup_close_ int words = memfd_create("words", MFD_CLOEXEC);
	_cleanup_(keys_heed) struct keys_ignored keys;
	int progress[2], status;
	pid_t pid;

	keys_ignore(&keys);
	if (words < 0 || pipe2(progress, O_CLOEXEC) < 0)
		return fail(err, -errno, "The installation can't be started: %m");
	pid = fork();
	if (pid == 0)
		child(argv, progress[1], words);
	close(progress[1]);
	if (pid < 0) {
		close(progress[0]);
		return fail(err, -errno, "The installation can't be started: %m");
	}
	show(ui, progress[0]);
	if (waitpid(pid, &status, 0) < 0)
		return fail(err, -errno, "The installation can't be waited for: %m");
	said = last_line(words);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail(err, -EIO, "%s",
			    said ? said : "The installation ended without a word");
	*ret_note = TAKE_PTR(said);
	return 0;
}
