/* SPDX-License-Identifier: MIT */
/* The medium's menu on a front end. */
#include "base/alloc.h"
#include "base/process.h"
#include "base/sysfs.h"
#include "welcome/installer.h"
#include "welcome/lock.h"
#include "welcome/machine.h"
#include "welcome/medium.h"
#include "welcome/session.h"

/* DHCP on a cable, which needs nobody. */
#define CABLE_SECONDS 10

static void list(struct session *s, struct medium *m)
{
	struct error e;

	(*s->ui)->methods->progress(*s->ui, "Looking at the disks", NULL, 0, 0);
	targets_done(&m->targets);
	if (installer_list(&m->targets, &e) < 0)
		medium_failed(m, e.message);
}

static void install(struct session *s, struct medium *m)
{
	_cleanup_free_ char *note = NULL;
	const struct installer_order o = {&m->targets.list[m->chosen], m->take_tpm, NULL};
	struct error e;

	if (installer_run(*s->ui, &o, &note, &e) < 0)
		medium_failed(m, e.message);
	else
		medium_installed(m, note);
}

/* Without a radio there is nothing to choose: a cable connects by itself. */
static bool lacks_network(void)
{
	return !machine_network() && machine_wireless() && process_available("nmtui");
}

static enum medium_next reach(struct session *s, struct medium *m, bool connect)
{
	if (connect) {
		session_connect(s);
	} else if (lacks_network()) {
		(*s->ui)->methods->progress(*s->ui, "Looking for a network", NULL, 0, 0);
		machine_wait_for_network(CABLE_SECONDS);
	}
	return medium_network(m, lacks_network());
}

/* Until somebody wants to try the system, or the machine goes. */
static int ask_all(struct session *s, struct medium *m, struct error *err)
{
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};

	for (;;) {
		_cleanup_screen_ struct screen screen = {0};
		enum medium_next next;
		int r;

		medium_show(m, &screen);
		r = session_ask(s, &screen, &a, err);
		if (r < 0)
			return r;
		next = medium_take(m, &a);
		if (next == MEDIUM_REACH || next == MEDIUM_CONNECT)
			next = reach(s, m, next == MEDIUM_CONNECT);
		switch (next) {
		case MEDIUM_TRY:
			return 0;
		case MEDIUM_LIST:
			list(s, m);
			break;
		case MEDIUM_INSTALL:
			install(s, m);
			break;
		case MEDIUM_OFF:
			session_end(s, false);
			return 0;
		case MEDIUM_RESTART:
			session_end(s, true);
			return 0;
		default:
			break;
		}
	}
}

int session_medium(struct session *s, struct error *err)
{
	_cleanup_medium_ struct medium m = {.system = s->config->system};

	lock_register(LOCK_DIR, s->console);
	if (s->config->unattended && (session_unattended(s) || !s->config->menu))
		return 0;
	/* Only there the menu says more, and looking takes its time, on each console. */
	if (s->boot->disk[0] && sysfs_is_inner(s->boot->disk))
		list(s, &m);
	m.step = MEDIUM_MENU;
	return ask_all(s, &m, err);
}

int session_install(struct session *s, struct error *err)
{
	_cleanup_medium_ struct medium m = {.system = s->config->system,
					    .running = true,
					    .installed = s->boot->installed,
					    .step = MEDIUM_WHERE};

	list(s, &m);
	return ask_all(s, &m, err);
}
