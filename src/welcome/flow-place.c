/* SPDX-License-Identifier: MIT */
/* Questions about where the machine stands: language, keyboard, time zone, network. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "owner/keyboards.h"
#include "welcome/flow-internal.h"

static void replace(char **where, const char *text)
{
	char *copy = xstrdup(text);

	free(*where);
	*where = copy;
}

void flow_guess_keymap(struct flow *f)
{
	const struct flow_facts *facts = f->facts;
	const char *guess;

	if (f->chose_keymap)
		return;
	guess = keyboards_guess(facts->keyboards, facts->keymaps, facts->keymap,
				f->answers.language);
	replace(&f->answers.keymap, guess ? guess : facts->keymap);
}

void flow_guess_zone(struct flow *f)
{
	if (!f->chose_zone)
		replace(&f->answers.zone,
			zones_guess(f->facts->zones, f->answers.language,
				    f->answers.keymap));
}

static void list(struct screen *s, char *const *names, const char *preset)
{
	s->kind = SCREEN_MENU;
	for (size_t i = 0; names[i]; i++) {
		if (streq(names[i], preset))
			s->preset = i;
		screen_add(s, names[i], NULL);
	}
}

static void show_hello(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_MENU;
	s->text = xasprintf(
		"This is the first start of %s on this machine. A few questions make "
		"it yours: until they are answered, everybody who has the disk can "
		"read it, and nothing you do is kept.\n\n"
		"Nothing is changed before the last question. If the power fails, the "
		"questions are simply asked again.",
		f->facts->system);
	screen_add(s, "Begin", NULL);
}

static enum flow_next take_nothing(struct flow *f _unused_,
				   const struct answer *a _unused_)
{
	return FLOW_ON;
}

const struct flow_step_table flow_hello = {
	.title = "Welcome",
	.show = show_hello,
	.take = take_nothing,
};

static void show_language(const struct flow *f, struct screen *s)
{
	s->text = xstrdup("The language of programs and the form of dates and numbers.");
	list(s, f->facts->languages, f->answers.language);
	for (size_t i = 0; f->facts->language_words && i < s->count; i++)
		s->items[i].detail = f->facts->language_words(s->items[i].label);
}

static enum flow_next take_language(struct flow *f, const struct answer *a)
{
	replace(&f->answers.language, f->facts->languages[a->choice]);
	flow_guess_keymap(f);
	flow_guess_zone(f);
	return FLOW_ON;
}

static bool want_language(const struct flow *f)
{
	return strv_length(f->facts->languages) > 1;
}

const struct flow_step_table flow_language = {
	.title = "Language",
	.show = show_language,
	.take = take_language,
	.wanted = want_language,
};

static void show_keyboard(const struct flow *f, struct screen *s)
{
	s->text = xstrdup("Which keyboard is this? Passwords are typed with it, also the "
			  "one that the disk asks for before the system starts.");
	list(s, f->facts->keymaps, f->answers.keymap);
}

static enum flow_next take_keyboard(struct flow *f, const struct answer *a)
{
	replace(&f->answers.keymap, f->facts->keymaps[a->choice]);
	f->chose_keymap = true;
	flow_guess_zone(f);
	return FLOW_KEYMAP;
}

static bool want_keyboard(const struct flow *f)
{
	return strv_length(f->facts->keymaps) > 1;
}

const struct flow_step_table flow_keyboard = {
	.title = "Keyboard",
	.show = show_keyboard,
	.take = take_keyboard,
	.wanted = want_keyboard,
};

/* "Europe" of "Europe/Berlin", "UTC" of itself. */
static char *region_of(const char *zone)
{
	return xstrndup(zone, strcspn(zone, "/"));
}

static char **regions(const struct flow *f)
{
	char **all = xcalloc(1, sizeof(char *));

	for (size_t i = 0; i < f->facts->zones->count; i++) {
		_cleanup_free_ char *region = region_of(f->facts->zones->list[i].name);

		if (!strv_contains(all, region))
			all = strv_add(all, region);
	}
	return all;
}

static void show_region(const struct flow *f, struct screen *s)
{
	_cleanup_strv_ char **all = regions(f);
	_cleanup_free_ char *now = region_of(f->answers.zone);

	s->text =
		xstrdup("Which part of the world gives the time? UTC is the time without "
			"zone and summer time.");
	list(s, all, now);
}

static enum flow_next take_region(struct flow *f, const struct answer *a)
{
	_cleanup_strv_ char **all = regions(f);

	replace(&f->region, all[a->choice]);
	if (streq(f->region, "UTC")) {
		replace(&f->answers.zone, "UTC");
		f->chose_zone = true;
	}
	return FLOW_ON;
}

static bool want_region(const struct flow *f)
{
	return f->facts->zones->count > 1;
}

const struct flow_step_table flow_region = {
	.title = "Time zone",
	.show = show_region,
	.take = take_region,
	.wanted = want_region,
};

static char **cities(const struct flow *f)
{
	char **all = xcalloc(1, sizeof(char *));

	for (size_t i = 0; i < f->facts->zones->count; i++) {
		const char *rest = startswith(f->facts->zones->list[i].name,
					      f->region ? f->region : "");

		if (rest && *rest == '/')
			all = strv_add(all, rest + 1);
	}
	return all;
}

static void show_city(const struct flow *f, struct screen *s)
{
	_cleanup_strv_ char **all = cities(f);
	const char *now = strchr(f->answers.zone, '/');

	s->text = xstrdup("Which place has the same time as you?");
	list(s, all, now ? now + 1 : "");
	/* "Isle_of_Man": a zone is a file's name. */
	for (size_t i = 0; i < s->count; i++)
		for (char *c = s->items[i].label; *c; c++)
			*c = *c == '_' ? ' ' : *c;
}

static enum flow_next take_city(struct flow *f, const struct answer *a)
{
	_cleanup_strv_ char **all = cities(f);
	_cleanup_free_ char *zone = xasprintf("%s/%s", f->region, all[a->choice]);

	replace(&f->answers.zone, zone);
	f->chose_zone = true;
	return FLOW_ON;
}

static bool want_city(const struct flow *f)
{
	return want_region(f) && f->region && !streq(f->region, "UTC");
}

const struct flow_step_table flow_city = {
	.title = "Time zone",
	.show = show_city,
	.take = take_city,
	.wanted = want_city,
};

static void show_network(const struct flow *f _unused_, struct screen *s)
{
	s->kind = SCREEN_MENU;
	s->text = xstrdup("This machine has no connection to a network. It isn't needed "
			  "for these questions and can be made at any time (nmtui).");
	screen_add(s, "Go on without", NULL);
	screen_add(s, "Make a connection", "Wi-Fi, wired, mobile");
}

static enum flow_next take_network(struct flow *f, const struct answer *a)
{
	if (a->choice == 0)
		return FLOW_ON;
	/* Until flow_tried_network says what came of it. */
	f->stays = true;
	return FLOW_NETWORK;
}

static bool want_network(const struct flow *f)
{
	return !f->network && f->facts->network_tool;
}

const struct flow_step_table flow_network = {
	.title = "Network",
	.show = show_network,
	.take = take_network,
	.wanted = want_network,
};
