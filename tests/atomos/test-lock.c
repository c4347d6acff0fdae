/* SPDX-License-Identifier: MIT */
/* atomos.lock: text, differences, numbers of users and groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/lock-ids.h"
#include "atomos/lock.h"
#include "fixture.h"

static void load(struct lock *l)
{
	_cleanup_free_ char *text = test_data("lock/small.lock");
	struct error err;

	if (lock_parse(text, "small.lock", l, &err) < 0)
		fail_msg("%s", err.message);
}

static void test_read(void **state)
{
	_cleanup_lock_ struct lock l = {0};
	const struct lock_package *p;

	load(&l);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.date, 1757160201);
	p = lock_find(&l, "my-tool");
	assert_non_null(p);
	assert_true(p->second);
	assert_string_equal(p->path, "./pkg \"x\"/my-tool_1.0_all.deb");
	assert_null(lock_find(&l, "my"));
	assert_int_equal(l.users.list[0].gid, 999);
	assert_string_equal(l.groups.list[0].name, "_ssh");
}

/* The golden file is exactly what is written. */
static void test_write(void **state)
{
	_cleanup_free_ char *golden = test_data("lock/small.lock"), *text = NULL;
	_cleanup_lock_ struct lock l = {0};

	load(&l);
	text = lock_format(&l);
	assert_string_equal(text, golden);
}

static void refuse(const char *name, const char *text)
{
	struct lock l;
	struct error err = {0};

	if (lock_parse(text, name, &l, &err) == 0)
		fail_msg("%s was accepted", name);
	if (!startswith(err.message, name))
		fail_msg("%s isn't named: %s", name, err.message);
	assert_null(l.packages);
}

static void test_refused(void **state)
{
	test_data_each("lock/should-fail", refuse);
}

static void set(char **at, const char *value)
{
	free(*at);
	*at = xstrdup(value);
}

static void test_difference(void **state)
{
	_cleanup_lock_ struct lock a = {0}, b = {0};
	_cleanup_free_ char *words = NULL;

	load(&a);
	load(&b);
	assert_null(lock_difference(&a, &b));
	set(&b.packages[0].version, "3.153");
	b.packages[1].second = true;
	set(&b.packages[2].name, "new-tool");
	words = lock_difference(&a, &b);
	assert_string_equal(words,
			    "4 packages changed: adduser 3.152 → 3.153, libstdc++6 moved "
			    "to the second layer, my-tool removed, new-tool 1:1.0~rc1+b2 "
			    "added");
}

static void test_difference_of_content(void **state)
{
	_cleanup_lock_ struct lock a = {0}, b = {0};
	_cleanup_free_ char *words = NULL;

	load(&a);
	load(&b);
	b.packages[2].sha256[0] = 'f';
	words = lock_difference(&a, &b);
	assert_string_equal(words, "1 package changed: my-tool has another content");
}

static void test_ids(void **state)
{
	_cleanup_lock_ struct lock l = {0};
	struct error err;

	load(&l);
	assert_int_equal(lock_ids_take(&l,
				       "user sshd 998 65534 /run/sshd /usr/sbin/nologin",
				       &err),
			 1);
	assert_string_equal(l.users.list[1].name, "sshd");
	assert_int_equal(l.users.list[1].id, 998);
	assert_int_equal(lock_ids_take(&l, "group sshd 998", &err), 1);
	/* Given once, never moved. */
	assert_int_equal(lock_ids_take(&l, "group sshd 997", &err), 0);
	assert_int_equal(l.groups.list[2].id, 998);
}

static void test_ids_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"user",
		"user x 100",
		"user x 99 99 / /bin/sh",
		"user x 1000 1 / /bin/sh",
		"user x 100 x / /bin/sh",
		"group x",
		"group x 99",
		"group x 1000",
		"group x -1",
		"group x 100 y",
		"shadow x 100",
	};
	_cleanup_lock_ struct lock l = {0};
	struct error err;

	load(&l);
	for (size_t i = 0; i < ELEMENTSOF(lines); i++)
		if (lock_ids_take(&l, lines[i], &err) != -EBADMSG)
			fail_msg("accepted: %s", lines[i]);
	assert_int_equal(lock_ids_take(&l, "group other 101", &err), -EEXIST);
	assert_non_null(strstr(err.message, "_ssh"));
	assert_int_equal(l.groups.count, 2);
}

static void test_copy_ids(void **state)
{
	_cleanup_lock_ struct lock a = {0}, b = {0};

	load(&a);
	lock_copy_ids(&b, &a);
	assert_int_equal(b.users.count, a.users.count);
	assert_int_equal(b.groups.count, a.groups.count);
	assert_string_equal(b.users.list[0].shell, "/usr/sbin/nologin");
	assert_ptr_not_equal(b.users.list[0].shell, a.users.list[0].shell);
}

/* Made with `nix eval` of nix/packages/fetch.nix. */
static void test_deb(void **state)
{
	_cleanup_lock_ struct lock l = {0};
	_cleanup_free_ char *a = NULL, *b = NULL;

	load(&l);
	a = lock_package_deb(&l.packages[0]);
	b = lock_package_deb(&l.packages[2]);
	assert_string_equal(
		a, "/nix/store/rh6fi29hp0ngi6rh3yjww5vn8crwhbfx-adduser_3.152_all.deb");
	assert_string_equal(
		b, "/nix/store/"
		   "hssvy3svr1fslv7zv37867jihr5zq53d-my-tool_1-1.0-rc1-b2_all.deb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_difference_of_content),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_ids_refused),
		cmocka_unit_test(test_copy_ids),
		cmocka_unit_test(test_deb),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
