/* SPDX-License-Identifier: MIT */
/* A hash table from bytes (a path, a digest, an inode number) to a number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct table_slot {
	const void *key; /* NULL: free */
	size_t size;
	size_t value;
};

/* Keys belong to the caller and outlive the table. All zeroes is an empty table. */
struct table {
	struct table_slot *slots;
	size_t count, capacity;
};

/* The value of a key, or NULL. Valid until the next table_add. */
size_t *table_get(const struct table *t, const void *key, size_t size);
/* Adds the key with this value and returns true; false, and nothing is changed, when it
 * is already there. */
bool table_add(struct table *t, const void *key, size_t size, size_t value);
void table_done(struct table *t);
#define _cleanup_table_ _cleanup_(table_done)
