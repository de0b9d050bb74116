/*
 * Gap, epoch and clock records. See records.h and docs/interface.
 */
#include "gateway/records.h"

#include <errno.h>
#include <inttypes.h>

#include "gateway/epoch.h"
#include "util/text.h"

#define LOG_MODULE "gateway"
#include "util/log.h"

#define RECORD_MAX 1024

int gateway_record(struct gateway *g, const char *members)
{
	char topic[LABEL_MAX + 32], body[RECORD_MAX];
	struct text t = text_init(topic, sizeof(topic)), b = text_init(body, sizeof(body));
	struct stamp now = clock_now(gateway_clock(g));
	uint64_t sequence = gateway_next_sequence(g);

	text_printf(&t, "gateways/%s/records", gateway_name(g));
	text_printf(
		&b, "{\"id\":\"%s:%s:%" PRIu64 "\"", gateway_name(g), gateway_epoch(g), sequence);
	text_str(&b, members);
	text_lit(&b, ",\"time\":\"");
	text_time(&b, now.realtime_us);
	text_lit(&b, "\",\"clock\":\"");
	text_str(&b, clock_state_text(now.state));
	text_lit(&b, "\"}");
	if (text_done(&t) < 0 || text_done(&b) < 0)
		return -ENOBUFS;
	return gateway_append_record(g, sequence, topic, body);
}

/* Ends the members and publishes them. */
static int publish(struct gateway *g, struct text *members)
{
	int r = text_done(members) < 0 ? -ENOBUFS : gateway_record(g, members->start);

	if (r < 0)
		log_error("cannot publish a record", F_STR("MEMBERS", members->start), F_ERR(r));
	return r;
}

void gateway_gap(struct gateway *g, uint64_t sequence, const char *reason)
{
	char members[RECORD_MAX];
	struct text t = text_init(members, sizeof(members));

	text_printf(&t,
		",\"record\":\"gap\",\"epoch\":\"%s\",\"first\":%" PRIu64 ",\"last\":%" PRIu64
		",\"reason\":\"%s\"",
		gateway_epoch(g), sequence, sequence, reason);
	(void)publish(g, &t);
}

void gateway_record_clock(
	struct gateway *g, enum clock_state state, enum clock_state previous, int64_t step_us)
{
	char members[RECORD_MAX];
	struct text t = text_init(members, sizeof(members));

	text_printf(&t,
		",\"record\":\"clock\",\"state\":\"%s\",\"previous\":\"%s\",\"step_ms\":%" PRId64,
		clock_state_text(state), clock_state_text(previous), step_us / 1000);
	(void)publish(g, &t);
}

int gateway_record_previous(struct gateway *g, const struct epoch *previous)
{
	char members[RECORD_MAX], epoch[EPOCH_TEXT_MAX];
	struct text t = text_init(members, sizeof(members));

	if (previous->clean && previous->published)
		return 0;
	epoch_text(previous, epoch);
	text_printf(&t, ",\"record\":\"epoch\",\"epoch\":\"%s\",\"clean\":%s,\"stored\":[]", epoch,
		previous->clean ? "true" : "false");
	if (previous->clean)
		text_printf(&t, ",\"last\":%" PRIu64, previous->last);
	return publish(g, &t);
}

uint64_t gateway_record_end(struct gateway *g)
{
	uint64_t last = gateway_sequence(g) + 1; /* the record's own number */
	char members[RECORD_MAX];
	struct text t = text_init(members, sizeof(members));

	text_printf(&t,
		",\"record\":\"epoch\",\"epoch\":\"%s\",\"clean\":true,\"stored\":[],\"last\":"
		"%" PRIu64,
		gateway_epoch(g), last);
	(void)publish(g, &t);
	return last;
}
