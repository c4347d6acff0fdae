/* SPDX-License-Identifier: MIT */
/* atomos-welcome: the first boot's questions, and the medium's menu. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/choices.h"
#include "welcome/inner.h"
#include "welcome/lock.h"
#include "welcome/machine.h"
#include "welcome/preset.h"
#include "welcome/session.h"
#include "welcome/setup.h"

#define ACTIVE_CONSOLES "/sys/class/tty/console/active"
#define NAMES_MAX 4096

enum mode {
	MODE_AUTO, /* whatever this boot calls for */
	MODE_FIRST_BOOT,
	MODE_MEDIUM,
	MODE_INSTALL,
	MODE_APPLY,
};

struct command {
	enum mode mode;
	bool plain;
	const char *config, *boot, *console;
};

static int usage(FILE *f, int status)
{
	fputs("Usage: atomos-welcome [OPTION...]\n\n"
	      "Asks what makes a machine its owner's, when this boot calls for it.\n\n"
	      "Options:\n"
	      "      --first-boot     ask, whatever kind of boot this is\n"
	      "      --medium         the medium's menu, whatever kind of boot this is\n"
	      "      --install        the installer, in a running system\n"
	      "      --apply          only apply what was chosen: language, keyboard, "
	      "time\n"
	      "      --plain          lines instead of a full screen\n"
	      "      --console NAME   use this terminal, if the kernel has its console "
	      "there\n"
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
		{"medium", no_argument, NULL, 'm'},
		{"install", no_argument, NULL, 'i'},
		{"apply", no_argument, NULL, 'a'},
		{"plain", no_argument, NULL, 'p'},
		{"console", required_argument, NULL, 't'},
		{"config", required_argument, NULL, 'c'},
		{"boot", required_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (letter == 'f')
			c->mode = MODE_FIRST_BOOT;
		else if (letter == 'm')
			c->mode = MODE_MEDIUM;
		else if (letter == 'i')
			c->mode = MODE_INSTALL;
		else if (letter == 'a')
			c->mode = MODE_APPLY;
		else if (letter == 'p')
			c->plain = true;
		else if (letter == 't')
			c->console = optarg;
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

/* One of the screen's own terminals, which the kernel calls tty0 whichever is seen. */
static bool is_screen(const char *name)
{
	return startswith(name, "tty") && isdigit((unsigned char)name[3]);
}

/* A terminal that shows the kernel's messages is one that somebody looks at. */
static bool console_active(const char *name)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **names = NULL;

	if (read_file_at(AT_FDCWD, ACTIVE_CONSOLES, NAMES_MAX, &text, NULL) < 0)
		return false;
	names = strv_split(text, " \n");
	return names && (strv_contains(names, name) ||
			 (is_screen(name) && strv_contains(names, "tty0")));
}

/* What it is nearly always; but one that somebody has called dumb on the kernel's command
 * line (systemd.tty.term.NAME) stays so: it speaks, or is felt. */
static void use_terminal(const char *usual)
{
	const char *passed = getenv("TERM");

	if (!passed || !streq(passed, "dumb"))
		setenv("TERM", usual, 1);
}

/* Makes a terminal the one of this process. */
static int use_console(const char *name, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", name);
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		return fail(err, -errno, "%s can't be used: %m", path);
	if (is_screen(name))
		machine_end_splash();
	(void)setsid();
	(void)ioctl(fd, TIOCSCTTY, 1);
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (dup2(fd, i) < 0)
			return fail(err, -errno, "%s can't be used: %m", path);
	close(fd);
	use_terminal(is_screen(name) ? "linux" : "vt220");
	return 0;
}

/* "tty1" of the terminal it runs on. */
static char *console_name(void)
{
	const char *path = ttyname(STDIN_FILENO),
		   *slash = path ? strrchr(path, '/') : NULL;

	return slash ? xstrdup(slash + 1) : xasprintf("process-%ld", (long)getpid());
}

/* What this process did to the terminal and to the system's messages, for `leave`. */
static struct {
	bool muted, is_terminal;
	int shown; /* of lock_show */
	struct termios before;
} console_state = {.shown = -EBADF};

/* What the system says would run across the screens. Where nothing of it is seen, as over
 * SSH, the machine's consoles go on showing it. */
static void mute(const char *console)
{
	_cleanup_free_ char *terminal = machine_session_terminal();

	if (!console_active(console) && !(terminal && console_active(terminal)))
		return;
	console_state.shown = lock_show(LOCK_DIR);
	console_state.muted = true;
	machine_mute(true);
}

/* Not while other consoles still show theirs. System calls alone: `leave` calls it. */
static void unmute(bool all_done)
{
	if (console_state.muted &&
	    (all_done || console_state.shown < 0 || lock_is_last(console_state.shown)))
		machine_mute(false);
	console_state.muted = false;
}

/* Ends the program at any point: what it must not leave behind it takes back. */
static void leave(int number)
{
	unmute(false);
	if (console_state.is_terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &console_state.before);
	/* Another console was faster, and did it all. */
	if (number == SIGTERM)
		_exit(EXIT_SUCCESS);
	(void)raise(number);
}

/* After the front end is made: ncurses has handlers of its own. */
static void leave_on_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	struct sigaction action = {.sa_handler = leave, .sa_flags = (int)SA_RESETHAND};

	/* SIGTTOU too: a terminal that isn't ours any more would stop us. */
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL);
}

static int ask(const struct command *c, const struct config *config,
	       const struct boot_facts *boot, struct error *err)
{
	_cleanup_free_ char *console = console_name();
	_cleanup_ui_ struct ui *ui = NULL;
	struct session s = {
		.config = config, .boot = boot, .ui = &ui, .console = console};
	int r;

	console_state.is_terminal = tcgetattr(STDIN_FILENO, &console_state.before) == 0;
	ui = make_ui(c);
	leave_on_signals();
	mute(console);
	r = c->mode == MODE_MEDIUM    ? session_medium(&s, err)
	    : c->mode == MODE_INSTALL ? session_install(&s, err)
				      : session_first_boot(&s, err);
	/* Consoles that another one has ended are about to go. */
	unmute(lock_is_done(LOCK_DIR));
	return r;
}

/* Changes MODE_AUTO into what this boot calls for; it stays when that is nothing. */
static enum mode mode_of(const struct command *c, const struct boot_facts *boot,
			 const struct config *config)
{
	if (c->mode != MODE_AUTO)
		return c->mode;
	if (boot->medium)
		return config->menu || config->unattended ? MODE_MEDIUM : MODE_AUTO;
	return boot->installed && !boot->owned && !lock_is_done(LOCK_DIR)
		       ? MODE_FIRST_BOOT
		       : MODE_AUTO;
}

/* By one console alone: several would write the header at once. */
static void drop_left(const struct command *c, const struct boot_facts *boot)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", boot->partition);
	_cleanup_close_ int lock = -EBADF;

	if (access(ANSWERS_LEFT, F_OK) < 0)
		return;
	lock = lock_take(LOCK_DIR, c->console ? c->console : "a terminal", false, NULL);
	if (lock >= 0 && preset_drop_left(path) == 0)
		(void)unlink(ANSWERS_LEFT);
}

static int run(struct command *c, struct error *err)
{
	_cleanup_boot_facts_ struct boot_facts boot = {0};
	_cleanup_config_ struct config config = {0};
	int r = boot_facts_load(c->boot, &boot, err);

	if (r == 0)
		r = config_load(c->config, &config, err);
	if (r < 0)
		return r;
	if (c->console && !console_active(c->console))
		return 0;
	if (boot.installed && boot.owned)
		drop_left(c, &boot);
	if (c->console && boot.medium && !config.menu)
		inner_note(&boot);
	c->mode = mode_of(c, &boot, &config);
	if (c->mode == MODE_AUTO)
		return 0;
	r = c->console ? use_console(c->console, err) : 0;
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
