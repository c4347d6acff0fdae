/* SPDX-License-Identifier: MIT */
/* Try it, or install it: where, and really there? */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "welcome/medium.h"

void medium_done(struct medium *m)
{
	targets_done(&m->targets);
	free(TAKE_PTR(m->note));
	free(TAKE_PTR(m->error));
}

static void set_error(struct medium *m, char *words)
{
	free(m->error);
	m->error = words;
}

static void show_menu(const struct medium *m, struct screen *s)
{
	s->title = xstrdup(m->system);
	s->text =
		xstrdup("Trying changes nothing on this machine, and nothing that you do "
			"is kept. To install later, run 'sudo atomos install'.");
	screen_add(s, "Try it", "log in to the system on this medium");
	screen_add(s, "Install", "put it on a disk of this machine");
	if (!targets_behind(&m->targets))
		return;
	s->preset = s->count;
	screen_add(
		s, "Install here",
		"this image lies on an inner disk: the system gets the space behind it");
}

static void show_network(const struct medium *m _unused_, struct screen *s)
{
	s->title = xstrdup("Network");
	s->text =
		xstrdup("This machine has no connection to a network. One can be made at "
			"any time (nmtui); like all else it isn't kept.");
	s->back = true;
	screen_add(s, "Go on without", NULL);
	screen_add(s, "Make a connection", "Wi-Fi, wired, mobile");
}

static void show_where(const struct medium *m, struct screen *s)
{
	s->title = xstrdup("Where to install");
	s->text =
		xstrdup("On a whole disk everything that it holds is lost; in free space "
			"what is beside it stays.");
	s->back = true;
	for (size_t i = 0; i < m->targets.count; i++) {
		const struct target *t = &m->targets.list[i];
		_cleanup_free_ char *beside = xasprintf("beside %s", t->content);

		if (t->refusal)
			screen_add_off(s, t->label, t->refusal);
		else
			screen_add(s, t->label, t->whole ? t->content : beside);
	}
	screen_add(s, "Look again", "after a disk was plugged in");
	while (s->preset + 1 < s->count && s->items[s->preset].off)
		s->preset++;
}

static void show_confirm(const struct medium *m, struct screen *s)
{
	const struct target *t = &m->targets.list[m->chosen];

	s->kind = SCREEN_TEXT;
	s->title = xstrdup("Really there?");
	s->back = true;
	s->text = xasprintf(
		"%s\nNow: %s.\n\n%s%s%s%s", t->label, t->content,
		t->warning ? t->warning : "", t->warning ? "\n\n" : "",
		t->known ? "The TPM of this machine opens it by itself, and will forget "
			   "it.\n\n"
			 : "",
		t->whole ? "Everything on this disk will be lost. To go on, type "
			   "its name."
		: t->medium
			? "Only the space behind this image is used; the image stays in "
			  "front of it, and is what starts when the system's partition "
			  "is gone. To go on, type the disk's name."
			: "Only its free space is used. To go on, type the "
			  "disk's name.");
	s->prompt = xasprintf("Name of the disk (%s)", t->disk);
}

static void show_tpm(const struct medium *m _unused_, struct screen *s)
{
	s->title = xstrdup("Which disk starts by itself?");
	s->back = true;
	s->text =
		xstrdup("The TPM of this machine opens another system by itself, and can "
			"do so for one only. The one that it doesn't open asks for its "
			"password at each start.");
	screen_add(s, "The other system, as now", NULL);
	screen_add(s, "The new system", "with Secure Boot on");
}

static void show_installed(const struct medium *m, struct screen *s)
{
	bool inner = m->targets.count > m->chosen && m->targets.list[m->chosen].medium;

	s->title = xstrdup("Installed");
	s->text = xasprintf(
		"%s %s%s%s%s", m->system,
		inner ? "has the space behind this image now; the first start asks what "
			"makes it yours."
		: m->installed
			? "is on the disk. The first start from there asks what makes it "
			  "yours."
			: "is on the disk. Switch the machine off, take the medium out "
			  "and start it again: the first start asks what makes it "
			  "yours.",
		m->note ? "\n\n" : "", m->note ? m->note : "", m->note ? "." : "");
	screen_add(s, "Switch off", NULL);
	screen_add(s, "Restart now",
		   inner || m->installed
			   ? NULL
			   : "pull the medium out before the machine starts again");
	screen_add(s, m->installed ? "Go on with this system" : "Go on trying", NULL);
	s->preset = inner ? 1 : m->installed ? 2 : 0;
}

void medium_show(const struct medium *m, struct screen *ret)
{
	static void (*const shows[])(const struct medium *, struct screen *) = {
		show_menu,    show_network, show_where,
		show_confirm, show_tpm,	    show_installed};

	*ret = (struct screen){.kind = SCREEN_MENU};
	shows[m->step](m, ret);
	if (m->error)
		ret->error = xstrdup(m->error);
}

static enum medium_next take_where(struct medium *m, size_t choice)
{
	if (choice >= m->targets.count)
		return MEDIUM_LIST;
	m->chosen = choice;
	m->step = MEDIUM_CONFIRM;
	return MEDIUM_ON;
}

static enum medium_next take_confirm(struct medium *m, const char *typed)
{
	m->take_tpm = false;
	if (streq(typed, m->targets.list[m->chosen].disk)) {
		if (!m->targets.list[m->chosen].other)
			return MEDIUM_INSTALL;
		m->step = MEDIUM_TPM;
		return MEDIUM_ON;
	}
	set_error(m, xasprintf("'%s' isn't its name; nothing was changed.", typed));
	return MEDIUM_ON;
}

static enum medium_next take_installed(struct medium *m, size_t choice)
{
	if (choice < 2)
		return choice == 0 ? MEDIUM_OFF : MEDIUM_RESTART;
	return m->running ? MEDIUM_TRY : MEDIUM_REACH;
}

enum medium_next medium_take(struct medium *m, const struct answer *a)
{
	set_error(m, NULL);
	if (a->back && m->step == MEDIUM_WHERE && m->running)
		return MEDIUM_TRY;
	if (a->back) {
		m->step = m->step == MEDIUM_NETWORK   ? m->before
			  : m->step == MEDIUM_TPM     ? MEDIUM_CONFIRM
			  : m->step == MEDIUM_CONFIRM ? MEDIUM_WHERE
						      : MEDIUM_MENU;
		return MEDIUM_ON;
	}
	switch (m->step) {
	case MEDIUM_MENU:
		if (a->choice == 0)
			return MEDIUM_REACH;
		if (a->choice == 2) {
			m->chosen =
				(size_t)(targets_behind(&m->targets) - m->targets.list);
			m->step = MEDIUM_CONFIRM;
			return MEDIUM_ON;
		}
		m->step = MEDIUM_WHERE;
		return MEDIUM_LIST;
	case MEDIUM_NETWORK:
		return a->choice == 0 ? MEDIUM_TRY : MEDIUM_CONNECT;
	case MEDIUM_WHERE:
		return take_where(m, a->choice);
	case MEDIUM_CONFIRM:
		return take_confirm(m, a->text->data);
	case MEDIUM_TPM:
		m->take_tpm = a->choice == 1;
		return MEDIUM_INSTALL;
	default:
		return take_installed(m, a->choice);
	}
}

void medium_installed(struct medium *m, const char *note)
{
	free(m->note);
	m->note = note ? xstrdup(note) : NULL;
	m->step = MEDIUM_INSTALLED;
}

void medium_failed(struct medium *m, const char *words)
{
	m->step = MEDIUM_WHERE;
	set_error(m, xasprintf("%s.", words));
}

enum medium_next medium_network(struct medium *m, bool lacking)
{
	if (!lacking)
		return MEDIUM_TRY;
	if (m->step != MEDIUM_NETWORK)
		m->before = m->step;
	m->step = MEDIUM_NETWORK;
	return MEDIUM_ON;
}
