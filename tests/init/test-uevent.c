/* SPDX-License-Identifier: MIT */
/* The kernel's messages about devices. */
#include "test.h"
#include "init/uevent.h"

#define ADD                                                                              \
	"add@/devices/pci0000:00/usb1\0ACTION=add\0DEVPATH=/devices/pci0000:00/usb1\0"   \
	"SUBSYSTEM=usb\0MODALIAS=usb:v1D6B\0SEQNUM=12"

static void test_good(void **state)
{
	static const char text[] = ADD;
	struct uevent e;

	assert_int_equal(uevent_parse(text, sizeof(text), &e), 0);
	assert_string_equal(e.action, "add");
	assert_string_equal(e.devpath, "/devices/pci0000:00/usb1");
	assert_string_equal(e.subsystem, "usb");
	assert_string_equal(e.modalias, "usb:v1D6B");
	assert_null(e.devname);
}

static void refuse(const char *data, size_t size)
{
	struct uevent e;

	assert_int_equal(uevent_parse(data, size, &e), -EBADMSG);
}

static void test_refused(void **state)
{
	static const char udev[] = "libudev\0ACTION=add\0DEVPATH=/devices/x";
	static const char relative[] = "add@x\0ACTION=add\0DEVPATH=devices/x";
	static const char no_action[] = "add@/x\0DEVPATH=/devices/x";

	refuse("", 0);
	refuse(ADD, sizeof(ADD) - 1); /* its last NUL was cut off */
	refuse(udev, sizeof(udev));
	refuse(relative, sizeof(relative));
	refuse(no_action, sizeof(no_action));
}

static void test_empty_strings(void **state)
{
	static const char text[] = "add@/x\0\0\0ACTION=add\0DEVPATH=/x\0DEVNAME=sda\0";
	struct uevent e;

	assert_int_equal(uevent_parse(text, sizeof(text), &e), 0);
	assert_string_equal(e.devname, "sda");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_empty_strings),
	};

	return cmocka_run_group_tests_name("uevent", tests, NULL, NULL);
}
