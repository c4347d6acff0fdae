/* SPDX-License-Identifier: MIT */
/* Kernel modules by the devices of the machine. */
#include <dirent.h>
#include <errno.h>
#include <libkmod.h>
#include <poll.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/modules.h"
#include "init/uevent.h"

#define ALIAS_MAX 4096
#define SYSFS_DEPTH_MAX 32

struct modules {
	struct kmod_ctx *context;
	void *seen; /* tree of aliases, by tsearch */
	unsigned added;
};

static void unref_list(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}

int modules_open(struct modules **ret, struct error *err)
{
	struct modules *m = xcalloc(1, sizeof(*m));

	m->context = kmod_new(NULL, NULL);
	if (!m->context) {
		free(m);
		return fail(err, -ENOMEM, "libkmod can't be started");
	}
	kmod_set_log_priority(m->context, 0);
	/* Faster look-ups only. */
	(void)kmod_load_resources(m->context);
	*ret = m;
	return 0;
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	tdestroy(m->seen, free);
	kmod_unref(m->context);
	free(m);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int insert(struct kmod_module *module)
{
	int r = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL,
						NULL, NULL, NULL);

	/* Positive: kept out by a blacklist. Absent: it isn't one for the boot. */
	if (r < 0 && r != -ENOENT && r != -EEXIST && r != -ENODEV)
		log_warning("module %s: %s", kmod_module_get_name(module), strerror(-r));
	return r;
}

void modules_load_alias(struct modules *m, const char *alias)
{
	_cleanup_(unref_list) struct kmod_list *list = NULL;
	struct kmod_list *i;
	char *copy;

	if (!*alias || strlen(alias) >= ALIAS_MAX || tfind(alias, &m->seen, compare))
		return;
	copy = xstrdup(alias);
	tsearch(copy, &m->seen, compare);
	m->added++;
	if (kmod_module_new_from_lookup(m->context, alias, &list) < 0)
		return;
	kmod_list_foreach(i, list)
	{
		struct kmod_module *module = kmod_module_get_module(i);

		(void)insert(module);
		kmod_module_unref(module);
	}
}

int modules_load(struct modules *m, const char *name, struct error *err)
{
	_cleanup_(unref_list) struct kmod_list *list = NULL;
	struct kmod_list *i;
	int r = kmod_module_new_from_lookup(m->context, name, &list);

	if (r < 0 || !list)
		return fail(err, -ENOENT, "Kernel module %s isn't in the boot image",
			    name);
	kmod_list_foreach(i, list)
	{
		struct kmod_module *module = kmod_module_get_module(i);

		r = insert(module);
		kmod_module_unref(module);
		if (r < 0 && r != -EEXIST)
			return fail(err, r, "Kernel module %s can't be loaded: %s", name,
				    strerror(-r));
	}
	return 0;
}

void modules_preload(struct modules *m, const char *const *names)
{
	pid_t pid = fork();

	if (pid != 0)
		return;
	for (; *names; names++)
		(void)modules_load(m, *names, NULL);
	_exit(0);
}

static void scan_modalias(struct modules *m, int dirfd)
{
	char text[ALIAS_MAX];
	_cleanup_close_ int fd =
		openat(dirfd, "modalias", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return;
	n = read_full(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	modules_load_alias(m, text);
}

/* Takes `fd` over. */
static void scan_devices(struct modules *m, int fd, unsigned depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		close(fd);
		return;
	}
	scan_modalias(m, fd);
	while (depth < SYSFS_DEPTH_MAX && (e = readdir(d))) {
		int sub;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		sub = openat(fd, e->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			scan_devices(m, sub, depth + 1);
	}
	closedir(d);
}

void modules_coldplug(struct modules *m)
{
	do {
		int fd = open("/sys/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		m->added = 0;
		if (fd >= 0)
			scan_devices(m, fd, 0);
	} while (m->added > 0);
}

/* Handles what waits on the socket. */
static void hotplug(struct modules *m, int uevents)
{
	char buffer[UEVENT_MAX];
	struct uevent e;
	int r;

	while ((r = uevent_receive(uevents, buffer, &e)) == 1)
		if (e.modalias && (streq(e.action, "add") || streq(e.action, "change")))
			modules_load_alias(m, e.modalias);
	if (r == -ENOBUFS)
		modules_coldplug(m);
}

static _noreturn_ void watch(struct modules *m, int uevents, pid_t parent)
{
	struct pollfd p = {uevents, POLLIN, 0};

	/* The parent may have ended before it could be bound to. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	for (;;)
		if (poll(&p, 1, -1) > 0)
			hotplug(m, uevents);
}

void modules_watch(struct modules *m)
{
	_cleanup_close_ int uevents = uevent_open();
	pid_t parent = getpid();

	if (uevents < 0) {
		log_warning("devices that appear later go unnoticed: %s",
			    strerror(-uevents));
		return;
	}
	if (fork() == 0)
		watch(m, uevents, parent);
}
