/* SPDX-License-Identifier: MIT */
/* The order of the questions, going back, and what is refused, with scripted answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "world.h"
#include "base/alloc.h"
#include "base/str.h"
#include "owner/quality.h"
#include "welcome/qr.h"
#include "welcome/session.h"

static void to_name(struct world *w)
{
	choose(w, 0);
	choose(w, 1);
	assert_int_equal(choose(w, 1), FLOW_KEYMAP);
	choose(w, 0);
	choose(w, 0);
	type(w, "Ada Lovelace");
	type(w, "ada");
}

static void test_straight(void **state)
{
	struct world *w = *state;
	const struct flow_answers *a = flow_answers(w->flow);

	at(w, "Welcome", NULL);
	to_name(w);
	at(w, "Password", NULL);
	type(w, "correct horse");
	type(w, "correct horse");
	at(w, "Administrator", NULL);
	choose(w, 0);
	at(w, "Recovery key", NULL);
	choose(w, 0);
	type(w, GROUP);
	at(w, "Ready", NULL);
	assert_int_equal(choose(w, 0), FLOW_APPLY);
	assert_string_equal(a->language, "de_DE.UTF-8");
	assert_string_equal(a->keymap, "de-latin1-nodeadkeys");
	assert_string_equal(a->zone, "Europe/Berlin");
	assert_string_equal(a->real_name, "Ada Lovelace");
	assert_string_equal(a->name, "ada");
	assert_string_equal(a->password->data, "correct horse");
	assert_true(a->administrator);
}

/* The keyboard tells the place; the list begins there. */
static void test_zone_guess(void **state)
{
	struct world *w = *state;
	_cleanup_screen_ struct screen s;

	choose(w, 0);
	choose(w, 0);
	choose(w, 1);
	choose(w, 0);
	flow_show(w->flow, &s);
	assert_string_equal(s.items[s.preset].label, "Berlin");
}

static void at_preset(struct world *w, const char *title, const char *label)
{
	_cleanup_screen_ struct screen s;

	flow_show(w->flow, &s);
	assert_string_equal(s.title, title);
	assert_string_equal(s.items[s.preset].label, label);
}

/* The language tells the keyboard, until somebody has said which it is. */
static void test_keyboard_guess(void **state)
{
	struct world *w = *state;

	choose(w, 0);
	choose(w, 1);
	at_preset(w, "Keyboard", "de-latin1-nodeadkeys");
	back(w);
	choose(w, 0);
	at_preset(w, "Keyboard", "us");
	back(w);
	choose(w, 1);
	choose(w, 0);
	back(w);
	at_preset(w, "Keyboard", "us");
	back(w);
	choose(w, 1);
	at_preset(w, "Keyboard", "us");
	assert_string_equal(flow_answers(w->flow)->keymap, "us");
}

/* Nor is a place that was chosen taken back by another keyboard. */
static void test_zone_stays(void **state)
{
	struct world *w = *state;

	choose(w, 0);
	choose(w, 0);
	choose(w, 1);
	choose(w, 0);
	choose(w, 1);
	for (int i = 0; i < 3; i++)
		back(w);
	choose(w, 1);
	assert_string_equal(flow_answers(w->flow)->zone, "Europe/London");
}

static void test_utc(void **state)
{
	struct world *w = *state;

	choose(w, 0);
	choose(w, 0);
	choose(w, 1);
	choose(w, 1);
	at(w, "Your account", NULL);
	assert_string_equal(flow_answers(w->flow)->zone, "UTC");
}

static void test_names_refused(void **state)
{
	struct world *w = *state;

	to_name(w);
	back(w);
	type(w, "Ada");
	at(w, "Your account", "a to z");
	type(w, "root");
	at(w, "Your account", "itself");
	type(w, "bob");
	at(w, "Your account", "already");
	type(w, "ada");
	at(w, "Password", NULL);
}

static void test_passwords(void **state)
{
	struct world *w = *state;

	to_name(w);
	type(w, "");
	at(w, "Password", "needed");
	type(w, "short");
	choose(w, 0);
	type(w, "short");
	choose(w, 1);
	type(w, "other");
	at(w, "Password", "not the same");
	type(w, "correct horse");
	type(w, "correct horse");
	at(w, "Administrator", NULL);
}

/* What everybody knows is nobody's, however good it would be. */
static void test_public_password(void **state)
{
	struct world *w = *state;

	to_name(w);
	type(w, "atomos live");
	at(w, "Password", "the medium came with");
	assert_int_equal(flow_answers(w->flow)->password->size, 0);
	type(w, "atomos live!");
	type(w, "atomos live!");
	at(w, "Administrator", NULL);
}

static void test_recovery_typed_back(void **state)
{
	struct world *w = *state;
	_cleanup_screen_ struct screen s;

	to_name(w);
	type(w, "correct horse");
	type(w, "correct horse");
	choose(w, 1);
	flow_show(w->flow, &s);
	assert_non_null(strstr(s.drawing_text, "2: " GROUP));
	choose(w, 0);
	type(w, "cccccccc");
	at(w, "Recovery key", "isn't that group");
	choose(w, 0);
	type(w, "BBBB BBBB");
	at(w, "Ready", NULL);
	assert_false(flow_answers(w->flow)->administrator);
}

/* The key may become another one after the flow was made: code and words are of the one
 * that will open the disk. */
static void test_recovery_drawn(void **state)
{
	struct world *w = *state;
	_cleanup_screen_ struct screen s = {0};
	_cleanup_free_ char *code = NULL;

	strcpy(w->recovery->data,
	       "jjjjjjjj-" GROUP "-dddddddd-eeeeeeee-ffffffff-gggggggg-"
	       "hhhhhhhh-iiiiiiii");
	code = qr_drawing(w->recovery->data);
	to_name(w);
	type(w, "correct horse");
	type(w, "correct horse");
	choose(w, 1);
	flow_show(w->flow, &s);
	assert_non_null(s.drawing_text ? strstr(s.drawing_text, "jjjjjjjj") : NULL);
	assert_string_equal(s.drawing, code);
}

static void test_network(void **state)
{
	struct world *w = *state;

	w->facts.network_tool = true;
	flow_set_network(w->flow, false);
	choose(w, 0);
	choose(w, 0);
	choose(w, 0);
	choose(w, 1);
	at(w, "Network", NULL);
	assert_int_equal(choose(w, 1), FLOW_NETWORK);
	flow_tried_network(w->flow, false);
	at(w, "Network", NULL);
	assert_int_equal(choose(w, 1), FLOW_NETWORK);
	flow_tried_network(w->flow, true);
	at(w, "Your account", NULL);
	back(w);
	at(w, "Time zone", NULL);
}

static void test_back(void **state)
{
	struct world *w = *state;

	back(w);
	at(w, "Welcome", NULL);
	choose(w, 0);
	at(w, "Language", NULL);
	back(w);
	at(w, "Welcome", NULL);
	to_name(w);
	back(w);
	back(w);
	back(w);
	at(w, "Time zone", NULL);
}

static void test_single_choices_not_asked(void **state)
{
	struct world *w = *state;
	static char *const one[] = {(char *)"us", NULL};
	struct zone utc = {"--", (char *)"UTC"};

	w->facts.languages = w->facts.keymaps = one;
	w->zones = (struct zones){.list = &utc, .count = 1};
	choose(w, 0);
	at(w, "Your account", NULL);
}

static void test_review_says(void **state)
{
	struct world *w = *state;
	_cleanup_screen_ struct screen s;

	w->facts.tpm_says = "This machine has no TPM";
	to_name(w);
	type(w, "correct horse");
	type(w, "correct horse");
	choose(w, 0);
	choose(w, 0);
	type(w, GROUP);
	flow_show(w->flow, &s);
	assert_non_null(strstr(s.text, "ada (Ada Lovelace), administrator"));
	assert_non_null(strstr(s.text,
			       "asks for the password at each start. This machine has "
			       "no TPM."));
	assert_null(strstr(s.text, "correct horse"));
	assert_non_null(strstr(s.text, "\nLanguage: de_DE.UTF-8\n\n"));
	assert_int_equal(choose(w, 1), FLOW_ON);
	at(w, "Welcome", NULL);
}

static void test_review_names_the_pin(void **state)
{
	struct world *w = *state;
	struct boot_facts b = {.tpm = (char *)"present", .secure_boot = (char *)"off"};
	_cleanup_screen_ struct screen s;

	w->facts.tpm_says = session_tpm_says(&b);
	to_name(w);
	type(w, "correct horse");
	type(w, "correct horse");
	choose(w, 0);
	choose(w, 0);
	type(w, GROUP);
	flow_show(w->flow, &s);
	assert_non_null(
		strstr(s.text, "the password at each start. With Secure Boot off"));
	assert_non_null(
		strstr(s.text, "'sudo atomos enroll tpm --pin' has the next start"));
	/* It does open it, there is none, or it wouldn't be for want of Secure Boot. */
	b.enrolled = true;
	assert_null(session_tpm_says(&b));
	b.enrolled = false;
	b.secure_boot = (char *)"on";
	assert_null(session_tpm_says(&b));
	b.tpm = (char *)"absent";
	b.secure_boot = (char *)"off";
	assert_null(strstr(session_tpm_says(&b), "--pin"));
	b.tpm = (char *)"failed";
	assert_null(strstr(session_tpm_says(&b), "--pin"));
	b.tpm = (char *)"present";
	b.tpm_says = (char *)"The TPM gives no answer";
	assert_string_equal(session_tpm_says(&b), "The TPM gives no answer");
}

/* Without a TPM somebody who doesn't look after the machine needs the recovery key each
 * time: said before it is chosen, and once more. */
static void test_not_an_administrator(void **state)
{
	static char *const one[] = {(char *)"C.UTF-8", NULL};
	struct world *w = *state;
	_cleanup_screen_ struct screen question, review;

	to_name(w);
	w->facts.languages = one;
	type(w, "correct horse");
	type(w, "correct horse");
	flow_show(w->flow, &question);
	assert_string_equal(question.items[1].detail,
			    "the disk asks for the recovery key at each start");
	choose(w, 1);
	choose(w, 0);
	type(w, GROUP);
	flow_show(w->flow, &review);
	assert_non_null(strstr(review.text,
			       "\n\nThe disk asks for the recovery key at each start."));
	/* Nobody was asked for the only language. */
	assert_null(strstr(review.text, "Language"));
}

static void test_places_are_words(void **state)
{
	struct world *w = *state;
	_cleanup_screen_ struct screen s;

	choose(w, 0);
	choose(w, 0);
	choose(w, 0);
	choose(w, 0);
	flow_show(w->flow, &s);
	assert_string_equal(s.items[2].label, "Isle of Man");
	choose(w, 2);
	assert_string_equal(flow_answers(w->flow)->zone, "Europe/Isle_of_Man");
}

static char *words(const char *locale)
{
	return startswith(locale, "de_") ? xstrdup("Deutsch") : NULL;
}

static void test_languages_have_names(void **state)
{
	struct world *w = *state;
	_cleanup_screen_ struct screen s;

	w->facts.language_words = words;
	choose(w, 0);
	flow_show(w->flow, &s);
	assert_null(s.items[0].detail);
	assert_string_equal(s.items[1].detail, "Deutsch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_straight),
		CASE(test_zone_guess),
		CASE(test_keyboard_guess),
		CASE(test_zone_stays),
		CASE(test_utc),
		CASE(test_names_refused),
		CASE(test_passwords),
		CASE(test_recovery_typed_back),
		CASE(test_recovery_drawn),
		CASE(test_network),
		CASE(test_back),
		CASE(test_review_says),
		CASE(test_review_names_the_pin),
		CASE(test_not_an_administrator),
		CASE(test_places_are_words),
		CASE(test_languages_have_names),
		CASE(test_single_choices_not_asked),
		CASE(test_public_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
