/* SPDX-License-Identifier: MIT */
/* Which disk an installation without a question takes, and which it leaves alone. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "welcome/unattended.h"

#define DISK(name, rest)                                                                 \
	"{\"disk\":\"" name "\",\"size\":500000000000,\"content\":\"c-" name "\"," rest  \
	",\"free\":{\"start\":0,\"size\":9000000000},"                                   \
	"\"freeRefusal\":\"no\"}"

#define STICK                                                                            \
	"{\"disk\":\"sda\",\"size\":8000000000,\"content\":\"m\",\"medium\":true,"       \
	"\"bus\":\"USB\",\"refusal\":\"it runs from it\",\"free\":{\"start\":0,"         \
	"\"size\":0},\"freeRefusal\":\"it runs from it\"}"

#define EMPTY DISK("vda", "\"serial\":\"S1\",\"inner\":true,\"empty\":true")
#define FULL DISK("vdb", "\"serial\":\"S2\",\"inner\":true,\"empty\":false")
#define CARRIED DISK("sdb", "\"serial\":\"S3\",\"empty\":true,\"bus\":\"USB\"")
/* Its slot says nothing of being removable. */
#define CARD                                                                             \
	DISK("mmcblk0",                                                                  \
	     "\"serial\":\"S4\",\"empty\":true,\"removable\":false,\"inner\":false")
#define SMALL                                                                            \
	DISK("vdc", "\"serial\":\"S5\",\"inner\":true,\"empty\":true,\"refusal\":\"too " \
		    "small\"")
#define TWIN DISK("vdd", "\"serial\":\"S1\",\"inner\":true,\"empty\":true")

/* The disk that is chosen, or NULL and the words of the failure. */
static const char *choose(struct targets *t, const char *disks,
			  const struct unattended *u, const char *node, struct error *err)
{
	_cleanup_free_ char *text = xasprintf("{\"disks\":[%s]}", disks);
	size_t chosen;

	targets_done(t);
	assert_ok(targets_parse(text, t, err), err);
	return unattended_choose(u, node, t, &chosen, err) < 0 ? NULL
							       : t->list[chosen].label;
}

static void takes(const char *disks, const struct unattended *u, const char *node,
		  const char *disk)
{
	_cleanup_targets_ struct targets t = {0};
	struct error err;
	const char *label = choose(&t, disks, u, node, &err);

	if (!label)
		print_error("%s\n", err.message);
	assert_non_null(label);
	assert_memory_equal(label, disk, strlen(disk));
}

static void refuses(const char *disks, const struct unattended *u, const char *node,
		    const char *words)
{
	_cleanup_targets_ struct targets t = {0};
	struct error err;

	assert_null(choose(&t, disks, u, node, &err));
	if (!strstr(err.message, words))
		print_error("%s\n", err.message);
	assert_non_null(strstr(err.message, words));
}

static void test_empty(void **state)
{
	const struct unattended any = {0}, over = {.overwrite = true};

	takes(STICK "," FULL "," EMPTY "," CARRIED "," CARD "," SMALL, &any, NULL,
	      "vda, 500.0 GB");
	refuses(STICK "," FULL "," CARRIED "," CARD "," SMALL, &any, NULL,
		"no empty disk");
	/* Without a name nothing is overwritten, whatever is allowed. */
	refuses(STICK "," FULL, &over, NULL, "no empty disk");
	refuses(EMPTY "," TWIN, &any, NULL, "2 empty disks");
}

/* An image on an inner disk, written there to become this machine's system. */
static void test_behind(void **state)
{
	static const char inner[] =
		"{\"disk\":\"vdm\",\"size\":500000000000,\"medium\":true,\"content\":"
		"\"m\","
		"\"refusal\":\"it runs from it\",\"free\":{\"start\":1,\"size\":"
		"400000000000},\"freeRefusal\":null}";
	const struct unattended any = {0},
				full = {.serial = (char *)"S2", .overwrite = true};
	_cleanup_free_ char *both = xasprintf("%s," EMPTY "," FULL, inner);

	takes(both, &any, NULL, "vdm, free space of 400.0 GB");
	takes(both, &full, NULL, "vdb, ");
}

static void test_named(void **state)
{
	const struct unattended full = {.serial = (char *)"S2"},
				over = {.serial = (char *)"S2", .overwrite = true},
				card = {.serial = (char *)"S4"},
				small = {.serial = (char *)"S5", .overwrite = true},
				twin = {.serial = (char *)"S1"},
				both = {.serial = (char *)"S1", .path = (char *)"/dev/x"};
	static const char all[] = STICK "," FULL "," EMPTY "," CARD "," SMALL;

	refuses(all, &full, NULL, "vdb isn't empty (c-vdb)");
	refuses(all, &full, NULL, "(atomos.install.unattended.disk.overwrite)");
	takes(all, &over, NULL, "vdb, 500.0 GB");
	takes(all, &card, NULL, "mmcblk0, ");
	refuses(all, &small, NULL, "too small");
	refuses(EMPTY, &full, NULL, "no disk with the number S2");
	refuses(EMPTY "," TWIN, &twin, NULL, "2 disks have the number S1");
	/* A path tells the twins apart; one that leads nowhere is no disk's. */
	takes(EMPTY "," TWIN, &both, "vdd", "vdd, ");
	refuses(EMPTY "," TWIN, &both, NULL, "no disk with the number S1");
}

/* No number is no disk's name. */
static void test_no_number(void **state)
{
	const struct unattended none = {.serial = (char *)"", .overwrite = true};

	refuses(DISK("vda", "\"serial\":\"\",\"inner\":true,\"empty\":true"), &none, NULL,
		"no disk with the number");
	refuses(DISK("vda", "\"inner\":true,\"empty\":true"), &none, NULL,
		"no disk with the number");
}

static void test_path(void **state)
{
	const struct unattended path = {.path = (char *)"/dev/disk/by-path/x"};

	takes(EMPTY "," FULL, &path, "vda", "vda, ");
	refuses(EMPTY "," FULL, &path, "vdb", "isn't empty");
	refuses(EMPTY "," FULL, &path, NULL, "no disk with the path /dev/disk/by-path/x");
}

static void test_config(void **state)
{
	static const char text[] =
		"{\"system\":\"x\",\"unattended\":{\"serial\":\"S1\",\"path\":null,"
		"\"overwrite\":true,\"restart\":false,\"answers\":{\"name\":\"anna\"}}}";
	const char *file = in_directory(state, "welcome.json");
	_cleanup_config_ struct config c = {0}, none = {0};
	struct error err;

	assert_int_equal(write_file_at(AT_FDCWD, file, text, strlen(text), 0600), 0);
	assert_ok(config_load(file, &c, &err), &err);
	assert_string_equal(c.unattended->serial, "S1");
	assert_null(c.unattended->path);
	assert_true(c.unattended->overwrite);
	assert_string_equal(c.unattended->answers, "{\"name\":\"anna\"}");
	assert_int_equal(write_file_at(AT_FDCWD, file, "{\"unattended\":null}", 19, 0600),
			 0);
	assert_ok(config_load(file, &none, &err), &err);
	assert_null(none.unattended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_no_number),
		cmocka_unit_test(test_path),
		cmocka_unit_test_setup_teardown(test_config, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("unattended", tests, NULL, NULL);
}
