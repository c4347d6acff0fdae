/* SPDX-License-Identifier: MIT */
/* Begin or stop: whoever is first decides for all. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "base/fd.h"
#include "welcome/decision.h"

#define PROCESSES 16

static void test_first(void **state)
{
	const char *other = in_directory(state, "other");

	assert_int_equal(decision_look(*state), DECISION_NONE);
	assert_int_equal(decision_make(*state, DECISION_STOP), DECISION_STOP);
	assert_int_equal(decision_make(*state, DECISION_BEGIN), DECISION_STOP);
	assert_int_equal(decision_look(*state), DECISION_STOP);
	assert_int_equal(decision_make(other, DECISION_BEGIN), DECISION_BEGIN);
	assert_int_equal(decision_make(other, DECISION_STOP), DECISION_BEGIN);
}

/* Many at once: all of them hear the same. */
static void test_race(void **state)
{
	int heard[4] = {0}, go[2], status;
	pid_t pids[PROCESSES];

	assert_int_equal(pipe(go), 0);
	for (size_t i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			char byte;

			close(go[1]);
			(void)!read(go[0], &byte, 1);
			_exit((int)decision_make(*state,
						 i % 2 ? DECISION_STOP : DECISION_BEGIN));
		}
	}
	close(go[0]);
	close(go[1]);
	for (size_t i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		heard[WEXITSTATUS(status) & 3]++;
	}
	assert_int_equal(heard[decision_look(*state)], PROCESSES);
}

/* What can't be noted for the others doesn't begin. */
static void test_unwritable(void **state)
{
	const char *file = in_directory(state, "file");

	assert_int_equal(write_file_at(AT_FDCWD, file, "", 0, 0600), 0);
	assert_int_equal(decision_make(file, DECISION_BEGIN), DECISION_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_race, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_unwritable, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
