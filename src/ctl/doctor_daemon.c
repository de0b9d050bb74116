/*
 * doctor: the daemon itself, and what it says.
 */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/bus.h"
#include "ctl/doctor.h"
#include "ctl/json.h"

static const char area[] = "daemon";

/* Whether the configuration asks for it; one that this user may not read asks for nothing. */
static bool is_wanted(const struct doctor *d, const char *driver)
{
	const struct config *c = d->config;

	if (!c)
		return false;
	return strcmp(driver, "ble") == 0      ? c->ble.enabled
	       : strcmp(driver, "zigbee") == 0 ? c->zigbee.enabled
	       : strcmp(driver, "coap") == 0   ? c->coap.enabled
					       : true;
}

static void look_at_drivers(struct doctor *d, const cJSON *status)
{
	const cJSON *driver;

	cJSON_ArrayForEach(driver, cJSON_GetObjectItemCaseSensitive(status, "drivers"))
	{
		const char *problem = json_text(driver, "problem", "");

		/* doctor_zigbee() knows the remedy. */
		if (json_true(driver, "running") && strcmp(driver->string, "zigbee") == 0)
			continue;

		if (*problem || (!json_true(driver, "running") && is_wanted(d, driver->string)))
			doctor_find(d, FINDING_WRONG, area, NULL, "%s %s%s%s", driver->string,
				json_true(driver, "running") ? "runs" : "does not run",
				*problem ? ": " : "", problem);
	}
}

static void look_at_status(struct doctor *d, const cJSON *status)
{
	const cJSON *publish = cJSON_GetObjectItemCaseSensitive(status, "publish");
	const cJSON *outbox = cJSON_GetObjectItemCaseSensitive(status, "outbox");
	const char *store = json_text(status, "store_problem", "");
	int64_t refused = json_integer(publish, "refused", 0);
	int64_t dropped = json_integer(outbox, "dropped", 0);
	int64_t nobody = json_integer(publish, "nobody_listening", 0);

	doctor_find(d, FINDING_GOOD, area, NULL, "wardgated %s runs as %s",
		json_text(status, "version", "?"), json_text(status, "gateway", "?"));
	if (strcmp(json_text(status, "version", ""), WG_VERSION) != 0)
		doctor_find(d, FINDING_WARNING, area, "systemctl restart wardgated",
			"it is another version than this wardgatectl (%s)", WG_VERSION);
	if (*store)
		doctor_find(d, FINDING_WRONG, "store", NULL, "%s", store);
	if (refused > 0)
		doctor_find(d, FINDING_WARNING, "broker",
			"does the broker's access list let the gateway publish below its "
			"TopicPrefix=? its log says which topic",
			"%" PRId64 " messages were refused since the start", refused);
	if (nobody > 0)
		doctor_find(d, FINDING_WARNING, "broker",
			"is the consumer connected, with a persistent session?",
			"%" PRId64 " messages had no subscriber: the broker threw them away",
			nobody);
	if (dropped > 0)
		doctor_find(d, FINDING_WARNING, "store", "gap records say which",
			"%" PRId64 " messages were given up since the start", dropped);
	look_at_drivers(d, status);
}

static void look_at_devices(struct doctor *d, struct bus *bus)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(freep) char **documents = NULL;
	size_t count = 0, silent = 0, never = 0;

	if (bus_ask_list(bus, &p, &reply, &documents, &count, "ListDevices") != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		_cleanup_(cJSON_Deletep) cJSON *o = json_object(documents[i]);

		silent += strcmp(json_text(o, "state", ""), "silent") == 0;
		never += strcmp(json_text(o, "state", ""), "never-heard") == 0;
	}
	if (silent + never > 0)
		doctor_find(d, FINDING_WARNING, "devices",
			"wardgatectl devices lists them; are they on, near, and do they have their "
			"key?",
			"%zu of %zu are silent, %zu were never heard", silent, count, never);
	else if (count > 0)
		doctor_find(d, FINDING_GOOD, "devices", NULL, "%zu, all heard", count);
}

void doctor_daemon(struct doctor *d)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *status = NULL;
	_cleanup_(freep) char *document = NULL;

	if (!d->ctl->bus && d->config && strcmp(d->config->control.bus, "off") == 0) {
		doctor_find(d, FINDING_NOTE, area, NULL,
			"Bus=off in [Control]: whether it runs cannot be asked");
		return;
	}
	if (bus_open(&bus, d->ctl, &p) != 0 ||
		bus_ask(bus, &p, &document, "GetStatus", NULL) != 0) {
		bool may_not = p.status == EX_NOPERM;

		doctor_find(d, may_not ? FINDING_NOTE : FINDING_WRONG, area,
			may_not ? "run doctor as root"
				: "systemctl start wardgated; journalctl -u wardgated says why it "
				  "does not run",
			"%s", p.text ?: "out of memory");
		return;
	}
	status = json_object(document);
	if (!status) {
		doctor_find(d, FINDING_WRONG, area, "is it as new as wardgatectl?",
			"its status cannot be read");
		return;
	}
	d->runs = true;
	d->connected =
		*json_text(cJSON_GetObjectItemCaseSensitive(status, "publish"), "broker", "");
	look_at_status(d, status);
	look_at_devices(d, bus);
}
