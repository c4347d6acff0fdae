/* SPDX-License-Identifier: MIT */
/* atomos status: one screen on what protects this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/account.h"
#include "owner/firmware-keys.h"
#include "atomos/json.h"
#include "atomos/owned.h"
#include "atomos/status.h"
#include "atomos/verb.h"

#define FAILURES_MAX (64U << 10)
#define KEPT_KEY "/run/atomos/state/atomos/owner/secret-key"
/* That of a first start, until its questions are answered. */
#define FRESH_KEY "/run/atomos/owner/secret-key"
#define MACHINE_ID "/etc/machine-id"
#define MACHINE_ID_MAX 64
#define NAME_WIDTH 14
#define LEVEL_WIDTH 8
#define LINE_WIDTH 80

/* The last line of what atomos-init noted; NULL when nothing failed. */
static char *last_failure(void)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **lines = NULL;

	if (read_file_at(AT_FDCWD, BOOT_FAILURES_FILE, FAILURES_MAX, &text, NULL) < 0)
		return NULL;
	lines = strv_split(text, "\n");
	return lines && lines[0] ? xstrdup(lines[strv_length(lines) - 1]) : NULL;
}

/* Only root may read the header. */
static void read_header(struct status_facts *f, struct slots *slots)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", f->boot->partition);
	_cleanup_header_ struct header *h = NULL;

	if (header_open(path, &h, NULL) < 0)
		return;
	if (header_slots(h, slots, NULL) == 0)
		f->slots = slots;
	f->record = header_has_record(h);
	for (size_t i = 0; f->slots && i < slots->count; i++)
		f->users[i] = owned_slot_user(&slots->list[i], f->boot->home_mounted);
}

static enum owner_secret find_secret(void)
{
	if (access(KEPT_KEY, F_OK) == 0 || access(FRESH_KEY, F_OK) == 0)
		return OWNER_SECRET_CLEAR;
	if (access(KEPT_KEY ".sealed", F_OK) == 0)
		return OWNER_SECRET_SEALED;
	return errno == ENOENT ? OWNER_SECRET_NONE : OWNER_SECRET_UNKNOWN;
}

/* False when the records, or one of them, aren't for this process to read. */
static bool find_open_homes(char ***ret)
{
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	_cleanup_free_ char *id = NULL;

	if (access(ACCOUNT_RECORDS, R_OK) < 0 && errno != ENOENT)
		return false;
	if (read_file_at(AT_FDCWD, MACHINE_ID, MACHINE_ID_MAX, &id, NULL) == 0)
		id[strcspn(id, "\n")] = 0;
	*ret = xcalloc(1, sizeof(char *));
	for (char **name = names; *name; name++) {
		int r = account_encrypted(ACCOUNT_RECORDS, id ? id : "", *name);

		if (r == -EACCES)
			return false;
		if (r == 0)
			*ret = strv_add(*ret, *name);
		else if (r < 0)
			*ret = strv_consume(
				*ret, xasprintf("%s (its record doesn't tell)", *name));
	}
	return true;
}

/* Without a configuration there is no such password. */
static char **find_public(void)
{
	_cleanup_config_ struct config config = {0};

	(void)config_load(CONFIG_FILE, &config, NULL);
	return owned_public(config.generic);
}

static int print_json(const struct status *s)
{
	_cleanup_variant_ sd_json_variant *v = NULL, *list = NULL;
	int r = sd_json_variant_new_array(&list, NULL, 0);

	for (size_t i = 0; i < s->count && r >= 0; i++) {
		_cleanup_variant_ sd_json_variant *line = NULL;

		r = sd_json_buildo(&line,
				   SD_JSON_BUILD_PAIR_STRING("name", s->lines[i].name),
				   SD_JSON_BUILD_PAIR_STRING(
					   "level", status_word(s->lines[i].level)),
				   SD_JSON_BUILD_PAIR_STRING("words", s->lines[i].words));
		if (r >= 0)
			r = sd_json_variant_append_array(&list, line);
	}
	if (r >= 0)
		r = sd_json_buildo(
			&v,
			SD_JSON_BUILD_PAIR_STRING("level", status_word(status_level(s))),
			SD_JSON_BUILD_PAIR_VARIANT("lines", list));
	if (r >= 0)
		json_print(v);
	return r < 0 ? r : 0;
}

/* Words in a column beside the name, broken at spaces. */
static void print_line(const struct status_line *l)
{
	_cleanup_strv_ char **words = strv_split(l->words, " ");
	size_t left = NAME_WIDTH + LEVEL_WIDTH, column = left;

	printf("%-*s%-*s", NAME_WIDTH, l->name, LEVEL_WIDTH, status_word(l->level));
	for (char **w = words; w && *w; w++) {
		size_t width = strlen(*w);

		if (column > left && column + 1 + width > LINE_WIDTH) {
			printf("\n%*s", (int)left, "");
			column = left;
		}
		printf("%s%s", column > left ? " " : "", *w);
		column += width + (column > left);
	}
	putchar('\n');
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_boot_facts_ struct boot_facts boot = {0};
	_cleanup_strv_ char **keys = firmware_keys(EFIVARS), **differing = NULL,
			    **open_homes = NULL, **public = NULL;
	_cleanup_free_ char *failure = last_failure();
	_cleanup_status_ struct status status = {0};
	struct slots slots;
	struct status_facts facts = {
		.boot = &boot,
		.firmware_keys = keys,
		.failure = failure,
		.secret = find_secret(),
	};
	int r = boot_facts_load(BOOT_FACTS_FILE, &boot, err);

	if (r < 0)
		return r;
	/* Since the boot, then. */
	if (!boot.owned && access(OWNED_MARK, F_OK) == 0)
		boot.owned = boot.home_mounted = true;
	read_header(&facts, &slots);
	differing = facts.slots ? owned_differing(facts.slots) : owned_noted("");
	public = facts.slots ? find_public() : owned_noted(PUBLIC_NOTE);
	facts.differing = differing;
	if (find_open_homes(&open_homes))
		facts.open_homes = open_homes;
	facts.public = public;
	status_find(&facts, &status);
	if (in->json)
		return print_json(&status);
	for (size_t i = 0; i < status.count; i++)
		print_line(&status.lines[i]);
	printf("\nAll in all: %s.\n", status_word(status_level(&status)));
	return 0;
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "",
	.help = "Show what protects this machine",
	.reports = true,
	.run = run,
};
