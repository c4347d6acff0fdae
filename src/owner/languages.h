/* SPDX-License-Identifier: MIT */
/* What languages the running system has. */
#pragma once

/* The installed locales that speak UTF-8 ("de_DE.UTF-8"), the present one first; never
 * empty. Freed by the caller. */
char **languages_offered(void);
/* The same from what `locale -a` prints and the text of /etc/locale.conf. */
char **languages_of(const char *list, const char *conf);

/* What people call it: "Deutsch, Deutschland" for "de_DE.UTF-8". Freed by the caller;
 * NULL when the locale has no word for it. */
char *language_words(const char *locale);
