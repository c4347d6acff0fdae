/* SPDX-License-Identifier: MIT */
/* Slots of the root: what an earlier try left goes, the owner's come, the generic
 * password's goes last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "owner/account.h"
#include "owner/quality.h"
#include "owner/record.h"
#include "welcome/setup.h"

/* Whether this start has made it: then it has removed all that were the TPM's before.
 * Otherwise somebody who knows the medium may have named a slot of his own the TPM's. */
static bool is_made_now(const struct setup *s, const struct slot *slot)
{
#ifdef WITHOUT_CHECK_PLANTED_SLOT
	return slot->kind == SLOT_TPM;
#endif
	return slot->kind == SLOT_TPM && s->boot->enrolled;
}

/* Only the generic password and the TPM open an ownerless disk: other slots are of a try
 * that didn't come to its end, or of somebody who knows the medium. */
int setup_clear_slots(struct setup *s, struct error *err)
{
	const struct secret *generic = s->config->generic;
	struct slots slots;
	int open, r;

	/* At the end what it opens goes: an owner's slot would, too. */
	if (quality_is_public(s->answers->password, generic))
		return fail(err, -EPERM, QUALITY_PUBLIC);
	open = header_try(s->header, generic);
	if (open < 0)
		return fail(err, -EPERM,
			    "This disk has an owner: the generic password doesn't open "
			    "it");
	r = header_slots(s->header, &slots, err);
	for (size_t i = 0; i < slots.count && r == 0; i++)
		if (slots.list[i].number != open && !is_made_now(s, &slots.list[i]))
			r = header_remove(s->header, slots.list[i].number, generic, err);
	return r;
}

static int add_password(struct setup *s, struct error *err)
{
	const struct flow_answers *a = s->answers;
	const struct slot_new n = {
		.kind = SLOT_PASSWORD,
		.user = a->name,
		.authority = s->config->generic,
		.secret = a->password,
		.cost = s->config->cost,
	};
	_cleanup_free_ char *digest = NULL;
	struct slot mine;
	int r = header_add(s->header, &n, err);

	if (r >= 0)
		r = header_slot(s->header, r, &mine, err);
	if (r < 0)
		return r;
	/* Without homed's record nothing can be compared; the slot is there all the same.
	 */
	if (account_password_digest(ACCOUNT_RECORDS, a->name, &digest) < 0)
		return 0;
	return record_write(RECORD_DIR, a->name, digest, mine.salt, err);
}

/* The last step may be cut between the generic password and the answers. */
static void mark_answers(struct setup *s)
{
	_cleanup_free_ char *answers = header_answers(s->header);
	int r = answers ? write_file_at(AT_FDCWD, ANSWERS_LEFT, "", 0, 0600) : 0;

	if (r < 0)
		log_warning("%s can't be written: %s", ANSWERS_LEFT, strerror(-r));
}

int setup_slots(struct setup *s, struct error *err)
{
	const struct slot_new n = {
		.kind = SLOT_RECOVERY,
		.authority = s->config->generic,
		.secret = s->recovery,
	};
	int r = header_add(s->header, &n, err);

	if (r < 0)
		return r;
	mark_answers(s);
	return s->answers->administrator ? add_password(s, err) : 0;
}

int setup_close(struct setup *s, struct error *err)
{
	struct error e;
	int slot, r = 0;

	/* header_add proved both; the recovery key proves itself again here. */
	while (r == 0 && (slot = header_try(s->header, s->config->generic)) >= 0)
		r = header_remove(s->header, slot, s->recovery, err);
	/* Until here another start would have needed them; now nothing reads them. */
	if (r == 0 && header_drop_answers(s->header, &e) < 0)
		log_warning("%s", e.message);
	else if (r == 0)
		(void)unlink(ANSWERS_LEFT);
	return r;
}
