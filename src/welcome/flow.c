/* SPDX-License-Identifier: MIT */
/* The order of the questions, and going back. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "welcome/flow-internal.h"

static const struct flow_step_table *const steps[STEP_END] = {
	[STEP_HELLO] = &flow_hello,	    [STEP_LANGUAGE] = &flow_language,
	[STEP_KEYBOARD] = &flow_keyboard,   [STEP_REGION] = &flow_region,
	[STEP_CITY] = &flow_city,	    [STEP_NETWORK] = &flow_network,
	[STEP_REAL_NAME] = &flow_real_name, [STEP_NAME] = &flow_name,
	[STEP_PASSWORD] = &flow_password,   [STEP_WEAK] = &flow_weak,
	[STEP_REPEAT] = &flow_repeat,	    [STEP_ADMINISTRATOR] = &flow_administrator,
	[STEP_RECOVERY] = &flow_recovery,   [STEP_TYPE_BACK] = &flow_type_back,
	[STEP_REVIEW] = &flow_review,
};

struct flow *flow_new(const struct flow_facts *facts)
{
	struct flow *f = xcalloc(1, sizeof(*f));

	f->facts = facts;
	f->network = facts->network;
	f->answers.administrator = true;
	f->answers.password = secret_new();
	f->answers.language = xstrdup(facts->languages[0] ? facts->languages[0] : "C");
	f->answers.keymap = xstrdup(facts->keymap);
	f->answers.zone =
		xstrdup(zones_guess(facts->zones, f->answers.language, facts->keymap));
	f->answers.real_name = xstrdup("");
	f->answers.name = xstrdup("");
	return f;
}

void flow_free(struct flow *f)
{
	if (!f)
		return;
	free(f->answers.language);
	free(f->answers.keymap);
	free(f->answers.zone);
	free(f->answers.real_name);
	free(f->answers.name);
	secret_free(f->answers.password);
	free(f->region);
	free(f->error);
	free(f);
}

static bool wanted(const struct flow *f, size_t step)
{
	return !f->given[step] && (!steps[step]->wanted || steps[step]->wanted(f));
}

/* Where it goes on from `step`: the first wanted one. */
static size_t next_wanted(const struct flow *f, size_t step)
{
	while (step < STEP_END && !wanted(f, step))
		step++;
	return step;
}

static void replace(char **where, const char *text)
{
	free(*where);
	*where = xstrdup(text);
}

static void give(struct flow *f, enum flow_step step, char **where, const char *text)
{
	replace(where, text);
	f->given[step] = true;
}

static void preset_place(struct flow *f, const struct answers *a)
{
	if (a->language && strv_contains(f->facts->languages, a->language))
		give(f, STEP_LANGUAGE, &f->answers.language, a->language);
	if (a->keymap && strv_contains(f->facts->keymaps, a->keymap)) {
		give(f, STEP_KEYBOARD, &f->answers.keymap, a->keymap);
		f->chose_keymap = true;
	}
	/* The configuration's language says nothing of the person. */
	if (f->given[STEP_LANGUAGE])
		flow_guess_keymap(f);
	flow_guess_zone(f);
	for (size_t i = 0; a->zone && i < f->facts->zones->count; i++)
		if (streq(f->facts->zones->list[i].name, a->zone)) {
			give(f, STEP_REGION, &f->answers.zone, a->zone);
			f->given[STEP_CITY] = f->chose_zone = true;
		}
}

static bool brings_password(const struct flow *f, const struct answers *a)
{
	return a->password && !quality_is_public(a->password, f->facts->generic);
}

static void preset_person(struct flow *f, const struct answers *a)
{
	if (a->real_name)
		give(f, STEP_REAL_NAME, &f->answers.real_name, a->real_name);
	if (a->name &&
	    !(f->facts->accounts && strv_contains(f->facts->accounts, a->name)))
		give(f, STEP_NAME, &f->answers.name, a->name);
	if (a->has_administrator) {
		f->answers.administrator = a->administrator;
		f->given[STEP_ADMINISTRATOR] = true;
	}
	if (brings_password(f, a)) {
		f->answers.password->size = a->password->size;
		memcpy(f->answers.password->data, a->password->data,
		       a->password->size + 1);
		f->given[STEP_PASSWORD] = f->given[STEP_WEAK] = true;
		f->given[STEP_REPEAT] = true;
	}
	/* The key itself is among the facts. */
	if (a->recovery)
		f->given[STEP_RECOVERY] = f->given[STEP_TYPE_BACK] = true;
}

/* With the secrets nobody is meant to be asked: the rest is as it is preset. */
static void preset_rest(struct flow *f)
{
	bool name = f->given[STEP_NAME];

	for (size_t i = 0; i < STEP_END; i++)
		f->given[i] = true;
	f->given[STEP_NAME] = name;
	f->given[STEP_REVIEW] = name;
}

void flow_preset(struct flow *f, const struct answers *a)
{
	preset_place(f, a);
	preset_person(f, a);
	if (brings_password(f, a) && a->recovery)
		preset_rest(f);
	f->step = MIN(next_wanted(f, 0), (size_t)STEP_REVIEW);
}

bool flow_complete(const struct flow *f)
{
	return next_wanted(f, 0) == STEP_END;
}

void flow_forget_preset(struct flow *f)
{
	/* Who has answered something stays where it is changed and tried again. */
	if (flow_complete(f))
		f->step = 0;
	memset(f->given, 0, sizeof(f->given));
}

/* The wanted step before the present one, or the present one. */
static size_t previous(const struct flow *f)
{
	for (size_t i = f->step; i > 0; i--)
		if (wanted(f, i - 1))
			return i - 1;
	return f->step;
}

void flow_show(const struct flow *f, struct screen *ret)
{
	*ret = (struct screen){.title = xstrdup(steps[f->step]->title),
			       .back = previous(f) != f->step};
	steps[f->step]->show(f, ret);
	if (f->error)
		ret->error = xstrdup(f->error);
}

void flow_go_to(struct flow *f, enum flow_step step)
{
	f->target = step;
	f->jumps = true;
}

void flow_set_error(struct flow *f, char *words)
{
	free(f->error);
	f->error = words;
}

enum flow_next flow_take(struct flow *f, const struct answer *a)
{
	enum flow_next next = FLOW_ON;

	flow_set_error(f, NULL);
	if (a->back) {
		f->step = previous(f);
		return FLOW_ON;
	}
	f->jumps = f->stays = false;
	next = steps[f->step]->take(f, a);
	if (f->jumps) {
		f->step = f->target;
		return next;
	}
	/* What the answer was about is asked again. */
	if (f->error || f->stays)
		return next;
	f->step = next_wanted(f, f->step + 1);
	if (f->step == STEP_END) {
		f->step = STEP_REVIEW;
		return FLOW_APPLY;
	}
	return next;
}

void flow_set_network(struct flow *f, bool network)
{
	f->network = network;
}

void flow_tried_network(struct flow *f, bool network)
{
	f->network = network;
	if (network)
		f->step = MIN(next_wanted(f, f->step + 1), (size_t)STEP_REVIEW);
}

const struct flow_answers *flow_answers(const struct flow *f)
{
	return &f->answers;
}
