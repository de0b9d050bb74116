/*
 * Gap, epoch and clock records. See records.h and docs/interface.
 */
#include "gateway/records.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "gateway/corrections.h"
#include "gateway/epoch.h"
#include "util/text.h"

#define LOG_MODULE "gateway"
#include "util/log.h"

#define RANGES_MAX 100 /* in one record */
#define RANGE_MAX 44   /* bytes: two numbers of 20 digits, brackets, commas */
#define CORRECTION_MAX 200
#define FRAME_MAX 1024
#define AUDIT_MAX (2 * GATEWAY_ENTRY_MAX + 200) /* each quote becomes two bytes */
/* Whatever the numbers are, it fits. */
#define RECORD_MAX (FRAME_MAX + AUDIT_MAX)
_Static_assert(RANGES_MAX *RANGE_MAX <= AUDIT_MAX, "ranges fit, too");
_Static_assert(CORRECTIONS_MAX *CORRECTION_MAX <= AUDIT_MAX, "corrections fit, too");

/* members: the inside of a JSON object after "id", beginning with a comma: ,"record":"gap",... */
static int record(struct gateway *g, const char *members, int64_t owed, uint64_t *ret_sequence)
{
	char topic[LABEL_MAX + 32], body[RECORD_MAX];
	struct text t = text_init(topic, sizeof(topic)), b = text_init(body, sizeof(body));
	struct stamp now = clock_now(gateway_clock(g));
	uint64_t sequence = gateway_next_sequence(g, &now);

	*ret_sequence = sequence;
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
	return gateway_append_record(g, sequence, topic, body, owed);
}

/* Ends the members and publishes them. */
static int publish(struct gateway *g, struct text *members, int64_t owed, uint64_t *ret_sequence)
{
	int r = text_done(members) < 0 ? -ENOBUFS : record(g, members->start, owed, ret_sequence);

	if (r < 0)
		log_error("cannot publish a record", F_ERR(r));
	return r;
}

int gateway_gap(struct gateway *g, const struct gap *gap)
{
	char members[FRAME_MAX];
	struct text t = text_init(members, sizeof(members));
	uint64_t sequence;

	text_printf(&t,
		",\"record\":\"gap\",\"epoch\":\"%s\",\"first\":%" PRIu64 ",\"last\":%" PRIu64,
		gap->epoch ?: gateway_epoch(g), gap->first, gap->last);
	if (gap->count > 0)
		text_printf(&t, ",\"count\":%" PRIu64, gap->count);
	text_printf(&t, ",\"reason\":\"%s\"", gap->reason);
	return publish(g, &t, gap->owed, &sequence);
}

int gateway_record_audit(struct gateway *g, const struct audit_record *a)
{
	char members[AUDIT_MAX];
	struct text t = text_init(members, sizeof(members));
	uint64_t sequence;

	text_printf(&t, ",\"record\":\"audit\",\"number\":%" PRIu64 ",\"entry\":", a->number);
	text_json_string(&t, a->entry, strlen(a->entry));
	text_printf(&t, ",\"previous\":\"%s\",\"hash\":\"%s\"", a->previous, a->hash);
	return publish(g, &t, a->owed, &sequence);
}

static void put_corrections(struct text *t, const struct corrections *c, int64_t offset_us)
{
	text_lit(t, ",\"corrections\":[");
	for (size_t i = 0; i < c->count; i++) {
		const struct correction_span *s = &c->spans[i];
		const struct epoch of = { .counter = s->counter, .random = s->random };
		int64_t error_ms = correction_error_ms(s);
		char epoch[EPOCH_TEXT_MAX];

		epoch_text(&of, epoch);
		text_printf(t, "%s{\"epoch\":\"%s\",\"first\":%" PRIu64, i > 0 ? "," : "", epoch,
			s->first);
		if (s->last > 0)
			text_printf(t, ",\"last\":%" PRIu64, s->last);
		text_printf(t, ",\"add_ms\":%" PRId64, correction_add_ms(s, offset_us));
		if (error_ms > 0)
			text_printf(t, ",\"error_ms\":%" PRId64, error_ms);
		text_char(t, '}');
	}
	text_char(t, ']');
}

int gateway_record_clock(struct gateway *g, enum clock_state state, enum clock_state previous,
	int64_t step_us, const struct corrections *corrections, int64_t offset_us,
	uint64_t *ret_sequence)
{
	char members[FRAME_MAX / 2 + CORRECTIONS_MAX * CORRECTION_MAX];
	struct text t = text_init(members, sizeof(members));

	text_printf(&t,
		",\"record\":\"clock\",\"state\":\"%s\",\"previous\":\"%s\",\"step_ms\":%" PRId64,
		clock_state_text(state), clock_state_text(previous),
		(step_us + (step_us < 0 ? -500 : 500)) / 1000);
	if (corrections)
		put_corrections(&t, corrections, offset_us);
	return publish(g, &t, 0, ret_sequence);
}

/* One epoch record with the ranges from at on, as many as it holds. */
static int epoch_part(struct gateway *g, const struct epoch_end *e, size_t at, size_t count)
{
	bool more = e->more || at + count < e->count;
	char members[FRAME_MAX / 2 + RANGES_MAX * RANGE_MAX];
	struct text t = text_init(members, sizeof(members));
	uint64_t sequence;

	text_printf(&t, ",\"record\":\"epoch\",\"epoch\":\"%s\",\"clean\":%s", e->epoch,
		e->clean ? "true" : "false");
	if (e->clean)
		text_printf(&t, ",\"last\":%" PRIu64, e->last);
	text_lit(&t, ",\"stored\":[");
	for (size_t i = 0; i < count; i++)
		text_printf(&t, "%s[%" PRIu64 ",%" PRIu64 "]", i > 0 ? "," : "",
			e->ranges[at + i].first, e->ranges[at + i].last);
	text_char(&t, ']');
	if (more)
		text_lit(&t, ",\"more\":true");
	return publish(g, &t, more ? 0 : e->owed, &sequence);
}

int gateway_record_epoch(struct gateway *g, const struct epoch_end *e)
{
	size_t at = 0;

	do {
		size_t count = e->count - at < RANGES_MAX ? e->count - at : RANGES_MAX;
		int r = epoch_part(g, e, at, count);

		if (r < 0)
			return r;
		at += count;
	} while (at < e->count);
	return 0;
}

int gateway_record_previous(struct gateway *g, const struct epoch *previous)
{
	char epoch[EPOCH_TEXT_MAX];
	struct epoch_end end = { .epoch = epoch, .clean = previous->clean, .last = previous->last };

	if (previous->clean && previous->published)
		return 0;
	epoch_text(previous, epoch);
	return gateway_record_epoch(g, &end);
}

uint64_t gateway_record_end(struct gateway *g, int64_t owed)
{
	uint64_t last = gateway_sequence(g) + 1; /* the record's own number */
	struct epoch_end end = {
		.epoch = gateway_epoch(g), .clean = true, .last = last, .owed = owed
	};

	(void)gateway_record_epoch(g, &end);
	return last;
}
