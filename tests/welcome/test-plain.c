/* SPDX-License-Identifier: MIT */
/* The plain front end: what is printed, and what the typed lines mean. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "welcome/ui.h"

#define OUTPUT_MAX 16384

/* Shows the screen to a person who types `input`; what was printed goes to `output`. */
static int ask(const struct screen *s, const char *input, struct answer *a, char *output)
{
	_cleanup_ui_ struct ui *ui = NULL;
	struct error err;
	int in[2], out[2], r;
	ssize_t n;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(write_full(in[1], input, strlen(input)), 0);
	close(in[1]);
	ui = ui_plain_new(in[0], out[1]);
	r = ui->methods->ask(ui, s, a, &err);
	close(out[1]);
	n = read_full(out[0], output, OUTPUT_MAX - 1);
	output[MAX(n, 0)] = 0;
	close(out[0]);
	close(in[0]);
	return r;
}

static struct screen menu(void)
{
	struct screen s = {
		.kind = SCREEN_MENU,
		.title = xstrdup("Where"),
		.text = xstrdup("Choose a place."),
		.preset = 1,
		.back = true,
	};

	screen_add_off(&s, "vda", "it is the medium itself");
	screen_add(&s, "vdb", "20 GB");
	screen_add(&s, "vdc", NULL);
	return s;
}

static void test_menu(void **state _unused_)
{
	_cleanup_screen_ struct screen s = menu();
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};
	char output[OUTPUT_MAX];

	assert_int_equal(ask(&s, "\n", &a, output), 0);
	assert_int_equal(a.choice, 1);
	assert_string_equal(output, "\nWhere\nChoose a place.\n"
				    "  -  vda (not possible: it is the medium itself)\n"
				    "  2  vdb: 20 GB\n"
				    "  3  vdc\n"
				    "Number or name [2], < for the question before: ");
	assert_int_equal(ask(&s, "3\n", &a, output), 0);
	assert_int_equal(a.choice, 2);
	assert_int_equal(ask(&s, "VDC\n", &a, output), 0);
	assert_int_equal(a.choice, 2);
	assert_int_equal(ask(&s, "<\n", &a, output), 0);
	assert_true(a.back);
}

static void test_menu_again(void **state _unused_)
{
	_cleanup_screen_ struct screen s = menu();
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};
	char output[OUTPUT_MAX];

	/* What can't be chosen, what there isn't, what isn't clear. */
	assert_int_equal(ask(&s, "1\n9\nvd\nx\nvdb\n", &a, output), 0);
	assert_int_equal(a.choice, 1);
	assert_false(a.back);
	assert_non_null(strstr(output, "Several begin so."));
	assert_non_null(strstr(output, "There is no such choice."));
	assert_int_equal(ask(&s, "1\n", &a, output), -EPIPE);
}

static void test_text(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {
		.kind = SCREEN_TEXT,
		.title = xstrdup("Your account"),
		.prompt = xstrdup("Login name"),
		.initial = xstrdup("ada"),
		.error = xstrdup("That was wrong."),
		.drawing = xstrdup("never shown"),
		.drawing_text = xstrdup("1: abc\n"),
	};
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};
	char output[OUTPUT_MAX];

	assert_int_equal(ask(&s, "\n", &a, output), 0);
	assert_string_equal(typed->data, "ada");
	assert_string_equal(output, "\nYour account\n1: abc\nThat was wrong.\n"
				    "Login name [ada]: ");
	assert_int_equal(ask(&s, "grace\n", &a, output), 0);
	assert_string_equal(typed->data, "grace");
	/* Nothing goes back where there is nothing before. */
	assert_int_equal(ask(&s, "<\n", &a, output), 0);
	assert_string_equal(typed->data, "<");
	assert_false(a.back);
}

static void test_secret(void **state _unused_)
{
	_cleanup_screen_ struct screen s = {
		.kind = SCREEN_SECRET,
		.title = xstrdup("Password"),
		.prompt = xstrdup("Password"),
	};
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};
	char output[OUTPUT_MAX];

	assert_int_equal(ask(&s, "correct horse\n", &a, output), 0);
	assert_string_equal(typed->data, "correct horse");
	assert_string_equal(output, "\nPassword\nPassword (isn't shown): ");
}

/* A line for each tenth, and how fast it goes, which is another word each time. */
static void test_progress(void **state _unused_)
{
	_cleanup_ui_ struct ui *ui = NULL;
	char output[OUTPUT_MAX];
	int out[2];
	ssize_t n;

	assert_int_equal(pipe(out), 0);
	ui = ui_plain_new(STDIN_FILENO, out[1]);
	ui->methods->progress(ui, "Copying", NULL, 1, 100);
	ui->methods->progress(ui, "Copying", "9 MB/s, 0:40 left", 20, 100);
	ui->methods->progress(ui, "Copying", "9 MB/s, 0:39 left", 21, 100);
	ui->methods->progress(ui, "Switching", NULL, 0, 0);
	close(out[1]);
	n = read_full(out[0], output, OUTPUT_MAX - 1);
	output[MAX(n, 0)] = 0;
	close(out[0]);
	assert_string_equal(output, "Copying: 0 %\nCopying: 20 %, 9 MB/s, 0:40 left\n"
				    "Switching\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress),   cmocka_unit_test(test_menu),
		cmocka_unit_test(test_menu_again), cmocka_unit_test(test_text),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
