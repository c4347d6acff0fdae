/* SPDX-License-Identifier: MIT */
/* Time zones. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/zones.h"

#define FILE_MAX (1U << 20)
#define UTC "UTC"

static void add(struct zones *z, const char *country, const char *name)
{
	z->list = xgrow(z->list, z->count, &z->capacity, sizeof(*z->list));
	z->list[z->count] = (struct zone){.name = xstrdup(name)};
	memcpy(z->list[z->count++].country, country, 2);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct zone *)a)->name, ((const struct zone *)b)->name);
}

void zones_load(const char *path, struct zones *ret)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **lines = NULL;

	*ret = (struct zones){0};
	if (read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL) == 0)
		lines = strv_split(text, "\n");
	for (char **line = lines; line && *line; line++) {
		_cleanup_strv_ char **fields = strv_split(*line, "\t");

		if (**line != '#' && strv_length(fields) >= 3 && strlen(fields[0]) == 2)
			add(ret, fields[0], fields[2]);
	}
	if (ret->count > 0)
		qsort(ret->list, ret->count, sizeof(*ret->list), by_name);
	add(ret, "--", UTC);
}

void zones_done(struct zones *z)
{
	for (size_t i = 0; i < z->count; i++)
		free(z->list[i].name);
	free(z->list);
	*z = (struct zones){0};
}

/* Where a country has several zones, that of most of its people. */
static const struct {
	const char *country, *zone;
} usual[] = {
	{"AR", "America/Argentina/Buenos_Aires"},
	{"AU", "Australia/Sydney"},
	{"BR", "America/Sao_Paulo"},
	{"CA", "America/Toronto"},
	{"CL", "America/Santiago"},
	{"CN", "Asia/Shanghai"},
	{"DE", "Europe/Berlin"},
	{"ES", "Europe/Madrid"},
	{"MX", "America/Mexico_City"},
	{"NZ", "Pacific/Auckland"},
	{"PT", "Europe/Lisbon"},
	{"RU", "Europe/Moscow"},
	{"UA", "Europe/Kyiv"},
	{"US", "America/New_York"},
};

static const char *of_country(const struct zones *z, const char *country)
{
	const char *wanted = NULL;

	for (size_t i = 0; i < ELEMENTSOF(usual); i++)
		if (streq(usual[i].country, country))
			wanted = usual[i].zone;
	for (size_t i = 0; i < z->count; i++)
		if (streq(z->list[i].country, country) &&
		    (!wanted || streq(z->list[i].name, wanted)))
			return z->list[i].name;
	return NULL;
}

/* "de-latin1" is of DE, "uk" of GB; "us" is on keyboards everywhere. */
static const char *of_keymap(const struct zones *z, const char *keymap)
{
	char country[3] = {0};

	for (int i = 0; i < 2 && isalpha((unsigned char)keymap[i]); i++)
		country[i] = (char)toupper((unsigned char)keymap[i]);
	if (keymap[0] && keymap[1] && isalnum((unsigned char)keymap[2]))
		return NULL;
	if (streq(country, "US"))
		return NULL;
	return of_country(z, streq(country, "UK") ? "GB" : country);
}

const char *zones_guess(const struct zones *z, const char *locale, const char *keymap)
{
	const char *bar = locale ? strchr(locale, '_') : NULL, *zone = NULL;

	if (bar && isupper((unsigned char)bar[1]) && isupper((unsigned char)bar[2])) {
		const char country[3] = {bar[1], bar[2], 0};

		zone = of_country(z, country);
	}
	if (!zone && keymap)
		zone = of_keymap(z, keymap);
	return zone ? zone : UTC;
}
