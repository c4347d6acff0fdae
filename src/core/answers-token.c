/* SPDX-License-Identifier: MIT */
/* The name of the sealed answers to the first start's questions. */
#include <string.h>

#include "base/str.h"
#include "core/answers-token.h"

void answers_name(const uint8_t digest[static SHA256_SIZE],
		  char ret[static ANSWERS_NAME_SIZE])
{
	strcpy(ret, ANSWERS_NAME_PREFIX);
	hex_encode(digest, SHA256_SIZE, ret + strlen(ANSWERS_NAME_PREFIX));
}
