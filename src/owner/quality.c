/* SPDX-License-Identifier: MIT */
/* Quality of passwords. */
#include <errno.h>
#include <pwquality.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "owner/quality.h"

/* Of the package cracklib-runtime. Where it isn't there, the library would complain on
 * the terminal, and judge nothing else either. */
#define DICTIONARY "/var/cache/cracklib/cracklib_dict.pwd"

static const char *grade(int score)
{
	if (score >= 80)
		return "very good";
	if (score >= 60)
		return "good";
	if (score >= 30)
		return "fair";
	return "weak";
}

bool quality_is_public(const struct secret *password, const struct secret *generic)
{
	return generic && generic->size > 0 && password->size == generic->size &&
	       memcmp(password->data, generic->data, generic->size) == 0;
}

int quality_judge(const struct secret *password, const char *user, char *words)
{
	pwquality_settings_t *settings = pwquality_default_settings();
	char reason[PWQ_MAX_ERROR_MESSAGE_LEN];
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
	if (score < 0)
		snprintf(words, QUALITY_WORDS_MAX, "%s",
			 pwquality_strerror(reason, sizeof(reason), score, detail));
	else
		snprintf(words, QUALITY_WORDS_MAX, "%s (%d of 100)", grade(score), score);
	return score;
}
