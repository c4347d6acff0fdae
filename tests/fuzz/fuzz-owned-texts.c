/* SPDX-License-Identifier: MIT */
/* Fuzz target: what an owned machine reads of its boot, its state and its firmware. */
#include "fuzz.h"
#include "base/secret.h"
#include "base/str.h"
#include "owner/boot-facts.h"
#include "owner/firmware-keys.h"
#include "owner/seal.h"
#include "welcome/choices.h"
#include "welcome/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_strv_ char **names = firmware_keys_parse(data, size);
	_cleanup_boot_facts_ struct boot_facts facts = {0};
	_cleanup_choices_ struct choices choices = {0};
	_cleanup_secret_ struct secret *password = secret_new(), *out = secret_new();
	_cleanup_targets_ struct targets targets = {0};
	struct error err;

	if (boot_facts_parse(text, &facts, &err) == 0)
		must(facts.product && facts.disk && facts.pin);
	if (choices_parse(text, &choices, &err) == 0)
		must(!strstr(choices.zone, "..") && choices.zone[0] != '/' &&
		     !strpbrk(choices.language, "\n \""));
	if (targets_parse(text, &targets, &err) == 0)
		for (size_t i = 0; i < targets.count; i++)
			must(targets.list[i].disk[0] && targets.list[i].label);
	must(seal_decode(data, size, password, out) < 0);
	return 0;
}
