/* SPDX-License-Identifier: MIT */
/* atomos image: a configuration becomes a medium. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/secret.h"
#include "base/str.h"
#include "image/boot-image.h"
#include "image/image.h"
#include "atomos/build.h"
#include "atomos/json.h"
#include "atomos/nix.h"
#include "atomos/progress.h"
#include "atomos/verb.h"

#define GENERIC_PASSWORD "atomos"

static const struct verb_option options[] = {
	{"output", 'o', "FILE", "the image to make"},
	{"configuration", 'c', "FILE|DIR", "configuration (default: here)"},
	{"flake", 0, "DIR#NAME", "configuration from a flake instead"},
	{"frozen", 0, NULL, "refuse to change the lock"},
	{"system", 0, "PATH", "this store path instead of the built system"},
	{"boot", 0, "PATH", "this store path instead of the built boot path"},
	{"keys", 0, "DIR", "the vendor's keys: they sign and are trusted"},
	{0},
};

/* What goes into the image; the strings are owned by others. */
struct sources {
	struct build_result built;
	const char *system, *boot;
	char *keys;
};

static void sources_done(struct sources *s)
{
	build_result_done(&s->built);
	free(s->keys);
}

/* What is made for the image beside those. */
struct parts {
	char *boot_image;
	struct closure closure, boot_closure;
};

static void parts_done(struct parts *p)
{
	free(p->boot_image);
	closure_done(&p->closure);
	closure_done(&p->boot_closure);
}

static int find_sources(const struct invocation *in, struct sources *s, struct error *err)
{
	const struct build_request request = {.configuration =
						      option_value(in, "configuration"),
					      .flake = option_value(in, "flake"),
					      .keys = option_value(in, "keys"),
					      .frozen = option_given(in, "frozen"),
					      .boot = true,
					      .quiet = in->quiet};
	int r;

	s->system = option_value(in, "system");
	s->boot = option_value(in, "boot");
	if (!s->system || !s->boot) {
		r = build_run(&request, &s->built, err);
		if (r < 0)
			return r;
	}
	s->system = s->system ? s->system : s->built.system;
	s->boot = s->boot ? s->boot : s->built.boot;
	s->keys = s->built.place.keys ? xstrdup(s->built.place.keys)
				      : place_keys(request.keys);
	return 0;
}

static int check_store_path(const char *path, const char *option, struct error *err)
{
	if (!startswith(path, STORE_DIR "/") ||
	    !store_base_valid(path + strlen(STORE_DIR "/")))
		return fail(err, -EMISUSE,
			    "%s isn't a store path: --%s needs " STORE_DIR "/…", path,
			    option);
	if (access(path, F_OK) < 0)
		return fail(err, -errno, "There is no %s in the store", path);
	return 0;
}

static int check_keys(const char *keys, struct error *err)
{
	static const char *const names[] = {"nix-secret-key", "nix-public-key",
					    "db.key",	      "db.crt",
					    "pcr.key",	      "pcr.pub"};

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", keys, names[i]);

		if (access(path, R_OK) < 0)
			return fail(
				err, -errno,
				"The vendor's key %s can't be read (%m): make keys with "
				"'atomos keys new %s', or name their directory with "
				"--keys",
				path, keys);
	}
	return 0;
}

static struct secret *generic_password(const struct sources *s)
{
	return secret_of(variant_text_or(variant_get(s->built.decisions, "image"),
					 "genericPassword", GENERIC_PASSWORD));
}

static int print(const struct image_options *o, uint64_t bytes, bool made,
		 struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r = sd_json_buildo(
		&v, SD_JSON_BUILD_PAIR("output", SD_JSON_BUILD_STRING(o->output)),
		SD_JSON_BUILD_PAIR("system", SD_JSON_BUILD_STRING(o->system)),
		SD_JSON_BUILD_PAIR("boot", SD_JSON_BUILD_STRING(o->boot)),
		SD_JSON_BUILD_PAIR("bytes", SD_JSON_BUILD_UNSIGNED(bytes)),
		SD_JSON_BUILD_PAIR("made", SD_JSON_BUILD_BOOLEAN(made)));

	if (r < 0)
		return fail(err, r, "The result can't be written as JSON");
	json_print(v);
	return 0;
}

static int report(const struct invocation *in, const struct image_options *o, bool made,
		  struct error *err)
{
	struct stat st;

	if (stat(o->output, &st) < 0)
		return fail(err, -errno, "%s: %m", o->output);
	if (in->json)
		return print(o, (uint64_t)st.st_size, made, err);
	if (in->quiet)
		return 0;
	if (made)
		fprintf(stderr, "%s: %.0f MiB. Try it with 'atomos run %s'.\n", o->output,
			(double)st.st_size / (1 << 20), o->output);
	else
		fprintf(stderr, "%s is up to date.\n", o->output);
	return 0;
}

/* The boot image, signed and added to the store. */
static int add_boot_image(const struct image_options *o, const char *key, char **ret,
			  struct closure *ret_closure, struct error *err)
{
	char directory[] = "/tmp/atomos-boot-image.XXXXXX";
	const struct uki_options uki = {o->boot, o->keys};
	int r;

	if (!mkdtemp(directory))
		return fail(err, -errno, "Can't make a directory in /tmp: %m");
	r = boot_image_make(&uki, directory, err);
	if (r == 0)
		r = nix_add(directory, BOOT_IMAGE_NAME, ret, err);
	remove_tree_at(AT_FDCWD, directory);
	if (r == 0)
		r = nix_sign(*ret, key, err);
	return r < 0 ? r : nix_closure(*ret, ret_closure, err);
}

/* All that goes into the image, signed. */
static int prepare(struct image_options *o, const char *key, struct parts *p,
		   struct error *err)
{
	int r = nix_sign(o->system, key, err);

	if (r == 0)
		r = nix_closure(o->system, &p->closure, err);
	if (o->progress)
		o->progress(o->progress_context, 0, 0, "Boot image");
	if (r == 0)
		r = add_boot_image(o, key, &p->boot_image, &p->boot_closure, err);
	o->closure = &p->closure;
	o->boot_image = p->boot_image;
	o->boot_closure = &p->boot_closure;
	return r;
}

static int make(const struct invocation *in, const struct sources *s, struct error *err)
{
	_cleanup_progress_ struct progress *progress = progress_new(stderr, in->quiet);
	_cleanup_free_ char *key = xasprintf("%s/nix-secret-key", s->keys);
	_cleanup_secret_ struct secret *password = generic_password(s);
	_cleanup_(parts_done) struct parts parts = {0};
	sd_json_variant *image = variant_get(s->built.decisions, "image");
	struct image_options o = {.output = option_value(in, "output"),
				  .system = s->system,
				  .boot = s->boot,
				  .keys = s->keys,
				  .password = password,
				  .keymap = variant_text(image, "keymap"),
				  .nix_environment = nix_environment,
				  .progress = progress_report,
				  .progress_context = progress};
	bool current = image_current(&o);
	int r = 0;

	if (!current)
		r = prepare(&o, key, &parts, err);
	if (!current && r == 0)
		r = image_build(&o, err);
	if (r == 0)
		r = place_note_keys(o.output, s->keys, err);
	progress_clear(progress);
	return r == 0 ? report(in, &o, !current, err) : r;
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_(sources_done) struct sources s = {0};
	int r;

	if (!option_given(in, "output"))
		return fail(err, -EMISUSE,
			    "Where should the image go? Say so with -o FILE");
	r = find_sources(in, &s, err);
	if (r == 0)
		r = check_store_path(s.system, "system", err);
	if (r == 0)
		r = check_store_path(s.boot, "boot", err);
	if (r == 0)
		r = check_keys(s.keys, err);
	return r < 0 ? r : make(in, &s, err);
}

const struct verb verb_image = {
	.name = "image",
	.arguments = "-o FILE",
	.help = "Build an image that boots: signed, encrypted",
	.reports = true,
	.options = options,
	.run = run,
};
