/* SPDX-License-Identifier: MIT */
/* system.json and the rule which system may be started. */
#include "test.h"
#include "init/system-info.h"

#define HEAD                                                                             \
	"{\"version\":1,\"product\":\"demo\",\"kernel\":\"6.12\",\"init\":\"/sbin/"      \
	"init\","
#define GOOD HEAD "\"rootBytes\":100}"

static void test_good(void **state)
{
	struct system_info s;

	assert_int_equal(
		system_info_parse(
			HEAD "\"rootBytes\":100,\"release\":3,\"entries\":9,\"epoch\":17,"
			     "\"state\":{\"files\":[\"/etc/"
			     "x\"],\"directories\":[{\"path\":\"/var/"
			     "lib/x\","
			     "\"mode\":\"0750\",\"user\":\"a\",\"group\":\"b\"},"
			     "{\"path\":\"/var/log\",\"execute\":true}]},"
			     "\"ram\":{\"rootPercent\":70}}",
			&s, NULL),
		0);
	assert_string_equal(s.product, "demo");
	assert_string_equal(s.init, "/sbin/init");
	assert_int_equal(s.root_bytes, 100);
	assert_int_equal(s.release, 3);
	assert_int_equal(s.entries, 9);
	assert_int_equal(s.epoch, 17);
	assert_int_equal(s.root_percent, 70);
	assert_int_equal(s.directory_count, 2);
	assert_int_equal(strv_length(s.files), 1);
	assert_string_equal(s.files[0], "/etc/x");
	assert_string_equal(s.directories[0].path, "/var/lib/x");
	assert_int_equal(s.directories[0].mode, 0750);
	assert_string_equal(s.directories[0].group, "b");
	assert_false(s.directories[0].execute);
	assert_true(s.directories[1].execute);
	assert_string_equal(s.directories[1].user, "root");
	assert_int_equal(s.directories[1].mode, 0755);
	system_info_done(&s);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"version\":2}",
		"{\"version\":1,\"kernel\":\"6.12\",\"init\":\"/i\",\"rootBytes\":1}",
		HEAD "\"rootBytes\":0}",
		HEAD "\"rootBytes\":\"1\"}",
		"{\"version\":1,\"product\":\"d\",\"kernel\":\"6\",\"init\":\"i\","
		"\"rootBytes\":1}",
		"{\"version\":1,\"product\":\"d\",\"kernel\":\"6\",\"init\":\"/../"
		"i\",\"rootBytes\":1}",
		HEAD "\"rootBytes\":1,\"state\":{\"directories\":{}}}",
		HEAD "\"rootBytes\":1,\"state\":{\"files\":{}}}",
		HEAD "\"rootBytes\":1,\"state\":{\"files\":[1]}}",
		HEAD "\"rootBytes\":1,\"state\":{\"files\":[\"x\"]}}",
		HEAD "\"rootBytes\":1,\"state\":{\"directories\":[1]}}",
		HEAD "\"rootBytes\":1,\"state\":{\"directories\":[{}]}}",
		HEAD
		"\"rootBytes\":1,\"state\":{\"directories\":[{\"path\":\"/a/../b\"}]}}",
		HEAD "\"rootBytes\":1,\"state\":{\"directories\":[{\"path\":\"b\"}]}}",
		HEAD "\"rootBytes\":1,\"state\":{\"directories\":[{\"path\":\"/"
		     "b\",\"mode\":\"9\"}]}}",
		HEAD "\"rootBytes\":1,\"state\":{\"directories\":[{\"path\":\"/"
		     "b\",\"mode\":\"77777\"}]}}",
	};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		struct system_info s;
		struct error err = {0};

		if (system_info_parse(texts[i], &s, &err) != -EBADMSG)
			fail_msg("accepted: %s", texts[i]);
		assert_says(&err, "system.json");
		assert_null(s.product);
	}
}

static void test_check(void **state)
{
	struct system_info s;
	struct error err = {0};

	assert_int_equal(system_info_parse(GOOD, &s, NULL), 0);
	assert_int_equal(system_info_check(&s, "demo", "6.12", &err), 0);
	assert_int_equal(system_info_check(&s, "demo2", "6.12", &err), -EPERM);
	assert_says(&err, "product \"demo\"");
	assert_says(&err, "\"demo2\"");
	assert_int_equal(system_info_check(&s, "demo", "6.13", &err), -EPERM);
	assert_says(&err, "kernel 6.12");
	system_info_done(&s);
}

static void test_lookup(void **state)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "net:x:101:102::/:/bin/false\n"
				     "\n"
				     "bad:x:y:1::/:\n"
				     "short:x\n"
				     "last:x:7:8";
	uint32_t id, group;

	assert_int_equal(id_lookup(passwd, "net", &id, &group), 0);
	assert_int_equal(id, 101);
	assert_int_equal(group, 102);
	assert_int_equal(id_lookup(passwd, "last", &id, &group), 0);
	assert_int_equal(group, 8);
	assert_int_equal(id_lookup(passwd, "ne", &id, NULL), -ENOENT);
	assert_int_equal(id_lookup(passwd, "x", &id, NULL), -ENOENT);
	assert_int_equal(id_lookup("", "x", &id, NULL), -ENOENT);
	assert_int_equal(id_lookup(passwd, "bad", &id, NULL), -EBADMSG);
	assert_int_equal(id_lookup(passwd, "short", &id, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_lookup),
	};

	return cmocka_run_group_tests_name("system-info", tests, NULL, NULL);
}
