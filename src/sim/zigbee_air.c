/* Between the NCP and the devices: messages on their way, those that wait for a sleeper, addresses,
 * and the fate of what went to the host. See zigbee_stage.h. */
#include <errno.h>
#include <string.h>

#include "sim/zigbee_device.h"

#define CONFIG_INDIRECT_MS 0x12
#define LATENCY_US 4000
#define FAST_POLL_US 250000
#define NO_ROUTE_US INT64_C(1200000)

static void release(struct szb_pending *p)
{
	sble_timer_stop(&p->szb->timers, &p->timer);
	p->used = false;
}

/* The frame counter is what a member believes a coordinator by: one that goes back is ignored. */
static bool believes(struct szb_device *d, const struct ncp_message *m)
{
	if (m->counter <= d->heard) {
		d->szb->heard_nothing++;
		return false;
	}
	d->heard = m->counter;
	return true;
}

static void deliver(struct szb_pending *p)
{
	struct szb_device *d = p->device;
	struct ncp_message m = p->message;
	struct szb *b = p->szb;
	bool well = d && szb_device_reaches(d) && d->node == m.peer && believes(d, &m);

	release(p);
	ncp_delivered(&b->ncp, &m, well);
	if (well)
		szb_device_hear(d, &m);
}

static void on_pending(void *arg)
{
	struct szb_pending *p = arg;
	struct szb *b = p->szb;

	if (p->device && !p->device->config->sleepy) {
		deliver(p);
		return;
	}
	/* It did not poll in time, or nobody is there. */
	release(p);
	ncp_delivered(&b->ncp, &p->message, false);
}

static void air_unicast(void *arg, const struct ncp_message *m)
{
	struct szb *b = arg;
	struct szb_pending *p = b->pending;
	int64_t wait = szb_real(b, NO_ROUTE_US);

	while (p < b->pending + NCP_IN_FLIGHT_MAX && p->used)
		p++;
	if (p == b->pending + NCP_IN_FLIGHT_MAX) {
		ncp_delivered(&b->ncp, m, false);
		return;
	}
	*p = (struct szb_pending){ .szb = b, .used = true, .message = *m };
	if (b->nodes[m->peer])
		p->device = &b->devices[b->nodes[m->peer] - 1];
	p->timer = (struct sble_timer){ .fn = on_pending, .arg = p };
	if (p->device && p->device->config->sleepy)
		wait = szb_real(b, b->ncp.configs[CONFIG_INDIRECT_MS] * INT64_C(1000));
	else if (p->device && szb_device_reaches(p->device))
		wait = LATENCY_US;
	sble_timer_arm(&b->timers, &p->timer, szb_now(b) + wait);
}

/* What waits for it, in the order in which it was sent. */
static struct szb_pending *next_for(struct szb_device *d)
{
	struct szb_pending *first = NULL;

	for (size_t i = 0; i < NCP_IN_FLIGHT_MAX; i++) {
		struct szb_pending *p = &d->szb->pending[i];

		if (p->used && p->device == d &&
			(!first || (int32_t)(p->message.counter - first->message.counter) < 0))
			first = p;
	}
	return first;
}

void szb_device_poll_soon(struct szb_device *d, int64_t us)
{
	struct szb *b = d->szb;
	int64_t at = szb_now(b) + us;

	if (d->config->sleepy && d->member && (!d->poll_timer.place || d->poll_timer.at_us > at))
		sble_timer_arm(&b->timers, &d->poll_timer, at);
}

/* A sleeper asks its parent for what there is. */
void szb_device_on_poll(void *arg)
{
	struct szb_device *d = arg;
	struct szb *b = d->szb;
	int64_t now = szb_now(b), wait = d->config->poll_ms * 1000;
	struct szb_pending *p;

	if (!d->member)
		return;
	while (szb_device_reaches(d) && (p = next_for(d)))
		deliver(p);
	if (now < d->fast_until_us && wait > szb_real(b, FAST_POLL_US))
		wait = szb_real(b, FAST_POLL_US);
	szb_device_poll_soon(d, wait);
}

static void air_broadcast(void *arg, const struct ncp_message *m)
{
	struct szb *b = arg;

	for (size_t i = 0; i < b->device_count; i++) {
		struct szb_device *d = &b->devices[i];

		/* Sleepers hear only what is for all. */
		if ((d->config->sleepy && m->peer != 0xffff) || !szb_device_reaches(d) ||
			!believes(d, m))
			continue;
		szb_device_hear(d, m);
	}
	/* Its parent keeps for a sleeper what asks for its address. */
	for (size_t i = 0; i < b->device_count; i++)
		if (b->devices[i].config->sleepy && m->peer != 0xffff && !m->aps.profile &&
			!m->aps.cluster && szb_device_reaches(&b->devices[i]))
			szb_zdo_hear(&b->devices[i], m);
}

void szb_air_clear(struct szb *b)
{
	for (size_t i = 0; i < NCP_IN_FLIGHT_MAX; i++)
		if (b->pending[i].used)
			release(&b->pending[i]);
}

static void air_network(void *arg)
{
	struct szb *b = arg;

	if (!b->ncp.up)
		szb_air_clear(b);
	else
		szb_count(b, SZB_WHEN_NETWORK_UP, SIZE_MAX, -1);
	for (size_t i = 0; i < b->device_count; i++) {
		struct szb_device *d = &b->devices[i];

		szb_device_network(d);
	}
	szb_rate_top_up(b);
}

static struct szb_device *find(struct szb *b, const uint8_t *eui)
{
	for (size_t i = 0; i < b->device_count; i++)
		if (!memcmp(b->devices[i].eui, eui, 8))
			return &b->devices[i];
	return NULL;
}

static void air_remove(void *arg, const uint8_t eui[static 8])
{
	struct szb_device *d = find(arg, eui);

	if (d && szb_device_reaches(d))
		szb_device_leave(d, true);
}

static int air_node_of(void *arg, const uint8_t eui[static 8], uint16_t *ret)
{
	const struct szb_device *d = find(arg, eui);

	if (!d || !d->member)
		return -ENOENT;
	*ret = d->node;
	return 0;
}

static int air_eui_of(void *arg, uint16_t node, uint8_t ret[static 8])
{
	const struct szb *b = arg;

	if (!b->nodes[node])
		return -ENOENT;
	memcpy(ret, b->devices[b->nodes[node] - 1].eui, 8);
	return 0;
}

static int8_t air_noise(void *arg, uint8_t channel)
{
	const struct szb *b = arg;
	struct rng r = rng_fork(b->seed, 0x100 + channel);

	return b->scenario->radio.noise[channel] ?: (int8_t)(-92 + (int)rng_below(&r, 14));
}

static void air_keep(void *arg)
{
	struct szb *b = arg;

	b->keep = true;
}

static void air_sent(void *arg, void *tag)
{
	struct szb *b = arg;

	b->sent++;
	szb_log_pack(b->log, tag, false, NULL);
}

static void air_acked(void *arg, void *tag)
{
	struct szb *b = arg;

	b->acknowledged++;
	szb_log_pack(b->log, tag, true, NULL);
	szb_pack_release(&b->packs, tag);
}

void szb_lose(struct szb *b, struct szb_pack *pack, const char *why)
{
	if (!pack)
		return;
	b->lost++;
	szb_log_pack(b->log, pack, false, why);
	szb_pack_release(&b->packs, pack);
}

static void air_lost(void *arg, void *tag, const char *why)
{
	szb_lose(arg, tag, why);
}

static void air_wire(void *arg, uint8_t control, const uint8_t *p, size_t n)
{
	struct szb *b = arg;

	szb_line_wire(&b->line, control, p, n);
}

static void air_event(void *arg, const char *what, unsigned code)
{
	struct szb *b = arg;

	sble_log_event(b->log, what, NULL, "\"code\":%u", code);
	if (!strcmp(what, "reset"))
		szb_count(b, SZB_WHEN_RESET, SIZE_MAX, -1);
}

static void air_command(void *arg, uint16_t id)
{
	szb_count(arg, SZB_WHEN_COMMAND, SIZE_MAX, id);
}

const struct ncp_air szb_air = {
	.unicast = air_unicast,
	.broadcast = air_broadcast,
	.network = air_network,
	.remove = air_remove,
	.node_of = air_node_of,
	.eui_of = air_eui_of,
	.noise = air_noise,
	.keep = air_keep,
	.sent = air_sent,
	.acked = air_acked,
	.lost = air_lost,
	.wire = air_wire,
	.event = air_event,
	.command = air_command,
};
