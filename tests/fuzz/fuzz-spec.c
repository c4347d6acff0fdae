/* SPDX-License-Identifier: MIT */
/* Fuzz target: the specification of a system. Nothing may leave the root or break a line
 * of passwd. */
#include "base/str.h"
#include "builder/spec.h"
#include "fuzz.h"

static void check_file(const struct spec_file *f)
{
	must(f->path[0] == '/' && !strchr(f->path, '\n'));
	must(!strstr(f->path, "/../") && !endswith(f->path, "/.."));
	must(f->mode <= 07777 || f->mode == SPEC_MODE_DEFAULT);
	must(f->value || f->kind == SPEC_REMOVE || f->kind == SPEC_DIRECTORY);
}

static void check_user(const struct account_user *u)
{
	must(u->name && !strpbrk(u->name, ":\n"));
	must(!u->home || !strpbrk(u->home, ":\n"));
	must(!u->shell || !strpbrk(u->shell, ":\n"));
	must(!u->password || !strpbrk(u->password, ":\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_spec_ struct spec s = {0};

	if (spec_parse(text, &s, NULL) < 0) {
		must(!s.product && !s.files);
		return 0;
	}
	for (size_t i = 0; i < s.file_count; i++) {
		check_file(&s.files[i]);
		must(i == 0 || strcmp(s.files[i - 1].path, s.files[i].path) <= 0);
	}
	for (size_t i = 0; i < s.accounts.user_count; i++)
		check_user(&s.accounts.users[i]);
	return 0;
}
