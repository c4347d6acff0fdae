/* SPDX-License-Identifier: MIT */
/* Reads /usr/lib/atomos/welcome.json. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/variant.h"
#include "owner/config.h"

#define FILE_MAX (4U << 20)

static void unattended_free(struct unattended *u)
{
	if (!u)
		return;
	free(u->serial);
	free(u->path);
	free(u->answers);
	free(u);
}

void config_done(struct config *c)
{
	unattended_free(c->unattended);
	free(c->system);
	strv_free(c->keymaps);
	free(c->keymap);
	strv_free(c->directories);
	strv_free(c->files);
	strv_free(c->executable);
	free(c->repart);
	secret_free(c->generic);
	*c = (struct config){0};
}

static struct unattended *read_unattended(sd_json_variant *v)
{
	sd_json_variant *answers;
	struct unattended *u;

	if (!v || !sd_json_variant_is_object(v))
		return NULL;
	u = xcalloc(1, sizeof(*u));
	u->serial = variant_copy(v, "serial", NULL);
	u->path = variant_copy(v, "path", NULL);
	u->overwrite = variant_true(v, "overwrite");
	u->restart = variant_true(v, "restart");
	answers = sd_json_variant_by_key(v, "answers");
	if (answers && sd_json_variant_is_object(answers))
		(void)sd_json_variant_format(answers, 0, &u->answers);
	return u;
}

static void fill(sd_json_variant *v, struct config *c)
{
	c->system = variant_copy(v, "system", "AtomOS");
	c->keymaps = variant_texts(v, "keymaps");
	c->keymap = variant_copy(v, "keymap", "us");
	c->directories = variant_texts(v, "directories");
	c->files = variant_texts(v, "files");
	c->executable = variant_texts(v, "executable");
	c->repart = variant_copy(v, "repart", "/usr/lib/repart.d");
	c->cost.milliseconds = (unsigned)variant_number(v, "slotMilliseconds");
	c->cost.megabytes = (unsigned)variant_number(v, "slotMegabytes");
	c->unattended = read_unattended(sd_json_variant_by_key(v, "unattended"));
	c->menu = variant_true(v, "menu");
	c->cheap_homes = variant_true(v, "cheapHomes");
	c->generic = secret_of(variant_text_or(v, "genericPassword", ""));
}

int config_load(const char *path, struct config *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	_cleanup_free_ char *text = NULL;
	int r = read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL);

	*ret = (struct config){0};
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", path, strerror(-r));
	r = variant_parse(text, path, &v, err);
	if (r < 0)
		return r;
	if (strlen(variant_text_or(v, "genericPassword", "")) > SECRET_MAX)
		return fail(err, -EBADMSG,
			    "%s has a generic password of more than %d bytes", path,
			    SECRET_MAX);
	fill(v, ret);
	return 0;
}
