/* SPDX-License-Identifier: MIT */
/* The command line: what was typed becomes an invocation, declarations become help. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/cli.h"

#define GLOBALS 4
/* getopt's value of option number i; above every character. */
#define OPTION_CODE 1000

/* The declarations in getopt's form. */
struct getopt_table {
	struct option options[VERB_OPTIONS_MAX + GLOBALS + 1];
	char letters[2 * (VERB_OPTIONS_MAX + GLOBALS) + 3];
	size_t count;
};

const char *option_value(const struct invocation *in, const char *name)
{
	for (size_t i = 0; in->verb->options && in->verb->options[i].name; i++)
		if (streq(in->verb->options[i].name, name))
			return in->values[i];
	return NULL;
}

static void table_add(struct getopt_table *t, const struct verb_option *declared,
		      int code)
{
	for (const struct verb_option *o = declared; o && o->name; o++, code++)
		t->options[t->count++] = (struct option){
			o->name, o->value ? required_argument : no_argument, NULL, code};
}

static void table_add_letters(struct getopt_table *t, const struct verb_option *declared)
{
	char *end = t->letters + strlen(t->letters);

	for (const struct verb_option *o = declared; o && o->name; o++) {
		if (!o->letter)
			continue;
		*end++ = o->letter;
		if (o->value)
			*end++ = ':';
		*end = 0;
	}
}

static int letter_code(const struct verb_option *declared, int letter, int code)
{
	for (const struct verb_option *o = declared; o && o->name; o++, code++)
		if (o->letter == letter)
			return code;
	return -1;
}

static int find_verb(const char *name, const struct verb **ret, struct error *err)
{
	_cleanup_strv_ char **names = NULL;
	const char *near;

	for (const struct verb *const *v = verbs; *v; v++) {
		if (streq((*v)->name, name)) {
			*ret = *v;
			return 0;
		}
		names = strv_add(names, (*v)->name);
	}
	near = nearest(name, names);
	if (near)
		return fail(err, -EMISUSE, "There is no command '%s'; did you mean '%s'?",
			    name, near);
	return fail(err, -EMISUSE, "There is no command '%s'; 'atomos --help' lists them",
		    name);
}

static int bad_option(int found, char **argv, const struct invocation *in,
		      struct error *err)
{
	const char *of = in->verb ? in->verb->name : "";
	const char *space = in->verb ? " " : "";
	char letter[] = {'-', (char)optopt, 0};
	const char *typed = optopt && optopt < OPTION_CODE ? letter : argv[optind - 1];

	if (found == ':')
		return fail(err, -EMISUSE,
			    "Option %s needs a value; see 'atomos%s%s --help'", typed,
			    space, of);
	if (optopt >= OPTION_CODE)
		return fail(err, -EMISUSE,
			    "Option %s takes no value; see 'atomos%s%s --help'", typed,
			    space, of);
	return fail(err, -EMISUSE, "There is no option %s; see 'atomos%s%s --help'",
		    typed, space, of);
}

/* Notes one option. Returns CLI_RUN to go on, or what else is to be done. */
static int take_option(int code, struct invocation *in)
{
	switch (code - OPTION_CODE) {
	case 0:
		return CLI_HELP;
	case 1:
		return CLI_VERSION;
	case 2:
		in->quiet = true;
		return CLI_RUN;
	case 3:
		in->json = true;
		return CLI_RUN;
	default:
		in->values[code - OPTION_CODE - GLOBALS] = optarg ? optarg : "";
		return CLI_RUN;
	}
}

/* Reads options up to the first argument (in->verb NULL) or all of them. */
static int parse_options(int argc, char **argv, struct invocation *in, struct error *err)
{
	const struct verb_option *own = in->verb ? in->verb->options : NULL;
	struct getopt_table table = {.letters = ""};
	int action = CLI_RUN, c;

	/* "+": stop at the first argument; ":": missing values are told apart. */
	strcpy(table.letters, in->verb ? ":" : "+:");
	table_add(&table, global_options, OPTION_CODE);
	table_add(&table, own, OPTION_CODE + GLOBALS);
	table_add_letters(&table, global_options);
	table_add_letters(&table, own);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, table.letters, table.options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return bad_option(c, argv, in, err);
		if (c < OPTION_CODE) {
			int code = letter_code(global_options, c, OPTION_CODE);

			c = code >= 0 ? code : letter_code(own, c, OPTION_CODE + GLOBALS);
		}
		c = take_option(c, in);
		if (c != CLI_RUN)
			action = c;
	}
	return action;
}

static int check_count(const struct invocation *in, struct error *err)
{
	const struct verb *v = in->verb;

	if (in->count < v->min)
		return fail(err, -EMISUSE, "Something is missing: atomos %s %s", v->name,
			    v->arguments);
	if (v->max >= 0 && in->count > v->max)
		return fail(err, -EMISUSE, "'%s' is too much: atomos %s %s",
			    in->arguments[v->max], v->name, v->arguments);
	if (in->json && !v->reports)
		return fail(err, -EMISUSE, "atomos %s has nothing to print as JSON",
			    v->name);
	return CLI_RUN;
}

int cli_parse(int argc, char **argv, struct invocation *ret, struct error *err)
{
	int r, offset;

	*ret = (struct invocation){0};
	r = parse_options(argc, argv, ret, err);
	if (r != CLI_RUN)
		return r;
	if (optind >= argc)
		return fail(err, -EMISUSE, "Which command? 'atomos --help' lists them");
	offset = optind;
	r = find_verb(argv[offset], &ret->verb, err);
	if (r < 0)
		return r;
	r = parse_options(argc - offset, argv + offset, ret, err);
	if (r != CLI_RUN)
		return r;
	ret->arguments = argv + offset + optind;
	ret->count = argc - offset - optind;
	return check_count(ret, err);
}

static void print_options(const struct verb_option *options, bool json)
{
	for (const struct verb_option *o = options; o && o->name; o++) {
		_cleanup_free_ char *left = NULL;

		if (streq(o->name, "json") && !json)
			continue;
		left = xasprintf("%c%c%c --%s%s%s", o->letter ? '-' : ' ',
				 o->letter ? o->letter : ' ', o->letter ? ',' : ' ',
				 o->name, o->value ? " " : "", o->value ? o->value : "");
		printf("  %-26s %s\n", left, o->help);
	}
}

static void help_program(void)
{
	puts("Usage: atomos [OPTION...] COMMAND [ARGUMENT...]\n\n"
	     "Builds, signs and tries AtomOS systems.\n\n"
	     "Commands:");
	for (const struct verb *const *v = verbs; *v; v++)
		printf("  %-10s %s\n", (*v)->name, (*v)->help);
	puts("\nOptions:");
	print_options(global_options, true);
	puts("\n'atomos COMMAND --help' tells more, 'man atomos-COMMAND' everything.");
}

void cli_help(const struct verb *verb)
{
	if (!verb) {
		help_program();
		return;
	}
	printf("Usage: atomos %s [OPTION...]%s%s\n\n%s.\n", verb->name,
	       *verb->arguments ? " " : "", verb->arguments, verb->help);
	puts("\nOptions:");
	print_options(verb->options, false);
	print_options(global_options, verb->reports);
	printf("\nSee also: man atomos-%s\n", verb->name);
}
