/*
 * The devices of the Bluetooth driver, and what is heard of them without a
 * connection: broadcast readings, who wants to be connected to, and strangers.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ble/ccm.h"
#include "ble/driver_private.h"
#include "ble/memory.h"
#include "config/bind_key.h"

#define SIGN_OF_LIFE_US INT64_C(1000000) /* not told more often */
#define OUTCOME_US INT64_C(60000000)     /* likewise, of what is not read */
#define BROADCASTS_US INT64_C(600000000) /* who broadcasts is not connected to, for so long */
#define STRANGER_US INT64_C(5000000)     /* likewise, but while somebody looks for it */

static unsigned bucket(const struct ble_address *a)
{
	return (unsigned)hash_bytes(&hash_key_fixed, a->octets, BLE_ADDRESS_SIZE) &
	       (PEER_BUCKETS - 1);
}

struct peer *peer_find(const struct ble *b, const struct ble_address *identity)
{
	struct peer *p = b->peers[bucket(identity)];

	while (p && memcmp(p->identity.octets, identity->octets, BLE_ADDRESS_SIZE) != 0)
		p = p->next;
	return p;
}

/* ---- the configuration's ---- */

void peer_free(struct peer *p)
{
	struct ble *b = p->ble;
	struct peer **at = &b->peers[bucket(&p->identity)];

	peer_pairing_forget(p);
	conn_end(p, SLOTS_GONE, boottime_us());
	for (unsigned i = 0; i < b->radio_count; i++)
		if (p->candidates[i])
			slots_remove(b->radios[i]->slots, p->candidates[i] - 1);
	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	if (p->device)
		p->device->driver_data = NULL;
	OPENSSL_cleanse(p->advert.key, sizeof(p->advert.key));
	label_unref(p->bind_key);
	free(p->table);
	free(p);
}

void peers_free(struct ble *b)
{
	FOR_EACH_PEER(b, i, p)
	peer_free(p);
}

static void take_key(struct peer *p, const char *value)
{
	struct config_why why = { 0 };

	OPENSSL_cleanse(p->advert.key, sizeof(p->advert.key));
	p->advert.has_key = false;
	if (!value)
		return;
	if (config_bind_key(value, p->advert.key, &why) == 0)
		p->advert.has_key = true;
	else
		log_error("BindKey= of a device cannot be used; what it seals is not read",
			F_STR("WARDGATE_DEVICE", p->device->name->text), F_STR("REASON", why.text));
}

static int64_t to_utc(int64_t wall_us, bool *ret_ambiguous)
{
	return clock_local_to_utc(wall_us, ret_ambiguous);
}

static int take_settings(struct peer *p, const struct config_device *c)
{
	const char *before = label_text(p->bind_key, NULL);

	p->bonding = c->bonding;
	p->profile.delete_stored = c->delete_stored;
	p->profile.set_clock = c->set_clock;
	p->profile.zone = to_utc;
	if (!c->bind_key != !before || (before && strcmp(before, c->bind_key) != 0)) {
		struct label *l = NULL;

		if (c->bind_key && label_new(&l, c->bind_key) < 0)
			return -ENOMEM;
		label_unref(p->bind_key);
		p->bind_key = l;
		take_key(p, c->bind_key);
	}
	return 0;
}

static struct peer *peer_new(struct ble *b, struct device *d)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	if (!ble_address_parse(d->address, BLE_ADDRESS_ANY, &p->identity)) {
		free(p); /* the configuration takes no such address */
		return NULL;
	}
	p->ble = b;
	p->device = d;
	p->fd = -1;
	p->next = b->peers[bucket(&p->identity)];
	b->peers[bucket(&p->identity)] = p;
	d->driver_data = p;
	return p;
}

int peers_apply(struct ble *b)
{
	struct registry *r = gateway_registry(b->gateway);
	struct device *d;
	int e = 0;

	for (size_t i = 0; (d = registry_at(r, i)); i++) {
		const struct config_device *c;
		struct peer *p = d->driver_data;

		if (d->transport != TRANSPORT_BLE)
			continue;
		c = config_device_find(b->config, d->name->text);
		p = p ?: peer_new(b, d);
		if (!p || !c || take_settings(p, c) < 0)
			e = -ENOMEM;
	}
	return e;
}

/* Of what broadcasts, in this run or an earlier one, something should be heard all the time. One
 * device that falls silent may be broken, and one of several adapters out of reach: no sign. */
void peers_expect(struct ble *b, int64_t now_us)
{
	unsigned devices = 0;

	FOR_EACH_PEER(b, i, p)
	if (p->broadcasts || p->advert.counter_known)
		devices++;
	if (b->radio_count == 1)
		adapter_expect(&b->radios[0]->adapter, devices > 1 ? devices : 0, now_us);
}

/* ---- strangers ---- */

/* What people are told of it: the format that it broadcasts, or its first service. */
static const char *kind_of(const struct advert_summary *s)
{
	const struct advert_format *f = advert_row(s->format);

	if (f)
		return f->name;
	for (unsigned i = 0; i < _PROFILE_MAX; i++)
		for (unsigned k = 0; k < s->service_count; k++)
			if (profile_row(i)->service == s->services[k])
				return profile_row(i)->name;
	return NULL;
}

/* The registry looks through a list: so it is not told at each advertisement. */
static bool told_lately(struct radio *radio, const struct ble_address *a, int64_t now_us)
{
	struct ble *b = radio->ble;
	int64_t each_us = radio->adapter.discovering ? SIGN_OF_LIFE_US : STRANGER_US;
	uint64_t hash = hash_bytes(&b->key, a->octets, BLE_ADDRESS_SIZE);
	unsigned i = (unsigned)hash & (STRANGERS - 1);

	if (b->strangers[i].hash == hash && now_us - b->strangers[i].told_us < each_us)
		return true;
	b->strangers[i].hash = hash;
	b->strangers[i].told_us = now_us;
	return false;
}

static void stranger(struct radio *radio, const struct mgmt_report *r,
	const struct ble_address *who, int64_t now_us)
{
	struct ble *b = radio->ble;
	struct decode_time now = { now_us, realtime_us() };
	struct advert_device nobody = { 0 };
	struct advert_call c = {
		.address = who->octets, .now = now, .device = &nobody, .out = &b->scratch
	};
	struct advert_summary s;
	char address[BLE_ADDRESS_TEXT_SIZE];
	char name[DEVICE_FACT_MAX + 1] = "";
	bool told = told_lately(radio, who, now_us);

	if (told && !b->tags)
		return;
	adverts_heard(&c, r->data, r->length, &s);
	tagging_heard(b, r, &s.tag, now_us);
	if (told)
		return;
	memcpy(name, s.name, s.name_length);
	registry_heard_unknown(gateway_registry(b->gateway), TRANSPORT_BLE,
		ble_address_format(who, address), kind_of(&s), name,
		r->rssi == MGMT_RSSI_UNKNOWN ? 0 : r->rssi, now.utc_us);
}

/* ---- what is heard ---- */

/* Not more often than OUTCOME_US: anybody can send in its name, now well and now badly. */
static void log_outcome(struct peer *p, const struct advert_summary *s, int64_t now_us)
{
	if (s->outcome == p->outcome || s->outcome == ADVERT_E_REPEATED ||
		s->outcome == ADVERT_E_OTHER)
		return;
	if (p->outcome_us != 0 && now_us - p->outcome_us < OUTCOME_US)
		return;
	p->outcome = s->outcome;
	p->outcome_us = now_us;
	if (s->outcome == 0)
		log_info("the broadcasts of a device are read",
			F_STR("WARDGATE_DEVICE", p->device->name->text),
			F_STR("FORMAT", advert_row(s->format)->name));
	else
		log_warning("a broadcast of a device is not read",
			F_STR("WARDGATE_DEVICE", p->device->name->text),
			F_STR("REASON", advert_outcome_text(s->outcome)));
}

static void take_readings(struct peer *p)
{
	struct ble *b = p->ble;
	int r;

	memory_heard(p);
	r = gateway_submit(
		b->gateway, p->device, b->scratch.list, b->scratch.count, NULL, NULL, NULL);
	if (r == 0 || r == GATEWAY_E_SAFE)
		b->accepted++;
	else
		b->refused++;
}

static void on_advertisement(struct peer *p, struct radio *radio, const struct mgmt_report *r,
	const struct decode_time *now, bool first)
{
	struct ble *b = p->ble;
	uint8_t address[ADVERT_ADDRESS_SIZE];
	struct advert_call c = { .address = address,
		.now = *now,
		.device = &p->advert,
		.open = b->cipher ? ccm_open : NULL,
		.cipher = b->cipher,
		.out = &b->scratch };
	struct advert_summary s;
	bool known = p->advert.counter_known;
	uint32_t before = p->advert.counter;

	/* It would be a replay after the restart, which can still take it. */
	if (b->quiet)
		return;
	for (size_t i = 0; i < sizeof(address); i++)
		address[i] = r->address.octets[sizeof(address) - 1 - i];
	adverts_heard(&c, r->data, r->length, &s);
	tagging_heard(b, r, &s.tag, now->boot_us);
	log_outcome(p, &s, now->boot_us);
	if (s.format != _ADVERT_MAX && s.outcome != ADVERT_E_OTHER) {
		p->broadcast_us = now->boot_us;
		if (!p->broadcasts) {
			p->broadcasts = true;
			peers_expect(b, now->boot_us);
		}
	} else if (p->broadcasts && now->boot_us - p->broadcast_us >= BROADCASTS_US) {
		p->broadcasts = false; /* it does not, or somebody did so in its name */
		peers_expect(b, now->boot_us);
	}
	if (p->advert.counter_known && (!known || p->advert.counter != before))
		memory_counted(p, before);
	if (s.outcome == ADVERT_E_WRONG_KEY)
		p->device->unproven_boot_us = now->boot_us;
	if (b->scratch.count > 0)
		take_readings(p);
	else if (first && s.outcome == ADVERT_E_REPEATED)
		registry_heard(gateway_registry(b->gateway), p->device, now->utc_us, now->boot_us);
	if (!p->broadcasts && r->connectable)
		peer_wants(p, radio, slots_kind_of(s.services, s.service_count), now->boot_us);
}

/* The same octets of the other type are somebody else's, or somebody who wants to be taken for a
 * bonded device without its key. */
static bool is_type_of(const struct peer *p, uint8_t type)
{
	uint8_t bonded;

	return !bonds_type(p->ble->bonds, &p->identity, &bonded) || bonded == type;
}

void peers_report(struct radio *radio, const struct mgmt_report *r, int64_t now_us)
{
	struct ble *b = radio->ble;
	struct ble_address who = r->address;
	struct decode_time now;
	struct peer *p;
	bool first;

	if (ble_address_is_resolvable(&who))
		(void)rpa_resolve(b->rpa, &r->address, &who);
	p = peer_find(b, &who);
	if (p && p->identity.type != who.type && !is_type_of(p, who.type))
		return;
	if (r->connectable)
		peer_pairing_heard(radio, &r->address, p, now_us);
	if (!p) {
		stranger(radio, r, &who, now_us);
		return;
	}
	now = (struct decode_time){ now_us, realtime_us() };
	first = now_us - p->heard_us >= SIGN_OF_LIFE_US;
	p->identity.type = who.type;
	p->heard = r->address;
	p->dbm = r->rssi;
	p->heard_us = now_us;
	on_advertisement(p, radio, r, &now, first);
}
