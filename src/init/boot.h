/* SPDX-License-Identifier: MIT */
/* The boot as one list of steps in an exact order, and what they share. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "core/load.h"
#include "init/choose.h"
#include "init/console.h"
#include "init/modules.h"
#include "init/protection.h"
#include "init/settings.h"
#include "init/system-info.h"
#include "init/tpm.h"
#include "init/unlock.h"

#define ROOT_DIR "/sysroot"
#define RUN_DIR "/run/atomos"
#define NIX_DIR RUN_DIR "/nix"	   /* the mounted subvolume, until the root is there */
#define STATE_DIR RUN_DIR "/state" /* that of an owner's disk, also in the system */

/* What PID 1 knows of the worker: in shared memory, so that a crash doesn't lose it. */
struct outcome {
	enum tpm_state tpm;
	bool ready;	  /* the root stands, init names its first program */
	bool public_only; /* the open volume's password is public: no secret is open */
	bool installed;	  /* it was found, and isn't a medium's */
	char step[32];	  /* that was begun last */
	char reason[ERROR_MESSAGE_MAX];
	char init[PATH_MAX];
};

struct boot {
	struct outcome *outcome;
	struct consoles *consoles;
	struct settings settings;
	struct modules *modules;
	struct partition partition;
	struct volume *volume;
	bool open;
	/* The volume has an owner: no slot opens with the generic password. */
	bool owned;
	enum opener opener; /* what has opened it */
	int slot;
	struct secret *proof;	/* the password that opens it, until the TPM was told */
	struct secret *tpm_pin; /* that the TPM has opened it with, as long */
	unsigned wrong;		/* passwords so far */
	struct protection protection;
	bool enrolled;	  /* the TPM was told to open it in this start */
	bool told;	  /* and what it keeps of this disk */
	bool asked_again; /* should that fail, the next start is asked to do it */
	/* What the machine remembers of the disk, and who does. */
	struct pin pinned;
	enum rememberer remembered;
	bool recorded; /* this start wrote just that into the header, or read it there */
	char **refused_keys; /* names of those on the disk that nobody remembers */
	int state; /* the folder that mirrors the kept paths; negative: all in memory */
	bool home_mounted;
	uint64_t zram; /* bytes of compressed swap */
	/* The system that is started: what was signed, and its path read into memory. */
	char system[STORE_BASE_MAX + 1];
	unsigned generation; /* its number; 0: none */
	struct closure closure;
	struct trusted_closure trusted;
	int store;
	struct engine engine;
	struct load *load;
	struct system_info info;
	struct engine_result loaded;
};

/* What a system is weighed against before it is started; NULL: nothing is known, or the
 * disk has no owner. */
static inline const struct pin *owners_pin(const struct boot *b)
{
	return b->owned && b->remembered != REMEMBERED_BY_NOBODY ? &b->pinned : NULL;
}

/* One step; a failure is one sentence in `err`. */
typedef int (*step_run)(struct boot *b, struct error *err);

/* Runs all steps in a worker process: 0 when the root is ready. On failure the words are
 * in outcome->reason, and PCR 11 was left. */
int boot_run(struct outcome *outcome, struct consoles *consoles);

/* Brings PCR 11 to "leave-initrd" if it isn't there; negative when the TPM can't be taken
 * out of use (outcome->reason says so) and nothing may go on. */
int boot_leave(struct outcome *outcome, struct consoles *consoles);

/* Modules that no device asks for: for unlocking, mounting, swap. Ends with NULL. */
extern const char *const late_modules[];

/* firmware.c */
int step_settings(struct boot *b, struct error *err);
int step_modules(struct boot *b, struct error *err);
int step_firmware(struct boot *b, struct error *err);
int step_cmdline(struct boot *b, struct error *err);
int step_extra(struct boot *b, struct error *err);

/* volume.c */
int step_enter(struct boot *b, struct error *err);
int step_find(struct boot *b, struct error *err);
int step_header(struct boot *b, struct error *err);
int step_owner(struct boot *b, struct error *err);
int step_leave(struct boot *b, struct error *err);
int step_public_password(struct boot *b, struct error *err);
int step_password(struct boot *b, struct error *err);

/* The password of media, as a secret like any other; NULL when there is none. */
struct secret *generic_password(const struct boot *b);

/* Asks until the volume is open: opener, slot and proof are set. -ECANCELED (no words)
 * when `watch`, which may be NULL, became readable. */
int ask_password(struct boot *b, const int *watch, struct error *err);

/* Asks for a password or recovery key of the owner's disk, which is open already; it is
 * in *ret, the caller's. -EPERM (no words) when only Enter was pressed, -ETIME when
 * nothing was typed in time (0 seconds: for ever). */
int ask_proof(struct boot *b, const char *text, unsigned seconds, struct secret **ret,
	      struct error *err);

/* How people tell this disk from others: its model, or its name; borrowed. */
const char *disk_name(const struct boot *b);

/* 1 when "yes" was typed, 0 after anything else, -ETIME when nothing was typed in time (0
 * seconds: for ever). */
int ask_yes(struct boot *b, const char *text, unsigned seconds);

/* protect.c */
int step_tpm(struct boot *b, struct error *err);
int step_enrol(struct boot *b, struct error *err);

/* answers.c */
int step_answers(struct boot *b, struct error *err);

/* asked.c */
/* Opens the disk by TPM and PIN: three tries, or Enter for the password instead. */
void ask_tpm_pin(struct boot *b);

/* Opens the disk by a FIDO2 security key, after the TPM has left the start phase: what is
 * plugged in is talked to then. 1 when it is open, 0 when not (said); negative when the
 * TPM can't be taken out of use. */
int ask_security_key(struct boot *b, struct error *err);

/* A machine that starts alone isn't kept waiting for ever by what others may have
 * written. */
#define GRANT_SECONDS 60

/* A new PIN, typed twice; NULL when there shall be none, or nobody is there. */
struct secret *choose_tpm_pin(struct boot *b);

struct granting {
	bool answered; /* all were granted or refused */
	bool changed;  /* what was granted is in the pin */
	/* That the TPM opens the disk, or with a PIN, was granted, or couldn't be asked
	 * in this start. */
	bool tpm_waits;
};

/* What the running system has asked for: each is shown, and a password is asked for if
 * none was typed yet. */
struct granting grant_requests(struct boot *b, struct pin *pin);

/* Takes requests off the disk, once all that was granted is kept. */
void drop_requests(struct boot *b, enum dropping which);

/* trust.c */
int step_trust(struct boot *b, struct error *err);
int step_release(struct boot *b, struct error *err);

/* root.c */
int step_zram(struct boot *b, struct error *err);
int step_mount(struct boot *b, struct error *err);
/* Before a btrfs is mounted to be written to: core/btrfs-super.h. What was done to `what`
 * is said. */
void mend_superblock(struct boot *b, const char *device, const char *what);
int step_system(struct boot *b, struct error *err);
int step_memory(struct boot *b, struct error *err);
int step_copy(struct boot *b, struct error *err);

/* disk.c */
int step_disk(struct boot *b, struct error *err);
int step_home(struct boot *b, struct error *err);

/* state.c */
int step_store(struct boot *b, struct error *err);
int step_state(struct boot *b, struct error *err);
int step_identity(struct boot *b, struct error *err);
int step_status(struct boot *b, struct error *err);
