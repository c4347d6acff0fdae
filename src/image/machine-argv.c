/* SPDX-License-Identifier: MIT */
/* What QEMU is called with for a machine. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/workers.h"
#include "image/machine.h"

static char **add_all(char **argv, const char *const *list)
{
	for (; *list; list++)
		argv = strv_add(argv, *list);
	return argv;
}

/* A file name in one of QEMU's lists: commas are doubled. */
static char *escape(const char *file)
{
	char *escaped = xmalloc(2 * strlen(file) + 1), *end = escaped;

	for (; *file; file++) {
		*end++ = *file;
		if (*file == ',')
			*end++ = ',';
	}
	*end = 0;
	return escaped;
}

static char **add_drive(char **argv, const char *file, const char *id, const char *device)
{
	_cleanup_free_ char *name = escape(file);

	argv = strv_add(argv, "-drive");
	argv = strv_consume(
		argv,
		xasprintf("file=%s,if=none,id=%s,format=raw,discard=unmap", name, id));
	argv = strv_add(argv, "-device");
	return strv_add(argv, device);
}

static char **add_machine(char **argv, const struct machine *m,
			  const struct machine_files *f)
{
	static const char *const secure[] = {
		"-machine",
		"q35,smm=on",
		"-global",
		"driver=cfi.pflash01,property=secure,value=on",
		"-drive",
		"if=pflash,unit=0,format=raw,readonly=on,file=" OVMF
		"OVMF_CODE_4M.secboot.fd",
		NULL};
	static const char *const open[] = {
		"-machine", "q35,smm=off", "-drive",
		"if=pflash,unit=0,format=raw,readonly=on,file=" OVMF "OVMF_CODE_4M.fd",
		NULL};
	static const char *const kvm[] = {"-accel", "kvm", "-cpu", "host", NULL};
	/* Emulated string instructions go byte by byte: without them the guest clears and
	 * copies memory in words. */
	static const char *const tcg[] = {"-accel", "tcg,thread=multi", "-cpu",
					  "max,-erms,-fsrm", NULL};

	_cleanup_free_ char *vars = escape(f->vars);

	argv = add_all(argv, m->keys ? secure : open);
	argv = add_all(argv, f->kvm ? kvm : tcg);
	argv = strv_add(argv, "-drive");
	argv = strv_consume(argv, xasprintf("if=pflash,unit=1,format=raw,file=%s", vars));
	argv = strv_add(argv, "-smp");
	argv = strv_consume(argv, xasprintf("%u", MIN(workers_default(), 4U)));
	argv = strv_add(argv, "-m");
	return strv_consume(argv, xasprintf("%" PRIu64, m->memory));
}

static char **add_devices(char **argv, const struct machine *m,
			  const struct machine_files *f)
{
	static const char *const root_port[] = {
		"-device", "pcie-root-port,id=medium-port,chassis=1,slot=1", NULL};
	static const char *const random[] = {"-device", "virtio-rng-pci", NULL};
	static const char *const tpm[] = {"-tpmdev", "emulator,id=tpm,chardev=tpm",
					  "-device", "tpm-crb,tpmdev=tpm", NULL};

	argv = add_all(argv, root_port);
	argv = add_drive(
		argv, m->image, "medium",
		"virtio-blk-pci,bus=medium-port,drive=medium,serial=medium,bootindex=1");
	if (m->disk)
		argv = add_drive(argv, f->disk, "disk",
				 "virtio-blk-pci,drive=disk,serial=disk");
	argv = add_all(argv, random);
	argv = strv_add(argv, "-netdev");
	argv = strv_consume(
		argv, xasprintf("user,id=net,hostfwd=tcp:127.0.0.1:%u-:22", m->ssh_port));
	argv = strv_add(argv, "-device");
	argv = strv_add(argv, "virtio-net-pci,netdev=net,romfile=");
	if (!m->tpm)
		return argv;
	argv = strv_add(argv, "-chardev");
	argv = strv_consume(argv, xasprintf("socket,id=tpm,path=%s", f->tpm_socket));
	return add_all(argv, tpm);
}

static char **add_console(char **argv, const struct machine *m)
{
	static const char *const none[] = {"-display", "none", "-vga", "none", NULL};
	static const char *const screen[] = {"-vga",	  "std",	"-device",
					     "qemu-xhci", "-device",	"usb-kbd",
					     "-device",	  "usb-tablet", NULL};

	if (!m->window && m->vnc < 0)
		argv = add_all(argv, none);
	else
		argv = add_all(argv, screen);
	if (m->window)
		argv = strv_add(strv_add(argv, "-display"), "gtk");
	else if (m->vnc >= 0)
		argv = strv_consume(strv_add(argv, "-vnc"),
				    xasprintf("127.0.0.1:%d", m->vnc));
	argv = strv_add(argv, "-serial");
	return strv_add(argv, "mon:stdio");
}

char **machine_argv(const struct machine *m, const struct machine_files *f)
{
	static const char *const start[] = {
		"setpriv",	   "--pdeathsig", "TERM", "qemu-system-x86_64",
		"-no-user-config", "-nodefaults", NULL};
	char **argv = add_all(xcalloc(1, sizeof(char *)), start);

	argv = add_machine(argv, m, f);
	argv = add_devices(argv, m, f);
	return add_console(argv, m);
}
