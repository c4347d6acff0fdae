/* SPDX-License-Identifier: MIT */
/* Java's keystore of trusted certificates, made the same in every build. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Sets the times of a keystore (JKS, the form of Debian's ca-certificates-java, password
 * "changeit") to `seconds` and renews its checksum, in place. 0 also when there is
 * nothing to do. -EBADMSG, untouched, when it is no keystore of certificates alone with
 * this password. */
int keystore_stabilise(uint8_t *data, size_t size, int64_t seconds, struct error *err);
