/* SPDX-License-Identifier: MIT */
/* The installation, as a child. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "owner/variant.h"
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

bool installer_line(const char *line, char **what, uint64_t *done, uint64_t *total)
{
	_cleanup_variant_ sd_json_variant *v = NULL;

	if (sd_json_parse(line, 0, &v, NULL, NULL) < 0 || !sd_json_variant_is_object(v) ||
	    !variant_text(v, "what"))
		return false;
	*what = xstrdup(variant_text(v, "what"));
	*done = variant_number(v, "done");
	*total = variant_number(v, "total");
	return true;
}

static _noreturn_ void child(const struct target *t, int progress, int words)
{
	_cleanup_close_ int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(none, STDIN_FILENO) < 0 || dup2(none, STDOUT_FILENO) < 0 ||
	    dup2(words, STDERR_FILENO) < 0 || dup2(progress, PROGRESS_FD) < 0 ||
	    fcntl(PROGRESS_FD, F_SETFD, 0) < 0)
		_exit(127);
	if (t->whole)
		execlp("atomos", "atomos", "--quiet", "install", "--disk", t->disk,
		       "--yes", t->disk, "--progress-fd", "3", NULL);
	else
		execlp("atomos", "atomos", "--quiet", "install", "--disk", t->disk,
		       "--yes", t->disk, "--progress-fd", "3", "--free", NULL);
	dprintf(STDERR_FILENO, "atomos: %s\n", strerror(errno));
	_exit(127);
}

static void show(struct ui *ui, int fd)
{
	_cleanup_fclose_ FILE *f = fdopen(fd, "r");
	char line[LINE_LENGTH];

	while (f && fgets(line, sizeof(line), f)) {
		_cleanup_free_ char *what = NULL;
		uint64_t done, total;

		if (installer_line(line, &what, &done, &total))
			ui->methods->progress(ui, what, done, total);
	}
}

/* Its last line, without the program's name. */
static int failed(int words, struct error *err)
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
	return fail(err, -EIO, "%s",
		    *line ? line : "The installation ended without a word");
}

int installer_run(struct ui *ui, const struct target *t, struct error *err)
{
	_cleanup_close_ int words = memfd_create("words", MFD_CLOEXEC);
	int progress[2], status;
	pid_t pid;

	if (words < 0 || pipe2(progress, O_CLOEXEC) < 0)
		return fail(err, -errno, "The installation can't be started: %m");
	pid = fork();
	if (pid == 0)
		child(t, progress[1], words);
	close(progress[1]);
	if (pid < 0) {
		close(progress[0]);
		return fail(err, -errno, "The installation can't be started: %m");
	}
	show(ui, progress[0]);
	if (waitpid(pid, &status, 0) < 0)
		return fail(err, -errno, "The installation can't be waited for: %m");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failed(words, err);
}
