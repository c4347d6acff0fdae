/* SPDX-License-Identifier: MIT */
/* The full screen, seen through a terminal emulator: 80x24, by keyboard alone. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/qr.h"
#include "welcome/ui.h"

#define ROWS 24
#define COLUMNS 80
#define QUIET_MILLISECONDS 300
#define WAIT_MILLISECONDS 10000
#define PICTURE_MAX (ROWS * (COLUMNS * 4 + 1) + 1)

struct terminal {
	int fd;
	pid_t pid;
	VTerm *vt;
	bool settled; /* nothing was typed since the screen came to rest */
	char picture[PICTURE_MAX];
};

/* The program's side: one question; the exit status is the choice, the text is written to
 * the pipe. */
static void child(const struct screen *s, int result)
{
	struct answer a = {.text = secret_new()};
	struct error err = {0};
	struct ui *ui;
	int r;

	setenv("TERM", "xterm", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
	ui = ui_full_new(STDIN_FILENO, STDOUT_FILENO, &err);
	if (!ui)
		_exit(99);
	r = ui->methods->ask(ui, s, &a, &err);
	ui->methods->free(ui);
	(void)write_full(result, a.text->data, a.text->size);
	_exit(r == -ERESTART ? 97 : r < 0 ? 98 : a.back ? 96 : (int)a.choice);
}

static struct terminal *start(const struct screen *s, int *ret_result)
{
	struct terminal *t = xcalloc(1, sizeof(*t));
	struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
	int result[2];

	assert_int_equal(pipe(result), 0);
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	if (t->pid == 0)
		child(s, result[1]);
	close(result[1]);
	*ret_result = result[0];
	t->vt = vterm_new(ROWS, COLUMNS);
	vterm_set_utf8(t->vt, 1);
	vterm_screen_reset(vterm_obtain_screen(t->vt), 1);
	return t;
}

/* Takes in what the program draws until it is quiet; false when it has ended. */
static bool take_in(struct terminal *t)
{
	struct pollfd p = {t->fd, POLLIN, 0};
	int wait = t->settled ? QUIET_MILLISECONDS : WAIT_MILLISECONDS;

	t->settled = true;
	while (poll(&p, 1, wait) > 0) {
		char bytes[4096];
		ssize_t n = read(t->fd, bytes, sizeof(bytes));

		if (n <= 0)
			return false;
		vterm_input_write(t->vt, bytes, (size_t)n);
		wait = QUIET_MILLISECONDS;
	}
	return true;
}

/* The screen as text, without spaces at the ends of lines. */
static const char *picture(struct terminal *t)
{
	char *end = t->picture;

	for (int row = 0; row < ROWS; row++) {
		const VTermRect line = {row, row + 1, 0, COLUMNS};

		end += vterm_screen_get_text(vterm_obtain_screen(t->vt), end,
					     PICTURE_MAX - (size_t)(end - t->picture),
					     line);
		while (end > t->picture && end[-1] == ' ')
			end--;
		*end++ = '\n';
	}
	*end = 0;
	return t->picture;
}

/* Types keys one after the other, looking at the screen between them. */
static void press(struct terminal *t, const char *keys)
{
	take_in(t);
	assert_int_equal(write_full(t->fd, keys, strlen(keys)), 0);
	t->settled = false;
}

/* Ends the program and returns its status; `text` (may be NULL) gets what was typed. */
static int end(struct terminal *t, int result, char *text)
{
	ssize_t n;
	int status;

	while (take_in(t))
		;
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	if (text) {
		n = read_full(result, text, 255);
		text[MAX(n, 0)] = 0;
	}
	close(result);
	close(t->fd);
	vterm_free(t->vt);
	free(t);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct screen menu(void)
{
	struct screen s = {
		.kind = SCREEN_MENU,
		.title = xstrdup("Where"),
		.text = xstrdup(
			"Choose the disk that AtomOS is installed on; everything on it "
			"is lost, whoever it belongs to."),
		.back = true,
	};

	screen_add_off(&s, "vda", "it is the medium itself");
	screen_add(&s, "vdb", "20 GB, empty");
	screen_add(&s, "vdc", "Wärmepumpe");
	return s;
}

static void test_menu(void **state _unused_)
{
	_cleanup_screen_ struct screen s = menu();
	int result;
	struct terminal *t = start(&s, &result);

	take_in(t);
	assert_string_equal(
		picture(t),
		"  Where\n"
		"\n"
		"  Choose the disk that AtomOS is installed on; everything on it is "
		"lost,\n"
		"  whoever it belongs to.\n"
		"\n"
		"  - vda  it is the medium itself\n"
		"  > vdb  20 GB, empty\n"
		"    vdc  Wärmepumpe\n"
		"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
		"  Arrows: choose   Enter: go on   Esc: back   Ctrl-P: plain lines\n");
	press(t, "\x1bOB");
	take_in(t);
	assert_non_null(strstr(picture(t), "  > vdc  Wärmepumpe"));
	/* Up twice: what can't be chosen is passed over. */
	press(t, "\x1bOA");
	press(t, "\x1bOA");
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 1);
}

/* What doesn't fit into a row has rows of its own, and none of it is cut. */
static void test_long_items(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {.kind = SCREEN_MENU,
					    .title = xstrdup("Where to install")};
	int result;
	struct terminal *t;

	screen_add_off(&s, "sda, 8.0 GB, Stick, USB", "this system runs from it");
	screen_add_off(&s, "sdb, 500.1 GB, Old and slow, SATA",
		       "its table has more partitions than AtomOS reads (128), so that "
		       "nobody knows what is on it");
	screen_add(&s,
		   "nvme0n1, free space of 1000.2 GB, A MODEL WITH A NAME OF 40 LETTERS "
		   "IN ALL, NVMe",
		   NULL);
	screen_add(&s, "Look again", "after a disk was plugged in");
	t = start(&s, &result);
	take_in(t);
	assert_non_null(strstr(
		picture(t),
		"  Where to install\n"
		"\n"
		"  - sda, 8.0 GB, Stick, USB\n"
		"      this system runs from it\n"
		"  - sdb, 500.1 GB, Old and slow, SATA\n"
		"      its table has more partitions than AtomOS reads (128), so that "
		"nobody\n"
		"      knows what is on it\n"
		"  > nvme0n1, free space of 1000.2 GB, A MODEL WITH A NAME OF 40 LETTERS "
		"IN ALL,\n"
		"    NVMe\n"
		"    Look again\n"
		"      after a disk was plugged in\n"
		"\n"));
	press(t, "\x1bOB");
	take_in(t);
	assert_non_null(strstr(picture(t), "  > Look again\n"));
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 3);
}

/* Rows are as wide as what they show, whatever it takes in bytes. */
static void test_wide_characters(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {
		.kind = SCREEN_MENU,
		.title = xstrdup("äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß "
				 "äöüß äöüß äöüß äöüß")};
	int result;
	struct terminal *t;

	screen_add(&s, "日本語日本語日本語日本語日本語日本語",
		   "äöüß äöüß äöüß äöüß äöüß äöüß äöüß äö");
	screen_add(&s, "sdb", "Wärmepumpe");
	t = start(&s, &result);
	take_in(t);
	assert_non_null(strstr(picture(t),
			       "  äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß äöüß "
			       "äöüß äöüß äöüß äöüß\n"
			       "\n"
			       "  > 日本語日本語日本語日本語日本語日本語  "
			       "äöüß äöüß äöüß äöüß äöüß äöüß äöüß äö\n"
			       "    sdb  Wärmepumpe\n"));
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 0);
}

/* One that no row takes ends with the last whole character of it. */
static void test_word_longer_than_a_row(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {.kind = SCREEN_MENU,
					    .title = xstrdup("Where to install")};
	char word[3 * COLUMNS + 1] = "x", expected[sizeof(word) + 16];
	int result;
	struct terminal *t;

	for (int i = 0; i < COLUMNS / 2; i++)
		strcat(word, "日");
	screen_add(&s, word, NULL);
	screen_add(&s, "sdb", NULL);
	t = start(&s, &result);
	take_in(t);
	/* 76 columns beside the mark: the letter, and 37 wide ones. */
	(void)snprintf(expected, sizeof(expected), "  > %.*s\n    sdb\n",
		       1 + 37 * (int)strlen("日"), word);
	assert_non_null(strstr(picture(t), expected));
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 0);
}

/* A list of such items moves along by whole ones; what can't be chosen is seen again. */
static void test_long_list_of_long_items(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {.kind = SCREEN_MENU,
					    .title = xstrdup("Where to install")};
	int result;
	struct terminal *t;

	for (int i = 0; i < 14; i++) {
		_cleanup_free_ char *name = xasprintf("sd%c", 'a' + i);

		(i ? screen_add : screen_add_off)(
			&s, name,
			"another system, about which so much is to be said that it takes "
			"two rows");
	}
	t = start(&s, &result);
	take_in(t);
	assert_non_null(strstr(picture(t), "  - sda\n"));
	press(t, "\x1bOF");
	take_in(t);
	assert_null(strstr(picture(t), "sda\n"));
	assert_non_null(strstr(picture(t), "  > sdn\n      another system,"));
	press(t, "\x1bOH");
	take_in(t);
	assert_non_null(strstr(picture(t), "  - sda\n"));
	assert_non_null(strstr(picture(t), "  > sdb\n"));
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 1);
}

static void test_back_and_plain(void **state _unused_)
{
	_cleanup_screen_ struct screen s = menu();
	int result;
	struct terminal *t = start(&s, &result);

	press(t, "\x1b");
	assert_int_equal(end(t, result, NULL), 96);
	t = start(&s, &result);
	press(t, "\x10");
	assert_int_equal(end(t, result, NULL), 97);
}

static void test_text(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {
		.kind = SCREEN_TEXT,
		.title = xstrdup("Your account"),
		.prompt = xstrdup("Your name"),
		.initial = xstrdup("Ad"),
		.error = xstrdup("That was wrong."),
	};
	char text[256];
	int result;
	struct terminal *t = start(&s, &result);

	press(t, "ä");
	take_in(t);
	assert_non_null(strstr(picture(t), "  That was wrong.\n\n  Your name: Adä\n"));
	press(t, "\x7f");
	press(t, "a\r");
	assert_int_equal(end(t, result, text), 0);
	assert_string_equal(text, "Ada");
}

static void test_secret(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {
		.kind = SCREEN_SECRET,
		.title = xstrdup("Password"),
		.prompt = xstrdup("Password"),
	};
	char text[256];
	int result;
	struct terminal *t = start(&s, &result);

	press(t, "geheim");
	take_in(t);
	assert_non_null(strstr(picture(t), "  Password: ******\n"));
	assert_null(strstr(picture(t), "geheim"));
	press(t, "\r");
	assert_int_equal(end(t, result, text), 0);
	assert_string_equal(text, "geheim");
}

/* The key and its QR code are seen together on the smallest screen. */
static void test_recovery(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {
		.kind = SCREEN_MENU,
		.title = xstrdup("Recovery key"),
		.text = xstrdup("This recovery key opens the disk when the password is "
				"forgotten or the machine was repaired. It is shown only "
				"now: write it down, and keep it away from the machine."),
		.drawing = qr_drawing(
			"cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-"
			"hhhhhhhh-iiiiiiii"),
		.drawing_text = xstrdup("1: cccccccc   2: bbbbbbbb\n"
					"3: dddddddd   4: eeeeeeee\n"
					"5: ffffffff   6: gggggggg\n"
					"7: hhhhhhhh   8: iiiiiiii\n"),
	};
	const char *seen;
	int result;
	struct terminal *t;

	screen_add(&s, "I have written it down", NULL);
	t = start(&s, &result);
	take_in(t);
	seen = picture(t);
	assert_non_null(strstr(seen, "█ ▄▄▄▄▄ █"));
	assert_non_null(strstr(seen, "1: cccccccc   2: bbbbbbbb"));
	assert_non_null(strstr(seen, "7: hhhhhhhh   8: iiiiiiii"));
	assert_non_null(strstr(seen, "> I have written it down"));
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 0);
}

/* A list longer than the screen moves along. */
static void test_long_list(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {.kind = SCREEN_MENU,
					    .title = xstrdup("Time zone")};
	int result;
	struct terminal *t;

	for (int i = 0; i < 60; i++) {
		_cleanup_free_ char *name =
			xasprintf("%c-place-%d", i < 50 ? 'a' : 'Z', i);

		screen_add(&s, name, NULL);
	}
	s.preset = 40;
	t = start(&s, &result);
	take_in(t);
	assert_non_null(strstr(picture(t), "> a-place-40"));
	assert_null(strstr(picture(t), "a-place-0\n"));
	press(t, "z");
	take_in(t);
	assert_non_null(strstr(picture(t), "> Z-place-50"));
	press(t, "\x1bOF");
	press(t, "\r");
	assert_int_equal(end(t, result, NULL), 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_menu),
		cmocka_unit_test(test_long_items),
		cmocka_unit_test(test_wide_characters),
		cmocka_unit_test(test_word_longer_than_a_row),
		cmocka_unit_test(test_long_list_of_long_items),
		cmocka_unit_test(test_back_and_plain),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_long_list),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
