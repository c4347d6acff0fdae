/* SPDX-License-Identifier: MIT */
/* Questions on every console at once. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "init/prompt.h"

#define KEY_BACKSPACE 0x08
#define KEY_CTRL_U 0x15
#define KEY_DELETE 0x7f

enum line_result line_feed(struct secret *line, unsigned char byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		return LINE_DONE;
	case KEY_BACKSPACE:
	case KEY_DELETE:
		/* The bytes of one UTF-8 character: continuation bytes, then its first.
		 */
		while (line->size > 0 && (line->data[line->size - 1] & 0xc0) == 0x80)
			line->data[--line->size] = 0;
		if (line->size > 0)
			line->data[--line->size] = 0;
		return LINE_MORE;
	case KEY_CTRL_U:
		wipe(line->data, line->size);
		line->size = 0;
		return LINE_MORE;
	default:
		if (byte < 0x20)
			return LINE_MORE;
		if (line->size == SECRET_MAX)
			return LINE_FULL;
		line->data[line->size++] = (char)byte;
		line->data[line->size] = 0;
		return LINE_MORE;
	}
}

struct typing {
	const struct question *question;
	struct secret *lines[CONSOLES_MAX];
};

static void echo(struct console *c, const struct secret *line, size_t before)
{
	if (line->size > before)
		console_write(c, line->data + before);
	else if (line->size < before)
		console_write(c, "\b \b");
}

/* Takes what was typed on one console. Returns true when its line is complete. */
static bool take(struct console *c, struct typing *t, struct secret *line)
{
	unsigned char bytes[64];
	ssize_t n = read(c->fd, bytes, sizeof(bytes));
	bool done = false;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		/* The line was unplugged: it takes no further part. */
		close(c->fd);
		c->fd = -EBADF;
		return false;
	}
	for (ssize_t i = 0; i < n && !done; i++) {
		size_t before = line->size;

		done = line_feed(line, bytes[i]) == LINE_DONE;
		if (!t->question->hidden && !done)
			echo(c, line, before);
	}
	wipe(bytes, sizeof(bytes));
	return done;
}

static int remaining(const struct timespec *start, unsigned seconds)
{
	struct timespec now;
	long left;

	if (seconds == 0)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = ((long)seconds + start->tv_sec - now.tv_sec) * 1000 +
	       (start->tv_nsec - now.tv_nsec) / 1000000;
	return left > 0 ? (int)left : 0;
}

static int wait_for_line(struct consoles *c, struct typing *t)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		struct pollfd fds[CONSOLES_MAX + 1];
		unsigned alive = 0;
		int r;

		for (unsigned i = 0; i < c->count; i++) {
			fds[i] = (struct pollfd){c->list[i].fd, POLLIN, 0};
			alive += c->list[i].fd >= 0;
		}
		if (!alive)
			return -ENOTTY;
		/* A negative descriptor is never ready. */
		fds[c->count] = (struct pollfd){
			t->question->watch ? *t->question->watch : -1, POLLIN, 0};
		r = poll(fds, c->count + 1, remaining(&start, t->question->seconds));
		if (r == 0)
			return -ETIME;
		if (r > 0 && fds[c->count].revents)
			return -ECANCELED;
		for (unsigned i = 0; r > 0 && i < c->count; i++)
			if (fds[i].revents && take(&c->list[i], t, t->lines[i]))
				return (int)i;
	}
}

int prompt(struct consoles *c, const struct question *q, struct secret *ret,
	   struct console **ret_console)
{
	struct typing t = {.question = q};
	int r;

	for (unsigned i = 0; i < c->count; i++) {
		t.lines[i] = secret_new();
		console_raw(&c->list[i], true);
		console_write(&c->list[i], q->text);
		console_write(&c->list[i], " ");
	}
	r = wait_for_line(c, &t);
	for (unsigned i = 0; i < c->count; i++) {
		if (c->list[i].fd >= 0) {
			console_write(&c->list[i], "\n");
			console_raw(&c->list[i], false);
		}
		if (r == (int)i) {
			ret->size = t.lines[i]->size;
			memcpy(ret->data, t.lines[i]->data, SECRET_MAX + 1);
			if (ret_console)
				*ret_console = &c->list[i];
		}
		secret_free(t.lines[i]);
	}
	return r < 0 ? r : 0;
}
