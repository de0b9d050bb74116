/* Reports at a rate, from the members in turn, whatever was configured: what load is made of. See
 * zigbee_stage.h. */
#include "sim/zigbee_device.h"

#define TICK_US 2000
#define CREDIT_US 200000 /* what was not sent in time is sent later, but no more than that */

/* The next member that can be heard and has something to measure. */
static bool report_next(struct szb *b)
{
	for (size_t i = 0; i < b->device_count; i++) {
		struct szb_device *d = &b->devices[b->rate_next];

		b->rate_next = (b->rate_next + 1) % b->device_count;
		if (szb_device_reaches(d) && szb_report_one(d))
			return true;
	}
	return false;
}

void szb_rate_top_up(struct szb *b)
{
	int64_t one_us, now;

	if (!b->rate || !b->ncp.up || !b->ncp.version_set)
		return;
	one_us = 1000000 / b->rate ?: 1;
	now = szb_boot_us();
	if (now - b->rate_credit_us > CREDIT_US)
		b->rate_credit_us = now - CREDIT_US;
	while (b->rate_credit_us + one_us <= now) {
		/* Some room is left for what else the NCP has to say. */
		if (b->scenario->radio.wait && ncp_ash_room(&b->ncp.ash) < 8)
			return;
		if (!report_next(b)) {
			b->rate_credit_us = now;
			return;
		}
		b->rate_credit_us += one_us;
	}
}

static void on_tick(void *arg)
{
	struct szb *b = arg;

	szb_rate_top_up(b);
	sble_timer_arm(&b->real, &b->rate_timer, szb_boot_us() + TICK_US);
}

void szb_rate_start(struct szb *b)
{
	b->rate_timer = (struct sble_timer){ .fn = on_tick, .arg = b };
	b->rate_credit_us = szb_boot_us();
	if (b->rate)
		sble_timer_arm(&b->real, &b->rate_timer, b->rate_credit_us);
}
