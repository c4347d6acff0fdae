/* SPDX-License-Identifier: MIT */
/* Messages for people: to stderr, or to the kernel's log in the initramfs. Errors are
 * returned, not logged; only main (or init's console) prints them. */
#pragma once

#include <stdbool.h>

#include "macro.h"

enum log_level {
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Messages above `level` are dropped. */
void log_set_level(enum log_level level);
/* Sends messages to this descriptor with a "<level>" prefix (/dev/kmsg); -1: stderr. */
void log_set_kmsg(int fd);

_printf_(2, 3) void log_message(enum log_level level, const char *fmt, ...);
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
