/* SPDX-License-Identifier: MIT */
/* A virtual machine for trying an image: QEMU with OVMF's Secure Boot and swtpm. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* The firmware's images. */
#define OVMF "/usr/share/OVMF/"

struct machine {
	const char *image;
	const char
		*keys; /* whose certificates the firmware trusts; NULL: no Secure Boot */
	bool tpm;
	/* The screen: a window, else VNC on this display of 127.0.0.1 (port 5900 +
	 * number). */
	bool window;
	int vnc;	   /* -1: no screen at all */
	uint64_t memory;   /* MiB */
	uint64_t disk;	   /* MiB of a second, empty disk beside the image; 0: none */
	uint16_t ssh_port; /* of this machine, on 127.0.0.1; leads to port 22 of the other
			    */
};

/* Runs the machine on this terminal until it is switched off. Firmware variables, TPM and
 * second disk are kept beside the image (IMAGE.vars, IMAGE.tpm, IMAGE.disk). Extra
 * arguments for QEMU are taken from $ATOMOS_QEMU_ARGS. SIGTERM and SIGHUP end the
 * machine: -EINTR, with all else tidied up. */
int machine_run(const struct machine *m, struct error *err);

/* What the machine is made of beside its image. */
struct machine_files {
	const char *vars;	/* the firmware's variables */
	const char *tpm_socket; /* of swtpm; used when the machine has a TPM */
	const char *disk;	/* the second one; used when the machine has it */
	bool kvm;
};

/* The program and its arguments (freed by the caller): depends on nothing else but the
 * number of processors here, of which the machine gets four at most. */
char **machine_argv(const struct machine *m, const struct machine_files *f);

/* True when QEMU can open a window here. */
bool machine_has_window(void);

/* True when QEMU can use the processor itself (KVM) here. System management mode, which
 * the firmware's Secure Boot needs, tells a whole KVM from the ones of rented machines
 * that run no firmware at all. */
bool machine_has_kvm(void);
