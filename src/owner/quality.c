/* SPDX-License-Identifier: MIT */
/* Quality of passwords. */
#include <errno.h>
#include <pwquality.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "owner/quality.h"

/* Of the package cracklib-runtime. Where it isn't there, the library would complain on
 * the terminal, and judge nothing else either. */
#define DICTIONARY "/var/cache/cracklib/cracklib_dict.pwd"

#define FAIR 30

static const char *grade(int score)
{
	if (score >= 80)
		return "very good";
	if (score >= 60)
		return "good";
	return "fair";
}

/* The library's sentence, to stand behind a colon. */
static void say_refusal(int code, void *detail, char *words)
{
	char reason[PWQ_MAX_ERROR_MESSAGE_LEN];

	snprintf(words, QUALITY_WORDS_MAX, "%s",
		 pwquality_strerror(reason, sizeof(reason), code, detail));
	if (startswith(words, "The "))
		words[0] = 't';
}

bool quality_is_public(const struct secret *password, const struct secret *generic)
{
	return generic && generic->size > 0 && secret_equal(password, generic);
}

int quality_judge(const struct secret *password, const char *user, char *words)
{
	pwquality_settings_t *settings = pwquality_default_settings();
	void *detail = NULL;
	int score;

	if (!settings || password->size == 0) {
		pwquality_free_settings(settings);
		snprintf(words, QUALITY_WORDS_MAX, "it is empty");
		return -EINVAL;
	}
	if (access(DICTIONARY, R_OK) < 0)
		pwquality_set_int_value(settings, PWQ_SETTING_DICT_CHECK, 0);
	score = pwquality_check(settings, password->data, NULL, user, &detail);
	pwquality_free_settings(settings);
	if (score < 0) {
		say_refusal(score, detail, words);
		return score;
	}
	if (score < FAIR) {
		snprintf(words, QUALITY_WORDS_MAX,
			 "it is short or too uniform (%d of 100)", score);
		return -ERANGE;
	}
	snprintf(words, QUALITY_WORDS_MAX, "%s (%d of 100)", grade(score), score);
	return score;
}
