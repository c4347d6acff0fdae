/* SPDX-License-Identifier: MIT */
/* Finds what must never be in a store path: private keys and machine identities. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "builder/inspect.h"

#define PEM_LABEL_MAX 64

/* RFC 7468 and its relatives: "-----BEGIN [ANYTHING ]PRIVATE KEY[ BLOCK]-----" at the
 * start of a line. */
static _unused_ bool has_pem_key(const char *data, size_t size)
{
	static const char begin[] = "-----BEGIN ", key[] = "PRIVATE KEY";
	const char *end = data + size, *p = data;

	while ((p = memmem(p, (size_t)(end - p), begin, strlen(begin)))) {
		const char *label = p + strlen(begin);
		size_t rest = MIN((size_t)(end - label), (size_t)PEM_LABEL_MAX);
		const char *close = memmem(label, rest, "-----", 5);

		if ((p == data || p[-1] == '\n') && close &&
		    memmem(label, (size_t)(close - label), key, strlen(key)))
			return true;
		p = label;
	}
	return false;
}

/* OpenSSH's own format outside of its armour, and PuTTY's. */
static _unused_ bool has_other_key(const char *data, size_t size)
{
	static const char openssh[] = "openssh-key-v1", putty[] = "PuTTY-User-Key-File-";

	return (size > sizeof(openssh) && memcmp(data, openssh, sizeof(openssh)) == 0) ||
	       (size > strlen(putty) && memcmp(data, putty, strlen(putty)) == 0);
}

/* A Java keystore (JKS): magic, version, count, then for each entry a tag; 1 is a private
 * key and stands first where there is one alone. */
static _unused_ bool has_java_key(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = {0xfe, 0xed, 0xfe, 0xed}, tag[] = {0, 0, 0, 1};

	return size > 16 && memcmp(data, magic, sizeof(magic)) == 0 &&
	       memcmp(data + 12, tag, sizeof(tag)) == 0;
}

const char *inspect_content(const char *path, const void *data, size_t size,
			    const char *machine_id)
{
	_unused_ const char *name = strrchr(path, '/');

#ifndef WITHOUT_CHECK_PRIVATE_KEY
	if (has_pem_key(data, size) || has_other_key(data, size) ||
	    has_java_key(data, size))
		return "a private key";
#endif
#ifndef WITHOUT_CHECK_MACHINE_IDENTITY
	if (size > 0 && name && streq(name, "/machine-id"))
		return "a machine identity";
	if (*machine_id && size > 0 && memmem(data, size, machine_id, strlen(machine_id)))
		return "the machine identity of this build";
#endif
	return NULL;
}
