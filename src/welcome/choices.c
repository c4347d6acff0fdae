/* SPDX-License-Identifier: MIT */
/* Choices of a person. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/variant.h"
#include "welcome/choices.h"

#define FILE_MAX (64U << 10)
#define NAME_LENGTH_MAX 64

void choices_done(struct choices *c)
{
	free(c->language);
	free(c->keymap);
	free(c->zone);
	*c = (struct choices){0};
}

/* A name that leads nowhere but where it says: letters, digits and a few signs. */
static bool name_good(const char *name)
{
	size_t n = strlen(name);

	if (n > NAME_LENGTH_MAX || strstr(name, "..") || name[0] == '/' || name[0] == '-')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.+@/", *c))
			return false;
	return true;
}

static int take(sd_json_variant *v, const char *key, char **ret, struct error *err)
{
	const char *text = variant_text(v, key);

	/* Only zones lie in folders; a keymap must not be somebody's file. */
	if (text && (!name_good(text) || (strchr(text, '/') && !streq(key, "zone"))))
		return fail(err, -EBADMSG, "\"%s\" is no name that was chosen", key);
	*ret = xstrdup(text ? text : "");
	return 0;
}

int choices_parse(const char *text, struct choices *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r = variant_parse(text, "it", &v, err);

	*ret = (struct choices){0};
	if (r == 0)
		r = take(v, "language", &ret->language, err);
	if (r == 0)
		r = take(v, "keymap", &ret->keymap, err);
	if (r == 0)
		r = take(v, "zone", &ret->zone, err);
	if (r < 0)
		choices_done(ret);
	return r;
}

int choices_load(const char *path, struct choices *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL);

	*ret = (struct choices){0};
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", path, strerror(-r));
	r = choices_parse(text, ret, err);
	return r < 0 ? wrap(err, "%s", path) : 0;
}

int choices_write(const char *path, const struct choices *c, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	_cleanup_free_ char *text = NULL;
	int r = sd_json_buildo(&v, SD_JSON_BUILD_PAIR_STRING("language", c->language),
			       SD_JSON_BUILD_PAIR_STRING("keymap", c->keymap),
			       SD_JSON_BUILD_PAIR_STRING("zone", c->zone));

	if (r >= 0)
		r = sd_json_variant_format(v, SD_JSON_FORMAT_NEWLINE, &text);
	if (r >= 0)
		r = make_parents_at(AT_FDCWD, path);
	if (r >= 0)
		r = write_file_at(AT_FDCWD, path, text, strlen(text), 0644);
	return r < 0 ? fail(err, r, "%s can't be written: %s", path, strerror(-r)) : 0;
}

/* Console keymaps and what they are called in graphical sessions. */
static const struct {
	const char *keymap, *layout, *variant;
} layouts[] = {
	{"us", "us", ""},
	{"uk", "gb", ""},
	{"de-latin1-nodeadkeys", "de", "nodeadkeys"},
	{"fr-latin9", "fr", "oss"},
	{"pt-latin1", "pt", ""},
	{"br-abnt2", "br", ""},
	{"se-latin1", "se", ""},
	{"dvorak", "us", "dvorak"},
};

/* Others begin with their country's letters: "hu", "cz-qwertz". */
static char *keyboard_text(const char *keymap)
{
	_cleanup_free_ char *layout = xstrndup(keymap, strcspn(keymap, "-_0123456789"));
	const char *variant = "";

	for (size_t i = 0; i < ELEMENTSOF(layouts); i++)
		if (streq(layouts[i].keymap, keymap)) {
			free(layout);
			layout = xstrdup(layouts[i].layout);
			variant = layouts[i].variant;
		}
	return xasprintf("KEYMAP=\"%s\"\nXKBMODEL=\"pc105\"\nXKBLAYOUT=\"%s\"\n"
			 "XKBVARIANT=\"%s\"\nXKBOPTIONS=\"\"\nBACKSPACE=\"guess\"\n",
			 keymap, layout, variant);
}

/* Writes a formatted line to a file below the root. */
_printf_(4, 5) static int put(int root, const char *path, struct error *err,
			      const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	r = make_parents_at(root, path);
	if (r == 0)
		r = write_file_at(root, path, text, strlen(text), 0644);
	return r < 0 ? fail(err, r, "/%s can't be written: %s", path, strerror(-r)) : 0;
}

static int put_zone(int root, const char *zone, struct error *err)
{
	_cleanup_free_ char *inside = xasprintf("usr/share/zoneinfo/%s", zone),
			    *target = xasprintf("/%s", inside);

	if (faccessat(root, inside, F_OK, 0) < 0)
		return 0;
	(void)unlinkat(root, "etc/localtime.new", 0);
	if (symlinkat(target, root, "etc/localtime.new") < 0 ||
	    renameat(root, "etc/localtime.new", root, "etc/localtime") < 0)
		return fail(err, -errno, "/etc/localtime can't be written: %m");
	return put(root, "etc/timezone", err, "%s\n", zone);
}

/* Debian has the first for a link to the second and makes it one again at each boot
 * (tmpfiles.d/debian.conf), when we are done: all that either holds is in both. */
static int put_keyboard(int root, const char *keymap, struct error *err)
{
	_cleanup_free_ char *text = keyboard_text(keymap);
	int r = put(root, "etc/vconsole.conf", err, "%s", text);

	return r < 0 ? r : put(root, "etc/default/keyboard", err, "%s", text);
}

int choices_apply(const char *root_path, const struct choices *c, struct error *err)
{
	_cleanup_close_ int root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (root < 0)
		return fail(err, -errno, "%s: %m", root_path);
	if (c->language[0])
		r = put(root, "etc/locale.conf", err, "LANG=%s\n", c->language);
	if (r == 0 && c->zone[0])
		r = put_zone(root, c->zone, err);
	return r == 0 && c->keymap[0] ? put_keyboard(root, c->keymap, err) : r;
}
