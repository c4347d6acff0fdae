/* SPDX-License-Identifier: MIT */
/* Reads /run/atomos/boot.json. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/variant.h"
#include "owner/boot-facts.h"

#define FILE_MAX (1U << 20)
#define HASH_SHOWN 16 /* digits */

void boot_facts_done(struct boot_facts *f)
{
	free(f->product);
	free(f->system);
	free(f->key);
	free(f->partition);
	free(f->disk);
	free(f->tpm);
	free(f->tpm_says);
	free(f->earlier_failure);
	free(f->secure_boot);
	free(f->opened_by);
	free(f->pin);
	free(f->remembered);
	strv_free(f->owner_keys);
	strv_free(f->missing_keys);
	strv_free(f->refused_keys);
	*f = (struct boot_facts){0};
}

/* "vda" of "vda3", "nvme0n1" of "nvme0n1p3". */
static char *disk_of(const char *partition)
{
	size_t length = strlen(partition), end = length;

	while (end > 0 && strchr("0123456789", partition[end - 1]))
		end--;
	if (end > 1 && partition[end - 1] == 'p' &&
	    strchr("0123456789", partition[end - 2]))
		end--;
	return xstrndup(partition, end);
}

/* A key whose file wasn't there has only a hash. */
static void owner_keys(sd_json_variant *v, struct boot_facts *f)
{
	sd_json_variant *list = sd_json_variant_by_key(v, "ownerKeys");
	size_t n = list && sd_json_variant_is_array(list) ? sd_json_variant_elements(list)
							  : 0;

	f->owner_keys = xcalloc(1, sizeof(char *));
	f->missing_keys = xcalloc(1, sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		sd_json_variant *key = sd_json_variant_by_index(list, i);
		const char *name = variant_text(key, "name");
		const char *hash = variant_text(key, "sha256");

		if (name)
			f->owner_keys = strv_add(f->owner_keys, name);
		else if (hash)
			f->missing_keys = strv_consume(
				f->missing_keys,
				xasprintf("a key of SHA-256 %.*s", HASH_SHOWN, hash));
	}
}

static void fill(sd_json_variant *v, struct boot_facts *f)
{
	f->product = variant_copy(v, "product", "");
	f->system = variant_copy(v, "system", "");
	f->key = variant_copy(v, "key", "");
	f->partition = variant_copy(v, "partition", "");
	f->disk = variant_copy(v, "disk", NULL);
	if (!f->disk)
		f->disk = disk_of(f->partition);
	f->tpm = variant_copy(v, "tpm", "absent");
	f->tpm_says = variant_copy(v, "tpmSays", NULL);
	f->earlier_failure = variant_copy(v, "earlierFailure", NULL);
	f->secure_boot = variant_copy(v, "secureBoot", "unknown");
	f->opened_by = variant_copy(v, "openedBy", "");
	f->pin = variant_copy(v, "pin", "none");
	f->remembered = variant_copy(v, "remembered", "");
	owner_keys(v, f);
	f->refused_keys = variant_texts(v, "refusedKeys");
	f->release = variant_number(v, "release");
	f->generation = variant_number(v, "generation");
	f->lowest_release = variant_number(v, "lowestRelease");
	f->paths = variant_number(v, "paths");
	f->bytes = variant_number(v, "bytes");
	f->seconds = variant_real(v, "seconds");
	f->medium = variant_true(v, "medium");
	f->installed = variant_true(v, "installed");
	f->owned = variant_true(v, "owned");
	f->recorded = variant_true(v, "recorded");
	f->enrolled = variant_true(v, "enrolled");
	f->home_mounted = variant_true(v, "homeMounted");
}

int boot_facts_parse(const char *text, struct boot_facts *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;

	*ret = (struct boot_facts){0};
	if (variant_parse(text, "it", &v, NULL) < 0 || !variant_text(v, "product") ||
	    !variant_text(v, "system"))
		return fail(err, -EBADMSG, "it isn't what atomos-init writes");
	fill(v, ret);
	return 0;
}

int boot_facts_load(const char *path, struct boot_facts *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL);

	*ret = (struct boot_facts){0};
	if (r == -ENOENT)
		return fail(err, r,
			    "This system wasn't started by AtomOS's boot image (%s is "
			    "missing)",
			    path);
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", path, strerror(-r));
	r = boot_facts_parse(text, ret, err);
	return r < 0 ? wrap(err, "%s", path) : 0;
}
