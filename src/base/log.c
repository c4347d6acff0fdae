/* SPDX-License-Identifier: MIT */
/* Messages for people. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static enum log_level max_level = LOG_LEVEL_INFO;
static int kmsg = -1;

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_set_kmsg(int fd)
{
	kmsg = fd;
}

void log_message(enum log_level level, const char *fmt, ...)
{
	char line[900];
	va_list ap;
	int n = 0;

	if (level > max_level)
		return;
	if (kmsg >= 0)
		n = snprintf(line, sizeof(line), "<%d>atomos: ", (int)level);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	n = MIN(n, (int)sizeof(line) - 2);
	line[n++] = '\n';
	/* Nothing can be done about a message that can't be written. */
	if (write(kmsg >= 0 ? kmsg : STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
