/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "world.h"
#include "base/alloc.h"
#include "owner/quality.h"

static char *const languages[] = {(char *)"C.UTF-8", (char *)"de_DE.UTF-8", NULL};
static char *const keymaps[] = {(char *)"us", (char *)"de-latin1-nodeadkeys", NULL};
static char *const accounts[] = {(char *)"bob", NULL};

static int judge(const struct secret *password, const char *user, char *words)
{
	bool weak = password->size < 8;

	snprintf(words, QUALITY_WORDS_MAX, "%s", weak ? "too short" : "good");
	return weak ? -1 : 70;
}

int world_setup(void **state)
{
	static struct zone list[] = {{"DE", (char *)"Europe/Berlin"},
				     {"GB", (char *)"Europe/London"},
				     {"IM", (char *)"Europe/Isle_of_Man"},
				     {"--", (char *)"UTC"}};
	struct world *w = xcalloc(1, sizeof(*w));

	w->zones = (struct zones){.list = list, .count = 4};
	w->recovery = secret_new();
	w->typed = secret_new();
	w->generic = secret_of("atomos live");
	w->recovery->size = 71;
	strcpy(w->recovery->data,
	       "cccccccc-" GROUP "-dddddddd-eeeeeeee-ffffffff-gggggggg-"
	       "hhhhhhhh-iiiiiiii");
	w->facts = (struct flow_facts){
		.system = "AtomOS demo",
		.languages = languages,
		.keymaps = keymaps,
		.keymap = "us",
		.zones = &w->zones,
		.network = true,
		.recovery = w->recovery,
		.challenge = 1,
		.accounts = accounts,
		.generic = w->generic,
		.judge = judge,
	};
	w->flow = flow_new(&w->facts);
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	flow_free(w->flow);
	secret_free(w->recovery);
	secret_free(w->typed);
	secret_free(w->generic);
	free(w);
	return 0;
}

enum flow_next type(struct world *w, const char *text)
{
	struct answer a = {.text = w->typed};

	w->typed->size = strlen(text);
	strcpy(w->typed->data, text);
	return flow_take(w->flow, &a);
}

enum flow_next choose(struct world *w, size_t choice)
{
	struct answer a = {.text = w->typed, .choice = choice};

	return flow_take(w->flow, &a);
}

void back(struct world *w)
{
	struct answer a = {.text = w->typed, .back = true};

	assert_int_equal(flow_take(w->flow, &a), FLOW_ON);
}

void at(struct world *w, const char *title, const char *error)
{
	_cleanup_screen_ struct screen s;

	flow_show(w->flow, &s);
	assert_string_equal(s.title, title);
	if (error)
		assert_non_null(s.error ? strstr(s.error, error) : NULL);
	else
		assert_null(s.error);
}
