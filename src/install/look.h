/* SPDX-License-Identifier: MIT */
/* What is on one disk: its table, what each partition holds, whether it is empty. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "image/gpt.h"
#include "install/contents.h"
#include "install/disks.h"

struct look {
	int fd;		   /* negative: it can't be read */
	struct disk *disk; /* `size` is read, `owned` and `volumes` are filled in */
	struct gpt gpt;	   /* empty without such a table */
	bool has_gpt, has_other;
	bool many;  /* it has more partitions than gpt_read reads */
	bool small; /* a table for smaller sectors than the disk's */
	struct content *list;
	size_t count;
};

/* Looks at a device or a file; `disk` is the caller's. Released by look_done. */
void look_at(const char *path, struct look *l);
void look_done(struct look *l);

/* Nothing is on it that anybody could miss; what an interrupted installation has left is
 * nothing. */
bool look_is_empty(const struct look *l);

/* In words that people know; freed by the caller. */
char *look_words(const struct look *l);

/* Why nothing can be put on it, whole or beside; NULL: it can. A literal. */
const char *look_why_not(const struct look *l);

/* Why another system can't be put beside what is there, whatever room there is; NULL: it
 * can. A literal. */
const char *look_why_not_beside(const struct look *l);
