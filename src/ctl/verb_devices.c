/*
 * wardgatectl devices, device NAME: who is configured, and how each does.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl/bus.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/table.h"
#include "ctl/term.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *ago(char *buf, const cJSON *device)
{
	int64_t heard = json_time(device, "last_heard");

	if (heard < 0)
		return "never";
	human_duration(buf, (now_ms() - heard) / 1000);
	return buf;
}

static const char *battery(char *buf, const cJSON *device)
{
	int64_t percent = json_integer(device, "battery", -1);

	if (percent < 0)
		return "";
	snprintf(buf, HUMAN_MAX, "%" PRId64 " %%", percent);
	return buf;
}

static const char *kind(char *buf, size_t size, const cJSON *device)
{
	const char *maker = json_text(device, "maker", ""), *model = json_text(device, "model", "");

	snprintf(buf, size, "%s%s%s", maker, *maker && *model ? " " : "", model);
	return buf;
}

/* One that is heard and cannot be read is none that is well. */
static const char *state(const cJSON *d)
{
	const cJSON *bond = cJSON_GetObjectItemCaseSensitive(d, "bond");

	return strcmp(json_text(bond, "state", ""), "stale") == 0 ? "bond lost"
								  : json_text(d, "state", "?");
}

/* "zigbee router 87" of those that are members of a network: what it is there, and how well it is
 * heard, of 255. */
static const char *link_of(char *buf, size_t size, const cJSON *d)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(d, "link");
	const cJSON *router = cJSON_GetObjectItemCaseSensitive(o, "router");

	snprintf(buf, size, "%s", json_text(d, "transport", "?"));
	if (cJSON_IsBool(router))
		snprintf(buf + strlen(buf), size - strlen(buf), "%s %d",
			cJSON_IsTrue(router) ? " router" : "", (int)json_integer(o, "quality", 0));
	return buf;
}

static int print_table(const char *const *documents, size_t count)
{
	static const struct table_column columns[] = {
		{ .title = "DEVICE", .shrink = true },
		{ .title = "BED", .shrink = true },
		{ .title = "STATE" },
		{ .title = "HEARD", .right = true },
		{ .title = "BATTERY", .right = true },
		{ .title = "LINK" },
		{ .title = "ADDRESS", .shrink = true },
		{ .title = "KIND", .shrink = true },
	};
	_cleanup_(table_freep) struct table *t = NULL;
	int r = table_new(&t, columns, ARRAY_SIZE(columns));

	for (size_t i = 0; r == 0 && i < count; i++) {
		_cleanup_(cJSON_Deletep) cJSON *d = json_object(documents[i]);
		char heard[HUMAN_MAX], charge[HUMAN_MAX], what[200], link[48];
		const char *cells[] = { json_text(d, "device", "?"), json_text(d, "bed", "-"),
			state(d), ago(heard, d), battery(charge, d), link_of(link, sizeof(link), d),
			json_text(d, "address", "?"), kind(what, sizeof(what), d) };

		r = table_row(t, cells);
	}
	if (r == 0)
		table_print(t, stdout, term_width(stdout), 0);
	return r;
}

int verb_devices(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(freep) char **documents = NULL;
	size_t count = 0;
	int r = ctl_arguments(argc, argv, 0);

	if (r != 0)
		return r;
	if (bus_open(&bus, ctl, &p) != 0 ||
		bus_ask_list(bus, &p, &reply, &documents, &count, "ListDevices") != 0)
		return bus_complain(&p);
	if (ctl->json) {
		json_put_documents(stdout, "devices", documents, count);
	} else if (count == 0) {
		puts("No device is configured. wardgatectl adopt takes one in.");
	} else {
		r = print_table((const char *const *)documents, count);
	}
	return r < 0 ? ctl_fail("out of memory") : EXIT_SUCCESS;
}

/* Of a Bluetooth device, while the driver runs; else "". */
static const char *bond(const cJSON *d)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(d, "bond");
	const char *state = json_text(o, "state", "");

	if (strcmp(state, "none") == 0)
		return "no";
	if (strcmp(state, "stale") == 0)
		return "no longer: the device has lost it; wardgatectl pair makes a new one";
	if (strcmp(state, "good") != 0)
		return "";
	return json_true(o, "authenticated") ? "yes, proven by a number" : "yes";
}

/* Likewise. */
static void link_words(const cJSON *d, char *buf, size_t size)
{
	static const struct {
		const char *state, *words;
	} rows[] = {
		{ "not-heard", "not heard since the start" },
		{ "heard", "heard, not connected" },
		{ "broadcast", "heard, broadcasts its readings" },
		{ "waiting", "waits for a free connection" },
		{ "connecting", "being connected to" },
		{ "setting-up", "connected, and being asked what it has" },
		{ "connected", "connected" },
		{ "never-joined", "not in the network; wardgatectl permit-join lets it in" },
		{ "joined", "in the network" },
		{ "silent", "in the network, but silent" },
	};
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(d, "link");
	const cJSON *signal = cJSON_GetObjectItemCaseSensitive(o, "signal");
	const cJSON *router = cJSON_GetObjectItemCaseSensitive(o, "router");
	const char *state = json_text(o, "state", "");

	buf[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].state, state) == 0)
			(void)snprintf(buf, size, "%s", rows[i].words);
	if (buf[0] && cJSON_IsBool(router))
		(void)snprintf(buf + strlen(buf), size - strlen(buf),
			cJSON_IsTrue(router) ? ", a router" : ", an end device");
	if (buf[0] && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "mute")))
		(void)snprintf(buf + strlen(buf), size - strlen(buf),
			", MUTE: it lets nobody enrol its alarm zone");
	if (buf[0] && cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(o, "quality")))
		(void)snprintf(buf + strlen(buf), size - strlen(buf), ", quality %d of 255",
			(int)json_integer(o, "quality", 0));
	if (buf[0] && cJSON_IsNumber(signal))
		(void)snprintf(
			buf + strlen(buf), size - strlen(buf), " (%d dBm)", signal->valueint);
}

static void print_device(const cJSON *d)
{
	static const struct {
		const char *key, *label;
	} texts[] = {
		{ "transport", "link" },
		{ "address", "address" },
		{ "use", "use" },
		{ "bed", "bed" },
		{ "maker", "maker" },
		{ "model", "model" },
		{ "serial", "serial" },
		{ "firmware", "firmware" },
		{ "udi", "UDI" },
		{ "state", "state" },
	};
	char heard[HUMAN_MAX], when[HUMAN_MAX], text[2 * HUMAN_MAX + 80];
	int64_t last = json_time(d, "last_heard"), every = json_integer(d, "expect_every_ms", 0);

	term_print(json_text(d, "device", "?"));
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (*json_text(d, texts[i].key, ""))
			term_line(texts[i].label, json_text(d, texts[i].key, ""));
	if (last >= 0)
		snprintf(text, sizeof(text), "%s, %s ago", human_time(when, last), ago(heard, d));
	else
		snprintf(text, sizeof(text), "never since the gateway's start");
	term_line("heard", text);
	if (every > 0) {
		if (every >= 1000)
			human_duration(heard, every / 1000);
		else
			snprintf(heard, sizeof(heard), "%" PRId64 " ms", every);
		snprintf(text, sizeof(text), "every %s", heard);
		term_line("expected", text);
	}
	if (json_integer(d, "battery", -1) >= 0)
		term_line("battery", battery(heard, d));
	if (json_integer(d, "device_sequence", -1) >= 0) {
		snprintf(text, sizeof(text), "%s since the start",
			human_count(heard, (uint64_t)json_integer(d, "device_sequence", 0)));
		term_line("readings", text);
	}
	link_words(d, text, sizeof(text));
	if (text[0])
		term_line("radio", text);
	if (*bond(d))
		term_line("paired", bond(d));
	term_line(
		"configured", json_true(d, "adopted")
				      ? "by wardgatectl adopt, in devices.d of the state directory"
				      : "in the configuration's files");
}

int verb_device(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *device = NULL;
	_cleanup_(freep) char *document = NULL;
	bool raw = ctl_flag(&argc, argv, "--raw") || ctl->json;
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (argc != 2)
		return ctl_misused("device needs a name; wardgatectl devices lists them");
	if (bus_open(&bus, ctl, &p) != 0 ||
		bus_ask(bus, &p, &document, "GetDevice", "s", argv[1]) != 0)
		return bus_complain(&p);
	device = json_object(document);
	if (!device)
		return ctl_fail("wardgated's answer is no JSON object; is it as new as "
				"wardgatectl " WG_VERSION "?");
	if (raw) {
		json_put_document(stdout, document);
		putchar('\n');
	} else {
		print_device(device);
	}
	return EXIT_SUCCESS;
}
