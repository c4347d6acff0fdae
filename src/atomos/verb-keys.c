/* SPDX-License-Identifier: MIT */
/* atomos keys: makes and renews a vendor's keys, shows their public parts. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/json.h"
#include "atomos/keys.h"
#include "atomos/place.h"
#include "atomos/verb.h"

static const struct verb_option options[] = {
	{"name", 'n', "NAME", "name in signatures and certificates (new)"},
	{0},
};

static void show(sd_json_variant *keys)
{
	sd_json_variant *certificates = variant_get(keys, "certificates");

	printf("Nix signatures   %s\n", variant_text(keys, "nix"));
	for (size_t i = 0; i < sd_json_variant_elements(certificates); i++) {
		sd_json_variant *c = sd_json_variant_by_index(certificates, i);

		printf("Secure Boot %-4s %s, until %s\n                 %s\n",
		       variant_text(c, "name"), variant_text(c, "subject"),
		       variant_text(c, "expires"), variant_text(c, "sha256"));
	}
	printf("PCR 11 policy    %s\n", variant_text(variant_get(keys, "pcr"), "sha256"));
	if (variant_text(variant_get(keys, "pcr"), "old"))
		printf("     and of old  %s\n",
		       variant_text(variant_get(keys, "pcr"), "old"));
	printf("Owner GUID       %s\n", variant_text(keys, "ownerGuid"));
}

static int describe(const struct invocation *in, const char *directory, struct error *err)
{
	_cleanup_variant_ sd_json_variant *keys = NULL;
	int r = keys_describe(directory, &keys, err);

	if (r < 0)
		return r;
	if (in->json)
		json_print(keys);
	else
		show(keys);
	return 0;
}

/* Or no longer. */
static int trust(const struct invocation *in, struct error *err)
{
	const char *action = in->arguments[0], *key = in->arguments[1];

	if (in->json)
		return fail(err, -EMISUSE, "'atomos keys %s' prints no JSON", action);
	if (!key)
		return fail(err, -EMISUSE, "Which key? atomos keys %s NAME:BASE64|FILE",
			    action);
	return streq(action, "trust") ? keys_trust(key, err) : keys_distrust(key, err);
}

static int run(const struct invocation *in, struct error *err)
{
	const char *action = in->arguments[0];
	_cleanup_free_ char *directory = place_keys(in->arguments[1]);
	int r;

	if (!streq(action, "new") && option_given(in, "name"))
		return fail(err, -EMISUSE, "--name belongs to 'atomos keys new'");
	if (streq(action, "show"))
		return describe(in, directory, err);
	if (streq(action, "trust") || streq(action, "distrust"))
		return trust(in, err);
	if (streq(action, "renew")) {
		r = keys_renew(directory, err);
		return r < 0 ? r : describe(in, directory, err);
	}
	if (!streq(action, "new"))
		return fail(err, -EMISUSE,
			    "'%s' is nothing to do with keys: it is 'atomos keys new', "
			    "'renew', 'show', 'trust' or 'distrust'",
			    action);
	r = keys_create(directory, option_value(in, "name"), err);
	if (r < 0)
		return r;
	if (!in->quiet)
		fprintf(stderr,
			"The keys are in %s. Who has them can sign for you: keep a copy "
			"in a "
			"safe place, and nothing of it in a repository.\n",
			directory);
	return describe(in, directory, err);
}

const struct verb verb_keys = {
	.name = "keys",
	.arguments = "new|renew|show|trust|distrust [DIRECTORY|KEY]",
	.help = "Make, renew or show a vendor's keys; trust one here",
	.min = 1,
	.max = 2,
	.reports = true,
	.options = options,
	.run = run,
};
