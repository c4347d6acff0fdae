/* SPDX-License-Identifier: MIT */
/* Fuzz target: depmod's indexes: modules.dep, alias, softdep and builtin. */
#include "base/str.h"
#include "builder/module-index.h"
#include "fuzz.h"

static void add(const struct module_index *m, const char *name)
{
	_cleanup_strv_ char **paths = NULL;
	bool builtin;

	if (module_index_add(m, name, &paths, &builtin) == 0)
		return;
	for (char **p = paths; p && p[0] && p[1]; p++)
		must(strcmp(p[0], p[1]) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_module_index_ struct module_index m = {0};
	char *texts[4];

	cut_texts(data, size, texts, 4);
	if (module_index_parse(
		    &(struct module_texts){texts[0], texts[1], texts[2], texts[3]}, &m,
		    NULL) == 0) {
		add(&m, "*");
		add(&m, "btrfs");
		add(&m, "crypto-crc32c");
	}
	for (size_t i = 0; i < 4; i++)
		free(texts[i]);
	return 0;
}
