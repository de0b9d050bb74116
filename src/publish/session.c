/*
 * A session's life, and what the broker answers. See session.h; send.c has what
 * goes out.
 */
#include "publish/session.h"

#include <errno.h>
#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "publish/session_private.h"
#include "publish/topic.h"
#include "util/reasons.h"

#define QUOTA_FIRST_US INT64_C(100000)
#define QUOTA_LONGEST_US INT64_C(10000000)
#define NOBODY_FIRST_US INT64_C(1000000)
#define NOBODY_LONGEST_US INT64_C(30000000)

int64_t session_now(const struct session *s)
{
	uint64_t now;

	if (sd_event_now(s->env->event, CLOCK_BOOTTIME, &now) < 0)
		return boottime_us();
	return (int64_t)now;
}

bool session_is_up(const struct session *s)
{
	return link_is_up(s->link);
}

unsigned session_window(const struct session *s)
{
	return s->window.size;
}

struct tls *session_tls(struct session *s)
{
	return link_tls(s->link);
}

/* --- acknowledgements --- */

static void confirmed(struct session *s)
{
	s->env->counters.published++;
	s->proven = true;
	s->quota.delay_us = 0;
	if (window_success(&s->window))
		session_set_outbox_window(s);
}

/* Sequences begin anew with each run; positions do not. */
static uint64_t suspect_id(const struct outbox_entry *e)
{
	return (uint64_t)outbox_entry_position(e);
}

static void entry_confirmed(struct session *s, struct outbox_entry *e)
{
	if (s->env->suspects.count > 0) {
		suspects_clear(&s->env->suspects, suspect_id(e));
		session_set_outbox_window(s);
	}
	s->nobody.delay_us = 0;
	confirmed(s);
	outbox_confirmed(s->env->outbox, e);
}

/* What was in flight together is refused together: that counts once. Returns whether it did. */
static bool slow_down(struct slowness *x, int64_t now, int64_t first_us, int64_t longest_us)
{
	if (x->delay_us && now < x->until_us)
		return false;
	x->delay_us = x->delay_us ? x->delay_us * 2 : first_us;
	if (x->delay_us > longest_us)
		x->delay_us = longest_us;
	x->until_us = now + x->delay_us;
	return true;
}

static void entry_unheard(struct session *s, struct outbox_entry *e)
{
	s->env->counters.nobody_listening++;
	s->proven = true;
	if (!s->said_nobody) {
		s->said_nobody = true;
		log_warning(s->env->no_subscriber_keep
				    ? "nobody subscribes to what is published; it is kept and "
				      "offered again (NoSubscriber=keep)"
				    : "nobody subscribes to what is published; the broker "
				      "discards it (NoSubscriber=accept)");
	}
	if (s->env->no_subscriber_keep) {
		slow_down(&s->nobody, session_now(s), NOBODY_FIRST_US, NOBODY_LONGEST_US);
		outbox_postponed(s->env->outbox, e, s->nobody.delay_us);
	} else {
		entry_confirmed(s, e);
	}
}

static void entry_over_quota(struct session *s, struct outbox_entry *e)
{
	if (slow_down(&s->quota, session_now(s), QUOTA_FIRST_US, QUOTA_LONGEST_US))
		window_shrink(&s->window);
	if (!s->said_quota) {
		s->said_quota = true;
		log_warning("the broker's quota is exceeded; fewer messages are sent at a time",
			F_INT("WINDOW", s->window.size));
	}
	outbox_postponed(s->env->outbox, e, s->quota.delay_us);
	session_set_outbox_window(s);
}

static void entry_refused(struct session *s, struct outbox_entry *e, uint8_t reason)
{
	uint64_t sequence = outbox_entry_message(e)->sequence;
	uint32_t bit = UINT32_C(1) << (reason & 31);

	s->env->counters.refused++;
	suspects_clear(&s->env->suspects, suspect_id(e));
	if (!(s->said_refused[reason >> 5] & bit)) {
		s->said_refused[reason >> 5] |= bit;
		log_warning("the broker refuses a message; it is offered again later",
			F_INT("SEQUENCE", sequence), F_INT("REASON_CODE", reason),
			F_STR("REASON", reason_text(reason)));
	}
	if (outbox_refused(s->env->outbox, e, reason)) {
		s->env->counters.set_aside++;
		log_error("a message that the broker refused too often is set aside",
			F_INT("SEQUENCE", sequence), F_INT("REASON_CODE", reason),
			F_STR("REASON", reason_text(reason)));
	}
}

static void entry_acked(struct session *s, struct outbox_entry *e, unsigned format, uint8_t reason)
{
	bool reading = outbox_entry_message(e)->kind == MESSAGE_READING;

	if (reading && s->env->format_count > 1) {
		unsigned all = (1u << s->env->format_count) - 1;
		unsigned mark = outbox_entry_mark(e) | 1u << format;

		/* Bits 0 to 7: acknowledged formats; from 8 on: the worst answer. */
		if (reason > mark >> 8)
			mark = (mark & 0xff) | (unsigned)reason << 8;
		outbox_entry_set_mark(e, mark);
		if ((mark & 0xff) != all)
			return;
		reason = (uint8_t)(mark >> 8);
	}
	if (reason == REASON_NO_MATCHING_SUBSCRIBERS) {
		entry_unheard(s, e);
	} else if (reason < REASON_REFUSED) {
		s->env->counters.heard++;
		entry_confirmed(s, e);
	} else if (reason == REASON_QUOTA_EXCEEDED) {
		entry_over_quota(s, e);
	} else {
		entry_refused(s, e, reason);
	}
}

static void document_answered(struct session *s, struct document *x, uint8_t reason)
{
	bool success = reason < REASON_REFUSED;

	s->documents_in_flight--;
	if (success)
		suspects_clear(&s->env->suspects, document_id(x));
	else
		log_warning("the broker refuses a document", F_STR("TOPIC", document_topic(x)),
			F_INT("REASON_CODE", reason), F_STR("REASON", reason_text(reason)));
	if (success)
		confirmed(s);
	document_acked(s->env->documents, x, success);
}

static void on_puback(struct link *l, uint16_t mid, uint8_t reason, void *userdata)
{
	struct session *s = userdata;
	struct flight_item item;

	if (flight_take(s->flight, mid, &item) < 0)
		return;
	outbox_set_now(s->env->outbox, session_now(s));
	switch ((enum item_kind)item.kind) {
	case ITEM_ENTRY:
		if (item.object)
			entry_acked(s, item.object, item.format, reason);
		break;
	case ITEM_DOCUMENT:
		document_answered(s, item.object, reason);
		break;
	case ITEM_TRIAL:
		s->tried = reason < REASON_REFUSED;
		if (!s->tried)
			link_fail(s->link, LINK_LOSS_GIVEN_UP, reason_text(reason));
		break;
	case ITEM_OFFLINE:
	case ITEM_ANSWER:
		break;
	}
}

static void on_suback(struct link *l, uint8_t reason, void *userdata)
{
	if (reason >= REASON_REFUSED)
		log_warning("the broker refuses the subscription to commands; none will be heard",
			F_INT("REASON_CODE", reason),
			F_STR("REASON", reason == 0x80 ? "refused" : reason_text(reason)));
}

static int on_ack_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session *s = userdata;
	const struct flight_item *oldest = flight_oldest(s->flight);
	int64_t due;

	if (!oldest)
		return 0;
	due = oldest->sent_boot_us + s->env->ack_timeout_us;
	if (due <= (int64_t)usec || due <= session_now(s)) {
		link_fail(s->link, LINK_LOSS_SILENT,
			"the broker did not acknowledge a message within AckTimeout=");
		return 0;
	}
	sd_event_source_set_time(source, (uint64_t)due);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* Armed once and then left alone until it fires: most acknowledgements come long before. */
void session_arm_ack(struct session *s)
{
	int enabled;

	if (sd_event_source_get_enabled(s->ack_timer, &enabled) < 0 || enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time(s->ack_timer, (uint64_t)(session_now(s) + s->env->ack_timeout_us));
	sd_event_source_set_enabled(s->ack_timer, SD_EVENT_ONESHOT);
}

static void pump_now(struct session *s);

/* --- roles --- */

void session_adjust(struct session *s)
{
	struct window fresh;

	if (!session_is_up(s))
		return;
	window_init(&fresh, s->env->window, link_get_limits(s->link)->receive_maximum);
	if (fresh.limit == s->window.limit)
		return;
	if (flight_grow(&s->flight, fresh.limit) < 0) {
		log_error("out of memory: Window= stays as it was for this session");
		return;
	}
	s->window = fresh;
	session_set_outbox_window(s);
}

static void subscribe(struct session *s)
{
	char filter[TOPIC_MAX];

	if (topic_gateway(filter, sizeof(filter), s->env->prefix, s->env->context.gateway,
		    "commands/+") < 0)
		return;
	if (link_subscribe(s->link, filter) != 0)
		log_warning("cannot subscribe to commands");
}

void session_activate(struct session *s)
{
	s->role = ROLE_ACTIVE;
	s->has_outbox = true;
	outbox_connected(s->env->outbox, 1);
	session_set_outbox_window(s);
	if (!link_get_limits(s->link)->retain_available)
		log_warning("the broker retains nothing: status and device documents do not last");
	documents_connected(s->env->documents);
	subscribe(s);
	pump_now(s);
}

void session_try(struct session *s)
{
	s->role = ROLE_TRYING;
	session_send_status(s, ITEM_TRIAL);
}

/* What was in flight goes back. If the broker hung up on it, the message that made it do so may
 * show. */
static void give_back(struct session *s, bool hung_up)
{
	struct session_environment *env = s->env;
	uint64_t ids[SUSPECTS_MAX], culprit = 0;
	size_t count = 0;

	if (!s->has_outbox)
		return;
	s->has_outbox = false;
	for (struct flight_item *i = flight_oldest(s->flight); i && count < SUSPECTS_MAX;
		i = flight_after(s->flight, i)) {
		if (i->kind == ITEM_ENTRY && i->object)
			ids[count++] = suspect_id(i->object);
		else if (i->kind == ITEM_DOCUMENT)
			ids[count++] = document_id(i->object);
	}
	if (hung_up)
		culprit = suspects_lost(&env->suspects, ids, count);
	for (struct flight_item *i = flight_oldest(s->flight); culprit && i;
		i = flight_after(s->flight, i)) {
		if (i->kind == ITEM_ENTRY && i->object && suspect_id(i->object) == culprit) {
			log_error("the broker hangs up on a message, which is set aside",
				F_INT("SEQUENCE", outbox_entry_message(i->object)->sequence));
			env->counters.set_aside++;
			outbox_set_aside(env->outbox, i->object, 0x80);
			break;
		}
		if (i->kind == ITEM_DOCUMENT && document_id(i->object) == culprit) {
			log_error("the broker hangs up on a document, which is not sent again",
				F_STR("TOPIC", document_topic(i->object)));
			document_give_up(env->documents, i->object);
			break;
		}
	}
	/* Nothing in flight: the next session may take over without a break. */
	if (outbox_counters(env->outbox).in_flight > 0 || s->role != ROLE_LEAVING)
		outbox_disconnected(env->outbox);
	documents_disconnected(env->documents);
}

static void leave(struct session *s)
{
	s->role = ROLE_LEAVING;
	link_disconnect(s->link);
}

static void retire_further(struct session *s)
{
	if (s->role != ROLE_RETIRING || flight_count(s->flight) > 0)
		return;
	if (s->offline_sent) {
		leave(s);
		return;
	}
	s->offline_sent = true;
	session_send_status(s, ITEM_OFFLINE);
}

static int on_retire_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session *s = userdata;

	if (s->role == ROLE_RETIRING) {
		leave(s);
		/* And if not even DISCONNECT can be written: */
		sd_event_source_set_time(source, usec + 500000);
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	} else {
		link_fail(s->link, LINK_LOSS_GIVEN_UP, "ended");
	}
	return 0;
}

void session_retire(struct session *s, const char *reason, int64_t until_us)
{
	s->retire_reason = reason;
	s->role = ROLE_RETIRING;
	sd_event_source_set_time(s->retire_timer, (uint64_t)until_us);
	sd_event_source_set_enabled(s->retire_timer, SD_EVENT_ONESHOT);
	retire_further(s);
}

/* --- what the link tells --- */

static void on_up(struct link *l, void *userdata)
{
	struct session *s = userdata;

	window_init(&s->window, s->env->window, link_get_limits(l)->receive_maximum);
	if (flight_new(&s->flight, s->window.limit) < 0) {
		link_fail(l, LINK_LOSS_NEVER, "out of memory");
		return;
	}
	s->ops->up(s, s->userdata);
}

static void on_down(struct link *l, enum link_loss loss, const char *why, void *userdata)
{
	struct session *s = userdata;

	give_back(s, loss == LINK_LOSS_CLOSED);
	s->ops->down(s, loss, why, s->userdata); /* frees s */
}

static void on_turn(struct link *l, void *userdata)
{
	struct session *s = userdata;

	if (s->tried && s->role == ROLE_TRYING) {
		s->tried = false;
		s->role = ROLE_CONNECTING;
		s->ops->tried(s, s->userdata);
	}
	if (s->proven && !s->proven_told) {
		s->proven_told = true;
		s->ops->proven(s, s->userdata);
	}
	pump_now(s);
	retire_further(s);
}

static int on_continue(sd_event_source *source, void *userdata)
{
	pump_now(userdata);
	return 0;
}

static bool may_send(const struct session *s)
{
	/* Within the library: on_turn() follows. */
	return session_is_up(s) && !link_in_library(s->link) &&
	       (s->role == ROLE_ACTIVE || s->role == ROLE_RETIRING);
}

static void pump_now(struct session *s)
{
	if (!may_send(s))
		return;
	(void)sd_event_get_iteration(s->env->event, &s->pumped_in);
	outbox_set_now(s->env->outbox, session_now(s));
	session_send(s);
}

void session_pump(struct session *s)
{
	uint64_t iteration = 0;

	if (!may_send(s))
		return;
	/* The first message of a turn goes at once, what follows in the same turn goes together:
	 * one segment instead of many. */
	if (sd_event_get_iteration(s->env->event, &iteration) >= 0 && iteration == s->pumped_in)
		sd_event_source_set_enabled(s->next_batch, SD_EVENT_ONESHOT);
	else
		pump_now(s);
}

static const struct link_ops link_ops = {
	.up = on_up,
	.down = on_down,
	.puback = on_puback,
	.suback = on_suback,
	.message = session_on_message,
	.turn = on_turn,
};

static int add_timer(struct session *s, sd_event_source **ret, sd_event_time_handler_t handler)
{
	int r = sd_event_add_time(s->env->event, ret, CLOCK_BOOTTIME, 0, 10000, handler, s);

	if (r < 0)
		return r;
	return sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int session_new(struct session **ret, struct session_environment *env,
	const struct link_settings *settings, struct tls *take_tls, const struct session_ops *ops,
	void *userdata)
{
	_cleanup_(tls_freep) struct tls *tls = take_tls;
	_cleanup_(session_freep) struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->env = env;
	s->ops = ops;
	s->userdata = userdata;
	r = add_timer(s, &s->ack_timer, on_ack_timer);
	if (r >= 0)
		r = add_timer(s, &s->retire_timer, on_retire_timer);
	if (r >= 0)
		r = sd_event_add_defer(env->event, &s->next_batch, on_continue, s);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->next_batch, SD_EVENT_OFF);
	if (r >= 0)
		r = link_new(
			&s->link, env->event, env->worker, settings, TAKE_PTR(tls), &link_ops, s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct session *session_free(struct session *s)
{
	if (!s)
		return NULL;
	give_back(s, false);
	sd_event_source_disable_unref(s->ack_timer);
	sd_event_source_disable_unref(s->retire_timer);
	sd_event_source_disable_unref(s->next_batch);
	link_free(s->link);
	flight_free(s->flight);
	for (unsigned i = 0; i < s->answer_count; i++)
		answer_done(&s->answers[i]);
	free(s);
	return NULL;
}
