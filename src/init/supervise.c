/* SPDX-License-Identifier: MIT */
/* PID 1 and its child. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/supervise.h"

#define EXITED_WITH_1 (1 << 8)

int supervise(int (*work)(void *context), void *context)
{
	pid_t child = fork();

	if (child == 0)
		_exit(work(context));
	while (child > 0) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid == child)
			return status;
		if (pid < 0 && errno == ECHILD)
			break;
	}
	return EXITED_WITH_1;
}

static const char *crash_words(int status, char *out, size_t size)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (number == SIGKILL)
		snprintf(out, size,
			 "was ended by the kernel, probably for lack of memory");
	else if (number)
		snprintf(out, size, "crashed (%s)", strsignal(number));
	else
		snprintf(out, size, "ended without a reason");
	return out;
}

bool supervise_boot_done(struct outcome *outcome, int status)
{
	char words[100];

	if (outcome->ready && status == 0)
		return true;
	if (!outcome->reason[0])
		snprintf(outcome->reason, sizeof(outcome->reason),
			 "The boot program %s in step \"%s\"",
			 crash_words(status, words, sizeof(words)), outcome->step);
	return false;
}

enum rescue_choice supervise_choice(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) >= RESCUE_RETRY
		       ? (enum rescue_choice)WEXITSTATUS(status)
		       : RESCUE_NONE;
}
