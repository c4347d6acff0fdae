/* SPDX-License-Identifier: MIT */
/* Fuzz target: system.json of a verified system, and its tables of users and groups. */
#include "base/str.h"
#include "fuzz.h"
#include "init/system-info.h"

static void try_info(const char *text)
{
	struct system_info s;

	if (system_info_parse(text, &s, NULL) < 0) {
		must(!s.product && !s.directories);
		return;
	}
	must(s.product && s.kernel && s.root_bytes && s.init[0] == '/');
	for (size_t i = 0; i < s.directory_count; i++) {
		const struct state_directory *d = &s.directories[i];

		must(d->path[0] == '/' && d->user && d->group && d->mode <= 07777);
		must(!strstr(d->path, "/../") && !endswith(d->path, "/.."));
	}
	system_info_done(&s);
}

static void try_table(const char *text)
{
	uint32_t id = UINT32_MAX, group = UINT32_MAX;

	if (id_lookup(text, "root", &id, &group) == 0)
		must(strstr(text, "root:") && id < UINT32_MAX && group < UINT32_MAX);
	if (id_lookup(text, "root", &id, NULL) == 0)
		must(id < UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);

	try_info(text);
	try_table(text);
	return 0;
}
