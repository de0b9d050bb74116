/*
 * --print-config reads back to the same, with origins; the manual page and the
 * sample that the repository has are those of the present schema.
 */
#include "config/print.h"

#include "config/diff.h"
#include "config/manual.h"
#include "config_test.h"

static char *print(const struct config *c)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(config_print(c, f), 0);
	fclose(f);
	return text;
}

#define FULL                                                                                       \
	"[Gateway]\nName=gw\nSite=s\nWard=w\nTimeZone=Europe/London\nMode=training\n"              \
	"StateDirectory=/var/lib/x\n"                                                              \
	"[MQTT]\nBroker=mqtts://a mqtt://[::1]:99\nBroker=mqtts://c\nAllowPlaintext=yes\n"         \
	"CAFile=/ca\nCertificateFile=/c\nPrivateKeyFile=credential:k\nUsername=u v\n"              \
	"PasswordFile=/p\nClientId=id\nProtocol=3.1.1\nTopicPrefix=a/{gateway}/{ward}/{site}\n"    \
	"Commands=pause reset\nNoSubscriber=keep\nWindow=7\nKeepAlive=90s\n"                       \
	"ConnectTimeout=1500ms\nAckTimeout=1min\n"                                                 \
	"[Store]\nCommitInterval=1s\nMaxSize=1536M\nKeepFree=0\nMaxAge=25h\n"                      \
	"[Control]\nBus=unix:path=/run/x\n"                                                        \
	"[BLE]\nEnabled=yes\nAdapter=hci0 sim:/x\n"                                                \
	"[Zigbee]\nEnabled=yes\nPort=/dev/pts/1\nBaudRate=57600\nFlowControl=none\nChannel=15\n"   \
	"NetworkKey=/k\n"                                                                          \
	"[CoAP]\nEnabled=yes\nListen=127.0.0.1:1\nPlaintextListen=[::1]:2\nPSKFile=\n"             \
	"CertificateFile=/c\nPrivateKeyFile=/k\nCAFile=/ca\nMaxSessions=9\n"                       \
	"MaxDeviceSessions=2\nRate=3\nBurst=4\n"                                                   \
	"[Alarms]\nEnabled=no\n"                                                                   \
	"[Device ble]\nTransport=ble\nAddress=c0:ff:ee:00:00:01\nUse=worn\nBonding=yes\n"          \
	"BindKey=/k\nDeleteStored=yes\n"                                                           \
	"[Device zig]\nTransport=zigbee\nAddress=00:12:4b:00:01:02:03:04\nInstallCode=/i\n"        \
	"[Device coap]\nTransport=coap\nAddress=A b: c\nUse=fixed\nBed=3\nExpectEvery=5s\n"        \
	"Units=spo2:% body-temperature:Cel\nAccept=text-labels percent\n"                          \
	"[Rule r]\nType=limit\nMetric=spo2\nBelow=90\nClearAt=92.5\nFor=15s\nPriority=high\n"      \
	"Latching=yes\nBeds=3 4\nDevices=ble coap\n"                                               \
	"[Rule s]\nType=limit\nMetric=spo2\nBelow=80\nPriority=low\n"                              \
	"[Rule news]\nType=score\nPriority=none\nMaxAge=\n"                                        \
	"[Rule fridge]\nType=coldchain\nMetric=ambient-temperature\nPriority=medium\n"             \
	"Above=8.5\nDoor=zig\n"                                                                    \
	"[Rule t]\nType=combination\nRules=r s\nRules=fridge\nPriority=low\nMatch=any\n"

static void reads_back_to_the_same(void **state)
{
	static const char *const texts[] = { BASE, FULL,
		"[MQTT]\nBroker=mqtts://b\nTopicPrefix=x\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct outcome a = read_good(texts[i]), b;
		char *once = print(a.config), *twice;

		b = read_good(once);
		assert_true(config_same(a.config, b.config));
		assert_string_equal(a.config->mqtt.topic_prefix, b.config->mqtt.topic_prefix);
		assert_int_equal(a.config->device_count, b.config->device_count);
		assert_int_equal(a.config->rule_count, b.config->rule_count);
		for (size_t k = 0; k < a.config->rule_count; k++)
			assert_true(b.config->rules[k].count >= a.config->rules[k].count);

		/* And so does what is printed of that. */
		twice = print(b.config);
		outcome_done(&a);
		a = read_good(twice);
		assert_true(config_same(a.config, b.config));
		outcome_done(&a);
		outcome_done(&b);
		free(once);
		free(twice);
	}
}

static void tells_where_values_come_from(void **state)
{
	struct outcome o = read_good(BASE "Broker=mqtts://b mqtts://c\nCommands=pause\n");
	char *text = print(o.config);

	assert_non_null(strstr(text, "\n[Gateway]\n# t.conf:2\nName=gw\n"));
	assert_non_null(
		strstr(text, "\n[MQTT]\n# t.conf:6\nBroker=mqtts://broker.example\n# t.conf:7\n"
			     "Broker=mqtts://b\nBroker=mqtts://c\n# default\n"
			     "AllowPlaintext=no\n"));
	assert_non_null(strstr(text, "\n# default\nTopicPrefix=wardgate/{site}/{ward}\n"));
	assert_non_null(strstr(text, "\n# default\nClientId=wardgate-gw\n"));
	assert_non_null(strstr(text, "\n# t.conf:8\nCommands=pause\n"));
	assert_non_null(strstr(text, "\n# default\nPlaintextListen=\n"));
	free(text);
	outcome_done(&o);
}

/* None is another thing than the default here. */
static void no_key_file_stays_none(void **state)
{
	struct outcome o = read_good(BASE "[CoAP]\nPSKFile=\n");
	char *text = print(o.config);

	assert_non_null(strstr(text, "\n# t.conf:8\nPSKFile=\n"));
	free(text);
	outcome_done(&o);
}

/* Whoever may write a directory could otherwise put settings into what is read back. */
static void a_path_cannot_end_its_comment(void **state)
{
	struct outcome o = { 0 };
	char *text;

	o.result = config_read_bytes("a\n[MQTT]\nWindow=9.conf", BASE, strlen(BASE), &bytes_only,
		&o.config, &o.problems);
	assert_int_equal(o.result, 0);
	text = print(o.config);
	assert_non_null(strstr(text, "\n# a?[MQTT]?Window=9.conf:2\nName=gw\n"));
	free(text);
	outcome_done(&o);
}

static void a_value_too_long_for_a_line(void **state)
{
	struct config_options options = bytes_only;
	struct outcome o = { 0 };
	char directory[400], *text;

	memset(directory, 'x', sizeof(directory));
	directory[0] = '/';
	directory[sizeof(directory) - 1] = 0;
	options.state_directory = directory;
	o.result =
		config_read_bytes("t.conf", BASE, strlen(BASE), &options, &o.config, &o.problems);
	assert_int_equal(o.result, 0);
	text = print(o.config);
	assert_non_null(strstr(text, "\n# too long to stand in a file: StateDirectory=/xxx"));
	outcome_done(&o);
	o = read_good(text);
	outcome_done(&o);
	free(text);
}

static void a_full_disk_is_told(void **state)
{
	struct outcome o = read_good(BASE);
	FILE *f = fopen("/dev/full", "we");

	assert_non_null(f);
	assert_int_equal(config_print(o.config, f), -EIO);
	fclose(f);
	outcome_done(&o);
}

static void documents_are_current(void **state)
{
	static const struct {
		const char *path;
		void (*write)(FILE *f);
	} rows[] = {
		{ "conf/wardgate.conf", config_write_sample },
		{ "docs/man/wardgate.conf.5", config_write_manual },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *made, *kept = load_whole(rows[i].path);
		size_t size;
		FILE *f = open_memstream(&made, &size);

		assert_non_null(f);
		rows[i].write(f);
		fclose(f);
		if (strcmp(made, kept) != 0)
			print_message(
				"%s is not what the schema makes; run `make docs`\n", rows[i].path);
		assert_string_equal(made, kept);
		free(made);
		free(kept);
	}
}

/* The sample's settings, taken out of their comments, are the defaults. */
static void the_sample_says_the_defaults(void **state)
{
	static const char *const needed[] = { "Name", "Site", "Ward", "Broker" };
	struct outcome a = read_good(BASE), b;
	char *sample = load_whole("conf/wardgate.conf"), *text, *line, *rest = sample;
	size_t size;
	FILE *f;

	/* As it is, it lacks the three things that it says it needs, and nothing else. */
	b = read_text(sample);
	assert_int_equal(b.problems.error_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(b.problems.errors[i], ": is missing"));
	outcome_done(&b);

	f = open_memstream(&text, &size);
	assert_non_null(f);
	fputs(BASE, f);
	while ((line = strsep(&rest, "\n"))) {
		bool setting = *line == '#' && line[1] != ' ';

		if (strncmp(line, "#[", 2) == 0)
			break; /* instances have no defaults for what they need */
		for (size_t i = 0; setting && i < ARRAY_SIZE(needed); i++)
			if (strncmp(line + 1, needed[i], strlen(needed[i])) == 0)
				setting = false;
		fprintf(f, "%s\n", setting ? line + 1 : line);
	}
	fclose(f);
	b = read_good(text);
	assert_true(config_same(a.config, b.config));
	outcome_done(&a);
	outcome_done(&b);
	free(text);
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_to_the_same),
		cmocka_unit_test(tells_where_values_come_from),
		cmocka_unit_test(no_key_file_stays_none),
		cmocka_unit_test(a_path_cannot_end_its_comment),
		cmocka_unit_test(a_value_too_long_for_a_line),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(documents_are_current),
		cmocka_unit_test(the_sample_says_the_defaults),
	};

	return RUN_TESTS(tests);
}
