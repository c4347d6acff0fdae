/* SPDX-License-Identifier: MIT */
/* Questions that are answered beforehand, as a whole or in part. */
#include <string.h>

#include "world.h"

static struct answers given(const char *json)
{
	struct answers a;
	struct error err;

	assert_ok(answers_parse(json, &a, &err), &err);
	return a;
}

#define KEY "cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-hhhhhhhh-iiiiiiii"
#define SECRETS "\"password\":\"correct horse\",\"recoveryKey\":\"" KEY "\""

/* With the secrets nobody is asked: the rest is as it would be preset. */
static void test_given_whole(void **state)
{
	struct world *w = *state;
	_cleanup_answers_ struct answers a = given(
		"{\"name\":\"ada\",\"keymap\":\"de-latin1-nodeadkeys\"," SECRETS "}");
	const struct flow_answers *f = flow_answers(w->flow);

	w->facts.network_tool = true;
	flow_set_network(w->flow, false);
	assert_false(flow_complete(w->flow));
	flow_preset(w->flow, &a);
	assert_true(flow_complete(w->flow));
	assert_string_equal(f->name, "ada");
	assert_string_equal(f->zone, "Europe/Berlin");
	assert_string_equal(f->language, "C.UTF-8");
	assert_string_equal(f->password->data, "correct horse");
	assert_true(f->administrator);
	/* When that fails, somebody is asked. */
	flow_forget_preset(w->flow);
	at(w, "Welcome", NULL);
	assert_false(flow_complete(w->flow));
}

/* Only what is missing is asked, and shown before it is done. */
static void test_given_in_part(void **state)
{
	struct world *w = *state;
	_cleanup_answers_ struct answers a = given(
		"{\"name\":\"ada\",\"realName\":\"\",\"language\":\"de_DE.UTF-8\","
		"\"keymap\":\"us\",\"zone\":\"Europe/London\",\"administrator\":false}");

	flow_preset(w->flow, &a);
	assert_false(flow_complete(w->flow));
	at(w, "Welcome", NULL);
	choose(w, 0);
	at(w, "Password", NULL);
	type(w, "correct horse");
	type(w, "correct horse");
	at(w, "Recovery key", NULL);
	choose(w, 0);
	type(w, GROUP);
	at(w, "Ready", NULL);
	back(w);
	at(w, "Recovery key", NULL);
	type(w, GROUP);
	assert_int_equal(choose(w, 0), FLOW_APPLY);
	assert_string_equal(flow_answers(w->flow)->zone, "Europe/London");
	assert_false(flow_answers(w->flow)->administrator);
	/* When that fails, nothing is typed again, and all can be changed. */
	flow_forget_preset(w->flow);
	at(w, "Ready", NULL);
	assert_int_equal(choose(w, 0), FLOW_APPLY);
	assert_string_equal(flow_answers(w->flow)->keymap, "us");
	assert_string_equal(flow_answers(w->flow)->password->data, "correct horse");
	choose(w, 1);
	choose(w, 0);
	at(w, "Language", NULL);
}

/* What this system doesn't have is asked as if nothing had been said. */
static void test_given_elsewhere(void **state)
{
	struct world *w = *state;
	_cleanup_answers_ struct answers
		a = given("{\"language\":\"fr_FR.UTF-8\",\"keymap\":\"fr\","
			  "\"zone\":\"Mars/Olympus\"}"),
		taken = given("{\"name\":\"bob\"," SECRETS "}");

	flow_preset(w->flow, &a);
	choose(w, 0);
	at(w, "Language", NULL);
	choose(w, 0);
	at(w, "Keyboard", NULL);
	choose(w, 0);
	at(w, "Time zone", NULL);
	flow_forget_preset(w->flow);
	flow_preset(w->flow, &taken);
	assert_false(flow_complete(w->flow));
	at(w, "Your account", NULL);
	type(w, "ada");
	at(w, "Ready", NULL);
	assert_int_equal(choose(w, 0), FLOW_APPLY);
}

/* Answers with it bring none: the rest stands. */
static void test_given_public(void **state)
{
	struct world *w = *state;
	_cleanup_answers_ struct answers a =
		given("{\"name\":\"ada\",\"realName\":\"\",\"zone\":\"UTC\","
		      "\"keymap\":\"us\",\"language\":\"C.UTF-8\",\"administrator\":true,"
		      "\"password\":\"atomos live\",\"recoveryKey\":\"" KEY "\"}");

	flow_preset(w->flow, &a);
	assert_false(flow_complete(w->flow));
	choose(w, 0);
	at(w, "Password", NULL);
	type(w, "correct horse");
	type(w, "correct horse");
	at(w, "Ready", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_given_whole),
		CASE(test_given_in_part),
		CASE(test_given_elsewhere),
		CASE(test_given_public),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
