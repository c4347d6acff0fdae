/* SPDX-License-Identifier: MIT */
/* What Nix prints about a closure, in the forms we need. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-json.h>

#include "base/alloc.h"
#include "base/str.h"
#include "image/closure-file.h"

#define SRI_SHA256 "sha256-"
#define SRI_LENGTH 44

static void unref_json(sd_json_variant **v)
{
	sd_json_variant_unref(*v);
}

static int decode_sri(const char *text, uint8_t hash[SHA256_SIZE])
{
	const char *base64 = text ? startswith(text, SRI_SHA256) : NULL;
	uint8_t decoded[SRI_LENGTH / 4 * 3];

	if (!base64 || strlen(base64) != SRI_LENGTH || base64[SRI_LENGTH - 1] != '=' ||
	    EVP_DecodeBlock(decoded, (const uint8_t *)base64, SRI_LENGTH) < SHA256_SIZE)
		return -EINVAL;
	memcpy(hash, decoded, SHA256_SIZE);
	return 0;
}

/* The strings of a list, each without `prefix`, which it must have. */
static int read_strings(sd_json_variant *list, const char *prefix, char ***ret)
{
	char **strings = xcalloc(1, sizeof(*strings));
	size_t n = sd_json_variant_elements(list);

	for (size_t i = 0; i < n; i++) {
		sd_json_variant *e = sd_json_variant_by_index(list, i);
		const char *s = sd_json_variant_is_string(e) ? sd_json_variant_string(e) : NULL;

		s = s ? startswith(s, prefix) : NULL;
		if (!s) {
			strv_free(strings);
			return -EINVAL;
		}
		strings = strv_add(strings, s);
	}
	strv_sort(strings);
	*ret = strings;
	return 0;
}

static const char *string_member(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && sd_json_variant_is_string(v) ? sd_json_variant_string(v) : NULL;
}

static int read_path(const char *path, sd_json_variant *o, struct path_info *ret)
{
	struct path_info p = {0};
	sd_json_variant *size;
	const char *base = startswith(path, STORE_DIR "/");
	int r;

	if (!base || !store_base_valid(base) || !sd_json_variant_is_object(o))
		return -EINVAL;
	size = sd_json_variant_by_key(o, "narSize");
	r = decode_sri(string_member(o, "narHash"), p.nar_hash);
	if (r < 0 || !size || !sd_json_variant_is_unsigned(size))
		return -EINVAL;
	p.nar_size = sd_json_variant_unsigned(size);
	p.content_addressed = string_member(o, "ca");
	p.base = xstrdup(base);
	r = read_strings(sd_json_variant_by_key(o, "references"), STORE_DIR "/", &p.references);
	if (r == 0)
		r = read_strings(sd_json_variant_by_key(o, "signatures"), "", &p.signatures);
	if (r < 0) {
		path_info_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

int closure_from_json(const char *text, struct closure *ret, struct error *err)
{
	_cleanup_(unref_json) sd_json_variant *top = NULL;
	_cleanup_closure_ struct closure c = {0};
	size_t capacity = 0, n;
	int r = sd_json_parse(text, 0, &top, NULL, NULL);

	*ret = c;
	if (r < 0 || !sd_json_variant_is_object(top))
		return fail(err, -EINVAL, "Nix described the closure in a form we don't know");
	n = sd_json_variant_elements(top);
	for (size_t i = 0; i + 1 < n; i += 2) {
		const char *path = sd_json_variant_string(sd_json_variant_by_index(top, i));
		struct path_info p;

		r = read_path(path, sd_json_variant_by_index(top, i + 1), &p);
		if (r < 0)
			return fail(err, r, "Nix described %s in a form we don't know", path);
		closure_add(&c, &p, &capacity);
	}
	r = closure_sort(&c, err);
	if (r < 0)
		return r;
	*ret = TAKE_AS(c, (struct closure){0});
	return 0;
}

char *closure_registration(const struct closure *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return xstrdup("");
	for (size_t i = 0; i < c->count; i++) {
		const struct path_info *p = &c->paths[i];
		char hash[2 * SHA256_SIZE + 1];

		hex_encode(p->nar_hash, sizeof(p->nar_hash), hash);
		fprintf(f, STORE_DIR "/%s\n%s\n%" PRIu64 "\n\n%zu\n", p->base, hash,
			p->nar_size, strv_length(p->references));
		for (char **s = p->references; *s; s++)
			fprintf(f, STORE_DIR "/%s\n", *s);
	}
	fclose(f);
	return text;
}
