/*
 * Which broker, and when. See publish.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "publish/publish_private.h"

static uint32_t random_32(void)
{
	uint32_t v = 0;

	/* Jitter: not worth waiting for entropy. */
	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != (ssize_t)sizeof(v))
		v = (uint32_t)boottime_us() * UINT32_C(2654435761);
	return v;
}

static int secret(const char *value, char **ret)
{
	*ret = NULL;
	return value ? config_secret_path(value, ret) : 0;
}

/* The files' part of an attempt. */
int publish_make_tls(struct publish *p, const struct config_broker *broker, struct tls **ret)
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
static void arm_probe(struct publish *p);

static int start_session(struct publish *p, unsigned i, struct session **ret)
{
	const struct config *c = p->config;
	const struct config_broker *broker = publish_broker(p, i);
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
		.will_schema = "wardgate-status-1",
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
	r = publish_make_tls(p, broker, &tls);
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

static void retry_later(struct publish *p, bool silent)
{
	if (p->stopping && outbox_settled(p->outbox)) {
		publish_check_stop(p);
		return;
	}
	publish_arm(p->retry, publish_now(p) + backoff_failed(&p->backoff, random_32(), silent));
}

void publish_connect(struct publish *p)
{
	int r;

	if (p->active || p->stopped)
		return;
	p->accepted = false;
	p->active_broker = p->backoff.next;
	r = start_session(p, p->active_broker, &p->active);
	if (r < 0) {
		p->failures++;
		publish_have_problem(p, publish_broker(p, p->active_broker), start_problem(r));
		retry_later(p, false);
	}
}

int publish_on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	publish_connect(userdata);
	return 0;
}

int publish_on_probe(sd_event_source *source, uint64_t usec, void *userdata)
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
		publish_disarm(p->probe);
	else
		publish_arm(p->probe, publish_now(p) + backoff_probe(&p->backoff, random_32()));
}

/* The session is the one from now on. */
static void take_over(struct publish *p, unsigned i)
{
	p->accepted = true;
	p->active_broker = i;
	p->connects++;
	p->problem[0] = 0;
	backoff_connected(&p->backoff, i);
	publish_learn(p, session_tls(p->active));
	log_notice("connected to the broker", F_STR("BROKER", publish_broker(p, i)->uri),
		F_INT("WINDOW", session_window(p->active)));
	session_activate(p->active);
	publish_arm_documents(p);
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

	log_info("the first broker is there again", F_STR("BROKER", publish_broker(p, 0)->uri));
	session_retire(p->active, "moved", publish_now(p) + RETIRE_US);
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
	log_debug("the first broker is not there yet", F_STR("BROKER", publish_broker(p, 0)->uri),
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

static void active_down(struct publish *p, enum link_loss loss, const char *why)
{
	const struct config_broker *broker = publish_broker(p, p->active_broker);
	bool was_accepted = p->accepted;
	struct tls *tls = session_tls(p->active);

	if (!was_accepted && tls && *tls_notice(tls))
		log_warning(tls_notice(tls));
	if (loss != LINK_LOSS_GIVEN_UP) {
		p->failures++;
		publish_have_problem(p, broker, why);
	}
	p->active = session_free(p->active);
	p->accepted = false;
	publish_disarm(p->probe);
	publish_disarm(p->documents_timer);
	if (p->stopping && loss == LINK_LOSS_GIVEN_UP) {
		publish_finish(p);
		return;
	}
	if (!p->next_config && promote(p))
		return;
	if (outbox_counters(p->outbox).connected)
		outbox_disconnected(p->outbox);
	if (p->next_config) {
		_cleanup_(config_unrefp) struct config *c = TAKE_PTR(p->next_config);

		publish_begin_anew(p, c);
	} else {
		retry_later(p, loss == LINK_LOSS_SILENT);
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
