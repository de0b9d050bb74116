/*
 * What the engine says, said on: each event into the outbox at once, where it
 * goes before readings; the present state of each alarm to the broker, retained,
 * a little later, which lets the events go first.
 */
#include <errno.h>
#include <stdlib.h>

#include "config/config.h"
#include "desk/private.h"
#include "outbox/outbox.h"
#include "util/text.h"

#define LATER_US INT64_C(10000)
#define STATES_US INT64_C(100000) /* between two rounds of states: each may cost the disk a sync */
#define TOPIC_BYTES (ALARM_KEY_MAX + LABEL_MAX + 32)

static struct desk_alarm *find(const struct desk *d, const char *key)
{
	struct desk_alarm *x = d->alarms[desk_bucket(key)];

	while (x && strcmp(x->key, key) != 0)
		x = x->next;
	return x;
}

static struct desk_alarm *get(struct desk *d, const char *key)
{
	struct desk_alarm **at = &d->alarms[desk_bucket(key)], *x = find(d, key);
	size_t n = strlen(key) + 1;

	if (x)
		return x;
	x = calloc(1, sizeof(*x) + n);
	if (!x)
		return NULL;
	memcpy(x->key, key, n);
	x->next = *at;
	*at = x;
	d->alarm_count++;
	return x;
}

static void drop(struct desk *d, struct desk_alarm *x)
{
	struct desk_alarm **at = &d->alarms[desk_bucket(x->key)];

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	d->alarm_count--;
	free(x->name);
	free(x->document);
	free(x);
}

/* The events go first: what is published beside them keeps them from their readers. */
static void arm_later(struct desk *d)
{
	int64_t at = boottime_us() + LATER_US, soonest = d->published_us + STATES_US;

	(void)sd_event_source_set_time(d->later, (uint64_t)(at > soonest ? at : soonest));
	(void)sd_event_source_set_enabled(d->later, SD_EVENT_ONESHOT);
}

static void make_dirty(struct desk *d, struct desk_alarm *x)
{
	if (!x->is_dirty) {
		x->is_dirty = true;
		x->dirty = d->dirty;
		if (!d->dirty)
			arm_later(d);
		d->dirty = x;
	}
	desk_wake(d);
}

/* ---- the present state ---- */

static void note_state(struct desk *d, const struct alarm_event *e, const char *document)
{
	struct desk_alarm *x = get(d, e->key);
	_cleanup_(freep) char *name = NULL, *copy = NULL;

	if (asprintf(&name, "%s:%s:a%" PRIu64, gateway_name(d->parts.gateway), e->epoch,
		    e->number) < 0)
		name = NULL;
	copy = strdup(document);
	if (!x || !name || !copy) {
		/* The event says it all the same; the next phase tries again. */
		log_error("no memory for the state of an alarm", F_STR("KEY", e->key));
		if (!x)
			return;
	}
	if (x->priority != e->priority || x->state != e->state ||
		x->inactivation != e->inactivation)
		d->signals_changed = true;
	x->priority = e->priority;
	x->state = e->state;
	x->inactivation = e->inactivation;
	x->over = e->state == ALARM_INACTIVE;
	x->to_log |= (uint8_t)(1u << e->phase);
	x->condition = e->condition;
	(void)snprintf(x->device, sizeof(x->device), "%s", e->device ?: "");
	if (name && copy) {
		free(x->name);
		free(x->document);
		x->name = TAKE_PTR(name);
		x->document = TAKE_PTR(copy);
	}
	make_dirty(d, x);
}

static void publish_state(struct desk *d, const struct desk_alarm *x)
{
	char rest[TOPIC_BYTES];
	struct text t = text_init(rest, sizeof(rest));
	int r;

	text_printf(&t, "alarms/%s/%s", gateway_name(d->parts.gateway), x->key);
	if (text_done(&t) < 0)
		return;
	r = x->over ? publish_unretain(d->parts.publish, rest)
		    : publish_retain(d->parts.publish, rest, x->document);
	if (r < 0)
		log_error("the state of an alarm cannot be published", F_STR("KEY", x->key),
			F_ERR(r));
}

/* No values and no patient: those are in the event. */
static void log_phases(struct desk_alarm *x)
{
	unsigned what = x->to_log;

	x->to_log = 0;
	if (what & 1u << PHASE_START && x->condition != CONDITION_NONE)
		log_warning(condition_info(x->condition)->what,
			F_STR("CONDITION", condition_info(x->condition)->name),
			F_STR("WARDGATE_DEVICE", x->device),
			F_STR("REMEDY", condition_info(x->condition)->remedy));
	else if (what & 1u << PHASE_START)
		log_info("an alarm started", F_STR("KEY", x->key),
			F_STR("PRIORITY", alarm_priority_text(x->priority)));
	if (what & 1u << PHASE_RESET)
		log_info("an alarm was reset", F_STR("KEY", x->key),
			F_STR("PRIORITY", alarm_priority_text(x->priority)));
	if (what & 1u << PHASE_END)
		log_info("an alarm ended", F_STR("KEY", x->key),
			F_STR("PRIORITY", alarm_priority_text(x->priority)));
}

void desk_publish_states(struct desk *d)
{
	if (d->dirty)
		d->published_us = boottime_us();
	while (d->dirty) {
		struct desk_alarm *x = d->dirty;

		d->dirty = x->dirty;
		x->dirty = NULL;
		x->is_dirty = false;
		publish_state(d, x);
		log_phases(x);
		if (x->over)
			drop(d, x);
	}
}

void desk_tell_signals(struct desk *d)
{
	if (d->signals_changed && d->parts.hooks.signals)
		d->parts.hooks.signals(d->parts.hooks.userdata);
	d->signals_changed = false;
}

/* ---- events ---- */

static int append(struct desk *d, const struct alarm_event *e, uint64_t sequence, const char *body)
{
	char topic[TOPIC_BYTES + 8];
	struct text t = text_init(topic, sizeof(topic));
	int r;

	text_printf(&t, "alarms/%s/%s/events", gateway_name(d->parts.gateway), e->key);
	if (text_done(&t) < 0)
		return -ENOBUFS;
	r = outbox_append_message(d->parts.outbox, MESSAGE_ALARM, sequence, topic, body, 0);
	d->appended = true;
	if (r == 0)
		desk_unsafe_add(d, sequence, topic, body);
	return r;
}

/* Whether it tells more than another value. */
static bool is_lasting(const struct desk *d, const struct alarm_event *e)
{
	const struct desk_alarm *x = find(d, e->key);

	return !e->transient && (!x || x->state != e->state || x->priority != e->priority ||
					x->inactivation != e->inactivation);
}

static void touch_place(struct desk *d, struct desk_place *p, bool lasting)
{
	if (!p)
		return;
	p->lasting_due |= lasting;
	desk_touch(d, p, true);
}

/* The pieces of the state that the event is about are kept before anybody hears of it. */
static void touch(struct desk *d, const struct alarm_event *e)
{
	struct desk_place *p = e->device ? desk_place_find(d, PIECE_DEVICE, e->device) : NULL;
	struct desk_place *b = e->bed ? desk_place_find(d, PIECE_BED, e->bed) : NULL;
	bool lasting = is_lasting(d, e);

	touch_place(d, p, lasting);
	touch_place(d, b, lasting && !p);
	if ((!p && !b) || e->condition != CONDITION_NONE)
		touch_place(d, d->gateway_place, lasting && !p && !b);
}

void desk_on_event(void *userdata, const struct alarm_event *e)
{
	struct desk *d = userdata;
	char plain[DESK_DOCUMENT], *body = plain;
	_cleanup_(freep) char *large = NULL;
	size_t size = desk_document_size(e);
	struct stamp now;
	struct desk_context c;
	int r;

	if (d->finished)
		return; /* the run has said its last number */
	touch(d, e);
	now = clock_now(gateway_clock(d->parts.gateway));
	c = (struct desk_context){
		.gateway = gateway_name(d->parts.gateway),
		.epoch = gateway_epoch(d->parts.gateway),
		.sequence = gateway_next_sequence(d->parts.gateway, &now),
		.clock = now.state,
		.training = d->config->gateway.mode == MODE_TRAINING,
	};
	/* Without memory the list of devices is shorter. */
	if (size > sizeof(plain) && (large = malloc(size)))
		body = large;
	else
		size = sizeof(plain);
	if (desk_document(body, size, e, &c) < 0) {
		log_error("an alarm cannot be written", F_STR("KEY", e->key));
		return;
	}
	r = append(d, e, c.sequence, body);
	if (r < 0)
		log_error("the event of an alarm cannot be kept", F_STR("KEY", e->key), F_ERR(r));
	if (!e->transient)
		note_state(d, e, body);
	if (d->parts.hooks.tell)
		d->parts.hooks.tell(body, d->parts.hooks.userdata);
}

/* ---- asked for ---- */

#define FOR_EACH_ALARM(d, i, x)                                                                    \
	for (size_t i = 0; i < DESK_TABLE; i++)                                                    \
		for (const struct desk_alarm *x = (d)->alarms[i]; x; x = x->next)                  \
			if (!x->over)

void desk_each(const struct desk *d,
	void (*fn)(const char *key, const char *document, void *userdata), void *userdata)
{
	FOR_EACH_ALARM(d, i, x)
	if (x->document)
		fn(x->key, x->document, userdata);
}

void desk_each_signal(const struct desk *d,
	void (*fn)(enum alarm_priority priority, enum alarm_state state, unsigned inactivation,
		void *userdata),
	void *userdata)
{
	FOR_EACH_ALARM(d, i, x)
	fn(x->priority, x->state, x->inactivation, userdata);
}

const char *desk_find(const struct desk *d, const char *name)
{
	const struct desk_alarm *by_key = find(d, name);

	if (by_key && !by_key->over)
		return by_key->key;
	FOR_EACH_ALARM(d, i, x)
	if (x->name && strcmp(x->name, name) == 0)
		return x->key;
	return NULL;
}

void desk_alarms_free(struct desk *d)
{
	for (size_t i = 0; i < DESK_TABLE; i++)
		while (d->alarms[i])
			drop(d, d->alarms[i]);
	d->dirty = NULL;
}
