/* SPDX-License-Identifier: MIT */
/* A verb of the command line: one file verb-NAME.c exports one, table.c lists them. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define VERB_OPTIONS_MAX 24
/* Wrong use of the command line, beside errno's numbers: exit status 2. */
#define EMISUSE 3000

struct verb_option {
	const char *name;  /* long name without dashes */
	char letter;	   /* short form; 0: none */
	const char *value; /* what its value is called in the help; NULL: a switch */
	const char *help;  /* one line, at most 50 characters */
};

struct invocation;

struct verb {
	const char *name;
	const char *arguments;		   /* as in the help's first line, "" for none */
	const char *help;		   /* one line without full stop */
	int min, max;			   /* number of arguments; max -1: any */
	bool reports;			   /* knows --json */
	const struct verb_option *options; /* ends with an empty one; NULL: none */
	/* 0, or a negative errno (or -EMISUSE) with `err` set. */
	int (*run)(const struct invocation *in, struct error *err);
};

/* What was typed. */
struct invocation {
	const struct verb *verb;
	char *const *arguments; /* NULL-terminated */
	int count;
	bool quiet, json;
	const char *values[VERB_OPTIONS_MAX]; /* by position in verb->options */
};

/* The value of an option of this verb, "" for a switch; NULL when it wasn't given. */
const char *option_value(const struct invocation *in, const char *name);
static inline bool option_given(const struct invocation *in, const char *name)
{
	return option_value(in, name);
}

/* All verbs, in the order of the help; ends with NULL. */
extern const struct verb *const verbs[];
extern const struct verb verb_new, verb_lock, verb_build, verb_image, verb_run, verb_keys,
	verb_verify, verb_install, verb_status, verb_enroll, verb_passwd;
/* --help --version --quiet --json: valid before and after the verb. */
extern const struct verb_option global_options[];
