/* SPDX-License-Identifier: MIT */
/* atomos run: tries an image in QEMU, as near to a real machine as that gets. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "image/verify.h"
#include "atomos/place.h"
#include "image/machine.h"
#include "atomos/verb.h"

#define MEMORY_DEFAULT 2048
#define MEMORY_MIN 256
#define SSH_PORT_DEFAULT 2222
#define VNC_PORT_DEFAULT 5900
#define PORT_TRIES 100

static const struct verb_option options[] = {
	{"memory", 'm', "MIB", "memory of the machine (2048; 4G works too)"},
	{"disk", 0, "MIB", "a second, empty disk of this size"},
	{"no-tpm", 0, NULL, "a machine without TPM"},
	{"no-secure-boot", 0, NULL, "a machine that doesn't check signatures"},
	{"serial", 0, NULL, "the serial console here (the default)"},
	{"graphic", 0, NULL, "the screen too: a window, or else VNC"},
	{"ssh-port", 0, "PORT", "port here that leads to its SSH (2222)"},
	{"keys", 0, "DIR", "keys whose certificates the firmware trusts"},
	{0},
};

/* "2048" and "2048M" are MiB, "2G" is GiB. */
static int parse_size(const struct invocation *in, const char *name, uint64_t *value,
		      struct error *err)
{
	const char *text = option_value(in, name);
	_cleanup_free_ char *digits = text ? xstrdup(text) : NULL;
	uint64_t factor = 1;
	size_t length;

	if (!text)
		return 0;
	length = strlen(digits);
	if (length && strchr("GgMm", digits[length - 1])) {
		factor = strchr("Gg", digits[length - 1]) ? 1024 : 1;
		digits[length - 1] = 0;
	}
	if (parse_u64(digits, value) < 0 || *value == 0 ||
	    __builtin_mul_overflow(*value, factor, value) || *value > 1U << 24)
		return fail(err, -EMISUSE,
			    "--%s %s: a size is a number of MiB, or like 4G", name, text);
	return 0;
}

static bool port_free(uint16_t port)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd >= 0 &&
	       bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The first port from `first` on that nobody uses. */
static uint16_t next_free(uint16_t first)
{
	uint16_t port = first;

	while (port < first + PORT_TRIES && !port_free(port))
		port++;
	return port;
}

static int choose_port(const struct invocation *in, uint16_t *ret, struct error *err)
{
	const char *text = option_value(in, "ssh-port");
	uint64_t port = SSH_PORT_DEFAULT;

	if (text && (parse_u64(text, &port) < 0 || port == 0 || port > UINT16_MAX))
		return fail(err, -EMISUSE,
			    "--ssh-port %s: a port is a number up to 65535", text);
	if (text && !port_free((uint16_t)port))
		return fail(err, -EADDRINUSE,
			    "Port %s is taken by another program: choose another with "
			    "--ssh-port",
			    text);
	*ret = text ? (uint16_t)port : next_free(SSH_PORT_DEFAULT);
	return 0;
}

static int check_image(const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return fail(err, -ENOENT,
			    "There is no image %s: make one with 'atomos image -o %s'",
			    path, path);
	if (fd < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	if (!image_recognise(fd))
		return fail(
			err, -EMEDIUMTYPE,
			"%s isn't an image of AtomOS: it has no partition table with our "
			"root in it",
			path);
	return 0;
}

static int check_programs(const struct machine *m, struct error *err)
{
	static const char *const programs[][2] = {
		{"qemu-system-x86_64", "qemu-system-x86"},
		{"swtpm", "swtpm"},
		{"virt-fw-vars", "python3-virt-firmware"}};
	const bool needed[] = {true, m->tpm, m->keys};

	for (size_t i = 0; i < ELEMENTSOF(programs); i++)
		if (needed[i] && !process_available(programs[i][0]))
			return fail(err, -ENOENT, "%s is missing: install the package %s",
				    programs[i][0], programs[i][1]);
	if (access("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", R_OK) < 0)
		return fail(err, -ENOENT,
			    "The firmware for QEMU is missing: install the package "
			    "ovmf");
	return 0;
}

static int check_keys(const struct machine *m, struct error *err)
{
	_cleanup_free_ char *path = m->keys ? xasprintf("%s/db.crt", m->keys) : NULL;

	if (path && access(path, R_OK) < 0)
		return fail(err, -errno,
			    "The certificates for Secure Boot can't be read from %s "
			    "(%m): name "
			    "the directory of the image's keys with --keys, or use "
			    "--no-secure-boot",
			    m->keys);
	return 0;
}

static void announce(const struct machine *m)
{
	fprintf(stderr,
		"Starting %s: %" PRIu64 " MiB, %s Secure Boot, %s TPM%s.\n"
		"SSH: ssh -p %u USER@localhost. Leave: Ctrl-a x.\n",
		m->image, m->memory, m->keys ? "with" : "without",
		m->tpm ? "with" : "without",
		machine_has_kvm() ? "" : "; there is no KVM here, so it will be slow",
		m->ssh_port);
	if (m->vnc >= 0)
		fprintf(stderr, "Screen: VNC on 127.0.0.1:%d.\n",
			VNC_PORT_DEFAULT + m->vnc);
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_free_ char *keys =
		place_keys_of(in->arguments[0], option_value(in, "keys"));
	struct machine m = {.image = in->arguments[0],
			    .keys = option_given(in, "no-secure-boot") ? NULL : keys,
			    .tpm = !option_given(in, "no-tpm"),
			    .vnc = -1,
			    .memory = MEMORY_DEFAULT};
	int r = parse_size(in, "memory", &m.memory, err);

	if (r == 0)
		r = parse_size(in, "disk", &m.disk, err);
	if (r == 0 && m.memory < MEMORY_MIN)
		r = fail(err, -EMISUSE, "--memory: no system starts in less than %d MiB",
			 MEMORY_MIN);
	if (r == 0)
		r = check_image(m.image, err);
	if (r == 0)
		r = check_programs(&m, err);
	if (r == 0)
		r = check_keys(&m, err);
	if (r == 0)
		r = choose_port(in, &m.ssh_port, err);
	if (r < 0)
		return r;
	m.window = option_given(in, "graphic") && machine_has_window();
	if (option_given(in, "graphic") && !m.window)
		m.vnc = next_free(VNC_PORT_DEFAULT) - VNC_PORT_DEFAULT;
	if (!in->quiet)
		announce(&m);
	return machine_run(&m, err);
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "FILE",
	.help = "Try an image in QEMU, with Secure Boot and TPM",
	.min = 1,
	.max = 1,
	.options = options,
	.run = run,
};
