/* SPDX-License-Identifier: MIT */
/* The first boot, from the first question to the owner's log-in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "core/recovery-key.h"
#include "owner/account.h"
#include "owner/languages.h"
#include "owner/keyboards.h"
#include "owner/quality.h"
#include "welcome/flow.h"
#include "welcome/lock.h"
#include "welcome/machine.h"
#include "welcome/preset.h"
#include "welcome/session.h"
#include "welcome/setup.h"

/* DHCP and the exchange of keys of a slow access point. */
#define CONNECT_SECONDS 30

void session_use_lines(struct session *s)
{
	(*s->ui)->methods->free(*s->ui);
	*s->ui = ui_plain_new(STDIN_FILENO, STDOUT_FILENO);
}

int session_ask(struct session *s, const struct screen *screen, struct answer *ret,
		struct error *err)
{
	int r = (*s->ui)->methods->ask(*s->ui, screen, ret, err);

	if (r != -ERESTART)
		return r;
	session_use_lines(s);
	return (*s->ui)->methods->ask(*s->ui, screen, ret, err);
}

int session_message(struct session *s, const char *title, const char *text,
		    struct error *err)
{
	_cleanup_screen_ struct screen screen = {
		.kind = SCREEN_MENU,
		.title = xstrdup(title),
		.text = xstrdup(text),
	};
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};

	screen_add(&screen, "Go on", NULL);
	return session_ask(s, &screen, &a, err);
}

void session_run(struct session *s, const char *const *argv)
{
	const struct process p = {.argv = argv, .inherit_stdin = true};

	(*s->ui)->methods->suspend(*s->ui);
	(void)process_run(&p, NULL, NULL, NULL);
	(*s->ui)->methods->resume(*s->ui);
}

void session_end(struct session *s, bool restart)
{
	const char *const argv[] = {"systemctl", restart ? "reboot" : "poweroff", NULL};

	session_run(s, argv);
}

/* All that the questions need to know; borrowed by the flow. */
struct first_boot {
	struct session *session;
	struct flow_facts facts;
	char **languages, **accounts, *keyboards;
	struct zones zones;
	struct secret *recovery;
	int lock;
};

static void first_boot_done(struct first_boot *f)
{
	strv_free(f->languages);
	strv_free(f->accounts);
	free(f->keyboards);
	zones_done(&f->zones);
	secret_free(f->recovery);
	close_fdp(&f->lock);
}

const char *session_tpm_says(const struct boot_facts *b)
{
	if (b->enrolled)
		return NULL;
	if (b->tpm_says)
		return b->tpm_says;
	if (streq(b->tpm, "absent"))
		return "This machine has no TPM that could open it";
	if (!streq(b->tpm, "present"))
		return "The TPM gave no answer and was left out";
	if (!streq(b->secure_boot, "on"))
		return "With Secure Boot off the TPM can't tell a changed system from "
		       "this one, but it can open the disk together with a PIN: "
		       "afterwards, 'sudo atomos enroll tpm --pin' has the next start "
		       "ask for one";
	return NULL;
}

static char **names_taken(void)
{
	_cleanup_strv_ char **system = account_system_names(ACCOUNT_PASSWD);
	char **names = account_names(ACCOUNT_RECORDS);

	for (char **name = system; *name; name++)
		names = strv_add(names, *name);
	return names;
}

static int gather(struct first_boot *f, struct error *err)
{
	const struct config *c = f->session->config;
	const struct boot_facts *b = f->session->boot;
	unsigned challenge = 0;
	int r = recovery_key_make(&f->recovery, err);

	if (r < 0)
		return r;
	if (getrandom(&challenge, sizeof(challenge), 0) != sizeof(challenge))
		return fail(err, -EIO, "The kernel gives no random numbers");
	f->languages = languages_offered();
	f->accounts = names_taken();
	zones_load(ZONES_FILE, &f->zones);
	/* Without it the keymaps' names have to do. */
	(void)read_file_at(AT_FDCWD, KEYBOARDS_FILE, KEYBOARDS_MAX, &f->keyboards, NULL);
	f->facts = (struct flow_facts){
		.system = c->system,
		.languages = f->languages,
		.language_words = language_words,
		.keymaps = c->keymaps,
		.keymap = c->keymap,
		.keyboards = f->keyboards,
		.zones = &f->zones,
		.network = machine_network(),
		.network_tool = process_available("nmtui"),
		.tpm_opens = b->enrolled,
		.tpm_says = session_tpm_says(b),
		.recovery = f->recovery,
		.challenge = challenge % RECOVERY_GROUPS,
		.accounts = f->accounts,
		.generic = c->generic,
		.judge = quality_judge,
	};
	return 0;
}

/* From the first answer on no other console asks. 1 when another one has done it all. */
static int take_turn(struct first_boot *f, struct error *err)
{
	_cleanup_free_ char *holder = NULL, *text = NULL;
	const char *console = f->session->console;

	f->lock = lock_take(LOCK_DIR, console, false, &holder);
	if (f->lock >= 0)
		return lock_is_done(LOCK_DIR);
	if (f->lock != -EWOULDBLOCK)
		return fail(err, f->lock, "%s can't be used: %s", LOCK_DIR,
			    strerror(-f->lock));
	text = xasprintf("The questions are being answered on %s.", holder);
	(*f->session->ui)->methods->progress(*f->session->ui, text, NULL, 0, 0);
	f->lock = lock_take(LOCK_DIR, console, true, NULL);
	return lock_is_done(LOCK_DIR);
}

/* nmtui lists what was found before it began, and can be left before it is connected. */
void session_connect(struct session *s)
{
	static const char *const scan[] = {"nmcli",    "device", "wifi", "list",
					   "--rescan", "yes",	 NULL};
	static const char *const nmtui[] = {"nmtui", "connect", NULL};
	struct error err;

	(*s->ui)->methods->progress(*s->ui, "Looking for networks", NULL, 0, 0);
	/* Without a radio there is nothing to look for. */
	if (process_do(scan, &err) < 0)
		log_debug("networks: %s", err.message);
	session_run(s, nmtui);
	(*s->ui)->methods->progress(*s->ui, "Waiting for the connection", NULL, 0, 0);
	machine_wait_for_network(CONNECT_SECONDS);
}

/* Does what the flow asks for between two questions. */
static void act(struct first_boot *f, struct flow *flow, enum flow_next next)
{
	if (next == FLOW_KEYMAP) {
		machine_use_keymap(flow_answers(flow)->keymap);
	} else if (next == FLOW_NETWORK) {
		session_connect(f->session);
		flow_tried_network(flow, machine_network());
	}
}

/* 1 when another console was faster. */
static int ask_all(struct first_boot *f, struct flow *flow, struct error *err)
{
	_cleanup_secret_ struct secret *typed = secret_new();
	struct answer a = {.text = typed};

	for (;;) {
		_cleanup_screen_ struct screen screen = {0};
		enum flow_next next;
		int r;

		flow_show(flow, &screen);
		r = session_ask(f->session, &screen, &a, err);
		if (r == 0 && f->lock < 0)
			r = take_turn(f, err);
		if (r != 0)
			return r;
		/* A cable's address may have come meanwhile. */
		flow_set_network(flow, machine_network());
		next = flow_take(flow, &a);
		wipe(typed->data, sizeof(typed->data));
		if (next == FLOW_APPLY)
			return 0;
		act(f, flow, next);
	}
}

static void say(void *context, size_t step, size_t count, const char *what)
{
	struct session *s = context;

	(*s->ui)->methods->progress(*s->ui, what, NULL, step, count);
}

static int apply(struct first_boot *f, const struct flow *flow, struct error *err)
{
	struct session *s = f->session;
	struct setup setup = {
		.boot = s->boot,
		.config = s->config,
		.answers = flow_answers(flow),
		.recovery = f->recovery,
		.say = say,
		.context = s,
	};

	return setup_run(&setup, err);
}

static int finish(struct session *s, const struct flow *flow, bool asked,
		  struct error *err)
{
	_cleanup_free_ char *text =
		xasprintf("This machine is yours now. Log in as %s with your password.",
			  flow_answers(flow)->name);

	lock_done(LOCK_DIR, s->console);
	if (asked)
		return session_message(s, "Done", text, err);
	/* Nobody may be there to read it. */
	(*s->ui)->methods->progress(*s->ui, text, NULL, 0, 0);
	return 0;
}

/* What the installation left. 1 when another console has done it all. */
static int use_preset(struct first_boot *f, struct flow *flow, struct error *err)
{
	_cleanup_answers_ struct answers a = {0};
	struct session *s = f->session;
	/* Only one console can read the sealed ones, and does so for all. */
	int r = preset_sealed() ? take_turn(f, err) : 0;

	if (r != 0)
		return r;
	if (preset_take(s->boot->partition, &a) == PRESET_NONE)
		return 0;
	if (a.recovery) {
		memcpy(f->recovery->data, a.recovery->data, a.recovery->size + 1);
		f->recovery->size = a.recovery->size;
	}
	flow_preset(flow, &a);
	/* What is still asked is typed with it. */
	if (a.keymap)
		machine_use_keymap(flow_answers(flow)->keymap);
	if (!flow_complete(flow))
		return 0;
	/* Lines stay on the console: there is nothing to choose on a screen. */
	session_use_lines(s);
	(*s->ui)->methods->progress(
		*s->ui,
		"The installation brought the answers to all questions of this first "
		"start",
		NULL, 0, 0);
	return 0;
}

static int ask_and_apply(struct first_boot *f, struct flow *flow, struct error *err)
{
	struct session *s = f->session;

	for (;;) {
		bool asked = !flow_complete(flow);
		struct error e;
		int r = asked ? ask_all(f, flow, err) : 0;

		if (r != 0)
			return MIN(r, 0);
		r = apply(f, flow, &e);
		if (r == 0)
			return finish(s, flow, asked, err);
		flow_forget_preset(flow);
		r = session_message(s, "That didn't work", e.message, err);
		if (r < 0)
			return r;
	}
}

int session_first_boot(struct session *s, struct error *err)
{
	_cleanup_(first_boot_done) struct first_boot f = {.session = s, .lock = -EBADF};
	_cleanup_flow_ struct flow *flow = NULL;
	int r = gather(&f, err);

	if (r < 0)
		return r;
	lock_register(LOCK_DIR, s->console);
	flow = flow_new(&f.facts);
	r = use_preset(&f, flow, err);
	return r != 0 ? MIN(r, 0) : ask_and_apply(&f, flow, err);
}
