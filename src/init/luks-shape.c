/* SPDX-License-Identifier: MIT */
/* Refuses every LUKS2 header that isn't of our shape: who holds the disk can write one
 * that stores data in the clear, or swaps the key (CVE-2025-59054, CVE-2021-4122). */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "init/luks-shape.h"
#include "init/luks-tokens.h"

#define KEY_BYTES 64
#define CIPHER "aes-xts-plain64"
/* More would keep a machine busy for minutes. */
#define ITERATIONS_MAX 20000000
#define ARGON_TIME_MAX 1000
#define STRIPES 4000

static int refuse(struct error *err, const char *what)
{
	return fail(
		err, -EPERM,
		"The disk's encryption header isn't one that AtomOS makes (%s): it was "
		"changed or is damaged; write the medium anew or use another one",
		what);
}

/* As refuse, with the text that was found; it comes from the disk, so only harmless
 * letters of it are shown. */
static int refuse_text(struct error *err, const char *what, const char *found)
{
	_cleanup_free_ char *words = xasprintf("%s: %.40s", what, found);

	for (char *c = words; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return refuse(err, words);
}

static bool text_is(sd_json_variant *o, const char *key, const char *value)
{
	return streq(variant_text_or(o, key, ""), value);
}

static bool number_is(sd_json_variant *o, const char *key, uint64_t low, uint64_t high)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && sd_json_variant_is_unsigned(v) &&
	       sd_json_variant_unsigned(v) >= low && sd_json_variant_unsigned(v) <= high;
}

/* LUKS2 writes 64-bit numbers as decimal text. */
static bool text_number(sd_json_variant *o, const char *key, uint64_t *ret)
{
	return parse_u64(variant_text_or(o, key, ""), ret) == 0;
}

/* True when the object has these keys and no other; the list ends with NULL. */
static bool keys_are(sd_json_variant *o, const char *const *keys)
{
	size_t n = 0;

	if (!o || !sd_json_variant_is_object(o))
		return false;
	for (const char *const *k = keys; *k; k++, n++)
		if (!sd_json_variant_by_key(o, *k))
			return false;
	return sd_json_variant_elements(o) == 2 * n;
}
#define KEYS_ARE(o, ...) keys_are(o, (const char *const[]){__VA_ARGS__, NULL})

static bool hash_ok(sd_json_variant *o)
{
	return text_is(o, "hash", "sha256") || text_is(o, "hash", "sha512");
}

/* An array of exactly one text. */
static bool only_element_is(sd_json_variant *o, const char *key, const char *value)
{
	sd_json_variant *a = sd_json_variant_by_key(o, key), *e;

	if (!a || !sd_json_variant_is_array(a) || sd_json_variant_elements(a) != 1)
		return false;
	e = sd_json_variant_by_index(a, 0);
	return sd_json_variant_is_string(e) && streq(sd_json_variant_string(e), value);
}

static int check_segments(sd_json_variant *segments, struct error *err)
{
	sd_json_variant *s;
	uint64_t n;

	if (!KEYS_ARE(segments, "0"))
		return refuse(err, "not exactly one segment");
	s = sd_json_variant_by_key(segments, "0");
	if (!KEYS_ARE(s, "type", "offset", "size", "iv_tweak", "encryption",
		      "sector_size"))
		return refuse(err, "odd fields of the segment");
	if (!text_is(s, "type", "crypt") || !text_is(s, "size", "dynamic"))
		return refuse(err, "type or size of the segment");
#ifndef WITHOUT_CHECK_LUKS_CIPHER
	if (!text_is(s, "encryption", CIPHER))
		return refuse_text(err, "cipher of the data",
				   variant_text_or(s, "encryption", ""));
#endif
	if (!text_number(s, "offset", &n) || n != LUKS_DATA_OFFSET)
		return refuse(err, "offset of the data");
	if (!text_number(s, "iv_tweak", &n) || n != 0 ||
	    !number_is(s, "sector_size", 4096, 4096))
		return refuse(err, "sectors of the data");
	return 0;
}

static int check_kdf(sd_json_variant *k, struct error *err)
{
	if (text_is(k, "type", "pbkdf2")) {
		if (!KEYS_ARE(k, "type", "salt", "hash", "iterations") || !hash_ok(k) ||
		    !number_is(k, "iterations", 1000, ITERATIONS_MAX))
			return refuse(err, "key derivation of a slot");
		return 0;
	}
	if (!text_is(k, "type", "argon2id") ||
	    !KEYS_ARE(k, "type", "salt", "time", "memory", "cpus") ||
	    !number_is(k, "time", 1, ARGON_TIME_MAX) ||
	    !number_is(k, "memory", 32, LUKS_ARGON_KIB_MAX) ||
	    !number_is(k, "cpus", 1, LUKS_ARGON_CPUS_MAX))
		return refuse(err, "key derivation of a slot");
	return 0;
}

static int check_area(sd_json_variant *a, struct error *err)
{
	uint64_t offset, size;

	if (!KEYS_ARE(a, "type", "offset", "size", "encryption", "key_size") ||
	    !text_is(a, "type", "raw"))
		return refuse(err, "area of a slot");
#ifndef WITHOUT_CHECK_LUKS_SLOT_CIPHER
	/* A null cipher here would let anyone put in a volume key of his own. */
	if (!text_is(a, "encryption", CIPHER) ||
	    !number_is(a, "key_size", KEY_BYTES, KEY_BYTES))
		return refuse_text(err, "cipher of a slot",
				   variant_text_or(a, "encryption", ""));
#endif
	if (!text_number(a, "offset", &offset) || !text_number(a, "size", &size) ||
	    offset > LUKS_HEADER_COPY || size > LUKS_HEADER_COPY - offset)
		return refuse(err, "place of a slot");
	return 0;
}

static int check_slot(sd_json_variant *s, struct error *err)
{
	sd_json_variant *af = sd_json_variant_by_key(s, "af");
	int r;

#ifndef WITHOUT_CHECK_LUKS_REENCRYPT
	if (!text_is(s, "type", "luks2"))
		return refuse(err, "a slot for reencryption, or of an unknown kind");
#endif
	if (!KEYS_ARE(s, "type", "key_size", "af", "area", "kdf") ||
	    !number_is(s, "key_size", KEY_BYTES, KEY_BYTES))
		return refuse(err, "odd fields of a slot");
	if (!KEYS_ARE(af, "type", "stripes", "hash") || !text_is(af, "type", "luks1") ||
	    !number_is(af, "stripes", STRIPES, STRIPES) || !hash_ok(af))
		return refuse(err, "splitting of a slot");
	r = check_area(sd_json_variant_by_key(s, "area"), err);
	return r < 0 ? r : check_kdf(sd_json_variant_by_key(s, "kdf"), err);
}

static int check_slots(sd_json_variant *slots, struct error *err)
{
	size_t n;

	if (!slots || !sd_json_variant_is_object(slots))
		return refuse(err, "no slots");
	n = sd_json_variant_elements(slots) / 2;
	if (n < 1 || n > LUKS_SLOTS_MAX)
		return refuse(err, "number of slots");
	for (size_t i = 0; i < n; i++) {
		sd_json_variant *s = sd_json_variant_by_index(slots, 2 * i + 1);
		int r = sd_json_variant_is_object(s)
				? check_slot(s, err)
				: refuse(err, "a slot isn't an object");

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_digests(sd_json_variant *digests, struct error *err)
{
	sd_json_variant *d;

	if (!KEYS_ARE(digests, "0"))
		return refuse(err, "not exactly one digest");
	d = sd_json_variant_by_key(digests, "0");
	if (!KEYS_ARE(d, "type", "keyslots", "segments", "hash", "iterations", "salt",
		      "digest"))
		return refuse(err, "odd fields of the digest");
	if (!text_is(d, "type", "pbkdf2") || !hash_ok(d) ||
	    !number_is(d, "iterations", 1000, ITERATIONS_MAX) ||
	    !only_element_is(d, "segments", "0"))
		return refuse(err, "digest of the volume key");
	return 0;
}

/* The first requirement that a header makes, or "". */
static const char *requirement(sd_json_variant *config)
{
	sd_json_variant *r = sd_json_variant_by_key(config, "requirements");
	sd_json_variant *list = r ? sd_json_variant_by_key(r, "mandatory") : NULL;
	sd_json_variant *first;

	if (!list || !sd_json_variant_is_array(list) ||
	    sd_json_variant_elements(list) == 0)
		return "";
	first = sd_json_variant_by_index(list, 0);
	return sd_json_variant_is_string(first) ? sd_json_variant_string(first) : "";
}

static int check_config(sd_json_variant *config, struct error *err)
{
	uint64_t n;

#ifndef WITHOUT_CHECK_LUKS_REQUIREMENTS
	if (!KEYS_ARE(config, "json_size", "keyslots_size"))
		return refuse_text(err, "flags or requirements", requirement(config));
#endif
	if (!text_number(config, "json_size", &n) || n > LUKS_JSON_MAX ||
	    !text_number(config, "keyslots_size", &n) || n > LUKS_DATA_OFFSET)
		return refuse(err, "sizes");
	return 0;
}

static int check_tokens(sd_json_variant *tokens, struct error *err)
{
#ifndef WITHOUT_CHECK_LUKS_TOKENS
	const char *odd = luks_tokens_odd(tokens);

	if (odd)
		return refuse(err, odd);
#endif
	return 0;
}

int luks_shape_check(const char *json, struct error *err)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	int r;

#ifdef WITHOUT_CHECK_LUKS_SHAPE
	return 0;
#endif
	if (strlen(json) > LUKS_JSON_MAX || sd_json_parse(json, 0, &root, NULL, NULL) < 0)
		return refuse(err, "its text isn't JSON");
	if (!KEYS_ARE(root, "keyslots", "tokens", "segments", "digests", "config"))
		return refuse(err, "its parts");
	/* First what explains the most. */
	r = check_config(sd_json_variant_by_key(root, "config"), err);
	if (r == 0)
		r = check_segments(sd_json_variant_by_key(root, "segments"), err);
	if (r == 0)
		r = check_slots(sd_json_variant_by_key(root, "keyslots"), err);
	if (r == 0)
		r = check_digests(sd_json_variant_by_key(root, "digests"), err);
	if (r == 0)
		r = check_tokens(sd_json_variant_by_key(root, "tokens"), err);
	return r;
}
