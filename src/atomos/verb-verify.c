/* SPDX-License-Identifier: MIT */
/* atomos verify: checks a system or an image with the engine that checks it at boot. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/engine.h"
#include "image/verify.h"
#include "atomos/json.h"
#include "atomos/keys.h"
#include "atomos/nix.h"
#include "atomos/place.h"
#include "atomos/progress.h"
#include "atomos/verb.h"

#define GENERIC_PASSWORD "atomos"

static const struct verb_option options[] = {
	{"keys", 'k', "DIR", "trust the Nix key in this directory"},
	{"trusted-key", 0, "NAME:BASE64", "trust this Nix key instead"},
	{"password-file", 0, "FILE", "opens the image's root (default: atomos)"},
	{0},
};

struct verify {
	const struct invocation *in;
	struct progress *progress;
	struct trusted_keys keys;
	struct engine_result result;
	char *system; /* store path that was verified */
};

static void show_progress(void *context, uint64_t done, uint64_t total)
{
	progress_report(context, done, total, "Verifying");
}

static int load_keys(struct verify *v, struct error *err)
{
	const char *given = option_value(v->in, "trusted-key");
	_cleanup_free_ char *directory = place_keys(option_value(v->in, "keys"));
	_cleanup_free_ char *text = given ? xstrdup(given) : NULL;
	int r = given ? 0 : keys_nix_public(directory, &text, err);

	return r < 0 ? r : trusted_keys_parse(text, strlen(text), &v->keys, err);
}

/* A store path, or a link to one (a profile, a result). */
static int verify_path(struct verify *v, const char *path, struct error *err)
{
	_cleanup_close_ int store = open(STORE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closure_ struct closure closure = {0};
	struct engine e = {
		.store = store,
		.progress = show_progress,
		.progress_context = v->progress,
	};
	int r;

	if (store < 0)
		return fail(err, -errno, "%s: %m", STORE_DIR);
	v->system = xstrdup(path);
	r = nix_closure(path, &closure, err);
	if (r < 0)
		return r;
	return verify_store_path(&e, &closure, startswith(path, STORE_DIR "/"), &v->keys,
				 &v->result, err);
}

/* The first line of a file. */
static int load_password(const char *file, struct secret *password, struct error *err)
{
	int r = secret_load(file, 0, password);

	if (r < 0)
		return fail(err, r, "Can't read %s: %s", file,
			    r == -EFBIG ? "it is too long" : strerror(-r));
	password->size = strcspn(password->data, "\n");
	password->data[password->size] = 0;
	return 0;
}

static int verify_image(struct verify *v, const char *path, struct error *err)
{
	_cleanup_secret_ struct secret *password = secret_of(GENERIC_PASSWORD);
	const char *file = option_value(v->in, "password-file");
	struct image_verify q = {
		.path = path,
		.password = password,
		.keys = &v->keys,
		.progress = show_progress,
		.progress_context = v->progress,
	};
	int r = file ? load_password(file, password, err) : 0;

	return r < 0 ? r : image_verify(&q, &v->result, &v->system, err);
}

static int verify_any(struct verify *v, const char *name, struct error *err)
{
	_cleanup_free_ char *path = realpath(name, NULL);
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return fail(err, -errno, "%s: %m", name);
	if (startswith(path, STORE_DIR "/"))
		return verify_path(v, path, err);
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return verify_image(v, path, err);
	return fail(err, -EINVAL, "%s is neither a store path nor an image", name);
}

static int print_json(const struct verify *v, const struct error *failure)
{
	const struct engine_result *e = &v->result;
	_cleanup_variant_ sd_json_variant *j = NULL;
	int r;

	if (failure)
		r = sd_json_buildo(
			&j, SD_JSON_BUILD_PAIR("good", SD_JSON_BUILD_BOOLEAN(false)),
			SD_JSON_BUILD_PAIR("error",
					   SD_JSON_BUILD_STRING(failure->message)));
	else
		r = sd_json_buildo(
			&j, SD_JSON_BUILD_PAIR("good", SD_JSON_BUILD_BOOLEAN(true)),
			SD_JSON_BUILD_PAIR("system", SD_JSON_BUILD_STRING(v->system)),
			SD_JSON_BUILD_PAIR("paths", SD_JSON_BUILD_UNSIGNED(e->paths)),
			SD_JSON_BUILD_PAIR("bytes", SD_JSON_BUILD_UNSIGNED(e->bytes)),
			SD_JSON_BUILD_PAIR("seconds", SD_JSON_BUILD_REAL(e->seconds)),
			SD_JSON_BUILD_PAIR("key", SD_JSON_BUILD_STRING(e->key)));
	if (r >= 0)
		json_print(j);
	return r;
}

static void print(const struct verify *v)
{
	const struct engine_result *e = &v->result;
	double megabytes = (double)e->bytes / 1e6;

	printf("%s is as signed by %s: %zu paths, %.0f MB in %.1f s (%.0f MB/s)\n",
	       v->system, e->key, e->paths, megabytes, e->seconds,
	       e->seconds > 0 ? megabytes / e->seconds : 0);
}

static void verify_done(struct verify *v)
{
	progress_free(v->progress);
	trusted_keys_done(&v->keys);
	free(v->system);
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_(verify_done) struct verify v = {
		.in = in,
		.progress = progress_new(stderr, in->quiet),
	};
	int r = load_keys(&v, err);

	if (r == 0)
		r = verify_any(&v, in->arguments[0], err);
	progress_clear(v.progress);
	if (in->json)
		print_json(&v, r < 0 ? err : NULL);
	else if (r == 0)
		print(&v);
	return r;
}

const struct verb verb_verify = {
	.name = "verify",
	.arguments = "PATH|IMAGE",
	.help = "Check a system or an image against its signatures",
	.min = 1,
	.max = 1,
	.reports = true,
	.options = options,
	.run = run,
};
