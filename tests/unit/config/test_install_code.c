/*
 * InstallCode=: codes in files and as credentials, as they are printed, and what
 * is told of those that are none, without a digit of them.
 */
#include "config/install_code.h"
#include "config_test.h"

#define CODE "83FED3407A939723A5C639B26916D505C3B5"

static const uint8_t wanted[INSTALLCODE_MAX] = { 0x83, 0xfe, 0xd3, 0x40, 0x7a, 0x93, 0x97, 0x23,
	0xa5, 0xc6, 0x39, 0xb2, 0x69, 0x16, 0xd5, 0x05, 0xc3, 0xb5 };

static void a_credential(void **state)
{
	uint8_t code[INSTALLCODE_MAX] = { 0 };
	char *directory = path_in(*state, "credentials");
	struct config_why why;
	size_t length = 0;

	write_file(*state, "credentials/door.installcode", 0400, CODE "\n");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(
		config_install_code("credential:door.installcode", code, &length, &why), -ENXIO);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
	assert_int_equal(
		config_install_code("credential:door.installcode", code, &length, &why), 0);
	assert_int_equal(length, sizeof(wanted));
	assert_memory_equal(code, wanted, sizeof(wanted));
	assert_int_equal(
		config_install_code("credential:none", code, &length, &why), CONFIG_E_INVALID);
	assert_non_null(strstr(why.text, "cannot be read: No such file"));
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	free(directory);
}

/* The whole configuration, with a code of that text. */
static struct outcome with_code(const char *directory, const char *code, mode_t mode)
{
	struct config_options options = { .host_name = "host", .state_directory = directory };
	struct outcome o = { 0 };
	char *text;

	write_file(directory, "door.code", mode, code);
	assert_true(asprintf(&text,
			    "[Gateway]\nName=gw\nSite=s\nWard=w\n[MQTT]\n"
			    "Broker=mqtt://127.0.0.1\nAllowPlaintext=yes\n[Zigbee]\nEnabled=yes\n"
			    "Port=/dev/serial/by-id/radio\n[Device door]\nTransport=zigbee\n"
			    "Address=0x00124b0001020304\nInstallCode=%s/door.code\n",
			    directory) > 0);
	o.result =
		config_read_bytes("t.conf", text, strlen(text), &options, &o.config, &o.problems);
	free(text);
	return o;
}

static void as_they_are_printed(void **state)
{
	static const char *const good[] = { CODE "\n",
		"  83fe d340 7a93 9723 a5c6 39b2 6916 d505 b5c3\r\n",
		"83:fe:d3:40-7a939723a5c639b26916d505c3b5", "31323334353672E6" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct outcome o = with_code(*state, good[i], 0600);

		if (o.result != 0)
			print_all(&o);
		assert_int_equal(o.result, 0);
		assert_int_equal(o.problems.warning_count, 0);
		outcome_done(&o);
	}
}

static void those_that_are_none(void **state)
{
	static const char *const bad[][2] = {
		{ "83FED3407A939723A5C639B26916D505C3B4\n",
			"holds a check, its last four digits, that does not belong to the digits "
			"before: one of them is mistyped; compare it with what is printed on the "
			"device" },
		{ "83FED3407A939723A5C639B26916D505C3\n",
			"holds too many or too few hex digits; wanted are 16, 20, 28 or 36 hex "
			"digits as they are printed on the device" },
		{ CODE "0\n", "holds too many or too few hex digits; wanted are 16, 20, 28 or 36 "
			      "hex digits as they are printed on the device" },
		{ "\n", "holds too many or too few hex digits; wanted are 16, 20, 28 or 36 hex "
			"digits as they are printed on the device" },
		{ "I:" CODE "\n",
			"holds something other than hex digits; wanted are 16, 20, 28 or 36 hex "
			"digits as they are printed on the device" },
		{ CODE " of the door in the corridor, read by Mary on the day when it came\n",
			"is larger than an install code; wanted are 16, 20, 28 or 36 hex digits "
			"as they are printed on the device" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct outcome o = with_code(*state, bad[i][0], 0600);

		assert_int_equal(o.result, CONFIG_E_INVALID);
		if (o.problems.error_count != 1 || !strstr(o.problems.errors[0], bad[i][1])) {
			print_all(&o);
			fail_msg("case %zu", i);
		}
		assert_ptr_equal(
			strstr(o.problems.errors[0], "t.conf:14: [Device door] InstallCode="),
			o.problems.errors[0]);
		assert_null(strstr(o.problems.errors[0], "83FE"));
		assert_null(strstr(o.problems.errors[0], "C3B"));
		outcome_done(&o);
	}
}

/* One sentence for a file that is not there, or is empty; one that others can read is used. */
static void files(void **state)
{
	struct outcome o = with_code(*state, "", 0600);

	assert_int_equal(o.result, CONFIG_E_INVALID);
	assert_int_equal(o.problems.error_count, 1);
	assert_non_null(strstr(o.problems.errors[0], "door.code is empty"));
	outcome_done(&o);

	o = with_code(*state, CODE, 0644);
	assert_int_equal(o.result, 0);
	assert_int_equal(o.problems.warning_count, 1);
	assert_non_null(strstr(o.problems.warnings[0], "every user can read it"));
	outcome_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_credential, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(
			as_they_are_printed, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(
			those_that_are_none, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(files, make_directory, remove_directory),
	};

	return RUN_TESTS(tests);
}
