/* SPDX-License-Identifier: MIT */
/* Parser of composefs-dump(5) text, for root and package manifests. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/manifest-arena.h"

enum field {
	FIELD_PATH,
	FIELD_SIZE,
	FIELD_MODE,
	FIELD_NLINK,
	FIELD_UID,
	FIELD_GID,
	FIELD_RDEV,
	FIELD_MTIME,
	FIELD_PAYLOAD,
	FIELD_CONTENT,
	FIELD_DIGEST,
	FIELDS,
};

struct parser {
	struct manifest *m;
	enum manifest_kind kind;
	size_t line;
	struct error *err;
	/* Of a root: the entry before, and the directories that are open, by index. */
	size_t *open, open_count, open_capacity;
	char *fields[FIELDS + MANIFEST_XATTRS_MAX];
	size_t field_count;
};

static void parser_done(struct parser *p)
{
	free(p->open);
}

static int bad(struct parser *p, const char *what)
{
	const char *path = p->fields[FIELD_PATH];

	return fail(p->err, -EBADMSG, "line %zu%s%.512s%s %s", p->line, path ? " (" : "",
		    path ? path : "", path ? ")" : "", what);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes in place: no escape is shorter than what it stands for. Returns the size or -1.
 */
static ssize_t unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in;) {
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		in++;
		if (*in == 'x') {
			int high = hex_value(in[1]),
			    low = high < 0 ? -1 : hex_value(in[2]);

			if (low < 0)
				return -1;
			*out++ = (char)(high << 4 | low);
			in += 3;
			continue;
		}
		if (!*in || !strchr("\\nrt", *in))
			return -1;
		*out++ = *in == 'n' ? '\n' : *in == 'r' ? '\r' : *in == 't' ? '\t' : '\\';
		in++;
	}
	*out = 0;
	return out - text;
}

/* For what must not hold a NUL. */
static int unescape_string(char *text)
{
	ssize_t size = unescape(text);

	return size < 0 || strlen(text) != (size_t)size ? -EBADMSG : 0;
}

/* Names separated by single slashes, none of them "." or "..". */
static bool components_valid(const char *path)
{
	if (strlen(path) > MANIFEST_PATH_MAX)
		return false;
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || length > MANIFEST_NAME_MAX)
			return false;
#ifndef WITHOUT_CHECK_MANIFEST_DOTDOT
		if ((length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
#endif
		path += length;
		if (!*path++)
			return true;
	}
}

static bool path_valid(const char *path)
{
	return path[0] == '/' && (!path[1] || components_valid(path + 1));
}

static int split(struct parser *p, char *line)
{
	p->field_count = 0;
	for (char *next; line; line = next) {
		if (p->field_count == ELEMENTSOF(p->fields))
			return bad(p, "has too many fields");
		next = strchr(line, ' ');
		if (next)
			*next++ = 0;
		if (!*line)
			return bad(p, "has an empty field");
		p->fields[p->field_count++] = line;
	}
	return p->field_count < FIELDS ? bad(p, "has too few fields") : 0;
}

static int parse_octal(const char *s, uint32_t *ret)
{
	uint32_t n = 0;

	if (!*s || strlen(s) > 7)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '7')
			return -EINVAL;
		n = n << 3 | (uint32_t)(*s - '0');
	}
	*ret = n;
	return 0;
}

static int parse_u32(const char *s, uint32_t *ret)
{
	uint64_t n;

	if (parse_u64(s, &n) < 0 || n > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)n;
	return 0;
}

static int parse_time(char *s, int64_t *ret)
{
	char *dot = strchr(s, '.');
	uint64_t n;

	if (!dot || !streq(dot, ".0"))
		return -EINVAL;
	*dot = 0;
	if (parse_u64(s, &n) < 0 || n > INT64_MAX)
		return -EINVAL;
	*ret = (int64_t)n;
	return 0;
}

static int parse_numbers(struct parser *p, struct manifest_entry *e)
{
	char **f = p->fields;

	if (parse_u64(f[FIELD_SIZE], &e->size) < 0 || e->size > INT64_MAX)
		return bad(p, "has no valid size");
	if (parse_octal(f[FIELD_MODE], &e->mode) < 0)
		return bad(p, "has no valid mode");
	if (parse_u32(f[FIELD_NLINK], &e->nlink) < 0 ||
	    parse_u32(f[FIELD_UID], &e->uid) < 0 ||
	    parse_u32(f[FIELD_GID], &e->gid) < 0 ||
	    parse_u64(f[FIELD_RDEV], &e->rdev) < 0 || e->uid == UINT32_MAX ||
	    e->gid == UINT32_MAX)
		return bad(p, "has no valid link count, owner, group or device");
	if (parse_time(f[FIELD_MTIME], &e->mtime) < 0)
		return bad(p, "has no valid time");
	if (!streq(f[FIELD_CONTENT], "-"))
		return bad(p, "has content of its own, which isn't supported");
	if (streq(f[FIELD_DIGEST], "-"))
		return 0;
	if (hex_decode(f[FIELD_DIGEST], e->digest, SHA256_SIZE) < 0)
		return bad(p, "has no valid digest");
	e->has_digest = true;
	return 0;
}

static int parse_xattr(char *field, struct manifest_xattr *ret)
{
	char *equal = strchr(field, '=');
	ssize_t size;

	if (!equal)
		return -EINVAL;
	*equal++ = 0;
	size = unescape(equal);
	if (size < 0 || size > (ssize_t)MANIFEST_XATTR_SIZE_MAX ||
	    unescape_string(field) < 0 || !*field || strlen(field) > MANIFEST_NAME_MAX)
		return -EINVAL;
	*ret = (struct manifest_xattr){field, equal, (size_t)size};
	return 0;
}

static int parse_xattrs(struct parser *p, struct manifest_entry *e)
{
	struct manifest_xattr *xattrs;
	size_t count = p->field_count - FIELDS;

	if (count == 0)
		return 0;
	xattrs = manifest_alloc(p->m, count * sizeof(*xattrs));
	for (size_t i = 0; i < count; i++)
		if (parse_xattr(p->fields[FIELDS + i], &xattrs[i]) < 0)
			return bad(p, "has an invalid extended attribute");
	e->xattrs = xattrs;
	e->xattr_count = (uint32_t)count;
	return 0;
}

static bool payload_valid(struct parser *p, const char *payload)
{
	size_t base;

	if (p->kind == MANIFEST_PACKAGE)
		return components_valid(payload);
	base = manifest_payload_base(payload);
	return base > 0 && strlen(payload) <= MANIFEST_PATH_MAX &&
	       components_valid(payload + base + 1);
}

static int check_file(struct parser *p, const struct manifest_entry *e)
{
	if (e->size > 0 && !e->payload)
		return bad(p, "has a size but no payload");
	if (e->payload && !payload_valid(p, e->payload))
		return bad(p, "has a payload outside of the store");
	if (e->size > 0 && !e->has_digest && p->kind == MANIFEST_ROOT)
		return bad(p, "has no digest");
	return 0;
}

static int check_type(struct parser *p, const struct manifest_entry *e)
{
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return check_file(p, e);
	case S_IFLNK:
		if (!e->payload || !*e->payload || strlen(e->payload) > MANIFEST_PATH_MAX)
			return bad(p, "is a symlink without a valid target");
		return 0;
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return e->payload ? bad(p, "has a payload though it isn't a file") : 0;
	default:
		return bad(p, "has a type that isn't supported");
	}
}

static bool is_parent(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	if (length == 1)
		return !strchr(path + 1, '/');
	return strncmp(directory, path, length) == 0 && path[length] == '/' &&
	       !strchr(path + length + 1, '/');
}

static bool is_ancestor(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	return length == 1 ||
	       (strncmp(directory, path, length) == 0 && path[length] == '/');
}

/* In tree order the parent of an entry is always the innermost directory still open. */
static int check_place(struct parser *p, const struct manifest_entry *e)
{
	const struct manifest_entry *all = p->m->entries;
	size_t index = (size_t)(e - all);

	if (index == 0) {
		if (!streq(e->path, "/") || e->hardlink || !S_ISDIR(e->mode))
			return bad(p, "isn't the directory /, which comes first");
	} else {
		if (manifest_compare_paths(all[index - 1].path, e->path) >= 0)
			return bad(p,
				   "isn't in its place in the order, or is there twice");
		while (p->open_count > 1 &&
		       !is_ancestor(all[p->open[p->open_count - 1]].path, e->path))
			p->open_count--;
#ifndef WITHOUT_CHECK_MANIFEST_PARENT
		if (!is_parent(all[p->open[p->open_count - 1]].path, e->path))
			return bad(p, "lies in what isn't a directory");
#endif
	}
	if (!e->hardlink && S_ISDIR(e->mode)) {
		p->open = xgrow(p->open, p->open_count, &p->open_capacity,
				sizeof(*p->open));
		p->open[p->open_count++] = index;
	}
	return 0;
}

static int parse_hardlink(struct parser *p, struct manifest_entry *e)
{
	e->hardlink = true;
	e->mode = S_IFREG;
	e->payload = p->fields[FIELD_PAYLOAD];
	if (p->field_count > FIELDS)
		return bad(p, "is a hard link with extended attributes");
	if (!path_valid(e->payload))
		return bad(p, "is a hard link without a valid target");
	return 0;
}

static int parse_entry(struct parser *p, struct manifest_entry *e)
{
	char *payload = p->fields[FIELD_PAYLOAD];
	bool none = streq(payload, "-");
	int r;

	if (unescape_string(p->fields[FIELD_PATH]) < 0 || unescape_string(payload) < 0)
		return bad(p, "has an invalid escape");
	e->path = p->fields[FIELD_PATH];
	if (!path_valid(e->path))
		return bad(p, "has a path that isn't allowed");
	if (p->fields[FIELD_MODE][0] == '@') {
		r = parse_hardlink(p, e);
	} else {
		e->payload = none ? NULL : payload;
		r = parse_numbers(p, e);
		if (r == 0)
			r = parse_xattrs(p, e);
		if (r == 0)
			r = check_type(p, e);
	}
	if (r == 0 && p->kind == MANIFEST_ROOT)
		r = check_place(p, e);
	return r;
}

static int parse_lines(struct parser *p, char *text)
{
	for (char *next; *text; text = next) {
		int r;

		p->line++;
		p->fields[FIELD_PATH] = NULL;
		next = strchr(text, '\n');
		if (!next)
			return bad(p, "has no end");
		*next++ = 0;
		if (p->m->count == MANIFEST_ENTRIES_MAX)
			return bad(p, "is one too many");
		r = split(p, text);
		if (r == 0)
			r = parse_entry(p, manifest_append(p->m));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Only once all is read: a link may stand before its target. */
static int check_hardlinks(struct parser *p)
{
	for (size_t i = 0; i < p->m->count; i++) {
		const struct manifest_entry *e = &p->m->entries[i], *target;

		if (!e->hardlink)
			continue;
		target = manifest_find(p->m, e->payload);
		if (!target || target->hardlink || !S_ISREG(target->mode))
			return fail(p->err, -EBADMSG,
				    "%s is a hard link to %s, which isn't a file in it",
				    e->path, e->payload);
	}
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		count++;
	}
	return count;
}

int manifest_parse_owned(char *text, size_t size, enum manifest_kind kind,
			 struct manifest *ret, struct error *err)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_(parser_done) struct parser p = {.m = &m, .kind = kind, .err = err};
	int r;

	*ret = m;
	manifest_own(&m, text);
	if (size > MANIFEST_TEXT_MAX)
		return fail(err, -EFBIG, "it is larger than %u MiB",
			    MANIFEST_TEXT_MAX >> 20);
	if (strlen(text) != size)
		return fail(err, -EBADMSG, "it isn't text");
	manifest_reserve(&m, MIN(count_lines(text), (size_t)MANIFEST_ENTRIES_MAX));
	r = parse_lines(&p, text);
	if (r == 0 && kind == MANIFEST_ROOT && m.count == 0)
		r = fail(err, -EBADMSG, "it is empty");
	if (r == 0 && kind == MANIFEST_ROOT)
		r = check_hardlinks(&p);
	if (r < 0)
		return r;
	*ret = TAKE_AS(m, (struct manifest){0});
	return 0;
}

int manifest_parse(const char *text, size_t size, enum manifest_kind kind,
		   struct manifest *ret, struct error *err)
{
	char *copy = xmalloc(size + 1);

	memcpy(copy, text, size);
	copy[size] = 0;
	return manifest_parse_owned(copy, size, kind, ret, err);
}
