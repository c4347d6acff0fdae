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
#include "owner/boot-facts.h"
#include "atomos/install-answers.h"
#include "atomos/install-confirm.h"
#include "atomos/install-report.h"
#include "atomos/json.h"
#include "atomos/nix.h"
#include "atomos/place.h"
#include "atomos/verb.h"

#define MEDIUM_TEXT_MAX (64U << 10)

static const struct verb_option options[] = {
	{"list", 'l', NULL, "show the disks and what is on them"},
	{"disk", 'd', "DISK", "install to this disk"},
	{"free", 0, NULL, "into its free space, beside what is there"},
	{"yes", 0, "DISK", "the disk's name again, instead of typing it"},
	{"sequence", 0, "NUMBER", "only if the disk still has this sequence number"},
	{"answers", 0, "FILE", "answer what the first start would ask"},
	{"take-tpm", 0, NULL, "have the TPM open this disk instead of another"},
	{"progress-fd", 0, "NUMBER", "lines of JSON about the progress, for programs"},
	{0},
};

/* What was decided before anything is written. */
struct plan {
	const struct disk *disk;
	bool whole;
	struct old_pin_facts tpm;
	enum old_pin pin; /* what the TPM keeps, as this disk sees it */
	bool forget;	  /* and whether it is to forget that */
	struct install_answers answers;
	bool answered; /* there are such */
};

/* What the medium brings. */
struct medium {
	struct trusted_keys keys;
	sd_json_variant *settings; /* genericPassword, homeMinimum, keymap, release */
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
	const char *password;
	size_t size;
	int r = read_own("trusted-keys", &keys, &size, err);

	if (r == 0)
		r = trusted_keys_parse(keys, size, &m->keys, err);
	if (r == 0)
		r = read_own("medium.json", &settings, NULL, err);
	if (r == 0)
		r = variant_parse(settings, "medium.json", &m->settings, err);
	if (r < 0)
		return r;
	password = variant_text(m->settings, "genericPassword");
	if (!password || strlen(password) > SECRET_MAX)
		return fail(err, -EINVAL,
			    "medium.json names no generic password of %d bytes at most",
			    SECRET_MAX);
	return source_open("", &m->keys, &m->source, err);
}

static int read_sequence(const struct invocation *in, uint64_t *ret, struct error *err)
{
	const char *text = option_value(in, "sequence");

	return text && parse_u64(text, ret) < 0
		       ? fail(err, -EMISUSE, "--sequence %s is no number", text)
		       : 0;
}

static int find_disk(const struct invocation *in, const struct disks *disks,
		     const struct disk **ret, struct error *err)
{
	const char *name = option_value(in, "disk");
	const struct disk *d = name ? disks_get(disks, name) : NULL;
	uint64_t sequence = 0;
	const char *why;
	int r = read_sequence(in, &sequence, err);

	if (!name)
		return fail(err, -EMISUSE,
			    "Which disk? Name it with --disk; 'atomos install --list' "
			    "shows them");
	if (!d)
		return fail(err, -ENODEV,
			    "There is no disk %s; 'atomos install --list' shows them",
			    name);
	if (r < 0)
		return r;
	if (sequence && sequence != d->sequence)
		return fail(err, -ESTALE,
			    "%s is another disk now than the one that was chosen: look "
			    "again",
			    d->node);
	why = option_given(in, "free") ? d->free_refusal : d->refusal;
	if (why)
		return fail(err, -EBUSY, "%s can't be used: %s", d->node, why);
	*ret = d;
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

static const char *pin_word(const struct plan *p, const struct install_result *result)
{
	if (p->pin == OLD_PIN_NONE)
		return "none";
	if (!p->forget)
		return "kept";
	return result->old_pin.code < 0 ? "refused" : "removed";
}

/* Then there is no medium to take out. */
static bool runs_from_disk(void)
{
	_cleanup_boot_facts_ struct boot_facts boot = {0};
	struct error e;

	return boot_facts_load(BOOT_FACTS_FILE, &boot, &e) == 0 && boot.installed;
}

static void report_words(const struct plan *p)
{
	if (p->pin != OLD_PIN_NONE && !p->forget)
		fprintf(stderr, "The TPM goes on opening the other system, and not this "
				"one: its start asks for a password.\n");
	fprintf(stderr,
		p->disk->medium ? "AtomOS is on %s, behind the image. Start the machine "
				  "again.\n"
		: runs_from_disk() ? "AtomOS is on %s. The first start from there asks "
				     "what makes it its owner's.\n"
				   : "AtomOS is on %s. Switch the machine off, take the "
				     "medium out and start it again.\n",
		p->disk->node);
}

/* Said whatever is wanted quiet: it has to be known before the first start. */
static void report_secrets(struct plan *p, const struct install_result *result)
{
	if (result->old_pin.code < 0)
		fprintf(stderr, "%s.\n", result->old_pin.message);
	if (result->old_pin.code < 0 && install_answers_undo(&p->answers))
		fprintf(stderr,
			"The first start asks then, and shows another recovery key: the "
			"one in %s would have opened nothing and is removed.\n",
			p->answers.recovery_file);
	if (p->answers.written && p->answers.in_memory)
		fprintf(stderr,
			"The recovery key in %s is in memory only: copy it away before "
			"the machine goes off.\n",
			p->answers.recovery_file);
}

static int report(const struct invocation *in, const struct plan *p,
		  const struct install_result *result, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r;

	if (!in->json) {
		if (!in->quiet)
			report_words(p);
		return 0;
	}
	r = sd_json_buildo(
		&v, SD_JSON_BUILD_PAIR_STRING("disk", p->disk->node),
		SD_JSON_BUILD_PAIR_UNSIGNED("bytes", result->bytes),
		SD_JSON_BUILD_PAIR_BOOLEAN("bootEntry", result->boot_entry),
		SD_JSON_BUILD_PAIR_STRING("oldPin", pin_word(p, result)),
		SD_JSON_BUILD_PAIR_UNSIGNED("rootSize", result->layout.root.size),
		SD_JSON_BUILD_PAIR_UNSIGNED("homeSize", result->layout.home.size));
	if (r < 0)
		return fail(err, r, "The result can't be written as JSON");
	json_print(v);
	return 0;
}

static struct secret *generic_password(const struct medium *m)
{
	return secret_of(variant_text(m->settings, "genericPassword"));
}

static int install(const struct invocation *in, const struct medium *m,
		   const struct plan *p, struct install_result *ret, struct error *err)
{
	_cleanup_install_report_ struct install_report *progress = NULL;
	_cleanup_secret_ struct secret *password = generic_password(m);
	_cleanup_free_ char *path = xasprintf("/dev/%s", p->disk->node);
	struct install_options o = {
		.disk = path,
		.whole = p->whole,
		.space = p->whole ? layout_whole(p->disk->size) : p->disk->free,
		.size = p->disk->size,
		.sequence = p->disk->sequence,
		.release = variant_number(m->settings, "release"),
		.home_minimum = variant_number(m->settings, "homeMinimum"),
		.source = &m->source,
		.password = password,
		.old_pin = p->forget ? p->pin : OLD_PIN_NONE,
		.keymap = p->answers.answers.keymap ? p->answers.answers.keymap
						    : variant_text(m->settings, "keymap"),
		.answers = p->answered ? &p->answers.leave : NULL,
		.nix_environment = nix_environment,
		.progress = install_report_step};
	int fd, r = progress_fd(in, &fd, err);

	*ret = (struct install_result){0};
	if (r < 0)
		return r;
	o.progress_context = progress = install_report_new(fd, in->quiet);
	r = install_run(&o, ret, err);
	install_report_free(TAKE_PTR(progress));
	if (r == 0)
		return 0;
	return wrap(err, ret->switched ? "It isn't certain that AtomOS is installed"
				       : "AtomOS isn't installed");
}

/* Who is asked, and what for: everything before the first byte is written. */
static int decide(const struct invocation *in, const struct medium *m,
		  const struct disks *disks, struct plan *p, struct error *err)
{
	_cleanup_secret_ struct secret *generic = generic_password(m);
	int r = find_disk(in, disks, &p->disk, err);

	if (r < 0)
		return r;
	p->whole = !option_given(in, "free");
	p->answered = option_given(in, "answers");
	if (p->answered)
		r = install_answers_load(option_value(in, "answers"), generic,
					 &p->answers, err);
	if (r < 0)
		return r;
	p->pin = old_pin_of(&p->tpm, p->disk, p->whole);
	r = install_confirm(in, p->disk, p->answers.serial, p->pin, err);
	if (r == 0)
		p->forget = install_confirm_pin(in, p->disk, p->answers.serial, p->pin);
	return r;
}

static int do_it(const struct invocation *in, const struct medium *m, struct plan *p,
		 struct error *err)
{
	/* One that was asked in vain seals nothing either. */
	bool tpm = !p->tpm.mute && (p->pin == OLD_PIN_NONE || p->forget);
	struct install_result result;
	int r = p->answered ? install_answers_prepare(&p->answers, tpm, err) : 0;

	if (r < 0)
		return r;
	r = install(in, m, p, &result, err);
	/* A disk that starts all the same opens with the key in it. */
	if (r < 0 && !result.switched)
		install_answers_undo(&p->answers);
	report_secrets(p, &result);
	return r < 0 ? r : report(in, p, &result, err);
}

/* Somebody at a terminal who says nothing wants to be asked. */
static bool wants_questions(const struct invocation *in)
{
	for (const struct verb_option *o = options; o->name; o++)
		if (option_given(in, o->name))
			return false;
	return !in->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The medium's own screens; returns only when they can't be shown. */
static int ask_questions(struct error *err)
{
	_cleanup_free_ char *program = place_lib("atomos-welcome");

	execl(program, program, "--install", (char *)NULL);
	return fail(err, -errno, "Can't start %s (%m): name the disk with --disk",
		    program);
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_(medium_done) struct medium m = {.source.store = -EBADF};
	_cleanup_disks_ struct disks disks = {0};
	struct layout_needs needs;
	struct plan p = {0};
	int r;

	if (geteuid() != 0)
		return fail(err, -EPERM, "Installing takes root's rights: use sudo");
	r = medium_open(&m, err);
	if (r < 0)
		return r;
	if (wants_questions(in))
		return ask_questions(err);
	needs.content = source_size(&m.source);
	needs.home = variant_number(m.settings, "homeMinimum");
	disks_find(&needs, &disks);
	old_pin_look(&p.tpm);
	if (option_given(in, "list"))
		return install_print_disks(&disks, &p.tpm, in->json, err);
	r = decide(in, &m, &disks, &p, err);
	if (r == 0)
		r = do_it(in, &m, &p, err);
	install_answers_done(&p.answers);
	return r;
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
