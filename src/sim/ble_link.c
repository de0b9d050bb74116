/* The connection of a simulated device: PDUs in and out, and what is told over it; see
 * ble_device.h. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "codec/datetime.h"
#include "sim/ble_device.h"
#include "sim/ble_mgmt.h"
#include "sim/ble_pair.h"

#define CONFIRM_US INT64_C(30000000) /* the transaction timeout, Core Vol 3 Part F 3.3.3 */

bool sble_device_connected_to(const struct sble_device *d, const struct sble_adapter *a)
{
	return d->link.adapter == a;
}

struct sble_message *sble_message_new(struct sble_device *d, uint16_t uuid, enum sble_way way)
{
	struct sble_message *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->uuid = uuid;
	m->way = way;
	m->utc_ms = sble_utc_ms();
	m->device_ms = INT64_MIN;
	return m;
}

static void log_message(
	struct sble_device *d, struct sble_message *m, bool acknowledged, const char *dropped)
{
	if (!d->config->unlogged)
		sble_log_message(d->ble->log, d->config->name, m, acknowledged, dropped);
}

/* --- PDUs out --- */

/* False when the socket takes no more. */
static bool flush(struct sble_device *d)
{
	struct sble_link *l = &d->link;
	int64_t now = sble_now(d->ble);

	while (l->out_count && l->out[0].at_us <= now) {
		ssize_t n = send(l->fd, l->out[0].at, l->out[0].n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			sd_event_source_set_io_events(l->source, EPOLLIN | EPOLLOUT);
			return false;
		}
		/* An end that is gone shows at the next reading. */
		memmove(l->out, l->out + 1, --l->out_count * sizeof(l->out[0]));
	}
	sd_event_source_set_io_events(l->source, EPOLLIN);
	if (l->out_count)
		sble_timer_arm(&d->ble->timers, &l->turn, l->out[0].at_us);
	return true;
}

/* What a peer that is broken or hostile makes of a PDU. */
static size_t spoil(struct sble_device *d, uint8_t *p, size_t n)
{
	d->fault.malformed--;
	sble_log_event(d->ble->log, "spoiled", d->config->name, "\"opcode\":%u", p[0]);
	switch (rng_below(&d->air, 4)) {
	case 0: /* cut */
		return n > 1 ? 1 + rng_below(&d->air, (uint32_t)n - 1) : n;
	case 1: /* a length or handle that lies */
		if (n > 1)
			p[1] = (uint8_t)(rng_below(&d->air, 2) ? 0xff : 0);
		return n;
	case 2: /* more than belongs there */
		for (size_t i = 0; i < 5 && n < SBLE_MTU_MAX; i++)
			p[n++] = (uint8_t)rng_next(&d->air);
		return n;
	default:
		for (size_t i = 1; i < n; i++)
			p[i] ^= (uint8_t)rng_next(&d->air);
		return n;
	}
}

static void on_send(void *userdata, const uint8_t *pdu, size_t n)
{
	struct sble_device *d = userdata;
	struct sble_link *l = &d->link;
	bool late = sble_fault_now(d, d->fault.delay_until);

	if (l->out_count == SBLE_PDUS_MAX || !sble_device_reachable(d))
		return;
	memcpy(l->out[l->out_count].at, pdu, n);
	l->out[l->out_count].n =
		(uint16_t)(d->fault.malformed > 0 ? spoil(d, l->out[l->out_count].at, n) : n);
	l->out[l->out_count].at_us = late ? sble_now(d->ble) + d->fault.delay_us : 0;
	l->out_count++;
	(void)flush(d);
}

/* --- what is told --- */

static void try_indicate(struct sble_device *d)
{
	struct sble_link *l = &d->link;
	struct sble_message *m = NULL;

	if (!l->adapter || l->awaiting || l->out_count)
		return;
	for (size_t i = 0; i < d->pending_count && !m; i++)
		if (sble_att_subscribed(&l->att, d->pending[i]->uuid, true))
			m = d->pending[i];
	if (!m)
		return;
	if (!m->pack)
		log_message(d, m, false, NULL);
	d->ble->messages++;
	l->awaiting = m;
	sble_timer_arm(
		&d->ble->timers, &l->confirm_end, sble_now(d->ble) + sble_real(d->ble, CONFIRM_US));
	sble_att_tell(&l->att, m->uuid, true, m->bytes.at, m->bytes.n);
	sble_device_count(d, SBLE_WHEN_INDICATE);
}

static void forget(struct sble_device *d, const struct sble_message *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->pending_count; i++)
		if (d->pending[i] != m)
			d->pending[kept++] = d->pending[i];
	d->pending_count = kept;
}

static void on_confirmed(void *userdata)
{
	struct sble_device *d = userdata;
	struct sble_message *m = d->link.awaiting;

	if (!m)
		return; /* nobody asked */
	sble_timer_stop(&d->ble->timers, &d->link.confirm_end);
	d->link.awaiting = NULL;
	forget(d, m);
	log_message(d, m, true, NULL);
	free(m);
	d->ble->confirmed++;
	sble_device_count(d, SBLE_WHEN_CONFIRM);
	if (d->link.adapter)
		sble_link_turn(d);
	if (d->ble->settled)
		d->ble->settled(d->ble->userdata);
}

static void on_not_confirmed(void *arg)
{
	struct sble_device *d = arg;

	sble_log_event(d->ble->log, "not-confirmed", d->config->name, NULL);
	sble_device_close(d, MGMT_BY_REMOTE);
}

static void notify(struct sble_device *d, struct sble_message *m)
{
	struct sble_link *l = &d->link;
	bool lost;

	if (!l->adapter || !sble_att_subscribed(&l->att, m->uuid, false))
		return; /* nobody asked: not sent, not missed */
	lost = !sble_device_reachable(d) || l->out_count == SBLE_PDUS_MAX ||
	       (sble_fault_now(d, d->fault.drop_until) && rng_below(&d->air, 1000) < d->fault.drop);
	if (d->fault.malformed > 0) {
		log_message(d, m, false, "malformed");
		sble_att_tell(&l->att, m->uuid, false, m->bytes.at, m->bytes.n);
	} else {
		log_message(d, m, !lost, lost ? "lost" : NULL);
		if (!lost)
			sble_att_tell(&l->att, m->uuid, false, m->bytes.at, m->bytes.n);
	}
	d->ble->messages++;
	sble_device_count(d, SBLE_WHEN_NOTIFY);
}

void sble_device_say(struct sble_device *d, struct sble_message *m)
{
	if (m->way == SBLE_NOTIFICATION) {
		notify(d, m);
		free(m);
		return;
	}
	if (d->pending_count == SBLE_PENDING_MAX) {
		struct sble_message *oldest = d->pending[d->link.awaiting == d->pending[0]];

		log_message(d, oldest, false, "memory-full");
		forget(d, oldest);
		free(oldest);
	}
	d->pending[d->pending_count++] = m;
	try_indicate(d);
}

/* --- PDUs in --- */

static uint8_t on_read(void *userdata, const struct sble_attribute *a, struct octets *ret)
{
	return sble_common_read(userdata, a->uuid, ret);
}

static uint8_t on_write(void *userdata, const struct sble_attribute *a, const uint8_t *p, size_t n)
{
	return sble_common_write(userdata, a->uuid, p, n);
}

static void on_subscribed(void *userdata, const struct sble_attribute *cccd, uint16_t value)
{
	struct sble_device *d = userdata;

	sble_log_event(d->ble->log, "subscribed", d->config->name,
		"\"characteristic\":\"%04X\",\"value\":%u", (unsigned)cccd->uuid, value);
	sble_link_turn(d);
}

/* What the gateway's own server answers: its Current Time. */
static void on_answered(void *userdata, const uint8_t *pdu, size_t n)
{
	struct sble_device *d = userdata;
	struct cursor c = cursor_init(pdu + 4, n > 4 ? n - 4 : 0);
	int64_t wall_us = 0;
	uint8_t reason = 0;

	if (!d->link.asking)
		return;
	if (pdu[0] != 0x09 || n != 4 + CURRENT_TIME_SIZE ||
		datetime_read_current(&c, &wall_us, &reason)) {
		sble_log_event(d->ble->log, "no-time", d->config->name,
			"\"opcode\":%u,\"error\":%u", pdu[0], n == 5 ? pdu[4] : 0);
		return;
	}
	d->clock_offset_ms = wall_us / 1000 - sble_utc_ms();
	d->clock_unset = false;
	sble_log_event(d->ble->log, "took-time", d->config->name, "\"offset_ms\":%lld",
		(long long)d->clock_offset_ms);
}

static const struct sble_att_hooks hooks = { on_read, on_write, on_subscribed, on_send,
	on_confirmed, on_answered };

static void ask_time(struct sble_device *d)
{
	static const uint8_t request[] = { 0x08, 0x01, 0x00, 0xff, 0xff, 0x2b, 0x2a };

	d->link.asking = true;
	on_send(d, request, sizeof(request));
}

static void on_turn(void *arg)
{
	struct sble_device *d = arg;
	struct sble_adapter *a = d->link.adapter;

	if (!flush(d))
		return;
	if (d->config->asks_time && !d->link.asking)
		ask_time(d);
	try_indicate(d);
	if (d->link.adapter == a && d->kind->serve)
		d->kind->serve(d);
}

void sble_link_turn(struct sble_device *d)
{
	sble_timer_arm(&d->ble->timers, &d->link.turn, sble_now(d->ble));
}

static void on_pdu(struct sble_device *d, const uint8_t *p, size_t n)
{
	static const enum sble_when whens[] = { [SBLE_REQUEST_MTU] = _SBLE_WHEN_MAX,
		[SBLE_REQUEST_DISCOVERY] = SBLE_WHEN_DISCOVERY,
		[SBLE_REQUEST_READ] = SBLE_WHEN_READ,
		[SBLE_REQUEST_WRITE] = SBLE_WHEN_WRITE,
		[SBLE_REQUEST_SUBSCRIBE] = SBLE_WHEN_SUBSCRIBE,
		[_SBLE_REQUEST_NONE] = _SBLE_WHEN_MAX };
	struct sble_adapter *a = d->link.adapter;
	enum sble_request r = sble_att_classify(&d->link.att, p, n);

	d->link.requests++;
	if (whens[r] != _SBLE_WHEN_MAX)
		sble_device_count(d, whens[r]);
	if (d->link.adapter != a || !sble_device_reachable(d))
		return; /* a rule has ended it */
	if (r != _SBLE_REQUEST_NONE && sble_fault_now(d, d->fault.no_answer_until))
		return;
	if (r != _SBLE_REQUEST_NONE && r != SBLE_REQUEST_MTU && d->fault.att_errors > 0) {
		d->fault.att_errors--;
		sble_att_refuse(&d->link.att, p[0], (uint16_t)(n >= 3 ? p[1] | p[2] << 8 : 0),
			d->fault.att_error);
		return;
	}
	sble_att_receive(&d->link.att, p, n);
}

static int on_io(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct sble_device *d = userdata;
	uint8_t p[SBLE_MTU_MAX + 1];
	ssize_t n;

	if (revents & EPOLLOUT)
		sble_link_turn(d);
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		n = recv(fd, p, sizeof(p), MSG_DONTWAIT);
		if (n > 0)
			on_pdu(d, p, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			sble_device_close(d, MGMT_BY_LOCAL);
	}
	sble_wake(d->ble);
	return 0;
}

/* --- its beginning and its end --- */

static void tell_connected(struct sble_device *d)
{
	struct sble_address shown = sble_device_shown(d, d->link.adapter);
	struct octets o = { 0 };

	octets_bytes(&o, shown.octets, 6);
	octets_u8(&o, shown.type);
	octets_le(&o, 1u << 3, 4); /* we initiated it */
	octets_le(&o, d->ad.n, 2);
	octets_bytes(&o, d->ad.at, d->ad.n);
	sble_mgmt_event(d->ble, d->link.adapter->config->index, MGMT_EV_CONNECTED, o.at, o.n, NULL);
}

void sble_link_accept(struct sble_device *d, int fd, struct sble_adapter *a)
{
	struct sble_link *l = &d->link;
	struct sble_bond *bond = &d->bonds[a - d->ble->adapters];

	*l = (struct sble_link){ .fd = fd, .adapter = a };
	l->turn = (struct sble_timer){ .fn = on_turn, .arg = d };
	l->confirm_end = (struct sble_timer){ .fn = on_not_confirmed, .arg = d };
	memset(d->counted, 0, sizeof(d->counted[0]) * SBLE_WHEN_PAIR);
	sble_att_init(&l->att, &d->db, bond->cccds, (uint16_t)d->config->mtu, &hooks, d);
	if (sd_event_add_io(d->ble->event, &l->source, fd, EPOLLIN, on_io, d) < 0) {
		close(fd);
		l->fd = -1;
		l->adapter = NULL;
		return;
	}
	(void)sd_event_source_set_priority(l->source, SBLE_SECOND);
	a->connections++;
	if (d->kind->episodic)
		d->advertises_until = 0; /* until it has measured again */
	d->battery_told = -1;
	d->serving = d->aborted = false;
	d->racp.n = d->control.n = 0;
	sble_log_event(
		d->ble->log, "connected", d->config->name, "\"adapter\":\"%s\"", a->config->name);
	tell_connected(d);
	if (!sble_pair_resume(d))
		return;
	sble_device_count(d, SBLE_WHEN_CONNECT);
	if (l->adapter)
		sble_link_turn(d);
	sble_devices_listen(d->ble);
}

void sble_link_secure(struct sble_device *d, enum sble_security level)
{
	d->link.att.level = level;
	d->link.att.has_key = true;
	sble_log_event(d->ble->log, "encrypted", d->config->name, "\"authenticated\":%s",
		level == SBLE_AUTHENTICATED ? "true" : "false");
	sble_link_turn(d);
}

/* Answers to the host's questions are not for another connection; Service Changed is. */
static void drop_answers(struct sble_device *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->pending_count; i++) {
		if (d->pending[i]->count || d->pending[i]->uuid == 0x2a05)
			d->pending[kept++] = d->pending[i];
		else
			free(d->pending[i]);
	}
	d->pending_count = kept;
}

void sble_device_close(struct sble_device *d, uint8_t reason)
{
	struct sble_link *l = &d->link;
	struct sble_adapter *a = l->adapter;
	struct sble_address shown;
	struct octets o = { 0 };

	if (!a)
		return;
	shown = sble_device_shown(d, a);
	sble_pair_lost(d);
	sble_timer_stop(&d->ble->timers, &l->turn);
	sble_timer_stop(&d->ble->timers, &l->confirm_end);
	sble_timer_stop(&d->ble->timers, &d->supervision);
	l->source = sd_event_source_disable_unref(l->source);
	close(TAKE_FD(l->fd));
	l->awaiting = NULL;
	l->adapter = NULL;
	l->out_count = 0;
	a->connections--;
	drop_answers(d);
	if (!d->bonds[a - d->ble->adapters].generation)
		memset(d->bonds[a - d->ble->adapters].cccds, 0, sizeof(d->bonds[0].cccds));
	octets_bytes(&o, shown.octets, 6);
	octets_u8(&o, shown.type);
	octets_u8(&o, reason);
	sble_log_event(d->ble->log, "disconnected", d->config->name, "\"reason\":%u", reason);
	sble_mgmt_event(d->ble, a->config->index, MGMT_EV_DISCONNECTED, o.at, o.n, NULL);
	/* It advertises again at once, where it has what to say. */
	if (!d->kind->episodic || d->pending_count || (d->record_count && reason != MGMT_BY_LOCAL))
		sble_device_appear(d);
	sble_devices_listen(d->ble);
}
