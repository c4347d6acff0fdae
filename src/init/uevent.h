/* SPDX-License-Identifier: MIT */
/* Messages of the kernel about devices (netlink, NETLINK_KOBJECT_UEVENT). */
#pragma once

#include <stddef.h>

#define UEVENT_MAX 8192

/* Points into the parsed buffer; what the message doesn't have is NULL. */
struct uevent {
	const char *action, *devpath, *subsystem, *devname, *modalias;
};

/* Parses one datagram of the kernel: "ACTION@DEVPATH" and KEY=VALUE strings, each with
 * its NUL. -EBADMSG for anything else (such as libudev's own format). */
int uevent_parse(const char *data, size_t size, struct uevent *ret);

/* Opens the socket; a descriptor (close-on-exec, non-blocking) or a negative errno. */
int uevent_open(void);

/* Receives one message from the kernel itself into `buffer`; what other processes send is
 * skipped. 1: *ret is set; 0: nothing is waiting; negative errno (-ENOBUFS: some were
 * lost, scan again). */
int uevent_receive(int fd, char buffer[static UEVENT_MAX], struct uevent *ret);
