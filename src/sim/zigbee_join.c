/* How a simulated device becomes a member, moves and leaves; see zigbee_device.h. */
#include <string.h>

#include "sim/zigbee_device.h"

#define ID_KEY_ESTABLISHED 0x009b
#define KEY_SENT 6
#define TYPE_ROUTER 2
#define TYPE_SLEEPY 4
#define TYPE_LISTENING 3

static uint8_t type_of(const struct szb_device *d)
{
	return d->config->sleepy ? TYPE_SLEEPY : d->kind->mains ? TYPE_ROUTER : TYPE_LISTENING;
}

static uint16_t parent_of(const struct szb_device *d)
{
	return d->config->parent == SIZE_MAX ? 0 : d->szb->devices[d->config->parent].node;
}

static void take_address(struct szb_device *d)
{
	struct szb *b = d->szb;
	uint16_t node;

	if (d->member && b->nodes[d->node] == d->index + 1)
		b->nodes[d->node] = 0;
	do
		node = (uint16_t)(1 + rng_below(&d->rng, 0xfff7));
	while (b->nodes[node]);
	d->node = node;
	b->nodes[node] = (uint16_t)(d->index + 1);
}

static void belong(struct szb_device *d)
{
	const struct ncp_tokens *t = &d->szb->ncp.tokens;

	memcpy(d->network.ext_pan, t->ext_pan, 8);
	memcpy(d->network.key, t->network_key, 16);
	d->network.pan = t->pan;
	d->network.channel = t->channel;
	d->heard = d->szb->ncp.counter;
	d->member = true;
	d->szb->keep = true;
}

void szb_device_announce(struct szb_device *d)
{
	struct octets o = { 0 };

	octets_u8(&o, d->zdo_sequence++);
	octets_le(&o, d->node, 2);
	octets_bytes(&o, d->eui, 8);
	octets_u8(&o, d->kind->mains ? 0x8e : d->config->sleepy ? 0x80 : 0x88);
	d->routed = 0;
	szb_device_send(d, 0x0000, 0x0013, true, &o, NULL);
}

static void be_awake(struct szb_device *d)
{
	d->fast_until_us = szb_now(d->szb) + d->config->fast_poll_ms * 1000;
	szb_device_poll_soon(d, szb_real(d->szb, 100000));
}

static void say_key(struct szb_device *d)
{
	struct octets o = { 0 };

	octets_bytes(&o, d->eui, 8);
	octets_u8(&o, KEY_SENT);
	(void)ncp_emit(&d->szb->ncp, ID_KEY_ESTABLISHED, &o, NULL, NULL);
}

static void forget_settings(struct szb_device *d)
{
	d->bound = 0;
	d->report_count = 0;
	d->enrolled = d->woken = d->asked = false;
	d->zone_id = 0xff;
	memset(d->cie, 0, 8);
}

static bool parent_there(const struct szb_device *d)
{
	return d->config->parent == SIZE_MAX ||
	       szb_device_reaches(&d->szb->devices[d->config->parent]);
}

/* Aqara's newer devices want a coordinator of their maker when they have joined, or go. */
static void on_look(void *arg)
{
	struct szb_device *d = arg;

	if (!d->member || d->szb->ncp.manufacturer == d->kind->maker_code)
		return;
	szb_device_event(d, "not-of-its-maker");
	szb_device_leave(d, true);
}

static void look_at_maker(struct szb_device *d)
{
	static const uint8_t prefix[] = { 0x44, 0xef, 0x54 }; /* as on the wire */

	if ((d->kind->quirk != SZB_AQARA_FF01 && d->kind->quirk != SZB_AQARA_FCC0) ||
		memcmp(d->eui + 5, prefix, sizeof(prefix)) != 0)
		return;
	d->enroll_timer.fn = on_look; /* it has no zone */
	d->enroll_timer.arg = d;
	sble_timer_arm(
		&d->szb->timers, &d->enroll_timer, szb_now(d->szb) + szb_real(d->szb, 1000000));
}

void szb_device_enter(struct szb_device *d)
{
	struct szb *b = d->szb;
	bool was_open = ncp_open(&b->ncp);

	if (d->member || d->gone || !was_open || !parent_there(d))
		return;
	take_address(d);
	if (!ncp_join(&b->ncp, d->eui, d->node, parent_of(d), type_of(d), d->config->key)) {
		b->nodes[d->node] = 0;
		szb_device_event(d, "join-refused");
		return;
	}
	forget_settings(d);
	belong(d);
	sble_log_event(b->log, "joined", d->config->name, "\"node\":%u", d->node);
	say_key(d);
	szb_device_announce(d);
	be_awake(d);
	look_at_maker(d);
	szb_count(b, SZB_WHEN_JOIN, d->index, -1);
}

void szb_device_on_join_timer(void *arg)
{
	struct szb_device *d = arg;
	struct szb *b = d->szb;

	if (d->member || !ncp_open(&b->ncp))
		return;
	szb_device_enter(d);
	if (!d->member)
		sble_timer_arm(&b->timers, &d->join_timer, szb_now(b) + szb_real(b, 2000000));
}

void szb_device_adopt(struct szb_device *d)
{
	struct szb *b = d->szb;

	if (!d->member)
		take_address(d);
	belong(d);
	d->bound = d->kind->servers | d->kind->clients;
	d->woken = true;
	if (szb_has(d, SZB_C_ZONE)) {
		d->enrolled = true;
		d->zone_id = 0;
		memcpy(d->cie, b->ncp.tokens.eui, 8);
	}
	szb_device_poll_soon(d, d->config->poll_ms * 1000);
}

void szb_device_network(struct szb_device *d)
{
	struct szb *b = d->szb;

	if (!b->ncp.up)
		return;
	if (d->config->join == SZB_JOIN_KNOWN && !d->gone &&
		(!d->member || memcmp(d->network.key, b->ncp.tokens.network_key, 16) != 0))
		szb_device_adopt(d);
	else if (d->member)
		szb_device_poll_soon(d, d->config->poll_ms * 1000);
	else if (d->config->join == SZB_JOIN_PERMIT && ncp_open(&b->ncp))
		sble_timer_arm(&b->timers, &d->join_timer,
			szb_now(b) + 50000 + rng_below(&d->rng, 400000));
}

void szb_device_rejoin(struct szb_device *d, bool secured, bool new_address)
{
	struct szb *b = d->szb;

	if (!d->member || d->gone || !b->ncp.up)
		return;
	if (new_address) {
		take_address(d);
		b->keep = true;
	}
	if (!szb_device_reaches(d) ||
		!ncp_rejoin(&b->ncp, d->eui, d->node, parent_of(d), type_of(d), secured))
		return;
	sble_log_event(b->log, "rejoined", d->config->name, "\"node\":%u", d->node);
	szb_device_announce(d);
	be_awake(d);
}

void szb_device_forget(struct szb_device *d)
{
	if (d->member && d->szb->nodes[d->node] == d->index + 1)
		d->szb->nodes[d->node] = 0;
	d->member = false;
	sble_timer_stop(&d->szb->timers, &d->poll_timer);
	sble_timer_stop(&d->szb->timers, &d->retry_timer);
	forget_settings(d);
	d->szb->keep = true;
}

void szb_device_leave_and_rejoin(struct szb_device *d)
{
	if (!d->member || !szb_device_reaches(d))
		return;
	ncp_left(&d->szb->ncp, d->eui, d->node, parent_of(d));
	szb_device_rejoin(d, true, false);
}

void szb_device_leave(struct szb_device *d, bool tell)
{
	struct szb *b = d->szb;
	bool reaches = szb_device_reaches(d);
	uint16_t parent = parent_of(d), node = d->node;

	if (!d->member)
		return;
	szb_device_forget(d);
	szb_device_event(d, "left");
	if (tell && reaches)
		ncp_left(&b->ncp, d->eui, node, parent);
	/* It looks for a network again, after a while. */
	if (d->config->join == SZB_JOIN_PERMIT && ncp_open(&b->ncp))
		sble_timer_arm(&b->timers, &d->join_timer, szb_now(b) + szb_real(b, 1000000));
}
