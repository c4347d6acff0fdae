/* SPDX-License-Identifier: MIT */
/* What somebody at a terminal reads before a disk is written to, and what they type. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "atomos/install-confirm.h"

#define LOST "Everything on it will be lost."
#define FORGET "The TPM of this machine opens it by itself, and will forget it."
#define OWNED "It has an owner: what they keep there can't be had back."

struct talk {
	char said[1024];
	int result; /* of what asked */
	struct error err;
};

/* Standard input is a terminal on which `typed` was typed, standard error a file. */
struct terminal {
	int person, input, output, said;
};

static void terminal_open(struct terminal *t, const char *typed)
{
	int terminal;

	assert_int_equal(openpty(&t->person, &terminal, NULL, NULL, NULL), 0);
	assert_int_equal(write(t->person, typed, strlen(typed)), (int)strlen(typed));
	t->said = memfd_create("said", MFD_CLOEXEC);
	assert_true(t->said >= 0);
	t->input = dup(STDIN_FILENO);
	t->output = dup(STDERR_FILENO);
	fflush(stderr);
	assert_int_equal(dup2(terminal, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(dup2(t->said, STDERR_FILENO), STDERR_FILENO);
	close(terminal);
	clearerr(stdin);
}

static void terminal_close(struct terminal *t, struct talk *ret)
{
	ssize_t n = pread(t->said, ret->said, sizeof(ret->said) - 1, 0);

	dup2(t->input, STDIN_FILENO);
	dup2(t->output, STDERR_FILENO);
	close(t->input);
	close(t->output);
	close(t->person);
	close(t->said);
	assert_true(n >= 0);
	ret->said[n] = 0;
}

static struct invocation install(const char *option)
{
	struct invocation in = {.verb = &verb_install};

	for (size_t i = 0; option && in.verb->options[i].name; i++)
		if (streq(in.verb->options[i].name, option))
			in.values[i] = "";
	assert_true(!option || option_given(&in, option));
	return in;
}

static struct talk confirm(const struct invocation *in, const struct disk *d,
			   enum old_pin pin, const char *typed)
{
	struct terminal t;
	struct talk talk = {0};

	terminal_open(&t, typed);
	talk.result = install_confirm(in, d, NULL, pin, &talk.err);
	terminal_close(&t, &talk);
	return talk;
}

/* A disk with an owner, as it is found. */
static const struct disk annas = {.node = "vdb",
				  .model = "Example 3000",
				  .size = 64000000000,
				  .content = (char *)"the AtomOS of anna",
				  .owned = true,
				  .warning = OWNED};

/* Over an owner the question names whose it is, and the name of the disk is the answer.
 */
static void test_owner(void **state _unused_)
{
	static const char *const other[] = {
		"\n", "yes\n", "y\n", "vda\n", "vdb1\n", "the AtomOS of anna\n", "\004"};
	struct invocation in = install(NULL);
	struct talk t = confirm(&in, &annas, OLD_PIN_DISK, "vdb\n");

	assert_int_equal(t.result, 0);
	assert_string_equal(
		t.said, "vdb: 64.0 GB, Example 3000; on it: the AtomOS of anna.\n" OWNED
			"\n" FORGET "\n" LOST "\n"
			"To overwrite the AtomOS of anna for good, type the disk's "
			"name: ");
	assert_int_equal(confirm(&in, &annas, OLD_PIN_DISK, "/dev/vdb\n").result, 0);
	for (size_t i = 0; i < ELEMENTSOF(other); i++) {
		t = confirm(&in, &annas, OLD_PIN_DISK, other[i]);
		assert_int_equal(t.result, -ECANCELED);
		assert_non_null(strstr(t.err.message, "Nothing was written"));
		assert_non_null(strstr(t.err.message, "isn't the disk's name, vdb"));
	}
	/* What the TPM keeps for another disk is another question. */
	t = confirm(&in, &annas, OLD_PIN_OTHER, "vdb\n");
	assert_null(strstr(t.said, FORGET));
}

/* Into free space: the owner loses nothing, and isn't told so. */
static void test_beside_owner(void **state _unused_)
{
	struct invocation in = install("free");
	struct talk t = confirm(&in, &annas, OLD_PIN_NONE, "vdb\n");

	assert_int_equal(t.result, 0);
	assert_string_equal(t.said,
			    "vdb: 64.0 GB, Example 3000; on it: the AtomOS of anna.\n"
			    "AtomOS will be put into its free space.\n"
			    "Type the disk's name to go on: ");
	assert_int_equal(confirm(&in, &annas, OLD_PIN_NONE, "\n").result, -ECANCELED);
}

static void test_without_owner(void **state _unused_)
{
	const struct disk d = {
		.node = "sda", .size = 500000000, .content = (char *)"Linux"};
	struct invocation in = install(NULL);
	struct talk t = confirm(&in, &d, OLD_PIN_NONE, "sda\n");

	assert_int_equal(t.result, 0);
	assert_string_equal(t.said, "sda: 0.5 GB, disk; on it: Linux.\n" LOST
				    "\nType the disk's name to go on: ");
}

/* Where nobody can read the question, nothing is an answer. */
static void test_no_terminal(void **state _unused_)
{
	struct invocation in = install(NULL);
	int input = dup(STDIN_FILENO), file = open("/dev/null", O_RDONLY | O_CLOEXEC), r;
	struct error err = {0};

	dup2(file, STDIN_FILENO);
	r = install_confirm(&in, &annas, NULL, OLD_PIN_NONE, &err);
	dup2(input, STDIN_FILENO);
	close(input);
	close(file);
	assert_int_equal(r, -EMISUSE);
	assert_non_null(strstr(err.message, "--yes vdb"));
}

/* The TPM's only by the whole word. */
static void test_tpm(void **state _unused_)
{
	static const struct {
		const char *typed;
		bool taken;
	} answers[] = {{"yes\n", true}, {"y\n", false}, {"vdb\n", false}, {"\n", false}};
	struct invocation in = install(NULL);

	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		struct terminal t;
		struct talk talk;
		bool taken;

		terminal_open(&t, answers[i].typed);
		taken = install_confirm_pin(&in, &annas, NULL, OLD_PIN_OTHER);
		terminal_close(&t, &talk);
		assert_int_equal(taken, answers[i].taken);
		assert_non_null(strstr(talk.said, "opens another system by itself"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owner),	      cmocka_unit_test(test_beside_owner),
		cmocka_unit_test(test_without_owner), cmocka_unit_test(test_no_terminal),
		cmocka_unit_test(test_tpm),
	};

	return cmocka_run_group_tests_name("install-confirm", tests, NULL, NULL);
}
