/* SPDX-License-Identifier: MIT */
/* Fuzz target: typed access to JSON objects, as the boot reads all of its texts. */
#include "fuzz.h"
#include "init/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size), *string = NULL;
	_cleanup_variant_ sd_json_variant *root = NULL;
	sd_json_variant *inner = NULL;
	uint64_t number = 0;
	bool flag = false;

	if (variant_parse(text, "it", &root, NULL) < 0)
		return 0;
	must(sd_json_variant_is_object(root));
	if (json_string(root, "a", &string, NULL) > 0)
		must(string != NULL);
	if (json_u64(root, "a", 1000, &number, NULL) > 0)
		must(number <= 1000);
	if (json_object(root, "a", &inner, NULL) > 0)
		must(sd_json_variant_is_object(inner));
	(void)json_bool(root, "a", &flag, NULL);
	return 0;
}
