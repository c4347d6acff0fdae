/* SPDX-License-Identifier: MIT */
/* The flow and its table of steps. */
#pragma once

#include "owner/quality.h"
#include "welcome/flow.h"

enum flow_step {
	STEP_HELLO,
	STEP_LANGUAGE,
	STEP_KEYBOARD,
	STEP_REGION,
	STEP_CITY,
	STEP_NETWORK,
	STEP_REAL_NAME,
	STEP_NAME,
	STEP_PASSWORD,
	STEP_WEAK,
	STEP_REPEAT,
	STEP_ADMINISTRATOR,
	STEP_RECOVERY,
	STEP_TYPE_BACK,
	STEP_REVIEW,
	STEP_END,
};

struct flow {
	const struct flow_facts *facts;
	struct flow_answers answers;
	size_t step;
	enum flow_step target;
	bool jumps, stays;
	bool given[STEP_END]; /* answered beforehand */
	/* By hand or beforehand: guesses leave them alone. */
	bool chose_keymap, chose_zone;
	bool network;
	bool weak; /* the password is one that few would recommend */
	char quality[QUALITY_WORDS_MAX]; /* words about it */
	char *region;			 /* "Europe" */
	char *error;
};

struct flow_step_table {
	const char *title;
	/* Fills all but title and back. */
	void (*show)(const struct flow *f, struct screen *s);
	/* Goes on to the next wanted step, unless it sets an error or jumps. */
	enum flow_next (*take)(struct flow *f, const struct answer *a);
	bool (*wanted)(const struct flow *f); /* NULL: always */
};

/* For take(): where to go instead of the next step. */
void flow_go_to(struct flow *f, enum flow_step step);
/* For take(): asks again, with these words (owned from then on). */
void flow_set_error(struct flow *f, char *words);

/* Presets the keyboard by the language, and the time zone by both, unless somebody has
 * chosen them. */
void flow_guess_keymap(struct flow *f);
void flow_guess_zone(struct flow *f);

/* flow-place.c: language, keyboard, time, network. */
extern const struct flow_step_table flow_hello, flow_language, flow_keyboard, flow_region,
	flow_city, flow_network;
/* flow-person.c */
extern const struct flow_step_table flow_real_name, flow_name, flow_password, flow_weak,
	flow_repeat, flow_administrator, flow_recovery, flow_type_back, flow_review;
