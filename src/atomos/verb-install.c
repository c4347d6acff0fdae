/* SPDX-License-Identifier: MIT */
/* atomos install: puts the running system on a disk. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/secret.h"
#include "base/str.h"
#include "install/install.h"
#include "atomos/install-report.h"
#include "atomos/json.h"
#include "atomos/nix.h"
#include "atomos/place.h"
#include "atomos/verb.h"

#define MEDIUM_TEXT_MAX (64U << 10)
#define NAME_MAX_TYPED 64

static const struct verb_option options[] = {
	{"list", 'l', NULL, "show the disks and what is on them"},
	{"disk", 'd', "DISK", "install to this disk"},
	{"free", 0, NULL, "into its free space, beside what is there"},
	{"yes", 0, "DISK", "the disk's name again, instead of typing it"},
	{"progress-fd", 0, "NUMBER", "lines of JSON about the progress, for programs"},
	{0},
};

/* What the medium brings. */
struct medium {
	struct trusted_keys keys;
	sd_json_variant *settings; /* genericPassword, keymap, release */
	struct source source;
};

static void medium_done(struct medium *m)
{
	source_done(&m->source);
	trusted_keys_done(&m->keys);
	sd_json_variant_unref(m->settings);
}

/* A file of ours in the verified root. */
static int read_own(const char *name, char **ret, size_t *ret_size, struct error *err)
{
	_cleanup_free_ char *path = place_lib(name);
	int r = read_file_at(AT_FDCWD, path, MEDIUM_TEXT_MAX, ret, ret_size);

	return r < 0 ? fail(err, r,
			    "Can't read %s (%s): only a running AtomOS can be installed",
			    path, strerror(-r))
		     : 0;
}

static int medium_open(struct medium *m, struct error *err)
{
	_cleanup_free_ char *keys = NULL, *settings = NULL;
	size_t size;
	int r = read_own("trusted-keys", &keys, &size, err);

	if (r == 0)
		r = trusted_keys_parse(keys, size, &m->keys, err);
	if (r == 0)
		r = read_own("medium.json", &settings, NULL, err);
	if (r == 0)
		r = json_parse(settings, "medium.json", &m->settings, err);
	if (r == 0 && !json_string(m->settings, "genericPassword"))
		r = fail(err, -EINVAL, "medium.json names no generic password");
	return r < 0 ? r : source_open("", &m->keys, &m->source, err);
}

static int find_disk(const struct invocation *in, const struct disks *disks,
		     const struct disk **ret, struct error *err)
{
	const char *name = option_value(in, "disk");
	const struct disk *d = name ? disks_get(disks, name) : NULL;
	const char *why;

	if (!name)
		return fail(err, -EMISUSE,
			    "Which disk? Name it with --disk; 'atomos install --list' "
			    "shows them");
	if (!d)
		return fail(err, -ENODEV,
			    "There is no disk %s; 'atomos install --list' shows them",
			    name);
	why = option_given(in, "free") ? d->free_refusal : d->refusal;
	if (why)
		return fail(err, -EBUSY, "%s can't be used: %s", d->node, why);
	*ret = d;
	return 0;
}

/* What is about to happen, and the disk's name typed as consent. */
static int confirm(const struct invocation *in, const struct disk *d, struct error *err)
{
	const char *yes = option_value(in, "yes");
	char typed[NAME_MAX_TYPED] = "";

	if (!yes && !isatty(STDIN_FILENO))
		return fail(err, -EMISUSE,
			    "Nobody can be asked: say --yes %s when %s may be written",
			    d->node, d->node);
	if (!yes) {
		fprintf(stderr, "%s: %.1f GB, %s; on it: %s.\n", d->node,
			(double)d->size / 1e9, d->model[0] ? d->model : "disk",
			d->content);
		if (d->warning)
			fprintf(stderr, "%s\n", d->warning);
		fprintf(stderr, "%s\nType the disk's name to go on: ",
			option_given(in, "free")
				? "AtomOS will be put into its free space."
				: "Everything on it will be lost.");
		if (!fgets(typed, sizeof(typed), stdin))
			typed[0] = 0;
		typed[strcspn(typed, "\n")] = 0;
		yes = typed;
	}
	if (!streq(yes, d->node) &&
	    !(startswith(yes, "/dev/") && streq(startswith(yes, "/dev/"), d->node)))
		return fail(err, -ECANCELED,
			    "Nothing was written: '%s' isn't the disk's name, %s", yes,
			    d->node);
	return 0;
}

static int progress_fd(const struct invocation *in, int *ret, struct error *err)
{
	const char *text = option_value(in, "progress-fd");
	uint64_t n;

	*ret = -1;
	if (!text)
		return 0;
	if (parse_u64(text, &n) < 0 || n > INT32_MAX || fcntl((int)n, F_GETFD) < 0)
		return fail(err, -EMISUSE, "--progress-fd %s is no open file", text);
	*ret = (int)n;
	return 0;
}

static int report(const struct invocation *in, const struct disk *d,
		  const struct install_result *result, struct error *err)
{
	_cleanup_json_ sd_json_variant *v = NULL;
	int r;

	if (!in->json) {
		if (!in->quiet)
			fprintf(stderr,
				"AtomOS is on %s. Switch the machine off, take the "
				"medium "
				"out and start it again.\n",
				d->node);
		return 0;
	}
	r = sd_json_buildo(
		&v, SD_JSON_BUILD_PAIR_STRING("disk", d->node),
		SD_JSON_BUILD_PAIR_UNSIGNED("bytes", result->bytes),
		SD_JSON_BUILD_PAIR_BOOLEAN("bootEntry", result->boot_entry),
		SD_JSON_BUILD_PAIR_UNSIGNED("rootSize", result->layout.root.size),
		SD_JSON_BUILD_PAIR_UNSIGNED("homeSize", result->layout.home.size));
	if (r < 0)
		return fail(err, r, "The result can't be written as JSON");
	json_print(v);
	return 0;
}

static int install(const struct invocation *in, const struct medium *m,
		   const struct disk *d, struct error *err)
{
	_cleanup_install_report_ struct install_report *progress = NULL;
	_cleanup_secret_ struct secret *password = secret_new();
	_cleanup_free_ char *path = xasprintf("/dev/%s", d->node);
	const char *text = json_string(m->settings, "genericPassword");
	bool whole = !option_given(in, "free");
	struct install_options o = {.disk = path,
				    .whole = whole,
				    .space = whole ? layout_whole(d->size) : d->free,
				    .release = json_u64(m->settings, "release", 0),
				    .source = &m->source,
				    .password = password,
				    .keymap = json_string(m->settings, "keymap"),
				    .nix_environment = nix_environment,
				    .progress = install_report_step};
	struct install_result result;
	int fd, r = progress_fd(in, &fd, err);

	if (r < 0)
		return r;
	password->size = MIN(strlen(text), (size_t)SECRET_MAX);
	memcpy(password->data, text, password->size);
	o.progress_context = progress = install_report_new(fd, in->quiet);
	r = install_run(&o, &result, err);
	install_report_free(TAKE_PTR(progress));
	if (r < 0)
		return wrap(err, "AtomOS isn't installed");
	return report(in, d, &result, err);
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_(medium_done) struct medium m = {.source.store = -EBADF};
	_cleanup_disks_ struct disks disks = {0};
	const struct disk *d;
	int r;

	if (geteuid() != 0)
		return fail(err, -EPERM, "Installing takes root's rights: use sudo");
	r = medium_open(&m, err);
	if (r < 0)
		return r;
	disks_find(source_size(&m.source), &disks);
	if (option_given(in, "list"))
		return install_print_disks(&disks, in->json, err);
	r = find_disk(in, &disks, &d, err);
	if (r == 0)
		r = confirm(in, d, err);
	return r < 0 ? r : install(in, &m, d, err);
}

const struct verb verb_install = {
	.name = "install",
	.arguments = "",
	.help = "Put the running system on a disk",
	.max = 0,
	.reports = true,
	.options = options,
	.run = run,
};
