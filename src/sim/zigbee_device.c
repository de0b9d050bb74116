/* See zigbee_device.h; its frames' way to the coordinator and what goes wrong on it. */
#include "sim/zigbee_device.h"

#include <string.h>

#include "sim/ble_crypto.h"

#define APS_USUAL 0x0140 /* acknowledged, finds its route */
#define ROUTE_RECORD_EVERY 32
#define ANSWER_US INT64_C(2000000)
#define SAID_AGAIN 2

#define ZCL_NO_DEFAULT_RESPONSE 0x10

bool szb_has(const struct szb_device *d, enum szb_cluster c)
{
	return c < _SZB_C_MAX && (d->kind->servers & UINT32_C(1) << c);
}

static void on_retry(void *arg)
{
	struct szb_device *d = arg;

	if (!d->unanswered.left--) {
		d->unanswered.left = 0;
		return;
	}
	szb_device_event(d, "said-again");
	szb_device_send(d, 0x0104, d->unanswered.cluster, false, &d->unanswered.frame, NULL);
	sble_timer_arm(
		&d->szb->timers, &d->retry_timer, szb_now(d->szb) + szb_real(d->szb, ANSWER_US));
}

void szb_device_init(struct szb_device *d, struct szb *b, size_t index)
{
	static const uint8_t maker[] = { 0x38, 0xc1, 0xa4 };
	const struct szb_device_config *c = &b->scenario->devices[index];

	*d = (struct szb_device){ .szb = b, .config = c, .kind = c->kind, .index = index };
	d->rng = rng_fork(b->seed, 0x100000 + index);
	if (c->has_eui)
		memcpy(d->eui, c->eui, 8);
	else {
		sble_derive(b->seed, "zigbee", (unsigned)index, 0, d->eui, 5);
		memcpy(d->eui + 5, maker, 3);
	}
	d->check_in_quarters = (uint32_t)(c->check_in_ms / 250);
	d->fault.deaf = (uint32_t)c->deaf;
	d->switched = true;
	d->zone_id = 0xff;
	d->join_timer = (struct sble_timer){ .fn = szb_device_on_join_timer, .arg = d };
	d->retry_timer = (struct sble_timer){ .fn = on_retry, .arg = d };
	d->poll_timer = (struct sble_timer){ .fn = szb_device_on_poll, .arg = d };
	szb_report_init(d);
}

void szb_device_start(struct szb_device *d)
{
	szb_report_start(d);
}

void szb_device_event(struct szb_device *d, const char *event)
{
	sble_log_event(d->szb->log, event, d->config->name, NULL);
}

static bool silent(const struct szb_device *d)
{
	return d->gone || (d->fault.silent_until_us && szb_now(d->szb) < d->fault.silent_until_us);
}

static bool same_network(const struct szb_device *d)
{
	const struct ncp_tokens *t = &d->szb->ncp.tokens;

	return d->network.pan == t->pan && d->network.channel == t->channel &&
	       !memcmp(d->network.ext_pan, t->ext_pan, 8) &&
	       !memcmp(d->network.key, t->network_key, 16);
}

bool szb_device_reaches(const struct szb_device *d)
{
	const struct szb_device *parent;

	if (!d->szb->ncp.up || !d->member || silent(d) || !same_network(d))
		return false;
	if (d->config->parent == SIZE_MAX)
		return true;
	parent = &d->szb->devices[d->config->parent];
	return parent->member && !silent(parent);
}

static void put_route(struct szb_device *d, uint8_t lqi, int8_t rssi)
{
	struct szb *b = d->szb;

	if (d->config->parent == SIZE_MAX || !b->ncp.concentrator ||
		d->routed++ % ROUTE_RECORD_EVERY)
		return;
	ncp_route_record(&b->ncp, d->eui, d->node, lqi, rssi, b->devices[d->config->parent].node);
}

static void transmit(struct szb_device *d, struct ncp_aps aps, bool broadcast,
	const struct octets *o, struct szb_pack *pack)
{
	struct szb *b = d->szb;
	int lqi = (int)d->config->lqi + (int)rng_below(&d->rng, 9) - 4;
	struct ncp_incoming m = { .type = broadcast ? 4 : 0, .sender = d->node, .eui = d->eui };
	const char *why = "air";

	aps.destination = aps.profile ? 1 : 0;
	aps.options = broadcast ? 0x0100 : APS_USUAL;
	aps.sequence = d->aps_counter++;
	m.aps = aps;
	m.lqi = (uint8_t)(lqi < 0 ? 0 : lqi > 255 ? 255 : lqi);
	m.rssi = (int8_t)(-100 + m.lqi / 4);
	m.at = o->at;
	m.n = o->n;
	if (!szb_device_reaches(d)) {
		szb_lose(b, pack,
			b->ncp.up                         ? "air"
			: b->ncp.ash.state == NCP_ASH_OFF ? "ncp-off"
							  : "network-down");
		return;
	}
	put_route(d, m.lqi, m.rssi);
	if (!ncp_receive(&b->ncp, &m, pack, &why))
		szb_lose(b, pack, why);
}

void szb_device_send(struct szb_device *d, uint16_t profile, uint16_t cluster, bool broadcast,
	const struct octets *o, struct szb_pack *pack)
{
	transmit(d,
		(struct ncp_aps){ .profile = profile,
			.cluster = cluster,
			.source = profile ? SZB_ENDPOINT : 0 },
		broadcast, o, pack);
}

void szb_device_say(
	struct szb_device *d, uint16_t cluster, uint8_t endpoint, const struct octets *o)
{
	transmit(d, (struct ncp_aps){ .profile = 0x0104, .cluster = cluster, .source = endpoint },
		false, o, NULL);
}

/* What the host has answered is in good hands. */
void szb_device_answered(struct szb_device *d)
{
	d->unanswered.left = 0;
	if (d->unanswered.pack)
		sble_log_event(d->szb->log, "answered", d->config->name, "\"pack\":%u",
			d->unanswered.pack);
	d->unanswered.pack = 0;
}

static void await(
	struct szb_device *d, uint16_t cluster, const struct octets *o, const struct szb_pack *pack)
{
	d->unanswered.cluster = cluster;
	d->unanswered.pack = pack ? pack->number : 0;
	d->unanswered.frame = *o;
	d->unanswered.left = SAID_AGAIN;
	sble_timer_arm(
		&d->szb->timers, &d->retry_timer, szb_now(d->szb) + szb_real(d->szb, ANSWER_US));
}

static void spoil(struct szb_device *d, struct octets *o)
{
	d->fault.malformed--;
	szb_device_event(d, "spoiled");
	switch (rng_below(&d->rng, 3)) {
	case 0:
		o->n = (uint16_t)rng_below(&d->rng, o->n);
		break;
	case 1:
		o->at[o->n - 1 - rng_below(&d->rng, o->n > 4 ? 4 : o->n)] ^=
			(uint8_t)(1 + rng_below(&d->rng, 255));
		break;
	default:
		for (int i = 0; i < 20; i++)
			octets_u8(o, rng_below(&d->rng, 256));
		break;
	}
}

void szb_device_tell(
	struct szb_device *d, uint16_t cluster, struct octets *o, struct szb_pack *pack)
{
	if (!d->config->default_response)
		o->at[0] |= ZCL_NO_DEFAULT_RESPONSE;
	else
		await(d, cluster, o, pack);
	if (d->fault.malformed) {
		if (pack)
			szb_lose(d->szb, pack, "malformed");
		pack = NULL;
		spoil(d, o);
	}
	if (d->fault.reorder && !d->held.used) {
		d->fault.reorder = false;
		d->held.used = true;
		d->held.cluster = cluster;
		d->held.frame = *o;
		d->held.pack = pack;
		return;
	}
	szb_device_send(d, 0x0104, cluster, false, o, pack);
	if (d->fault.duplicate) {
		d->fault.duplicate--;
		szb_device_event(d, "duplicate");
		szb_device_send(d, 0x0104, cluster, false, o, NULL);
	}
	if (d->held.used) {
		d->held.used = false;
		szb_device_event(d, "reordered");
		szb_device_send(d, 0x0104, d->held.cluster, false, &d->held.frame, d->held.pack);
	}
	szb_device_poll_soon(d, szb_real(d->szb, 100000));
	szb_count(d->szb, SZB_WHEN_REPORT, d->index, -1);
}

void szb_device_hear(struct szb_device *d, const struct ncp_message *m)
{
	if (d->fault.miss) {
		d->fault.miss--;
		szb_device_event(d, "missed");
		return;
	}
	if (!m->aps.profile)
		szb_zdo_hear(d, m);
	else if (m->aps.profile == 0x0104 &&
		 (m->aps.destination == SZB_ENDPOINT || m->aps.destination == 0xff))
		szb_zcl_hear(d, m);
}
