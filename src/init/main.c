/* SPDX-License-Identifier: MIT */
/* PID 1 of the initramfs: supervises the boot, which runs in a process of its own, so
 * that a crash is a message and never a kernel panic. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "init/boot.h"
#include "init/rescue.h"
#include "init/supervise.h"
#include "init/switch.h"

/* syslog(2): only warnings of the kernel and worse come between our lines. */
#define KLOG_CONSOLE_LEVEL 8
#define QUIET_LEVEL 4
#define LEVEL_DEFAULT 7

static int boot_child(void *outcome)
{
	struct consoles c;

	consoles_open(&c);
	return boot_run(outcome, &c) == 0 ? 0 : 1;
}

/* Runs the boot in a child. True when the root is ready. */
static bool try_boot(struct outcome *outcome)
{
	outcome->ready = outcome->public_only = outcome->installed = false;
	outcome->reason[0] = 0;
	return supervise_boot_done(outcome, supervise(boot_child, outcome));
}

static int rescue_child(void *outcome)
{
	struct consoles c;

	consoles_open(&c);
	return (int)rescue(outcome, &c);
}

/* Runs the rescue prompt in a child, again when it crashes. */
static enum rescue_choice try_rescue(struct outcome *outcome)
{
	enum rescue_choice choice;

	while ((choice = supervise_choice(supervise(rescue_child, outcome))) ==
	       RESCUE_NONE)
		sleep(1);
	return choice;
}

static void end(enum rescue_choice choice)
{
	sync();
	reboot(choice == RESCUE_POWER_OFF ? RB_POWER_OFF : RB_AUTOBOOT);
}

/* Nothing is left to fall back to: says so until someone restarts. */
static _noreturn_ void stand_still(const char *words)
{
	for (;;) {
		struct consoles c;

		consoles_open(&c);
		consoles_say(&c, "%s. Restart the machine (Ctrl+Alt+Del).", words);
		consoles_close(&c);
		sleep(60);
	}
}

static void set_environment(void)
{
	static const char log_all[] = "TSS2_LOG=all+none";

	putenv((char *)"PATH=/usr/bin:/usr/sbin");
	/* No udevd runs here: libdevmapper makes its device files itself. */
	putenv((char *)"DM_DISABLE_UDEV=1");
	putenv((char *)log_all);
}

/* The level of console messages that the kernel's command line asked for. */
static int console_level(void)
{
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, "/proc/sys/kernel/printk", 256, &text, NULL) < 0)
		return LEVEL_DEFAULT;
	return atoi(text);
}

/* Returns the kernel's level of console messages. */
static int prepare(void)
{
	int kmsg, rate, level;

	mount_first();
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg >= 0)
		log_set_kmsg(kmsg);
	/* Else the kernel drops all but ten lines in five seconds. */
	rate = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY | O_CLOEXEC);
	if (rate >= 0) {
		if (write(rate, "on\n", 3) < 0)
			log_debug("printk_devkmsg: %m");
		close(rate);
	}
	level = console_level();
	(void)klogctl(KLOG_CONSOLE_LEVEL, NULL, MIN(level, QUIET_LEVEL));
	set_environment();
	return level;
}

/* Becomes the first program of the system that was made. Returns only on failure. */
static void hand_over(struct outcome *outcome, int level)
{
	static char *const environment[] = {(char *)"TERM=linux", NULL};
	char *argv[] = {outcome->init, NULL};
	struct error err;

	if (switch_root(ROOT_DIR, outcome->init, &err) < 0) {
		snprintf(outcome->reason, sizeof(outcome->reason), "%s", err.message);
		return;
	}
	(void)klogctl(KLOG_CONSOLE_LEVEL, NULL, level);
	execve(outcome->init, argv, environment);
	snprintf(outcome->reason, sizeof(outcome->reason), "%.1024s can't be started: %s",
		 outcome->init, strerror(errno));
	stand_still(outcome->reason);
}

int main(void)
{
	struct outcome *outcome;
	int level;

	if (getpid() != 1) {
		fprintf(stderr,
			"atomos-init is the first program of AtomOS's boot image; it is "
			"not for running by hand.\n");
		return 2;
	}
	level = prepare();
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		stand_still("There is no memory for the boot");
	for (;;) {
		enum rescue_choice choice;

		if (try_boot(outcome))
			hand_over(outcome, level);
		choice = try_rescue(outcome);
		if (choice != RESCUE_RETRY)
			end(choice);
	}
}
