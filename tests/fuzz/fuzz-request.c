/* SPDX-License-Identifier: MIT */
/* Fuzz target: a request in a volume's header, which whoever has the disk can write. */
#include "fuzz.h"
#include "init/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct request r;

	if (request_parse(text, &r) == 0) {
		must((r.kind == REQUEST_TRUST || r.kind == REQUEST_DISTRUST) ==
		     (r.key.count == 1));
		request_done(&r);
	}
	return 0;
}
