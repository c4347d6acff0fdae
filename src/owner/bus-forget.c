/* SPDX-License-Identifier: MIT */
/* Fills the bus daemon's cache of messages with ones that are too large to be kept. */
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/macro.h"
#include "owner/bus-forget.h"

/* libdbus keeps up to five messages of at most 10 KiB for reuse, and takes a kept one for
 * whatever comes next. So many at once that are larger leave none. */
#define LARGE 12000
/* More than a socket takes that nobody reads from: the rest waits in the daemon. */
#define COUNT 48
#define DAEMON "org.freedesktop.DBus"

struct pair {
	sd_bus *reader; /* never reads */
	sd_bus *writer;
	const char *name; /* of the reader */
};

static void pair_done(struct pair *p)
{
	sd_bus_close_unref(p->reader);
	sd_bus_close_unref(p->writer);
	*p = (struct pair){0};
}

static void message_freep(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

static int pair_open(struct pair *p)
{
	const char *name;
	int r = sd_bus_open_system(&p->reader);

	if (r >= 0)
		r = sd_bus_open_system(&p->writer);
	/* Waits until the daemon knows them. */
	if (r >= 0)
		r = sd_bus_get_unique_name(p->reader, &p->name);
	if (r >= 0)
		r = sd_bus_get_unique_name(p->writer, &name);
	return r;
}

/* Until the daemon has done all that came before. */
static int wait_for_daemon(sd_bus *bus)
{
	return sd_bus_call_method(bus, DAEMON, "/org/freedesktop/DBus", DAEMON, "GetId",
				  NULL, NULL, NULL);
}

static int send_one(const struct pair *p, const char *text)
{
	_cleanup_(message_freep) sd_bus_message *m = NULL;
	int r = sd_bus_message_new_signal(p->writer, &m, "/", "org.atomos.Forget",
					  "Forget");

	if (r >= 0)
		r = sd_bus_message_set_destination(m, p->name);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", text);
	return r < 0 ? r : sd_bus_send(p->writer, m, NULL);
}

static int fill(const struct pair *p)
{
	char text[LARGE + 1];
	int r = 0;

	memset(text, ' ', LARGE);
	text[LARGE] = 0;
	for (int i = 0; i < COUNT && r >= 0; i++)
		r = send_one(p, text);
	return r < 0 ? r : wait_for_daemon(p->writer);
}

int bus_forget(struct error *err)
{
	_cleanup_(pair_done) struct pair first = {0}, second = {0};
	int r = pair_open(&first);

	if (r >= 0)
		r = fill(&first);
	/* The daemon sets a message aside for each connection, and has taken a kept one
	 * for these two: they come back when the two end, and go with a second filling,
	 * of connections for which no kept one was left. */
	if (r >= 0)
		r = pair_open(&second);
	pair_done(&first);
	if (r >= 0)
		r = wait_for_daemon(second.writer);
	if (r >= 0)
		r = fill(&second);
	return r < 0 ? fail(err, r, "The system bus can't be asked to forget: %s",
			    strerror(-r))
		     : 0;
}
