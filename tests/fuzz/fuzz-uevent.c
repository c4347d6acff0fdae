/* SPDX-License-Identifier: MIT */
/* Fuzz target: messages about devices. Every string must end within the datagram. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "init/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s, const char *data, size_t size)
{
	if (s && (s < data || s + strlen(s) >= data + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct uevent e;

	if (uevent_parse(text, size, &e) < 0)
		return 0;
	check(e.action, text, size);
	check(e.devpath, text, size);
	check(e.subsystem, text, size);
	check(e.devname, text, size);
	check(e.modalias, text, size);
	return 0;
}
