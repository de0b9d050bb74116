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

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/worker.h"
#include "publish/backoff.h"
#include "publish/environment.h"
#include "publish/expiry.h"
#include "publish/session.h"

#define LOG_MODULE "publish"
#include "util/log.h"

#define RETIRE_US INT64_C(1000000)
#define EXPIRY_EVERY_US INT64_C(3600000000)
/* The same problem is not logged again at each attempt. */
#define SAY_AGAIN_US INT64_C(600000000)

struct publish {
	sd_event *event;
	struct config *config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct worker *worker;
	struct publish_hooks hooks;
	struct session_environment env;
	struct documents *documents;
	struct session *active, *candidate;
	unsigned active_broker;
	struct backoff backoff;
	struct link_hung **hung; /* one per broker */
	size_t hung_count;
	struct tls_kept kept;
	struct expiry own, peer;
	struct file_check *check;   /* NULL: none runs */
	struct config *next_config; /* NULL, or what to apply when the session has ended */
	sd_event_source *retry, *probe, *documents_timer, *expiry_timer, *stop_timer, *finished;
	bool accepted; /* the active session got its CONNACK */
	bool stopping, stopped, lib_ready;
	int64_t stop_until_us;
	void (*stop_done)(void *userdata);
	void *stop_userdata;
	uint64_t connects, failures;
	char problem[512];
	int64_t problem_said_us;
};

static void connect_active(struct publish *p);
static void arm_probe(struct publish *p);
static void check_stop(struct publish *p);
static void finish(struct publish *p);
static int apply(struct publish *p, struct config *c);

static int64_t now_us(struct publish *p)
{
	uint64_t now;

	if (sd_event_now(p->event, CLOCK_BOOTTIME, &now) < 0)
		return boottime_us();
	return (int64_t)now;
}

static uint32_t random_32(void)
{
	uint32_t v = 0;

	/* Jitter: not worth waiting for entropy. */
	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != (ssize_t)sizeof(v))
		v = (uint32_t)boottime_us() * UINT32_C(2654435761);
	return v;
}

static void arm(sd_event_source *timer, int64_t boot_us)
{
	sd_event_source_set_time(timer, (uint64_t)boot_us);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void disarm(sd_event_source *timer)
{
	sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}

static const struct config_broker *broker_at(const struct publish *p, unsigned i)
{
	return &p->config->mqtt.brokers[i];
}

/* --- what is known of it --- */

static void have_problem(struct publish *p, const struct config_broker *broker, const char *why)
{
	int64_t now = now_us(p);
	bool news;
	char sentence[sizeof(p->problem)];

	snprintf(sentence, sizeof(sentence), "%s: %s", broker->uri, why);
	news = strcmp(sentence, p->problem) != 0;
	memcpy(p->problem, sentence, sizeof(p->problem));
	if (news || now - p->problem_said_us >= SAY_AGAIN_US) {
		p->problem_said_us = now;
		log_warning("no session with the broker", F_STR("BROKER", broker->uri),
			F_STR("REASON", why));
	} else {
		log_debug("no session with the broker", F_STR("BROKER", broker->uri),
			F_STR("REASON", why));
	}
}

static void say_expiry(struct expiry *x, const char *whose)
{
	int days = expiry_check(x, realtime_us());
	char sentence[160];
	const char *said = sentence;

	if (days == EXPIRY_NONE)
		return;
	if (days == 0)
		snprintf(sentence, sizeof(sentence), "%s has expired", whose);
	else
		snprintf(sentence, sizeof(sentence), "%s expires in %d day%s or less", whose, days,
			days == 1 ? "" : "s");
	if (days <= 7)
		log_error(said, F_INT("DAYS", days));
	else
		log_warning(said, F_INT("DAYS", days));
}

static void check_expiry(struct publish *p)
{
	say_expiry(&p->own, "the gateway's certificate for the broker");
	say_expiry(&p->peer, "the broker's certificate or its authority's");
}

static int on_expiry_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct publish *p = userdata;

	check_expiry(p);
	arm(source, now_us(p) + EXPIRY_EVERY_US);
	return 0;
}

static void learn_certificates(struct publish *p, const struct tls *tls)
{
	if (!tls)
		return;
	if (*tls_notice(tls))
		log_warning(tls_notice(tls));
	tls_keep(tls, &p->kept);
	expiry_set(&p->own, tls_own_expires_us(tls));
	if (tls_peer_expires_us(tls))
		expiry_set(&p->peer, tls_peer_expires_us(tls));
	check_expiry(p);
}

static void put_text_member(struct text *t, const char *key, const char *value)
{
	text_printf(t, ",\"%s\":", key);
	text_json_string(t, value, strlen(value));
}

static void put_status(struct text *t, void *userdata)
{
	struct publish *p = userdata;
	struct outbox_counters o = outbox_counters(p->outbox);
	struct publish_report r;

	publish_report(p, &r);
	text_printf(t,
		",\"outbox\":{\"depth\":%zu,\"in_flight\":%zu,\"live\":%zu,\"backlog\":%zu,"
		"\"aside\":%zu,\"taken\":%" PRIu64 ",\"delivered\":%" PRIu64
		",\"dropped\":%" PRIu64,
		o.depth, o.in_flight, o.live, o.backlog, o.aside, o.taken, o.delivered, o.dropped);
	if (o.oldest_boot_us)
		text_printf(t, ",\"oldest_seconds\":%" PRId64,
			(now_us(p) - o.oldest_boot_us) / 1000000);
	text_printf(t,
		"},\"publish\":{\"connects\":%" PRIu64 ",\"failures\":%" PRIu64
		",\"published\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"nobody_listening\":%" PRIu64
		",\"commands\":%" PRIu64,
		r.connects, r.failures, r.published, r.refused, r.nobody_listening,
		p->env.counters.commands);
	if (p->active && session_is_up(p->active))
		text_printf(t, ",\"window\":%u", session_window(p->active));
	if (r.broker)
		put_text_member(t, "broker", r.broker);
	if (r.problem)
		put_text_member(t, "problem", r.problem);
	if (r.certificate_expires_us) {
		text_lit(t, ",\"certificate_expires\":\"");
		text_time(t, r.certificate_expires_us);
		text_char(t, '"');
	}
	text_char(t, '}');
	if (p->hooks.status) {
		ssize_t n = p->hooks.status(t->at, (size_t)(t->end - t->at), p->hooks.userdata);

		if (n >= 0)
			t->at += n;
		else
			t->overflow = true;
	}
}

static void remember(const char *topics, void *userdata)
{
	struct publish *p = userdata;

	if (p->hooks.remember)
		p->hooks.remember(topics, p->hooks.userdata);
}

/* --- documents have a time of their own --- */

static void arm_documents(struct publish *p)
{
	int64_t due = documents_due(p->documents), now = now_us(p);

	if (due == INT64_MAX || !p->active || !session_is_up(p->active))
		disarm(p->documents_timer);
	else
		/* What is due already waits for a place in the window, and goes with it. */
		arm(p->documents_timer, due > now ? due : now + 100000);
}

static int on_documents_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct publish *p = userdata;

	publish_pump(p);
	arm_documents(p);
	return 0;
}

static void on_documents_wake(void *userdata)
{
	struct publish *p = userdata;

	if (p->documents)
		arm_documents(p);
}

/* --- connecting --- */

static int secret(const char *value, char **ret)
{
	*ret = NULL;
	return value ? config_secret_path(value, ret) : 0;
}

/* The files' part of an attempt. */
static int make_tls(struct publish *p, const struct config_broker *broker, struct tls **ret)
{
	_cleanup_(freep) char *certificate = NULL, *key = NULL;
	int r;

	*ret = NULL;
	if (!broker->tls)
		return 0;
	r = secret(p->config->mqtt.certificate_file, &certificate);
	if (r == 0)
		r = secret(p->config->mqtt.private_key_file, &key);
	if (r < 0)
		return r;
	return tls_new(ret, broker->host, p->config->mqtt.ca_file, certificate, key, &p->kept);
}

static const struct session_ops session_ops;

static int start_session(struct publish *p, unsigned i, struct session **ret)
{
	const struct config *c = p->config;
	const struct config_broker *broker = broker_at(p, i);
	_cleanup_(freep) char *password = NULL;
	char will[1024];
	struct link_settings settings = {
		.host = broker->host,
		.port = broker->port,
		.client_id = c->mqtt.client_id,
		.username = c->mqtt.username,
		.protocol = c->mqtt.protocol,
		.keep_alive_us = c->mqtt.keep_alive_us,
		.connect_timeout_us = c->mqtt.connect_timeout_us,
		.will_topic = documents_status_topic(p->documents),
		.will_body = will,
		.will_properties = p->env.schema_properties[SCHEMA_STATUS],
		.hung = p->hung[i],
	};
	struct tls *tls;
	int r;

	if (documents_offline(p->documents, will, sizeof(will), NULL, 0) < 0)
		return -ENOBUFS;
	r = secret(c->mqtt.password_file, &password);
	if (r < 0)
		return r;
	settings.password_path = password;
	r = make_tls(p, broker, &tls);
	if (r < 0)
		return r;
	return session_new(ret, &p->env, &settings, tls, &session_ops, p);
}

static const char *start_problem(int error)
{
	switch (error) {
	case -EBUSY:
		return "earlier attempts still hang (in name resolution?)";
	case -ENXIO:
		return "a credential: is named, but $CREDENTIALS_DIRECTORY is not set";
	default:
		return strerrordesc_np(-error) ?: "unknown error";
	}
}

static void retry_later(struct publish *p)
{
	if (p->stopping && outbox_counters(p->outbox).depth == 0) {
		check_stop(p);
		return;
	}
	arm(p->retry, now_us(p) + backoff_failed(&p->backoff, random_32()));
}

static void connect_active(struct publish *p)
{
	int r;

	if (p->active || p->stopped)
		return;
	p->accepted = false;
	p->active_broker = p->backoff.next;
	r = start_session(p, p->active_broker, &p->active);
	if (r < 0) {
		p->failures++;
		have_problem(p, broker_at(p, p->active_broker), start_problem(r));
		retry_later(p);
	}
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	connect_active(userdata);
	return 0;
}

static int on_probe(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct publish *p = userdata;

	/* One that hangs in the resolver is enough: threads are few. */
	if (!p->candidate && !p->stopping && p->active && session_is_up(p->active) &&
		p->hung[0]->count == 0 && start_session(p, 0, &p->candidate) == 0)
		return 0;
	arm_probe(p);
	return 0;
}

static void arm_probe(struct publish *p)
{
	if (p->active_broker == 0 || p->stopping || !p->accepted)
		disarm(p->probe);
	else
		arm(p->probe, now_us(p) + backoff_probe(&p->backoff, random_32()));
}

/* The session is the one from now on. */
static void take_over(struct publish *p, unsigned i)
{
	p->accepted = true;
	p->active_broker = i;
	p->connects++;
	p->problem[0] = 0;
	backoff_connected(&p->backoff, i);
	learn_certificates(p, session_tls(p->active));
	log_notice("connected to the broker", F_STR("BROKER", broker_at(p, i)->uri),
		F_INT("WINDOW", session_window(p->active)));
	session_activate(p->active);
	arm_documents(p);
	arm_probe(p);
}

/* --- what sessions tell --- */

static void on_up(struct session *s, void *userdata)
{
	struct publish *p = userdata;

	if (s == p->active)
		take_over(p, p->active_broker);
	else
		session_try(s);
}

static void on_tried(struct session *s, void *userdata)
{
	struct publish *p = userdata;

	log_info("the first broker is there again", F_STR("BROKER", broker_at(p, 0)->uri));
	session_retire(p->active, "moved", now_us(p) + RETIRE_US);
}

static void on_proven(struct session *s, void *userdata)
{
	struct publish *p = userdata;

	if (s == p->active)
		backoff_confirmed(&p->backoff);
}

static void candidate_down(struct publish *p, const char *why)
{
	p->candidate = session_free(p->candidate);
	log_debug("the first broker is not there yet", F_STR("BROKER", broker_at(p, 0)->uri),
		F_STR("REASON", why));
	arm_probe(p);
}

/* The candidate steps in, or goes on connecting as the one attempt there is. Returns false when
 * there is none. */
static bool promote(struct publish *p)
{
	if (!p->candidate)
		return false;
	p->active = TAKE_PTR(p->candidate);
	p->active_broker = 0;
	p->accepted = false;
	if (session_is_up(p->active))
		take_over(p, 0);
	return true;
}

static void begin_anew(struct publish *p, struct config *c)
{
	int r = apply(p, c);

	if (r < 0)
		log_error("the new settings of [MQTT] cannot be applied", F_ERR(r));
	connect_active(p);
}

static void active_down(struct publish *p, enum link_loss loss, const char *why)
{
	const struct config_broker *broker = broker_at(p, p->active_broker);
	bool was_accepted = p->accepted;
	struct tls *tls = session_tls(p->active);

	if (!was_accepted && tls && *tls_notice(tls))
		log_warning(tls_notice(tls));
	if (loss != LINK_LOSS_GIVEN_UP) {
		p->failures++;
		have_problem(p, broker, why);
	}
	p->active = session_free(p->active);
	p->accepted = false;
	disarm(p->probe);
	disarm(p->documents_timer);
	if (p->stopping && loss == LINK_LOSS_GIVEN_UP) {
		finish(p);
		return;
	}
	if (!p->next_config && promote(p))
		return;
	if (outbox_counters(p->outbox).connected)
		outbox_disconnected(p->outbox);
	if (p->next_config) {
		_cleanup_(config_unrefp) struct config *c = TAKE_PTR(p->next_config);

		begin_anew(p, c);
	} else {
		retry_later(p);
	}
}

static void on_down(struct session *s, enum link_loss loss, const char *why, void *userdata)
{
	struct publish *p = userdata;

	if (s == p->candidate)
		candidate_down(p, why);
	else
		active_down(p, loss, why);
}

static const struct session_ops session_ops = {
	.up = on_up,
	.tried = on_tried,
	.proven = on_proven,
	.down = on_down,
};

/* --- the end --- */

static int on_finished(sd_event_source *source, void *userdata)
{
	struct publish *p = userdata;
	void (*done)(void *) = p->stop_done;

	p->stop_done = NULL;
	if (done)
		done(p->stop_userdata); /* may free p */
	return 0;
}

static void finish(struct publish *p)
{
	p->stopped = true;
	p->active = session_free(p->active);
	p->candidate = session_free(p->candidate);
	disarm(p->retry);
	disarm(p->stop_timer);
	sd_event_source_set_enabled(p->finished, SD_EVENT_ONESHOT);
}

/* Goes on with stopping when the outbox is empty or the time for draining is over. */
static void check_stop(struct publish *p)
{
	int64_t left = p->stop_until_us - now_us(p);
	int64_t reserve = RETIRE_US;

	if (!p->stopping || p->stopped)
		return;
	if (!p->active && (outbox_counters(p->outbox).depth == 0 || left <= 0)) {
		finish(p);
		return;
	}
	if (left <= 0) {
		finish(p);
		return;
	}
	if (outbox_counters(p->outbox).depth > 0 && left > reserve) {
		arm(p->stop_timer, now_us(p) + 20000);
		return;
	}
	if (p->active && p->accepted && session_is_up(p->active)) {
		session_retire(p->active, "stopped",
			left > reserve ? now_us(p) + reserve : p->stop_until_us - 100000);
		arm(p->stop_timer, p->stop_until_us);
		return;
	}
	/* Nothing to say and nobody to say it to. */
	if (outbox_counters(p->outbox).depth == 0)
		finish(p);
	else
		arm(p->stop_timer, p->stop_until_us);
}

static int on_stop_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	check_stop(userdata);
	return 0;
}

void publish_stop(struct publish *p, int64_t until_us, void (*done)(void *userdata), void *userdata)
{
	p->stopping = true;
	p->stop_until_us = until_us;
	p->stop_done = done;
	p->stop_userdata = userdata;
	p->candidate = session_free(p->candidate);
	disarm(p->probe);
	check_stop(p);
}

/* --- the rest of publish.h --- */

void publish_pump(struct publish *p)
{
	if (p->active)
		session_pump(p->active);
}

void publish_status_changed(struct publish *p)
{
	documents_status_changed(p->documents, now_us(p));
}

void publish_report(const struct publish *p, struct publish_report *ret)
{
	int64_t own = p->own.expires_us, peer = p->peer.expires_us;

	*ret = (struct publish_report){
		.connected = p->active && p->accepted,
		.problem = *p->problem ? p->problem : NULL,
		.connects = p->connects,
		.failures = p->failures,
		.published = p->env.counters.published,
		.refused = p->env.counters.refused,
		.nobody_listening = p->env.counters.nobody_listening,
		.certificate_expires_us = own && (!peer || own < peer) ? own : peer,
	};
	if (ret->connected)
		ret->broker = broker_at(p, p->active_broker)->uri;
}

static int resize_hung(struct publish *p, size_t count)
{
	struct link_hung **list = calloc(count, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		list[i] = calloc(1, sizeof(*list[i]));
		if (!list[i]) {
			while (i-- > 0)
				free(list[i]);
			free(list);
			return -ENOMEM;
		}
		list[i]->refs = 1;
	}
	for (size_t i = 0; i < p->hung_count; i++)
		link_hung_unref(p->hung[i]);
	free(p->hung);
	p->hung = list;
	p->hung_count = count;
	return 0;
}

/* Between sessions: everything that they were made with. */
static int apply(struct publish *p, struct config *c)
{
	int r;

	r = resize_hung(p, c->mqtt.broker_count);
	if (r == 0)
		r = environment_configure(&p->env, c);
	if (r == 0)
		r = documents_set_prefix(
			p->documents, c->mqtt.topic_prefix, c->gateway.mode == MODE_TRAINING);
	if (r < 0)
		return r;
	config_ref(c);
	config_unref(p->config);
	p->config = c;
	backoff_init(&p->backoff, (unsigned)c->mqtt.broker_count);
	p->problem[0] = 0;
	return 0;
}

/* --- looking at the files at a reload --- */

struct file_check {
	struct publish *publish; /* NULL: nobody waits */
	struct worker_job *job;
	struct tls *tls;
};

static int run_check(void *arg)
{
	return tls_build(((struct file_check *)arg)->tls);
}

static void on_check_abandoned(void *arg, int result)
{
	struct file_check *k = arg;

	tls_free(k->tls);
	free(k);
}

static void on_checked(void *arg, int result)
{
	struct file_check *k = arg;
	struct publish *p = k->publish;

	p->check = NULL;
	if (result < 0)
		log_warning(tls_problem(k->tls));
	else
		learn_certificates(p, k->tls);
	on_check_abandoned(k, 0);
}

/* The session goes on with what it has; the next connection reads the files for itself. This is so
 * that the operator hears of a mistake now. */
static void check_files(struct publish *p)
{
	struct file_check *k;
	struct tls *tls;

	if (p->check || make_tls(p, broker_at(p, 0), &tls) < 0 || !tls)
		return;
	k = calloc(1, sizeof(*k));
	if (k) {
		k->publish = p;
		k->tls = tls;
		if (worker_start(p->worker, run_check, on_checked, on_check_abandoned, k,
			    &k->job) == 0) {
			p->check = k;
			return;
		}
	}
	tls_free(tls);
	free(k);
}

int publish_reload(struct publish *p, struct config *c)
{
	const struct config *against = p->next_config ?: p->config;

	if (p->stopping)
		return 0;
	if (environment_same_session(against, c) && !p->next_config) {
		int r = environment_configure(&p->env, c);

		if (r < 0)
			return r;
		config_ref(c);
		config_unref(p->config);
		p->config = c;
		if (p->active)
			session_adjust(p->active);
		check_files(p);
		publish_status_changed(p);
		return 0;
	}
	log_notice("settings of [MQTT] changed: the session with the broker begins anew");
	p->candidate = session_free(p->candidate);
	config_unref(p->next_config);
	p->next_config = config_ref(c);
	if (p->active && session_is_up(p->active)) {
		session_retire(p->active, "reconfigured", now_us(p) + RETIRE_US);
		return 0;
	}
	p->active = session_free(p->active);
	p->next_config = config_unref(p->next_config);
	disarm(p->retry);
	begin_anew(p, c);
	return 0;
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

	r = add_timer(p, &p->retry, on_retry, "publish-retry");
	if (r >= 0)
		r = add_timer(p, &p->probe, on_probe, "publish-probe");
	if (r >= 0)
		r = add_timer(p, &p->documents_timer, on_documents_timer, "publish-documents");
	if (r >= 0)
		r = add_timer(p, &p->expiry_timer, on_expiry_timer, "publish-expiry");
	if (r >= 0)
		r = add_timer(p, &p->stop_timer, on_stop_timer, "publish-stop");
	if (r >= 0)
		r = sd_event_add_defer(p->event, &p->finished, on_finished, p);
	if (r >= 0)
		r = sd_event_source_set_enabled(p->finished, SD_EVENT_OFF);
	return r;
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
		.status = put_status,
		.remember = remember,
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
	p->env.context.gateway = gateway_name(g);
	p->env.context.epoch = gateway_epoch(g);
	r = environment_configure(&p->env, c);
	if (r == 0)
		r = resize_hung(p, c->mqtt.broker_count);
	if (r == 0)
		r = add_timers(p);
	if (r >= 0)
		r = make_documents(p);
	if (r < 0)
		return r;
	p->env.documents = p->documents;
	backoff_init(&p->backoff, (unsigned)c->mqtt.broker_count);
	arm(p->expiry_timer, now_us(p) + EXPIRY_EVERY_US);
	connect_active(p);
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
	if (p->check)
		worker_abandon(p->check->job);
	config_unref(p->next_config);
	for (size_t i = 0; i < p->hung_count; i++)
		link_hung_unref(p->hung[i]);
	free(p->hung);
	tls_kept_done(&p->kept);
	sd_event_source_disable_unref(p->retry);
	sd_event_source_disable_unref(p->probe);
	sd_event_source_disable_unref(p->documents_timer);
	sd_event_source_disable_unref(p->expiry_timer);
	sd_event_source_disable_unref(p->stop_timer);
	sd_event_source_disable_unref(p->finished);
	config_unref(p->config);
	sd_event_unref(p->event);
	if (p->lib_ready)
		mosquitto_lib_cleanup();
	free(p);
	return NULL;
}
