/* SPDX-License-Identifier: MIT */
/* Kernel modules: those that the machine's devices ask for, and a few by name. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/macro.h"

struct modules;

/* Opens the indexes of the running kernel. */
int modules_open(struct modules **ret, struct error *err);
void modules_free(struct modules *m);
DEFINE_FREEP(struct modules, modules_free)

/* Loads what a device asks for by its modalias; each alias once. What isn't in the
 * initramfs is left to the system; what fails goes to the log. */
void modules_load_alias(struct modules *m, const char *alias);

/* Loads a module with all it needs. 0 too when it is built in or there already. */
int modules_load(struct modules *m, const char *name, struct error *err);

/* Loads these modules (a list that ends with NULL) in a process of its own, while the
 * boot goes on: some take a second to choose their fastest code. What fails is found out
 * by modules_load later, which also waits. */
void modules_preload(struct modules *m, const char *const *names);

/* Looks through all devices there are (/sys/devices), again for those that appeared by
 * that, until no new alias is found. */
void modules_coldplug(struct modules *m);

/* Loads modules for devices that appear from now on, in a process that lives as long as
 * this one: keyboards and disks may come while the boot waits for someone. */
void modules_watch(struct modules *m);
