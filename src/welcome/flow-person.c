/* SPDX-License-Identifier: MIT */
/* Questions about the person: name, password, recovery key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/recovery-key.h"
#include "owner/account.h"
#include "owner/quality.h"
#include "welcome/flow-internal.h"
#include "welcome/qr.h"

static void show_real_name(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_TEXT;
	s->text = xstrdup("How are you called? The name is shown at the log-in and in "
			  "programs; it may be left empty.");
	s->prompt = xstrdup("Your name");
	s->initial = xstrdup(f->answers.real_name);
}

static enum flow_next take_real_name(struct flow *f, const struct answer *a)
{
	const char *text = a->text->data;

	if (answers_real_name_odd(text)) {
		flow_set_error(f, xstrdup(answers_real_name_odd(text)));
	} else {
		free(f->answers.real_name);
		f->answers.real_name = xstrdup(text);
		if (!f->answers.name[0]) {
			free(f->answers.name);
			f->answers.name = account_name_guess(text);
		}
	}
	return FLOW_ON;
}

const struct flow_step_table flow_real_name = {
	.title = "Your account",
	.show = show_real_name,
	.take = take_real_name,
};

static void show_name(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_TEXT;
	s->text = xstrdup(
		"The short name to log in with: letters a to z, digits, - and _.");
	s->prompt = xstrdup("Login name");
	s->initial = xstrdup(f->answers.name);
}

static enum flow_next take_name(struct flow *f, const struct answer *a)
{
	const char *why;

	if (!account_name_good(a->text->data, &why)) {
		flow_set_error(f, xasprintf("%s.", why));
	} else if (f->facts->accounts &&
		   strv_contains(f->facts->accounts, a->text->data)) {
		flow_set_error(f, xstrdup("There is an account of this name already."));
	} else {
		free(f->answers.name);
		f->answers.name = xstrdup(a->text->data);
	}
	return FLOW_ON;
}

const struct flow_step_table flow_name = {
	.title = "Your account",
	.show = show_name,
	.take = take_name,
};

static void show_password(const struct flow *f _unused_, struct screen *s)
{
	s->kind = SCREEN_SECRET;
	s->text = xstrdup(
		"The password encrypts what is yours: without it nobody can read it, and "
		"nobody can bring it back when it is forgotten.\n\n"
		"Several words that have nothing to do with each other are easy to "
		"remember and hard to guess.");
	s->prompt = xstrdup("Password");
}

static enum flow_next take_password(struct flow *f, const struct answer *a)
{
	char words[QUALITY_WORDS_MAX];

	if (a->text->size == 0) {
		flow_set_error(f, xstrdup("A password is needed."));
		return FLOW_ON;
	}
	if (a->text->size > ACCOUNT_PASSWORD_MAX) {
		flow_set_error(f, xstrdup("That is too long."));
		return FLOW_ON;
	}
	if (quality_is_public(a->text, f->facts->generic)) {
		flow_set_error(f, xstrdup(QUALITY_PUBLIC "."));
		return FLOW_ON;
	}
	f->weak = f->facts->judge(a->text, f->answers.name, words) < 0;
	snprintf(f->quality, sizeof(f->quality), "%s", words);
	wipe(f->answers.password->data, f->answers.password->size);
	memcpy(f->answers.password->data, a->text->data, a->text->size + 1);
	f->answers.password->size = a->text->size;
	return FLOW_ON;
}

const struct flow_step_table flow_password = {
	.title = "Password",
	.show = show_password,
	.take = take_password,
};

static void show_weak(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_MENU;
	s->text = xasprintf("This password is easy to guess: %s. Whoever holds the disk "
			    "can try millions of them.",
			    f->quality);
	screen_add(s, "Choose another", NULL);
	screen_add(s, "Use it all the same", NULL);
}

static enum flow_next take_weak(struct flow *f, const struct answer *a)
{
	if (a->choice == 0)
		flow_go_to(f, STEP_PASSWORD);
	return FLOW_ON;
}

static bool want_weak(const struct flow *f)
{
	return f->weak;
}

const struct flow_step_table flow_weak = {
	.title = "Password",
	.show = show_weak,
	.take = take_weak,
	.wanted = want_weak,
};

static void show_repeat(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_SECRET;
	s->text = f->weak ? xstrdup("Once more, to be sure.")
			  : xasprintf("Its quality is %s. Once more, to be sure.",
				      f->quality);
	s->prompt = xstrdup("Password again");
}

static enum flow_next take_repeat(struct flow *f, const struct answer *a)
{
	if (!secret_equal(a->text, f->answers.password)) {
		flow_set_error(f, xstrdup("The two were not the same: type it anew."));
		flow_go_to(f, STEP_PASSWORD);
	}
	return FLOW_ON;
}

const struct flow_step_table flow_repeat = {
	.title = "Password",
	.show = show_repeat,
	.take = take_repeat,
};

static void show_administrator(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_MENU;
	s->text = xstrdup("Does this person look after the machine?");
	screen_add(s, "Yes",
		   "may change the system (sudo); the password opens the disk too");
	screen_add(s, "No",
		   f->facts->tpm_opens
			   ? "only the recovery key opens the disk when the TPM doesn't"
			   : "the disk asks for the recovery key at each start");
	s->preset = f->answers.administrator ? 0 : 1;
}

static enum flow_next take_administrator(struct flow *f, const struct answer *a)
{
	f->answers.administrator = a->choice == 0;
	return FLOW_ON;
}

const struct flow_step_table flow_administrator = {
	.title = "Administrator",
	.show = show_administrator,
	.take = take_administrator,
};

/* Two rows of four groups, each with its number. */
static char *key_rows(const struct secret *key)
{
	char *text = xcalloc(1, RECOVERY_LENGTH + RECOVERY_GROUPS * 8);
	char *end = text;

	for (unsigned i = 0; i < RECOVERY_GROUPS; i++)
		end += sprintf(end, "%u: %.*s%s", i + 1, RECOVERY_GROUP_LETTERS,
			       key->data + (size_t)i * (RECOVERY_GROUP_LETTERS + 1),
			       i % 2 ? "\n" : "   ");
	return text;
}

static void show_recovery(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_MENU;
	s->text =
		xstrdup("This recovery key opens the disk when the password is forgotten "
			"or the machine was repaired. It is shown only now: write it "
			"down, and keep it away from the machine.");
	/* Drawn from the same key as the words beside it, whichever that is by now. */
	s->drawing = qr_drawing(f->facts->recovery->data);
	s->drawing_text = key_rows(f->facts->recovery);
	screen_add(s, "I have written it down", NULL);
}

static enum flow_next take_read(struct flow *f _unused_, const struct answer *a _unused_)
{
	return FLOW_ON;
}

const struct flow_step_table flow_recovery = {
	.title = "Recovery key",
	.show = show_recovery,
	.take = take_read,
};

static void show_type_back(const struct flow *f, struct screen *s)
{
	s->kind = SCREEN_TEXT;
	s->text =
		xasprintf("To be sure that it can be read later: what is the group with "
			  "the number %u?",
			  f->facts->challenge + 1);
	s->prompt = xasprintf("Group %u", f->facts->challenge + 1);
}

static enum flow_next take_type_back(struct flow *f, const struct answer *a)
{
	if (!recovery_key_group_is(f->facts->recovery, f->facts->challenge, a->text)) {
		flow_set_error(f,
			       xstrdup("That isn't that group: look at the key again."));
		flow_go_to(f, STEP_RECOVERY);
	}
	return FLOW_ON;
}

const struct flow_step_table flow_type_back = {
	.title = "Recovery key",
	.show = show_type_back,
	.take = take_type_back,
};

static void show_review(const struct flow *f, struct screen *s)
{
	const struct flow_answers *a = &f->answers;
	bool several = strv_length(f->facts->languages) > 1;
	const char *opens =
		!f->facts->tpm_opens
			? a->administrator
				  ? "The disk asks for the password at each start."
				  : "The disk asks for the recovery key at each start."
		: a->administrator
			? "The TPM of this machine opens the disk at each start; when it "
			  "finds something changed, the password or the recovery key is "
			  "asked for."
			: "The TPM of this machine opens the disk at each start; when it "
			  "finds something changed, the recovery key is asked for.";

	s->kind = SCREEN_MENU;
	/* Of one language nobody was asked. */
	s->text = xasprintf("Account: %s%s%s%s%s\nKeyboard: %s\nTime zone: %s\n"
			    "%s%s%s\n%s%s%s%s",
			    a->name, a->real_name[0] ? " (" : "", a->real_name,
			    a->real_name[0] ? ")" : "",
			    a->administrator ? ", administrator" : "", a->keymap, a->zone,
			    several ? "Language: " : "", several ? a->language : "",
			    several ? "\n" : "", opens, f->facts->tpm_says ? " " : "",
			    f->facts->tpm_says ? f->facts->tpm_says : "",
			    f->facts->tpm_says ? "." : "");
	screen_add(s, "Make this machine mine", NULL);
	screen_add(s, "Change something", NULL);
}

static enum flow_next take_review(struct flow *f, const struct answer *a)
{
	if (a->choice == 1)
		flow_go_to(f, STEP_HELLO);
	return FLOW_ON;
}

const struct flow_step_table flow_review = {
	.title = "Ready",
	.show = show_review,
	.take = take_review,
};
