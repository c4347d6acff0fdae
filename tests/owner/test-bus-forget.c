/* SPDX-License-Identifier: MIT */
/* A bus daemon as the system starts it, and what is in its memory of a message that has
 * passed. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "owner/bus-forget.h"

/* As nix/modules/accounts.nix sets it. */
#define TUNABLES "glibc.malloc.perturb=170:glibc.malloc.tcache_count=0"
/* Of a freed piece the C library uses the first bytes itself. */
#define END "unlikely lamps"
#define MESSAGE "{\"secret\":{\"password\":[\"seven " END "\"]},\"userName\":\"anna\"}"

static pid_t start(void **state)
{
	_cleanup_free_ char *address =
				    xasprintf("unix:path=%s", in_directory(state, "bus")),
			    *option = xasprintf("--address=%s", address);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		unsetenv("MALLOC_PERTURB_");
		setenv("GLIBC_TUNABLES", TUNABLES, 1);
		execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork",
		       "--nopidfile", option, NULL);
		_exit(127);
	}
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	for (int i = 0; i < 500 && access(in_directory(state, "bus"), F_OK) < 0; i++)
		usleep(20000);
	return pid;
}

static sd_bus *connection(const char **ret_name)
{
	sd_bus *bus;

	assert_true(sd_bus_open_system(&bus) >= 0);
	assert_true(sd_bus_get_unique_name(bus, ret_name) >= 0);
	return bus;
}

/* Somebody tells somebody else, who reads it. */
static void pass(void)
{
	const char *from, *to;
	sd_bus *writer = connection(&from), *reader = connection(&to);
	sd_bus_message *m = NULL;
	bool heard = false;

	assert_true(sd_bus_message_new_signal(writer, &m, "/", "org.example.Test",
					      "Said") >= 0);
	assert_true(sd_bus_message_set_destination(m, to) >= 0);
	assert_true(sd_bus_message_append(m, "s", MESSAGE) >= 0);
	assert_true(sd_bus_send(writer, m, NULL) >= 0);
	sd_bus_message_unref(m);
	sd_bus_flush_close_unref(writer);
	for (int i = 0; i < 100 && !heard; i++) {
		m = NULL;
		assert_true(sd_bus_process(reader, &m) >= 0);
		heard = m && sd_bus_message_is_signal(m, "org.example.Test", "Said");
		if (!m)
			assert_true(sd_bus_wait(reader, 1000000) >= 0);
		sd_bus_message_unref(m);
	}
	assert_true(heard);
	sd_bus_flush_close_unref(reader);
}

static size_t copies_between(int memory, unsigned long from, unsigned long to)
{
	_cleanup_free_ char *data = xmalloc(to - from);
	size_t count = 0;

	if (pread(memory, data, to - from, (off_t)from) != (ssize_t)(to - from))
		return 0;
	for (char *at = data, *end = data + (to - from);
	     (at = memmem(at, (size_t)(end - at), END, strlen(END))); at++)
		count++;
	return count;
}

/* How often it is in what the daemon has written to. */
static size_t copies(pid_t pid)
{
	_cleanup_free_ char *maps = xasprintf("/proc/%d/maps", pid),
			    *mem = xasprintf("/proc/%d/mem", pid);
	_cleanup_fclose_ FILE *list = fopen(maps, "re");
	_cleanup_close_ int memory = open(mem, O_RDONLY | O_CLOEXEC);
	unsigned long from, to;
	size_t count = 0;
	char line[512], rights[8];

	assert_non_null(list);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 &&
		    strncmp(rights, "rw", 2) == 0)
			count += copies_between(memory, from, to);
	return count;
}

static void test_forgets(void **state)
{
	struct error err;
	pid_t pid = start(state);

	for (int i = 0; i < 3; i++) {
		pass();
		assert_true(copies(pid) > 0);
		assert_ok(bus_forget(&err), &err);
		assert_int_equal(copies(pid), 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(bus_forget(&err) < 0);
	assert_non_null(strstr(err.message, "can't be asked to forget"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_forgets, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("bus-forget", tests, NULL, NULL);
}
