/* SPDX-License-Identifier: MIT */
/* The numbers of system users and groups. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/ids.h"
#include "fixture.h"

#define PASSWD                                                                           \
	"root:x:0:0:root:/root:/bin/bash\n"                                              \
	"nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"                         \
	"web:x:998:997:Web,,:/var/www:/bin/false\n"                                      \
	"other:x:999:100::/:\n"
#define GROUP "root:x:0:\nusers:x:100:ada,bob\nweb:x:997:ada\n"

static void parse(struct ids *ids, const char *users, const char *groups)
{
	struct error err = {0};

	*ids = (struct ids){0};
	assert_ok(id_table_parse(users, &ids->users, &err));
	assert_ok(id_table_parse(groups, &ids->groups, &err));
}

static int settle_made(struct ids *ids, const struct makers *makers, char **ret_passwd,
		       char **ret_group, struct error *err)
{
	char *path;
	int root = temporary(&path), r;

	put(root, "etc/passwd", PASSWD);
	put(root, "etc/group", GROUP);
	r = ids_settle(root, ids, makers, err);
	*ret_passwd = get(root, "etc/passwd");
	*ret_group = get(root, "etc/group");
	temporary_done(root, path);
	return r;
}

static int settle(struct ids *ids, char **ret_passwd, char **ret_group, struct error *err)
{
	return settle_made(ids, NULL, ret_passwd, ret_group, err);
}

static void test_moved(void **state)
{
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	_cleanup_ids_ struct ids ids;
	struct error err = {0};
	uint32_t n;

	/* The numbers cross over: each is mapped once, by its name. */
	parse(&ids, "web 999\nother 998\nabsent 120\n", "web 120\n");
	assert_ok(settle(&ids, &passwd, &group, &err));
	assert_non_null(strstr(passwd, "web:x:999:120:Web,,:/var/www:/bin/false\n"));
	assert_non_null(strstr(passwd, "other:x:998:100::/:\n"));
	assert_non_null(strstr(passwd, "nobody:x:65534:65534::"));
	assert_string_equal(group, "root:x:0:\nusers:x:100:ada,bob\nweb:x:120:ada\n");
	assert_int_equal(ids_map(&ids.user_map, 998, &n), 0);
	assert_int_equal(n, 999);
	assert_int_equal(ids_map(&ids.group_map, 100, &n), 0);
	assert_int_equal(n, 100);
	assert_int_equal(ids_map(&ids.user_map, 33, &n), 0);
	assert_int_equal(n, 33);
	assert_int_equal(ids_map(&ids.user_map, 500, &n), -ENOENT);
}

static void test_unknown(void **state)
{
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	_cleanup_ids_ struct ids ids;
	struct error err = {0};

	parse(&ids, "other 999\n", "");
	assert_int_equal(settle(&ids, &passwd, &group, &err), -ENOKEY);
	assert_words("2 system users and groups aren't in the lock");
	assert_string_equal(passwd, PASSWD);
}

/* Each by its own maker, not by the last one. */
static void test_makers(void **state)
{
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	_cleanup_ids_ struct ids ids;
	struct makers makers = {0};
	struct error err = {0};
	char *path;
	int root = temporary(&path);

	put(root, "etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
	put(root, "etc/group", "root:x:0:\nusers:x:100:\n");
	makers_look(&makers, root, NULL);
	put(root, "etc/group", GROUP);
	makers_look(&makers, root, "web-server");
	put(root, "etc/passwd", PASSWD);
	makers_look(&makers, root, "other-thing");
	makers_look(&makers, root, "last");
	temporary_done(root, path);
	assert_null(makers_find(&makers, true, "root"));
	assert_string_equal(makers_find(&makers, false, "web"), "web-server");
	assert_string_equal(makers_find(&makers, true, "web"), "other-thing");

	parse(&ids, "other 999\n", "");
	assert_int_equal(settle_made(&ids, &makers, &passwd, &group, &err), -ENOKEY);
	assert_words("2 system users and groups made by web-server, other-thing aren't "
		     "in the lock: run atomos lock");
	makers_done(&makers);
}

/* A number that the lock gave to another is never proposed. */
static void test_proposal(void **state)
{
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	_cleanup_ids_ struct ids ids;
	struct error err = {0};

	parse(&ids, "gone 998\nother 999\n", "web 101\n");
	assert_true(settle(&ids, &passwd, &group, &err) < 0);
	assert_string_equal(ids.users.list[2].name, "web");
	assert_int_equal(ids.users.list[2].number, 997);
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"a",	 "a 99",    "a 1000",
					  "a x", "a 500 b", "a -1"};
	struct error err = {0};

	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		_cleanup_ids_ struct ids ids = {0};

		if (id_table_parse(bad[i], &ids.users, &err) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_words(bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moved),  cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_makers), cmocka_unit_test(test_proposal),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
