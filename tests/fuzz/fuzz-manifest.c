/* SPDX-License-Identifier: MIT */
/* Fuzz target: manifests of roots and packages. What is accepted must be written so that
 * it is read the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(const char *data, size_t size, enum manifest_kind kind)
{
	_cleanup_manifest_ struct manifest m = {0}, again = {0};
	_cleanup_free_ char *text = NULL, *second = NULL;
	size_t length;

	if (manifest_parse(data, size, kind, &m, NULL) < 0)
		return;
	text = manifest_format(&m, &length);
	if (manifest_parse_owned(xstrdup(text), length, kind, &again, NULL) < 0)
		abort();
	second = manifest_format(&again, NULL);
	if (strcmp(text, second) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try((const char *)data, size, MANIFEST_ROOT);
	try((const char *)data, size, MANIFEST_PACKAGE);
	return 0;
}
