/* SPDX-License-Identifier: MIT */
/* Packages: control stanzas, dpkg's database, laying files side by side. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/dpkg-db.h"
#include "builder/merge.h"
#include "builder/package.h"
#include "fixture.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a-1"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-b-1"
#define PATHS "/nix/store/" B "\n/nix/store/" A "\n"

static void test_fields(void **state)
{
	static const char stanza[] =
		"Package: a\nDepends: b (>= 1),\n c\nprIority:  required \n"
		"Priority-x: no\n";
	_cleanup_free_ char *depends = control_field(stanza, "Depends"),
			    *priority = control_field(stanza, "Priority"),
			    *none = control_field(stanza, "Essential");
	_cleanup_strv_ char **names =
		control_names("a (<< 2), b:any | c [amd64],\n d <!nocheck>");
	_cleanup_free_ char *joined = strv_join(names, " ");

	assert_string_equal(depends, "b (>= 1),\n c");
	assert_string_equal(priority, "required");
	assert_null(none);
	assert_string_equal(joined, "a b c d");
}

struct pair {
	int store;
	char *path;
	struct packages packages;
};

/* Two packages: `a` with a conffile and a library, `b` with what the caller says. */
static void pair_init(struct pair *p, const char *b_control, const char *b_manifest)
{
	static const char *const a_files[] = {"control/conffiles",
					      "/etc/a.conf\nremove-on-upgrade /etc/old\n",
					      "control/postinst",
					      "#!/bin/sh\n",
					      "control/triggers",
					      "# x\ninterest-noawait /usr/share/man\n"
					      "interest ldconfig\nactivate other\n",
					      "data/lib/a.so",
					      "lib\n",
					      NULL};
	_cleanup_free_ char *conf = file_line("/etc/a.conf", "100644", "data/etc/a.conf",
					      "a\n"),
			    *lib = file_line("/lib/a.so", "100644", "data/lib/a.so",
					     "lib\n"),
			    *a_manifest = xasprintf(
				    "/ 0 40755 1 0 0 0 1700000000.0 - - -\n"
				    "/etc 0 40755 1 0 0 0 1700000000.0 - - -\n%s"
				    "/lib 0 40755 1 0 0 0 1700000000.0 - - -\n%s",
				    conf, lib);
	struct error err = {0};

	p->store = temporary(&p->path);
	p->packages = (struct packages){0};
	put_package(p->store, A,
		    "Package: a\nArchitecture: amd64\nMulti-Arch: same\nVersion: 1\n",
		    a_manifest, a_files);
	put_package(p->store, B, b_control, b_manifest, NULL);
	assert_ok(packages_load(p->store, PATHS, &p->packages, &err));
}

static void pair_done(struct pair *p)
{
	packages_done(&p->packages);
	temporary_done(p->store, p->path);
}

#define B_CONTROL "Package: b\nArchitecture: all\nEssential: yes\nVersion: 1"

static void test_load(void **state)
{
	struct pair p;

	pair_init(&p, B_CONTROL, "");
	assert_int_equal(p.packages.count, 2);
	assert_string_equal(p.packages.list[0].info, "a:amd64");
	assert_string_equal(p.packages.list[0].conffiles[0], "/etc/a.conf");
	assert_int_equal(strv_length(p.packages.list[0].control_files), 3);
	assert_string_equal(p.packages.list[1].info, "b");
	assert_true(p.packages.list[1].first && p.packages.list[1].essential);
	assert_false(p.packages.list[0].first);
	pair_done(&p);
}

static void test_load_twice(void **state)
{
	struct packages packages = {0};
	struct error err = {0};
	struct pair p;

	pair_init(&p, B_CONTROL, "");
	assert_int_equal(packages_load(p.store, "/nix/store/" A "\n/nix/store/" A,
				       &packages, &err),
			 -EEXIST);
	assert_words("a:amd64 is given twice");
	assert_true(packages_load(p.store, "/nix/store/none", &packages, &err) < 0);
	assert_words("/nix/store/none");
	pair_done(&p);
}

static void test_status(void **state)
{
	_cleanup_free_ char *a = NULL, *b = NULL, *list = NULL;
	struct pair p;

	pair_init(&p, B_CONTROL, "");
	a = dpkg_status_stanza(&p.packages.list[0]);
	assert_string_equal(
		a, "Package: a\nStatus: install ok unpacked\nArchitecture: amd64\n"
		   "Multi-Arch: same\nVersion: 1\n"
		   "Conffiles:\n /etc/a.conf newconffile\n"
		   " /etc/old newconffile remove-on-upgrade\n\n");
	/* A last line without its end. */
	b = dpkg_status_stanza(&p.packages.list[1]);
	assert_string_equal(b,
			    "Package: b\nStatus: install ok unpacked\nArchitecture: all\n"
			    "Essential: yes\nVersion: 1\n\n");
	list = dpkg_list_text(&p.packages.list[0]);
	assert_string_equal(list, "/.\n/etc\n/etc/a.conf\n/lib\n/lib/a.so\n");
	pair_done(&p);
}

static void test_database(void **state)
{
	_cleanup_free_ char *file = NULL, *named = NULL, *list = NULL, *status = NULL,
			    *sums = NULL, *unincorp = NULL;
	struct error err = {0};
	struct pair p;
	char *path;
	int root = temporary(&path);

	pair_init(&p, B_CONTROL, "");
	assert_ok(dpkg_db_add(root, p.store, &p.packages, &err));
	file = get(root, "var/lib/dpkg/triggers/File");
	assert_string_equal(file, "/usr/share/man a:amd64/noawait\n");
	named = get(root, "var/lib/dpkg/triggers/ldconfig");
	assert_string_equal(named, "a:amd64\n");
	list = get(root, "var/lib/dpkg/info/a:amd64.list");
	sums = get(root, "var/lib/dpkg/info/a:amd64.md5sums");
	assert_string_equal(sums, "7e65df4db6cda11f7a9d4b50df9bcae4  lib/a.so\n");
	status = get(root, "var/lib/dpkg/status");
	assert_non_null(strstr(status, "Provides: linux-initramfs-tool"));
	assert_non_null(strstr(status, "\n\nPackage: b\n"));
	unincorp = dpkg_unincorp_text("/etc x\n/usr/share/man a\n/lib y/noawait\n/et z\n",
				      &p.packages);
	assert_string_equal(unincorp, "/etc -\n/lib -\n");
	pair_done(&p);
	temporary_done(root, path);
}

static void test_merge(void **state)
{
	_cleanup_free_ char *line =
		file_line("/usr/bin/b", "104755", "data/usr/bin/b", "b\n");
	_cleanup_manifest_ struct manifest m = {0};
	const struct manifest_entry *e;
	struct error err = {0};
	struct pair p;

	pair_init(&p, B_CONTROL, line);
	assert_ok(merge_packages(p.store, &p.packages, NULL, &m, &err));
	e = manifest_find(&m, "/etc/a.conf.dpkg-new");
	assert_non_null(e);
	assert_string_equal(e->payload, A "/data/etc/a.conf");
	assert_null(manifest_find(&m, "/etc/a.conf"));
	e = manifest_find(&m, "/usr/lib/a.so");
	assert_non_null(e);
	assert_string_equal(e->payload, A "/data/lib/a.so");
	assert_null(manifest_find(&m, "/lib/a.so"));
	e = manifest_find(&m, "/usr/bin/b");
	assert_int_equal(e->mode, S_IFREG | 04755);
	e = manifest_find(&m, "/var/lib/dpkg/info/a:amd64.postinst");
	assert_non_null(e);
	assert_string_equal(e->payload, A "/control/postinst");
	assert_true(e->has_digest);
	assert_int_equal(e->size, 10);
	pair_done(&p);
}

static void test_merge_conflict(void **state)
{
	_cleanup_free_ char *line = file_line("/usr/lib/a.so", "100755", "data/x", "b\n");
	_cleanup_manifest_ struct manifest m = {0}, again = {0}, on_base = {0};
	const struct manifest_entry *e;
	struct error err = {0};
	struct pair p;

	pair_init(&p, B_CONTROL, line);
	assert_int_equal(merge_packages(p.store, &p.packages, NULL, &m, &err), -EEXIST);
	assert_words("/usr/lib/a.so is in both packages a and b");
	pair_done(&p);
	pair_init(&p, B_CONTROL "\nReplaces: z, a (<< 2)\n", line);
	assert_ok(merge_packages(p.store, &p.packages, NULL, &again, &err));
	e = manifest_find(&again, "/usr/lib/a.so");
	assert_string_equal(e->payload, B "/data/x");
	assert_int_equal(merge_packages(p.store, &p.packages, &again, &on_base, &err),
			 -EEXIST);
	assert_words("already in the root");
	pair_done(&p);
}

static void test_alias(void **state)
{
	_cleanup_free_ char *buffer = NULL;

	assert_string_equal(merge_alias("/lib64/ld.so", &buffer), "/usr/lib64/ld.so");
	assert_string_equal(merge_alias("/library/x", NULL), "/library/x");
	assert_string_equal(merge_alias("/lib", NULL), "/lib");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),	       cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_twice),     cmocka_unit_test(test_status),
		cmocka_unit_test(test_database),       cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_conflict), cmocka_unit_test(test_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
