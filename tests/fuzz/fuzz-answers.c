/* SPDX-License-Identifier: MIT */
/* Fuzz target: answers for the first start, whoever wrote them into a disk's header. */
#include "fuzz.h"
#include "base/str.h"
#include "core/token.h"
#include "welcome/preset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_free_ char *open = token_decode(text, "open");
	_cleanup_answers_ struct answers a = {0}, b = {0};
	_cleanup_secret_ struct secret *again = secret_new();
	struct error err;

	if (answers_parse(text, &a, &err) == 0) {
		must(!a.zone || (!strstr(a.zone, "..") && a.zone[0] != '/'));
		must(!a.real_name || !strpbrk(a.real_name, ":\n\x1b"));
		(void)answers_write(&a, true, again, &err);
	}
	if (preset_decode_open(open ? open : text, &b, &err) == 0)
		must(!b.password && !b.recovery);
	return 0;
}
