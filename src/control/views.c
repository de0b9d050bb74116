/*
 * Documents as JSON: those that are published over MQTT, with what is of use on
 * the machine itself; and lists.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "publish/documents.h"
#include "util/reasons.h"
#include "util/text.h"

#define ASIDES_SHOWN 1000

int view_begin(struct view *v)
{
	*v = (struct view){ .text = NULL };
	v->f = open_memstream(&v->text, &v->size);
	return v->f ? 0 : -ENOMEM;
}

bool view_open(struct view *v, struct command_call *call)
{
	if (view_begin(v) == 0)
		return true;
	call_error(call, COMMAND_FAILED, "out of memory");
	return false;
}

char *view_end(struct view *v)
{
	bool failed = ferror(v->f);

	if (fclose(v->f) != 0 || failed) {
		free(v->text);
		return NULL;
	}
	return v->text;
}

void view_answer(struct view *v, struct command_call *call)
{
	_cleanup_(freep) char *text = view_end(v);

	if (text)
		call_ok(call, text);
	else
		call_error(call, COMMAND_FAILED, "out of memory");
}

static void put_time(FILE *f, const char *key, int64_t utc_us)
{
	char buf[40];
	struct text t = text_init(buf, sizeof(buf));

	text_time(&t, utc_us);
	if (text_done(&t) > 0)
		fprintf(f, ",\"%s\":\"%s\"", key, buf);
}

/* --- status --- */

ssize_t view_status(struct control *c, char *buf, size_t size)
{
	return publish_status(c->parts.publish, buf, size);
}

/* --- devices --- */

const struct config_device *view_configured(const struct control *c, const char *name)
{
	for (size_t i = 0; i < c->config->device_count; i++)
		if (strcmp(c->config->devices[i].name, name) == 0)
			return &c->config->devices[i];
	return NULL;
}

int view_device(struct control *c, const struct device *d, bool full, FILE *f)
{
	struct stamp now = clock_now(gateway_clock(c->parts.gateway));
	const struct config_device *configured = view_configured(c, d->name->text);
	char buf[DOCUMENT_MAX];
	ssize_t n = documents_device(d, buf, sizeof(buf), now.realtime_us);

	if (n < 0)
		return (int)n;
	buf[n - 1] = 0; /* the brace */
	fprintf(f, "%s,\"adopted\":%s,\"device_sequence\":%" PRIu64, buf,
		configured && configured->adopted ? "true" : "false", d->device_sequence);
	if (full && device_expected_us(d))
		fprintf(f, ",\"expect_every_ms\":%" PRId64, device_expected_us(d) / 1000);
	pairing_view(c, d, f);
	joining_show(c, d, f);
	putc('}', f);
	return 0;
}

void view_unknown(const struct unknown_device *u, FILE *f)
{
	fprintf(f, "{\"transport\":\"%s\",\"address\":", transport_text(u->transport));
	text_print_json(f, u->address);
	if (*u->kind) {
		fputs(",\"kind\":", f);
		text_print_json(f, u->kind);
	}
	if (*u->name) {
		fputs(",\"name\":", f);
		text_print_json(f, u->name);
	}
	if (u->signal_dbm)
		fprintf(f, ",\"signal\":%d", u->signal_dbm);
	put_time(f, "first_heard", u->first_heard_us);
	put_time(f, "last_heard", u->last_heard_us);
	fprintf(f, ",\"times\":%" PRIu64 "}", u->times);
}

/* --- the outbox --- */

static void put_aside(struct control *c, const struct outbox_entry *e, FILE *f)
{
	const struct message *m = outbox_entry_message(e);
	int64_t since = outbox_aside_since(e);

	fprintf(f, "{\"id\":\"%s:%s:%" PRIu64 "\",\"what\":", gateway_name(c->parts.gateway),
		label_text(message_epoch(m), gateway_epoch(c->parts.gateway)), m->sequence);
	if (m->kind == MESSAGE_READING) {
		char what[LABEL_MAX + 64];

		snprintf(what, sizeof(what), "%s %s", label_text(m->reading.device, "-"),
			metric_info(m->reading.metric)->name);
		text_print_json(f, what);
	} else {
		text_print_json(f, m->topic);
	}
	if (since)
		put_time(f, "since", realtime_us() - (boottime_us() - since));
	fprintf(f, ",\"tries\":%u,\"reason_code\":%u,\"reason\":", outbox_entry_tries(e),
		outbox_entry_reason(e));
	text_print_json(f, reason_text(outbox_entry_reason(e)));
	putc('}', f);
}

void view_outbox(struct control *c, FILE *f)
{
	struct outbox_counters o = outbox_counters(c->parts.outbox);
	const struct outbox_entry *e = NULL;
	struct store_figures s;
	size_t n = 0;

	c->parts.hooks.store(&s, c->parts.hooks.userdata);
	fprintf(f,
		"{\"depth\":%" PRIu64 ",\"in_flight\":%zu,\"live\":%zu,\"backlog\":%" PRIu64
		",\"aside\":%zu,\"taken\":%" PRIu64 ",\"delivered\":%" PRIu64
		",\"dropped\":%" PRIu64 ",\"connected\":%s",
		o.depth + o.waiting, o.in_flight, o.live, o.backlog + o.waiting, o.aside, o.taken,
		o.delivered, o.dropped, o.connected ? "true" : "false");
	if (o.oldest_boot_us)
		fprintf(f, ",\"oldest_seconds\":%" PRId64,
			(boottime_us() - o.oldest_boot_us) / 1000000);
	fprintf(f, ",\"store\":\"%s\"", store_state_text(s.state));
	if (*s.problem) {
		fputs(",\"store_problem\":", f);
		text_print_json(f, s.problem);
	}
	fprintf(f,
		",\"stored\":{\"readings\":%" PRIu64 ",\"events\":%" PRIu64 ",\"bytes\":%" PRId64
		",\"limit\":%" PRId64 ",\"dropped\":%" PRIu64,
		s.readings, s.events, s.file_bytes, s.limit_bytes, s.dropped);
	if (s.oldest_received_ms)
		put_time(f, "oldest", s.oldest_received_ms * 1000);
	fputs("},\"set_aside\":[", f);
	while ((e = outbox_aside_after(c->parts.outbox, e)) && n < ASIDES_SHOWN) {
		if (n++)
			putc(',', f);
		put_aside(c, e, f);
	}
	fputs("]}", f);
}
