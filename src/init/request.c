/* SPDX-License-Identifier: MIT */
/* What the running system asks of the next start. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "init/json.h"
#include "init/request.h"

static int parse_want(const char *want, struct request *ret)
{
	const char *rest;

	if (streq(want, "tpm") || streq(want, "tpm-pin")) {
		ret->kind = streq(want, "tpm") ? REQUEST_TPM : REQUEST_TPM_PIN;
		return 0;
	}
	rest = startswith(want, "release=");
	if (rest) {
		ret->kind = REQUEST_RELEASE;
		return parse_u64(rest, &ret->release) < 0 ? -EBADMSG : 0;
	}
	rest = startswith(want, "distrust=");
	ret->kind = rest ? REQUEST_DISTRUST : REQUEST_TRUST;
	if (!rest)
		rest = startswith(want, "trust=");
	if (!rest || trusted_keys_parse(rest, strlen(rest), &ret->key, NULL) < 0)
		return -EBADMSG;
	return ret->key.count == 1 ? 0 : -EBADMSG;
}

int request_parse(const char *json, struct request *ret)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	int r = json_token(json, REQUEST_TOKEN, &token);
	const char *want;

	*ret = (struct request){0};
	if (r < 0)
		return r;
	want = variant_text(token, "want");
	r = want ? parse_want(want, ret) : -EBADMSG;
	if (r < 0)
		request_done(ret);
	return r;
}

bool request_is_tpm(const struct request *r)
{
	return r->kind == REQUEST_TPM || r->kind == REQUEST_TPM_PIN;
}

void request_done(struct request *r)
{
	trusted_keys_done(&r->key);
	*r = (struct request){0};
}

void requests_done(struct requests *r)
{
	for (size_t i = 0; i < r->count; i++)
		request_done(&r->list[i]);
	r->count = 0;
}
