/* The stage manager of a simulated ward; see ward.h. */
#include "sim/ward.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>

#include "sim/ble.h"
#include "sim/player.h"
#include "util/text.h"

struct ward {
	const struct scenario *scenario;
	struct stage stage;
	struct psk_file *keys; /* NULL: plain */
	struct patient *patients;
	struct player **players; /* by index of the scenario's devices */
	struct sble *ble;        /* NULL: no Bluetooth devices */
	sd_event_source *events, *end;
	size_t next_event;
	/* The ends of events, earliest first. */
	struct {
		int64_t at_ms;
		const struct scenario_event *event;
	} * reliefs;
	size_t relief_count;
	bool stay, settled;
	int result;
};

void ward_default_options(struct ward_options *o)
{
	*o = (struct ward_options){
		.sender = {
			.queue = 10000,
			.in_flight = 4,
			.answer_timeout_us = 30 * INT64_C(1000000),
			.open_timeout_us = 10 * INT64_C(1000000),
			.backoff_us = 500000,
			.backoff_max_us = 15 * INT64_C(1000000),
		},
		.ack_timeout_ms = 2000,
		.max_retransmit = 2,
	};
}

/* "coaps://HOST[:PORT]" into an address. */
static int resolve(const char *uri, bool *ret_secure, struct stage *stage)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG }, *list;
	char host[256], *port = NULL, *at = host, *bracket;
	int r;

	*ret_secure = !strncmp(uri, "coaps://", 8);
	if (!*ret_secure && strncmp(uri, "coap://", 7) != 0) {
		fprintf(stderr, "wardsim: %s: give coaps://HOST:PORT or coap://HOST:PORT\n", uri);
		return -EINVAL;
	}
	snprintf(host, sizeof(host), "%s", uri + (*ret_secure ? 8 : 7));
	host[strcspn(host, "/")] = 0;
	bracket = *at == '[' ? strchr(at, ']') : NULL;
	if (bracket) {
		at++;
		*bracket = 0;
		port = bracket[1] == ':' ? bracket + 2 : NULL;
	} else if ((port = strrchr(at, ':'))) {
		*port++ = 0;
	}
	r = getaddrinfo(at, port ?: *ret_secure ? "5684" : "5683", &hints, &list);
	if (r) {
		fprintf(stderr, "wardsim: %s: %s\n", uri, gai_strerror(r));
		return -EINVAL;
	}
	memcpy(&stage->gateway, list->ai_addr, list->ai_addrlen);
	stage->gateway_length = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

static void add_counters(struct sender_counters *sum, const struct sender_counters *c)
{
	sum->packs += c->packs;
	sum->values += c->values;
	sum->acknowledged += c->acknowledged;
	sum->acknowledged_values += c->acknowledged_values;
	sum->refused += c->refused;
	sum->dropped += c->dropped;
	sum->resent += c->resent;
	sum->timeouts += c->timeouts;
	sum->busy += c->busy;
	sum->faulty += c->faulty;
	sum->faulty_refused += c->faulty_refused;
	sum->sessions += c->sessions;
	sum->sessions_lost += c->sessions_lost;
}

static size_t pending(const struct ward *w)
{
	size_t n = sble_unconfirmed(w->ble);

	for (size_t i = 0; i < w->scenario->device_count; i++)
		n += player_pending(w->players[i]);
	return n;
}

static void write_statistics(struct ward *w)
{
	const struct latency *l = &w->stage.latency;
	struct sender_counters c = { 0 };
	double seconds = (double)(stage_now_us() - w->stage.start_boot_us) / 1e6;
	char more[1024];

	for (size_t i = 0; i < w->scenario->device_count; i++)
		add_counters(&c, player_counters(w->players[i]));
	snprintf(more, sizeof(more),
		"\"devices\":%zu,\"seconds\":%.3f,\"packs\":%llu,\"values\":%llu,"
		"\"acknowledged_packs\":%llu,\"acknowledged_values\":%llu,\"refused_packs\":%llu,"
		"\"dropped_packs\":%llu,\"pending_packs\":%zu,\"resent_packs\":%llu,"
		"\"answer_timeouts\":%llu,\"busy_answers\":%llu,\"malformed_packs\":%llu,"
		"\"malformed_refused\":%llu,\"sessions\":%llu,\"sessions_lost\":%llu,"
		"\"answer_us\":{\"p50\":%lld,\"p99\":%lld,\"max\":%lld}",
		w->scenario->device_count, seconds, (unsigned long long)c.packs,
		(unsigned long long)c.values, (unsigned long long)c.acknowledged,
		(unsigned long long)c.acknowledged_values, (unsigned long long)c.refused,
		(unsigned long long)c.dropped, pending(w), (unsigned long long)c.resent,
		(unsigned long long)c.timeouts, (unsigned long long)c.busy,
		(unsigned long long)c.faulty, (unsigned long long)c.faulty_refused,
		(unsigned long long)c.sessions, (unsigned long long)c.sessions_lost,
		(long long)latency_quantile(l, 500), (long long)latency_quantile(l, 990),
		(long long)l->max_us);
	simlog_event(w->stage.log, "statistics", NULL, more);
	fprintf(stderr,
		"wardsim: %zu devices, %.1f s: %llu packs of %llu values sent, %llu acknowledged, "
		"%llu refused, %llu dropped, %zu pending, %llu sent again; answers p50 %.2f ms, "
		"p99 %.2f ms\n",
		w->scenario->device_count, seconds, (unsigned long long)c.packs,
		(unsigned long long)c.values, (unsigned long long)c.acknowledged,
		(unsigned long long)c.refused, (unsigned long long)c.dropped, pending(w),
		(unsigned long long)c.resent, (double)latency_quantile(l, 500) / 1000,
		(double)latency_quantile(l, 990) / 1000);
}

static void finish(struct ward *w, int result)
{
	w->result = result;
	sd_event_exit(w->stage.event, 0);
}

/* Nothing new is measured, and all that was is answered. */
static void settle(struct ward *w)
{
	if (!w->stay) {
		finish(w, WARD_DONE);
		return;
	}
	if (!w->settled)
		simlog_event(w->stage.log, "settled", NULL, "");
	w->settled = true;
	sd_event_source_set_enabled(w->end, SD_EVENT_OFF);
}

/* A pack was answered while the ward comes to its end. */
static void on_settled(void *userdata)
{
	struct ward *w = userdata;

	if (w->stage.stopping && !pending(w))
		settle(w);
}

static int on_end(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct ward *w = userdata;

	if (w->stage.stopping) {
		finish(w, pending(w) ? WARD_PENDING : WARD_DONE);
		return 0;
	}
	w->stage.stopping = true;
	if (w->ble)
		sble_rest(w->ble);
	if (!pending(w)) {
		settle(w);
		return 0;
	}
	simlog_event(w->stage.log, "draining", NULL, "");
	sd_event_source_set_time(src, usec + (uint64_t)w->scenario->drain_ms * 1000);
	sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
	return 0;
}

static int on_signal(sd_event_source *src, const struct signalfd_siginfo *si, void *userdata)
{
	finish(userdata, WARD_DONE);
	return 0;
}

static void for_targets(struct ward *w, const struct scenario_event *e, int64_t at_ms,
	void (*fn)(struct player *, const struct scenario_event *, int64_t))
{
	for (size_t i = 0; i < w->scenario->device_count; i++)
		if (e->of_all || e->index == i)
			fn(w->players[i], e, at_ms);
}

static void pull_patients(struct ward *w, const struct scenario_event *e)
{
	static const int64_t milli[] = { 1000, 100, 10, 1 };

	for (size_t i = 0; i < w->scenario->patient_count; i++)
		if (e->of_all || e->index == i)
			signals_pull(&w->patients[i].signals, e->metric,
				e->value * milli[quantity_info(e->metric)->decimals], e->at_ms,
				e->over_ms, e->for_ms);
}

static void happen(struct ward *w, const struct scenario_event *e)
{
	char more[192];
	int64_t end_ms = e->at_ms + e->over_ms + e->for_ms;
	size_t k;

	snprintf(more, sizeof(more), "\"name\":\"%s\",\"target\":\"%s\"", e->name, e->target);
	simlog_event(
		w->stage.log, e->fault == FAULT_NONE ? "change" : fault_text(e->fault), NULL, more);
	if (e->of_patient)
		pull_patients(w, e);
	else
		for_targets(w, e, e->at_ms, e->fault == FAULT_NONE ? player_pull : player_fault);
	if (e->of_patient || !e->for_ms)
		return;
	/* Values move in steps: the first one after the end shows it. */
	end_ms = (end_ms + SIGNAL_STEP_MS - 1) / SIGNAL_STEP_MS * SIGNAL_STEP_MS;
	for (k = w->relief_count++; k > 0 && w->reliefs[k - 1].at_ms > end_ms; k--)
		w->reliefs[k] = w->reliefs[k - 1];
	w->reliefs[k].at_ms = end_ms;
	w->reliefs[k].event = e;
}

static void relieve_first(struct ward *w)
{
	const struct scenario_event *e = w->reliefs[0].event;
	int64_t at_ms = w->reliefs[0].at_ms;

	memmove(w->reliefs, w->reliefs + 1, --w->relief_count * sizeof(*w->reliefs));
	for_targets(w, e, at_ms, player_relieve);
}

static int on_events(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct ward *w = userdata;
	int64_t now_ms = (stage_now_us() - w->stage.start_boot_us) / 1000, next_ms = INT64_MAX;

	while (w->next_event < w->scenario->event_count &&
		w->scenario->events[w->next_event].at_ms <= now_ms)
		happen(w, &w->scenario->events[w->next_event++]);
	while (w->relief_count && w->reliefs[0].at_ms <= now_ms)
		relieve_first(w);
	if (w->next_event < w->scenario->event_count)
		next_ms = w->scenario->events[w->next_event].at_ms;
	if (w->relief_count && w->reliefs[0].at_ms < next_ms)
		next_ms = w->reliefs[0].at_ms;
	if (next_ms == INT64_MAX)
		return 0;
	sd_event_source_set_time(src, (uint64_t)(w->stage.start_boot_us + next_ms * 1000));
	sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
	return 0;
}

static int open_patients(struct ward *w)
{
	const struct scenario *s = w->scenario;
	int r = 0;

	w->patients = calloc(s->patient_count + 1, sizeof(*w->patients));
	if (!w->patients)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < s->patient_count; i++) {
		const struct scenario_patient *p = &s->patients[i];

		r = patient_open(
			&w->patients[i], p->name, s->seed, i + 1, p->bases, p->replay, p->speed);
	}
	return r;
}

static int open_players(struct ward *w)
{
	const struct scenario *s = w->scenario;

	w->players = calloc(s->device_count + 1, sizeof(struct player *));
	w->reliefs = calloc(s->event_count + 1, sizeof(*w->reliefs));
	if (!w->players || !w->reliefs)
		return -ENOMEM;
	for (size_t i = 0; i < s->device_count; i++) {
		const struct scenario_device *d = &s->devices[i];
		const struct psk *key = w->keys ? psk_find(w->keys, d->identity) : NULL;
		int r;

		if (w->keys && !key) {
			fprintf(stderr, "wardsim: %s has no line for %s\n", s->psk_file,
				d->identity);
			return -EBADMSG;
		}
		r = player_new(&w->players[i], &w->stage, d,
			d->patient == SIZE_MAX ? NULL : &w->patients[d->patient], key,
			UINT64_C(1000000) + i);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_sources(struct ward *w)
{
	sd_event *e = w->stage.event;
	uint64_t start = (uint64_t)w->stage.start_boot_us;
	int r;

	r = sd_event_add_signal(e, NULL, SIGTERM, on_signal, w);
	if (r >= 0)
		r = sd_event_add_signal(e, NULL, SIGINT, on_signal, w);
	if (r >= 0)
		r = sd_event_add_time(e, &w->events, CLOCK_BOOTTIME, start, 1000, on_events, w);
	if (r >= 0 && w->scenario->duration_ms)
		r = sd_event_add_time(e, &w->end, CLOCK_BOOTTIME,
			start + (uint64_t)w->scenario->duration_ms * 1000, 1000, on_end, w);
	return r;
}

/* A session takes a descriptor. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int open_ble(struct ward *w, const struct sble_scenario *scenario)
{
	struct sble_part part = { .scenario = scenario,
		.directory = w->scenario->directory,
		.log = w->scenario->log,
		.seed = w->scenario->seed,
		.start_boot_us = w->stage.start_boot_us,
		.event = w->stage.event,
		.settled = on_settled,
		.userdata = w };

	return sble_open(&w->ble, &part);
}

static int open_ward(struct ward *w, const struct ward_options *o)
{
	const struct scenario *s = w->scenario;
	struct uplink_options uplink = {
		.ack_timeout_ms = o->ack_timeout_ms,
		.max_retransmit = o->max_retransmit,
		.in_flight = o->sender.in_flight + 1,
		.verbose = o->verbose,
	};
	struct timespec t;
	int r;

	r = s->device_count ? resolve(s->gateway, &uplink.secure, &w->stage) : 0;
	if (r >= 0 && uplink.secure)
		r = psk_read(&w->keys, s->psk_file);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	r = simlog_new(&w->stage.log, s->log);
	if (r < 0) {
		fprintf(stderr, "wardsim: %s: %s\n", s->log, strerror(-r));
		return -EBADMSG;
	}
	r = uplink_hub_new(&w->stage.hub, w->stage.event, &uplink);
	if (r >= 0)
		r = open_patients(w);
	if (r < 0)
		return r;
	clock_gettime(CLOCK_REALTIME, &t);
	w->stage.start_real_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	w->stage.start_boot_us = stage_now_us();
	r = open_players(w);
	if (r >= 0 && o->ble)
		r = open_ble(w, o->ble);
	return r < 0 ? r : add_sources(w);
}

static void close_ward(struct ward *w)
{
	sble_close(w->ble);
	for (size_t i = 0; w->players && i < w->scenario->device_count; i++)
		player_free(w->players[i]);
	for (size_t i = 0; w->patients && i < w->scenario->patient_count; i++)
		patient_close(&w->patients[i]);
	sd_event_source_disable_unref(w->events);
	sd_event_source_disable_unref(w->end);
	uplink_hub_free(w->stage.hub);
	simlog_free(w->stage.log);
	psk_free(w->keys);
	free(w->players);
	free(w->patients);
	free(w->reliefs);
	sd_event_unref(w->stage.event);
}

int ward_run(const struct scenario *s, const struct ward_options *o)
{
	struct ward w = { .scenario = s, .result = WARD_FAILED };
	sigset_t signals;
	int r;

	raise_limit();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	w.stay = o->stay;
	w.stage.sender = o->sender;
	w.stage.seed = s->seed;
	w.stage.spread_us = o->spread_us;
	w.stage.settled = on_settled;
	w.stage.userdata = &w;
	r = sd_event_new(&w.stage.event);
	if (r >= 0)
		r = open_ward(&w, o);
	if (r >= 0) {
		char more[96];

		snprintf(more, sizeof(more), "\"devices\":%zu,\"seed\":%llu", s->device_count,
			(unsigned long long)s->seed);
		simlog_event(w.stage.log, "start", NULL, more);
		r = sd_event_loop(w.stage.event);
		if (s->device_count)
			write_statistics(&w);
	}
	if (r >= 0 && w.ble)
		r = sble_end(w.ble);
	if (r >= 0)
		r = simlog_error(w.stage.log);
	if (r < 0) {
		/* What is wrong with the options or their files has been said. */
		w.result = r == -EBADMSG ? WARD_USAGE : WARD_FAILED;
		if (r != -EBADMSG)
			fprintf(stderr, "wardsim: %s\n", strerror(-r));
	}
	close_ward(&w);
	return w.result;
}
