/* SPDX-License-Identifier: MIT */
/* Boot image and boot loader. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "image/uki.h"

#define LOADER "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
#define UNAME_MAX 256
/* shim refuses programs without it; the number rises when old boot images must not start.
 */
#define SBAT                                                                             \
	"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"  \
	"atomos,1,AtomOS,atomos,1,https://atomos.invalid/\n"

static char **add_path(char **list, const char *option, const char *directory,
		       const char *name)
{
	return strv_consume(list, xasprintf("%s%s/%s", option, directory, name));
}

static int read_uname(const char *boot, char **ret, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/uname", boot);
	int r = read_file_at(AT_FDCWD, path, UNAME_MAX, ret, NULL);

	if (r < 0)
		return fail(err, r, "Can't read %s: %s", path, strerror(-r));
	(*ret)[strcspn(*ret, "\n")] = 0;
	return 0;
}

int uki_renewing(const char *keys, bool *ret, struct error *err)
{
	_cleanup_free_ char *old = xasprintf("%s/pcr-old.key", keys),
			    *new = xasprintf("%s/pcr-new.pub", keys);

	if (access(new, F_OK) == 0)
		return fail(err, -EBUSY,
			    "The renewal in %s was interrupted: run 'atomos keys renew' "
			    "once more",
			    keys);
	*ret = access(old, F_OK) == 0;
	return 0;
}

/* The pairs and what each signs belong together in this order. */
static char **add_pcr_key(char **argv, const char *keys, const char *key, const char *pub)
{
	argv = add_path(argv, "--pcr-private-key=", keys, key);
	argv = add_path(argv, "--pcr-public-key=", keys, pub);
	return strv_add(argv, "--phases=enter-initrd");
}

int uki_build(const struct uki_options *o, const char *path, struct error *err)
{
	_cleanup_strv_ char **argv = strv_add(NULL, "ukify");
	_cleanup_free_ char *uname = NULL, *output = NULL;
	bool renewing;
	int r = uki_renewing(o->keys, &renewing, err);

	if (r == 0)
		r = read_uname(o->boot, &uname, err);
	if (r < 0)
		return r;
	argv = strv_add(argv, "build");
	argv = add_path(argv, "--linux=", o->boot, "vmlinuz");
	argv = add_path(argv, "--initrd=", o->boot, "initrd");
	argv = add_path(argv, "--cmdline=@", o->boot, "cmdline");
	argv = add_path(argv, "--os-release=@", o->boot, "os-release");
	argv = strv_consume(argv, xasprintf("--uname=%s", uname));
	argv = strv_add(argv, "--sbat=" SBAT);
	argv = add_pcr_key(argv, o->keys, "pcr.key", "pcr.pub");
	if (renewing)
		argv = add_pcr_key(argv, o->keys, "pcr-old.key", "pcr-old.pub");
	argv = add_path(argv, "--pcrpkey=", o->keys, "pcr.pub");
	argv = strv_add(argv, "--pcr-banks=sha256");
	argv = add_path(argv, "--secureboot-private-key=", o->keys, "db.key");
	argv = add_path(argv, "--secureboot-certificate=", o->keys, "db.crt");
	argv = strv_consume(argv, xasprintf("--output=%s", path));
	r = process_check(&(struct process){.argv = (const char *const *)argv}, &output,
			  NULL, err);
	return r < 0 ? wrap(err, "Can't build the boot image") : 0;
}

int loader_sign(const char *keys, const char *path, struct error *err)
{
	_cleanup_free_ char *key = xasprintf("%s/db.key", keys);
	_cleanup_free_ char *certificate = xasprintf("%s/db.crt", keys), *output = NULL;
	const char *const argv[] = {"sbsign",	"--key", key,	 "--cert", certificate,
				    "--output", path,	 LOADER, NULL};
	int r;

	if (access(LOADER, R_OK) < 0)
		return fail(err, -errno, "%s is missing: install systemd-boot-efi",
			    LOADER);
	r = process_check(&(struct process){.argv = argv}, &output, NULL, err);
	return r < 0 ? wrap(err, "Can't sign the boot loader") : 0;
}
