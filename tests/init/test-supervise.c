/* SPDX-License-Identifier: MIT */
/* Whatever becomes of PID 1's child is a message that leads on. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "test.h"
#include "init/supervise.h"

/* As in main.c: shared with the child. */
static struct outcome *shared(void)
{
	struct outcome *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(o != MAP_FAILED);
	return o;
}

static void in_step(struct outcome *o)
{
	strcpy(o->step, "mount");
}

static int crash(void *outcome)
{
	const struct rlimit none = {0};

	setrlimit(RLIMIT_CORE, &none);
	in_step(outcome);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int killed(void *outcome)
{
	in_step(outcome);
	raise(SIGKILL);
	return 0;
}

static int silent(void *outcome)
{
	in_step(outcome);
	return 1;
}

static int with_reason(void *outcome)
{
	strcpy(((struct outcome *)outcome)->reason, "No disk");
	return 1;
}

static int ready(void *outcome)
{
	((struct outcome *)outcome)->ready = true;
	return 0;
}

static int ready_then_crash(void *outcome)
{
	ready(outcome);
	return crash(outcome);
}

static void boot(int (*work)(void *), bool good, const char *reason)
{
	struct outcome *o = shared();

	assert_int_equal(supervise_boot_done(o, supervise(work, o)), good);
	assert_string_equal(o->reason, reason);
	munmap(o, sizeof(*o));
}

static void test_boot(void **state)
{
	boot(ready, true, "");
	boot(with_reason, false, "No disk");
	boot(crash, false,
	     "The boot program crashed (Segmentation fault) in step \"mount\"");
	boot(killed, false,
	     "The boot program was ended by the kernel, probably for lack of memory in "
	     "step \"mount\"");
	boot(silent, false, "The boot program ended without a reason in step \"mount\"");
	/* A root that was ready doesn't count when its maker crashed after it. */
	boot(ready_then_crash, false,
	     "The boot program crashed (Segmentation fault) in step \"mount\"");
}

static int choose_restart(void *context)
{
	return RESCUE_RESTART;
}

static int choose_nothing(void *context)
{
	return RESCUE_NONE;
}

static void test_rescue(void **state)
{
	struct outcome *o = shared();

	assert_int_equal(supervise_choice(supervise(choose_restart, NULL)),
			 RESCUE_RESTART);
	/* These are asked again. */
	assert_int_equal(supervise_choice(supervise(choose_nothing, NULL)), RESCUE_NONE);
	assert_int_equal(supervise_choice(supervise(crash, o)), RESCUE_NONE);
	munmap(o, sizeof(*o));
}

/* Leaves a grandchild that ends before it and is nobody's. */
static int leave_orphan(void *context)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			_exit(0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	usleep(200000);
	return RESCUE_POWER_OFF;
}

static void test_orphans_are_reaped(void **state)
{
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(supervise_choice(supervise(leave_orphan, NULL)),
			 RESCUE_POWER_OFF);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_rescue),
		cmocka_unit_test(test_orphans_are_reaped),
	};

	return cmocka_run_group_tests_name("supervise", tests, NULL, NULL);
}
