/* A simulated device on the air: its advertisements and its socket; see ble_device.h. */
#include "sim/ble_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/ble_crypto.h"
#include "sim/ble_mgmt.h"
#include "sim/ble_pair.h"
#include "sim/ble_socket.h"

#define NOT_CONNECTABLE (1u << 2) /* flag of Device Found */
#define INTERMEDIATE_US INT64_C(400000)

bool sble_fault_now(const struct sble_device *d, int64_t until)
{
	return until && sble_now(d->ble) < until;
}

bool sble_fault_then(const struct sble_device *d, int64_t until)
{
	return d->moment < until;
}

bool sble_device_reachable(const struct sble_device *d)
{
	return !sble_fault_now(d, d->fault.silent_until);
}

int8_t sble_device_rssi(struct sble_device *d)
{
	return (int8_t)(d->config->rssi + rng_bell(&d->air, 2));
}

/* --- what it says of itself --- */

static void put_ad(struct octets *o, uint8_t type, const void *p, size_t n)
{
	octets_u8(o, (unsigned)n + 1);
	octets_u8(o, type);
	octets_bytes(o, p, n);
}

static void make_ad(struct sble_device *d)
{
	const struct sble_kind *k = d->kind;
	const uint8_t flags = k->service ? 0x06 : 0x04;
	const uint8_t service[] = { (uint8_t)k->service, (uint8_t)(k->service >> 8) };
	const char *name = *d->config->local_name ? d->config->local_name : d->config->name;
	size_t n = strlen(name);

	d->ad.n = d->response.n = 0;
	put_ad(&d->ad, 0x01, &flags, 1);
	if (k->service)
		put_ad(&d->ad, 0x03, service, 2);
	if (d->said)
		octets_bytes(&d->ad, d->said->bytes.at, d->said->bytes.n);
	/* The name where there is room for it, else for those who scan actively. */
	if (k->service || n + 2u + d->ad.n <= 31) {
		if (n + 2u + d->ad.n <= 31)
			put_ad(&d->ad, 0x09, name, n);
		else
			put_ad(&d->response, 0x09, name, n < 29 ? n : 29);
	} else if (!k->service)
		put_ad(&d->response, 0x09, name, n < 29 ? n : 29);
}

static uint8_t hash(const struct octets *o)
{
	uint8_t h = 1;

	for (size_t i = 0; i < o->n; i++)
		h = (uint8_t)(h * 31 + o->at[i]);
	return h;
}

/* Whether an active scan that filters duplicates lets it through. */
static bool is_new(struct sble_device *d, const struct sble_adapter *a, const struct octets *ad)
{
	uint8_t now[2] = { (uint8_t)a->discovery, hash(ad) };

	if (a->monitor_count) /* the kernel filters none while there is a monitor */
		return true;
	if (!memcmp(d->ad_heard, now, sizeof(now)))
		return false;
	memcpy(d->ad_heard, now, sizeof(now));
	return true;
}

static bool report_to(struct sble_device *d, struct sble_adapter *a, const struct octets *ad)
{
	bool active = a->discovering, found = active || a->config->found_only;
	size_t more = active ? d->response.n : 0;
	struct sble_address shown = sble_device_shown(d, a);
	struct octets o = { 0 };

	if (active && !is_new(d, a, ad))
		return false;
	if (!found)
		octets_le(&o, 0, 2); /* no monitor in particular: the controller matches nothing */
	octets_bytes(&o, shown.octets, 6);
	octets_u8(&o, shown.type);
	octets_u8(&o, (uint8_t)sble_device_rssi(d));
	octets_le(&o, d->kind->service && !d->config->unconnectable ? 0 : NOT_CONNECTABLE, 4);
	octets_le(&o, ad->n + more, 2);
	octets_bytes(&o, ad->at, ad->n);
	octets_bytes(&o, d->response.at, more);
	d->ble->reports++;
	return sble_mgmt_report(
		d->ble, a->config->index, found ? MGMT_EV_FOUND : MGMT_EV_MONITOR_FOUND, o.at, o.n);
}

void sble_device_report(struct sble_device *d, const struct octets *ad)
{
	struct sble *b = d->ble;
	bool heard = false;

	sble_device_count(d, SBLE_WHEN_ADVERT);
	if (!sble_device_reachable(d) || (sble_fault_now(d, d->fault.drop_until) &&
						 rng_below(&d->air, 1000) < d->fault.drop))
		return;
	for (size_t i = 0; i < b->adapter_count; i++)
		if (d->config->heard & 1u << i && sble_adapter_scans(&b->adapters[i]))
			heard |= report_to(d, &b->adapters[i], ad);
	if (heard && d->said && !d->said_heard && ad == &d->ad) {
		d->said_heard = true;
		d->said->utc_ms = sble_utc_ms();
		if (!d->config->unlogged)
			sble_log_message(b->log, d->config->name, d->said, true, NULL);
		b->messages++;
	}
}

/* A length that points beyond the end. */
static void report_malformed(struct sble_device *d)
{
	struct octets bad = d->ad;

	d->fault.malformed--;
	if (bad.n > 4 && rng_below(&d->air, 2))
		bad.n = (uint16_t)(bad.n - 1 - rng_below(&d->air, 3));
	else if (bad.n > 4)
		bad.at[3] = 0xff;
	sble_log_event(d->ble->log, "spoiled", d->config->name, NULL);
	sble_device_report(d, &bad);
}

static void on_advert(void *arg)
{
	struct sble_device *d = arg;
	int64_t now = sble_now(d->ble), each = d->config->advertise_ms * 1000, next;

	if (now >= d->advertises_until && !d->link.adapter) {
		sble_device_listen(d);
		return;
	}
	if (d->kind->service)
		sble_device_listen(d); /* what kept it from that may be over */
	/* A device with one connection is not to be had while that lasts. */
	if (!d->link.adapter && !d->pairing.alone) {
		if (d->fault.malformed > 0 && !d->kind->service)
			report_malformed(d);
		sble_device_report(d, &d->ad);
	}
	/* advDelay, Core Vol 6 Part B 4.4.2.2.1: 0 to 10 ms, so that no two meet for ever. */
	next = d->advert.at_us + each + rng_below(&d->air, 10000);
	sble_timer_arm(&d->ble->timers, &d->advert, next > now - each ? next : now + each);
}

void sble_device_appear(struct sble_device *d)
{
	int64_t now = sble_now(d->ble), window = d->config->window_ms * 1000;

	d->advertises_until = d->kind->episodic && window ? now + window : INT64_MAX;
	if (!d->advert.place)
		sble_timer_arm(&d->ble->timers, &d->advert, now);
	sble_device_listen(d);
}

/* --- its address and its socket --- */

struct sble_address sble_device_shown(const struct sble_device *d, const struct sble_adapter *a)
{
	return sble_adapter_irk(a, &d->config->address) ? d->config->address : d->address;
}

struct sble_device *sble_device_by_address(
	struct sble *b, const struct sble_adapter *a, const struct sble_address *address)
{
	for (size_t i = 0; i < b->device_count; i++) {
		struct sble_device *d = b->devices[i];

		if (d->kind->service && (sble_address_equal(&d->address, address) ||
						(sble_address_equal(&d->config->address, address) &&
							sble_adapter_irk(a, address))))
			return d;
	}
	return NULL;
}

/* The adapter that would connect: the first that could hear it and has a connection left. */
static struct sble_adapter *adapter_for(const struct sble_device *d)
{
	for (size_t i = 0; i < d->ble->adapter_count; i++) {
		struct sble_adapter *a = &d->ble->adapters[i];

		if (d->config->heard & 1u << i && sble_adapter_on(a) &&
			a->connections < (size_t)a->config->connections)
			return a;
	}
	return NULL;
}

static bool may_connect(const struct sble_device *d)
{
	return !d->ble->ending && d->kind->service && !d->config->unconnectable &&
	       !d->link.adapter && !d->pairing.alone && sble_now(d->ble) < d->advertises_until &&
	       sble_device_reachable(d) && !sble_fault_now(d, d->fault.no_connect_until) &&
	       adapter_for(d);
}

bool sble_device_connectable(const struct sble_device *d, const struct sble_adapter *a)
{
	return d->config->heard & 1u << (a - d->ble->adapters) && may_connect(d) &&
	       a->connections < (size_t)a->config->connections;
}

static void stop_listening(struct sble_device *d)
{
	d->listener_source = sd_event_source_disable_unref(d->listener_source);
	if (d->listener < 0)
		return;
	close(TAKE_FD(d->listener));
	(void)unlink(d->path);
	if (*d->alias)
		(void)unlink(d->alias);
	*d->alias = 0;
}

static int on_connect(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct sble_device *d = userdata;
	struct sble_adapter *a = adapter_for(d);
	int link = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (link < 0)
		return 0;
	if (!a || !may_connect(d)) {
		close(link);
	} else {
		stop_listening(d);
		sble_link_accept(d, link, a);
	}
	sble_wake(d->ble);
	return 0;
}

/* The socket has the address that is shown; a link of the identity's name where an adapter knows
 * whose it is, since the kernel would connect by either. */
static void start_listening(struct sble_device *d)
{
	char text[SBLE_ADDRESS_TEXT];

	sble_address_text(&d->address, text);
	snprintf(d->path, sizeof(d->path), "%s/att/%s", d->ble->directory, text);
	d->listener = sble_socket_listen(d->path);
	if (d->listener < 0 || sd_event_add_io(d->ble->event, &d->listener_source, d->listener,
				       EPOLLIN, on_connect, d) < 0) {
		fprintf(stderr, "wardsim: %s: cannot listen\n", d->path);
		return;
	}
	(void)sd_event_source_set_priority(d->listener_source, SBLE_FIRST);
	for (size_t i = 0; i < d->ble->adapter_count && d->config->private_address; i++) {
		if (!sble_adapter_irk(&d->ble->adapters[i], &d->config->address))
			continue;
		sble_address_text(&d->config->address, text);
		snprintf(d->alias, sizeof(d->alias), "%s/att/%s", d->ble->directory, text);
		(void)unlink(d->alias);
		if (symlink(strrchr(d->path, '/') + 1, d->alias) < 0)
			*d->alias = 0;
		break;
	}
}

/* Whether its socket lacks the identity's name by which an adapter would connect. */
static bool lacks_alias(const struct sble_device *d)
{
	if (*d->alias || !d->config->private_address)
		return false;
	for (size_t i = 0; i < d->ble->adapter_count; i++)
		if (sble_adapter_irk(&d->ble->adapters[i], &d->config->address))
			return true;
	return false;
}

void sble_device_listen(struct sble_device *d)
{
	bool may = may_connect(d);

	if (d->listener >= 0 && (!may || lacks_alias(d)))
		stop_listening(d);
	if (may && d->listener < 0)
		start_listening(d);
}

/* DIRECTORY/full is there while no adapter that is on has a connection left. */
static void tell_full(const struct sble *b)
{
	char path[SBLE_DIRECTORY_MAX + 8];
	bool on = false, room = false;
	int fd;

	for (size_t i = 0; i < b->adapter_count; i++) {
		const struct sble_adapter *a = &b->adapters[i];

		on |= sble_adapter_on(a);
		room |= sble_adapter_on(a) && a->connections < (size_t)a->config->connections;
	}
	snprintf(path, sizeof(path), "%s/full", b->directory);
	if (!on || room) {
		(void)unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}

void sble_devices_listen(struct sble *b)
{
	tell_full(b);
	for (size_t i = 0; i < b->device_count; i++)
		if (b->devices[i]->kind->service)
			sble_device_listen(b->devices[i]);
}

void sble_devices_lose(struct sble_adapter *a, uint8_t reason)
{
	for (size_t i = 0; i < a->ble->device_count; i++) {
		if (a->ble->devices[i]->link.adapter == a)
			sble_device_close(a->ble->devices[i], reason);
		else if (a->ble->devices[i]->pairing.adapter == a)
			sble_pair_lost(a->ble->devices[i]);
	}
}

void sble_device_rotate(struct sble_device *d)
{
	if (!d->config->private_address)
		return;
	stop_listening(d);
	sble_address_private(&d->address, d->irk, (uint32_t)rng_next(&d->addresses));
	sble_device_listen(d);
}

static void on_rotate(void *arg)
{
	struct sble_device *d = arg;

	sble_device_rotate(d);
	sble_timer_arm(&d->ble->timers, &d->rotate, sble_now(d->ble) + d->config->rotate_ms * 1000);
}

/* --- measuring --- */

static void broadcast(struct sble_device *d)
{
	struct sble_message *old = d->said, *m = sble_message_new(d, 0, SBLE_ADVERTISEMENT);

	if (!m)
		return;
	if (old && !d->said_heard && !d->config->unlogged)
		sble_log_message(d->ble->log, d->config->name, old, false, "not-heard");
	if (old && !d->old_ad.n)
		d->old_ad = d->ad;
	free(old);
	d->said = m;
	d->said_heard = false;
	d->kind->advert(d, m);
	make_ad(d);
}

static void on_measure(void *arg)
{
	struct sble_device *d = arg;
	int64_t now = sble_now(d->ble), next = d->config->interval_ms * 1000;
	int64_t due = d->measure.at_us;
	bool again = !d->config->events_only;

	if (d->ble->resting)
		return;
	d->moment = due;
	if (d->kind->advert) {
		broadcast(d);
	} else if (d->fault.inflating > 0 && d->kind->intermediate) {
		d->fault.inflating--;
		d->kind->intermediate(d);
		next = INTERMEDIATE_US;
		again = true;
	} else {
		d->fault.inflating = 0;
		sble_device_count(d, SBLE_WHEN_MEASURE);
		d->kind->measure(d);
		sble_common_measure(d);
		if (d->kind->episodic)
			sble_device_appear(d);
	}
	if (again)
		sble_timer_arm(&d->ble->timers, &d->measure,
			due + next > now - next ? due + next : now + next);
}

size_t sble_device_unconfirmed(const struct sble_device *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->pending_count; i++)
		n += d->pending[i]->count > 0;
	return n;
}

int32_t sble_device_value(struct sble_device *d, enum quantity q)
{
	const struct patient *p = d->patient;
	int64_t at_ms = d->moment / 1000;
	int32_t value;

	signals_advance(d->signals, at_ms);
	value = signals_value(d->signals, q);
	if (p && p->replay)
		(void)replay_value(p->replay, q, at_ms * p->speed, &value);
	return value;
}

int64_t sble_device_body(struct sble_device *d, enum sble_body b, int decimals)
{
	return sble_body_next(&d->body[b], b, &d->rng, decimals);
}

bool sble_device_variant(const struct sble_device *d, const char *word)
{
	const char *at = d->config->variant;
	size_t n = strlen(word);

	while (*at) {
		size_t k = strcspn(at, " ");

		if (k == n && !memcmp(at, word, n))
			return true;
		at += k + strspn(at + k, " ");
	}
	return false;
}

bool sble_device_sensor_off(const struct sble_device *d)
{
	return sble_fault_then(d, d->fault.sensor_off_until);
}

int64_t sble_device_wall_ms(const struct sble_device *d)
{
	return sble_utc_ms() + d->clock_offset_ms;
}

/* --- its life --- */

static void set_up_signals(struct sble_device *d)
{
	const struct sble_device_config *c = d->config;

	signals_init(&d->own, d->ble->seed, UINT64_C(2000000) + d->index);
	signals_set_bases(&d->own, c->bases);
	d->patient = c->patient == SIZE_MAX ? NULL : &d->ble->patients[c->patient];
	d->signals = d->patient ? &d->patient->signals : &d->own;
	sble_body_init(d->body, &d->rng);
	for (int q = 0; q < _SBLE_BODY_MAX; q++)
		if (c->body_bases[q].given)
			d->body[q].now = d->body[q].base = c->body_bases[q].milli;
}

int sble_device_new(struct sble_device **ret, struct sble *b, unsigned index)
{
	const struct sble_device_config *c = &b->scenario->devices[index];
	struct sble_device *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	*ret = d;
	d->ble = b;
	d->config = c;
	d->kind = c->kind;
	d->index = index;
	d->listener = d->link.fd = -1;
	d->rng = rng_fork(b->seed, UINT64_C(3000000) + index);
	d->air = rng_fork(b->seed, UINT64_C(4000000) + index);
	d->addresses = rng_fork(b->seed, UINT64_C(5000000) + index);
	d->clock_offset_ms = c->clock_offset_ms;
	d->sequence = 1;
	d->advert = (struct sble_timer){ .fn = on_advert, .arg = d };
	d->measure = (struct sble_timer){ .fn = on_measure, .arg = d };
	d->rotate = (struct sble_timer){ .fn = on_rotate, .arg = d };
	set_up_signals(d);
	if (c->has_irk)
		memcpy(d->irk, c->irk, sizeof(d->irk));
	else
		sble_derive(b->seed, "irk", index, 0, d->irk, sizeof(d->irk));
	d->address = c->address;
	if (c->private_address)
		sble_address_private(&d->address, d->irk, (uint32_t)rng_next(&d->addresses));
	if (d->kind->service) {
		sble_db_init(&d->db, 1);
		sble_device_build(d);
	}
	return 0;
}

struct sble_device *sble_device_free(struct sble_device *d)
{
	if (!d)
		return NULL;
	stop_listening(d);
	for (size_t i = 0; i < d->pending_count; i++) {
		if (!d->config->unlogged)
			sble_log_message(
				d->ble->log, d->config->name, d->pending[i], false, "not-taken");
		free(d->pending[i]);
	}
	free(d->said);
	free(d->records);
	free(d);
	return NULL;
}

void sble_device_start(struct sble_device *d)
{
	const struct sble_device_config *c = d->config;
	int64_t first = c->interval_ms * 1000;

	if (d->kind->reboot)
		d->kind->reboot(d);
	make_ad(d);
	if (d->kind->advert)
		broadcast(d);
	/* Devices were not switched on all at once. */
	first = first / 2 +
		rng_below(&d->rng, (uint32_t)(first / 2 < 1000000 ? first / 2 : 1000000));
	if (!c->events_only)
		sble_timer_arm(&d->ble->timers, &d->measure, first);
	if (!d->kind->episodic || c->stored) {
		d->advertises_until = INT64_MAX;
		sble_timer_arm(&d->ble->timers, &d->advert,
			rng_below(&d->air, (uint32_t)(c->advertise_ms * 1000)));
	}
	if (c->private_address && c->rotate_ms > 0)
		sble_timer_arm(&d->ble->timers, &d->rotate, c->rotate_ms * 1000);
	if (d->kind->service)
		sble_device_listen(d);
}
