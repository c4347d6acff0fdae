/* SPDX-License-Identifier: MIT */
/* What is done with the header of each home. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "owner/account.h"
#include "owner/home-header.h"
#include "atomos/homes.h"

int first_failure(int failed, int r, const struct error *e, struct error *err)
{
	if (r >= 0)
		return failed;
	if (failed < 0)
		log_warning("%s", e->message);
	else if (err)
		*err = *e;
	return failed < 0 ? failed : r;
}

int homes_restore(struct error *err)
{
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	int failed = 0;

	for (char **name = names; *name; name++) {
		struct error e;
		int r = home_header_mend(ACCOUNT_HOMES, HOME_HEADERS_DIR, *name, &e);

		if (r > 0)
			printf("A change of the password of %s was cut off: their home "
			       "opens with the one from before.\n",
			       *name);
		failed = first_failure(failed, r, &e, err);
	}
	return failed;
}

int homes_keep(struct error *err)
{
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	int failed = 0;

	home_headers_prune(HOME_HEADERS_DIR, names);
	for (char **name = names; *name; name++) {
		struct error e;
		int r = home_header_keep(ACCOUNT_HOMES, HOME_HEADERS_DIR, *name, &e);

		failed = first_failure(failed, r, &e, err);
	}
	return failed;
}
