/* SPDX-License-Identifier: MIT */
/* An installation without a question: said, counted down, done; any key stops it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/decision.h"
#include "welcome/installer.h"
#include "welcome/lock.h"
#include "welcome/session.h"
#include "welcome/unattended.h"

/* What the leading console tells the others: what it is about to do, and that it came to
 * an end without an installed system. */
#define PLAN LOCK_DIR "/plan"
#define ENDED LOCK_DIR "/ended"
#define PLAN_MAX 4096
#define ANSWERS LOCK_DIR "/answers.json"
#define LEADER_GONE                                                                      \
	"The console that led the installation is gone, and with it the word of how it " \
	"ended: 'atomos install --list' shows what is on the disk."
#define SECONDS 10
#define TICK 200 /* milliseconds */

/* Single keys, unseen, until it is given back. */
struct keys {
	struct termios before;
	bool changed;
};

static void keys_take(struct keys *k)
{
	struct termios now;

	k->changed = tcgetattr(STDIN_FILENO, &k->before) == 0;
	now = k->before;
	/* Ctrl-C is a key as well, and Ctrl-S doesn't hold what is said. */
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	now.c_iflag &= ~(tcflag_t)IXON;
	if (k->changed)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
}

static void keys_give(struct keys *k)
{
	if (k->changed)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &k->before);
}

static void note(const char *file, const char *text)
{
	(void)write_file_at(AT_FDCWD, file, text, strlen(text), 0600);
}

/* Waits a moment; a key that is pressed meanwhile stops it, unless it has begun. */
static enum decision wait_for_key(void)
{
	struct pollfd p = {STDIN_FILENO, POLLIN, 0};
	enum decision d = decision_look(LOCK_DIR);
	char c;

	if (d != DECISION_NONE || poll(&p, 1, TICK) <= 0)
		return d;
	if (read(STDIN_FILENO, &c, 1) == 1)
		return decision_make(LOCK_DIR, DECISION_STOP);
	/* A terminal that is gone is always ready. */
	poll(NULL, 0, TICK);
	return DECISION_NONE;
}

static void say(struct session *s, const char *text)
{
	(*s->ui)->methods->progress(*s->ui, text, NULL, 0, 0);
}

static bool count_down(struct session *s, const struct target *t)
{
	_cleanup_free_ char *text =
		xasprintf("This medium installs %s by itself, on %s; there now: "
			  "%s.\n%s\nIt begins in "
			  "%d seconds. Press any key to stop it.",
			  s->config->system, t->label, t->content,
			  t->whole ? "Everything on that disk will be lost."
				   : "Only the free space is used.",
			  SECONDS);
	enum decision d = DECISION_NONE;

	say(s, text);
	note(PLAN, text);
	for (int i = 0; i < SECONDS * 1000 / TICK && d == DECISION_NONE; i++)
		d = wait_for_key();
	return d == DECISION_NONE &&
	       decision_make(LOCK_DIR, DECISION_BEGIN) == DECISION_BEGIN;
}

/* "vdb" of a path that leads to it, like those below /dev/disk; NULL: to none. */
static char *node_of(const char *path)
{
	_cleanup_free_ char *whole = path ? realpath(path, NULL) : NULL;
	const char *node = whole ? startswith(whole, "/dev/") : NULL;

	return node ? xstrdup(node) : NULL;
}

static int install(struct session *s, const struct target *t, struct error *err)
{
	const struct unattended *u = s->config->unattended;
	const struct installer_order o = {t, false, u->answers ? ANSWERS : NULL};
	_cleanup_free_ char *said = NULL;
	int r = 0;

	if (u->answers)
		r = write_file_at(AT_FDCWD, ANSWERS, u->answers, strlen(u->answers),
				  0600);
	if (r < 0)
		return fail(err, r, "%s can't be written: %s", ANSWERS, strerror(-r));
	r = installer_run(*s->ui, &o, &said, err);
	if (r == 0 && said)
		say(s, said);
	return r;
}

/* What the one console does that is the first. */
static int lead(struct session *s, bool *ret_inner, struct error *err)
{
	const struct unattended *u = s->config->unattended;
	_cleanup_targets_ struct targets targets = {0};
	_cleanup_free_ char *node = node_of(u->path);
	size_t chosen = 0;
	int r = installer_list(&targets, err);

	if (r == 0)
		r = unattended_choose(u, node, &targets, &chosen, err);
	if (r < 0)
		return r;
	if (!count_down(s, &targets.list[chosen]))
		return fail(err, -ECANCELED, "Stopped; nothing was changed");
	*ret_inner = targets.list[chosen].medium;
	return install(s, &targets.list[chosen], err);
}

/* Whoever leads holds the lock until all is said. */
static bool is_leaderless(struct session *s)
{
	_cleanup_close_ int lock = lock_take(LOCK_DIR, s->console, false, NULL);

	return lock >= 0 && !lock_is_done(LOCK_DIR) && access(ENDED, F_OK) < 0;
}

/* As long as the leading console can still be stopped. One that died doesn't begin. */
static enum decision follow_plan(struct session *s)
{
	_cleanup_free_ char *plan = NULL;
	enum decision d;

	while ((d = wait_for_key()) == DECISION_NONE) {
		if (!plan && read_file_at(AT_FDCWD, PLAN, PLAN_MAX, &plan, NULL) == 0)
			say(s, plan);
		if (is_leaderless(s))
			d = decision_make(LOCK_DIR, DECISION_STOP);
	}
	return d;
}

/* Until the leading console has come to an end, which ends this process, or to none. */
static void follow(struct session *s, const char *leader)
{
	_cleanup_free_ char *text =
		xasprintf("Installing; %s shows how far it is", leader);

	if (follow_plan(s) == DECISION_STOP) {
		say(s, "Nothing is installed.");
		return;
	}
	say(s, text);
	while (!lock_is_done(LOCK_DIR) && access(ENDED, F_OK) < 0) {
		if (is_leaderless(s)) {
			say(s, LEADER_GONE);
			return;
		}
		poll(NULL, 0, TICK);
	}
}

static void go(struct session *s, bool inner)
{
	bool again = s->config->unattended->restart;

	/* There is nothing to take out of an inner disk. */
	say(s, inner   ? again ? "Installed. The machine restarts now."
			       : "Installed. The machine goes off now."
	       : again ? "Installed. The machine restarts now: take the medium out."
		       : "Installed. The machine goes off now: take the medium out "
			 "before it is started again.");
	lock_done(LOCK_DIR, s->console);
	session_end(s, again);
}

bool session_unattended(struct session *s)
{
	_cleanup_free_ char *holder = NULL, *text = NULL;
	_cleanup_close_ int lock = -EBADF;
	/* To the end: no key ends this process while the disk is written. */
	_cleanup_(keys_give) struct keys keys = {0};
	bool inner = false;
	struct error e;
	int r;

	if (decision_look(LOCK_DIR) == DECISION_STOP || access(ENDED, F_OK) == 0)
		return false;
	session_use_lines(s);
	keys_take(&keys);
	lock = lock_take(LOCK_DIR, s->console, false, &holder);
	if (lock < 0) {
		follow(s, holder ? holder : "another console");
		return lock_is_done(LOCK_DIR);
	}
	if (decision_look(LOCK_DIR) == DECISION_BEGIN) {
		/* Whoever comes now doesn't begin a second time. */
		if (!lock_is_done(LOCK_DIR))
			say(s, LEADER_GONE);
		return lock_is_done(LOCK_DIR);
	}
	r = lead(s, &inner, &e);
	if (r == 0) {
		go(s, inner);
		return true;
	}
	text = xasprintf("%s.", e.message);
	say(s, text);
	(void)decision_make(LOCK_DIR, DECISION_STOP);
	note(ENDED, "");
	return false;
}
