/* What a simulated device measures and says of itself: reports, status changes, buttons; see
 * zigbee_device.h. */
#include <math.h>
#include <string.h>

#include "sim/zigbee_device.h"

#define REPORT 0x0a
#define SERVER 0x08
#define CLUSTER 0x01
#define BATTERY_EVERY 20 /* measurements, of those that report without being told */

#define ZONE_ALARM_1 0x0001
#define ZONE_TAMPER 0x0004
#define ZONE_BATTERY 0x0008
#define ZONE_SUPERVISION 0x0010

struct szb_pack *szb_report_pack(struct szb_device *d, const char *by)
{
	return d->config->log ? szb_pack_new(&d->szb->packs, d->config->name, by) : NULL;
}

/* Takes the pack, which has nothing to say when it is empty. */
static struct szb_pack *unless_empty(struct szb_device *d, struct szb_pack *pack)
{
	if (pack && !pack->count) {
		szb_pack_release(&d->szb->packs, pack);
		return NULL;
	}
	return pack;
}

static bool measures(const struct szb_device *d, enum szb_metric m)
{
	return d->metrics & UINT32_C(1) << m;
}

static void measure(struct szb_device *d, enum szb_metric m)
{
	d->metrics |= UINT32_C(1) << m;
}

static void find_metrics(struct szb_device *d)
{
	for (size_t i = 0; i < szb_attribute_count; i++)
		if (szb_attributes[i].source == SZB_MEASURED &&
			szb_has(d, szb_attributes[i].cluster))
			measure(d, (enum szb_metric)szb_attributes[i].value);
	if (szb_has(d, SZB_C_ZONE)) {
		measure(d, d->kind->zone_metric);
		measure(d, SZB_TAMPER);
		measure(d, SZB_BATTERY_LOW);
	}
	if (d->kind->quirk == SZB_TUYA) {
		measure(d, SZB_TEMPERATURE);
		measure(d, SZB_HUMIDITY);
		measure(d, SZB_BATTERY);
	} else if (d->kind->quirk != SZB_PLAIN)
		measure(d, SZB_BATTERY_VOLTAGE);
}

void szb_report_init(struct szb_device *d)
{
	find_metrics(d);
	for (int m = 0; m < _SZB_METRIC_MAX; m++) {
		struct szb_walk *w = &d->walks[m];

		szb_walk_init(w, (enum szb_metric)m, d->szb->seed, d->index);
		if (d->config->bases[m].given)
			w->now = w->base = d->config->bases[m].value;
		else if (m == SZB_TEMPERATURE && d->kind->temperature)
			w->now = w->base += d->kind->temperature - 2150;
	}
}

/* ---- the zone */

static uint16_t zone_status(const struct szb_device *d)
{
	enum szb_metric m = d->kind->zone_metric;
	bool alarm = m == SZB_CONTACT ? !d->walks[m].now : d->walks[m].now;

	return (uint16_t)((alarm ? ZONE_ALARM_1 : 0) |
			  (d->walks[SZB_TAMPER].now ? ZONE_TAMPER : 0) |
			  (d->walks[SZB_BATTERY_LOW].now ? ZONE_BATTERY : 0) | ZONE_SUPERVISION);
}

void szb_report_zone_values(const struct szb_device *d, struct szb_pack *pack)
{
	enum szb_metric m = d->kind->zone_metric;
	bool alarm = d->zone_status & ZONE_ALARM_1;

	szb_pack_add(pack, m, m == SZB_CONTACT ? !alarm : alarm);
	szb_pack_add(pack, SZB_TAMPER, !!(d->zone_status & ZONE_TAMPER));
	szb_pack_add(pack, SZB_BATTERY_LOW, !!(d->zone_status & ZONE_BATTERY));
}

static void notify_zone(struct szb_device *d)
{
	struct octets o = { 0 };
	struct szb_pack *pack = szb_report_pack(d, "notification");

	octets_u8(&o, SERVER | CLUSTER);
	octets_u8(&o, d->zcl_sequence++);
	octets_u8(&o, 0x00);
	octets_le(&o, d->zone_status, 2);
	octets_u8(&o, 0);
	octets_u8(&o, d->zone_id);
	octets_le(&o, 0, 2);
	if (pack)
		szb_report_zone_values(d, pack);
	szb_device_tell(d, 0x0500, &o, pack);
}

/* even_so: it speaks though nothing has changed, to show that it lives. */
static void look_at_zone(struct szb_device *d, bool even_so)
{
	uint16_t before = d->zone_status;

	if (!szb_has(d, SZB_C_ZONE))
		return;
	d->zone_status = zone_status(d);
	if (d->enrolled && d->member && (even_so || before != d->zone_status))
		notify_zone(d);
}

/* ---- attributes */

static double now_s(const struct szb_device *d)
{
	return (double)szb_now(d->szb) / 1e6;
}

static bool due(struct szb_device *d, struct szb_report *r, double *ret_next_s)
{
	double v = szb_attribute_number(d, r->attribute);
	double last_s = (double)r->last_us / 1e6, since = now_s(d) - last_s;
	bool changed = !r->ever || isnan(v) != isnan(r->last) ||
		       (szb_type_analog(r->attribute->type)
				       ? fabs(v - r->last) >= r->change && v != r->last
				       : v != r->last);

	if ((changed && since >= r->min_s) || (r->max_s && since >= r->max_s) || !r->ever)
		return true;
	if (changed && last_s + r->min_s < *ret_next_s)
		*ret_next_s = last_s + r->min_s;
	if (r->max_s && last_s + r->max_s < *ret_next_s)
		*ret_next_s = last_s + r->max_s;
	return false;
}

static void begin_report(struct szb_device *d, struct octets *o)
{
	octets_u8(o, SERVER);
	octets_u8(o, d->zcl_sequence++);
	octets_u8(o, REPORT);
}

static void put_record(
	struct szb_device *d, struct octets *o, const struct szb_attribute *a, struct szb_pack *p)
{
	octets_le(o, a->id, 2);
	octets_u8(o, a->type);
	szb_put_value(d, o, a, p);
}

static void said(struct szb_device *d, struct szb_report *r, double *next_s)
{
	r->ever = true;
	r->last_us = szb_now(d->szb);
	r->last = szb_attribute_number(d, r->attribute);
	if (r->max_s && now_s(d) + r->max_s < *next_s)
		*next_s = now_s(d) + r->max_s;
}

/* One frame with all that is due of one cluster. */
static void report_cluster(struct szb_device *d, enum szb_cluster c, double *next_s)
{
	struct szb_pack *pack = NULL;
	struct octets o = { 0 };

	for (size_t i = 0; i < d->report_count; i++) {
		struct szb_report *r = &d->reports[i];

		if (r->attribute->cluster != c || !due(d, r, next_s))
			continue;
		if (!o.n) {
			begin_report(d, &o);
			pack = szb_report_pack(d, "report");
		}
		put_record(d, &o, r->attribute, pack);
		said(d, r, next_s);
	}
	if (o.n)
		szb_device_tell(d, szb_cluster_id(c), &o, unless_empty(d, pack));
}

static void on_report(void *arg)
{
	szb_report_look(arg);
}

static void look_at_reports(struct szb_device *d)
{
	double next_s = HUGE_VAL;

	if (!d->member || d->config->always)
		return;
	for (int c = 0; c < _SZB_C_MAX; c++)
		if (d->bound & UINT32_C(1) << c)
			report_cluster(d, (enum szb_cluster)c, &next_s);
	if (next_s < HUGE_VAL) {
		d->report_timer = (struct sble_timer){
			.fn = on_report, .arg = d, .place = d->report_timer.place
		};
		sble_timer_arm(&d->szb->timers, &d->report_timer, (int64_t)(next_s * 1e6) + 1);
	}
}

void szb_report_look(struct szb_device *d)
{
	look_at_zone(d, false);
	look_at_reports(d);
}

/* All that is measured of one cluster, asked for or not. */
static bool report_unasked(struct szb_device *d, enum szb_cluster c)
{
	struct szb_pack *pack = NULL;
	struct octets o = { 0 };

	for (size_t i = 0; i < szb_attribute_count; i++) {
		const struct szb_attribute *a = &szb_attributes[i];

		if (a->cluster != c || a->source != SZB_MEASURED)
			continue;
		if (!o.n) {
			begin_report(d, &o);
			pack = szb_report_pack(d, "report");
		}
		put_record(d, &o, a, pack);
	}
	if (!o.n)
		return false;
	szb_device_tell(d, szb_cluster_id(c), &o, pack);
	return true;
}

static void report_all(struct szb_device *d)
{
	for (int c = 0; c < _SZB_C_MAX; c++) {
		if (!szb_has(d, (enum szb_cluster)c) ||
			(c == SZB_C_POWER_CONFIG && d->measured % BATTERY_EVERY != 1))
			continue;
		(void)report_unasked(d, (enum szb_cluster)c);
	}
}

bool szb_report_one(struct szb_device *d)
{
	for (int c = SZB_C_LIGHT; c < _SZB_C_MAX; c++) {
		if (!szb_has(d, (enum szb_cluster)c))
			continue;
		for (int m = 0; m < SZB_OCCUPANCY; m++)
			if (measures(d, (enum szb_metric)m))
				szb_walk_next(&d->walks[m], (enum szb_metric)m, INT64_MAX,
					d->config->toggle);
		if (report_unasked(d, (enum szb_cluster)c))
			return true;
	}
	return false;
}

/* ---- measuring */

static bool zone_only(const struct szb_device *d)
{
	uint32_t quiet = SZB_BIT(BASIC) | SZB_BIT(POWER_CONFIG) | SZB_BIT(IDENTIFY) |
			 SZB_BIT(POLL) | SZB_BIT(ZONE);

	return szb_has(d, SZB_C_ZONE) && !(d->kind->servers & ~quiet);
}

static bool has_button(const struct szb_device *d)
{
	return d->kind->clients || szb_has(d, SZB_C_MULTISTATE);
}

void szb_report_measure(struct szb_device *d)
{
	int64_t at = d->measure_timer.at_us;

	d->measured++;
	for (int m = 0; m < _SZB_METRIC_MAX; m++)
		if (measures(d, (enum szb_metric)m))
			szb_walk_next(&d->walks[m], (enum szb_metric)m, at, d->config->toggle);
	if (has_button(d)) {
		szb_walk_next(&d->walks[SZB_BUTTON], SZB_BUTTON, at, 0);
		szb_report_press(d, d->walks[SZB_BUTTON].now);
	}
	look_at_zone(d, zone_only(d));
	if (d->kind->quirk != SZB_PLAIN) {
		if (d->member)
			szb_quirk_report(d);
	} else if (d->config->always == 1 && d->member)
		report_all(d);
	else
		look_at_reports(d);
}

static void on_measure(void *arg)
{
	struct szb_device *d = arg;
	int64_t at = d->measure_timer.at_us;

	szb_report_measure(d);
	sble_timer_arm(&d->szb->timers, &d->measure_timer, at + d->config->interval_ms * 1000);
}

static void on_check_in(void *arg)
{
	struct szb_device *d = arg;
	struct octets o = { 0 };
	int64_t quarters = d->check_in_quarters ?: 14400;

	octets_u8(&o, SERVER | CLUSTER | 0x10);
	octets_u8(&o, d->zcl_sequence++);
	octets_u8(&o, 0x00);
	if (d->member && d->bound & SZB_BIT(POLL)) {
		szb_device_send(d, 0x0104, 0x0020, false, &o, NULL);
		szb_device_poll_soon(d, szb_real(d->szb, 250000));
	}
	sble_timer_arm(&d->szb->timers, &d->check_in_timer, szb_now(d->szb) + quarters * 250000);
}

void szb_report_start(struct szb_device *d)
{
	struct rng phase = rng_fork(d->szb->seed, 0x200000 + d->index);
	int64_t interval_us = d->config->interval_ms * 1000;

	d->zone_status = szb_has(d, SZB_C_ZONE) ? zone_status(d) : 0;
	d->measure_timer = (struct sble_timer){ .fn = on_measure, .arg = d };
	d->check_in_timer = (struct sble_timer){ .fn = on_check_in, .arg = d };
	if (interval_us && !d->szb->rate)
		sble_timer_arm(&d->szb->timers, &d->measure_timer,
			(int64_t)(rng_next(&phase) % (uint64_t)interval_us));
	if (szb_has(d, SZB_C_POLL))
		sble_timer_arm(&d->szb->timers, &d->check_in_timer,
			d->check_in_quarters * INT64_C(250000));
}

void szb_report_flag_relief(struct szb_device *d)
{
	int64_t now = szb_now(d->szb);

	for (int m = SZB_OCCUPANCY; m <= SZB_BATTERY_LOW; m++) {
		struct szb_walk *w = &d->walks[m];

		if (!w->pull_end_us || now < w->pull_end_us)
			continue;
		w->pull_end_us = 0;
		w->now = w->base;
	}
	szb_report_look(d);
}

/* ---- buttons */

static void press_multistate(struct szb_device *d, int64_t word)
{
	static const uint8_t values[SZB_BUTTON_WORDS] = { 0, 1, 2, 3, 0, 255 };
	struct szb_pack *pack = szb_report_pack(d, "report");
	struct octets o = { 0 };

	d->present_value = values[word];
	begin_report(d, &o);
	put_record(d, &o, szb_attribute_find(SZB_C_MULTISTATE, 0x0055), NULL);
	if (pack) {
		struct szb_value *v = szb_pack_add(pack, SZB_BUTTON, word);

		snprintf(v->raw, sizeof(v->raw), "%u", d->present_value);
	}
	szb_device_tell(d, 0x0012, &o, pack);
}

void szb_report_press(struct szb_device *d, int64_t word)
{
	/* As the plainest of buttons do: toggle for one press, on for two, off for a long one. */
	static const uint8_t commands[SZB_BUTTON_WORDS] = { 0, 2, 1, 1, 0, 0 };
	bool emergency = d->kind->clients & SZB_BIT(ACE);
	struct octets o = { 0 };
	struct szb_pack *pack;

	if (!d->member || !(d->bound & (SZB_BIT(ONOFF) | SZB_BIT(ACE) | SZB_BIT(MULTISTATE)) ||
				  d->config->always)) {
		szb_device_event(d, d->member ? "unbound" : "unheard");
		return;
	}
	if (szb_has(d, SZB_C_MULTISTATE)) {
		press_multistate(d, word);
		return;
	}
	pack = szb_report_pack(d, "command");
	octets_u8(&o, CLUSTER);
	octets_u8(&o, d->zcl_sequence++);
	octets_u8(&o, emergency ? 0x02 : commands[word]);
	if (pack && emergency)
		szb_pack_add(pack, SZB_EMERGENCY, 1);
	else if (pack)
		snprintf(szb_pack_add(pack, SZB_BUTTON, word)->raw, 16, "%u", commands[word]);
	szb_device_tell(d, emergency ? 0x0501 : 0x0006, &o, pack);
}
