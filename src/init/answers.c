/* SPDX-License-Identifier: MIT */
/* The step that opens the answers which an installation left for the first start: as long
 * as the TPM still unseals. */
#include "base/alloc.h"
#include "base/fd.h"
#include "core/answers-token.h"
#include "init/boot.h"
#include "init/enrol.h"
#include "init/owner-key.h"
#include "init/unseal.h"

#define ANSWERS_FILE OWNER_DIR "/answers.json"

int step_answers(struct boot *b, struct error *err _unused_)
{
	_cleanup_free_ char *sealed = NULL;
	struct unseal u = {.signature = PCR_SIGNATURE_FILE, .target = ANSWERS_FILE};
	struct error e = {0};

	/* Once there is an owner nobody asks. */
	if (b->partition.medium || b->owned)
		return 0;
	sealed = volume_answers(b->volume);
	if (!sealed)
		return 0;
	/* Nothing that a disk brings is shown to a TPM that opens another one. */
	if (!b->enrolled) {
		consoles_say(b->consoles, "The answers that the installation left are "
					  "opened only where the TPM opens the disk: "
					  "they are asked, and the recovery key that "
					  "it wrote opens nothing.");
		return 0;
	}
	u.sealed = sealed;
	u.digest = volume_key_digest(b->volume);
	if (make_parents_at(AT_FDCWD, ANSWERS_FILE) < 0 || unseal(&u, &e) < 0)
		consoles_say(
			b->consoles,
			"This machine's TPM doesn't open the answers that the "
			"installation left (%s): they are asked, and the recovery key "
			"that it wrote opens nothing.",
			e.message);
	return 0;
}
