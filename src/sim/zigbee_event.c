/* What happens in a scenario, by time or by rule; the words are those of SZB_ACTIONS. See
 * zigbee_scenario.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ini.h"
#include "sim/zigbee_device.h"

/* As it was due, so that a loop that comes late changes nothing. */
static int64_t moment(const struct szb *b, const struct szb_event_config *e)
{
	return e->by_rule ? szb_now(b) : e->at_ms * 1000;
}

static int64_t until(const struct szb *b, const struct szb_event_config *e)
{
	return e->for_ms ? moment(b, e) + e->for_ms * 1000 : INT64_MAX;
}

static unsigned long number(const struct szb_event_config *e, unsigned long otherwise)
{
	return *e->amount ? strtoul(e->amount, NULL, 0) : otherwise;
}

/* ---- the line and the NCP */

static void on_replug(void *arg)
{
	struct szb *b = arg;

	if (szb_line_plug(&b->line) < 0)
		return;
	sble_log_event(b->log, "plugged", NULL, NULL);
	ncp_reset(&b->ncp, NCP_BY_POWER_ON, szb_boot_us());
}

static void unplug(struct szb *b, const struct szb_event_config *e)
{
	ncp_power_off(&b->ncp);
	szb_line_unplug(&b->line);
	if (!e->for_ms)
		return;
	b->relief_timer =
		(struct sble_timer){ .fn = on_replug, .arg = b, .place = b->relief_timer.place };
	sble_timer_arm(&b->timers, &b->relief_timer, szb_now(b) + e->for_ms * 1000);
}

static void fault_of_line(struct szb *b, const struct szb_event_config *e, enum szb_line_fault what)
{
	struct szb_fault f = { 0 };
	int64_t ms = 200;

	if (e->for_ms || what == SZB_L_SILENCE || what == SZB_L_STALL)
		f.until_us = until(b, e);
	else
		f.times = (uint32_t)e->times;
	(void)ini_percent(e->amount, &f.thousandths);
	if (what == SZB_L_DELAY) {
		(void)ini_duration(e->amount, &ms);
		f.amount = ms * 1000;
	}
	szb_line_fault(&b->line, what, f);
}

/* Another network than before stands in its flash: what a host must notice. */
static void change_network(struct szb *b, bool another)
{
	struct ncp_tokens *t = &b->ncp.tokens;

	if (another) {
		struct rng r = rng_fork(b->seed, t->pan);

		t->pan = (uint16_t)(1 + rng_below(&r, 0xfff0));
		for (int i = 0; i < 8; i++)
			t->ext_pan[i] = (uint8_t)rng_below(&r, 256);
		for (int i = 0; i < 16; i++)
			t->network_key[i] = (uint8_t)rng_below(&r, 256);
		t->has_network = true;
	} else
		t->has_network = false;
	b->keep = true;
	ncp_reset(&b->ncp, NCP_BY_POWER_ON, szb_boot_us());
}

static void refuse(struct szb *b, const struct szb_event_config *e)
{
	b->ncp.faults.refuse = (uint32_t)e->times;
	b->ncp.faults.refuse_id = e->command > 0 && !e->by_rule ? (uint16_t)e->command : 0;
	b->ncp.faults.refuse_reason = (uint8_t)number(e, NCP_NO_SUCH_FRAME);
}

static void late(struct szb *b, const struct szb_event_config *e)
{
	int64_t ms = 4000;

	(void)ini_duration(e->amount, &ms);
	b->ncp.faults.late = (uint32_t)e->times;
	b->ncp.faults.late_us = ms * 1000;
}

static void act_on_ncp(struct szb *b, const struct szb_event_config *e)
{
	switch ((int)e->action) {
	case SZB_DO_NAK:
		b->ncp.ash.refuse = (unsigned)e->times;
		break;
	case SZB_DO_ERROR:
		ncp_ash_fail(&b->ncp.ash, (uint8_t)number(e, NCP_BY_ACK_TIMEOUTS));
		break;
	case SZB_DO_RESTART:
		ncp_reset(&b->ncp, (uint8_t)number(e, NCP_BY_WATCHDOG), szb_boot_us());
		break;
	case SZB_DO_REFUSE:
		refuse(b, e);
		break;
	case SZB_DO_BUSY:
		b->ncp.faults.busy = (uint32_t)e->times;
		break;
	case SZB_DO_LATE:
		late(b, e);
		break;
	case SZB_DO_DUMB:
		b->ncp.faults.dumb = true;
		break;
	case SZB_DO_OVERFLOW:
		b->ncp.faults.lose_callbacks = (uint32_t)e->times;
		break;
	case SZB_DO_STRANGE:
		ncp_strange(&b->ncp, (uint16_t)number(e, 0x7777));
		break;
	case SZB_DO_STATUS:
		ncp_network_status(&b->ncp, (uint8_t)number(e, 0x0b), 0x1234);
		break;
	case SZB_DO_FORGET:
	case SZB_DO_ANOTHER:
		change_network(b, e->action == SZB_DO_ANOTHER);
		break;
	default:
		break;
	}
}

static void act_on_radio(struct szb *b, const struct szb_event_config *e)
{
	sble_log_event(b->log, szb_action_text(e->action), NULL, "\"name\":\"%s\"", e->name);
	if (e->action == SZB_DO_UNPLUG)
		unplug(b, e);
	else if (e->action >= SZB_DO_DROP && e->action <= SZB_DO_STALL)
		fault_of_line(b, e,
			(enum szb_line_fault)((int)e->action - (int)SZB_DO_DROP + (int)SZB_L_DROP));
	else
		act_on_ncp(b, e);
}

/* ---- devices */

static void on_relief(void *arg)
{
	szb_report_flag_relief(arg);
}

static void change_value(struct szb_device *d, const struct szb_event_config *e)
{
	int64_t now = moment(d->szb, e);

	szb_walk_pull(&d->walks[e->metric], e->metric, e->value, now, e->over_ms * 1000,
		e->for_ms ? e->for_ms * 1000 : INT64_C(1) << 60);
	if (!e->for_ms && !e->over_ms && szb_is_flag(e->metric)) {
		d->walks[e->metric].base = e->value;
		d->walks[e->metric].pull_end_us = 0; /* it may turn again by itself */
	}
	if (e->for_ms && szb_is_flag(e->metric)) {
		d->relief_timer = (struct sble_timer){
			.fn = on_relief, .arg = d, .place = d->relief_timer.place
		};
		sble_timer_arm(
			&d->szb->timers, &d->relief_timer, now + (e->over_ms + e->for_ms) * 1000);
	}
	szb_report_look(d);
}

static void press(struct szb_device *d, const struct szb_event_config *e)
{
	int64_t word = 1;

	(void)szb_value_parse(SZB_BUTTON, *e->amount ? e->amount : "single", &word);
	szb_report_press(d, word);
}

static void measure_now(struct szb_device *d, const struct szb_event_config *e)
{
	/* The next by the clock comes as it would have; this one is between. */
	int64_t at = d->measure_timer.at_us;

	d->measure_timer.at_us = moment(d->szb, e);
	szb_report_measure(d);
	d->measure_timer.at_us = at;
}

static void set_special(struct szb_device *d, const struct szb_event_config *e)
{
	snprintf(d->fault.special, sizeof(d->fault.special), "%.15s",
		*e->amount ? e->amount : "invalid");
	d->fault.special_until_us = until(d->szb, e);
}

/* Without power, and with it again: who and where it is it knows still. */
static void vanish(struct szb_device *d)
{
	d->gone = !d->gone;
	if (d->gone)
		return;
	d->zcl_sequence = d->zdo_sequence = d->aps_counter = 0;
	szb_device_rejoin(d, true, false);
}

/* Whatever the scenario makes it say, so many times: as if nobody had answered. */
static void say(struct szb_device *d, const struct szb_event_config *e)
{
	struct octets o = { 0 };

	octets_bytes(&o, e->frame, e->frame_n);
	for (int64_t i = 0; i < e->times; i++)
		szb_device_say(d, (uint16_t)e->cluster, (uint8_t)e->endpoint, &o);
	szb_device_poll_soon(d, szb_real(d->szb, 100000));
}

static void act_on_member(struct szb_device *d, const struct szb_event_config *e)
{
	switch ((int)e->action) {
	case SZB_DO_ENTER:
		szb_device_enter(d);
		break;
	case SZB_DO_REJOIN:
		szb_device_rejoin(d, strcmp(e->amount, "unsecured") != 0, false);
		break;
	case SZB_DO_LEAVE:
		if (!strcmp(e->amount, "rejoin"))
			szb_device_leave_and_rejoin(d);
		else
			szb_device_leave(d, true);
		break;
	case SZB_DO_VANISH:
		vanish(d);
		break;
	case SZB_DO_READDRESS:
		szb_device_rejoin(d, true, true);
		break;
	case SZB_DO_CONFLICT:
		ncp_conflict(&d->szb->ncp, d->node);
		szb_device_rejoin(d, true, true);
		break;
	case SZB_DO_ANNOUNCE:
		szb_device_announce(d);
		break;
	default:
		break;
	}
}

static void act_on_device(struct szb_device *d, const struct szb_event_config *e)
{
	sble_log_event(d->szb->log, szb_action_text(e->action), d->config->name, "\"name\":\"%s\"",
		e->name);
	switch ((int)e->action) {
	case SZB_DO_CHANGE:
		change_value(d, e);
		break;
	case SZB_DO_MEASURE:
		measure_now(d, e);
		break;
	case SZB_DO_PRESS:
		press(d, e);
		break;
	case SZB_DO_SILENCE:
		d->fault.silent_until_us = until(d->szb, e);
		break;
	case SZB_DO_CHECK_IN:
		sble_timer_arm(&d->szb->timers, &d->check_in_timer, szb_now(d->szb));
		break;
	case SZB_DO_SPECIAL:
		set_special(d, e);
		szb_report_look(d);
		break;
	case SZB_DO_DUPLICATE:
		d->fault.duplicate = (uint32_t)e->times;
		break;
	case SZB_DO_REORDER:
		d->fault.reorder = true;
		break;
	case SZB_DO_MALFORMED:
		d->fault.malformed = (uint32_t)e->times;
		break;
	case SZB_DO_DEAF:
		d->fault.deaf = (uint32_t)e->times;
		break;
	case SZB_DO_MISS:
		d->fault.miss = (uint32_t)e->times;
		break;
	case SZB_DO_SAY:
		say(d, e);
		break;
	default:
		act_on_member(d, e);
		break;
	}
}

static void happen(struct szb *b, const struct szb_event_config *e, size_t only)
{
	if (!e->of_device)
		act_on_radio(b, e);
	for (size_t i = e->first; e->of_device && i < e->first + e->count; i++)
		if (only == SIZE_MAX || only == i)
			act_on_device(&b->devices[i], e);
}

void szb_event_happen(struct szb *b, struct szb_event_config *e)
{
	e->by_rule = true; /* not at a time that it says */
	happen(b, e, SIZE_MAX);
}

/* ---- when */

void szb_count(struct szb *b, enum szb_when when, size_t index, int64_t id)
{
	const struct szb_scenario *s = b->scenario;

	for (size_t i = 0; i < s->rule_count; i++) {
		const struct szb_event_config *e = &s->events[i];

		if (e->when != when || szb_now(b) < e->at_ms * 1000 ||
			(index != SIZE_MAX && (index < e->first || index >= e->first + e->count)) ||
			(when == SZB_WHEN_COMMAND && e->command >= 0 && id != e->command))
			continue;
		if (++b->fired[i] == (uint32_t)e->nth)
			happen(b, e, index);
	}
}

static void on_time(void *arg)
{
	struct szb *b = arg;
	const struct szb_scenario *s = b->scenario;

	/* Those of this moment only: what devices do between it and the next comes first. */
	while (b->next_event < s->event_count &&
		s->events[b->next_event].at_ms * 1000 <= b->event_timer.at_us)
		happen(b, &s->events[b->next_event++], SIZE_MAX);
	if (b->next_event < s->event_count)
		sble_timer_arm(&b->timers, &b->event_timer, s->events[b->next_event].at_ms * 1000);
}

void szb_events_start(struct szb *b)
{
	b->next_event = b->scenario->rule_count;
	b->event_timer = (struct sble_timer){ .fn = on_time, .arg = b };
	if (b->next_event < b->scenario->event_count)
		sble_timer_arm(&b->timers, &b->event_timer,
			b->scenario->events[b->next_event].at_ms * 1000);
}
