/* SPDX-License-Identifier: MIT */
/* Keymaps of the console and the languages that are typed with them, from systemd's
 * table of keyboards. */
#pragma once

#define KEYBOARDS_FILE "/usr/share/systemd/kbd-model-map"
#define KEYBOARDS_MAX (1U << 20)

/* The one of the keymaps `offered` that is likely for someone with this locale; `present`
 * when it is of the same country already. `table` is the text of KEYBOARDS_FILE; NULL:
 * the keymaps' names have to do. NULL when nothing speaks for any. Owned by `offered`. */
const char *keyboards_guess(const char *table, char *const *offered, const char *present,
			    const char *locale);
