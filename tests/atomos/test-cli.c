/* SPDX-License-Identifier: MIT */
/* What was typed becomes an invocation. */
#include <string.h>

#include "base/str.h"
#include "atomos/cli.h"
#include "fixture.h"

/* Splits a line at blanks and parses it; the words are static. */
static int parse(const char *line, struct invocation *in, struct error *err)
{
	static char text[512];
	static char *argv[32];
	int argc = 0;

	strcpy(text, line);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	return cli_parse(argc, argv, in, err);
}

static void test_verb(void **state)
{
	struct invocation in;
	struct error err;

	assert_int_equal(parse("atomos verify -q IMAGE --json", &in, &err), CLI_RUN);
	assert_string_equal(in.verb->name, "verify");
	assert_int_equal(in.count, 1);
	assert_string_equal(in.arguments[0], "IMAGE");
	assert_true(in.quiet);
	assert_true(in.json);
}

static void test_options(void **state)
{
	struct invocation in;
	struct error err;

	assert_int_equal(parse("atomos --quiet build -c a --frozen", &in, &err), CLI_RUN);
	assert_true(in.quiet);
	assert_string_equal(option_value(&in, "configuration"), "a");
	assert_true(option_given(&in, "frozen"));
	assert_false(option_given(&in, "flake"));
	assert_int_equal(parse("atomos build --configuration=b", &in, &err), CLI_RUN);
	assert_string_equal(option_value(&in, "configuration"), "b");
	assert_false(in.quiet);
}

static void test_help(void **state)
{
	struct invocation in;
	struct error err;

	assert_int_equal(parse("atomos --help", &in, &err), CLI_HELP);
	assert_null(in.verb);
	assert_int_equal(parse("atomos lock -h", &in, &err), CLI_HELP);
	assert_string_equal(in.verb->name, "lock");
	assert_int_equal(parse("atomos --version", &in, &err), CLI_VERSION);
}

static void test_misuse(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{"atomos", "Which command?"},
		{"atomos buildx", "did you mean 'build'?"},
		{"atomos zzzzzzzzz", "'atomos --help' lists them"},
		{"atomos build --nix", "There is no option --nix"},
		{"atomos build -z", "There is no option -z"},
		{"atomos -z", "There is no option -z"},
		{"atomos build -c", "Option -c needs a value"},
		{"atomos build --frozen=x", "Option --frozen=x takes no value"},
		{"atomos build x", "'x' is too much"},
		{"atomos new", "Something is missing: atomos new DIRECTORY"},
		{"atomos new --json d", "nothing to print as JSON"},
	};
	struct invocation in;
	struct error err;

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(parse(cases[i].line, &in, &err), -EMISUSE);
		if (!strstr(err.message, cases[i].words))
			fail_msg("%s: %s", cases[i].line, err.message);
	}
}

/* Refused before the disk is looked at. */
static void test_passwd(void **state)
{
	static const char *const lines[] = {
		"atomos passwd --check --mend",	  "atomos passwd --check ada",
		"atomos passwd --forget --mend",  "atomos passwd --forget ada",
		"atomos passwd --forget --check", "atomos passwd --restore --check",
		"atomos passwd --restore ada"};
	struct invocation in;
	struct error err;

	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		assert_int_equal(parse(lines[i], &in, &err), CLI_RUN);
		assert_int_equal(in.verb->run(&in, &err), -EMISUSE);
		assert_non_null(strstr(err.message, "no USER"));
	}
}

/* The help is built from these; getopt's tables have fixed room. */
static void test_declarations(void **state)
{
	for (const struct verb *const *v = verbs; *v; v++) {
		size_t count = 0;

		for (const struct verb_option *o = (*v)->options; o && o->name; o++) {
			count++;
			if (strlen(o->help) > 50 || endswith(o->help, "."))
				fail_msg("%s --%s: help too long", (*v)->name, o->name);
			for (const struct verb_option *p = o + 1; p->name; p++)
				if (streq(o->name, p->name) ||
				    (o->letter && o->letter == p->letter))
					fail_msg("%s --%s: twice", (*v)->name, o->name);
		}
		assert_true(count <= VERB_OPTIONS_MAX);
		assert_false(endswith((*v)->help, "."));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verb),   cmocka_unit_test(test_options),
		cmocka_unit_test(test_help),   cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_passwd), cmocka_unit_test(test_declarations),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
