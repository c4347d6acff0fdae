/* SPDX-License-Identifier: MIT */
/* Fuzz target: Nix's log lines and path infos. */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/nix-log.h"
#include "atomos/nix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size), *words = NULL;
	_cleanup_strv_ char **lines = strv_split(text, "\n");
	_cleanup_closure_ struct closure closure = {0};
	_cleanup_nix_log_ struct nix_log log = {0};

	for (char **l = lines; *l; l++)
		nix_log_take(&log, *l);
	words = nix_log_failure(&log);
	nix_closure_parse(text, &closure, NULL);
	return 0;
}
