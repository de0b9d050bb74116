/*
 * What is said of the way to the broker: log, status document, report.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "publish/publish_private.h"

/* The same problem is not logged again at each attempt. */
#define SAY_AGAIN_US INT64_C(600000000)

void publish_have_problem(struct publish *p, const struct config_broker *broker, const char *why)
{
	int64_t now = publish_now(p);
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

void publish_check_expiry(struct publish *p)
{
	say_expiry(&p->own, "the gateway's certificate for the broker");
	say_expiry(&p->peer, "the broker's certificate or its authority's");
}

void publish_learn(struct publish *p, const struct tls *tls)
{
	if (!tls)
		return;
	if (*tls_notice(tls))
		log_warning(tls_notice(tls));
	tls_keep(tls, &p->kept);
	expiry_set(&p->own, tls_own_expires_us(tls));
	if (tls_peer_expires_us(tls))
		expiry_set(&p->peer, tls_peer_expires_us(tls));
	publish_check_expiry(p);
}

static void put_text_member(struct text *t, const char *key, const char *value)
{
	text_printf(t, ",\"%s\":", key);
	text_json_string(t, value, strlen(value));
}

void publish_put_status(struct text *t, void *userdata)
{
	struct publish *p = userdata;
	struct outbox_counters o = outbox_counters(p->outbox);
	struct publish_report r;

	publish_report(p, &r);
	text_printf(t,
		",\"outbox\":{\"depth\":%" PRIu64
		",\"in_flight\":%zu,\"live\":%zu,\"backlog\":%" PRIu64 ","
		"\"aside\":%zu,\"taken\":%" PRIu64 ",\"delivered\":%" PRIu64
		",\"dropped\":%" PRIu64,
		o.depth + o.waiting, o.in_flight, o.live, o.backlog + o.waiting, o.aside, o.taken,
		o.delivered, o.dropped);
	if (o.oldest_boot_us)
		text_printf(t, ",\"oldest_seconds\":%" PRId64,
			(publish_now(p) - o.oldest_boot_us) / 1000000);
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
		.heard = p->env.counters.heard,
		.certificate_expires_us = own && (!peer || own < peer) ? own : peer,
	};
	if (ret->connected)
		ret->broker = publish_broker(p, p->active_broker)->uri;
}
