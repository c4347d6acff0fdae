/* SPDX-License-Identifier: MIT */
/* Messages of the kernel about devices. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "init/uevent.h"

int uevent_parse(const char *data, size_t size, struct uevent *ret)
{
	struct uevent e = {0};
	const char *p = data, *end = data + size;

	if (size == 0 || data[size - 1] != 0 || !strchr(data, '@'))
		return -EBADMSG;
	for (p += strlen(p) + 1; p < end; p += strlen(p) + 1) {
		const char *v;

		if ((v = startswith(p, "ACTION=")))
			e.action = v;
		else if ((v = startswith(p, "DEVPATH=")))
			e.devpath = v;
		else if ((v = startswith(p, "SUBSYSTEM=")))
			e.subsystem = v;
		else if ((v = startswith(p, "DEVNAME=")))
			e.devname = v;
		else if ((v = startswith(p, "MODALIAS=")))
			e.modalias = v;
	}
	if (!e.action || !e.devpath || e.devpath[0] != '/')
		return -EBADMSG;
	*ret = e;
	return 0;
}

int uevent_open(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       NETLINK_KOBJECT_UEVENT);
	int size = 4 << 20;

	if (fd < 0)
		return -errno;
	/* Only a smaller queue when this fails; a lost message leads to a new scan. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int uevent_receive(int fd, char buffer[static UEVENT_MAX], struct uevent *ret)
{
	for (;;) {
		struct sockaddr_nl from;
		struct iovec v = {buffer, UEVENT_MAX};
		struct msghdr m = {.msg_name = &from,
				   .msg_namelen = sizeof(from),
				   .msg_iov = &v,
				   .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &m, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (from.nl_pid == 0 && !(m.msg_flags & MSG_TRUNC) &&
		    uevent_parse(buffer, (size_t)n, ret) == 0)
			return 1;
	}
}
