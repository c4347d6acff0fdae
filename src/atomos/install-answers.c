/* SPDX-License-Identifier: MIT */
/* The file of --answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/variant.h"
#include "owner/account.h"
#include "owner/boot-facts.h"
#include "owner/config.h"
#include "owner/languages.h"
#include "owner/quality.h"
#include "owner/recovery-file.h"
#include "core/recovery-key.h"
#include "owner/zones.h"
#include "atomos/install-answers.h"

void install_answers_done(struct install_answers *a)
{
	answers_done(&a->answers);
	free(a->serial);
	free(a->recovery_file);
	secret_free(a->open_text);
	secret_free(a->whole_text);
	*a = (struct install_answers){0};
}

static int read_file(const char *path, struct secret *ret, struct error *err)
{
	struct stat st;
	int r = secret_load(path, 0, ret);

	if (r < 0)
		return fail(err, r, "Can't read %s: %s", path,
			    r == -EFBIG ? "it is too long" : strerror(-r));
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
		fprintf(stderr,
			"Others can read %s: 'chmod 600' keeps a password in it.\n",
			path);
	return 0;
}

/* What the installation itself goes by; the rest answers questions. */
static int take_own(sd_json_variant **v, struct install_answers *a, struct error *err)
{
	char *own[] = {(char *)"serial", (char *)"recoveryKeyFile", NULL};
	const char *serial = variant_text(*v, own[0]), *file = variant_text(*v, own[1]);

	if ((!serial && sd_json_variant_by_key(*v, own[0])) ||
	    (!file && sd_json_variant_by_key(*v, own[1])))
		return fail(err, -EBADMSG,
			    "\"serial\" and \"recoveryKeyFile\" must be texts");
	if (file && file[0] != '/')
		return fail(err, -EBADMSG, "\"recoveryKeyFile\" isn't a whole path");
	a->serial = serial ? xstrdup(serial) : NULL;
	a->recovery_file = file ? xstrdup(file) : NULL;
	return sd_json_variant_filter(v, own) < 0
		       ? fail(err, -ENOMEM, "It can't be taken apart")
		       : 0;
}

static int check_language(const char *language, struct error *err)
{
	_cleanup_strv_ char **offered = languages_offered();

	return strv_contains(offered, language)
		       ? 0
		       : fail(err, -ENOENT,
			      "This system doesn't speak \"%s\"; it speaks those of "
			      "'locale -a' that end in utf8, written as de_DE.UTF-8",
			      language);
}

static int check_zone(const char *zone, struct error *err)
{
	_cleanup_zones_ struct zones z = {0};

	zones_load(ZONES_FILE, &z);
	for (size_t i = 0; i < z.count; i++)
		if (streq(z.list[i].name, zone))
			return 0;
	return fail(err, -ENOENT,
		    "There is no time zone \"%s\" among those that the first start "
		    "offers; " ZONES_FILE " has them",
		    zone);
}

static int check_keymap(const char *keymap, struct error *err)
{
	_cleanup_config_ struct config config = {0};
	int r = config_load(CONFIG_FILE, &config, err);

	if (r < 0)
		return r;
	return strv_contains(config.keymaps, keymap)
		       ? 0
		       : fail(err, -ENOENT, "This system has no keymap \"%s\"", keymap);
}

static int check_name(const char *name, struct error *err)
{
	_cleanup_strv_ char **names = account_system_names(ACCOUNT_PASSWD);

	return strv_contains(names, name)
		       ? fail(err, -EEXIST, "This system has an account %s already", name)
		       : 0;
}

/* By what the first start offers: a question that comes back is worse than a refusal now.
 */
static int check_offered(const struct answers *a, struct error *err)
{
	int r = a->language ? check_language(a->language, err) : 0;

	if (r == 0 && a->zone)
		r = check_zone(a->zone, err);
	if (r == 0 && a->name)
		r = check_name(a->name, err);
	return r == 0 && a->keymap ? check_keymap(a->keymap, err) : r;
}

static void judge(const struct answers *a)
{
	char words[QUALITY_WORDS_MAX];

	if (a->password && quality_judge(a->password, a->name, words) < 0)
		fprintf(stderr, "The password is easy to guess: %s.\n", words);
}

/* Who is there to type the password can write the recovery key down, too. */
static int check_whole(const struct install_answers *a, struct error *err)
{
	if (a->answers.password && (!a->recovery_file || !a->answers.name))
		return fail(err, -EBADMSG,
			    "With a \"password\" nobody is asked: \"name\" and "
			    "\"recoveryKeyFile\" are needed too");
	if (a->recovery_file && !a->answers.password)
		return fail(err, -EBADMSG,
			    "\"recoveryKeyFile\" needs a \"password\": without one the "
			    "first start asks for it and shows the key");
	return 0;
}

static int parse(const struct secret *text, struct install_answers *a, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r;

	if (sd_json_parse(text->data, SD_JSON_PARSE_SENSITIVE, &v, NULL, NULL) < 0 ||
	    !sd_json_variant_is_object(v))
		return fail(err, -EBADMSG, "it isn't a JSON object");
	r = take_own(&v, a, err);
	if (r == 0)
		r = answers_read(v, &a->answers, err);
	if (r == 0 && a->answers.recovery)
		r = fail(err, -EBADMSG,
			 "\"recoveryKey\" is made by the installation; say where to "
			 "write it with \"recoveryKeyFile\"");
	if (r == 0)
		r = check_whole(a, err);
	return r < 0 ? r : check_offered(&a->answers, err);
}

int install_answers_load(const char *path, const struct secret *generic,
			 struct install_answers *ret, struct error *err)
{
	_cleanup_secret_ struct secret *text = secret_new();
	int r = read_file(path, text, err);

	*ret = (struct install_answers){0};
	if (r < 0)
		return r;
	r = parse(text, ret, err);
	if (r == 0 && ret->answers.password &&
	    quality_is_public(ret->answers.password, generic))
		r = fail(err, -EPERM, "\"password\" can't be used: " QUALITY_PUBLIC);
	if (r < 0) {
		install_answers_done(ret);
		return wrap(err, "%s", path);
	}
	judge(&ret->answers);
	return 0;
}

/* A TPM that gives it only to a boot image of this vendor, in a verified start. */
static bool can_seal(void)
{
	_cleanup_boot_facts_ struct boot_facts b = {0};
	struct error e;

	return boot_facts_load(BOOT_FACTS_FILE, &b, &e) == 0 && streq(b.tpm, "present") &&
	       streq(b.secure_boot, "on") && access(LEAVE_PUBLIC_KEY, F_OK) == 0;
}

static int write_key(struct install_answers *a, struct error *err)
{
	int r = recovery_key_make(&a->answers.recovery, err);

	if (r < 0)
		return r;
	r = recovery_file_write(a->recovery_file, a->answers.recovery, &a->in_memory,
				err);
	a->written = r == 0;
	return r;
}

int install_answers_prepare(struct install_answers *a, bool tpm, struct error *err)
{
	bool secrets = a->answers.password, sealed = secrets && tpm && can_seal();
	int r = 0;

	if (secrets && !sealed)
		fprintf(stderr,
			"Everybody can read the new disk until it has an owner, and "
			"without Secure Boot and a TPM that opens it nothing keeps a "
			"secret there: the first start asks for the password and shows "
			"the recovery key.\n");
	if (sealed && a->recovery_file)
		r = write_key(a, err);
	a->open_text = secret_new();
	a->whole_text = secret_new();
	if (r == 0)
		r = answers_write(&a->answers, false, a->open_text, err);
	if (r == 0)
		r = answers_write(&a->answers, true, a->whole_text, err);
	a->leave = (struct leave_answers){
		.open = a->open_text,
		.sealed = sealed ? a->whole_text : NULL,
		.public_key = LEAVE_PUBLIC_KEY,
	};
	if (r < 0)
		install_answers_undo(a);
	return r;
}

bool install_answers_undo(struct install_answers *a)
{
	bool there = a->written;

	if (there)
		(void)unlink(a->recovery_file);
	a->written = false;
	return there;
}
