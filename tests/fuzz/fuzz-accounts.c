/* SPDX-License-Identifier: MIT */
/* Fuzz target: passwd(5) and its kin of a root. What was merged once is the same when it
 * is merged again. */
#include "base/str.h"
#include "builder/accounts.h"
#include "fuzz.h"

static char *video[] = {(char *)"video", NULL}, *ann[] = {(char *)"ann", NULL};
static struct account_user user = {.name = (char *)"ann",
				   .group = (char *)"users",
				   .description = (char *)"Ann",
				   .home = (char *)"/home/ann",
				   .shell = (char *)"/bin/bash",
				   .extra_groups = video,
				   .uid = 1000,
				   .gid = ACCOUNT_NONE};
static struct account_group groups[] = {
	{.name = (char *)"users", .gid = ACCOUNT_NONE},
	{.name = (char *)"staff", .members = ann, .gid = 50}};
static const struct account_changes changes = {.users = &user,
					       .user_count = 1,
					       .groups = groups,
					       .group_count = 2,
					       .root_password = (char *)"*",
					       .epoch = 1700000000};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *texts[ACCOUNT_FILES], *again[ACCOUNT_FILES];
	uint32_t number = 0;

	cut_texts(data, size, texts, ACCOUNT_FILES);
	if (accounts_merge(texts, &changes, NULL) == 0) {
		must(accounts_number(texts[ACCOUNT_PASSWD], "ann", &number) == 0);
		for (size_t i = 0; i < ACCOUNT_FILES; i++)
			again[i] = xstrdup(texts[i]);
		must(accounts_merge(again, &changes, NULL) == 0);
		for (size_t i = 0; i < ACCOUNT_FILES; i++) {
			must(streq(texts[i], again[i]));
			free(again[i]);
		}
	}
	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		free(texts[i]);
	return 0;
}
