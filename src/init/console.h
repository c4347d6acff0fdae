/* SPDX-License-Identifier: MIT */
/* All consoles of the machine at once: screen and serial lines. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "base/macro.h"

#define CONSOLES_MAX 8

struct console {
	char name[32]; /* as in /dev */
	int fd;
	bool screen;   /* a line can be updated in place */
	unsigned step; /* tenths of the progress that were shown */
};

struct consoles {
	struct console list[CONSOLES_MAX];
	unsigned count;
	bool open_line; /* screens show a progress line that has no end yet */
};

/* Opens those the kernel writes to, and tty0. Close-on-exec, non-blocking. */
void consoles_open(struct consoles *c);
void consoles_close(struct consoles *c);

/* Writes to one, for at most a second: a line nobody reads doesn't stop the boot. */
void console_write(struct console *c, const char *text);

/* A line on every console, and in the kernel's log. */
_printf_(2, 3) void consoles_say(struct consoles *c, const char *fmt, ...);

/* "WHAT done of total": in place on screens, every tenth as a line elsewhere. Ends the
 * line when done == total. */
void consoles_progress(struct consoles *c, const char *what, uint64_t done,
		       uint64_t total);

/* Switches a terminal between key by key without echo, and its usual state. */
void console_raw(struct console *c, bool raw);
