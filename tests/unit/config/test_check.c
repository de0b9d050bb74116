/*
 * What is told of a wrong configuration, word for word: values, keys, sections
 * and what goes together. No file is touched.
 */
#include "config_test.h"

static void values_and_keys(void **state)
{
	static const char *const rows[][2] = {
		{ BASE "Window=0\n",
			"t.conf:7: [MQTT] Window=0: is out of range; give 2 to 20000" },
		{ BASE "Window=ten\n", "t.conf:7: [MQTT] Window=ten: is no whole number; give 2 to "
				       "20000" },
		{ BASE "KeepAlive=1s\n", "t.conf:7: [MQTT] KeepAlive=1s: is out of range; give 5s "
					 "to 65535s (default 10s)" },
		{ BASE "KeepAlive=5500ms\n",
			"t.conf:7: [MQTT] KeepAlive=5500ms: has a fraction of a "
			"second, which MQTT cannot say; give whole seconds" },
		{ BASE "[Store]\nMaxSize=1K\n",
			"t.conf:8: [Store] MaxSize=1K: is out of range; give "
			"1M to 16T (default 1G)" },
		{ BASE "AllowPlaintext=true\n", "t.conf:7: [MQTT] AllowPlaintext=true: is neither "
						"yes nor no; write yes" },
		{ BASE "AllowPlaintext=off\n",
			"t.conf:7: [MQTT] AllowPlaintext=off: is neither yes "
			"nor no; write no" },
		{ BASE "AllowPlaintext=maybe\n",
			"t.conf:7: [MQTT] AllowPlaintext=maybe: is neither "
			"yes nor no; give one of the two" },
		{ BASE "Protocol=4\n",
			"t.conf:7: [MQTT] Protocol=4: is not known; did you mean 5? (5 "
			"or 3.1.1)" },
		{ BASE "NoSubscriber=drop\n", "t.conf:7: [MQTT] NoSubscriber=drop: is not known; "
					      "give accept or keep" },
		{ BASE "CAFile=ca.pem\n", "t.conf:7: [MQTT] CAFile=ca.pem: is no absolute path; "
					  "begin it with /" },
		{ BASE "CAFile=\"/ca.pem\"\n", "t.conf:7: [MQTT] CAFile=\"/ca.pem\": stands in "
					       "quotes; write the path without them" },
		{ BASE "Commands=acknowlege\n",
			"t.conf:7: [MQTT] Commands=acknowlege: is not known; did you mean "
			"acknowledge? (acknowledge, pause, reset, set-limit, set-spo2-scale, "
			"associate, dissociate, transfer, assign, release, observe, permit-join, "
			"forget, test-alarm, discover, pair, unpair, identify or interview)" },
		{ BASE "Commands=pause, reset\n", "t.conf:7: [MQTT] Commands=pause,: ends with a "
						  "comma; separate items with blanks" },
		{ BASE "Payloads=jsn\n", "t.conf:7: [MQTT] Payloads=jsn: is no payload that is "
					 "known; did you mean json?" },
		{ BASE "Payloads=hl7v2\n", "t.conf:7: [MQTT] Payloads=hl7v2: is no payload that is "
					   "known; give e.g. json" },
		{ BASE "TopicPrefix={bed}\n",
			"t.conf:7: [MQTT] TopicPrefix={bed}: holds an unknown "
			"{word}; known are {site}, {ward} and {gateway}" },
		{ BASE "Brokr=x\n", "t.conf:7: [MQTT] Brokr=x: no such setting; did you mean "
				    "Broker?" },
		{ BASE "broker=x\n", "t.conf:7: [MQTT] broker=x: is written Broker" },
		{ BASE "MaxSize=1G\n", "t.conf:7: [MQTT] MaxSize=1G: no such setting here; it "
				       "belongs in section [Store]" },
		{ BASE "Enabled=yes\n", "t.conf:7: [MQTT] Enabled=yes: no such setting here; it "
					"belongs in section [BLE] or [Zigbee] or [CoAP] or "
					"[Alarms]" },
		{ BASE "Bed=3\n", "t.conf:7: [MQTT] Bed=3: no such setting here; it belongs in "
				  "section [Device NAME] or [Tag NAME]" },
		{ BASE "Colour=blue\n", "t.conf:7: [MQTT] Colour=blue: no such setting; wardgated "
					"--print-config lists them all" },
		{ BASE "Window=5\nWindow=6\n",
			"t.conf:8: [MQTT] Window=6: is set again; line 7 has "
			"it, keep one of the two" },
		{ BASE "[Store]\n[MQTT]\nWindow=5\n[MQTT]\nWindow=5\n",
			"t.conf:11: [MQTT] Window=5: is set again; line 9 has it, keep one of the "
			"two" },
		{ BASE "[Control]\nBus=dbus\n",
			"t.conf:8: [Control] Bus=dbus: is no message bus; give system, session, "
			"off "
			"or a D-Bus address, e.g. unix:path=/run/dbus/system_bus_socket" },
		{ BASE "[Zigbee]\nChannel=27\n", "t.conf:8: [Zigbee] Channel=27: is out of range; "
						 "give auto or 11 to 26" },
		{ BASE "[Zigbee]\nBaudRate=11520\n",
			"t.conf:8: [Zigbee] BaudRate=11520: is not known; did you mean 115200? "
			"(9600, "
			"19200, 38400, 57600, 115200, 230400, 460800 or 921600)" },
		{ BASE "[CoAP]\nListen=5684\n",
			"t.conf:8: [CoAP] Listen=5684: has no numeric address; give ADDRESS:PORT, "
			"e.g. [::]:5684 for all, 127.0.0.1:5684 for this machine" },
		{ "[Gateway]\nName=Ward 7\nSite=s\nWard=w\n[MQTT]\nBroker=mqtts://b\n",
			"t.conf:2: [Gateway] Name=Ward 7: is no name; give 1 to 40 of a-z, 0-9 and "
			"-, not beginning with -, e.g. ward-7" },
		{ "[Gateway]\nSite=a/b\nWard=w\n[MQTT]\nBroker=mqtts://b\nTopicPrefix=x\n",
			"t.conf:2: [Gateway] Site=a/b: is no name of a bed, ward or site; give 1 "
			"to "
			"40 of A-Z, a-z, 0-9, ., _ and -, without blanks" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

static void sections(void **state)
{
	static const char *const rows[][2] = {
		{ BASE "[Gatway]\nName=x\n", "t.conf:7: [Gatway]: no such section; did you mean "
					     "[Gateway]?" },
		{ BASE "[coap]\nEnabled=x\n", "t.conf:7: [coap]: no such section; did you mean "
					      "[CoAP]?" },
		{ BASE "[device bed3]\n", "t.conf:7: [device bed3]: no such section; did you mean "
					  "[Device bed3]?" },
		{ BASE "[Thermostat]\n", "t.conf:7: [Thermostat]: no such section; wardgated "
					 "--print-config lists them all" },
		{ BASE "[Store x]\n", "t.conf:7: [Store x]: takes no name; write [Store]" },
		{ BASE "[Device]\nBed=3\n", "t.conf:7: [Device]: has no name; write e.g. [Device "
					    "bed3-oximeter]" },
		{ BASE "[Rule]\n", "t.conf:7: [Rule]: has no name; write e.g. [Rule spo2-low]" },
		{ BASE "[Device Bed 3]\n", "t.conf:7: [Device Bed 3]: \"Bed 3\" is no name; give 1 "
					   "to 40 of a-z, 0-9 and -, not beginning with -, e.g. "
					   "bed-3" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

static void secrets_are_not_repeated(void **state)
{
	static const char *const rows[][2] = {
		{ BASE "PasswordFile=hunter2\nUsername=u\n",
			"t.conf:7: [MQTT] PasswordFile=***: is neither an absolute path nor "
			"credential:NAME; put the secret into a file and name that here" },
		{ BASE "Password=hunter2\n", "t.conf:7: [MQTT] Password=***: no such setting; did "
					     "you mean PasswordFile?" },
		{ BASE "Broker=mqtts://u:hunter2@b\n",
			"t.conf:7: [MQTT] Broker=***@b: carries a user name; give it in Username= "
			"and its password in the file that PasswordFile= names" },
		{ BASE "Brokr=mqtts://u:hunter2@b\n",
			"t.conf:7: [MQTT] Brokr=***@b: no such setting; did you mean Broker?" },
		{ BASE "[CoAP]\nPSKFile=bed3:hunter2\n",
			"t.conf:8: [CoAP] PSKFile=***: is neither an absolute path nor "
			"credential:NAME; put the secret into a file and name that here" },
		{ BASE "[Zigbee]\nNetworkKey=hunter2\n",
			"t.conf:8: [Zigbee] NetworkKey=***: is neither an absolute path nor "
			"credential:NAME; put the secret into a file and name that here" },
		{ BASE "[CoAP]\nbed3:hunter2\n", "t.conf:8: has : after the key; write Key=value" },
		{ BASE "[CoAP]\nhunter2\n", "t.conf:8: is no [Section], no Key=value and no "
					    "comment; comments begin with # or ;" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_null(strstr(rows[i][1], "hunter2"));
		expect_error(rows[i][0], rows[i][1]);
	}
}

static void what_a_gateway_needs(void **state)
{
	struct outcome o = read_text("");

	assert_int_equal(o.result, CONFIG_E_INVALID);
	assert_int_equal(o.problems.error_count, 3);
	assert_string_equal(o.problems.errors[0], "t.conf: [MQTT] Broker: is missing; give e.g. "
						  "Broker=mqtts://broker.hospital.example:8883");
	assert_string_equal(o.problems.errors[1], "t.conf: [Gateway] Site: is missing, and "
						  "TopicPrefix= has {site}; give e.g. "
						  "Site=st-elsewhere");
	assert_string_equal(o.problems.errors[2], "t.conf: [Gateway] Ward: is missing, and "
						  "TopicPrefix= has {ward}; give e.g. Ward=7");
	outcome_done(&o);

	/* Without {site} and {ward} neither is missed. */
	o = read_good("[MQTT]\nBroker=mqtts://b\nTopicPrefix=w/{gateway}\n");
	assert_string_equal(o.config->mqtt.topic_prefix, "w/host");
	assert_null(o.config->gateway.site);
	outcome_done(&o);
}

static void going_together(void **state)
{
	static const char *const rows[][2] = {
		{ BASE "Broker=mqtt://b\n", "t.conf:7: [MQTT] Broker=mqtt://b: is not encrypted; "
					    "give mqtts://, or for tests set AllowPlaintext=yes" },
		{ BASE "CertificateFile=/a\n", "t.conf:7: [MQTT] CertificateFile=/a: needs "
					       "PrivateKeyFile=, too; give both or none" },
		{ BASE "PrivateKeyFile=/a\n", "t.conf:7: [MQTT] PrivateKeyFile=/a: needs "
					      "CertificateFile=, too; give both or none" },
		{ BASE "PasswordFile=/a\n", "t.conf:7: [MQTT] PasswordFile=/a: needs Username=, "
					    "too" },
		{ "[Gateway]\nName=gw\nSite=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n[MQTT]\n"
		  "Broker=mqtts://b\nTopicPrefix={site}{site}{site}{site}{site}x\n",
			"t.conf:6: [MQTT] TopicPrefix={site}{site}{site}{site}{site}x: has more "
			"than "
			"200 bytes once {site}, {ward} and {gateway} are filled in" },
		{ BASE "[CoAP]\nEnabled=yes\nPSKFile=\n",
			"t.conf:8: [CoAP] Enabled=yes: needs PSKFile= or CertificateFile=, or no "
			"device could get in; give e.g. PSKFile=/etc/wardgate/coap.psk" },
		{ BASE "[CoAP]\nPlaintextListen=0.0.0.0:5683\n",
			"t.conf:8: [CoAP] PlaintextListen=0.0.0.0:5683: is open to others without "
			"encryption; give 127.0.0.1 or [::1], or for tests set AllowPlaintext=yes "
			"in "
			"[MQTT]" },
		{ BASE "[CoAP]\nListen=[::1]:5684\nPlaintextListen=[::1]:5684\n",
			"t.conf:9: [CoAP] PlaintextListen=[::1]:5684: is the same as Listen=; give "
			"another port, usually 5683" },
		{ BASE "[CoAP]\nCertificateFile=/a\nCAFile=/b\n",
			"t.conf:8: [CoAP] CertificateFile=/a: needs PrivateKeyFile=, too; give "
			"both "
			"or none" },
		{ BASE "[CoAP]\nPrivateKeyFile=/a\n", "t.conf:8: [CoAP] PrivateKeyFile=/a: needs "
						      "CertificateFile=, too; give both or "
						      "none" },
		{ BASE "[CoAP]\nCertificateFile=/a\nPrivateKeyFile=/b\n",
			"t.conf:8: [CoAP] CertificateFile=/a: needs CAFile=, too, or no device's "
			"certificate could be trusted" },
		{ BASE "[CoAP]\nMaxSessions=2\nMaxDeviceSessions=3\n",
			"t.conf:9: [CoAP] MaxDeviceSessions=3: is more than MaxSessions=2; give "
			"less" },
		{ BASE "[BLE]\nAdapter=hci0 auto\n",
			"t.conf:8: [BLE] Adapter=auto: stands alone or "
			"not at all; name each adapter, or give auto "
			"only" },
		{ BASE "[Zigbee]\nEnabled=yes\n", "t.conf:8: [Zigbee] Enabled=yes: needs Port=; "
						  "give the radio's name in /dev/serial/by-id" },
		{ BASE "[Zigbee]\nPort=/dev/ttyUSB0\n",
			"t.conf:8: [Zigbee] Port=/dev/ttyUSB0: changes its number when radios are "
			"plugged in anew; give the radio's name in /dev/serial/by-id, or where it "
			"has none there, a link that a udev rule makes" },
		{ BASE "[Zigbee]\nPort=ttyUSB0\n",
			"t.conf:8: [Zigbee] Port=ttyUSB0: is no absolute "
			"path; begin it with /" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

/* Each what the former test refuses, in the form that is right. */
static void going_together_well(void **state)
{
	static const char *const rows[] = {
		BASE "Broker=mqtt://b\nAllowPlaintext=yes\n",
		BASE "CertificateFile=/a\nPrivateKeyFile=/b\n",
		BASE "Username=u\n",
		BASE "Username=u\nPasswordFile=credential:p\n",
		BASE "[CoAP]\nEnabled=yes\n",
		BASE "[CoAP]\nEnabled=yes\nPSKFile=\nCertificateFile=/a\nPrivateKeyFile=/b\n"
		     "CAFile=/c\n",
		BASE "[CoAP]\nPlaintextListen=127.0.0.1:5683\n",
		BASE "[CoAP]\nPlaintextListen=[::1]:5683\n",
		BASE "AllowPlaintext=yes\n[CoAP]\nPlaintextListen=0.0.0.0:5683\n",
		BASE "[BLE]\nAdapter=hci0 hci1\n",
		BASE "[Zigbee]\nEnabled=yes\nPort=/dev/serial/by-id/usb-x\n",
		BASE "[Zigbee]\nEnabled=yes\nPort=/dev/pts/3\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome o = read_good(rows[i]);

		assert_int_equal(o.problems.warning_count, 0);
		outcome_done(&o);
	}
}

static void many_mistakes_in_one_pass(void **state)
{
	static const char text[] = "[Gateway]\n"
				   "Name=Ward 7\n"
				   "Site=s\n"
				   " Ward=7\n"
				   "[MQTT]\n"
				   "Broker=broker:8883 mqtts://good mqtts://u:p@h\n"
				   "Windw=5\n"
				   "KeepAlive: 5s\n"
				   "[Stor]\n"
				   "MaxSize=0\n"
				   "[Store]\n"
				   "MaxSize=0\n"
				   "MaxSize=1G # as agreed\n"
				   "[Device bed3]\n"
				   "Transport=coap\n";
	static const char *const errors[] = {
		"t.conf:2: [Gateway] Name=Ward 7: is no name; give 1 to 40 of a-z, 0-9 and -, not "
		"beginning with -, e.g. ward-7",
		"t.conf:4: is indented; begin it in the first column",
		"t.conf:6: [MQTT] Broker=broker:8883: has no mqtts:// in front; give "
		"mqtts://broker:8883",
		"t.conf:6: [MQTT] Broker=***@h: carries a user name; give it in Username= and its "
		"password in the file that PasswordFile= names",
		"t.conf:7: [MQTT] Windw=5: no such setting; did you mean Window?",
		"t.conf:8: has : after the key; write Key=value",
		"t.conf:9: [Stor]: no such section; did you mean [Store]?",
		"t.conf:12: [Store] MaxSize=0: is out of range; give 1M to 16T (default 1G)",
		"t.conf:13: has a comment behind the value; put it on a line of its own",
		"t.conf:14: [Device bed3] Address: is missing; give e.g. "
		"Address=bed3-oximeter-7741",
		"t.conf:1: [Gateway] Ward: is missing, and TopicPrefix= has {ward}; give e.g. "
		"Ward=7",
	};
	struct outcome o = read_text(text);

	assert_int_equal(o.result, CONFIG_E_INVALID);
	if (o.problems.error_count != ARRAY_SIZE(errors))
		print_all(&o);
	assert_int_equal(o.problems.error_count, ARRAY_SIZE(errors));
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_string_equal(o.problems.errors[i], errors[i]);
	outcome_done(&o);
}

static void problems_are_capped_and_counted(void **state)
{
	size_t size = (CONFIG_PROBLEMS_MAX + 10) * 8 + 16;
	char *text = malloc(size), *at = text;
	struct outcome o;

	assert_non_null(text);
	at = stpcpy(at, "[Store]\n");
	for (size_t i = 0; i < CONFIG_PROBLEMS_MAX + 10; i++)
		at = stpcpy(at, "Foo=1\n");
	o = read_text(text);
	assert_int_equal(o.problems.error_count, CONFIG_PROBLEMS_MAX);
	assert_int_equal(o.problems.unsaid, 10 + 3);
	outcome_done(&o);
	free(text);
}

static void the_caps_of_instances(void **state)
{
	static const struct {
		const char *group;
		size_t max;
	} rows[] = { { "Device", 4096 }, { "Rule", 1024 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text, error[160];
		struct outcome o;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		for (size_t k = 0; k < rows[i].max + 2; k++)
			fprintf(f, "[%s x%zu]\n", rows[i].group, k);
		fclose(f);
		o = read_text(text);
		snprintf(error, sizeof(error),
			"t.conf:%zu: [%s x%zu]: is one more than the %zu [%s] sections that "
			"one gateway takes",
			rows[i].max + 1, rows[i].group, rows[i].max, rows[i].max, rows[i].group);
		/* Once, though two are too many. */
		assert_string_equal(o.problems.errors[0], error);
		assert_null(strstr(o.problems.errors[1], "one more"));
		outcome_done(&o);
		free(text);
	}
}

static void lists_add_up(void **state)
{
	struct outcome o = read_good(BASE "Broker=mqtts://b mqtts://c\nBroker=mqtts://b\n"
					  "Commands=pause reset\nCommands=\nCommands=observe\n"
					  "[BLE]\nAdapter=hci0\nAdapter=\n");

	assert_int_equal(o.config->mqtt.broker_count, 3);
	assert_string_equal(o.config->mqtt.brokers[0].host, "broker.example");
	assert_string_equal(o.config->mqtt.brokers[2].host, "c");
	assert_int_equal(o.config->mqtt.commands.count, 1);
	assert_string_equal(o.config->mqtt.commands.items[0], "observe");
	/* Emptied and not filled again: the default. */
	assert_int_equal(o.config->ble.adapters.count, 1);
	assert_string_equal(o.config->ble.adapters.items[0], "auto");
	outcome_done(&o);
}

static void lists_have_caps(void **state)
{
	expect_error(BASE "Broker=mqtts://1 mqtts://2 mqtts://3 mqtts://4\n"
			  "Broker=mqtts://5 mqtts://6 mqtts://7 mqtts://8\n",
		"t.conf:8: [MQTT] Broker=mqtts://8: makes more than 8 brokers; give fewer");
}

static void defaults(void **state)
{
	struct outcome o = read_good("[Gateway]\nSite=st-elsewhere\nWard=7\n"
				     "[MQTT]\nBroker=mqtts://b\n");
	const struct config *c = o.config;

	assert_string_equal(c->gateway.name, "host");
	assert_null(c->gateway.time_zone);
	assert_int_equal(c->gateway.mode, MODE_PRODUCTION);
	assert_string_equal(c->gateway.state_directory, "/var/lib/wardgate");
	assert_false(c->mqtt.allow_plaintext);
	assert_string_equal(c->mqtt.ca_file, "/etc/ssl/certs/ca-certificates.crt");
	assert_null(c->mqtt.certificate_file);
	assert_null(c->mqtt.username);
	assert_string_equal(c->mqtt.client_id, "wardgate-host");
	assert_int_equal(c->mqtt.protocol, 5);
	assert_string_equal(c->mqtt.topic_prefix, "wardgate/st-elsewhere/7");
	assert_int_equal(c->mqtt.payloads.count, 1);
	assert_int_equal(c->mqtt.commands.count, 0);
	assert_false(c->mqtt.no_subscriber_keep);
	assert_int_equal(c->mqtt.window, 100);
	assert_int_equal(c->mqtt.keep_alive_us, 10000000);
	assert_int_equal(c->mqtt.connect_timeout_us, 10000000);
	assert_int_equal(c->mqtt.ack_timeout_us, 10000000);
	assert_int_equal(c->store.commit_interval_us, 250000);
	assert_int_equal(c->store.max_size, 1 << 30);
	assert_int_equal(c->store.keep_free, 512 << 20);
	assert_int_equal(c->store.max_age_us, INT64_C(30) * 86400 * 1000000);
	assert_string_equal(c->control.bus, "system");
	assert_false(c->ble.enabled);
	assert_false(c->zigbee.enabled);
	assert_null(c->zigbee.port);
	assert_int_equal(c->zigbee.baud_rate, 115200);
	assert_int_equal(c->zigbee.flow_control, FLOW_HARDWARE);
	assert_int_equal(c->zigbee.channel, 0);
	assert_string_equal(c->zigbee.network_key, "auto");
	assert_false(c->coap.enabled);
	assert_string_equal(c->coap.listen, "[::]:5684");
	assert_null(c->coap.plaintext_listen);
	assert_string_equal(c->coap.psk_file, "/etc/wardgate/coap.psk");
	assert_int_equal(c->coap.max_sessions, 1000);
	assert_int_equal(c->coap.max_device_sessions, 4);
	assert_int_equal(c->coap.rate, 50);
	assert_int_equal(c->coap.burst, 200);
	assert_true(c->alarms.enabled);
	outcome_done(&o);
}

static void empty_goes_back_to_the_default(void **state)
{
	struct outcome o = read_good(BASE "Window=\nTopicPrefix=\nClientId=\n[CoAP]\nPSKFile=\n"
					  "[Gateway]\nStateDirectory=\nTimeZone=\n");

	assert_int_equal(o.config->mqtt.window, 100);
	assert_string_equal(o.config->mqtt.topic_prefix, "wardgate/s/w");
	assert_string_equal(o.config->mqtt.client_id, "wardgate-gw");
	assert_null(o.config->coap.psk_file);
	assert_string_equal(o.config->gateway.state_directory, "/var/lib/wardgate");
	outcome_done(&o);
}

static void training_has_topics_of_its_own(void **state)
{
	struct outcome o = read_good(BASE "[Gateway]\nMode=training\n");

	assert_int_equal(o.config->gateway.mode, MODE_TRAINING);
	assert_string_equal(o.config->mqtt.topic_prefix, "wardgate/s/w-training");
	assert_string_equal(o.config->mqtt.topic_template, "wardgate/{site}/{ward}");
	outcome_done(&o);
}

static void state_directories(void **state)
{
	static const struct {
		const char *given, *used;
	} rows[] = {
		{ "/var/lib/a", "/var/lib/a" },
		{ "/var/lib/a:/var/lib/b", "/var/lib/a" },
		{ "", "/var/lib/wardgate" },
		{ "relative", "/var/lib/wardgate" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config_options options = bytes_only;
		struct outcome o = { 0 };

		options.state_directory = rows[i].given;
		o.result = config_read_bytes(
			"t.conf", BASE, strlen(BASE), &options, &o.config, &o.problems);
		assert_int_equal(o.result, 0);
		assert_string_equal(o.config->gateway.state_directory, rows[i].used);
		outcome_done(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_keys),
		cmocka_unit_test(sections),
		cmocka_unit_test(secrets_are_not_repeated),
		cmocka_unit_test(what_a_gateway_needs),
		cmocka_unit_test(going_together),
		cmocka_unit_test(going_together_well),
		cmocka_unit_test(many_mistakes_in_one_pass),
		cmocka_unit_test(problems_are_capped_and_counted),
		cmocka_unit_test(the_caps_of_instances),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(lists_have_caps),
		cmocka_unit_test(defaults),
		cmocka_unit_test(empty_goes_back_to_the_default),
		cmocka_unit_test(training_has_topics_of_its_own),
		cmocka_unit_test(state_directories),
	};

	return RUN_TESTS(tests);
}
