/* SPDX-License-Identifier: MIT */
/* The pin's layout. */
#include <errno.h>
#include <string.h>

#include "init/pin.h"

#define MAGIC "ATOMOSPN"
#define VERSION 1

enum {
	AT_VERSION = 8,
	AT_SECURE_BOOT = 10,
	AT_COUNT = 11,
	AT_WITH_PIN = 12,
	AT_RELEASE = 16,
	AT_VOLUME = 24,
	AT_PCR7 = 56,
	AT_OWNERS = 88,
	AT_GRANTED = 344,
};

int pin_owner(const struct pin *p, const uint8_t hash[static PIN_HASH_SIZE])
{
	for (size_t i = 0; i < p->owner_count; i++)
		if (memcmp(p->owners[i], hash, PIN_HASH_SIZE) == 0)
			return (int)i;
	return -ENOENT;
}

void pin_remove_owner(struct pin *p, const uint8_t hash[static PIN_HASH_SIZE])
{
	int at = pin_owner(p, hash);

	if (at < 0)
		return;
	/* The last one takes its place: their order means nothing. */
	p->owner_count--;
	memmove(p->owners[at], p->owners[p->owner_count], PIN_HASH_SIZE);
	memset(p->owners[p->owner_count], 0, PIN_HASH_SIZE);
}

void pin_raise(struct pin *p, uint64_t release)
{
	if (release <= p->granted_at)
		return;
	p->granted_at = 0;
	if (release > p->lowest_release)
		p->lowest_release = release;
}

static void put(uint8_t *out, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t get(const uint8_t *data)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | data[i];
	return value;
}

void pin_encode(const struct pin *p, uint8_t out[static PIN_SIZE])
{
	memset(out, 0, PIN_SIZE);
	memcpy(out, MAGIC, AT_VERSION);
	out[AT_VERSION + 1] = VERSION;
	out[AT_SECURE_BOOT] = p->secure_boot;
	out[AT_COUNT] = (uint8_t)p->owner_count;
	out[AT_WITH_PIN] = p->with_pin;
	put(out + AT_RELEASE, p->lowest_release);
	put(out + AT_GRANTED, p->granted_at);
	memcpy(out + AT_VOLUME, p->volume, VOLUME_DIGEST_SIZE);
	memcpy(out + AT_PCR7, p->pcr7, PIN_HASH_SIZE);
	memcpy(out + AT_OWNERS, p->owners, p->owner_count * PIN_HASH_SIZE);
}

bool pin_equal(const struct pin *a, const struct pin *b)
{
	uint8_t bytes[2][PIN_SIZE];

	pin_encode(a, bytes[0]);
	pin_encode(b, bytes[1]);
	return memcmp(bytes[0], bytes[1], PIN_SIZE) == 0;
}

int pin_decode(const uint8_t *data, size_t size, struct pin *ret)
{
	uint8_t again[PIN_SIZE];

	if (size != PIN_SIZE || data[AT_COUNT] > PIN_OWNERS_MAX)
		return -EBADMSG;
	*ret = (struct pin){.secure_boot = data[AT_SECURE_BOOT] == 1,
			    .owner_count = data[AT_COUNT],
			    .with_pin = data[AT_WITH_PIN] == 1};
	ret->lowest_release = get(data + AT_RELEASE);
	ret->granted_at = get(data + AT_GRANTED);
	memcpy(ret->volume, data + AT_VOLUME, VOLUME_DIGEST_SIZE);
	memcpy(ret->pcr7, data + AT_PCR7, PIN_HASH_SIZE);
	memcpy(ret->owners, data + AT_OWNERS, ret->owner_count * PIN_HASH_SIZE);
	/* One content has one form: magic, version and all that must be 0. */
	pin_encode(ret, again);
	return memcmp(again, data, PIN_SIZE) == 0 ? 0 : -EBADMSG;
}
