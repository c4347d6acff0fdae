/* SPDX-License-Identifier: MIT */
/* An image that was written to an inner disk, without the menu that offers to install the
 * system behind it. */
#pragma once

#include "owner/boot-facts.h"

/* Has every log-in say how the machine becomes somebody's, where there is room behind the
 * medium of this boot. */
void inner_note(const struct boot_facts *boot);
