/* SPDX-License-Identifier: MIT */
/* Prints the completion of one shell (bash, zsh, fish) from the declarations of the
 * verbs. */
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "atomos/verb.h"

/* Words that stand in the place of arguments. */
static const char *words_of(const struct verb *v)
{
	if (streq(v->name, "enroll"))
		return "list password recovery tpm fido2 remove release";
	return streq(v->name, "keys") ? "new renew show trust distrust" : "";
}

static bool takes_files(const struct verb *v)
{
	return (v->min > 0 && !streq(v->name, "enroll")) || streq(v->name, "keys");
}

static bool names_file(const struct verb_option *o)
{
	return o->value && (strstr(o->value, "FILE") || strstr(o->value, "PATH") ||
			    strstr(o->value, "DIR"));
}

static bool applies(const struct verb *v, const struct verb_option *global)
{
	return !streq(global->name, "json") || v->reports;
}

static void bash_options(const struct verb *v)
{
	for (const struct verb_option *o = v->options; o && o->name; o++)
		printf(" --%s", o->name);
	for (const struct verb_option *o = global_options; o->name; o++)
		if (applies(v, o))
			printf(" --%s", o->name);
}

/* Options whose value isn't one of the words: "files" or "none" of the generated
 * function. */
static void bash_values(const struct verb *v, bool files)
{
	for (const struct verb_option *o = v->options; o && o->name; o++) {
		if (!o->value || names_file(o) != files)
			continue;
		printf(" --%s", o->name);
		if (o->letter)
			printf(" -%c", o->letter);
	}
}

static void bash_verb(const struct verb *v)
{
	printf("\t%s)\n\t\toptions=\"", v->name);
	bash_options(v);
	printf("\"\n\t\twords=\"%s\"\n\t\tfiles=%s\n", words_of(v),
	       takes_files(v) ? "1" : "");
	fputs("\t\tfile_options=\"", stdout);
	bash_values(v, true);
	fputs(" \"\n\t\tvalue_options=\"", stdout);
	bash_values(v, false);
	puts(" \"\n\t\t;;");
}

static void bash(void)
{
	fputs("# bash completion of atomos; made from its declarations.\n"
	      "_atomos() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal verb='' options='' words='' files='' file_options='' "
	      "value_options='' i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tif [[ ${COMP_WORDS[i]} != -* ]]; then\n"
	      "\t\t\tverb=${COMP_WORDS[i]}\n\t\t\tbreak\n\t\tfi\n\tdone\n"
	      "\tCOMPREPLY=()\n"
	      "\tcase $verb in\n"
	      "\t'')\n\t\twords=\"",
	      stdout);
	for (const struct verb *const *v = verbs; *v; v++)
		printf("%s%s", v == verbs ? "" : " ", (*v)->name);
	fputs("\"\n\t\toptions=\"", stdout);
	for (const struct verb_option *o = global_options; o->name; o++)
		printf(" --%s", o->name);
	puts("\"\n\t\t;;");
	for (const struct verb *const *v = verbs; *v; v++)
		bash_verb(*v);
	puts("\tesac\n"
	     "\tif [[ $file_options == *\" $prev \"* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\t\tcompopt -o filenames\n"
	     "\telif [[ $value_options == *\" $prev \"* ]]; then\n"
	     "\t\treturn\n"
	     "\telif [[ $cur == -* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	     "\telse\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	     "\t\tif [[ $files && ${#COMPREPLY[@]} = 0 ]]; then\n"
	     "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\t\t\tcompopt -o filenames\n"
	     "\t\tfi\n"
	     "\tfi\n"
	     "}\n"
	     "complete -F _atomos atomos");
}

/* Text in single quotes, with the characters escaped that _arguments takes as its own. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_option(const struct verb_option *o)
{
	if (o->letter)
		printf("\t\t\t'(-%c --%s)'{-%c,--%s%s}'[", o->letter, o->name, o->letter,
		       o->name, o->value ? "=" : "");
	else
		printf("\t\t\t'--%s%s[", o->name, o->value ? "=" : "");
	zsh_text(o->help);
	putchar(']');
	if (o->value) {
		putchar(':');
		zsh_text(o->value);
		printf(":%s", names_file(o) ? "_files" : " ");
	}
	puts("' \\");
}

static void zsh_verb(const struct verb *v)
{
	printf("\t\t%s)\n\t\t\t_arguments \\\n", v->name);
	for (const struct verb_option *o = v->options; o && o->name; o++)
		zsh_option(o);
	for (const struct verb_option *o = global_options; o->name; o++)
		if (applies(v, o))
			zsh_option(o);
	if (*words_of(v))
		printf("\t\t\t'1:action:(%s)' '2:directory:_files'\n", words_of(v));
	else if (takes_files(v))
		puts("\t\t\t'1:file:_files'");
	else
		puts("\t\t\t&& return");
	puts("\t\t\t;;");
}

static void zsh(void)
{
	puts("#compdef atomos\n"
	     "# zsh completion of atomos; made from its declarations.\n"
	     "_atomos() {\n"
	     "\tlocal line state\n"
	     "\t_arguments -C \\");
	for (const struct verb_option *o = global_options; o->name; o++)
		zsh_option(o);
	puts("\t\t\t'1:command:->command' '*::argument:->argument'\n"
	     "\tcase $state in\n"
	     "\tcommand)\n"
	     "\t\tlocal -a commands=(");
	for (const struct verb *const *v = verbs; *v; v++) {
		printf("\t\t\t'%s:", (*v)->name);
		zsh_text((*v)->help);
		puts("'");
	}
	puts("\t\t)\n\t\t_describe command commands\n\t\t;;\n"
	     "\targument)\n\t\tcase $line[1] in");
	for (const struct verb *const *v = verbs; *v; v++)
		zsh_verb(*v);
	puts("\t\tesac\n\t\t;;\n\tesac\n}\n_atomos \"$@\"");
}

static void fish_text(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (strchr("'\\", *text))
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void fish_option(const char *condition, const struct verb_option *o)
{
	printf("complete -c atomos %s -l %s", condition, o->name);
	if (o->letter)
		printf(" -s %c", o->letter);
	if (o->value)
		printf(" -r%s", names_file(o) ? " -F" : " -f");
	fputs(" -d ", stdout);
	fish_text(o->help);
	putchar('\n');
}

static void fish_verb(const struct verb *v)
{
	char condition[128];

	printf("complete -c atomos -n __fish_use_subcommand -a %s -d ", v->name);
	fish_text(v->help);
	putchar('\n');
	snprintf(condition, sizeof(condition), "-n '__fish_seen_subcommand_from %s'",
		 v->name);
	for (const struct verb_option *o = v->options; o && o->name; o++)
		fish_option(condition, o);
	if (v->reports)
		fish_option(condition, &global_options[3]);
	if (*words_of(v))
		printf("complete -c atomos %s -a '%s'\n", condition, words_of(v));
	if (takes_files(v))
		printf("complete -c atomos %s -F\n", condition);
}

static void fish(void)
{
	puts("# fish completion of atomos; made from its declarations.\n"
	     "complete -c atomos -f");
	for (const struct verb_option *o = global_options; o->name; o++)
		if (!streq(o->name, "json"))
			fish_option("", o);
	for (const struct verb *const *v = verbs; *v; v++)
		fish_verb(*v);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	for (size_t i = 0; argc == 2 && i < ELEMENTSOF(shells); i++)
		if (streq(argv[1], shells[i].name)) {
			shells[i].print();
			return ferror(stdout) ? 1 : 0;
		}
	fputs("Usage: generate bash|zsh|fish\n", stderr);
	return 2;
}
