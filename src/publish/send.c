/*
 * What a session sends: documents, answers, and the outbox's messages in each
 * of the formats of Payloads=. See session.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "publish/session_private.h"
#include "publish/shorten.h"
#include "publish/topic.h"
#include "util/reasons.h"

#define BATCH 64                  /* publishes per call, so that other sources have their turn */
#define DOCUMENTS_IN_FLIGHT_MAX 4 /* few, so that they never crowd out readings */

static const char *const schema_names[_SCHEMA_MAX] = {
	[SCHEMA_RECORD] = "wardgate-record-1",
	[SCHEMA_ALARM] = "wardgate-alarm-1",
	[SCHEMA_STATUS] = "wardgate-status-1",
	[SCHEMA_DEVICE] = "wardgate-device-1",
	[SCHEMA_RESPONSE] = "wardgate-response-1",
};

static unsigned places(const struct session *s)
{
	return suspects_single(&s->env->suspects) ? 1 : s->window.size;
}

/* The last place is for what cannot wait: alarms, and records that tell of gaps. */
static bool has_place(const struct session *s, bool urgent)
{
	unsigned all = places(s), count = flight_count(s->flight);

	return count < all && (urgent || all == 1 || count + 1 < all);
}

void session_set_outbox_window(struct session *s)
{
	unsigned all = places(s);
	/* One is kept for documents. */
	unsigned rest = (all > 1 ? all - 1 : 1) / s->env->format_count;

	if (s->has_outbox)
		outbox_set_window(s->env->outbox, rest ?: 1);
}

/* Hands one message to the library and notes it as in flight. Returns 0 or LINK_E_*. */
static int hand_over(struct session *s, enum item_kind kind, void *object, unsigned format,
	const char *topic, const char *body, size_t length, bool retain,
	const mosquitto_property *properties)
{
	struct flight_item *item;
	uint16_t mid;
	int r;

	r = link_publish(s->link, topic, body, length, retain, properties, &mid);
	if (r != 0)
		return r;
	item = flight_add(s->flight, mid);
	if (!item) {
		link_fail(
			s->link, LINK_LOSS_CLOSED, "more is in flight than the window has places");
		return LINK_E_DEAD;
	}
	item->kind = (uint8_t)kind;
	item->format = (uint8_t)format;
	item->object = object;
	item->sent_boot_us = session_now(s);
	session_arm_ack(s);
	return 0;
}

/* Of an alarm of many devices, a broker with a Maximum Packet Size gets as many as it takes. */
static int hand_over_alarm(struct session *s, enum item_kind kind, void *object, const char *topic,
	const char *body, size_t length, bool retain, const mosquitto_property *properties)
{
	int r = hand_over(s, kind, object, 0, topic, body, length, retain, properties);
	_cleanup_(freep) char *shorter = NULL;
	ssize_t n;

	if (r != LINK_E_TOO_LARGE)
		return r;
	n = shorten_devices(&shorter, body, length, link_room(s->link, topic, properties));
	if (n < 0)
		return n == -ENOMEM ? LINK_E_DEAD : r;
	return hand_over(s, kind, object, 0, topic, shorter, (size_t)n, retain, properties);
}

/* --- documents and answers --- */

static const mosquitto_property *document_properties(
	const struct session *s, const struct document *x)
{
	for (int i = 0; i < _SCHEMA_MAX; i++)
		if (strcmp(document_schema(x), schema_names[i]) == 0)
			return s->env->schema_properties[i];
	return NULL;
}

/* Returns false when no document can go now. */
static bool send_document(struct session *s)
{
	struct session_environment *env = s->env;
	struct document *x = documents_next(env->documents, session_now(s));
	struct stamp now;
	char buf[DOCUMENT_MAX];
	const char *body;
	ssize_t n;
	int r;

	if (!x)
		return false;
	now = clock_now(env->clock);
	n = document_body(env->documents, x, buf, sizeof(buf), now.realtime_us, now.state, &body);
	r = n < 0 ? LINK_E_INVALID
		  : hand_over_alarm(s, ITEM_DOCUMENT, x, document_topic(x), body, (size_t)n, true,
			    n > 0 ? document_properties(s, x) : NULL);
	if (r == LINK_E_DEAD)
		return false;
	document_sent(env->documents, x, session_now(s));
	if (r != 0) {
		log_error("a document cannot be published", F_STR("TOPIC", document_topic(x)),
			F_STR("REASON", r == LINK_E_TOO_LARGE ? "longer than the broker takes"
							      : "not valid"));
		document_give_up(env->documents, x);
		return true;
	}
	s->documents_in_flight++;
	return true;
}

void session_send_status(struct session *s, enum item_kind kind)
{
	struct session_environment *env = s->env;
	struct stamp now = clock_now(env->clock);
	char body[DOCUMENT_MAX];
	ssize_t n;

	if (kind == ITEM_OFFLINE)
		n = documents_offline(
			env->documents, body, sizeof(body), s->retire_reason, now.realtime_us);
	else
		n = documents_online(
			env->documents, body, sizeof(body), now.realtime_us, now.state);
	if (n < 0)
		return;
	(void)hand_over(s, kind, NULL, 0, documents_status_topic(env->documents), body, (size_t)n,
		true, env->schema_properties[SCHEMA_STATUS]);
	link_watch(s->link);
}

void answer_done(struct answer *a)
{
	free(a->topic);
	free(a->body);
	mosquitto_property_free_all(&a->properties);
	*a = (struct answer){ 0 };
}

static bool send_answer(struct session *s)
{
	struct answer *a = &s->answers[0];
	int r;

	if (s->answer_count == 0)
		return false;
	r = hand_over(s, ITEM_ANSWER, NULL, 0, a->topic, a->body, strlen(a->body), false,
		a->properties ?: s->env->schema_properties[SCHEMA_RESPONSE]);
	if (r == LINK_E_DEAD)
		return false;
	answer_done(a);
	s->answer_count--;
	memmove(a, a + 1, s->answer_count * sizeof(*a));
	s->answers[s->answer_count] = (struct answer){ 0 };
	return true;
}

/* --- the outbox --- */

/* It can never be sent: our fault, or longer than this broker takes. */
static void set_aside(struct session *s, struct outbox_entry *e, uint8_t reason)
{
	const struct message *m = outbox_entry_message(e);

	log_error("a message that cannot be published is set aside", F_INT("SEQUENCE", m->sequence),
		F_STR("REASON", reason_text(reason)));
	s->env->counters.set_aside++;
	outbox_set_aside(s->env->outbox, e, reason);
}

/* A record or an alarm event: its body is written already, and says only here that it waited. */
static int send_event(struct session *s, struct outbox_entry *e)
{
	static const char mark[] = ",\"backfill\":true}";
	const struct session_environment *env = s->env;
	const struct message *m = outbox_entry_message(e);
	const mosquitto_property *properties =
		env->schema_properties[m->kind == MESSAGE_ALARM ? SCHEMA_ALARM : SCHEMA_RECORD];
	size_t length = strlen(m->body);
	_cleanup_(freep) char *marked = NULL;
	char topic[TOPIC_MAX];

	if (topic_below(topic, sizeof(topic), env->prefix, m->topic) < 0)
		return LINK_E_INVALID;
	if (!m->backfill || length == 0 || m->body[length - 1] != '}')
		return hand_over_alarm(s, ITEM_ENTRY, e, topic, m->body, length, false, properties);
	marked = malloc(length + sizeof(mark));
	if (!marked)
		return LINK_E_DEAD;
	memcpy(marked, m->body, length - 1);
	memcpy(marked + length - 1, mark, sizeof(mark));
	return hand_over_alarm(
		s, ITEM_ENTRY, e, topic, marked, length + sizeof(mark) - 2, false, properties);
}

/* One format of an entry. Returns 0 or LINK_E_*. */
static int send_format(struct session *s, struct outbox_entry *e, unsigned format)
{
	const struct session_environment *env = s->env;
	const struct message *m = outbox_entry_message(e);
	const struct payload_format *f = env->formats[format];
	char topic[TOPIC_MAX], body[PAYLOAD_MAX];
	ssize_t n;

	if (m->kind != MESSAGE_READING)
		return send_event(s, e);
	if (topic_reading(topic, sizeof(topic), env->prefix, format ? f->name : NULL, &m->reading) <
		0)
		return LINK_E_INVALID;
	n = f->reading(body, sizeof(body), &m->reading, &env->context);
	if (n < 0)
		return LINK_E_INVALID;
	return hand_over(s, ITEM_ENTRY, e, format, topic, body, (size_t)n, false,
		env->format_properties[format]);
}

static unsigned formats_of(const struct session *s, const struct outbox_entry *e)
{
	return outbox_entry_message(e)->kind == MESSAGE_READING ? s->env->format_count : 1;
}

/* Goes on with an entry's formats while there are places. */
static bool send_formats(struct session *s, struct outbox_entry *e, unsigned format)
{
	unsigned count = formats_of(s, e);

	s->partial = NULL;
	for (; format < count; format++) {
		int r;

		if (flight_count(s->flight) >= places(s)) {
			s->partial = e;
			s->partial_next = format;
			return false;
		}
		r = send_format(s, e, format);
		if (r == LINK_E_DEAD)
			return false;
		if (r != 0) {
			/* What is in flight of it meets nobody when it comes back. */
			for (struct flight_item *i = flight_oldest(s->flight); i;
				i = flight_after(s->flight, i))
				if (i->object == e)
					i->object = NULL;
			set_aside(s, e, r == LINK_E_TOO_LARGE ? 0x95 : 0x99);
			return true;
		}
		if (format == 0)
			outbox_sent(s->env->outbox, e);
	}
	return true;
}

static bool send_entry(struct session *s)
{
	struct outbox_entry *e;

	if (s->partial)
		return send_formats(s, s->partial, s->partial_next);
	e = outbox_next(s->env->outbox);
	if (!e || !has_place(s, outbox_entry_message(e)->kind != MESSAGE_READING))
		return false;
	if (s->role == ROLE_RETIRING && outbox_entry_message(e)->kind != MESSAGE_ALARM)
		return false;
	return send_formats(s, e, 0);
}

/* Everything that may go now, in bounded steps. */
void session_send(struct session *s)
{
	unsigned sent = 0;

	while (sent < BATCH && link_is_up(s->link) && flight_count(s->flight) < places(s)) {
		bool more = false;

		/* The second of a batch says that it is one. */
		if (sent == 1)
			link_cork(s->link);
		if (s->role == ROLE_ACTIVE && s->documents_in_flight < DOCUMENTS_IN_FLIGHT_MAX &&
			has_place(s, false))
			more = send_document(s);
		if (!more)
			more = send_answer(s) || send_entry(s);
		if (!more)
			break;
		sent++;
	}
	if (sent > 0) {
		link_uncork(s->link);
		link_watch(s->link);
	}
	if (sent == BATCH)
		sd_event_source_set_enabled(s->next_batch, SD_EVENT_ONESHOT);
}
