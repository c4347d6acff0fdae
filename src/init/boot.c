/* SPDX-License-Identifier: MIT */
/* The boot, step by step. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/boot.h"

#define TPM_GENERATOR "/run/systemd/system-generators/systemd-tpm2-generator"

struct step {
	const char *name;
	step_run run;
};

/* Letters: docs/boot.md, unlock order. Nothing is mounted and no public password is tried
 * before (f); no file system is parsed while the TPM would still answer. */
static const struct step steps[] = {
	{"settings", step_settings},
	{"cmdline", step_cmdline},
	{"modules", step_modules},
	{"firmware", step_firmware},
	{"extra", step_extra},
	{"enter", step_enter}, /* (a) */
	{"find", step_find},
	{"header", step_header}, /* (b) */
	{"owner", step_owner},
	{"tpm", step_tpm},     /* (c), (d); an owner's disk is open behind it */
	{"enrol", step_enrol}, /* (e) */
	{"answers", step_answers},
	{"leave", step_leave},			   /* (f) */
	{"public-password", step_public_password}, /* (g) */
	{"password", step_password},
	{"zram", step_zram},
	{"mount", step_mount},
	{"disk", step_disk},
	{"trust", step_trust},
	{"system", step_system},
	{"release", step_release},
	{"memory", step_memory},
	{"copy", step_copy},
	{"store", step_store},
	{"state", step_state},
	{"identity", step_identity},
	{"home", step_home},
	{"status", step_status},
};

const char *const late_modules[] = {"dm-crypt", "xts", "aes", "btrfs", "zram", NULL};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(void *consoles, const char *sentence)
{
	consoles_say(consoles, "%s", sentence);
}

static void say_in_boot(void *boot, const char *sentence)
{
	say(((struct boot *)boot)->consoles, sentence);
}

static void settle(void *boot)
{
	struct boot *b = boot;
	struct error err;

	for (const char *const *m = late_modules; *m; m++)
		if (modules_load(b->modules, *m, &err) < 0)
			log_debug("%s", err.message);
}

int step_enter(struct boot *b, struct error *err)
{
	const struct tpm t = {&b->outcome->tpm, say_in_boot, settle, b};

	return tpm_enter(&t, err);
}

/* systemd would wait 90 seconds for a TPM that the firmware announces. */
static void expect_no_tpm(void)
{
	int r = make_parents_at(AT_FDCWD, TPM_GENERATOR);

	if (r == 0 && symlink("/dev/null", TPM_GENERATOR) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		log_warning("%s can't be masked: %s", TPM_GENERATOR, strerror(-r));
}

int step_leave(struct boot *b, struct error *err)
{
	const struct tpm t = {&b->outcome->tpm, say_in_boot, settle, b};
	int r = tpm_leave(&t, err);

	if (b->outcome->tpm == TPM_UNBOUND || b->outcome->tpm == TPM_ABSENT)
		expect_no_tpm();
	return r;
}

int boot_leave(struct outcome *outcome, struct consoles *consoles)
{
	const struct tpm t = {&outcome->tpm, say, NULL, consoles};
	struct error err;
	int r = tpm_leave(&t, &err);

	if (r < 0)
		snprintf(outcome->reason, sizeof(outcome->reason), "%s", err.message);
	return r;
}

static int run_steps(struct boot *b, struct error *err)
{
	for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
		double before = seconds(CLOCK_BOOTTIME);
		int r;

		snprintf(b->outcome->step, sizeof(b->outcome->step), "%s", steps[i].name);
		r = steps[i].run(b, err);
		log_info("step %s %.3fs at %.3fs", steps[i].name,
			 seconds(CLOCK_BOOTTIME) - before, seconds(CLOCK_BOOTTIME));
		if (r < 0)
			return r;
	}
	return 0;
}

static void boot_done(struct boot *b)
{
	load_free(b->load);
	trusted_closure_done(&b->trusted);
	closure_done(&b->closure);
	system_info_done(&b->info);
	volume_free(b->volume);
	secret_free(b->proof);
	secret_free(b->tpm_pin);
	strv_free(b->refused_keys);
	modules_free(b->modules);
	settings_done(&b->settings);
	close_fdp(&b->store);
	close_fdp(&b->state);
}

int boot_run(struct outcome *outcome, struct consoles *consoles)
{
	_cleanup_(boot_done) struct boot b = {.outcome = outcome,
					      .consoles = consoles,
					      .slot = -1,
					      .store = -EBADF,
					      .state = -EBADF};
	struct error err = {0};
	int r = run_steps(&b, &err);

	if (r == 0) {
		outcome->ready = true;
		return 0;
	}
	snprintf(outcome->reason, sizeof(outcome->reason), "%s", err.message);
	(void)boot_leave(outcome, consoles);
	return r;
}
