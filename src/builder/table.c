/* SPDX-License-Identifier: MIT */
/* A hash table with open addressing. */
#include <string.h>

#include "base/alloc.h"
#include "builder/table.h"

#define CAPACITY_MIN 1024

/* FNV-1a, 64 bits: the keys come from signed packages, nobody floods this table. */
static uint64_t hash(const void *key, size_t size)
{
	const unsigned char *p = key;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h ^ h >> 32;
}

static struct table_slot *slot(const struct table *t, const void *key, size_t size)
{
	size_t mask = t->capacity - 1;

	for (size_t i = hash(key, size) & mask;; i = (i + 1) & mask) {
		struct table_slot *s = &t->slots[i];

		if (!s->key || (s->size == size && memcmp(s->key, key, size) == 0))
			return s;
	}
}

size_t *table_get(const struct table *t, const void *key, size_t size)
{
	struct table_slot *s = t->capacity ? slot(t, key, size) : NULL;

	return s && s->key ? &s->value : NULL;
}

static void grow(struct table *t)
{
	struct table new = {.capacity = MAX((size_t)CAPACITY_MIN, t->capacity * 2)};

	new.slots = xcalloc(new.capacity, sizeof(*new.slots));
	for (size_t i = 0; i < t->capacity; i++)
		if (t->slots[i].key)
			*slot(&new, t->slots[i].key, t->slots[i].size) = t->slots[i];
	new.count = t->count;
	free(t->slots);
	*t = new;
}

bool table_add(struct table *t, const void *key, size_t size, size_t value)
{
	struct table_slot *s;

	if (t->count * 4 >= t->capacity * 3)
		grow(t);
	s = slot(t, key, size);
	if (s->key)
		return false;
	*s = (struct table_slot){key, size, value};
	t->count++;
	return true;
}

void table_done(struct table *t)
{
	free(t->slots);
	*t = (struct table){0};
}
