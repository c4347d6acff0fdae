/* SPDX-License-Identifier: MIT */
/* Keymaps for the password prompt: kbd's files, uncompressed, with what they include. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/keymap-files.h"

#define FOLDER "/usr/share/keymaps/"
#define KEYMAP_MAX (4U << 20)
/* PC keyboards; the names exist for other machines too. */
#define PREFERRED FOLDER "i386/"

static const char *const suffixes[] = {"", ".kmap", ".map", ".inc"};

/* Whether path is FOLDER…/NAME with one of the suffixes, compressed or not. */
static bool is_keymap(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *rest = startswith(slash + 1, name);

	for (size_t i = 0; rest && i < ELEMENTSOF(suffixes); i++) {
		const char *more = startswith(rest, suffixes[i]);

		if (more && (!*more || streq(more, ".gz")))
			return true;
	}
	return false;
}

static const struct manifest_entry *find(const struct manifest *m, const char *name)
{
	const struct manifest_entry *found = NULL;

	for (size_t i = 0; i < m->count; i++) {
		const char *path = m->entries[i].path;

		if (S_ISDIR(m->entries[i].mode) || !startswith(path, FOLDER) ||
		    !is_keymap(path, name))
			continue;
		if (startswith(path, PREFERRED))
			return &m->entries[i];
		found = found ? found : &m->entries[i];
	}
	return found;
}

static void archive_freep(struct archive **a)
{
	archive_read_free(*a);
}

/* The text of a file that may be compressed. */
static int decompress(const char *data, size_t size, char **ret, struct error *err)
{
	_cleanup_(archive_freep) struct archive *a = archive_read_new();
	_cleanup_free_ char *text = xmalloc(KEYMAP_MAX + 1);
	struct archive_entry *e;
	la_ssize_t n;

	archive_read_support_format_raw(a);
	archive_read_support_filter_gzip(a);
	if (archive_read_open_memory(a, data, size) != ARCHIVE_OK ||
	    archive_read_next_header(a, &e) != ARCHIVE_OK)
		return fail(err, -EBADMSG, "it is damaged: %s", archive_error_string(a));
	n = archive_read_data(a, text, KEYMAP_MAX);
	if (n < 0 || n == KEYMAP_MAX)
		return fail(err, -EBADMSG, "it is damaged or larger than a keymap");
	text[n] = 0;
	*ret = TAKE_PTR(text);
	return 0;
}

static int add_file(const struct root_path *root, const struct manifest_entry *e,
		    struct cpio *out, char **ret_text, struct error *err)
{
	_cleanup_free_ char *data = NULL, *path = xstrdup(e->path);
	char *gz = (char *)endswith(path, ".gz");
	size_t size;
	int r = root_path_read(root, e->path, &data, &size, err);

	if (r == 0)
		r = decompress(data, size, ret_text, err);
	if (r < 0)
		return wrap(err, "%s", e->path);
	if (gz)
		*gz = 0;
	cpio_add_file(out, path, 0644, *ret_text, strlen(*ret_text));
	return 0;
}

/* Lines: include "NAME" */
static int add_includes(const struct root_path *root, const char *text, struct cpio *out,
			struct error *err)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	for (char **l = lines; *l; l++) {
		const char *rest = startswith(*l + strspn(*l, " \t"), "include");
		_cleanup_free_ char *name = NULL;
		int r;

		if (!rest || (rest = strchr(rest, '"')) == NULL)
			continue;
		name = xstrndup(rest + 1, strcspn(rest + 1, "\""));
		r = keymap_add(root, name, out, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int keymap_add(const struct root_path *root, const char *name, struct cpio *out,
	       struct error *err)
{
	const struct manifest_entry *e = find(&root->manifest, name);
	_cleanup_free_ char *text = NULL, *plain = NULL;
	char *gz;
	int r;

	if (!e)
		return fail(err, -ENOENT,
			    "The keymap %s is in no package: see /usr/share/keymaps for "
			    "names",
			    name);
	plain = xstrdup(e->path);
	gz = (char *)endswith(plain, ".gz");
	if (gz)
		*gz = 0;
	if (cpio_has(out, plain))
		return 0;
	r = add_file(root, e, out, &text, err);
	return r < 0 ? r : add_includes(root, text, out, err);
}
