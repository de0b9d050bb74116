/*
 * Files: their order and precedence, what is wrong with a file as such, the
 * adopted devices, and the files that settings name.
 */
#include "config_test.h"

static struct outcome read_in(const char *directory, const char *name)
{
	char *path = path_in(directory, name), *state_directory = path_in(directory, "state");
	struct config_options options = { .host_name = "host", .state_directory = state_directory };
	struct outcome o = { 0 };

	o.result = config_read(path, &options, &o.config, &o.problems);
	free(state_directory);
	free(path);
	return o;
}

static struct outcome read_good_in(const char *directory)
{
	struct outcome o = read_in(directory, "wardgate.conf");

	if (o.result != 0)
		print_all(&o);
	assert_int_equal(o.result, 0);
	return o;
}

/* The only error, with the directory in front of it and %s in it replaced by the directory. */
static void expect_error_in(const char *directory, const char *name, const char *format)
{
	struct outcome o = read_in(directory, name);
	char *error, *at = strdup(format), *mark;

	assert_non_null(at);
	while ((mark = strstr(at, "DIR"))) {
		assert_true(asprintf(&error, "%.*s%s%s", (int)(mark - at), at, directory,
				    mark + 3) > 0);
		free(at);
		at = error;
	}
	if (o.problems.error_count != 1 || strcmp(o.problems.errors[0], at) != 0) {
		print_message("expected %s\n", at);
		print_all(&o);
	}
	assert_int_equal(o.result, CONFIG_E_INVALID);
	assert_int_equal(o.problems.error_count, 1);
	assert_string_equal(o.problems.errors[0], at);
	free(at);
	outcome_done(&o);
}

/* Without TLS, so that no CAFile is looked for. */
#define PLAIN "[Gateway]\nSite=s\nWard=w\n[MQTT]\nBroker=mqtt://b\nAllowPlaintext=yes\n"

static void a_lone_file(void **state)
{
	struct outcome o;

	write_file(*state, "wardgate.conf", 0644, PLAIN);
	o = read_good_in(*state);
	assert_string_equal(o.config->gateway.name, "host");
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
}

/* Word for word what the documentation shows, comments included. */
static void the_documented_sample(void **state)
{
	static const char text[] =
		"[Gateway]\n"
		"# default: the host name; [a-z0-9-]\n"
		"Name=ward7-gw1\nSite=st-elsewhere\nWard=7\n"
		"# zone of device clocks that have none; default: the system's\n"
		"TimeZone=Europe/London\n"
		"# production or training: training marks everything \"demo\" and publishes "
		"under TopicPrefix + \"-training\"\n"
		"Mode=production\n"
		"# default: $STATE_DIRECTORY, else /var/lib/wardgate\n"
		"StateDirectory=\n\n"
		"[MQTT]\n"
		"Broker=mqtts://broker.hospital.example:8883\nAllowPlaintext=no\n"
		"CAFile=/etc/ssl/certs/ca-certificates.crt\nCertificateFile=\n"
		"# path (re-read at SIGHUP and before each connection; a pair that does not "
		"match keeps the old one) or credential:NAME; this comment is longer than "
		"libinih's limit of a line, which is none for comments\n"
		"PrivateKeyFile=\nUsername=\nPasswordFile=\nClientId=\nProtocol=5\n"
		"TopicPrefix=wardgate/{site}/{ward}\nPayloads=json\nCommands=\n"
		"NoSubscriber=accept\nWindow=100\nKeepAlive=10s\nConnectTimeout=10s\n"
		"AckTimeout=10s\n\n"
		"[Store]\nCommitInterval=250ms\nMaxSize=1G\nKeepFree=512M\nMaxAge=30d\n\n"
		"[Control]\nBus=system\n\n"
		"[BLE]\nEnabled=no\nAdapter=auto\n\n"
		"[Zigbee]\nEnabled=no\nPort=\nBaudRate=115200\nFlowControl=hardware\n"
		"Channel=auto\nNetworkKey=auto\n\n"
		"[CoAP]\nEnabled=no\nListen=[::]:5684\nPlaintextListen=\n"
		"PSKFile=/etc/wardgate/coap.psk\nCertificateFile=\nPrivateKeyFile=\n"
		"CAFile=\n\n"
		"[Alarms]\nEnabled=yes\n\n"
		"[Device bed3-oximeter]\nTransport=ble\nAddress=C0:FF:EE:00:00:01\n"
		"Use=fixed\nBed=3\nExpectEvery=5s\nBonding=auto\nBindKey=\n"
		"DeleteStored=no\nInstallCode=\n\n"
		"[Rule spo2-low]\nType=limit\nMetric=spo2\nBelow=90\nClearAt=92\nFor=15s\n"
		"Priority=high\nLatching=no\nBeds=*\n";
	struct outcome o;

	write_file(*state, "wardgate.conf", 0644, text);
	o = read_good_in(*state);
	assert_string_equal(o.config->mqtt.topic_prefix, "wardgate/st-elsewhere/7");
	assert_string_equal(o.config->gateway.time_zone, "Europe/London");
	assert_int_equal(o.config->device_count, 1);
	assert_int_equal(o.config->devices[0].transport, TRANSPORT_BLE);
	assert_int_equal(o.config->rule_count, 1);
	outcome_done(&o);
}

static void drop_ins_override_in_the_order_of_names(void **state)
{
	struct outcome o;

	write_file(*state, "wardgate.conf", 0644, PLAIN "Window=10\nCommands=pause\n");
	write_file(*state, "conf.d/20-b.conf", 0644, "[MQTT]\nWindow=30\nCommands=reset\n");
	write_file(*state, "conf.d/10-a.conf", 0644, "[MQTT]\nWindow=20\nAckTimeout=5s\n");
	/* Not read: */
	write_file(*state, "conf.d/30-c.conf.bak", 0644, "[Nonsense]\n");
	write_file(*state, "conf.d/.40.conf", 0644, "[Nonsense]\n");
	write_file(*state, "conf.d/.conf", 0644, "[Nonsense]\n");
	o = read_good_in(*state);
	assert_int_equal(o.config->mqtt.window, 30);
	assert_int_equal(o.config->mqtt.ack_timeout_us, 5000000);
	assert_int_equal(o.config->mqtt.commands.count, 2);
	assert_string_equal(o.config->mqtt.commands.items[0], "pause");
	assert_string_equal(o.config->mqtt.commands.items[1], "reset");
	outcome_done(&o);

	/* An error names the file that it is in, and the whole key's line there. */
	write_file(*state, "conf.d/20-b.conf", 0644, "[MQTT]\nWindow=0\n");
	expect_error_in(*state, "wardgate.conf",
		"DIR/conf.d/20-b.conf:2: [MQTT] Window=0: is out of range; give 2 to 20000");
}

static void files_as_such(void **state)
{
	char *large = malloc(CONFIG_FILE_MAX + 2), *path;

	assert_non_null(large);
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf: cannot be read: No such file or directory");

	write_file(*state, "wardgate.conf/x", 0644, "");
	expect_error_in(
		*state, "wardgate.conf", "DIR/wardgate.conf: is a directory; give a regular file");

	path = path_in(*state, "fifo.conf");
	assert_int_equal(mkfifo(path, 0644), 0);
	expect_error_in(
		*state, "fifo.conf", "DIR/fifo.conf: is no regular file; give a regular file");
	free(path);

	memset(large, '\n', CONFIG_FILE_MAX + 1);
	large[CONFIG_FILE_MAX + 1] = 0;
	write_file(*state, "large.conf", 0644, large);
	expect_error_in(*state, "large.conf",
		"DIR/large.conf: is larger than 1024 KiB; no such file needs that");
	memcpy(large, PLAIN, strlen(PLAIN));
	large[CONFIG_FILE_MAX] = 0;
	write_file(*state, "large.conf", 0644, large);
	{
		struct outcome o = read_in(*state, "large.conf");

		assert_int_equal(o.result, 0);
		outcome_done(&o);
	}
	free(large);

	/* What is wrong beside the main file does not hide what is in it. */
	write_file(*state, "good.conf", 0644, PLAIN);
	write_file(*state, "conf.d/x", 0644, "");
	write_file(*state, "conf.d/a.conf/x", 0644, "");
	expect_error_in(
		*state, "good.conf", "DIR/conf.d/a.conf: is a directory; give a regular file");
}

static void conf_d_is_a_directory(void **state)
{
	write_file(*state, "wardgate.conf", 0644, PLAIN);
	write_file(*state, "conf.d", 0644, "");
	expect_error_in(*state, "wardgate.conf", "DIR/conf.d: cannot be read: Not a directory");
}

#define ADOPTED(name, address) "[Device " name "]\nTransport=coap\nAddress=" address "\nBed=9\n"

static void adopted_devices(void **state)
{
	struct outcome o;

	write_file(*state, "coap.psk", 0600, "");
	write_file(
		*state, "wardgate.conf", 0644, PLAIN "[Device a]\nTransport=coap\nAddress=id-a\n");
	write_file(*state, "state/x", 0644, "");
	write_file(*state, "state/devices.d/b.conf", 0644, ADOPTED("b", "id-b"));
	o = read_good_in(*state);
	assert_int_equal(o.config->device_count, 2);
	assert_false(o.config->devices[0].adopted);
	assert_true(o.config->devices[1].adopted);
	assert_string_equal(o.config->devices[1].bed, "9");
	outcome_done(&o);
}

static bool has_warning(const struct outcome *o, const char *part)
{
	for (size_t i = 0; i < o->problems.warning_count; i++)
		if (strstr(o->problems.warnings[i], part))
			return true;
	return false;
}

static void etc_wins(void **state)
{
	struct outcome o;

	write_file(
		*state, "wardgate.conf", 0644, PLAIN "[Device a]\nTransport=coap\nAddress=id-a\n");
	write_file(*state, "state/x", 0644, "");

	/* By name: nothing of the adopted one gets in. */
	write_file(*state, "state/devices.d/a.conf", 0644, ADOPTED("a", "id-other"));
	/* By address. */
	write_file(*state, "state/devices.d/b.conf", 0644, ADOPTED("b", "id-a"));
	o = read_good_in(*state);
	assert_int_equal(o.config->device_count, 1);
	assert_string_equal(o.config->devices[0].address, "id-a");
	assert_null(o.config->devices[0].bed);
	assert_false(o.config->devices[0].adopted);
	assert_true(has_warning(&o, "/state/devices.d/a.conf:1: [Device a]: "));
	assert_true(
		has_warning(&o, "/wardgate.conf:7 has this device too, which counts; remove one of "
				"the two"));
	assert_true(has_warning(
		&o, "/state/devices.d/b.conf:3: [Device b] Address=id-a: [Device a] at "));
	outcome_done(&o);
}

static void two_adopted_devices_cannot_be_one(void **state)
{
	write_file(*state, "wardgate.conf", 0644, PLAIN);
	write_file(*state, "state/x", 0644, "");
	write_file(*state, "state/devices.d/a.conf", 0644, ADOPTED("a", "id"));
	write_file(*state, "state/devices.d/b.conf", 0644, ADOPTED("b", "id"));
	expect_error_in(*state, "wardgate.conf",
		"DIR/state/devices.d/b.conf:3: [Device b] Address=id: is the address of "
		"[Device a] too (DIR/state/devices.d/a.conf:3); a device has one section");
}

static void adopted_files_hold_devices_only(void **state)
{
	write_file(*state, "wardgate.conf", 0644, PLAIN);
	write_file(*state, "state/x", 0644, "");
	write_file(*state, "state/devices.d/a.conf", 0644, "[MQTT]\nBroker=mqtt://evil\n");
	expect_error_in(*state, "wardgate.conf",
		"DIR/state/devices.d/a.conf:1: [MQTT]: does not belong into devices.d, which "
		"holds [Device] sections only; move it to wardgate.conf");
}

static void named_files_are_looked_at(void **state)
{
	char text[1024];

	write_file(*state, "empty.pem", 0644, "");
	write_file(*state, "good.pem", 0600, "x");
	write_file(*state, "open.pem", 0644, "x");

	snprintf(text, sizeof(text), PLAIN "Broker=mqtts://b\nCAFile=%s/missing.pem\n",
		(char *)*state);
	write_file(*state, "wardgate.conf", 0644, text);
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf:8: [MQTT] CAFile=DIR/missing.pem: DIR/missing.pem cannot be "
		"read: No such file or directory");

	snprintf(text, sizeof(text),
		PLAIN "CertificateFile=%s/empty.pem\nPrivateKeyFile=%s/good.pem\n", (char *)*state,
		(char *)*state);
	write_file(*state, "wardgate.conf", 0644, text);
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf:7: [MQTT] CertificateFile=DIR/empty.pem: DIR/empty.pem is "
		"empty");

	snprintf(text, sizeof(text), PLAIN "CertificateFile=%s\nPrivateKeyFile=%s/good.pem\n",
		(char *)*state, (char *)*state);
	write_file(*state, "wardgate.conf", 0644, text);
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf:7: [MQTT] CertificateFile=DIR: DIR is a directory; give a "
		"regular file");

	snprintf(text, sizeof(text),
		PLAIN "CertificateFile=%s/open.pem\nPrivateKeyFile=%s/open.pem\n", (char *)*state,
		(char *)*state);
	write_file(*state, "wardgate.conf", 0644, text);
	{
		struct outcome o = read_good_in(*state);

		assert_int_equal(o.problems.warning_count, 1);
		assert_true(
			has_warning(&o, "open.pem has mode 0644, so that every user can read it; "
					"chmod 0640 "));
		outcome_done(&o);
	}

	/* A disabled section's files may be missing. */
	write_file(*state, "wardgate.conf", 0644, PLAIN "[CoAP]\nPSKFile=/nowhere/coap.psk\n");
	{
		struct outcome o = read_good_in(*state);

		outcome_done(&o);
	}
	write_file(*state, "wardgate.conf", 0644,
		PLAIN "[CoAP]\nEnabled=yes\nPSKFile=/nowhere/coap.psk\n");
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf:9: [CoAP] PSKFile=/nowhere/coap.psk: /nowhere/coap.psk "
		"is not there; it may be empty while all devices are adopted: "
		"install -m 0640 -g wardgate /dev/null /nowhere/coap.psk");
}

static void credentials(void **state)
{
	struct outcome o;

	write_file(*state, "wardgate.conf", 0644, PLAIN "Username=u\nPasswordFile=credential:p\n");
	unsetenv("CREDENTIALS_DIRECTORY");
	o = read_good_in(*state);
	assert_true(has_warning(&o, "PasswordFile=credential:p: cannot be checked here: only the "
				    "service itself has $CREDENTIALS_DIRECTORY"));
	outcome_done(&o);

	setenv("CREDENTIALS_DIRECTORY", *state, 1);
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf:8: [MQTT] PasswordFile=credential:p: DIR/p cannot be read: "
		"No such file or directory");
	write_file(*state, "p", 0400, "hunter2");
	o = read_good_in(*state);
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void the_keys_of_devices(void **state)
{
	char text[1024];
	struct outcome o;

	snprintf(text, sizeof(text),
		PLAIN "[CoAP]\nEnabled=yes\nPSKFile=%s/coap.psk\n"
		      "[Device a]\nTransport=coap\nAddress=id-a\n",
		(char *)*state);
	write_file(*state, "wardgate.conf", 0644, text);
	write_file(*state, "coap.psk", 0640, "id-b:000102030405060708090a0b0c0d0e0f\n");
	o = read_good_in(*state);
	assert_int_equal(o.problems.warning_count, 1);
	assert_true(has_warning(&o, "[Device a] Address=id-a: has no key in "));
	outcome_done(&o);

	write_file(*state, "coap.psk", 0640, "id-a:000102030405060708090a0b0c0d0e0f\n");
	o = read_good_in(*state);
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);

	write_file(*state, "coap.psk", 0640, "# keys\nid-a:00010203\n");
	expect_error_in(*state, "wardgate.conf",
		"DIR/coap.psk:2: the key is shorter than 16 bytes; make one with `openssl rand "
		"-hex 16`");
	write_file(*state, "coap.psk", 0644, "id-a:000102030405060708090a0b0c0d0e0f\n");
	expect_error_in(*state, "wardgate.conf",
		"DIR/coap.psk: has mode 0644, so that others can read it; chmod 0640 "
		"DIR/coap.psk");
}

static void a_bare_serial_port(void **state)
{
	char *by_id = path_in(*state, "by-id"), *link = path_in(*state, "by-id/usb-radio-if00");
	char *path = path_in(*state, "wardgate.conf"), *state_directory = path_in(*state, "state");
	struct config_options options = { .serial_directory = by_id,
		.state_directory = state_directory };
	struct outcome o = { 0 };
	char error[512];

	write_file(*state, "wardgate.conf", 0644, PLAIN "[Zigbee]\nPort=/dev/ttyUSB7\n");
	assert_int_equal(mkdir(by_id, 0755), 0);
	assert_int_equal(symlink("../../ttyUSB7", link), 0);
	o.result = config_read(path, &options, &o.config, &o.problems);
	assert_int_equal(o.problems.error_count, 1);
	snprintf(error, sizeof(error),
		"%s:8: [Zigbee] Port=/dev/ttyUSB7: changes its number when radios are plugged "
		"in anew; give %s",
		path, link);
	assert_string_equal(o.problems.errors[0], error);
	outcome_done(&o);
	free(state_directory);
	free(path);
	free(link);
	free(by_id);
}

static void a_wrong_zone(void **state)
{
	write_file(*state, "wardgate.conf", 0644, PLAIN "[Gateway]\nTimeZone=Europe/Lunden\n");
	expect_error_in(*state, "wardgate.conf",
		"DIR/wardgate.conf:8: [Gateway] TimeZone=Europe/Lunden: is no zone of the tz "
		"database; give its name as `timedatectl list-timezones` prints it, e.g. "
		"Europe/London");
}

static void payloads_are_the_callers(void **state)
{
	static const char *const known[] = { "json", "sparkplug", NULL };
	struct config_options options = { .payloads = known, .bytes_only = true };
	static const char text[] = BASE "Payloads=json sparkplug\n";
	struct outcome o = { 0 };

	o.result =
		config_read_bytes("t.conf", text, strlen(text), &options, &o.config, &o.problems);
	assert_int_equal(o.result, 0);
	assert_int_equal(o.config->mqtt.payloads.count, 2);
	/* The machine's own name. */
	assert_non_null(o.config->gateway.name);
	outcome_done(&o);
}

static void references(void **state)
{
	struct outcome o = read_good(BASE);
	struct config *c = config_ref(o.config);

	assert_ptr_equal(c, o.config);
	assert_null(config_unref(c));
	assert_string_equal(o.config->gateway.site, "s");
	assert_null(config_ref(NULL));
	assert_null(config_unref(NULL));
	outcome_done(&o);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(a_lone_file),
		IN_DIRECTORY(the_documented_sample),
		IN_DIRECTORY(drop_ins_override_in_the_order_of_names),
		IN_DIRECTORY(files_as_such),
		IN_DIRECTORY(conf_d_is_a_directory),
		IN_DIRECTORY(adopted_devices),
		IN_DIRECTORY(etc_wins),
		IN_DIRECTORY(two_adopted_devices_cannot_be_one),
		IN_DIRECTORY(adopted_files_hold_devices_only),
		IN_DIRECTORY(named_files_are_looked_at),
		IN_DIRECTORY(credentials),
		IN_DIRECTORY(the_keys_of_devices),
		IN_DIRECTORY(a_bare_serial_port),
		IN_DIRECTORY(a_wrong_zone),
		cmocka_unit_test(payloads_are_the_callers),
		cmocka_unit_test(references),
	};

	return RUN_TESTS(tests);
}
