/* SPDX-License-Identifier: MIT */
/* JSON texts out; base/variant.h has the ways in. */
#pragma once

#include <systemd/sd-json.h>

#include "base/variant.h"

/* Prints to stdout, with a line end; indented for a terminal. */
void json_print(sd_json_variant *v);
