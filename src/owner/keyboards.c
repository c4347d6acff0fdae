/* SPDX-License-Identifier: MIT */
/* The guess at a person's keyboard. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "owner/keyboards.h"

#define WORD 32

/* What a keymap is: "de" and "nodeadkeys". A layout is a country's, nearly always. */
struct keyboard {
	char layout[WORD], variant[WORD];
};

/* "de" of "de_DE.UTF-8", and "de" of DE. */
struct place {
	char language[WORD], country[3];
};

static struct place place_of(const char *locale)
{
	struct place p = {0};
	size_t n = strcspn(locale, "_.@");
	const char *c = locale + n;

	if (n == 0 || n >= WORD || *c != '_' || !isupper((unsigned char)c[1]) ||
	    !isupper((unsigned char)c[2]))
		return p;
	memcpy(p.language, locale, n);
	p.country[0] = (char)tolower((unsigned char)c[1]);
	p.country[1] = (char)tolower((unsigned char)c[2]);
	return p;
}

/* "pl" and "se-latin1" aren't in the table: their names begin with their countries. */
static struct keyboard by_name(const char *keymap)
{
	struct keyboard k = {0};
	size_t n = strcspn(keymap, "-_.");

	if (n == 2)
		memcpy(k.layout, keymap, n);
	if (streq(k.layout, "uk"))
		strcpy(k.layout, "gb");
	return k;
}

static struct keyboard keyboard_of(const char *table, const char *keymap)
{
	_cleanup_strv_ char **lines = strv_split(table ? table : "", "\n");

	for (char **line = lines; line && *line; line++) {
		_cleanup_strv_ char **fields = strv_split(*line, " \t");
		struct keyboard k = {0};

		/* Keymap, layouts, model, variants, options. */
		if (strv_length(fields) < 4 || !streq(fields[0], keymap))
			continue;
		snprintf(k.layout, WORD, "%.*s", (int)strcspn(fields[1], ","), fields[1]);
		if (!streq(fields[3], "-"))
			snprintf(k.variant, WORD, "%.*s", (int)strcspn(fields[3], ","),
				 fields[3]);
		return k;
	}
	return by_name(keymap);
}

/* How well a keymap fits; 0: not at all. Switzerland has one for each language. */
static int fit(const char *keymap, const struct keyboard *k, const char *layout,
	       const char *language)
{
	if (!streq(k->layout, layout))
		return 0;
	if (startswith(k->variant, language))
		return 4;
	if (streq(keymap, layout))
		return 3;
	return k->variant[0] ? 1 : 2;
}

static const char *best(const char *table, char *const *offered, const char *layout,
			const char *language)
{
	const char *found = NULL;
	int most = 0;

	for (; *offered; offered++) {
		struct keyboard k = keyboard_of(table, *offered);
		int fits = fit(*offered, &k, layout, language);

		if (fits > most) {
			most = fits;
			found = *offered;
		}
	}
	return found;
}

/* English is chosen everywhere, on whatever keyboard there is. */
static bool tells_nothing(const struct place *p)
{
	return !p->language[0] || (streq(p->language, "en") && !streq(p->country, "gb") &&
				   !streq(p->country, "ie"));
}

const char *keyboards_guess(const char *table, char *const *offered, const char *present,
			    const char *locale)
{
	const struct place p = place_of(locale);
	/* Austria types as Germany does. */
	const char *const layouts[] = {p.country, p.language};
	struct keyboard now = keyboard_of(table, present);

	if (tells_nothing(&p))
		return NULL;
	for (size_t i = 0; i < ELEMENTSOF(layouts); i++) {
		const char *found = best(table, offered, layouts[i], p.language);

		if (!found)
			continue;
		/* The configuration knows better which of them. */
		for (; streq(now.layout, layouts[i]) && *offered; offered++)
			if (streq(*offered, present))
				return *offered;
		return found;
	}
	return NULL;
}
