/* SPDX-License-Identifier: MIT */
/* What an installation asks before it writes anything. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "atomos/install-confirm.h"

#define TYPED_MAX 64

static void read_typed(char out[static TYPED_MAX])
{
	if (!fgets(out, TYPED_MAX, stdin))
		out[0] = 0;
	out[strcspn(out, "\n")] = 0;
}

static void say(const struct invocation *in, const struct disk *d, enum old_pin pin)
{
	bool whole = !option_given(in, "free");

	fprintf(stderr, "%s: %.1f GB, %s; on it: %s.\n", d->node, (double)d->size / 1e9,
		d->model[0] ? d->model : "disk", d->content);
	if (d->warning && (whole || !d->owned))
		fprintf(stderr, "%s\n", d->warning);
	if (pin == OLD_PIN_DISK)
		fprintf(stderr, "The TPM of this machine opens it by itself, and will "
				"forget it.\n");
	fprintf(stderr, "%s\n",
		whole ? "Everything on it will be lost."
		      : "AtomOS will be put into its free space.");
	if (whole && d->owned)
		fprintf(stderr,
			"To overwrite %s for good, type the disk's name: ", d->content);
	else
		fprintf(stderr, "Type the disk's name to go on: ");
}

static int check_serial(const struct disk *d, const char *serial, struct error *err)
{
	if (d->serial[0] && streq(serial, d->serial))
		return 0;
	return fail(err, -ECANCELED,
		    "Nothing was written: the answers are for the disk with the number "
		    "'%s', and %s has %s%s",
		    serial, d->node, d->serial[0] ? "the number " : "none", d->serial);
}

int install_confirm(const struct invocation *in, const struct disk *d, const char *serial,
		    enum old_pin pin, struct error *err)
{
	const char *yes = option_value(in, "yes"), *node;
	char typed[TYPED_MAX] = "";
	int r = serial ? check_serial(d, serial, err) : 0;

	if (r < 0 || (serial && !yes))
		return r;
	if (!yes && !isatty(STDIN_FILENO))
		return fail(err, -EMISUSE,
			    "Nobody can be asked: say --yes %s when %s may be written",
			    d->node, d->node);
	if (!yes) {
		say(in, d, pin);
		read_typed(typed);
		yes = typed;
	}
	node = startswith(yes, "/dev/");
	if (!streq(node ? node : yes, d->node))
		return fail(err, -ECANCELED,
			    "Nothing was written: '%s' isn't the disk's name, %s", yes,
			    d->node);
	return 0;
}

bool install_confirm_pin(const struct invocation *in, const struct disk *d,
			 const char *serial, enum old_pin pin)
{
	char typed[TYPED_MAX] = "";

	if (pin != OLD_PIN_OTHER)
		return pin == OLD_PIN_DISK;
	/* With a consent beforehand nobody wants to be asked. */
	if (option_given(in, "take-tpm") || option_given(in, "yes") || serial)
		return option_given(in, "take-tpm");
	fprintf(stderr,
		"The TPM of this machine opens another system by itself, and can do "
		"so for one only. Shall it open the new system on %s instead? The other "
		"one then asks for its password. Type yes, or press Enter: ",
		d->node);
	read_typed(typed);
	return streq(typed, "yes");
}
