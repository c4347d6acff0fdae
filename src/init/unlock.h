/* SPDX-License-Identifier: MIT */
/* Opens the encrypted volume with a copy of its header that was read once and checked. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/secret.h"

#define VOLUME_NAME "atomos-root"
#define VOLUME_DEVICE "/dev/mapper/" VOLUME_NAME

struct volume;

/* Copies the header of /dev/NODE to RAM, once, and checks its shape. From then on only
 * the copy is used; nothing of the volume is written. */
int volume_open_header(const char *node, struct volume **ret, struct error *err);
void volume_free(struct volume *v);
DEFINE_FREEP(struct volume, volume_free)

/* Makes VOLUME_DEVICE. -EPERM (no words): no slot opens with this password. `read_only`
 * volumes can't be written by anything. */
int volume_unlock(struct volume *v, const struct secret *password, bool read_only,
		  struct error *err);

/* The name in the keymap token ("atomos-keymap", field "keymap"), or NULL; freed by the
 * caller. Not checked in any way. */
char *volume_keymap(struct volume *v);

/* Removes VOLUME_DEVICE and with it the key; 0 when it isn't there. */
int volume_close(struct error *err);
