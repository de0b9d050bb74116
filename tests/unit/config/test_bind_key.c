/*
 * BindKey=: keys in files and as credentials, how they may be written, and what
 * is told of those that are none, without a digit of them.
 */
#include "config/bind_key.h"
#include "config_test.h"

#define HEX "231d39c1d7cc1ab1aee224cd096db932"

static const uint8_t wanted[ADVERT_KEY_SIZE] = { 0x23, 0x1d, 0x39, 0xc1, 0xd7, 0xcc, 0x1a, 0xb1,
	0xae, 0xe2, 0x24, 0xcd, 0x09, 0x6d, 0xb9, 0x32 };

static void texts(void **state)
{
	static const char *const good[] = { HEX, HEX "\n", "  " HEX "\r\n",
		"231D39C1D7CC1AB1AEE224CD096DB932",
		"23:1d:39:c1:d7:cc:1a:b1:ae:e2:24:cd:09:6d:b9:32",
		"231d39c1 d7cc1ab1 aee224cd 096db932\n", "231d39c1-d7cc1ab1aee224cd096db932" };
	static const char *const bad[][2] = {
		{ "", "holds 0 hex digits; wanted are 16 bytes as 32 hex digits" },
		{ "2", "holds 1 hex digit; wanted are 16 bytes as 32 hex digits" },
		{ HEX "32", "holds 34 hex digits; wanted are 16 bytes as 32 hex digits" },
		{ "231d39c1d7cc1ab1aee224cd096db9",
			"holds 30 hex digits; wanted are 16 bytes as 32 hex digits" },
		{ "2 31d39c1d7cc1ab1aee224cd096db932",
			"holds something other than hex digits; wanted are 16 bytes as 32 hex "
			"digits" },
		{ "0x" HEX, "holds something other than hex digits; wanted are 16 bytes as 32 hex "
			    "digits" },
		{ "the key is " HEX, "holds something other than hex digits; wanted are 16 bytes "
				     "as 32 hex digits" },
	};
	uint8_t key[ADVERT_KEY_SIZE];
	struct config_why why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		memset(key, 0, sizeof(key));
		assert_int_equal(config_parse_bind_key(good[i], strlen(good[i]), key, &why), 0);
		assert_memory_equal(key, wanted, sizeof(key));
	}
	memset(key, 0x55, sizeof(key));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(config_parse_bind_key(bad[i][0], strlen(bad[i][0]), key, &why),
			CONFIG_E_INVALID);
		assert_string_equal(why.text, bad[i][1]);
		assert_int_equal(key[0], 0x55);
	}
	/* a 0 byte is no end */
	assert_int_equal(config_parse_bind_key(HEX "\0", 33, key, &why), CONFIG_E_INVALID);
}

static void a_credential(void **state)
{
	uint8_t key[ADVERT_KEY_SIZE] = { 0 };
	struct config_why why;

	write_file(*state, "credentials/bed3.bindkey", 0400, HEX "\n");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(config_bind_key("credential:bed3.bindkey", key, &why), -ENXIO);
	char *directory = path_in(*state, "credentials");

	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
	assert_int_equal(config_bind_key("credential:bed3.bindkey", key, &why), 0);
	assert_memory_equal(key, wanted, sizeof(key));
	assert_int_equal(config_bind_key("credential:none", key, &why), CONFIG_E_INVALID);
	assert_non_null(strstr(why.text, "cannot be read: No such file"));
	assert_int_equal(config_bind_key(directory, key, &why), CONFIG_E_INVALID);
	assert_non_null(strstr(why.text, "is no regular file"));
	/* it grows by bytes of 0 */
	char *grown = path_in(*state, "credentials/grown");

	write_file(*state, "credentials/grown", 0600, HEX);
	assert_int_equal(truncate(grown, 256), 0);
	assert_int_equal(config_bind_key("credential:grown", key, &why), CONFIG_E_INVALID);
	assert_non_null(strstr(why.text, "is no text"));
	assert_int_equal(truncate(grown, 257), 0);
	assert_int_equal(config_bind_key("credential:grown", key, &why), CONFIG_E_INVALID);
	assert_non_null(strstr(why.text, "is larger than a key; wanted are"));
	free(grown);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	free(directory);
}

/* The whole configuration, with a key of that text. */
static struct outcome with_key(
	const char *directory, const char *key, mode_t mode, const char *more)
{
	struct config_options options = { .host_name = "host", .state_directory = directory };
	struct outcome o = { 0 };
	char *text;

	write_file(directory, "bed3.key", mode, key);
	assert_true(asprintf(&text,
			    "[Gateway]\nName=gw\nSite=s\nWard=w\n[MQTT]\n"
			    "Broker=mqtt://127.0.0.1\nAllowPlaintext=yes\n[BLE]\nEnabled=yes\n"
			    "[Device d]\nTransport=ble\nAddress=C0:FF:EE:00:00:01\n"
			    "BindKey=%s/bed3.key\n%s",
			    directory, more) > 0);
	o.result =
		config_read_bytes("t.conf", text, strlen(text), &options, &o.config, &o.problems);
	free(text);
	return o;
}

static void in_the_configuration(void **state)
{
	struct outcome o = with_key(*state, HEX "\n", 0600, "");

	if (o.result != 0)
		print_all(&o);
	assert_int_equal(o.result, 0);
	assert_int_equal(o.problems.warning_count, 0);
	assert_true(o.config->devices[0].set_clock);
	outcome_done(&o);

	o = with_key(*state, HEX "a\n", 0600, "");
	assert_int_equal(o.result, CONFIG_E_INVALID);
	assert_int_equal(o.problems.error_count, 1);
	assert_non_null(strstr(o.problems.errors[0],
		": holds 33 hex digits; wanted are 16 bytes as 32 hex digits; only sensors that "
		"broadcast sealed BTHome v2, ATC or pvvx frames need one"));
	assert_null(strstr(o.problems.errors[0], "231d"));
	outcome_done(&o);

	o = with_key(*state, HEX, 0644, "");
	assert_int_equal(o.result, 0);
	assert_int_equal(o.problems.warning_count, 1);
	assert_non_null(strstr(o.problems.warnings[0], "every user can read it"));
	outcome_done(&o);
}

static void what_does_not_go_with_it(void **state)
{
	struct outcome o = with_key(*state, HEX, 0600, "Bonding=yes\nDeleteStored=yes\n");

	assert_int_equal(o.result, 0);
	assert_int_equal(o.problems.warning_count, 2);
	assert_string_equal(o.problems.warnings[0],
		"t.conf:14: [Device d] Bonding=yes: is of no use with BindKey=: a sensor that "
		"broadcasts is not connected; leave out one of the two");
	assert_string_equal(o.problems.warnings[1],
		"t.conf:15: [Device d] DeleteStored=yes: is of no use with BindKey=: a sensor that "
		"broadcasts has no records to delete; leave out one of the two");
	outcome_done(&o);
	expect_warning(BASE "[BLE]\nEnabled=yes\n[Device d]\nTransport=ble\n"
			    "Address=C0:FF:EE:00:00:01\nDeleteStored=yes\nBonding=no\n",
		"t.conf:12: [Device d] DeleteStored=yes: deletes records over a link that nobody "
		"has proven to be the device's; set Bonding=yes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test_setup_teardown(a_credential, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(
			in_the_configuration, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(
			what_does_not_go_with_it, make_directory, remove_directory),
	};

	return RUN_TESTS(tests);
}
