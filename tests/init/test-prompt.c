/* SPDX-License-Identifier: MIT */
/* Typing at a prompt, and who of several consoles wins. */
#include <poll.h>
#include <pty.h>

#include "test.h"
#include "init/prompt.h"

static const char *type(struct secret *line, const char *keys)
{
	line->size = 0;
	line->data[0] = 0;
	for (; *keys; keys++)
		if (line_feed(line, (unsigned char)*keys) == LINE_DONE)
			return line->data;
	return NULL;
}

static void test_line(void **state)
{
	_cleanup_secret_ struct secret *line = secret_new();

	assert_string_equal(type(line, "word\r"), "word");
	assert_string_equal(type(line, "word\n"), "word");
	assert_string_equal(type(line, "\n"), "");
	assert_string_equal(type(line, "wx\177ord\n"), "word");
	assert_string_equal(type(line, "\177\010a\n"), "a");
	assert_string_equal(type(line, "wrong\025word\n"), "word");
	assert_string_equal(type(line, "a\033\001b\n"), "ab");
	/* A character of two bytes goes as a whole. */
	assert_string_equal(type(line, "a\303\244\177b\n"), "ab");
	assert_null(type(line, "unfinished"));
}

static void test_full(void **state)
{
	_cleanup_secret_ struct secret *line = secret_new();

	for (size_t i = 0; i < SECRET_MAX; i++)
		assert_int_equal(line_feed(line, 'a'), LINE_MORE);
	assert_int_equal(line_feed(line, 'a'), LINE_FULL);
	assert_int_equal(line->size, SECRET_MAX);
	assert_int_equal(line_feed(line, '\r'), LINE_DONE);
}

/* Two consoles and what a person sees of them. */
struct desk {
	struct consoles consoles;
	int person[2];
};

static void desk_open(struct desk *d)
{
	*d = (struct desk){.consoles.count = 2};
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			openpty(&d->person[i], &d->consoles.list[i].fd, NULL, NULL, NULL),
			0);
		fcntl(d->consoles.list[i].fd, F_SETFL, O_NONBLOCK);
		fcntl(d->person[i], F_SETFL, O_NONBLOCK);
	}
}

static void desk_close(struct desk *d)
{
	consoles_close(&d->consoles);
	close(d->person[0]);
	close(d->person[1]);
}

/* What person i sees next. The kernel hands a terminal's bytes on from a queue, so they
 * may come late and in pieces. */
static void assert_seen(struct desk *d, int i, const char *text)
{
	char out[300] = "";
	size_t n = 0;

	while (n < strlen(text)) {
		struct pollfd p = {d->person[i], POLLIN, 0};
		ssize_t r;

		if (poll(&p, 1, 20000) <= 0)
			break;
		r = read(d->person[i], out + n, sizeof(out) - 1 - n);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	out[n] = 0;
	assert_string_equal(out, text);
}

static void test_first_wins(void **state)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = "Password:", .hidden = true, .seconds = 10};
	struct console *who = NULL;
	struct desk d;

	desk_open(&d);
	/* Typed ahead of the raw mode: without the line's end the terminal hands nothing
	 * on. */
	console_raw(&d.consoles.list[0], true);
	console_raw(&d.consoles.list[1], true);
	assert_int_equal(write(d.person[0], "half", 4), 4);
	assert_int_equal(write(d.person[1], "secret\r", 7), 7);
	assert_int_equal(prompt(&d.consoles, &q, answer, &who), 0);
	assert_string_equal(answer->data, "secret");
	assert_ptr_equal(who, &d.consoles.list[1]);
	assert_seen(&d, 0, "Password: \r\n");
	/* Hidden: the answer isn't shown. */
	assert_seen(&d, 1, "Password: \r\n");
	desk_close(&d);
}

static void test_shown(void **state)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = "Number:", .seconds = 10};
	struct desk d;

	desk_open(&d);
	console_raw(&d.consoles.list[0], true);
	assert_int_equal(write(d.person[0], "12\177\r", 4), 4);
	assert_int_equal(prompt(&d.consoles, &q, answer, NULL), 0);
	assert_string_equal(answer->data, "1");
	assert_seen(&d, 0, "Number: 12\b \b\r\n");
	desk_close(&d);
}

static void test_time_limit(void **state)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = "Number:", .seconds = 1};
	struct consoles none = {0};
	struct desk d;

	desk_open(&d);
	assert_int_equal(prompt(&d.consoles, &q, answer, NULL), -ETIME);
	assert_int_equal(prompt(&none, &q, answer, NULL), -ENOTTY);
	desk_close(&d);
}

static void test_progress(void **state)
{
	struct desk d;

	desk_open(&d);
	d.consoles.list[0].screen = true;
	consoles_progress(&d.consoles, "Copying", 5, 200);
	consoles_progress(&d.consoles, "Copying", 50, 200);
	consoles_progress(&d.consoles, "Copying", 55, 200);
	assert_seen(&d, 0, "\rCopying   2 %\rCopying  25 %\rCopying  27 %");
	assert_seen(&d, 1, "Copying 20 %\r\n");
	consoles_progress(&d.consoles, "Copying", 200, 200);
	assert_seen(&d, 0, "\rCopying 100 %\r\n");
	assert_seen(&d, 1, "Copying 100 %\r\n");
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),	   cmocka_unit_test(test_full),
		cmocka_unit_test(test_first_wins), cmocka_unit_test(test_shown),
		cmocka_unit_test(test_time_limit), cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests_name("prompt", tests, NULL, NULL);
}
