/* SPDX-License-Identifier: MIT */
/* Answers that an installation left for this first start. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/variant.h"
#include "owner/header.h"
#include "welcome/preset.h"
#include "welcome/setup.h"

#define SEALED_FILE OWNER_DIR "/answers.json"
#define TAKEN_FILE FIRST_START_DIR "/answers-taken"

bool preset_sealed(void)
{
	return access(SEALED_FILE, F_OK) == 0 || access(TAKEN_FILE, F_OK) == 0;
}

int preset_read_file(const char *path, struct answers *ret, struct error *err)
{
	_cleanup_secret_ struct secret *text = secret_new();
	int r = secret_load(path, O_NOFOLLOW, text);

	*ret = (struct answers){0};
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", path, strerror(-r));
	r = answers_parse(text->data, ret, err);
	return r < 0 ? wrap(err, "%s", path) : 0;
}

int preset_decode_open(const char *base64, struct answers *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	_cleanup_free_ char *copy = NULL;
	_cleanup_free_ void *data = NULL;
	size_t size = 0;
	int r = sd_json_variant_new_string(&v, base64);

	*ret = (struct answers){0};
	if (r >= 0)
		r = sd_json_variant_unbase64(v, &data, &size);
	if (r < 0)
		return fail(err, -EBADMSG, "it isn't base64");
	copy = xstrndup(data ? data : "", size);
	r = answers_parse(copy, ret, err);
	if (r < 0)
		return r;
#ifndef WITHOUT_CHECK_OPEN_ANSWERS
	/* A password that the disk brings is one that others may know. */
	secret_free(TAKE_PTR(ret->password));
	secret_free(TAKE_PTR(ret->recovery));
#endif
	return 0;
}

static int read_open(const char *partition, struct answers *ret, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", partition), *base64 = NULL;
	_cleanup_header_ struct header *h = NULL;
	int r = header_open(path, &h, err);

	if (r < 0)
		return r;
	base64 = header_answers(h);
	if (!base64)
		return 0;
	r = preset_decode_open(base64, ret, err);
	return r < 0 ? wrap(err, "The answers on the disk can't be used") : 1;
}

int preset_drop_left(const char *path)
{
	_cleanup_header_ struct header *h = NULL;
	struct error e = {0};
	int r = header_open(path, &h, &e);

	if (r == 0)
		r = header_drop_answers(h, &e);
	if (r < 0)
		log_warning("%s", e.message);
	return r;
}

enum preset preset_take(const char *partition, struct answers *ret)
{
	struct error e = {0};
	int r;

	if (access(SEALED_FILE, F_OK) == 0) {
		r = preset_read_file(SEALED_FILE, ret, &e);
		/* Consoles that come later wait for this one, and don't ask. */
		(void)write_file_at(AT_FDCWD, TAKEN_FILE, "", 0, 0600);
		(void)unlink(SEALED_FILE);
		if (r == 0)
			return PRESET_SEALED;
		log_warning("%s", e.message);
	}
	r = read_open(partition, ret, &e);
	if (r < 0)
		log_warning("%s", e.message);
	return r > 0 ? PRESET_OPEN : PRESET_NONE;
}
