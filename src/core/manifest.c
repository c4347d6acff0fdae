/* SPDX-License-Identifier: MIT */
/* The root manifest in memory: adding, sorting, finding, writing. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/large.h"
#include "core/manifest-arena.h"
#include "core/store.h"

/* Memory that goes away all at once. */
struct arena_chunk {
	struct arena_chunk *next;
	char data[] __attribute__((aligned(16)));
};

struct arena {
	struct arena_chunk *chunks;
	char *free;
	size_t left;
	char *text; /* of a parsed manifest: its entries point into it */
};

#define CHUNK_SIZE ((size_t)64 << 10)

static char *new_chunk(struct arena *a, size_t size)
{
	struct arena_chunk *c = xmalloc(sizeof(*c) + size);

	c->next = a->chunks;
	a->chunks = c;
	return c->data;
}

static struct arena *arena(struct manifest *m)
{
	if (!m->arena)
		m->arena = xcalloc(1, sizeof(*m->arena));
	return m->arena;
}

void manifest_own(struct manifest *m, char *text)
{
	arena(m)->text = text;
}

void manifest_reserve(struct manifest *m, size_t count)
{
	if (count <= m->capacity)
		return;
	if (m->entries)
		m->entries = xrealloc(m->entries, count, sizeof(*m->entries));
	else
		m->entries = large_alloc(count * sizeof(*m->entries));
	m->capacity = count;
}

void *manifest_alloc(struct manifest *m, size_t size)
{
	struct arena *a = arena(m);
	char *p;

	size = (size + 15) & ~(size_t)15;
	if (size > CHUNK_SIZE / 4)
		return new_chunk(a, size);
	if (size > a->left) {
		a->free = new_chunk(a, CHUNK_SIZE);
		a->left = CHUNK_SIZE;
	}
	p = a->free;
	a->free += size;
	a->left -= size;
	return p;
}

void manifest_done(struct manifest *m)
{
	while (m->arena && m->arena->chunks) {
		struct arena_chunk *c = m->arena->chunks;

		m->arena->chunks = c->next;
		free(c);
	}
	if (m->arena)
		free(m->arena->text);
	free(m->arena);
	free(m->entries);
	*m = (struct manifest){0};
}

static void *copy(struct manifest *m, const void *data, size_t size)
{
	char *p = manifest_alloc(m, size + 1);

	memcpy(p, data, size);
	p[size] = 0;
	return p;
}

struct manifest_entry *manifest_append(struct manifest *m)
{
	m->entries = xgrow(m->entries, m->count, &m->capacity, sizeof(*m->entries));
	m->entries[m->count] = (struct manifest_entry){0};
	return &m->entries[m->count++];
}

void manifest_add(struct manifest *m, const struct manifest_entry *e)
{
	struct manifest_entry *n = manifest_append(m);
	struct manifest_xattr *xattrs;

	*n = *e;
	n->path = copy(m, e->path, strlen(e->path));
	if (e->payload)
		n->payload = copy(m, e->payload, strlen(e->payload));
	if (e->xattr_count == 0)
		return;
	xattrs = manifest_alloc(m, e->xattr_count * sizeof(*xattrs));
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		xattrs[i] = (struct manifest_xattr){copy(m, x->name, strlen(x->name)),
						    copy(m, x->value, x->size), x->size};
	}
	n->xattrs = xattrs;
}

int manifest_compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_entries(const void *a, const void *b)
{
	return manifest_compare_paths(((const struct manifest_entry *)a)->path,
				      ((const struct manifest_entry *)b)->path);
}

void manifest_sort(struct manifest *m)
{
	if (m->count > 1)
		qsort(m->entries, m->count, sizeof(*m->entries), compare_entries);
}

const struct manifest_entry *manifest_find(const struct manifest *m, const char *path)
{
	struct manifest_entry key = {.path = path};

	if (m->count == 0)
		return NULL;
	return bsearch(&key, m->entries, m->count, sizeof(*m->entries), compare_entries);
}

size_t manifest_payload_base(const char *payload)
{
	char base[STORE_BASE_MAX + 1];
	size_t length = payload ? strcspn(payload, "/") : 0;

	if (length == 0 || length > STORE_BASE_MAX || !payload[length])
		return 0;
	memcpy(base, payload, length);
	base[length] = 0;
	return store_base_valid(base) ? length : 0;
}

/* Writing. */

struct text {
	char *data;
	size_t size, capacity;
};

static char *room(struct text *t, size_t size)
{
	while (t->size + size > t->capacity) {
		t->capacity = t->capacity ? t->capacity * 2 : 65536;
		t->data = xrealloc(t->data, t->capacity, 1);
	}
	return t->data + t->size;
}

static void put(struct text *t, const char *s)
{
	size_t length = strlen(s);

	memcpy(room(t, length), s, length);
	t->size += length;
}

/* The escapes that composefs itself writes. */
static void put_escaped(struct text *t, const char *data, size_t size, bool equal)
{
	char *out = room(t, size * 4), *start = out;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\\')
			out = stpcpy(out, "\\\\");
		else if (c == '\n')
			out = stpcpy(out, "\\n");
		else if (c == '\r')
			out = stpcpy(out, "\\r");
		else if (c == '\t')
			out = stpcpy(out, "\\t");
		else if (c <= ' ' || c >= 127 || (c == '=' && equal) ||
			 (c == '-' && size == 1))
			out += snprintf(out, 5, "\\x%02x", c);
		else
			*out++ = (char)c;
	}
	t->size += (size_t)(out - start);
}

static void put_xattrs(struct text *t, const struct manifest_entry *e)
{
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		put(t, " ");
		put_escaped(t, x->name, strlen(x->name), true);
		put(t, "=");
		put_escaped(t, x->value, x->size, true);
	}
}

static void put_entry(struct text *t, const struct manifest_entry *e)
{
	char numbers[192], digest[2 * SHA256_SIZE + 1] = "-";

	put_escaped(t, e->path, strlen(e->path), false);
	snprintf(numbers, sizeof(numbers), " %llu %s%o %u %u %u %llu %lld.0 ",
		 (unsigned long long)e->size, e->hardlink ? "@" : "", e->mode, e->nlink,
		 e->uid, e->gid, (unsigned long long)e->rdev, (long long)e->mtime);
	put(t, numbers);
	if (e->payload)
		put_escaped(t, e->payload, strlen(e->payload), false);
	else
		put(t, "-");
	if (e->has_digest)
		hex_encode(e->digest, SHA256_SIZE, digest);
	put(t, " - ");
	put(t, digest);
	put_xattrs(t, e);
	put(t, "\n");
}

char *manifest_format(const struct manifest *m, size_t *ret_size)
{
	struct text t = {0};

	for (size_t i = 0; i < m->count; i++)
		put_entry(&t, &m->entries[i]);
	*room(&t, 1) = 0;
	if (ret_size)
		*ret_size = t.size;
	return t.data;
}
