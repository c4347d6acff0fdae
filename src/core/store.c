/* SPDX-License-Identifier: MIT */
/* The form of names in the store. */
#include <string.h>

#include "base/str.h"
#include "core/base32.h"
#include "core/store.h"

bool store_base_valid(const char *base)
{
	size_t length = strnlen(base, STORE_BASE_MAX + 1);
	const char *name = base + STORE_HASH_LENGTH + 1;

	if (length <= STORE_HASH_LENGTH + 1 || length > STORE_BASE_MAX ||
	    !base32_valid(base, STORE_HASH_LENGTH) || base[STORE_HASH_LENGTH] != '-')
		return false;
	if (streq(name, ".") || streq(name, "..") || startswith(name, ".-") ||
	    startswith(name, "..-"))
		return false;
	return name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=")] == 0;
}
