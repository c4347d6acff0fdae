/* SPDX-License-Identifier: MIT */
/* atomos build: a configuration becomes a system in the store. */
#include <stdio.h>

#include "atomos/build.h"
#include "atomos/json.h"
#include "atomos/verb.h"

static const struct verb_option options[] = {
	{"configuration", 'c', "PATH", "configuration.nix, or its directory"},
	{"flake", 0, "DIR#NAME", "a system of a flake instead"},
	{"keys", 0, "DIR", "the vendor's keys that sign it"},
	{"frozen", 0, NULL, "fail rather than change atomos.lock"},
	{0},
};

static int print(const struct build_result *b, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r = sd_json_buildo(
		&v, SD_JSON_BUILD_PAIR("system", SD_JSON_BUILD_STRING(b->system)),
		SD_JSON_BUILD_PAIR("product", SD_JSON_BUILD_VARIANT(variant_get(
						      b->decisions, "product"))),
		SD_JSON_BUILD_PAIR("release", SD_JSON_BUILD_VARIANT(variant_get(
						      b->decisions, "release"))),
		SD_JSON_BUILD_PAIR("built", SD_JSON_BUILD_BOOLEAN(b->built)),
		SD_JSON_BUILD_PAIR("signed", SD_JSON_BUILD_BOOLEAN(b->is_signed)));

	if (r < 0)
		return fail(err, r, "The result can't be written as JSON");
	json_print(v);
	return 0;
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_build_result_ struct build_result result = {0};
	struct build_request q = {
		.configuration = option_value(in, "configuration"),
		.flake = option_value(in, "flake"),
		.keys = option_value(in, "keys"),
		.frozen = option_given(in, "frozen"),
		.quiet = in->quiet,
	};
	int r = build_run(&q, &result, err);

	if (r < 0)
		return r;
	if (in->json)
		return print(&result, err);
	puts(result.system);
	return 0;
}

const struct verb verb_build = {
	.name = "build",
	.arguments = "",
	.help = "Build the system and print its store path",
	.max = 0,
	.reports = true,
	.options = options,
	.run = run,
};
