/* SPDX-License-Identifier: MIT */
/* Certificates of the firmware. Layout: UEFI Specification 2.10, 32.4.1. */
#include <openssl/x509.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/firmware-keys.h"

#define VARIABLE "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
#define VARIABLE_MAX (1U << 20)
#define ATTRIBUTES 4
#define LIST_HEADER 28
#define OWNER 16 /* GUID before each certificate */
#define NAME_LENGTH 128

/* EFI_CERT_X509_GUID, as it lies in memory. */
static const uint8_t x509_type[16] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
				      0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* A name for a terminal: what isn't printable becomes a question mark. */
static char **add_name(char **list, const uint8_t *der, size_t size)
{
	X509 *certificate = d2i_X509(NULL, &der, (long)size);
	char name[NAME_LENGTH] = "";
	X509_NAME *subject;

	if (!certificate)
		return list;
	subject = X509_get_subject_name(certificate);
	if (X509_NAME_get_text_by_NID(subject, NID_commonName, name, sizeof(name)) <= 0 &&
	    X509_NAME_get_text_by_NID(subject, NID_organizationName, name,
				      sizeof(name)) <= 0)
		strcpy(name, "a certificate without a name");
	X509_free(certificate);
	for (char *c = name; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	return strv_contains(list, name) ? list : strv_add(list, name);
}

char **firmware_keys_parse(const uint8_t *data, size_t size)
{
	char **list = xcalloc(1, sizeof(char *));

	while (size >= LIST_HEADER) {
		size_t whole = u32(data + 16), header = u32(data + 20),
		       each = u32(data + 24);

		if (whole < LIST_HEADER || whole > size || each <= OWNER ||
		    header > whole - LIST_HEADER)
			break;
		for (size_t at = LIST_HEADER + header;
		     memcmp(data, x509_type, sizeof(x509_type)) == 0 && each <= whole &&
		     at <= whole - each;
		     at += each)
			list = add_name(list, data + at + OWNER, each - OWNER);
		data += whole;
		size -= whole;
	}
	return list;
}

char **firmware_keys(const char *directory)
{
	_cleanup_free_ char *path = xasprintf("%s/" VARIABLE, directory), *data = NULL;
	size_t size;

	if (read_file_at(AT_FDCWD, path, VARIABLE_MAX, &data, &size) < 0 ||
	    size < ATTRIBUTES)
		return xcalloc(1, sizeof(char *));
	return firmware_keys_parse((const uint8_t *)data + ATTRIBUTES, size - ATTRIBUTES);
}
