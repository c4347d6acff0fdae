/* SPDX-License-Identifier: MIT */
/* A machine's first start whose questions a test answers. */
#pragma once

#include "fixture.h"
#include "welcome/flow.h"

/* A part of the recovery key, which is to be typed back. */
#define GROUP "bbbbbbbb"
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

struct world {
	struct flow_facts facts;
	struct zones zones;
	struct secret *recovery, *typed, *generic;
	struct flow *flow;
};

int world_setup(void **state);
int world_teardown(void **state);

/* Answers the present question by a text, by the number of a choice, or by going back. */
enum flow_next type(struct world *w, const char *text);
enum flow_next choose(struct world *w, size_t choice);
void back(struct world *w);

/* The present screen's title, and what it says is wrong (NULL: nothing). */
void at(struct world *w, const char *title, const char *error);
