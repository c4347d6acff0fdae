/* SPDX-License-Identifier: MIT */
/* All consoles of the machine at once. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/console.h"

#define WRITE_MILLISECONDS 1000

static void add(struct consoles *c, const char *name)
{
	struct console *n = &c->list[c->count];
	_cleanup_free_ char *path = xasprintf("/dev/%s", name);

	for (unsigned i = 0; i < c->count; i++)
		if (streq(c->list[i].name, name))
			return;
	if (c->count == CONSOLES_MAX || strlen(name) >= sizeof(n->name))
		return;
	n->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (n->fd < 0)
		return;
	strcpy(n->name, name);
	n->screen = streq(name, "tty0");
	c->count++;
}

void consoles_open(struct consoles *c)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **names = NULL;

	*c = (struct consoles){0};
	if (read_file_at(AT_FDCWD, "/sys/class/tty/console/active", 4096, &text, NULL) ==
	    0)
		names = strv_split(text, " \n");
	for (char **n = names; n && *n; n++)
		add(c, *n);
	add(c, "tty0");
}

void consoles_close(struct consoles *c)
{
	while (c->count > 0)
		close(c->list[--c->count].fd);
}

void console_write(struct console *c, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		struct pollfd p = {c->fd, POLLOUT, 0};
		ssize_t n = write(c->fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno != EAGAIN || poll(&p, 1, WRITE_MILLISECONDS) <= 0))
			return;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
}

void consoles_say(struct consoles *c, const char *fmt, ...)
{
	_cleanup_free_ char *line = NULL, *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	line = xvasprintf(fmt, ap);
	va_end(ap);
	log_info("%s", line);
	text = xasprintf("%s\n", line);
	for (unsigned i = 0; i < c->count; i++) {
		if (c->open_line && c->list[i].screen)
			console_write(&c->list[i], "\n");
		console_write(&c->list[i], text);
	}
	c->open_line = false;
}

void consoles_progress(struct consoles *c, const char *what, uint64_t done,
		       uint64_t total)
{
	unsigned percent = total ? (unsigned)(done * 100 / total) : 100;
	char text[200];

	for (unsigned i = 0; i < c->count; i++) {
		struct console *k = &c->list[i];

		if (k->screen) {
			snprintf(text, sizeof(text), "\r%s %3u %%%s", what, percent,
				 done == total ? "\n" : "");
			console_write(k, text);
		} else if (percent / 10 > k->step) {
			k->step = percent / 10;
			snprintf(text, sizeof(text), "%s %u %%\n", what, k->step * 10);
			console_write(k, text);
		}
		if (done == total)
			k->step = 0;
	}
	c->open_line = done != total;
}

void console_raw(struct console *c, bool raw)
{
	struct termios t;

	if (tcgetattr(c->fd, &t) < 0)
		return;
	if (raw) {
		t.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG | IEXTEN);
		t.c_iflag &= (tcflag_t)~IXON;
		t.c_iflag |= ICRNL;
		t.c_cc[VMIN] = 1;
		t.c_cc[VTIME] = 0;
	} else {
		t.c_lflag |= ICANON | ECHO | ISIG | IEXTEN;
		t.c_iflag |= IXON;
	}
	t.c_oflag |= OPOST | ONLCR;
	/* A terminal that refuses still takes lines; only the echo would differ. */
	(void)tcsetattr(c->fd, TCSANOW, &t);
}
