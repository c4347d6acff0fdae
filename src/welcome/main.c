/* SPDX-License-Identifier: MIT */
/* atomos-welcome: the first boot's questions, and the medium's menu. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/choices.h"
#include "welcome/lock.h"
#include "welcome/machine.h"
#include "welcome/session.h"

enum mode {
	MODE_AUTO, /* whatever this boot calls for */
	MODE_FIRST_BOOT,
	MODE_APPLY,
};

struct command {
	enum mode mode;
	bool plain;
	const char *config, *boot;
};

static int usage(FILE *f, int status)
{
	fputs("Usage: atomos-welcome [OPTION...]\n\n"
	      "Asks what makes a machine its owner's, when this boot calls for it.\n\n"
	      "Options:\n"
	      "      --first-boot     ask, whatever kind of boot this is\n"
	      "      --apply          only apply what was chosen: language, keyboard, "
	      "time\n"
	      "      --plain          lines instead of a full screen\n"
	      "      --config FILE    what the configuration decided\n"
	      "      --boot FILE      what atomos-init noted of this boot\n"
	      "  -h, --help           show this help\n",
	      f);
	return status;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct command *c)
{
	static const struct option options[] = {
		{"first-boot", no_argument, NULL, 'f'},
		{"apply", no_argument, NULL, 'a'},
		{"plain", no_argument, NULL, 'p'},
		{"config", required_argument, NULL, 'c'},
		{"boot", required_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (letter == 'f')
			c->mode = MODE_FIRST_BOOT;
		else if (letter == 'a')
			c->mode = MODE_APPLY;
		else if (letter == 'p')
			c->plain = true;
		else if (letter == 'c')
			c->config = optarg;
		else if (letter == 'b')
			c->boot = optarg;
		else
			return usage(letter == 'h' ? stdout : stderr,
				     letter == 'h' ? EXIT_SUCCESS : 2);
	}
	return optind < argc ? usage(stderr, 2) : -1;
}

static struct ui *make_ui(const struct command *c)
{
	const char *terminal = getenv("TERM");
	struct ui *ui = NULL;

	if (!c->plain && terminal && !streq(terminal, "dumb") && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		ui = ui_full_new(STDIN_FILENO, STDOUT_FILENO, NULL);
	return ui ? ui : ui_plain_new(STDIN_FILENO, STDOUT_FILENO);
}

/* "tty1" of the terminal it runs on. */
static char *console_name(void)
{
	const char *path = ttyname(STDIN_FILENO),
		   *slash = path ? strrchr(path, '/') : NULL;

	return slash ? xstrdup(slash + 1) : xasprintf("process-%ld", (long)getpid());
}

/* Another console was faster; the log-in resets the terminal. */
static void leave(int number _unused_)
{
	_exit(EXIT_SUCCESS);
}

static int ask(const struct command *c, const struct config *config,
	       const struct boot_facts *boot, struct error *err)
{
	_cleanup_free_ char *console = console_name();
	_cleanup_ui_ struct ui *ui = make_ui(c);
	struct session s = {
		.config = config, .boot = boot, .ui = &ui, .console = console};
	int r;

	signal(SIGTERM, leave);
	machine_mute(true);
	r = session_first_boot(&s, err);
	machine_mute(false);
	return r;
}

static int run(const struct command *c, struct error *err)
{
	_cleanup_boot_facts_ struct boot_facts boot = {0};
	_cleanup_config_ struct config config = {0};
	int r = boot_facts_load(c->boot, &boot, err);

	if (r < 0)
		return r;
	if (c->mode == MODE_AUTO &&
	    (!boot.installed || boot.owned || lock_is_done(LOCK_DIR)))
		return 0;
	r = config_load(c->config, &config, err);
	return r < 0 ? r : ask(c, &config, &boot, err);
}

static int apply(struct error *err)
{
	_cleanup_choices_ struct choices choices = {0};
	int r;

	if (access(CHOICES_FILE, F_OK) < 0)
		return 0;
	r = choices_load(CHOICES_FILE, &choices, err);
	if (r == 0)
		r = choices_apply("/", &choices, err);
	if (r == 0 && choices.keymap[0])
		machine_use_keymap(choices.keymap);
	return r;
}

int main(int argc, char **argv)
{
	struct command c = {.config = CONFIG_FILE, .boot = BOOT_FACTS_FILE};
	struct error err = {0};
	int r = parse(argc, argv, &c);

	if (r >= 0)
		return r;
	/* The drawings and people's names are UTF-8, whatever was chosen so far. */
	setlocale(LC_CTYPE, "C.UTF-8");
	r = c.mode == MODE_APPLY ? apply(&err) : run(&c, &err);
	if (r < 0)
		fprintf(stderr, "atomos-welcome: %s.\n", err.message);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
