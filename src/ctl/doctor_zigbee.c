/*
 * doctor: the Zigbee radio as the daemon has it: whether it answers, what it is,
 * and whether its network is the gateway's. Its port is doctor_radio.c's.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/doctor.h"
#include "ctl/json.h"

static const char area[] = "zigbee";

static bool is_up(const cJSON *network)
{
	return strcmp(json_text(network, "state", ""), "up") == 0;
}

/* What is wrong and what to do about it stand in one sentence, with "; " between. */
static void tell_problem(struct doctor *d, const cJSON *network, const char *problem)
{
	const char *between = strstr(problem, "; ");
	bool down = !is_up(network);

	doctor_find(d, down ? FINDING_WRONG : FINDING_WARNING, area,
		between ? between + 2 : "journalctl -u wardgated says what came before", "%.*s",
		(int)(between ? between - problem : (long)strlen(problem)), problem);
}

static void tell_network(struct doctor *d, const cJSON *network)
{
	const char *state = json_text(network, "state", "?");
	const char *radio = json_text(network, "coordinator", "");
	int open = (int)json_integer(network, "open_s", 0);
	int denied = (int)json_integer(network, "refused", 0);

	if (is_up(network))
		doctor_find(d, FINDING_GOOD, area, NULL,
			"the network is up: channel %d, PAN %s, %d device%s%s%s",
			(int)json_integer(network, "channel", 0), json_text(network, "pan", "?"),
			(int)json_integer(network, "devices", 0),
			json_integer(network, "devices", 0) == 1 ? "" : "s", *radio ? "; " : "",
			radio);
	else if (!*json_text(network, "problem", ""))
		doctor_find(d, FINDING_WARNING, area, "ask again in a few seconds",
			"the network is not up yet: %s", state);
	if (open > 0)
		doctor_find(d, FINDING_NOTE, area, NULL, "the network is open for %d s more", open);
	if (denied > 0)
		doctor_find(d, FINDING_NOTE, area,
			"wardgatectl permit-join lets one in; the log has their addresses",
			"devices that have no key here tried to join %d time%s", denied,
			denied == 1 ? "" : "s");
}

void doctor_zigbee(struct doctor *d)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *network = NULL;
	_cleanup_(freep) char *document = NULL;
	const char *problem;

	if (!d->runs || !d->config || !d->config->zigbee.enabled)
		return;
	if (bus_open(&bus, d->ctl, &p) != 0 ||
		bus_ask(bus, &p, &document, "Run", "ss", "network", "") != 0) {
		doctor_find(d, FINDING_WARNING, area, NULL, "%s", p.text ?: "out of memory");
		return;
	}
	network = json_object(document);
	problem = json_text(network, "problem", "");
	if (*problem)
		tell_problem(d, network, problem);
	tell_network(d, network);
}
