/* SPDX-License-Identifier: MIT */
/* The state: made anew on the disk, taken over from memory, mounted in its place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "welcome/choices.h"
#include "welcome/setup.h"

#define RUN(err, ...) process_do((const char *const[]){__VA_ARGS__, NULL}, err)

/* What isn't vital is only logged. */
static void try_to_run(const char *const *argv)
{
	struct error e;

	if (process_do(argv, &e) < 0)
		log_warning("%s", e.message);
}
#define TRY_TO_RUN(...) try_to_run((const char *const[]){__VA_ARGS__, NULL})

/* Nothing that lies in the state before it has an owner is ever used. */
static int clear(const char *name, mode_t mode, struct error *err)
{
	int r = remove_tree_at(AT_FDCWD, name);

	if (r < 0)
		return fail(err, r, "%s can't be cleared: %s", name, strerror(-r));
	if (mkdir(name, mode) < 0)
		return fail(err, -errno, "%s can't be made: %m", name);
	return 0;
}

/* Takes back what an earlier try of this boot bound over the paths in memory: else their
 * only copies would be cleared with the state. */
static void undo(const struct config *c)
{
	if (umount2(STATE_DIR, MNT_DETACH) < 0)
		return;
	TRY_TO_RUN("journalctl", "--relinquish-var");
	for (char **f = c->files; *f; f++)
		(void)umount2(*f, MNT_DETACH);
	for (char **d = c->directories; *d; d++)
		(void)umount2(*d, MNT_DETACH);
}

int setup_state(struct setup *s, struct error *err)
{
	int r;

	undo(s->config);
	if (mkdir(STATE_DIR, 0700) < 0 && errno != EEXIST)
		return fail(err, -errno, "%s can't be made: %m", STATE_DIR);
	if (mount(ROOT_DEVICE, STATE_DIR, "btrfs",
		  MS_NOSUID | MS_NODEV | MS_NOATIME | MS_NOEXEC, "subvol=state") < 0)
		return fail(err, -errno, "The state on the disk can't be mounted: %m");
	/* Nobody but root walks past our own files to what lies below. */
	if (chmod(STATE_DIR, 0700) < 0)
		return fail(err, -errno, "%s: %m", STATE_DIR);
	r = clear(STATE_ROOT, 0755, err);
	return r < 0 ? r : clear(STATE_OURS, 0700, err);
}

/* Copies one path with owner, mode and attributes, and binds the copy over it. */
static int adopt(const struct config *c, const char *path, bool directory,
		 struct error *err)
{
	_cleanup_free_ char *target = xasprintf(STATE_ROOT "%s", path);
	unsigned long flags = MS_NOSUID | MS_NODEV |
			      (strv_contains(c->executable, path) ? 0 : MS_NOEXEC);
	struct stat st;
	int r;

	if (lstat(path, &st) < 0 ||
	    (directory ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)))
		return 0;
	r = make_parents_at(AT_FDCWD, target);
	if (r < 0)
		return fail(err, r, "%s can't be made: %s", target, strerror(-r));
	r = RUN(err, "cp", "-a", "--one-file-system", "-T", path, target);
	if (r < 0)
		return wrap(err, "%s can't be kept", path);
	if (mount(target, path, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | flags, NULL) < 0)
		return fail(err, -errno, "%s can't be mounted: %m", path);
	return 0;
}

/* It lies in another kept directory and comes with that. */
static bool covered(const struct config *c, const char *path)
{
	for (char **d = c->directories; *d; d++) {
		const char *rest = startswith(path, *d);

		if (rest && *rest == '/')
			return true;
	}
	return false;
}

int setup_adopt(struct setup *s, struct error *err)
{
	int r = 0;

	/* Programs that hold files open there write into the copy from now on. */
	TRY_TO_RUN("journalctl", "--relinquish-var");
	for (char **d = s->config->directories; *d && r == 0; d++)
		r = covered(s->config, *d) ? 0 : adopt(s->config, *d, true, err);
	for (char **f = s->config->files; *f && r == 0; f++)
		r = covered(s->config, *f) ? 0 : adopt(s->config, *f, false, err);
	TRY_TO_RUN("journalctl", "--flush");
	TRY_TO_RUN("systemctl", "try-restart", "systemd-homed.service",
		   "atomos-passwords.path", "atomos-forget.path");
	return r;
}

int setup_choices(struct setup *s, struct error *err)
{
	const struct flow_answers *a = s->answers;
	const struct choices c = {a->language, a->keymap, a->zone};
	int r = choices_write(CHOICES_FILE, &c, err);

	if (r == 0)
		r = choices_apply("/", &c, err);
	return r == 0 ? header_set_keymap(s->header, a->keymap, err) : r;
}

/* The machine is its owner's already: nothing here undoes that. */
int setup_tell(struct setup *s _unused_, struct error *err _unused_)
{
	int r = write_file_at(AT_FDCWD, OWNED_MARK, "", 0, 0444);

	if (r < 0)
		log_warning("%s can't be written: %s", OWNED_MARK, strerror(-r));
	(void)unlink(NO_OWNER_ISSUE);
	/* It was not to look before: now there are slots and homes to note. */
	TRY_TO_RUN("systemctl", "start", "--no-block", "atomos-passwords.service");
	/* All that the first start wrote is nobody's change: the next boot makes it
	 * again. */
	(void)utimensat(AT_FDCWD, STARTED_MARK, NULL, 0);
	return 0;
}
