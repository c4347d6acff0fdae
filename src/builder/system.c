/* SPDX-License-Identifier: MIT */
/* atomos-build system. */
#include <errno.h>
#include "verb.h"
int verb_system(struct error *err)
{
	return fail(err, -ENOSYS, "Not yet");
}
