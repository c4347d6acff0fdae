/* SPDX-License-Identifier: MIT */
/* What is kept of the boot for `atomos status`: /run/atomos/boot.json and failures, and
 * why a start failed in the firmware. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/variant.h"
#include "init/boot.h"
#include "init/failure.h"
#include "init/find.h"
#include "init/owner-keys.h"
#include "init/status.h"

/* For units: what a medium comes with isn't for an installed disk. */
#define INSTALLED_MARK RUN_DIR "/installed"
#define OWNED_MARK RUN_DIR "/owned"
/* The questions come before any log-in: who sees this wasn't asked. */
#define ISSUE "/run/issue.d/atomos.issue"
#define NOT_ASKED                                                                        \
	"This machine has no owner yet: its questions weren't answered here.\n"          \
	"Restart it to be asked again, or install it once more from the medium.\n\n"
#define SECTOR 512

/* Bytes read from the disk that holds the partition since the start; 0 when unknown. */
static uint64_t bytes_read(const char *partition)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/block/%s/../stat", partition);
	_cleanup_free_ char *text = NULL;
	unsigned long long sectors = 0;

	if (read_file_at(AT_FDCWD, path, 4096, &text, NULL) < 0 ||
	    sscanf(text, "%*u %*u %llu", &sectors) != 1)
		return 0;
	return sectors * SECTOR;
}

#define FAILURES RUN_DIR "/failures"
#define EFIVARS_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* False without UEFI, or with one that takes no variables from a system. */
static bool efivars_writable(void)
{
	/* A start that was about to be handed over has it unmounted. */
	return mount(NULL, EFIVARS, NULL, MS_REMOUNT | EFIVARS_FLAGS, NULL) == 0 ||
	       mount("efivarfs", EFIVARS, "efivarfs", EFIVARS_FLAGS, NULL) == 0;
}

static void efivars_protect(void)
{
	(void)mount(NULL, EFIVARS, NULL, MS_REMOUNT | MS_RDONLY | EFIVARS_FLAGS, NULL);
}

/* What a start before this power-on has left. A medium leaves machines as they are, and a
 * later failure outweighs it; NULL then. */
static char *earlier_failure(const struct boot *b)
{
	_cleanup_free_ char *text = NULL;

	if (b->partition.medium || !efivars_writable())
		return NULL;
	text = failure_take(EFIVARS);
	efivars_protect();
	if (!text || access(FAILURES, F_OK) == 0)
		return NULL;
	log_warning("an earlier start failed, as the firmware has kept it: %s", text);
	return TAKE_PTR(text);
}

static const char *tpm_word(enum tpm_state state)
{
	switch (state) {
	case TPM_LEFT:
		return "present";
	case TPM_ABSENT:
		return "absent";
	default:
		return "failed";
	}
}

static const char *secure_boot_word(void)
{
	int secure = secure_boot_state();

	return secure == 1 ? "on" : secure == 0 ? "off" : "unknown";
}

/* NULL: nobody. */
static const char *rememberer_word(enum rememberer r)
{
	switch (r) {
	case REMEMBERED_BY_TPM:
		return "tpm";
	case REMEMBERED_BY_HEADER:
		return "header";
	case REMEMBERED_BY_NOBODY:
		break;
	}
	return NULL;
}

/* How the volume was opened, and whose it is. */
static int build_volume(const struct boot *b, sd_json_variant **ret)
{
	const char *opened_by = opener_word(b->opener);
	const char *pin = b->told ? "good" : protection_pin_word(&b->protection);
	const char *says = b->owned ? protection_words(&b->protection) : NULL;

	return sd_json_buildo(
		ret, SD_JSON_BUILD_PAIR_BOOLEAN("installed", !b->partition.medium),
		SD_JSON_BUILD_PAIR_BOOLEAN("owned", b->owned),
		SD_JSON_BUILD_PAIR_CONDITION(!!opened_by, "openedBy",
					     SD_JSON_BUILD_STRING(opened_by)),
		SD_JSON_BUILD_PAIR_CONDITION(b->slot >= 0, "slot",
					     SD_JSON_BUILD_INTEGER(b->slot)),
		SD_JSON_BUILD_PAIR_STRING("disk", b->partition.disk),
		SD_JSON_BUILD_PAIR_CONDITION(!b->partition.medium, "pin",
					     SD_JSON_BUILD_STRING(pin)),
		SD_JSON_BUILD_PAIR_CONDITION(!!says, "tpmSays",
					     SD_JSON_BUILD_STRING(says)),
		SD_JSON_BUILD_PAIR_BOOLEAN("enrolled", b->enrolled),
		SD_JSON_BUILD_PAIR_BOOLEAN("homeMounted", b->home_mounted));
}

/* What the machine remembers, and whose systems this one may start beside the vendor's.
 */
static int build_trust(const struct boot *b, sd_json_variant **ret)
{
	_cleanup_variant_ sd_json_variant *keys = NULL;
	const char *by = rememberer_word(b->remembered);
	int r = owner_keys_list(&b->pinned, &b->settings.keys, &keys);

	return r < 0 ? r
		     : sd_json_buildo(
			       ret,
			       SD_JSON_BUILD_PAIR_CONDITION(!!by, "remembered",
							    SD_JSON_BUILD_STRING(by)),
			       SD_JSON_BUILD_PAIR_CONDITION(
				       !!by, "recorded",
				       SD_JSON_BUILD_BOOLEAN(b->recorded)),
			       SD_JSON_BUILD_PAIR_CONDITION(
				       !!by, "lowestRelease",
				       SD_JSON_BUILD_UNSIGNED(b->pinned.lowest_release)),
			       SD_JSON_BUILD_PAIR_VARIANT("ownerKeys", keys),
			       SD_JSON_BUILD_PAIR_STRV("refusedKeys", b->refused_keys));
}

/* `failure`: of an earlier start; NULL when none is known. */
static int build_boot(struct boot *b, uint64_t read, const char *failure,
		      sd_json_variant **ret)
{
	return sd_json_buildo(
		ret, SD_JSON_BUILD_PAIR_UNSIGNED("version", 1),
		SD_JSON_BUILD_PAIR_STRING("product", b->info.product),
		SD_JSON_BUILD_PAIR_UNSIGNED("release", b->info.release),
		SD_JSON_BUILD_PAIR_STRING("system", b->system),
		SD_JSON_BUILD_PAIR_UNSIGNED("generation", b->generation),
		SD_JSON_BUILD_PAIR_STRING("key", b->loaded.key),
		SD_JSON_BUILD_PAIR_UNSIGNED("paths", b->loaded.paths),
		SD_JSON_BUILD_PAIR_UNSIGNED("bytes", b->loaded.bytes),
		SD_JSON_BUILD_PAIR_REAL("seconds", b->loaded.seconds),
		SD_JSON_BUILD_PAIR_UNSIGNED("bytesRead", read),
		SD_JSON_BUILD_PAIR_BOOLEAN("medium", b->partition.medium),
		SD_JSON_BUILD_PAIR_STRING("partition", b->partition.node),
		SD_JSON_BUILD_PAIR_BOOLEAN("publicPassword", b->outcome->public_only),
		SD_JSON_BUILD_PAIR_CONDITION(!!failure, "earlierFailure",
					     SD_JSON_BUILD_STRING(failure)),
		SD_JSON_BUILD_PAIR_STRING("tpm", tpm_word(b->outcome->tpm)),
		SD_JSON_BUILD_PAIR_STRING("secureBoot", secure_boot_word()));
}

static int note(const char *path, const char *text, mode_t mode, struct error *err)
{
	int r = make_parents_at(AT_FDCWD, path);

	if (r >= 0)
		r = write_file_at(AT_FDCWD, path, text, strlen(text), mode);
	return r < 0 ? fail(err, r, "%s can't be written: %s", path, strerror(-r)) : 0;
}

/* For the system that starts now, beside boot.json. */
static int note_owner(const struct boot *b, struct error *err)
{
	int r;

	if (b->partition.medium)
		return 0;
	r = note(INSTALLED_MARK, "", 0444, err);
	if (r < 0)
		return r;
	return b->owned ? note(OWNED_MARK, "", 0444, err)
			: note(ISSUE, NOT_ASKED, 0644, err);
}

int step_status(struct boot *b, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL, *volume = NULL, *trust = NULL;
	_cleanup_free_ char *text = NULL, *failure = earlier_failure(b);
	uint64_t read = bytes_read(b->partition.node);
	int r = build_boot(b, read, failure, &v);

	if (r >= 0)
		r = build_volume(b, &volume);
	if (r >= 0)
		r = sd_json_variant_merge_object(&v, volume);
	if (r >= 0)
		r = build_trust(b, &trust);
	if (r >= 0)
		r = sd_json_variant_merge_object(&v, trust);
	if (r >= 0)
		r = sd_json_variant_format(v, SD_JSON_FORMAT_NEWLINE, &text);
	if (r < 0)
		return fail(err, r, "%s can't be written: %s", RUN_DIR "/boot.json",
			    strerror(-r));
	r = note(RUN_DIR "/boot.json", text, 0644, err);
	if (r == 0)
		r = note_owner(b, err);
	if (r < 0)
		return r;
	/* The system mounts it itself, writable. */
	(void)umount2(EFIVARS, UMOUNT_NOFOLLOW);
	log_info("read %llu bytes of %s", (unsigned long long)read, b->partition.node);
	strcpy(b->outcome->init, b->info.init);
	return 0;
}

void status_add_failure(const struct outcome *outcome)
{
	_cleanup_close_ int fd = -EBADF;
	struct error err;

	log_warning("boot failed in step %s: %s", outcome->step, outcome->reason);
	/* The first steps make nothing there. */
	(void)make_parents_at(AT_FDCWD, FAILURES);
	fd = open(FAILURES, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd >= 0)
		dprintf(fd, "%s: %s\n", outcome->step, outcome->reason);
	if (!outcome->installed || !efivars_writable())
		return;
	if (failure_keep(EFIVARS, outcome->step, outcome->reason, &err) < 0)
		log_warning("%s", err.message);
	efivars_protect();
}
