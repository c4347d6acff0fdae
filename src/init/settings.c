/* SPDX-License-Identifier: MIT */
/* Reads what the signed boot image says. */
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-json.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/json.h"
#include "init/settings.h"

#define KEYMAPS_MAX 4096

void settings_done(struct settings *s)
{
	free(s->generic_password);
	strv_free(s->keymaps);
	free(s->zram_algorithm);
	free(s->product);
	free(s->cmdline);
	trusted_keys_done(&s->keys);
	*s = (struct settings){0};
}

static int get_keymaps(sd_json_variant *root, struct settings *s, struct error *err)
{
	sd_json_variant *list = sd_json_variant_by_key(root, "keymaps");

	if (!list)
		return 0;
	if (!sd_json_variant_is_array(list) ||
	    sd_json_variant_elements(list) > KEYMAPS_MAX)
		return fail(err, -EBADMSG, "\"keymaps\" isn't a list");
	for (size_t i = 0; i < sd_json_variant_elements(list); i++) {
		sd_json_variant *v = sd_json_variant_by_index(list, i);

		if (!sd_json_variant_is_string(v))
			return fail(err, -EBADMSG,
				    "\"keymaps\" has something else than names");
		s->keymaps = strv_add(s->keymaps, sd_json_variant_string(v));
	}
	return 0;
}

static int get_zram(sd_json_variant *root, struct settings *s, struct error *err)
{
	sd_json_variant *z = sd_json_variant_by_key(root, "zram");
	int r;

	s->zram = true;
	s->zram_percent = 50;
	s->zram_algorithm = xstrdup("zstd");
	if (!z)
		return 0;
	r = json_bool(z, "enable", &s->zram, err);
	if (r >= 0)
		r = json_u64(z, "percent", 500, &s->zram_percent, err);
	if (r >= 0)
		r = json_string(z, "algorithm", &s->zram_algorithm, err);
	return r;
}

int settings_parse(const char *text, struct settings *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	int r = variant_parse(text, "it", &root, err);

	if (r >= 0)
		r = json_string(root, "genericPassword", &ret->generic_password, err);
	if (r >= 0)
		r = json_u64(root, "release", UINT32_MAX, &ret->release, err);
	if (r >= 0)
		r = get_keymaps(root, ret, err);
	if (r >= 0)
		r = get_zram(root, ret, err);
	return r < 0 ? r : 0;
}

static int read_text(int dirfd, const char *name, char **ret, struct error *err)
{
	int r = read_file_at(dirfd, name, SETTINGS_MAX, ret, NULL);

	return r < 0 ? fail(err, r, "%s: %s", name, strerror(-r)) : 0;
}

static int read_all(int dirfd, struct settings *ret, struct error *err)
{
	_cleanup_free_ char *json = NULL, *keys = NULL;
	int r = read_text(dirfd, "settings.json", &json, err);

	if (r == 0)
		r = settings_parse(json, ret, err);
	if (r == 0)
		r = read_text(dirfd, "product", &ret->product, err);
	if (r == 0)
		r = read_text(dirfd, "cmdline", &ret->cmdline, err);
	if (r == 0)
		r = read_text(dirfd, "trusted-keys", &keys, err);
	if (r == 0)
		r = trusted_keys_parse(keys, strlen(keys), &ret->keys, err);
	if (r == 0)
		ret->product[strcspn(ret->product, "\n")] = 0;
	return r;
}

int settings_read(int dirfd, struct settings *ret, struct error *err)
{
	*ret = (struct settings){0};
	if (read_all(dirfd, ret, err) == 0)
		return 0;
	settings_done(ret);
	return wrap(err,
		    "The boot image isn't complete (/etc/atomos), write the medium anew");
}
