/* SPDX-License-Identifier: MIT */
/* atomos lock: pins every package that a configuration needs. */
#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "atomos/build.h"
#include "atomos/json.h"
#include "atomos/verb.h"

static const struct verb_option options[] = {
	{"configuration", 'c', "PATH", "configuration.nix, or its directory"},
	{"flake", 0, "DIR#NAME", "a system of a flake instead"},
	{"frozen", 0, NULL, "only tell whether the lock is up to date"},
	{"rebase", 0, NULL, "newest versions, all in the base layer"},
	{0},
};

static int print(const struct lock_result *l, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r = sd_json_buildo(
		&v, SD_JSON_BUILD_PAIR("lock", SD_JSON_BUILD_STRING(l->path)),
		SD_JSON_BUILD_PAIR("packages", SD_JSON_BUILD_UNSIGNED(l->packages)),
		SD_JSON_BUILD_PAIR("bytes", SD_JSON_BUILD_UNSIGNED(l->bytes)),
		SD_JSON_BUILD_PAIR("changed", SD_JSON_BUILD_BOOLEAN(l->changed)));

	if (r < 0)
		return fail(err, r, "The result can't be written as JSON");
	json_print(v);
	return 0;
}

static int run(const struct invocation *in, struct error *err)
{
	struct build_request q = {
		.configuration = option_value(in, "configuration"),
		.flake = option_value(in, "flake"),
		.frozen = option_given(in, "frozen"),
		.rebase = option_given(in, "rebase"),
		.quiet = in->quiet,
	};
	_cleanup_(lock_result_done) struct lock_result result = {0};
	int r;

	if (q.frozen && q.rebase)
		return fail(err, -EMISUSE, "--frozen and --rebase exclude each other");
	r = build_lock(&q, &result, err);
	if (r < 0)
		return r;
	if (in->json)
		return print(&result, err);
	printf("%s: %zu packages, %.1f MB%s\n", result.path, result.packages,
	       (double)result.bytes / 1e6, result.changed ? "" : ", up to date");
	return 0;
}

const struct verb verb_lock = {
	.name = "lock",
	.arguments = "",
	.help = "Pin every package of the configuration in atomos.lock",
	.max = 0,
	.reports = true,
	.options = options,
	.run = run,
};
