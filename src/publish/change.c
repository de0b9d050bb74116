/*
 * Changes of the whole: other settings, and the end. See publish.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "config/diff.h"
#include "gateway/worker.h"
#include "publish/publish_private.h"

int publish_resize_hung(struct publish *p, size_t count)
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

	r = publish_resize_hung(p, c->mqtt.broker_count);
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

void publish_begin_anew(struct publish *p, struct config *c)
{
	int r = apply(p, c);

	if (r < 0)
		log_error("the new settings of [MQTT] cannot be applied", F_ERR(r));
	publish_connect(p);
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
		publish_learn(p, k->tls);
	on_check_abandoned(k, 0);
}

/* The session goes on with what it has; the next connection reads the files for itself. This is so
 * that the operator hears of a mistake now. */
static void check_files(struct publish *p)
{
	struct file_check *k;
	struct tls *tls;

	if (p->check || publish_make_tls(p, publish_broker(p, 0), &tls) < 0 || !tls)
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

void publish_abandon_check(struct publish *p)
{
	if (p->check)
		worker_abandon(p->check->job);
	p->check = NULL;
}

int publish_reload(struct publish *p, struct config *c)
{
	const struct config *against = p->next_config ?: p->config;

	if (p->stopping)
		return 0;
	if (config_same_session(against, c, "MQTT") && !p->next_config) {
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
		session_retire(p->active, "reconfigured", publish_now(p) + RETIRE_US);
		return 0;
	}
	p->active = session_free(p->active);
	p->next_config = config_unref(p->next_config);
	publish_disarm(p->retry);
	publish_begin_anew(p, c);
	return 0;
}
/* --- the end --- */

int publish_on_finished(sd_event_source *source, void *userdata)
{
	struct publish *p = userdata;
	void (*done)(void *) = p->stop_done;

	p->stop_done = NULL;
	if (done)
		done(p->stop_userdata); /* may free p */
	return 0;
}

void publish_finish(struct publish *p)
{
	p->stopped = true;
	p->active = session_free(p->active);
	p->candidate = session_free(p->candidate);
	publish_disarm(p->retry);
	publish_disarm(p->stop_timer);
	sd_event_source_set_enabled(p->finished, SD_EVENT_ONESHOT);
}

/* Goes on with stopping when the outbox is empty or the time for draining is over. */
void publish_check_stop(struct publish *p)
{
	int64_t left = p->stop_until_us - publish_now(p);
	int64_t reserve = RETIRE_US;

	if (!p->stopping || p->stopped)
		return;
	if (!p->active && (outbox_settled(p->outbox) || left <= 0)) {
		publish_finish(p);
		return;
	}
	if (left <= 0) {
		publish_finish(p);
		return;
	}
	if (!outbox_settled(p->outbox) && left > reserve) {
		publish_arm(p->stop_timer, publish_now(p) + 20000);
		return;
	}
	if (p->active && p->accepted && session_is_up(p->active)) {
		session_retire(p->active, "stopped",
			left > reserve ? publish_now(p) + reserve : p->stop_until_us - 100000);
		publish_arm(p->stop_timer, p->stop_until_us);
		return;
	}
	/* Nothing to say and nobody to say it to. */
	if (outbox_settled(p->outbox))
		publish_finish(p);
	else
		publish_arm(p->stop_timer, p->stop_until_us);
}

int publish_on_stop(sd_event_source *source, uint64_t usec, void *userdata)
{
	publish_check_stop(userdata);
	return 0;
}

void publish_stop(struct publish *p, int64_t until_us, void (*done)(void *userdata), void *userdata)
{
	p->stopping = true;
	p->stop_until_us = until_us;
	p->stop_done = done;
	p->stop_userdata = userdata;
	p->candidate = session_free(p->candidate);
	publish_disarm(p->probe);
	refusals_flush(&p->env.refusals);
	publish_check_stop(p);
}
