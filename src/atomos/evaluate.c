/* SPDX-License-Identifier: MIT */
/* Asking the Nix code: what a configuration decides, and which store paths it leads to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/evaluate.h"
#include "atomos/json.h"
#include "atomos/nix.h"

/* Any mirror gives the same paths; only fetching needs a real one. */
#define NO_MIRRORS                                                                       \
	"{ main = \"none:\"; security = \"none:\"; } // "                                \
	"builtins.mapAttrs (_: _: \"none:\") (d.debian.extraRepositories or { })"

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

static char *configuration(const struct evaluate *e)
{
	_cleanup_free_ char *directory = NULL, *name = NULL;

	if (!e->flake_name)
		return nix_path(e->place->configuration);
	directory = nix_quote(e->place->directory);
	name = nix_quote(e->flake_name);
	return xasprintf("(builtins.getFlake (\"path:\" + %s)).atomosConfigurations.${%s}"
			 ".modules",
			 directory, name);
}

/* "a": the result of nix/default.nix; "d": its decisions. */
static char *bindings(const struct evaluate *e)
{
	_cleanup_free_ char *entry = own_path(place_share("nix/default.nix"));
	_cleanup_free_ char *build = own_path(place_lib("atomos-build"));
	_cleanup_free_ char *init = own_path(place_lib("atomos-init"));
	_cleanup_free_ char *source = configuration(e);
	_cleanup_free_ char *lock = e->lock ? nix_path(e->place->lock) : xstrdup("null");
	_cleanup_free_ char *key = e->vendor_key ? nix_quote(e->vendor_key) : xstrdup("");

	return xasprintf("let\n"
			 "  a = import %s {\n"
			 "    configuration = %s;\n"
			 "    lock = %s;\n"
			 "    atomosBuild = %s;\n"
			 "    atomosInit = %s;\n"
			 "    vendorKeys = [ %s ];\n"
			 "    mirrors = %s;\n"
			 "  };\n"
			 "  d = a.decisions;\n",
			 entry, source, lock, build, init, key,
			 e->mirrors ? e->mirrors : NO_MIRRORS);
}

char *evaluate_expression(const struct evaluate *e)
{
	_cleanup_free_ char *let = bindings(e);

	return xasprintf("%sin a", let);
}

/* Whether the lock answers the decisions, decided in the same evaluation: a second one
 * would take as long again. renew_is_fresh says the same in C. */
static char *question(const struct evaluate *e)
{
	_cleanup_free_ char *let = bindings(e);
	_cleanup_free_ char *prefix = xasprintf("%s/", e->place->directory);
	_cleanup_free_ char *directory = nix_quote(prefix);
	_cleanup_free_ char *lock = nix_path(e->place->lock);

	if (!e->lock)
		return xasprintf("%sin { decisions = d; fresh = false; }", let);
	return xasprintf("%s"
			 "  l = builtins.fromJSON (builtins.readFile %s);\n"
			 "  inside = n: builtins.substring 0 %zu n == %s;\n"
			 "  relative = n: if inside n then \"./\" + builtins.substring "
			 "%zu (-1) n else n;\n"
			 "  named = n: { name = relative n; value = null; };\n"
			 "  names = list: builtins.attrNames (builtins.listToAttrs (map "
			 "named list));\n"
			 "  good = !(d ? error) && d.assertions == [ ];\n"
			 "  fresh = good && l.suite == d.debian.suite\n"
			 "    && l.requested.base == names d.packages.base\n"
			 "    && l.requested.packages == names d.packages.requested;\n"
			 "in { decisions = d; inherit fresh; }\n"
			 "  // (if fresh then { system = a.system.outPath; inputs = "
			 "a.inputs.outPath; } "
			 "else { })\n"
			 "  // (if fresh && %s then { boot = a.boot.outPath; } else { })",
			 let, lock, strlen(prefix), directory, strlen(prefix),
			 e->boot ? "true" : "false");
}

static char *take_path(sd_json_variant *o, const char *key)
{
	const char *path = json_string(o, key);

	return path ? xstrdup(path) : NULL;
}

int evaluate(const struct evaluate *e, struct evaluated *ret, struct error *err)
{
	_cleanup_free_ char *expression = question(e), *output = NULL;
	const char *const argv[] = {"nix",	   "eval",   "--json",	 "--impure",
				    "--read-only", "--expr", expression, NULL};
	_cleanup_json_ sd_json_variant *answer = NULL;
	sd_json_variant *fresh;
	int r = nix_run(argv, &output, err);

	*ret = (struct evaluated){0};
	if (r == 0)
		r = json_parse(output, "What nix eval prints", &answer, err);
	if (r < 0)
		return r;
	fresh = json_get(answer, "fresh");
	ret->decisions = sd_json_variant_ref(json_get(answer, "decisions"));
	ret->fresh = fresh && sd_json_variant_is_boolean(fresh) &&
		     sd_json_variant_boolean(fresh);
	ret->system = take_path(answer, "system");
	ret->inputs = take_path(answer, "inputs");
	ret->boot = take_path(answer, "boot");
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
