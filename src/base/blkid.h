/* SPDX-License-Identifier: MIT */
/* What every user of libblkid needs. */
#pragma once

#include <blkid.h>

#include "base/macro.h"

static inline void probe_done(blkid_probe *p)
{
	blkid_free_probe(*p);
}
#define _cleanup_probe_ _cleanup_(probe_done)
