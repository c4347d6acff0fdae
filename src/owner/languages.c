/* SPDX-License-Identifier: MIT */
/* What languages the running system has. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "owner/languages.h"

#define DEFAULT_LANGUAGE "C.UTF-8"
#define CONF "/etc/locale.conf"
#define CONF_MAX 4096

/* Brings the one that the configuration chose to the front, if it is there. */
static void put_first(char **list, const char *conf)
{
	_cleanup_strv_ char **lines = strv_split(conf, "\n");
	const char *present = NULL;

	for (char **line = lines; line && *line; line++)
		if (startswith(*line, "LANG="))
			present = startswith(*line, "LANG=");
	for (size_t i = 1; present && list[i]; i++)
		if (streq(list[i], present)) {
			char *chosen = list[i];

			memmove(list + 1, list, i * sizeof(*list));
			list[0] = chosen;
		}
}

char **languages_of(const char *list, const char *conf)
{
	_cleanup_strv_ char **lines = strv_split(list, "\n");
	char **out = strv_add(NULL, DEFAULT_LANGUAGE);

	for (char **line = lines; line && *line; line++) {
		char *dot = strchr(*line, '.');
		_cleanup_free_ char *name = NULL;

		if (!dot ||
		    (strcasecmp(dot, ".utf8") != 0 && strcasecmp(dot, ".utf-8") != 0))
			continue;
		name = xasprintf("%.*s.UTF-8", (int)(dot - *line), *line);
		if (!strv_contains(out, name))
			out = strv_add(out, name);
	}
	put_first(out, conf);
	return out;
}

char **languages_offered(void)
{
	const char *const argv[] = {"locale", "-a", NULL};
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL, *conf = NULL;

	if (read_file_at(AT_FDCWD, CONF, CONF_MAX, &conf, NULL) < 0)
		conf = xstrdup("");
	if (process_check(&p, &output, NULL, NULL) < 0)
		return languages_of("", conf);
	return languages_of(output, conf);
}

char *language_words(const char *locale)
{
	const char *language, *country;
	char *words = NULL;
	locale_t l;

	if (streq(locale, DEFAULT_LANGUAGE))
		return xstrdup("English, and no country's way to write dates");
	l = newlocale(LC_ALL_MASK, locale, NULL);
	if (!l)
		return NULL;
	language = nl_langinfo_l(_NL_ADDRESS_LANG_NAME, l);
	country = nl_langinfo_l(_NL_ADDRESS_COUNTRY_NAME, l);
	if (language[0])
		words = xasprintf("%s%s%s", language, country[0] ? ", " : "", country);
	freelocale(l);
	return words;
}
