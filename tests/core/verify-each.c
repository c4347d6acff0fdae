/* SPDX-License-Identifier: MIT */
/* Says for each path of a closure file whether it verifies: verify-each STORE CLOSURE
 * KEYS. Prints "good BASE" or "bad BASE: WORDS". For tests/core/agree.py. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "core/engine.h"

static char *read_text(const char *path)
{
	char *text = NULL;

	if (read_file_at(AT_FDCWD, path, CLOSURE_TEXT_MAX, &text, NULL) < 0) {
		fprintf(stderr, "%s can't be read\n", path);
		exit(2);
	}
	return text;
}

static int run(char **argv, struct error *err)
{
	_cleanup_free_ char *closure_text = read_text(argv[2]),
			    *keys_text = read_text(argv[3]);
	_cleanup_close_ int store = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closure_ struct closure closure = {0};
	_cleanup_trusted_keys_ struct trusted_keys keys = {0};
	const struct engine engine = {.store = store};
	int r = closure_parse(closure_text, strlen(closure_text), &closure, err);

	if (r == 0)
		r = trusted_keys_parse(keys_text, strlen(keys_text), &keys, err);
	for (size_t i = 0; r == 0 && i < closure.count; i++) {
		const char *base = closure.paths[i].base;
		struct engine_result result;

		if (verify_store_path(&engine, &closure, base, &keys, &result, err) < 0)
			printf("bad %s: %s\n", base, err->message);
		else
			printf("good %s\n", base);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (argc != 4 || run(argv, &err) < 0) {
		fprintf(stderr, "%s\n",
			argc == 4 ? err.message : "verify-each STORE CLOSURE KEYS");
		return 2;
	}
	return 0;
}
