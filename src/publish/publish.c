/*
 * The way to the broker: which one, when, and what becomes of it. See
 * publish.h.
 *
 * One session is active and has the outbox. While it is not with the first
 * broker of Broker=, a candidate goes there from time to time; only when that
 * broker has confirmed a publish of the candidate's does the active session
 * retire (it sees what is in flight confirmed, says offline and disconnects)
 * and the candidate take over. A first broker that is half alive costs nothing.
 */
#include "publish/publish.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/gateway.h"
#include "gateway/worker.h"
#include "publish/publish_private.h"

int64_t publish_now(struct publish *p)
{
	uint64_t now;

	if (sd_event_now(p->event, CLOCK_BOOTTIME, &now) < 0)
		return boottime_us();
	return (int64_t)now;
}

void publish_arm(sd_event_source *timer, int64_t boot_us)
{
	sd_event_source_set_time(timer, (uint64_t)boot_us);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void publish_disarm(sd_event_source *timer)
{
	sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}

const struct config_broker *publish_broker(const struct publish *p, unsigned i)
{
	return &p->config->mqtt.brokers[i];
}

static void remember(const char *topics, void *userdata)
{
	struct publish *p = userdata;

	if (p->hooks.remember)
		p->hooks.remember(topics, p->hooks.userdata);
}

void publish_arm_documents(struct publish *p)
{
	int64_t due = documents_due(p->documents), now = publish_now(p);

	if (due == INT64_MAX || !p->active || !session_is_up(p->active))
		publish_disarm(p->documents_timer);
	else
		/* What is due already waits for a place in the window, and goes with it. */
		publish_arm(p->documents_timer, due > now ? due : now + 100000);
}

static int on_documents_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct publish *p = userdata;

	publish_pump(p);
	publish_arm_documents(p);
	return 0;
}

static void on_documents_wake(void *userdata)
{
	struct publish *p = userdata;

	if (p->documents)
		publish_arm_documents(p);
}

static int on_expiry_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct publish *p = userdata;

	publish_check_expiry(p);
	publish_arm(source, publish_now(p) + EXPIRY_EVERY_US);
	return 0;
}

/* --- commands that were refused before anybody saw them --- */

static void arm_refusals(void *userdata)
{
	struct publish *p = userdata;
	int64_t next = refusals_next(&p->env.refusals);

	if (next == INT64_MAX)
		publish_disarm(p->refusals_timer);
	else
		publish_arm(p->refusals_timer, next);
}

static int on_refusals_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct publish *p = userdata;

	refusals_tick(&p->env.refusals, publish_now(p));
	arm_refusals(p);
	return 0;
}

static void on_refusals(const struct publish_refusals *r, void *userdata)
{
	struct publish *p = userdata;

	log_notice("commands from afar were refused unseen", F_STR("WHY", refusal_text(r->why)),
		F_INT("COUNT", r->count), F_STR("VERBS", r->verbs));
	if (p->hooks.refused)
		p->hooks.refused(r, p->hooks.userdata);
}

void publish_pump(struct publish *p)
{
	if (p->active)
		session_pump(p->active);
}

void publish_status_changed(struct publish *p)
{
	documents_status_changed(p->documents, publish_now(p));
}

ssize_t publish_status(struct publish *p, char *buf, size_t size)
{
	struct stamp now = clock_now(gateway_clock(p->gateway));

	return documents_online(p->documents, buf, size, now.realtime_us, now.state);
}

int publish_retain(struct publish *p, const char *rest, const char *body)
{
	int r = documents_put(p->documents, rest, body);

	if (r == 0)
		publish_pump(p);
	return r;
}

int publish_unretain(struct publish *p, const char *rest)
{
	int r = documents_empty(p->documents, rest);

	if (r == 0)
		publish_pump(p);
	return r;
}

void publish_answer(
	struct publish *p, struct publish_reply *take_reply, const char *error, const char *result)
{
	if (p->active)
		session_answer(p->active, take_reply, error, result);
	else
		publish_reply_free(take_reply);
}

static int add_timer(
	struct publish *p, sd_event_source **ret, sd_event_time_handler_t handler, const char *what)
{
	int r = sd_event_add_time(p->event, ret, CLOCK_BOOTTIME, 0, 10000, handler, p);

	if (r < 0)
		return r;
	sd_event_source_set_description(*ret, what);
	return sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static int add_timers(struct publish *p)
{
	int r;

	r = add_timer(p, &p->retry, publish_on_retry, "publish-retry");
	if (r >= 0)
		r = add_timer(p, &p->probe, publish_on_probe, "publish-probe");
	if (r >= 0)
		r = add_timer(p, &p->documents_timer, on_documents_timer, "publish-documents");
	if (r >= 0)
		r = add_timer(p, &p->expiry_timer, on_expiry_timer, "publish-expiry");
	if (r >= 0)
		r = add_timer(p, &p->refusals_timer, on_refusals_timer, "publish-refusals");
	if (r >= 0)
		r = add_timer(p, &p->stop_timer, publish_on_stop, "publish-stop");
	if (r >= 0)
		r = sd_event_add_defer(p->event, &p->finished, publish_on_finished, p);
	if (r >= 0)
		r = sd_event_source_set_enabled(p->finished, SD_EVENT_OFF);
	return r;
}

static void on_document_answered(const char *rest, bool emptied, bool success, void *userdata)
{
	struct publish *p = userdata;

	if (p->hooks.retained)
		p->hooks.retained(rest, emptied, success, p->hooks.userdata);
}

static int make_documents(struct publish *p)
{
	struct documents_settings settings = {
		.prefix = p->config->mqtt.topic_prefix,
		.gateway = p->env.context.gateway,
		.epoch = p->env.context.epoch,
		.training = p->config->gateway.mode == MODE_TRAINING,
		.registry = gateway_registry(p->gateway),
		.remembered = p->hooks.remembered,
		.status = publish_put_status,
		.remember = remember,
		.answered = on_document_answered,
		.wake = on_documents_wake,
		.userdata = p,
	};

	return documents_new(&p->documents, &settings);
}

int publish_new(struct publish **ret, sd_event *e, struct config *c, struct gateway *g,
	struct outbox *o, struct worker *w, const struct publish_hooks *hooks)
{
	_cleanup_(publish_freep) struct publish *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->event = sd_event_ref(e);
	p->config = config_ref(c);
	p->gateway = g;
	p->outbox = o;
	p->worker = w;
	p->hooks = *hooks;
	if (mosquitto_lib_init() != MOSQ_ERR_SUCCESS)
		return -ENOMEM;
	p->lib_ready = true;
	p->env.event = e;
	p->env.worker = w;
	p->env.outbox = o;
	p->env.clock = gateway_clock(g);
	p->env.command = hooks->command;
	p->env.command_userdata = hooks->userdata;
	p->env.refusals = (struct refusals){ .tell = on_refusals, .userdata = p };
	p->env.refused = arm_refusals;
	p->env.refused_userdata = p;
	p->env.context.gateway = gateway_name(g);
	p->env.context.epoch = gateway_epoch(g);
	r = environment_configure(&p->env, c);
	if (r == 0)
		r = publish_resize_hung(p, c->mqtt.broker_count);
	if (r == 0)
		r = add_timers(p);
	if (r >= 0)
		r = make_documents(p);
	if (r < 0)
		return r;
	p->env.documents = p->documents;
	backoff_init(&p->backoff, (unsigned)c->mqtt.broker_count);
	publish_arm(p->expiry_timer, publish_now(p) + EXPIRY_EVERY_US);
	publish_connect(p);
	*ret = TAKE_PTR(p);
	return 0;
}

struct publish *publish_free(struct publish *p)
{
	if (!p)
		return NULL;
	p->stopped = true;
	session_free(p->active);
	session_free(p->candidate);
	documents_free(p->documents);
	environment_done(&p->env);
	publish_abandon_check(p);
	config_unref(p->next_config);
	for (size_t i = 0; i < p->hung_count; i++)
		link_hung_unref(p->hung[i]);
	free(p->hung);
	tls_kept_done(&p->kept);
	sd_event_source_disable_unref(p->retry);
	sd_event_source_disable_unref(p->probe);
	sd_event_source_disable_unref(p->documents_timer);
	sd_event_source_disable_unref(p->expiry_timer);
	sd_event_source_disable_unref(p->refusals_timer);
	sd_event_source_disable_unref(p->stop_timer);
	sd_event_source_disable_unref(p->finished);
	config_unref(p->config);
	sd_event_unref(p->event);
	if (p->lib_ready)
		mosquitto_lib_cleanup();
	free(p);
	return NULL;
}
