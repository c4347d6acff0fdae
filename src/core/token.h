/* SPDX-License-Identifier: MIT */
/* Tokens in a LUKS2 header that open no slot: who reads or writes them has loaded it with
 * libcryptsetup. What is in them is the disk's word. */
#pragma once

#include <libcryptsetup.h>
#include <systemd/sd-json.h>

/* Which keyboard the password prompt is for: a name in field "keymap". */
#define KEYMAP_TOKEN "atomos-keymap"

/* A text field of the first token of this type, freed by the caller; NULL when there is
 * none. */
char *token_find(struct crypt_device *device, const char *type, const char *field);
/* The same from the text of one such token. */
char *token_decode(const char *json, const char *field);

/* Adds a token to the header. 0 or negative errno. */
int token_add(struct crypt_device *device, sd_json_variant *token);
/* One of this type that holds one text. */
int token_add_text(struct crypt_device *device, const char *type, const char *field,
		   const char *text);
