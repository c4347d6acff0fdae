/* SPDX-License-Identifier: MIT */
/* What is on a disk, in words that people know. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "install/contents.h"

#define MICROSOFT_RESERVED "e3c9e316-0b5c-4db8-817d-f92df00215ae"
#define MICROSOFT_RECOVERY "de94bba4-06d1-4d40-a16a-bfd50179d6ac"
#define MICROSOFT_RESERVED_LABEL "System Reserved"
#define MBR_NTFS "0x07"
#define MBR_RECOVERY "0x27"
#define OWNER_MAX 64
#define OWNERS_MAX 8

static bool any_fs(const struct content *list, size_t count, const char *fs)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].fs, fs))
			return true;
	return false;
}

static bool any_type(const struct content *list, size_t count, const char *type)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].type, type))
			return true;
	return false;
}

/* On a disk of the old kind: NTFS alone may be anybody's data, but the BIOS starts
 * nothing else than Windows from it, and only Windows sets a recovery partition up. */
static bool is_old_windows(const struct content *c)
{
	return streq(c->fs, "ntfs") &&
	       (streq(c->type, MBR_NTFS CONTENT_STARTS) || streq(c->type, MBR_RECOVERY) ||
		(streq(c->type, MBR_NTFS) && streq(c->label, MICROSOFT_RESERVED_LABEL)));
}

static bool is_ours(const struct content *c)
{
	return streq(c->type, GPT_MEDIUM_ROOT) || streq(c->type, GPT_INSTALLED_ROOT) ||
	       streq(c->type, GPT_UNFINISHED_ROOT) || streq(c->type, GPT_HOME);
}

static bool is_linux(const struct content *c)
{
	static const char *const kinds[] = {
		"ext2", "ext3",	       "ext4",	      "btrfs",
		"xfs",	"f2fs",	       "bcachefs",    "zfs_member",
		"swap", "crypto_LUKS", "LVM2_member", "linux_raid_member"};

	for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
		if (streq(c->fs, kinds[i]))
			return !is_ours(c);
	return false;
}

static char **add_ours(char **words, const struct content *c)
{
	if (streq(c->type, GPT_MEDIUM_ROOT))
		return strv_add(words, "an AtomOS medium");
	if (streq(c->type, GPT_UNFINISHED_ROOT))
		return strv_add(words, "an AtomOS whose installation was interrupted");
	if (streq(c->type, GPT_INSTALLED_ROOT) && c->owners) {
		_cleanup_free_ char *names = strv_join(c->owners, ", ");

		return strv_consume(words, xasprintf("the AtomOS of %s", names));
	}
	if (streq(c->type, GPT_INSTALLED_ROOT))
		return strv_add(words,
				c->owned ? "an AtomOS with an owner" : "an AtomOS");
	return words;
}

static char **add_windows(char **words, const struct content *list, size_t count)
{
	if (any_fs(list, count, "BitLocker"))
		return strv_add(words, "Windows, encrypted with BitLocker");
	if (any_type(list, count, MICROSOFT_RESERVED) ||
	    any_type(list, count, MICROSOFT_RECOVERY))
		return strv_add(words, "Windows");
	for (size_t i = 0; i < count; i++)
		if (is_old_windows(&list[i]))
			return strv_add(words, "Windows");
	return words;
}

static char **add_linux(char **words, const struct content *list, size_t count)
{
	_cleanup_strv_ char **labels = NULL;
	_cleanup_free_ char *text = NULL;
	bool found = false, encrypted = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_linux(&list[i]))
			continue;
		found = true;
		encrypted |= streq(list[i].fs, "crypto_LUKS");
		if (list[i].label[0])
			labels = strv_add(labels, list[i].label);
	}
	if (!found)
		return words;
	if (!labels)
		return strv_add(words, encrypted ? "Linux, encrypted" : "Linux");
	text = strv_join(labels, ", ");
	return strv_consume(
		words, xasprintf("Linux%s (%s)", encrypted ? ", encrypted" : "", text));
}

/* Whatever none of the systems above explains. */
static char **add_data(char **words, const struct content *list, size_t count)
{
	static const char *const names[][2] = {
		{"apfs", "macOS"},	 {"hfsplus", "macOS"},
		{"ntfs", "data (NTFS)"}, {"exfat", "data (exFAT)"},
		{"vfat", "data (FAT)"},	 {"iso9660", "a CD image"},
		{"udf", "a CD image"}};

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		if (any_fs(list, count, names[i][0]) &&
		    !(words && strv_contains(words, names[i][1])))
			words = strv_add(words, names[i][1]);
	return words;
}

char *contents_words(const struct content *list, size_t count)
{
	_cleanup_strv_ char **words = add_windows(NULL, list, count);

	for (size_t i = 0; i < count; i++)
		words = add_ours(words, &list[i]);
	words = add_linux(words, list, count);
	/* A boot partition or a data partition of these is no news. */
	if (!words)
		words = add_data(words, list, count);
	if (words)
		return strv_join(words, "; ");
	return xstrdup(count > 0 ? "something unknown" : "empty");
}

const char *contents_warning(const struct content *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list[i].type, GPT_INSTALLED_ROOT) && list[i].owned)
			return "It has an owner: what they keep there can't be had back.";
	if (any_fs(list, count, "BitLocker"))
		return "Windows asks for its BitLocker recovery key when the way the "
		       "machine starts was changed: have it at hand, on another machine.";
	return NULL;
}

static bool name_valid(const char *name)
{
	size_t n = strlen(name);

	for (const char *c = name; *c; c++)
		if (*c <= 0x20 || *c > 0x7e)
			return false;
	return n > 0 && n <= OWNER_MAX;
}

/* Calls `look` with each token that has a type; true as soon as that is. */
static bool any_token(const char *json,
		      bool (*look)(sd_json_variant *token, const char *type,
				   void *context),
		      void *context)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	sd_json_variant *tokens;
	bool found = false;

	if (variant_parse(json, "it", &root, NULL) < 0)
		return false;
	tokens = variant_get(root, "tokens");
	if (!tokens || !sd_json_variant_is_object(tokens))
		return false;
	/* Keys and values take turns. */
	for (size_t i = 1; !found && i < sd_json_variant_elements(tokens); i += 2) {
		sd_json_variant *t = sd_json_variant_by_index(tokens, i);
		const char *type = variant_text(t, "type");

		found = type && look(t, type, context);
	}
	return found;
}

static bool add_owner(sd_json_variant *token, const char *type, void *context)
{
	char ***names = context;
	const char *name = variant_text(token, "user");

	if (streq(type, "atomos-password") && name && name_valid(name))
		*names = strv_add(*names, name);
	return strv_length(*names) == OWNERS_MAX;
}

char **owners_parse(const char *json)
{
	char **names = NULL;

	(void)any_token(json, add_owner, &names);
	return names;
}

static bool is_owners(sd_json_variant *token _unused_, const char *type,
		      void *context _unused_)
{
	return streq(type, "atomos-password") || streq(type, "systemd-recovery");
}

bool owned_parse(const char *json)
{
	return any_token(json, is_owners, NULL);
}

/* The start of the first partition at or behind `at`; `end` when there is none. Moves *at
 * behind partitions that cover it. */
static uint64_t gap_end(const struct gpt *gpt, uint64_t *at, uint64_t end)
{
	uint64_t next = end;
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < gpt->count; i++) {
			const struct gpt_partition *p = &gpt->partitions[i];

			if (p->start <= *at && p->start + p->size > *at) {
				*at = p->start + p->size;
				moved = true;
			}
		}
	}
	for (size_t i = 0; i < gpt->count; i++)
		if (gpt->partitions[i].start > *at)
			next = MIN(next, gpt->partitions[i].start);
	return next;
}

struct region free_space(const struct gpt *gpt, uint64_t size)
{
	struct region all = layout_whole(size), best = {0};
	uint64_t at = all.start, end = all.start + all.size;

	while (at < end) {
		uint64_t next = gap_end(gpt, &at, end);

		if (at < next && next - at > best.size)
			best = (struct region){at, next - at};
		at = next;
	}
	return best;
}
