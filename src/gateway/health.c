/*
 * See health.h.
 */
#include "gateway/health.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "gateway/clock.h"

#define LOG_MODULE "health"
#include "util/log.h"

#define CHECK_US (5 * INT64_C(1000000))
/* Above all that a peer can keep ready: see docs/architecture.md, "One loop". */
#define PRIORITY_WATCHDOG (-10)

struct health {
	sd_event_source *timer;
	struct health_hooks hooks;
	bool fed; /* by systemd's request */
	uint64_t interval_us;
	struct health_silence silence;
	bool store_failed;
};

bool health_is_silent(struct health_silence *s, int64_t now_us, int64_t answered_us)
{
	int64_t passed_us = s->looked_us ? now_us - s->looked_us : 0;

	if (answered_us != s->answered_us)
		s->silent_us = 0;
	else
		s->silent_us += passed_us < HEALTH_LATE_US ? passed_us : HEALTH_LATE_US;
	s->answered_us = answered_us;
	s->looked_us = now_us;
	return s->silent_us > HEALTH_STORE_PATIENCE_US;
}

static void judge_store(struct health *h)
{
	bool failed = health_is_silent(
		&h->silence, boottime_us(), h->hooks.answered_us(h->hooks.userdata));

	if (failed != h->store_failed) {
		h->store_failed = failed;
		if (failed)
			log_error("the state directory does not answer: the disk hangs; going on "
				  "without it",
				F_INT("SILENT_S", h->silence.silent_us / 1000000));
		else
			log_notice("the state directory answers again");
		h->hooks.store_changed(failed, h->hooks.userdata);
	}
	h->hooks.ping(h->hooks.userdata);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct health *h = userdata;

	judge_store(h);
	if (h->fed)
		(void)sd_notify(false, "WATCHDOG=1");
	(void)sd_event_source_set_time_relative(s, h->interval_us);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

int health_new(struct health **ret, sd_event *e, const struct health_hooks *hooks)
{
	_cleanup_(health_freep) struct health *h = calloc(1, sizeof(*h));
	uint64_t watchdog_us = 0;
	int r;

	if (!h)
		return -ENOMEM;
	h->hooks = *hooks;
	h->interval_us = CHECK_US;
	r = sd_watchdog_enabled(false, &watchdog_us);
	if (r > 0) {
		h->fed = true;
		if (watchdog_us / 2 < h->interval_us)
			h->interval_us = watchdog_us / 2;
	}
	r = sd_event_add_time_relative(e, &h->timer, CLOCK_BOOTTIME, 0, 0, on_timer, h);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(h->timer, "watchdog");
	(void)sd_event_source_set_priority(h->timer, PRIORITY_WATCHDOG);
	*ret = TAKE_PTR(h);
	return 0;
}

struct health *health_free(struct health *h)
{
	if (!h)
		return NULL;
	sd_event_source_disable_unref(h->timer);
	free(h);
	return NULL;
}

bool health_store_failed(const struct health *h)
{
	return h->store_failed;
}
