/*
 * test-alarm: an alarm marked as a test goes the whole way to the broker, as an
 * event and as a retained state, and whoever asked hears that the broker has
 * confirmed both, or plainly that it has not. Afterwards the event that ends it
 * follows, and the state is emptied.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/bus.h"
#include "control/control_private.h"
#include "control/verbs.h"
#include "gateway/records.h"
#include "util/text.h"

#define PATIENCE_US (10 * UINT64_C(1000000))
#define BODY_MAX 1536

struct test_alarm {
	struct control *control;
	struct command_call *call;
	sd_event_source *timer, *finished;
	char bed[LABEL_MAX + 1];
	char rest[LABEL_MAX * 3]; /* topic of the state, below the prefix */
	uint64_t sequence;        /* of the event; it also names the alarm */
	int64_t onset_us;
	uint64_t unheard; /* what nobody subscribed to before */
	bool event_confirmed, state_confirmed, state_refused;
};

static struct test_alarm *test_alarm_free(struct test_alarm *t)
{
	if (!t)
		return NULL;
	if (t->control->test_alarm == t) {
		t->control->test_alarm = NULL;
		outbox_set_confirmed(t->control->parts.outbox, NULL, NULL);
	}
	sd_event_source_disable_unref(t->timer);
	sd_event_source_disable_unref(t->finished);
	free(t);
	return NULL;
}

static void put_time(struct text *b, const char *key, int64_t utc_us)
{
	text_printf(b, ",\"%s\":\"", key);
	text_time(b, utc_us);
	text_char(b, '"');
}

/* One phase; the first one's number names the alarm. */
static ssize_t put_body(const struct test_alarm *t, char *buf, size_t size, uint64_t sequence,
	bool begins, const struct stamp *now)
{
	const struct gateway *g = t->control->parts.gateway;
	struct text b = text_init(buf, size);
	const char *by = t->call ? call_by(t->call) : "";

	text_printf(&b,
		"{\"id\":\"%s:%s:%" PRIu64 "\",\"alarm\":\"%s:%s:t%" PRIu64
		"\",\"step\":%d,\"rule\":\"test\",\"kind\":\"advisory\",\"priority\":\"low\""
		",\"phase\":\"%s\",\"state\":\"%s\",\"inactivation\":[\"enabled\"],\"bed\":\"%s\"",
		gateway_name(g), gateway_epoch(g), sequence, gateway_name(g), gateway_epoch(g),
		t->sequence, begins ? 1 : 2, begins ? "start" : "end",
		begins ? "active" : "inactive", t->bed);
	if (*by) {
		text_lit(&b, ",\"by\":");
		text_json_string(&b, by, strlen(by));
	}
	text_str(&b, t->control->config->gateway.mode == MODE_TRAINING
			     ? ",\"flags\":[\"test\",\"demo\"]"
			     : ",\"flags\":[\"test\"]");
	put_time(&b, "onset", t->onset_us);
	put_time(&b, "detected", t->onset_us);
	if (!begins)
		put_time(&b, "ended", now->realtime_us);
	put_time(&b, "time", now->realtime_us);
	text_printf(&b, ",\"clock\":\"%s\",\"text\":\"Test alarm for bed %s%s\"}",
		clock_state_text(now->state), t->bed, begins ? "" : " is over");
	return text_done(&b);
}

/* The event of one phase goes into the outbox. */
static int append(struct test_alarm *t, bool begins, char *body, size_t size)
{
	struct control *c = t->control;
	struct stamp now = clock_now(gateway_clock(c->parts.gateway));
	uint64_t sequence = gateway_next_sequence(c->parts.gateway, &now);
	struct ledger ledger = outbox_ledger(c->parts.outbox);
	char topic[sizeof(t->rest) + 8];
	int r;

	if (begins) {
		t->sequence = sequence;
		t->onset_us = now.realtime_us;
	}
	if (put_body(t, body, size, sequence, begins, &now) < 0)
		return -ENOBUFS;
	snprintf(topic, sizeof(topic), "%s/events", t->rest);
	outbox_set_now(c->parts.outbox, now.boot_us);
	r = outbox_append_message(c->parts.outbox, MESSAGE_ALARM, sequence, topic, body, 0);
	if (r < 0)
		return r;
	ledger.flush(ledger.object);
	bus_tell_alarm(c->bus, body);
	return 0;
}

/* --- the end --- */

static const char *fate_text(const struct test_alarm *t)
{
	if (t->event_confirmed)
		return "its event is confirmed";
	switch (outbox_fate(t->control->parts.outbox, NULL, t->sequence)) {
	case OUTBOX_ASIDE:
		return "the broker refuses its event, which is set aside (wardgatectl outbox)";
	case OUTBOX_STORED:
	case OUTBOX_ELSEWHERE:
		return "its event is stored on the disk and goes out when the broker takes it";
	case OUTBOX_UNSAFE:
		break;
	}
	return "its event waits in memory and goes out when the broker takes it";
}

static void answer_unconfirmed(struct test_alarm *t)
{
	struct publish_report report;

	publish_report(t->control->parts.publish, &report);
	call_error(TAKE_PTR(t->call), COMMAND_NOT_CONFIRMED,
		"the broker has not confirmed the test alarm within 10 s: %s; its state is %s%s%s",
		fate_text(t),
		t->state_confirmed ? "published"
		: t->state_refused ? "refused by the broker"
				   : "not published",
		report.connected ? "" : "; no session with the broker: ",
		report.connected ? "" : report.problem ?: "it is being connected");
}

static void answer_confirmed(struct test_alarm *t)
{
	const struct gateway *g = t->control->parts.gateway;
	struct publish_report report;
	char result[512];

	publish_report(t->control->parts.publish, &report);
	snprintf(result, sizeof(result),
		"{\"id\":\"%s:%s:%" PRIu64
		"\",\"key\":\"test.bed-%s\",\"confirmed\":true,\"milliseconds\":%" PRId64 "%s}",
		gateway_name(g), gateway_epoch(g), t->sequence, t->bed,
		(realtime_us() - t->onset_us) / 1000,
		report.nobody_listening > t->unheard ? ",\"nobody_listening\":true" : "");
	call_ok(TAKE_PTR(t->call), result);
}

/* Answers, then takes the alarm back. */
static void end(struct test_alarm *t)
{
	struct control *c = t->control;
	char body[BODY_MAX];

	if (append(t, false, body, sizeof(body)) < 0)
		log_error("cannot publish the end of a test alarm");
	(void)publish_retain(c->parts.publish, t->rest, NULL);
	if (t->event_confirmed && t->state_confirmed)
		answer_confirmed(t);
	else
		answer_unconfirmed(t);
	test_alarm_free(t);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	end(userdata);
	return 0;
}

static int on_finished(sd_event_source *s, void *userdata)
{
	end(userdata);
	return 0;
}

/* Not at once: it is said from within what confirms. */
static void check(struct test_alarm *t)
{
	if (t->event_confirmed && t->state_confirmed)
		(void)sd_event_source_set_enabled(t->finished, SD_EVENT_ONESHOT);
}

static void on_confirmed(const struct message *m, void *userdata)
{
	struct test_alarm *t = userdata;

	const char *own = gateway_epoch(t->control->parts.gateway);

	if (m->kind != MESSAGE_ALARM || m->sequence != t->sequence ||
		strcmp(label_text(m->epoch, own), own) != 0)
		return;
	t->event_confirmed = true;
	check(t);
}

void test_alarm_retained(struct control *c, const char *rest, bool emptied, bool success)
{
	struct test_alarm *t = c->test_alarm;

	if (!t || emptied || strcmp(rest, t->rest) != 0)
		return;
	t->state_confirmed = success;
	t->state_refused = !success;
	check(t);
}

void test_alarm_abandon(struct control *c)
{
	struct test_alarm *t = c->test_alarm;

	if (!t)
		return;
	(void)publish_retain(c->parts.publish, t->rest, NULL);
	test_alarm_free(t);
}

/* --- the beginning --- */

static int start(struct test_alarm *t)
{
	struct control *c = t->control;
	struct publish_report report;
	char body[BODY_MAX];
	int r;

	r = sd_event_add_time_relative(
		c->parts.event, &t->timer, CLOCK_BOOTTIME, PATIENCE_US, 10000, on_timer, t);
	if (r >= 0)
		r = sd_event_add_defer(c->parts.event, &t->finished, on_finished, t);
	if (r >= 0)
		r = sd_event_source_set_enabled(t->finished, SD_EVENT_OFF);
	if (r < 0)
		return r;
	publish_report(c->parts.publish, &report);
	t->unheard = report.nobody_listening;
	c->test_alarm = t;
	outbox_set_confirmed(c->parts.outbox, on_confirmed, t);
	r = append(t, true, body, sizeof(body));
	return r < 0 ? r : publish_retain(c->parts.publish, t->rest, body);
}

static void run_test_alarm(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct test_alarm *t;
	int r;

	if (c->test_alarm) {
		call_error(call, COMMAND_BUSY,
			"a test alarm is under way; it takes 10 s at most, try again then");
		return;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		call_error(call, COMMAND_FAILED, "out of memory");
		return;
	}
	t->control = c;
	t->call = call;
	snprintf(t->bed, sizeof(t->bed), "%s", call_text(call, "bed"));
	snprintf(t->rest, sizeof(t->rest), "alarms/%s/test.bed-%s", gateway_name(c->parts.gateway),
		t->bed);
	r = start(t);
	if (r < 0) {
		test_alarm_free(t);
		call_errno(call, "cannot start the test alarm", r);
	}
}

const struct command_row verb_test_alarm = {
	.verb = "test-alarm",
	.arguments = ARGUMENTS({ BED, NEEDS }),
	.run = run_test_alarm,
	.afar = true,
};
