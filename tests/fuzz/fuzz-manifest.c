/* SPDX-License-Identifier: MIT */
/* Fuzz target: root manifests. What is accepted must be written so that it is read the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_manifest_ struct manifest m = {0}, again = {0};
	_cleanup_free_ char *text = NULL, *second = NULL;
	size_t length;

	if (manifest_parse((const char *)data, size, MANIFEST_ROOT, &m, NULL) < 0)
		return 0;
	text = manifest_format(&m, &length);
	if (manifest_parse(text, length, MANIFEST_ROOT, &again, NULL) < 0)
		abort();
	second = manifest_format(&again, NULL);
	if (strcmp(text, second) != 0)
		abort();
	return 0;
}
