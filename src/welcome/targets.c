/* SPDX-License-Identifier: MIT */
/* Places to install to. */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "welcome/targets.h"

void targets_done(struct targets *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->list[i].disk);
		free(t->list[i].serial);
		free(t->list[i].label);
		free(t->list[i].content);
		free(t->list[i].warning);
		free(t->list[i].refusal);
	}
	free(t->list);
	*t = (struct targets){0};
}

static char *label_of(sd_json_variant *disk, uint64_t size, const char *what)
{
	const char *model = variant_text_or(disk, "model", ""),
		   *bus = variant_text_or(disk, "bus", "");

	return xasprintf("%s, %s%.1f GB%s%s%s%s", variant_text_or(disk, "disk", ""), what,
			 (double)size / 1e9, model[0] ? ", " : "", model,
			 bus[0] ? ", " : "", bus);
}

static struct target *add(struct targets *t, sd_json_variant *disk, bool whole)
{
	const char *pin = variant_text_or(disk, "pin", "");
	struct target *e;

	t->list = xgrow(t->list, t->count, &t->capacity, sizeof(*t->list));
	e = &t->list[t->count++];
	*e = (struct target){
		.disk = xstrdup(variant_text_or(disk, "disk", "")),
		.sequence = variant_number(disk, "sequence"),
		.whole = whole,
		.medium = variant_true(disk, "medium"),
		.empty = variant_true(disk, "empty"),
		.inner = variant_true(disk, "inner"),
		.serial = xstrdup(variant_text_or(disk, "serial", "")),
		.known = whole && streq(pin, "disk"),
		/* What stays beside the new system is as good as another disk. */
		.other = streq(pin, "other") || (!whole && streq(pin, "disk")),
		.content = xstrdup(variant_text_or(disk, "content", "")),
		.warning = variant_copy(disk, "warning", NULL),
	};
	return e;
}

static void add_disk(struct targets *t, sd_json_variant *disk)
{
	sd_json_variant *space = sd_json_variant_by_key(disk, "free");
	struct target *e;

	if (!variant_text_or(disk, "disk", "")[0])
		return;
	e = add(t, disk, true);
	e->label = label_of(disk, variant_number(disk, "size"), "");
	e->refusal = variant_copy(disk, "refusal", NULL);
	/* Free space that can't be taken isn't worth a line of its own. */
	if (!space || !sd_json_variant_is_object(space) ||
	    variant_text(disk, "freeRefusal"))
		return;
	e = add(t, disk, false);
	e->label = label_of(disk, variant_number(space, "size"), "free space of ");
}

int targets_parse(const char *text, struct targets *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	sd_json_variant *list;
	int r = variant_parse(text, "The list of disks", &v, err);

	*ret = (struct targets){0};
	if (r < 0)
		return r;
	list = sd_json_variant_by_key(v, "disks");
	if (!list || !sd_json_variant_is_array(list))
		return fail(err, -EBADMSG, "The list of disks has no disks");
	for (size_t i = 0; i < sd_json_variant_elements(list); i++)
		add_disk(ret, sd_json_variant_by_index(list, i));
	return 0;
}

const struct target *targets_behind(const struct targets *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i].medium && !t->list[i].whole && !t->list[i].refusal)
			return &t->list[i];
	return NULL;
}
