/* SPDX-License-Identifier: MIT */
/* What languages the running system has. */
#pragma once

/* The installed locales that speak UTF-8 ("de_DE.UTF-8"), the present one first; never
 * empty. Freed by the caller. */
char **languages_offered(void);
/* The same from what `locale -a` prints. */
char **languages_of(const char *list);
