/* SPDX-License-Identifier: MIT */
/* Asking the Nix code: what a configuration decides, and which store paths it leads to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "atomos/evaluate.h"
#include "atomos/nix.h"

char *nix_quote(const char *text)
{
	char *quoted = xmalloc(2 * strlen(text) + 3), *end = quoted;

	*end++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			*end++ = '\\';
		*end++ = *text;
	}
	*end++ = '"';
	*end = 0;
	return quoted;
}

static char *nix_path(const char *path)
{
	_cleanup_free_ char *quoted = nix_quote(path);

	return xasprintf("(/. + %s)", quoted);
}

/* A name of ours: relative places (ATOMOS_SHARE=.) are allowed. */
static char *own_path(char *path)
{
	_cleanup_free_ char *given = path, *absolute = realpath(path, NULL);

	return nix_path(absolute ? absolute : given);
}

/* The set that nix/from-flake.nix makes. */
static char *from_flake(const struct flake *f)
{
	_cleanup_free_ char *entry = own_path(place_share("nix/from-flake.nix"));
	_cleanup_free_ char *reference = nix_quote(f->reference);
	_cleanup_free_ char *name = nix_quote(f->name);

	return xasprintf("(import %s { reference = %s; name = %s; })", entry, reference,
			 name);
}

static char *configuration(const struct evaluate *e)
{
	_cleanup_free_ char *flake = e->flake ? from_flake(e->flake) : NULL;

	return flake ? xasprintf("%s.modules", flake) : nix_path(e->place->configuration);
}

static char *directory(const struct evaluate *e)
{
	_cleanup_free_ char *flake = e->flake ? from_flake(e->flake) : NULL;

	return flake ? xasprintf("%s.directory", flake) : nix_quote(e->place->directory);
}

/* Our programs that every system has, by where they are there. */
static char *programs(void)
{
	_cleanup_free_ char *atomos = own_path(place_program("atomos"));
	_cleanup_free_ char *welcome = own_path(place_lib("atomos-welcome"));

	return xasprintf("{ \"/usr/bin/atomos\" = %s; "
			 "\"/usr/lib/atomos/atomos-welcome\" = %s; }",
			 atomos, welcome);
}

/* The attribute set that nix/default.nix takes. */
static char *arguments(const struct evaluate *e)
{
	_cleanup_free_ char *build = own_path(place_lib("atomos-build"));
	_cleanup_free_ char *init = own_path(place_lib("atomos-init"));
	_cleanup_free_ char *source = configuration(e), *ours = programs();
	_cleanup_free_ char *lock = e->lock ? nix_path(e->place->lock) : xstrdup("null");
	_cleanup_free_ char *key = e->vendor_key ? nix_quote(e->vendor_key) : xstrdup("");

	return xasprintf("{ configuration = %s; lock = %s; atomosBuild = %s; "
			 "atomosInit = %s; programs = %s; vendorKeys = [ %s ]; }",
			 source, lock, build, init, ours, key);
}

char *evaluate_expression(const struct evaluate *e)
{
	_cleanup_free_ char *entry = own_path(place_share("nix/default.nix"));
	_cleanup_free_ char *args = arguments(e);

	return xasprintf("import %s (%s // { mirrors = %s; })", entry, args,
			 e->mirrors ? e->mirrors : "{ }");
}

static char *question(const struct evaluate *e)
{
	_cleanup_free_ char *entry = own_path(place_share("nix/ask.nix"));
	_cleanup_free_ char *args = arguments(e);
	_cleanup_free_ char *place = directory(e);

	return xasprintf(
		"import %s { arguments = %s; directory = %s; paths = %s; boot = %s; }",
		entry, args, place, e->paths ? "true" : "false",
		e->boot ? "true" : "false");
}

static char **command_line(const struct evaluate *e)
{
	char **argv = strv_split("nix eval --json --impure", " ");

	/* Writes nothing and is faster; but a flake must be copied to be read. */
	if (!e->flake)
		argv = strv_add(argv, "--read-only");
	argv = strv_add(argv, "--expr");
	return strv_consume(argv, question(e));
}

int evaluate(const struct evaluate *e, struct evaluated *ret, struct error *err)
{
	_cleanup_strv_ char **argv = command_line(e);
	_cleanup_variant_ sd_json_variant *answer = NULL;
	_cleanup_free_ char *output = NULL;
	int r = nix_run((const char *const *)argv, &output, err);

	*ret = (struct evaluated){0};
	if (r == 0)
		r = variant_parse(output, "What nix eval prints", &answer, err);
	if (r < 0)
		return r;
	ret->decisions = sd_json_variant_ref(variant_get(answer, "decisions"));
	ret->fresh = variant_true(answer, "fresh");
	ret->system = variant_copy(answer, "system", NULL);
	ret->inputs = variant_copy(answer, "inputs", NULL);
	ret->boot = variant_copy(answer, "boot", NULL);
	if (!ret->decisions)
		return fail(err, -EBADMSG, "The Nix code decides nothing");
	return 0;
}

void evaluated_done(struct evaluated *e)
{
	sd_json_variant_unref(e->decisions);
	free(e->system);
	free(e->inputs);
	free(e->boot);
	*e = (struct evaluated){0};
}
