/* SPDX-License-Identifier: MIT */
/* Running Nix with the settings that AtomOS needs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/str.h"
#include "base/variant.h"
#include "core/base32.h"
#include "atomos/nix.h"

const char *const nix_environment[] = {
	"NIX_CONFIG="
	"experimental-features = nix-command flakes auto-allocate-uids cgroups\n"
	"auto-allocate-uids = true\n"
	"use-cgroups = true\n"
	"sandbox = true\n"
	"filter-syscalls = false\n"
	"system-features = uid-range\n"
	"substituters =\n"
	"build-users-group =\n"
	"max-jobs = auto\n"
	"cores = 0\n"
	"warn-dirty = false\n",
	/* Nix warns when there is no locale and fails when there is no home. */
	"LC_ALL=C.UTF-8",
	NULL,
};

/* Copies without terminal sequences (ESC [ … letter). */
static char *without_colours(const char *s)
{
	char *copy = xmalloc(strlen(s) + 1), *end = copy;

	while (*s) {
		if (s[0] == '\033' && s[1] == '[') {
			s += 2 + strcspn(s + 2, "mKGHJ");
			if (*s)
				s++;
		} else {
			*end++ = *s++;
		}
	}
	*end = 0;
	return copy;
}

char *nix_error_words(const char *messages)
{
	_cleanup_free_ char *plain = without_colours(messages);
	const char *start = plain, *next;
	char *words, *stop;

	/* With a trace there are several; the last one is what went wrong. */
	while ((next = strstr(start, "error: ")))
		start = next + strlen("error: ");
	words = xstrdup(start + strspn(start, " \n"));
	stop = strstr(words, "\n(use '--show-trace'");
	if (stop)
		*stop = 0;
	stop = words + strlen(words);
	while (stop > words && strchr(" \n", stop[-1]))
		*--stop = 0;
	/* Nix indents what follows the first line by seven characters. */
	for (char *line = words; (line = strstr(line, "\n       ")); line++)
		memmove(line + 1, line + 8, strlen(line + 8) + 1);
	return words;
}

int nix_run(const char *const *argv, char **ret_output, struct error *err)
{
	_cleanup_free_ char *output = NULL, *words = NULL;
	struct process p = {.argv = argv, .environment = nix_environment};
	int r = process_run(&p, &output, NULL, err);

	if (r == 0) {
		if (ret_output)
			*ret_output = TAKE_PTR(output);
		return 0;
	}
	if (r < 0)
		return r;
	words = nix_error_words(err ? err->message : "");
	if (r == 127)
		return fail(err, -ENOENT,
			    "Nix can't be run (%s): install Debian's package nix-bin",
			    words);
	return fail(err, -EIO, "%s", *words ? words : "Nix failed without a word");
}

int nix_sign(const char *path, const char *key_file, struct error *err)
{
	const char *const argv[] = {"nix",	  "store",  "sign", "--recursive",
				    "--key-file", key_file, path,   NULL};
	int r = nix_run(argv, NULL, err);

	return r < 0 ? wrap(err, "Can't sign %s", path) : 0;
}

int nix_add(const char *directory, const char *name, char **ret, struct error *err)
{
	const char *const argv[] = {"nix", "store",   "add", "--name",
				    name,  directory, NULL};
	_cleanup_free_ char *output = NULL;
	int r = nix_run(argv, &output, err);

	if (r < 0)
		return wrap(err, "Can't add %s to the store", directory);
	output[strcspn(output, "\n")] = 0;
	*ret = TAKE_PTR(output);
	return 0;
}

/* "sha256-BASE64" as Nix prints it in JSON. */
static int parse_sri(const char *text, uint8_t hash[SHA256_SIZE])
{
	unsigned char raw[SHA256_SIZE + 4];
	const char *base64 = text ? startswith(text, "sha256-") : NULL;

	if (!base64 || strlen(base64) != 44 ||
	    EVP_DecodeBlock(raw, (const unsigned char *)base64, 44) != SHA256_SIZE + 1)
		return -EBADMSG;
	memcpy(hash, raw, SHA256_SIZE);
	return 0;
}

static char **reference_names(sd_json_variant *o)
{
	_cleanup_strv_ char **paths = variant_texts(o, "references");
	char **names = xcalloc(1, sizeof(char *));

	for (char **p = paths; *p; p++) {
		const char *base = startswith(*p, STORE_DIR "/");

		names = strv_add(names, base ? base : *p);
	}
	strv_sort(names);
	return names;
}

static int add_path(struct closure *c, size_t *capacity, const char *path,
		    sd_json_variant *o, struct error *err)
{
	const char *base = startswith(path, STORE_DIR "/");
	struct path_info info = {0};

	if (!base || !store_base_valid(base))
		return fail(err, -EBADMSG, "'%s' is no store path", path);
	if (parse_sri(variant_text(o, "narHash"), info.nar_hash) < 0)
		return fail(err, -EBADMSG, "Nix knows no hash of %s", path);
	info.base = xstrdup(base);
	info.nar_size = variant_number(o, "narSize");
	info.references = reference_names(o);
	info.signatures = variant_texts(o, "signatures");
	info.content_addressed = variant_get(o, "ca");
	closure_add(c, &info, capacity);
	return 0;
}

int nix_closure_parse(const char *text, struct closure *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	_cleanup_closure_ struct closure c = {0};
	size_t capacity = 0;
	int r = variant_parse(text, "What nix path-info prints", &root, err);

	*ret = c;
	for (size_t i = 0; r == 0 && i < sd_json_variant_elements(root); i += 2)
		r = add_path(&c, &capacity,
			     sd_json_variant_string(sd_json_variant_by_index(root, i)),
			     sd_json_variant_by_index(root, i + 1), err);
	if (r == 0)
		r = closure_sort(&c, err);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct closure){0};
	return 0;
}

int nix_closure(const char *path, struct closure *ret, struct error *err)
{
	const char *const argv[] = {"nix",	   "path-info", "--json",
				    "--recursive", path,	NULL};
	_cleanup_free_ char *output = NULL;
	int r = nix_run(argv, &output, err);

	return r < 0 ? r : nix_closure_parse(output, ret, err);
}
