/*
 * What a reload finds changed: which sections, which sessions, and what has to
 * wait for a restart.
 */
#include "config/diff.h"

#include "config_test.h"

static void note(const struct config_change *change, void *userdata)
{
	char *text = userdata;
	size_t n = strlen(text);

	snprintf(text + n, 1024 - n, "%s%s%s%s%s%s%s\n", change->section, change->name ? " " : "",
		change->name ?: "", change->key ? "." : "", change->key ?: "",
		change->session ? " session" : "", change->restart ? " restart" : "");
}

static void changes(void **state)
{
	static const char *const rows[][3] = {
		{ BASE, BASE, "" },
		{ BASE "Window=5\n", BASE "# moved\nWindow=5\n", "" },
		{ BASE "Window=100\n", BASE, "" },
		{ BASE "KeepAlive=60s\n", BASE "KeepAlive=1min\n", "" },
		{ BASE "Window=5\n", BASE, "MQTT.Window\n" },
		{ BASE "Protocol=3.1.1\n", BASE, "MQTT.Protocol session\n" },
		{ BASE "Username=u\n", BASE, "MQTT.Username session\n" },
		{ BASE "Broker=mqtts://b\n", BASE, "MQTT.Broker session\n" },
		{ BASE "Broker=mqtts://b mqtts://c\n", BASE "Broker=mqtts://c mqtts://b\n",
			"MQTT.Broker session\n" },
		{ BASE "[Control]\nBus=off\n", BASE, "Control.Bus restart\n" },
		{ BASE "[CoAP]\nRate=5\n", BASE "[CoAP]\nListen=[::]:1\n",
			"CoAP.Listen session\nCoAP.Rate\n" },
		{ BASE "[Device a]\nTransport=coap\nAddress=a\n", BASE, "Device a session\n" },
		{ BASE, BASE "[Device a]\nTransport=coap\nAddress=a\n", "Device a session\n" },
		{ BASE "[Device a]\nTransport=coap\nAddress=a\n[Device "
		       "c]\nTransport=coap\nAddress=c\n",
			BASE "[Device b]\nTransport=coap\nAddress=b\n[Device c]\nTransport=coap\n"
			     "Address=c\nBed=3\n",
			"Device a session\nDevice b session\nDevice c.Bed\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome a = read_good(rows[i][0]), b = read_good(rows[i][1]);
		char text[1024] = "";

		config_diff(a.config, b.config, note, text);
		assert_string_equal(text, rows[i][2]);
		assert_int_equal(config_same(a.config, b.config), !*rows[i][2]);
		outcome_done(&a);
		outcome_done(&b);
	}
}

static void what_ends_sessions(void **state)
{
	static const struct {
		const char *next;
		bool same_mqtt, same_coap;
	} rows[] = {
		{ BASE, true, true },
		{ BASE "Window=5\n", true, true },
		{ BASE "AckTimeout=5s\nConnectTimeout=5s\n", true, true },
		{ BASE "Username=u\n", false, true },
		{ BASE "Commands=pause\n", true, true },
		{ BASE "[CoAP]\nRate=5\n", true, true },
		{ BASE "[CoAP]\nListen=[::]:1\n", true, false },
		/* Topics are made of [Gateway] as well. */
		{ BASE "[Gateway]\nMode=training\n", false, true },
		{ "[Gateway]\nName=gw\nSite=other\nWard=w\n[MQTT]\nBroker=mqtts://broker.example\n",
			false, true },
		{ BASE "[Device a]\nTransport=coap\nAddress=a\n", true, true },
	};
	struct outcome a = read_good(BASE);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome b = read_good(rows[i].next);
		const struct config *x = a.config, *y = b.config;

		assert_int_equal(config_same_session(x, y, "MQTT"), rows[i].same_mqtt);
		assert_int_equal(config_same_session(x, y, "CoAP"), rows[i].same_coap);
		outcome_done(&b);
	}
	outcome_done(&a);
}

static void what_waits_for_a_restart(void **state)
{
	struct outcome a = read_good("[Gateway]\nName=old\nSite=s\nWard=w\n[MQTT]\n"
				     "Broker=mqtts://b\nTopicPrefix={gateway}\n");
	struct outcome b = read_good("[Gateway]\nName=new\nSite=s\nWard=w\nStateDirectory=/x\n"
				     "[MQTT]\nBroker=mqtts://c\nTopicPrefix={gateway}\n"
				     "[Control]\nBus=off\n");

	assert_int_equal(config_keep_running(b.config, a.config, &b.problems), 0);
	assert_int_equal(b.problems.warning_count, 3);
	assert_string_equal(b.problems.warnings[0],
		"t.conf:2: [Gateway] Name=new: counts only after a "
		"restart; until then it stays old");
	assert_string_equal(b.problems.warnings[1],
		"t.conf:5: [Gateway] StateDirectory=/x: counts only after a restart; until then "
		"it stays /var/lib/wardgate");
	assert_string_equal(b.problems.warnings[2],
		"t.conf:10: [Control] Bus=off: counts only after a "
		"restart; until then it stays system");
	assert_string_equal(b.config->gateway.name, "old");
	assert_string_equal(b.config->gateway.state_directory, "/var/lib/wardgate");
	assert_string_equal(b.config->control.bus, "system");
	assert_string_equal(b.config->mqtt.topic_prefix, "old");
	assert_string_equal(b.config->mqtt.client_id, "wardgate-old");
	assert_string_equal(b.config->mqtt.brokers[0].host, "c");
	outcome_done(&a);
	outcome_done(&b);
}

static void nothing_waits(void **state)
{
	struct outcome a = read_good(BASE), b = read_good(BASE "Window=5\n");

	assert_int_equal(config_keep_running(b.config, a.config, &b.problems), 0);
	assert_int_equal(b.problems.warning_count, 0);
	assert_int_equal(b.config->mqtt.window, 5);
	outcome_done(&a);
	outcome_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes),
		cmocka_unit_test(what_ends_sessions),
		cmocka_unit_test(what_waits_for_a_restart),
		cmocka_unit_test(nothing_waits),
	};

	return RUN_TESTS(tests);
}
