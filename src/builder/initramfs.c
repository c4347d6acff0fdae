/* SPDX-License-Identifier: MIT */
/* atomos-build initramfs. */
#include <errno.h>
#include "verb.h"
int verb_initramfs(struct error *err)
{
	return fail(err, -ENOSYS, "Not yet");
}
