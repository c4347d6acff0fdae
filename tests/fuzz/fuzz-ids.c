/* SPDX-License-Identifier: MIT */
/* Fuzz target: the lock's numbers, and passwd and group which get them. */
#include "builder/ids.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_ids_ struct ids ids = {0};
	char *texts[3];

	cut_texts(data, size, texts, 3);
	if (id_table_parse(texts[0], &ids.users, NULL) == 0 &&
	    id_table_parse(texts[0], &ids.groups, NULL) == 0) {
		_cleanup_free_ char *passwd = ids_rewrite(&ids, texts[1], true);
		_cleanup_free_ char *group = ids_rewrite(&ids, texts[2], false);

		must(passwd && group);
	}
	for (size_t i = 0; i < ids.users.count; i++)
		must(ids.users.list[i].number >= ID_FIRST &&
		     ids.users.list[i].number <= ID_LAST);
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
	return 0;
}
