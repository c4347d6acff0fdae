/* SPDX-License-Identifier: MIT */
/* Recovery keys. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "core/recovery-key.h"

#define LETTERS "cbdefghijklnrtuv"
#define KEY_BYTES (RECOVERY_GROUPS * RECOVERY_GROUP_LETTERS / 2)

static void put(struct secret *s, char c)
{
	if (s->size % (RECOVERY_GROUP_LETTERS + 1) == RECOVERY_GROUP_LETTERS)
		s->data[s->size++] = '-';
	s->data[s->size++] = c;
	s->data[s->size] = 0;
}

int recovery_key_make(struct secret **ret, struct error *err)
{
	_cleanup_secret_ struct secret *bytes = secret_new(), *key = secret_new();

	if (getrandom(bytes->data, KEY_BYTES, 0) != KEY_BYTES)
		return fail(err, -EIO, "The kernel gives no random numbers");
	for (size_t i = 0; i < KEY_BYTES; i++) {
		put(key, LETTERS[(bytes->data[i] >> 4) & 15]);
		put(key, LETTERS[bytes->data[i] & 15]);
	}
	*ret = TAKE_PTR(key);
	return 0;
}

/* The letters of what was typed; -EINVAL for anything that is none and separates none. */
static int letters(const struct secret *typed, struct secret *out, size_t max)
{
	for (size_t i = 0; i < typed->size; i++) {
		char c = (char)tolower((unsigned char)typed->data[i]);

		if (c == '-' || isspace((unsigned char)c))
			continue;
		if (!c || !strchr(LETTERS, c) || out->size == max)
			return -EINVAL;
		out->data[out->size++] = c;
	}
	return out->size == max ? 0 : -EINVAL;
}

int recovery_key_normalise(struct secret *typed)
{
	_cleanup_secret_ struct secret *plain = secret_new();
	int r = letters(typed, plain, RECOVERY_GROUPS * RECOVERY_GROUP_LETTERS);

	if (r < 0)
		return r;
	wipe(typed->data, typed->size);
	typed->size = 0;
	for (size_t i = 0; i < plain->size; i++)
		put(typed, plain->data[i]);
	return 0;
}

bool recovery_key_group_is(const struct secret *key, unsigned group,
			   const struct secret *typed)
{
	_cleanup_secret_ struct secret *plain = secret_new();
	size_t at = (size_t)group * (RECOVERY_GROUP_LETTERS + 1);

	return key->size == RECOVERY_LENGTH && group < RECOVERY_GROUPS &&
	       letters(typed, plain, RECOVERY_GROUP_LETTERS) == 0 &&
	       memcmp(key->data + at, plain->data, RECOVERY_GROUP_LETTERS) == 0;
}
