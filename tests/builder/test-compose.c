/* SPDX-License-Identifier: MIT */
/* The files of a configuration in a root manifest, and its users in passwd and group. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/accounts.h"
#include "builder/compose.h"
#include "builder/root-path.h"
#include "builder/spec.h"
#include "fixture.h"

#define P "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-p-1"

static void parse(struct manifest *m)
{
	_cleanup_free_ char *
		one = file_line("/usr/bin/one", "100755", P "/data/one", "1\n"),
	       *text = xasprintf("/ 0 40755 1 0 0 0 1.0 - - -\n"
				 "/bin 7 120777 1 0 0 0 1.0 usr/bin - -\n"
				 "/usr 0 40755 1 0 0 0 1.0 - - -\n"
				 "/usr/bin 0 40755 1 0 0 0 1.0 - - -\n"
				 "%s"
				 "/usr/bin/three 0 @100000 3 0 0 0 0.0 /usr/bin/one - -\n"
				 "/usr/bin/two 0 @100000 3 0 0 0 0.0 /usr/bin/one - -\n",
				 one);
	struct error err = {0};

	assert_ok(manifest_parse(text, strlen(text), MANIFEST_ROOT, m, &err));
}

static struct manifest_entry empty_file(const char *path)
{
	return (struct manifest_entry){.path = path, .mode = S_IFREG | 0644, .nlink = 1};
}

static void check_valid(const struct manifest *m)
{
	_cleanup_manifest_ struct manifest again = {0};
	size_t size;
	_cleanup_free_ char *text = manifest_format(m, &size);
	struct error err = {0};

	assert_ok(manifest_parse(text, size, MANIFEST_ROOT, &again, &err));
}

static void test_put(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_compose_ struct compose c;
	struct manifest_entry e = empty_file("/etc/a/b/c");
	struct error err = {0};

	parse(&m);
	compose_init(&c, &m, 77);
	assert_ok(compose_put(&c, &e, &err));
	e.uid = 5;
	assert_ok(compose_put(&c, &e, &err));
	compose_finish(&c);
	check_valid(&m);
	assert_int_equal(manifest_find(&m, "/etc/a/b/c")->uid, 5);
	assert_int_equal(manifest_find(&m, "/etc/a")->mode, S_IFDIR | 0755);
	assert_int_equal(manifest_find(&m, "/etc/a")->mtime, 77);
	assert_int_equal(manifest_find(&m, "/etc/a")->nlink, 3);
	assert_int_equal(m.count, 11);
}

static void test_refused(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_compose_ struct compose c;
	struct manifest_entry through = empty_file("/bin/x"), folder = empty_file("/usr"),
			      below = empty_file("/usr/bin/one/x");
	struct error err = {0};

	parse(&m);
	compose_init(&c, &m, 0);
	assert_int_equal(compose_put(&c, &through, &err), -ENOTDIR);
	assert_words("/bin is a link to usr/bin");
	assert_int_equal(compose_put(&c, &folder, &err), -ENOTEMPTY);
	assert_words("/usr can't be replaced");
	assert_int_equal(compose_put(&c, &below, &err), -ENOTDIR);
	assert_words("/usr/bin/one/x");
	assert_int_equal(compose_remove(&c, "/none", &err), -ENOENT);
	assert_words("/none");
}

/* The first name of a hard link goes: the next one becomes the file. */
static void test_hardlinks(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_compose_ struct compose c;
	const struct manifest_entry *e;
	struct error err = {0};

	parse(&m);
	compose_init(&c, &m, 0);
	assert_ok(compose_remove(&c, "/usr/bin/one", &err));
	compose_finish(&c);
	check_valid(&m);
	assert_null(manifest_find(&m, "/usr/bin/one"));
	e = manifest_find(&m, "/usr/bin/three");
	assert_false(e->hardlink);
	assert_string_equal(e->payload, P "/data/one");
	assert_int_equal(e->nlink, 2);
	e = manifest_find(&m, "/usr/bin/two");
	assert_true(e->hardlink);
	assert_string_equal(e->payload, "/usr/bin/three");
}

static void test_replace_link_target(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_compose_ struct compose c;
	struct manifest_entry e = empty_file("/usr/bin/one");
	struct error err = {0};

	parse(&m);
	compose_init(&c, &m, 0);
	assert_ok(compose_put(&c, &e, &err));
	compose_finish(&c);
	check_valid(&m);
	assert_int_equal(manifest_find(&m, "/usr/bin/one")->size, 0);
	assert_string_equal(manifest_find(&m, "/usr/bin/three")->payload, P "/data/one");
}

static void test_remove_tree(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_compose_ struct compose c;
	struct manifest_entry e = empty_file("/usr/bin/new");
	struct error err = {0};

	parse(&m);
	compose_init(&c, &m, 0);
	assert_ok(compose_remove(&c, "/usr", &err));
	assert_null(compose_find(&c, "/usr/bin/two"));
	assert_ok(compose_put(&c, &e, &err));
	compose_finish(&c);
	check_valid(&m);
	assert_int_equal(m.count, 5);
}

static void test_resolve(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};

	parse(&m);
	assert_string_equal(root_path_resolve(&m, "/bin/one")->path, "/usr/bin/one");
	assert_string_equal(root_path_resolve(&m, "/usr/../bin/./two")->path,
			    "/usr/bin/one");
	assert_string_equal(root_path_resolve(&m, "/../..")->path, "/");
	assert_null(root_path_resolve(&m, "/bin/none"));
}

/* Users. */

static void fill(char *texts[ACCOUNT_FILES])
{
	static const char *const start[ACCOUNT_FILES] = {
		"root:x:0:0:root:/root:/bin/bash\nweb:x:33:33::/var/www:/bin/false\n",
		"root:x:0:\nweb:x:33:\nsudo:x:27:old\ntorn:x\n",
		"root:*:19000:0:99999:7:::\nweb:*:19000:0:99999:7:::\n",
		"root:*::\nweb:!::\nsudo:*::old\n",
	};

	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		texts[i] = start[i] ? xstrdup(start[i]) : NULL;
}

static void empty(char *texts[ACCOUNT_FILES])
{
	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		free(texts[i]);
}

#define USER                                                                             \
	"\"name\":\"ada\",\"group\":\"ada\",\"home\":\"/home/ada\",\"shell\":\"/bin/"    \
	"bash\""

static int merge(char *texts[ACCOUNT_FILES], const char *accounts, struct error *err)
{
	_cleanup_free_ char *text =
		xasprintf("{\"version\":1,\"product\":\"p\",\"release\":1,"
			  "\"epoch\":1728000000,%s}",
			  accounts);
	_cleanup_spec_ struct spec s = {0};
	int r = spec_parse(text, &s, err);

	return r < 0 ? r : accounts_merge(texts, &s.accounts, err);
}

static void test_users(void **state)
{
	char *texts[ACCOUNT_FILES];
	struct error err = {0};

	fill(texts);
	assert_ok(merge(texts,
			"\"users\":[{" USER ",\"uid\":1001,\"description\":\"Ada\","
			"\"hashedPassword\":\"$y$h\",\"extraGroups\":[\"sudo\"]}],"
			"\"groups\":[{\"name\":\"ada\",\"gid\":1001},"
			"{\"name\":\"web\",\"gid\":null,\"members\":[\"ada\"]}],"
			"\"rootPassword\":\"$y$r\"",
			&err));
	assert_non_null(strstr(texts[ACCOUNT_PASSWD],
			       "\nada:x:1001:1001:Ada:/home/ada:/bin/bash\n"));
	assert_string_equal(texts[ACCOUNT_GROUP],
			    "root:x:0:\nweb:x:33:ada\nsudo:x:27:old,ada\ntorn:x\n"
			    "ada:x:1001:\n");
	assert_string_equal(texts[ACCOUNT_SHADOW],
			    "root:$y$r:20000:0:99999:7:::\nweb:*:19000:0:99999:7:::\n"
			    "ada:$y$h:20000:0:99999:7:::\n");
	assert_string_equal(texts[ACCOUNT_GSHADOW],
			    "root:*::\nweb:!::ada\nsudo:*::old,ada\nada:!::\n");
	assert_string_equal(texts[ACCOUNT_SUBUID], "ada:165536:65536\n");
	assert_string_equal(texts[ACCOUNT_SUBGID], "ada:165536:65536\n");
	empty(texts);
}

static void refuse(const char *accounts, const char *words)
{
	char *texts[ACCOUNT_FILES];
	struct error err = {0};

	fill(texts);
	if (merge(texts, accounts, &err) >= 0)
		fail_msg("accepted: %s", accounts);
	assert_words(words);
	empty(texts);
}

static void test_users_refused(void **state)
{
	refuse("\"users\":[{" USER ",\"uid\":1000}]",
	       "the group ada, which nobody makes");
	refuse("\"users\":[{" USER "}],\"groups\":[{\"name\":\"ada\",\"gid\":1000}]",
	       "The user ada has no number");
	refuse("\"groups\":[{\"name\":\"x\",\"gid\":33}]",
	       "The group x can't have the number 33: it is web's");
	refuse("\"groups\":[{\"name\":\"web\",\"gid\":34}]",
	       "number 33 in the root, but 34");
	refuse("\"groups\":[{\"name\":\"web\",\"members\":[\"eve\"]}]", "the member eve");
	refuse("\"groups\":[{\"name\":\"torn\",\"gid\":40}]",
	       "The group torn has no valid number in the root");
	refuse("\"groups\":[{\"name\":\"audio\"}]", "The group audio has no number");
	refuse("\"users\":[{" USER ",\"uid\":1000,\"extraGroups\":[\"wheel\"]}],"
	       "\"groups\":[{\"name\":\"ada\",\"gid\":1000}]",
	       "the group wheel, which nobody makes");
	refuse("\"users\":[{" USER ",\"uid\":1000,\"description\":\"a:0:0\"}]",
	       "description has a colon");
	refuse("\"rootPassword\":\"x\\ny\"", "line break");
}

/* The specification. */

static void refuse_file(const char *file, const char *words)
{
	_cleanup_free_ char *text =
		xasprintf("{\"version\":1,\"product\":\"p\",\"files\":{%s}}", file);
	_cleanup_spec_ struct spec s = {0};
	struct error err = {0};

	if (spec_parse(text, &s, &err) >= 0)
		fail_msg("accepted: %s", file);
	assert_words(words);
}

static void test_spec(void **state)
{
	_cleanup_spec_ struct spec s = {0};
	struct error err = {0};

	assert_ok(spec_parse(
		"{\"version\":1,\"product\":\"p\",\"release\":2,\"files\":{"
		"\"/z\":{\"target\":\"x\"},\"/a\":{\"text\":\"t\",\"mode\":\"4755\"},"
		"\"/d\":{\"directory\":true,\"mode\":null},\"/r\":{\"remove\":true}}}",
		&s, &err));
	assert_int_equal(s.file_count, 4);
	assert_string_equal(s.files[0].path, "/a");
	assert_int_equal(s.files[0].mode, 04755);
	assert_int_equal(s.files[1].kind, SPEC_DIRECTORY);
	assert_int_equal(s.files[1].mode, SPEC_MODE_DEFAULT);
	assert_int_equal(s.files[2].kind, SPEC_REMOVE);
	assert_int_equal(s.files[3].kind, SPEC_SYMLINK);
	refuse_file("\"etc/x\":{\"text\":\"\"}", "etc/x");
	refuse_file("\"/etc/../x\":{\"text\":\"\"}", "/etc/../x");
	refuse_file("\"/etc//x\":{\"text\":\"\"}", "/etc//x");
	refuse_file("\"/\":{\"directory\":true}", "/");
	refuse_file("\"/x\":{}", "none of text");
	refuse_file("\"/x\":{\"text\":5}", "text is no string");
	refuse_file("\"/x\":{\"text\":\"\",\"mode\":\"0999\"}", "not octal: 0999");
	assert_true(spec_parse("{\"version\":2}", &s, &err) < 0);
	assert_words("version is 2");
	assert_true(spec_parse("[]", &s, &err) < 0);
	assert_true(spec_parse("{\"version\":1", &s, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hardlinks),
		cmocka_unit_test(test_replace_link_target),
		cmocka_unit_test(test_remove_tree),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_users_refused),
		cmocka_unit_test(test_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
