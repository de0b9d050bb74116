/*
 * The connections of the Bluetooth driver: a socket, a link (ble/link.h) and its
 * timer for each, begun and ended as the slots of its radio say, readings to the
 * gateway and what becomes of them back to the link.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ble/driver_private.h"
#include "ble/memory.h"

#define PDUS_A_TURN 8      /* of one link, so that one that never stops leaves room for others */
#define PDUS_AT_AN_END 256 /* more than a socket holds of the longest */

static void pump(struct peer *p);

static unsigned radio_number(const struct radio *r)
{
	unsigned i = 0;

	while (r->ble->radios[i] != r)
		i++;
	return i;
}

static const char *name_of(const struct peer *p)
{
	return p->device->name->text;
}

/* ---- who waits ---- */

static struct peer_wait *wait_new(struct peer *p, uint64_t token)
{
	struct peer_wait *w = p->wait_count < PEER_WAITS_MAX ? malloc(sizeof(*w)) : NULL;

	if (!w)
		return NULL;
	*w = (struct peer_wait){ .next = p->waits, .at = &p->waits, .peer = p, .token = token };
	if (p->waits)
		p->waits->at = &w->next;
	p->waits = w;
	p->wait_count++;
	return w;
}

static void wait_free(struct peer_wait *w)
{
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	w->peer->wait_count--;
	free(w);
}

/* ---- the end ---- */

static void let_scan(struct peer *p, int64_t now_us)
{
	if (p->held)
		adapter_release(&p->radio->adapter, now_us);
	p->held = false;
}

void conn_end(struct peer *p, enum slots_end how, int64_t now_us)
{
	struct radio *radio = p->radio;
	unsigned id;

	if (!radio)
		return;
	let_scan(p, now_us);
	while (p->waits) {
		receipt_cancel(p->waits->receipt);
		wait_free(p->waits);
	}
	if (p->link) {
		link_stop(p->link);
		p->ble->links--;
	}
	free(p->link);
	p->link = NULL;
	p->io = sd_event_source_disable_unref(p->io);
	p->timer = sd_event_source_disable_unref(p->timer);
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
	p->connecting = false;
	p->radio = NULL;
	id = p->candidates[radio_number(radio)];
	if (id)
		slots_ended(radio->slots, id - 1, how, now_us);
}

/* Takes what has come, so many PDUs at most. Returns 1; when the connection has ended, 0 or the
 * negative errno that ended it. */
static int take_pdus(struct peer *p, unsigned most)
{
	uint8_t pdu[ATT_MTU_MAX + 1]; /* what is longer is not whole, and shows as such */

	while (most-- > 0 && p->link->end == LINK_GOES_ON) {
		ssize_t n = recv(p->fd, pdu, sizeof(pdu), MSG_DONTWAIT);
		struct decode_time now;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		now = ble_now(p->ble);
		link_receive(p->link, pdu, (size_t)n, &now);
	}
	return 1;
}

/* What has come already, before the connection is ended: its device takes that for delivered. */
void conns_drain(struct radio *radio)
{
	FOR_EACH_PEER(radio->ble, i, p)
	if (p->radio == radio && p->link)
		(void)take_pdus(p, PDUS_AT_AN_END);
}

void conns_drop(struct radio *radio, int64_t now_us)
{
	conns_drain(radio);
	FOR_EACH_PEER(radio->ble, i, p)
	if (p->radio == radio)
		conn_end(p, SLOTS_GONE, now_us);
	slots_reset(radio->slots);
}

/* By its own account, or by the other side's: what reading returned then. */
static void end_link(struct peer *p, int error)
{
	struct link *l = p->link;
	enum slots_end how = link_slots_end(l);
	const char *why = l->end == LINK_GOES_ON ? io_end_words(error) : link_end_text(l->end);

	if (how == SLOTS_SERVED)
		log_debug("a connection ended", F_STR("WARDGATE_DEVICE", name_of(p)),
			F_STR("REASON", why), F_STR("DETAIL", &l->detail[0]));
	else
		log_notice("a connection ended", F_STR("WARDGATE_DEVICE", name_of(p)),
			F_STR("REASON", why), F_STR("DETAIL", &l->detail[0]));
	conn_end(p, how, boottime_us());
	ble_settle(p->ble);
}

/* ---- what the link says ---- */

static void on_safe(enum receipt_outcome outcome, void *userdata)
{
	struct peer_wait *w = userdata;
	struct peer *p = w->peer;
	struct decode_time now = ble_now(p->ble);
	uint64_t token = w->token;

	wait_free(w);
	link_safe(p->link, token, outcome == RECEIPT_SAFE, &now);
	pump(p);
}

static enum link_taken on_readings(struct link *l, const struct ble_profile *row,
	const struct reading *list, size_t count, uint64_t token)
{
	struct peer *p = l->context;
	struct peer_wait *w = token && !p->ble->quiet ? wait_new(p, token) : NULL;
	int r;

	if (p->ble->quiet || (token && !w)) {
		p->ble->refused++;
		return LINK_TAKEN_NOT;
	}
	memory_heard(p);
	r = gateway_submit(p->ble->gateway, p->device, list, count, w ? on_safe : NULL, w,
		w ? &w->receipt : NULL);
	if (w && r != 0)
		wait_free(w); /* nobody will be told */
	if (r == 0 || r == GATEWAY_E_SAFE)
		p->ble->accepted++;
	else
		p->ble->refused++;
	if (r == GATEWAY_E_SAFE)
		return LINK_TAKEN_SAFE;
	return r == 0 ? LINK_TAKEN_WAITS : LINK_TAKEN_NOT;
}

static bool on_secure(struct link *l, unsigned level)
{
	struct peer *p = l->context;
	int r;

	p->wants_number |= level > LINK_LEVEL_ENCRYPTED;
	if (level > LINK_LEVEL_ENCRYPTED || p->bonding == BONDING_NO ||
		adapter_is_stale(&p->radio->adapter, &p->heard) ||
		adapter_is_stale(&p->radio->adapter, &p->identity))
		return false; /* a passkey takes people: wardgatectl pair */
	r = adapter_pair(&p->radio->adapter, &p->heard, MGMT_IO_NONE, boottime_us());
	return r == 0 || r == -EALREADY;
}

static void keep_facts(struct peer *p)
{
	struct registry *r = gateway_registry(p->ble->gateway);

	for (unsigned f = 0; f < _FACT_MAX; f++)
		if (p->profile.facts[f][0])
			(void)registry_set_fact(
				r, p->device, (enum device_fact)f, p->profile.facts[f]);
}

static void keep_table(struct peer *p)
{
	p->table = p->table ?: malloc(sizeof(*p->table));
	if (p->table)
		*p->table = p->link->gatt.table;
}

static void on_ready(struct peer *p)
{
	const struct gatt_table *t = &p->link->gatt.table;
	unsigned id = p->candidates[radio_number(p->radio)];
	uint16_t services[GATT_SERVICES_MAX];

	for (size_t i = 0; i < t->service_count; i++)
		services[i] = t->services[i].uuid;
	if (id)
		slots_set_kind(p->radio->slots, id - 1, slots_kind_of(services, t->service_count));
	log_info("a device is in use", F_STR("WARDGATE_DEVICE", name_of(p)));
}

static void on_changed(struct link *l, unsigned changes)
{
	struct peer *p = l->context;

	if (changes & LINK_CHANGED_FACTS)
		keep_facts(p);
	if (changes & LINK_CHANGED_BATTERY && l->battery_percent >= 0)
		registry_set_battery(
			gateway_registry(p->ble->gateway), p->device, l->battery_percent);
	if (changes & LINK_CHANGED_TABLE) {
		keep_table(p);
		params_changed(p->ble, boottime_us());
	}
	if (changes & (LINK_CHANGED_TABLE | LINK_CHANGED_MEMORY))
		memory_changed(p->ble);
	if (changes & LINK_CHANGED_READY)
		on_ready(p);
}

static void on_note(struct link *l, const struct ble_profile *row, enum profile_note note)
{
	struct peer *p = l->context;

	log_info("what a device's profile says: see NOTE", F_STR("WARDGATE_DEVICE", name_of(p)),
		F_STR("PROFILE", row ? row->name : ""), F_STR("NOTE", profile_note_text(note)));
}

static void on_fault(struct link *l, const struct link_fault *f)
{
	struct peer *p = l->context;

	p->ble->dropped++;
	log_debug("a value of a device was not taken", F_STR("WARDGATE_DEVICE", name_of(p)),
		F_STR("PROFILE", f->row ? f->row->name : ""),
		F_INT("CHARACTERISTIC", f->characteristic), F_INT("BYTES", f->length),
		F_STR("REASON", link_fault_text(f->outcome)));
}

/* A device sets its clock by what it is told: only by a clock that is right. */
static bool on_time(struct link *l, struct att_server_time *ret)
{
	struct peer *p = l->context;
	struct stamp now = clock_now(gateway_clock(p->ble->gateway));

	if (now.state == CLOCK_UNSYNCHRONISED)
		return false;
	ret->utc_us = now.realtime_us;
	ret->offset_s = clock_zone_offset(now.realtime_us, &ret->summer);
	return true;
}

static const struct link_ops ops = {
	.readings = on_readings,
	.secure = on_secure,
	.changed = on_changed,
	.note = on_note,
	.fault = on_fault,
	.time = on_time,
};

/* ---- a turn ---- */

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct peer *p = userdata;
	struct decode_time now = ble_now(p->ble);

	p->timer_us = INT64_MAX;
	link_tick(p->link, &now);
	pump(p);
	return 0;
}

static void arm(struct peer *p)
{
	int64_t at = link_deadline(p->link);

	/* A wake-up too early costs one look. */
	if (at >= p->timer_us)
		return;
	p->timer_us = at;
	(void)sd_event_source_set_time(p->timer, at > 0 ? (uint64_t)at : 0);
	(void)sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

/* Writes what the link wants to say; ends it, or sets its timer. */
static void pump(struct peer *p)
{
	bool full = false;
	const uint8_t *pdu;
	size_t length;

	while ((pdu = link_output(p->link, &length))) { /* the last confirmation, too */
		ssize_t n = send(p->fd, pdu, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)) {
			full = true;
			break;
		}
		if (n < 0)
			break; /* reading tells how it ended */
		link_sent(p->link);
	}
	if (p->link->end != LINK_GOES_ON) {
		end_link(p, 0);
		return;
	}
	(void)sd_event_source_set_io_events(p->io, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
	arm(p);
	ble_settle(p->ble);
}

static void receive(struct peer *p)
{
	int r = take_pdus(p, PDUS_A_TURN);

	if (r > 0)
		pump(p);
	else
		end_link(p, r);
}

/* ---- the beginning ---- */

static int begin_link(struct peer *p)
{
	struct ble *b = p->ble;
	bool bonded = p->level > LINK_LEVEL_NONE;
	struct decode_time now = ble_now(b);
	struct link_settings settings = {
		.device = &p->profile,
		.scratch = &b->scratch,
		.cached = p->table,
		.level = p->level,
		.bonded = bonded,
		.secure_first = p->bonding == BONDING_YES,
		.never_secure = p->bonding == BONDING_NO,
		.expect_every_us = device_expected_us(p->device),
	};
	int r;

	p->link = calloc(1, sizeof(*p->link));
	if (!p->link)
		return -ENOMEM;
	b->links++;
	r = sd_event_add_time(b->event, &p->timer, CLOCK_BOOTTIME, 0, 1000, on_timer, p);
	if (r >= 0)
		r = sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	p->timer_us = INT64_MAX;
	link_begin(p->link, &ops, p, &settings, &now);
	return 0;
}

static void on_connected(struct peer *p)
{
	int64_t now = boottime_us();
	int r = io_connect_result(p->fd);

	if (r == 0)
		r = io_secured(&p->ble->where, p->fd, p->level);
	if (r == -EINPROGRESS)
		return;
	let_scan(p, now);
	p->connecting = false;
	if (r == 0)
		r = begin_link(p);
	if (r < 0) {
		log_debug("a device cannot be connected to", F_STR("WARDGATE_DEVICE", name_of(p)),
			F_STR("REASON", io_connect_words(r)), F_ERR(r));
		conn_end(p, r == -ENOMEM || r == -EMLINK ? SLOTS_FULL : SLOTS_FAILED, now);
		ble_settle(p->ble);
		return;
	}
	slots_connected(p->radio->slots, p->candidates[radio_number(p->radio)] - 1, now);
	pump(p);
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct peer *p = userdata;

	if (p->connecting)
		on_connected(p);
	else if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(p);
	else
		pump(p);
	return 0;
}

static void connect_to(struct peer *p, struct radio *radio, int64_t now_us)
{
	struct adapter *a = &radio->adapter;
	bool bonded = keys_bonded(a, &p->identity);
	/* The kernel has the keys of identities, and resolves them itself. */
	const struct ble_address *to =
		bonded && !p->ble->where.directory ? &p->identity : &p->heard;
	int r;

	p->radio = radio;
	adapter_hold(a, now_us);
	p->held = true;
	p->level = bonded ? LINK_LEVEL_ENCRYPTED : LINK_LEVEL_NONE;
	r = io_connect(&p->ble->where, &a->address, to, p->level);
	if (r >= 0) {
		p->fd = r;
		p->connecting = true;
		r = sd_event_add_io(p->ble->event, &p->io, r, EPOLLOUT, on_io, p);
	}
	if (r < 0) {
		log_debug("a device cannot be connected to", F_STR("WARDGATE_DEVICE", name_of(p)),
			F_STR("REASON", io_connect_words(r)), F_ERR(r));
		conn_end(p, r == -ENOMEM || r == -EMLINK || r == -EBUSY ? SLOTS_FULL : SLOTS_FAILED,
			now_us);
	}
}

void conns_serve(struct radio *radio, int64_t now_us)
{
	enum slots_verb verb;
	enum slots_why why;
	unsigned id;

	while (adapter_can_connect(&radio->adapter) &&
		(verb = slots_next(radio->slots, now_us, &id, &why)) != SLOTS_NOTHING) {
		struct peer *p = slots_userdata(radio->slots, id);
		struct decode_time now = ble_now(radio->ble);

		if (verb == SLOTS_RELEASE)
			log_info("a connection is let go", F_STR("WARDGATE_DEVICE", name_of(p)),
				F_STR("REASON", slots_why_text(why)));
		if (verb == SLOTS_CONNECT && p->radio)
			/* Another radio has it. */
			slots_ended(radio->slots, id, SLOTS_GAVE_WAY, now_us);
		else if (verb == SLOTS_CONNECT)
			connect_to(p, radio, now_us);
		else if (p->link && why != SLOTS_WHY_NO_ANSWER) {
			(void)take_pdus(p, PDUS_A_TURN);
			link_let_go(p->link, &now);
			pump(p); /* it may say nothing for hours */
		} else
			conn_end(p, why == SLOTS_WHY_NO_ANSWER ? SLOTS_FAILED : SLOTS_GAVE_WAY,
				now_us);
	}
}

/* A bond is with one adapter. Another one connects only while that one cannot. */
static bool is_anothers(const struct peer *p, struct radio *radio)
{
	const struct ble *b = p->ble;

	if (b->radio_count == 1 || keys_bonded(&radio->adapter, &p->identity))
		return false;
	for (unsigned i = 0; i < b->radio_count; i++)
		if (b->radios[i]->adapter.state == ADAPTER_UP &&
			keys_bonded(&b->radios[i]->adapter, &p->identity))
			return true;
	return false;
}

void peer_wants(struct peer *p, struct radio *radio, enum slots_kind kind, int64_t now_us)
{
	unsigned *id = &p->candidates[radio_number(radio)], added;

	if (is_anothers(p, radio))
		return;
	if (*id == 0) {
		if (slots_add(radio->slots, kind, p, &added) < 0)
			return;
		*id = added + 1;
		peer_pairing_hold(p);
	}
	if (!p->ble->quiet && !p->radio && slots_heard(radio->slots, *id - 1, now_us))
		ble_settle(p->ble);
}

void conn_secured(struct peer *p, const struct radio *radio, unsigned level)
{
	struct decode_time now = ble_now(p->ble);

	if (!p->link || p->radio != radio)
		return;
	link_secured(p->link, level, &now);
	pump(p);
}

void conn_security_failed(struct peer *p, const struct radio *radio)
{
	struct decode_time now = ble_now(p->ble);

	if (p->radio != radio)
		return;
	if (p->connecting) {
		/* The kernel may leave such a link as it is: open, and in the clear. */
		conn_end(p, SLOTS_FAILED, now.boot_us);
		ble_settle(p->ble);
	}
	if (!p->link)
		return;
	link_security_failed(p->link, &now);
	pump(p);
}
