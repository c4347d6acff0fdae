/* SPDX-License-Identifier: MIT */
/* Placing a manifest and writing down what became of it. Needs root: owners are set. */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/links.h"
#include "builder/normalise.h"
#include "builder/place.h"
#include "builder/scan.h"
#include "fixture.h"

#define P "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-p-1"
#define OUT "oooooooooooooooooooooooooooooooo-root"
#define EPOCH 1750000000

struct root {
	int store, tree, out;
	char *store_path, *tree_path, *out_path;
	struct manifest placed, result;
	struct origins origins;
	struct ids ids;
	struct sandbox sandbox;
	char machine_id[MACHINE_ID_SIZE];
};

static void root_init(struct root *r)
{
	_cleanup_free_ char
		*bin = file_line("/usr/bin/su", "104755", P "/data/su", "su\n"),
		*conf = file_line("/usr/share/conf", "100644", P "/data/conf", "conf\n"),
		*text = xasprintf("/ 0 40755 1 0 0 0 1.0 - - -\n"
				  "/bin 7 120777 1 0 0 0 1600000000.0 usr/bin - -\n"
				  "/etc 0 40755 1 0 0 0 1.0 - - -\n"
				  "/etc/dir 0 42770 1 0 101 0 1.0 - - -\n"
				  "/usr 0 40755 1 0 0 0 1.0 - - -\n"
				  "/usr/bin 0 40755 1 0 0 0 1.0 - - -\n"
				  "/usr/bin/empty 0 100600 1 0 101 0 1700000000.0 - - -\n"
				  "%s"
				  "/usr/bin/su2 0 @100000 2 0 0 0 0.0 /usr/bin/su - -\n"
				  "/usr/share 0 40755 1 0 0 0 1.0 - - -\n%s",
				  bin, conf);
	struct placing how;
	struct error err = {0};

	*r = (struct root){0};
	r->store = temporary(&r->store_path);
	r->tree = temporary(&r->tree_path);
	r->out = temporary(&r->out_path);
	put(r->store, P "/data/su", "su\n");
	put(r->store, P "/data/conf", "conf\n");
	assert_ok(manifest_parse(text, strlen(text), MANIFEST_ROOT, &r->placed, &err));
	how = (struct placing){r->tree, r->store, 2};
	assert_ok(place_manifest(&how, &r->placed, &r->origins, &err));
	r->ids.group_map.to[101] = 201;
	r->ids.user_map.to[102] = 202;
}

static int root_scan(struct root *r, struct error *err)
{
	const struct scanning how = {.root_fd = r->tree,
				     .store_fd = r->store,
				     .out_fd = r->out,
				     .out_base = OUT,
				     .epoch = EPOCH,
				     .started = EPOCH + 1000,
				     .placed = &r->placed,
				     .origins = &r->origins,
				     .ids = &r->ids,
				     .sandbox = &r->sandbox,
				     .machine_id = r->machine_id};
	int code = scan_root(&how, &r->result, err);

	if (code == 0)
		links_count(&r->result);
	return code;
}

static const struct manifest_entry *find(const struct root *r, const char *path)
{
	const struct manifest_entry *e = manifest_find(&r->result, path);

	if (!e)
		fail_msg("%s is not in the manifest", path);
	return e;
}

static void root_done(struct root *r)
{
	sandbox_done(&r->sandbox);
	origins_done(&r->origins);
	manifest_done(&r->placed);
	manifest_done(&r->result);
	temporary_done(r->store, r->store_path);
	temporary_done(r->tree, r->tree_path);
	temporary_done(r->out, r->out_path);
}

static void test_unchanged(void **state)
{
	_cleanup_manifest_ struct manifest again = {0};
	_cleanup_free_ char *text = NULL;
	const struct manifest_entry *e;
	struct error err = {0};
	struct stat st;
	struct root r;
	size_t size;

	root_init(&r);
	assert_ok(root_scan(&r, &err));
	e = find(&r, "/usr/bin/su");
	assert_string_equal(e->payload, P "/data/su");
	assert_int_equal(e->mode, S_IFREG | 04755);
	assert_int_equal(e->mtime, 1700000000);
	assert_int_equal(e->nlink, 2);
	assert_true(find(&r, "/usr/bin/su2")->hardlink);
	assert_int_equal(find(&r, "/etc")->mtime, EPOCH);
	assert_int_equal(find(&r, "/etc")->nlink, 3);
	assert_int_equal(find(&r, "/etc/dir")->gid, 201);
	assert_int_equal(find(&r, "/etc/dir")->mode, S_IFDIR | 02770);
	assert_int_equal(find(&r, "/usr/bin/empty")->gid, 201);
	assert_null(find(&r, "/usr/bin/empty")->payload);
	assert_int_equal(find(&r, "/bin")->mtime, 1600000000);
	assert_int_equal(fstatat(r.out, "delta/usr", &st, 0), -1);
	/* What is written is a root manifest by the reader's rules. */
	text = manifest_format(&r.result, &size);
	assert_ok(manifest_parse(text, size, MANIFEST_ROOT, &again, &err));
	root_done(&r);
}

static void test_changed(void **state)
{
	_cleanup_free_ char *delta = NULL;
	const struct manifest_entry *e;
	struct error err = {0};
	struct root r;

	root_init(&r);
	put(r.tree, "usr/share/conf", "changed\n");
	put(r.tree, "etc/copy", "conf\n");
	put(r.tree, "etc/new", "new\n");
	assert_ok(root_scan(&r, &err));
	e = find(&r, "/usr/share/conf");
	assert_string_equal(e->payload, OUT "/delta/usr/share/conf");
	assert_int_equal(e->mtime, EPOCH);
	delta = get(r.out, "delta/usr/share/conf");
	assert_string_equal(delta, "changed\n");
	/* The same bytes as a package's file: nothing to store. */
	assert_string_equal(find(&r, "/etc/copy")->payload, P "/data/conf");
	assert_string_equal(find(&r, "/etc/new")->payload, OUT "/delta/etc/new");
	root_done(&r);
}

/* Same size and time, other bytes: the change time tells. */
static void test_sly_change(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
	struct error err = {0};
	struct root r;
	int fd;

	root_init(&r);
	fd = openat(r.tree, "usr/share/conf", O_WRONLY);
	assert_int_equal(write_full(fd, "CONF\n", 5), 0);
	futimens(fd, times);
	close(fd);
	assert_ok(root_scan(&r, &err));
	assert_string_equal(find(&r, "/usr/share/conf")->payload,
			    OUT "/delta/usr/share/conf");
	root_done(&r);
}

static void test_renamed(void **state)
{
	struct error err = {0};
	struct root r;

	root_init(&r);
	assert_int_equal(renameat(r.tree, "usr/share/conf", r.tree, "etc/conf"), 0);
	assert_ok(root_scan(&r, &err));
	assert_string_equal(find(&r, "/etc/conf")->payload, P "/data/conf");
	assert_int_equal(find(&r, "/etc/conf")->mtime, 1700000000);
	root_done(&r);
}

static void test_attributes(void **state)
{
	/* posix_acl_xattr.h, version 2: owner, user 102, group, mask, others. */
	static const uint8_t acl[] = {
		2, 0,	0,   0,	  0x01, 0,    6,    0, 255, 255, 255, 255, 0x02, 0,    4,
		0, 102, 0,   0,	  0,	0x04, 0,    4, 0,   255, 255, 255, 255,	 0x10, 0,
		4, 0,	255, 255, 255,	255,  0x20, 0, 0,   0,	 255, 255, 255,	 255};
	const struct manifest_entry *e;
	struct error err = {0};
	struct root r;
	int fd;

	root_init(&r);
	fd = openat(r.tree, "usr/share/conf", O_RDONLY);
	assert_int_equal(fsetxattr(fd, "user.b", "2", 1, 0), 0);
	assert_int_equal(fsetxattr(fd, "user.a", "1", 1, 0), 0);
	assert_int_equal(fsetxattr(fd, "system.posix_acl_access", acl, sizeof(acl), 0),
			 0);
	close(fd);
	assert_ok(root_scan(&r, &err));
	e = find(&r, "/usr/share/conf");
	assert_int_equal(e->xattr_count, 3);
	assert_string_equal(e->xattrs[0].name, "system.posix_acl_access");
	assert_int_equal(((const uint8_t *)e->xattrs[0].value)[16], 202);
	assert_string_equal(e->xattrs[1].name, "user.a");
	assert_string_equal(e->xattrs[2].name, "user.b");
	root_done(&r);
}

static void expect_refusal(const char *path, const char *content, const char *words)
{
	struct error err = {0};
	struct root r;

	root_init(&r);
	strcpy(r.machine_id, "0123456789abcdef0123456789abcdef");
	sandbox_note(&r.sandbox, "leaky");
	/* The coarse clock that stamps files ticks every 4 ms. */
	usleep(20000);
	put(r.tree, path, content);
	if (root_scan(&r, &err) == 0)
		fail_msg("/%s was accepted", path);
	assert_words(path);
	assert_words(words);
	assert_words("leaky");
	root_done(&r);
}

static void test_secrets(void **state)
{
	expect_refusal("etc/key.pem",
		       "x\n-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n",
		       "a private key");
	expect_refusal("etc/ssh/key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n",
		       "a private key");
	expect_refusal("var/lib/x/machine-id", "ffffffffffffffffffffffffffffffff\n",
		       "a machine identity");
	expect_refusal("etc/token", "id=0123456789abcdef0123456789abcdef\n",
		       "the machine identity of this build");
}

/* A path that the script of a package gives to nobody is refused with these words. */
static void expect_given_away(const char *path, uid_t uid, gid_t gid, const char *words)
{
	struct error err = {0};
	struct root r;

	root_init(&r);
	r.sandbox.root_fd = r.tree;
	put(r.tree, "etc/file", "x");
	sandbox_note(&r.sandbox, "generous");
	usleep(20000);
	assert_int_equal(fchownat(r.tree, path, uid, gid, 0), 0);
	assert_int_equal(root_scan(&r, &err), -ENOKEY);
	assert_words(words);
	assert_words("since the package generous was configured");
	root_done(&r);
}

static void test_unknown_owner(void **state)
{
	struct error err = {0};
	struct root r;

	expect_given_away("etc/file", 0, 777, "/etc/file belongs to group 777");
	/* The content's time is the package's, the change's is the script's. */
	expect_given_away("usr/share/conf", 555, 0,
			  "/usr/share/conf belongs to user 555");

	/* Before any script: the package's own archive. */
	root_init(&r);
	assert_int_equal(fchownat(r.tree, "usr/share/conf", 555, 0, 0), 0);
	assert_int_equal(root_scan(&r, &err), -ENOKEY);
	assert_words("as " P "/data/conf has it");
	root_done(&r);
}

static void test_normalise(void **state)
{
	static const char *const gone[] = {"etc/passwd-",
					   "etc/ssh/ssh_host_rsa_key",
					   "var/lib/dpkg/status-old",
					   "tmp/x/y",
					   "var/log/dpkg.log",
					   "vmlinuz",
					   "etc/ssl/private/ssl-cert-snakeoil.key",
					   "etc/ssl/certs/ssl-cert-snakeoil.pem",
					   "var/lib/postgresql/17/main/PG_VERSION",
					   "etc/postgresql/17/main/pg.conf"};
	char id[MACHINE_ID_SIZE], *path;
	_cleanup_free_ char *text = NULL, *kept = NULL;
	int root = temporary(&path);
	struct error err = {0};
	struct stat st;

	for (size_t i = 0; i < ELEMENTSOF(gone); i++)
		put(root, gone[i], "x");
	put(root, "etc/ssh/ssh_config", "x");
	put(root, "var/lib/postgresql/17/other/x", "x");
	put(root, "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	assert_int_equal(symlinkat("ssl-cert-snakeoil.pem", root, "etc/ssl/certs/12.0"),
			 0);
	assert_ok(normalise_root(root, 1, id, &err));
	assert_string_equal(id, "0123456789abcdef0123456789abcdef");
	text = get(root, "etc/machine-id");
	assert_string_equal(text, "");
	kept = get(root, "etc/ssh/ssh_config");
	assert_int_equal(fstatat(root, "var/lib/postgresql/17/other/x", &st, 0), 0);
	for (size_t i = 0; i < ELEMENTSOF(gone); i++)
		if (fstatat(root, gone[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			fail_msg("%s is still there", gone[i]);
	assert_int_equal(fstatat(root, "etc/ssl/certs/12.0", &st, AT_SYMLINK_NOFOLLOW),
			 -1);
	assert_int_equal(fstatat(root, "tmp", &st, 0), 0);
	temporary_done(root, path);
}

/* A link that leads out of the tree, seen from outside, must be followed inside. */
static void test_place_inside(void **state)
{
	_cleanup_free_ char *file = file_line("/abs/file", "100644", P "/data/f", "f\n");
	_cleanup_free_ char *text = xasprintf("/ 0 40755 1 0 0 0 1.0 - - -\n"
					      "/abs 7 120777 1 0 0 0 1.0 /target - -\n"
					      "/target 0 40755 1 0 0 0 1.0 - - -\n");
	_cleanup_manifest_ struct manifest m = {0}, line = {0};
	_cleanup_origins_ struct origins origins = {0};
	_cleanup_free_ char *content = NULL;
	struct error err = {0};
	char *store_path, *tree_path;
	int store = temporary(&store_path), tree = temporary(&tree_path);
	const struct placing how = {tree, store, 1};

	put(store, P "/data/f", "f\n");
	assert_ok(manifest_parse(text, strlen(text), MANIFEST_ROOT, &m, &err));
	assert_ok(manifest_parse(file, strlen(file), MANIFEST_PACKAGE, &line, &err));
	manifest_add(&m, &line.entries[0]);
	manifest_sort(&m);
	assert_ok(place_manifest(&how, &m, &origins, &err));
	content = get(tree, "target/file");
	assert_string_equal(content, "f\n");
	temporary_done(store, store_path);
	temporary_done(tree, tree_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchanged),     cmocka_unit_test(test_changed),
		cmocka_unit_test(test_sly_change),    cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_attributes),    cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_unknown_owner), cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_place_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
