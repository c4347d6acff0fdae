/* SPDX-License-Identifier: MIT */
/* Asks the running system. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-login.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "welcome/machine.h"

#define PLYMOUTH "/usr/bin/plymouth"
#define SYS_NET "/sys/class/net"
#define TABLE_MAX (1U << 20)
/* syslog(2) has no names for them. */
#define CONSOLE_OFF 6
#define CONSOLE_ON 7
/* systemd(1): status messages off and on. */
#define STATUS_OFF (SIGRTMIN + 21)
#define STATUS_ON (SIGRTMIN + 20)

/* A default route: destination and mask, or destination and prefix, are zero. */
bool machine_network_in(const char *route, const char *route6)
{
	_cleanup_strv_ char **lines = strv_split(route, "\n");
	_cleanup_strv_ char **lines6 = strv_split(route6, "\n");

	for (char **line = lines; line && *line; line++) {
		_cleanup_strv_ char **fields = strv_split(*line, " \t");

		if (strv_length(fields) >= 8 && streq(fields[1], "00000000") &&
		    streq(fields[7], "00000000"))
			return true;
	}
	for (char **line = lines6; line && *line; line++) {
		_cleanup_strv_ char **fields = strv_split(*line, " \t");

		/* The kernel keeps one to "lo" for what it can't reach. */
		if (strv_length(fields) >= 10 && strspn(fields[0], "0") == 32 &&
		    streq(fields[1], "00") && !streq(fields[9], "lo"))
			return true;
	}
	return false;
}

bool machine_network(void)
{
	_cleanup_free_ char *route = NULL, *route6 = NULL;

	(void)read_file_at(AT_FDCWD, "/proc/net/route", TABLE_MAX, &route, NULL);
	(void)read_file_at(AT_FDCWD, "/proc/net/ipv6_route", TABLE_MAX, &route6, NULL);
	return machine_network_in(route ? route : "", route6 ? route6 : "");
}

bool machine_wireless(void)
{
	_cleanup_closedir_ DIR *directory = opendir(SYS_NET);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		_cleanup_free_ char *radio =
			xasprintf(SYS_NET "/%s/phy80211", entry->d_name);

		if (access(radio, F_OK) == 0)
			return true;
	}
	return false;
}

/* NetworkManager's word; never in the user's language. */
static bool is_connecting(void)
{
	static const char *const argv[] = {"nmcli", "--get-values", "STATE", "general",
					   NULL};
	static const char *const environment[] = {"LC_ALL=C", NULL};
	const struct process p = {.argv = argv, .environment = environment};
	_cleanup_free_ char *output = NULL;
	struct error err;

	return process_check(&p, &output, NULL, &err) == 0 &&
	       startswith(output, "connecting");
}

void machine_wait_for_network(unsigned seconds)
{
	time_t end = time(NULL) + seconds;

	while (!machine_network() && time(NULL) < end && is_connecting())
		nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
}

void machine_use_keymap(const char *keymap)
{
	const char *const argv[] = {"loadkeys", "--quiet", "--console=/dev/tty0", keymap,
				    NULL};
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;
	struct error err;

	if (process_check(&p, &output, NULL, &err) < 0)
		log_debug("keymap %s: %s", keymap, err.message);
}

void machine_end_splash(void)
{
	const char *const argv[] = {PLYMOUTH, "quit", NULL};
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;
	struct error err;

	if (access(PLYMOUTH, X_OK) == 0 && process_check(&p, &output, NULL, &err) < 0)
		log_debug("splash: %s", err.message);
}

char *machine_session_terminal(void)
{
	_cleanup_free_ char *session = NULL;
	char *terminal = NULL;

	if (sd_pid_get_session(0, &session) < 0 ||
	    sd_session_get_tty(session, &terminal) < 0)
		return NULL;
	return terminal;
}

void machine_mute(bool mute)
{
	(void)kill(1, mute ? STATUS_OFF : STATUS_ON);
	(void)klogctl(mute ? CONSOLE_OFF : CONSOLE_ON, NULL, 0);
}
