/* SPDX-License-Identifier: MIT */
/* What an installation says while it goes on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/install-report.h"
#include "atomos/json.h"
#include "atomos/progress.h"

#define LINE_INTERVAL 0.2 /* seconds between two lines of JSON */
#define RATE_AFTER 1.0	  /* before this a rate is a guess */

struct install_report {
	struct progress *progress;
	int fd;
	char *what;
	double start, last; /* of the step; of the last line */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct install_report *install_report_new(int fd, bool quiet)
{
	struct install_report *r = xcalloc(1, sizeof(*r));

	r->progress = progress_new(stderr, quiet);
	r->fd = fd;
	return r;
}

void install_report_free(struct install_report *r)
{
	if (!r)
		return;
	progress_free(r->progress);
	free(r->what);
	free(r);
}

static void write_line(struct install_report *r, uint64_t done, uint64_t total,
		       const char *detail)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	_cleanup_free_ char *text = NULL;

	if (sd_json_buildo(&v, SD_JSON_BUILD_PAIR_UNSIGNED("done", done),
			   SD_JSON_BUILD_PAIR_UNSIGNED("total", total),
			   SD_JSON_BUILD_PAIR_STRING("what", r->what),
			   SD_JSON_BUILD_PAIR_CONDITION(!!detail, "detail",
							SD_JSON_BUILD_STRING(detail))) <
		    0 ||
	    sd_json_variant_format(v, 0, &text) < 0)
		return;
	/* Who doesn't listen any more misses nothing. */
	(void)dprintf(r->fd, "%s\n", text);
}

/* "12 MB/s, 0:40 left" */
static char *rate(double seconds, uint64_t done, uint64_t total)
{
	double each = seconds > 0 ? (double)done / seconds : 0;
	unsigned left;

	if (seconds < RATE_AFTER || each <= 0 || done > total)
		return NULL;
	left = (unsigned)((double)(total - done) / each);
	return xasprintf("%.0f MB/s, %u:%02u left", each / 1e6, left / 60, left % 60);
}

void install_report_step(void *context, uint64_t done, uint64_t total, const char *what)
{
	struct install_report *r = context;
	_cleanup_free_ char *detail = NULL;
	bool fresh = !r->what || !streq(r->what, what);
	double t = now();

	if (fresh) {
		free(r->what);
		r->what = xstrdup(what);
		r->start = t;
	}
	detail = rate(t - r->start, done, total);
	progress_step(r->progress, done, total, what, detail);
	if (r->fd < 0 || (!fresh && done != total && t - r->last < LINE_INTERVAL))
		return;
	r->last = t;
	write_line(r, done, total, detail);
}

static const char *pin_word(enum old_pin pin)
{
	static const char *const words[] = {[OLD_PIN_NONE] = "none",
					    [OLD_PIN_DISK] = "disk",
					    [OLD_PIN_OTHER] = "other"};

	return words[pin];
}

static int build_disk(const struct disk *d, const struct old_pin_facts *tpm,
		      sd_json_variant **ret)
{
	_cleanup_variant_ sd_json_variant *space = NULL;
	int r = sd_json_buildo(&space,
			       SD_JSON_BUILD_PAIR_UNSIGNED("start", d->free.start),
			       SD_JSON_BUILD_PAIR_UNSIGNED("size", d->free.size));

	if (r < 0)
		return r;
	return sd_json_buildo(
		ret, SD_JSON_BUILD_PAIR_STRING("disk", d->node),
		SD_JSON_BUILD_PAIR_STRING("model", d->model),
		SD_JSON_BUILD_PAIR_STRING("serial", d->serial),
		SD_JSON_BUILD_PAIR_STRING("bus", d->bus),
		SD_JSON_BUILD_PAIR_UNSIGNED("size", d->size),
		SD_JSON_BUILD_PAIR_UNSIGNED("sequence", d->sequence),
		SD_JSON_BUILD_PAIR_BOOLEAN("removable", d->removable),
		SD_JSON_BUILD_PAIR_BOOLEAN("inner", d->inner),
		SD_JSON_BUILD_PAIR_BOOLEAN("medium", d->medium),
		SD_JSON_BUILD_PAIR_STRING("content", d->content),
		SD_JSON_BUILD_PAIR_STRING("warning", d->warning),
		SD_JSON_BUILD_PAIR_BOOLEAN("empty", d->empty),
		SD_JSON_BUILD_PAIR_BOOLEAN("owned", d->owned),
		SD_JSON_BUILD_PAIR_STRING("pin", pin_word(old_pin_of(tpm, d, true))),
		SD_JSON_BUILD_PAIR_STRING("refusal", d->refusal),
		SD_JSON_BUILD_PAIR_VARIANT("free", space),
		SD_JSON_BUILD_PAIR_STRING("freeRefusal", d->free_refusal));
}

static int print_json(const struct disks *d, const struct old_pin_facts *tpm)
{
	_cleanup_variant_ sd_json_variant *list = NULL, *v = NULL;
	int r = sd_json_variant_new_array(&list, NULL, 0);

	for (size_t i = 0; r >= 0 && i < d->count; i++) {
		_cleanup_variant_ sd_json_variant *one = NULL;

		r = build_disk(&d->list[i], tpm, &one);
		if (r >= 0)
			r = sd_json_variant_append_array(&list, one);
	}
	if (r >= 0)
		r = sd_json_buildo(&v, SD_JSON_BUILD_PAIR_VARIANT("disks", list),
				   SD_JSON_BUILD_PAIR_UNSIGNED("smallest", d->smallest));
	if (r >= 0)
		json_print(v);
	return r;
}

static void print_disk(const struct disk *d, const struct old_pin_facts *tpm)
{
	printf("%s  %.1f GB  %s%s%s", d->node, (double)d->size / 1e9,
	       d->model[0] ? d->model : "disk", *d->bus ? ", " : "", d->bus);
	if (d->serial[0] && !streq(d->serial, d->model))
		printf(", number %s", d->serial);
	printf("\n    now: %s\n", d->content);
	if (d->refusal)
		printf("    the whole disk can't be taken: %s\n", d->refusal);
	if (!d->free_refusal)
		printf("    free beside it: %.1f GB (--free)\n",
		       (double)d->free.size / 1e9);
	if (d->warning)
		printf("    %s\n", d->warning);
	if (old_pin_of(tpm, d, true) == OLD_PIN_DISK)
		puts("    The TPM of this machine opens it by itself.");
}

int install_print_disks(const struct disks *d, const struct old_pin_facts *tpm, bool json,
			struct error *err)
{
	int r = 0;

	if (json)
		r = print_json(d, tpm);
	else if (d->count == 0)
		puts("This machine has no disk to install to.");
	else
		for (size_t i = 0; i < d->count; i++)
			print_disk(&d->list[i], tpm);
	return r < 0 ? fail(err, r, "The disks can't be written as JSON") : 0;
}
