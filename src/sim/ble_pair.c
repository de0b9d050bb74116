/* Dialogues of pairing and what they leave; see ble_pair.h. */
#include "sim/ble_pair.h"

#include <string.h>

#include "sim/ble_crypto.h"
#include "sim/ble_device.h"
#include "sim/ble_mgmt.h"

#define PAIR_DEVICE 0x19
#define CANCEL_PAIR 0x1a
#define UNPAIR 0x1b
#define CONFIRM 0x1c
#define CONFIRM_NO 0x1d
#define PASSKEY 0x1e
#define PASSKEY_NO 0x1f

#define DIALOGUE_US INT64_C(30000000) /* the SMP timeout, Vol 3 Part H 3.4 */
#define STEP_US 20000                 /* the radio's share of a step */
#define TYPING_US INT64_C(2000000)    /* somebody types six digits on the device */

#define GENERATIONS_MAX 64

static void put_address(struct octets *o, const struct sble_address *a)
{
	octets_bytes(o, a->octets, 6);
	octets_u8(o, a->type);
}

static void complete(struct sble *b, uint32_t client, const struct sble_adapter *a, uint16_t opcode,
	uint8_t status, const struct sble_address *address)
{
	struct octets o = { 0 };

	put_address(&o, address);
	sble_mgmt_complete(
		b, sble_client_by_number(b, client), opcode, a->config->index, status, o.at, o.n);
}

static void key_of(const struct sble_device *d, unsigned generation, uint8_t ret[static 16])
{
	sble_derive(d->ble->seed, "ltk", d->index, generation, ret, 16);
}

static void event(struct sble_adapter *a, uint16_t code, const struct octets *o)
{
	sble_mgmt_event(a->ble, a->config->index, code, o->at, o->n, NULL);
}

/* Pair Device connects where nobody is connected, for as long as it takes. */
static void tell_alone(struct sble_device *d, struct sble_adapter *a, bool connected)
{
	struct sble_address shown = sble_device_shown(d, a);
	struct octets o = { 0 };

	put_address(&o, &shown);
	if (connected) {
		octets_le(&o, 1u << 3, 4); /* we initiated it */
		octets_le(&o, 0, 2);
	} else {
		octets_u8(&o, MGMT_BY_LOCAL);
	}
	event(a, connected ? MGMT_EV_CONNECTED : MGMT_EV_DISCONNECTED, &o);
	d->pairing.alone = connected;
	sble_device_listen(d);
}

static void finish(struct sble_device *d, uint8_t status)
{
	struct sble_pairing *p = &d->pairing;
	struct sble_adapter *a = p->adapter;
	struct sble_address shown = sble_device_shown(d, a);
	struct octets o = { 0 };

	sble_timer_stop(&d->ble->timers, &p->timer);
	p->adapter = NULL;
	p->asked = false;
	sble_log_event(d->ble->log, status ? "pairing-failed" : "paired", d->config->name, NULL);
	if (status && status != MGMT_CANCELLED) {
		put_address(&o, &shown);
		octets_u8(&o, status);
		event(a, MGMT_EV_AUTH_FAILED, &o);
	}
	if (p->opcode)
		complete(d->ble, p->client, a, p->opcode, status, &shown);
	if (p->alone)
		tell_alone(d, a, false);
}

static void tell_irk(struct sble_device *d, struct sble_adapter *a, bool keep)
{
	struct octets o = { 0 };
	struct sble_key irk = { .address = d->config->address };

	for (size_t i = 0; i < 16; i++)
		irk.value[i] = d->irk[15 - i]; /* keys travel least significant octet first */
	octets_u8(&o, keep);
	octets_bytes(&o, d->address.octets, 6);
	put_address(&o, &irk.address);
	octets_bytes(&o, irk.value, 16);
	sble_adapter_add_irk(a, &irk);
	event(a, MGMT_EV_NEW_IRK, &o);
}

static void tell_csrk(struct sble_device *d, struct sble_adapter *a, bool keep, unsigned type)
{
	struct octets o = { 0 };
	uint8_t value[16];

	sble_derive(d->ble->seed, "csrk", d->index, type, value, sizeof(value));
	octets_u8(&o, keep);
	put_address(&o, &d->config->address);
	octets_u8(&o, type);
	octets_bytes(&o, value, sizeof(value));
	event(a, MGMT_EV_NEW_CSRK, &o);
}

/* Keys are made and told: the identity first, so that the others are under its name. */
static void succeed(struct sble_device *d)
{
	struct sble_adapter *a = d->pairing.adapter;
	struct sble_bond *bond = &d->bonds[a - d->ble->adapters];
	bool keep = a->settings & MGMT_BONDABLE, authenticated = d->pairing.way != SBLE_JUST_WORKS;
	struct sble_key ltk = { .address = d->config->address };
	const uint8_t zeros[10] = { 0 };
	struct octets o = { 0 };

	bond->generation = bond->generation % GENERATIONS_MAX + 1;
	bond->authenticated = authenticated;
	key_of(d, bond->generation, ltk.value);
	ltk.type = (a->settings & MGMT_SC ? 2 : 0) + authenticated;
	if (d->config->private_address)
		tell_irk(d, a, keep);
	tell_csrk(d, a, keep, authenticated ? 2 : 0);
	tell_csrk(d, a, keep, authenticated ? 3 : 1);
	octets_u8(&o, keep);
	put_address(&o, &ltk.address);
	octets_u8(&o, ltk.type);
	octets_u8(&o, ltk.type < 2); /* Central: of legacy keys only */
	octets_u8(&o, 16);
	octets_bytes(&o, zeros, sizeof(zeros));
	octets_bytes(&o, ltk.value, 16);
	sble_adapter_add_ltk(a, &ltk);
	event(a, MGMT_EV_NEW_LTK, &o);
	finish(d, MGMT_SUCCESS);
	if (sble_device_connected_to(d, a))
		sble_link_secure(d, authenticated ? SBLE_AUTHENTICATED : SBLE_ENCRYPTED);
	sble_device_listen(d);
}

/* What both sides can do (table 2.8), as seen from the host, which begins. */
static enum sble_pairing_way choose(const struct sble_device *d, uint8_t io)
{
	bool host_shows = io != 3 && io != 2, host_types = io == 2 || io == 4;

	switch (d->config->pairing) {
	case SBLE_PASSKEY_DISPLAY:
		return host_types ? SBLE_PASSKEY_DISPLAY : SBLE_JUST_WORKS;
	case SBLE_PASSKEY_ENTRY:
		return host_shows   ? SBLE_PASSKEY_ENTRY
		       : host_types ? SBLE_PASSKEY_ENTRY
				    : SBLE_JUST_WORKS;
	case SBLE_NUMERIC:
		return io == 1 || io == 4 ? SBLE_NUMERIC : SBLE_JUST_WORKS;
	case SBLE_JUST_WORKS:
		break;
	}
	return SBLE_JUST_WORKS;
}

static void ask(struct sble_device *d)
{
	struct sble_pairing *p = &d->pairing;
	struct sble_address shown = sble_device_shown(d, p->adapter);
	struct octets o = { 0 };
	int64_t wait_us = DIALOGUE_US;

	put_address(&o, &shown);
	p->asked = true;
	switch (p->way) {
	case SBLE_JUST_WORKS:
		octets_u8(&o, 1);
		octets_le(&o, 0, 4);
		event(p->adapter, MGMT_EV_CONFIRM, &o);
		break;
	case SBLE_NUMERIC:
		octets_u8(&o, 0);
		octets_le(&o, p->passkey, 4);
		event(p->adapter, MGMT_EV_CONFIRM, &o);
		break;
	case SBLE_PASSKEY_DISPLAY:
		event(p->adapter, MGMT_EV_PASSKEY_REQUEST, &o);
		break;
	case SBLE_PASSKEY_ENTRY:
		octets_le(&o, p->passkey, 4);
		octets_u8(&o, 0);
		event(p->adapter, MGMT_EV_PASSKEY_NOTIFY, &o);
		p->asked = false;
		wait_us = TYPING_US;
		break;
	}
	sble_log_event(d->ble->log, "pairing", d->config->name, "\"way\":%d,\"passkey\":%u",
		(int)p->way, (unsigned)p->passkey);
	sble_timer_arm(&d->ble->timers, &p->timer, sble_now(d->ble) + sble_real(d->ble, wait_us));
}

static void on_timer(void *arg)
{
	struct sble_device *d = arg;
	struct sble_pairing *p = &d->pairing;

	if (p->asked) {
		finish(d, MGMT_AUTH_FAILED); /* nobody answered */
	} else if (p->passkey == UINT32_MAX) {
		p->passkey = (uint32_t)d->config->passkey;
		ask(d);
	} else if (d->fault.wrong_passkey) {
		d->fault.wrong_passkey = false;
		finish(d, MGMT_AUTH_FAILED);
	} else {
		succeed(d);
	}
}

static void step(struct sble_device *d)
{
	sble_timer_arm(
		&d->ble->timers, &d->pairing.timer, sble_now(d->ble) + sble_real(d->ble, STEP_US));
}

static uint8_t may_pair(struct sble_device *d, struct sble_adapter *a)
{
	if (!d)
		return MGMT_CONNECT_FAILED;
	if (d->pairing.adapter)
		return MGMT_BUSY;
	if (!sble_device_connected_to(d, a) && !sble_device_connectable(d, a))
		return MGMT_CONNECT_FAILED;
	if (sble_adapter_ltk(a, &d->config->address))
		return MGMT_ALREADY_PAIRED;
	return MGMT_SUCCESS;
}

static void pair(struct sble_adapter *a, struct sble_client *c, struct sble_device *d,
	const struct sble_address *address, uint8_t io)
{
	uint8_t status = may_pair(d, a);

	if (status) {
		complete(a->ble, sble_client_number(c), a, PAIR_DEVICE, status, address);
		return;
	}
	d->pairing.adapter = a;
	d->pairing.client = sble_client_number(c);
	d->pairing.opcode = PAIR_DEVICE;
	d->pairing.way = choose(d, io);
	d->pairing.passkey = UINT32_MAX; /* not begun */
	d->pairing.asked = false;
	d->pairing.timer.fn = on_timer;
	d->pairing.timer.arg = d;
	if (!sble_device_connected_to(d, a))
		tell_alone(d, a, true);
	step(d);
	sble_device_count(d, SBLE_WHEN_PAIR);
}

static void unpair(struct sble_adapter *a, struct sble_client *c, struct sble_device *d,
	const struct sble_address *address, bool disconnect)
{
	struct sble *b = a->ble;
	uint32_t number = sble_client_number(c);
	bool had = d && sble_adapter_forget(a, &d->config->address);
	struct octets o = { 0 };

	if (!had)
		had = sble_adapter_forget(a, address);
	complete(b, number, a, UNPAIR, had ? MGMT_SUCCESS : MGMT_NOT_PAIRED, address);
	if (!had)
		return;
	put_address(&o, address);
	sble_mgmt_event(
		b, a->config->index, MGMT_EV_UNPAIRED, o.at, o.n, sble_client_by_number(b, number));
	if (d && disconnect && sble_device_connected_to(d, a))
		sble_device_close(d, MGMT_BY_LOCAL);
}

static void answer(struct sble_device *d, uint16_t opcode, uint32_t passkey)
{
	d->pairing.asked = false;
	if (opcode == CONFIRM_NO || opcode == PASSKEY_NO ||
		(opcode == PASSKEY && passkey != (uint32_t)d->config->passkey))
		finish(d, MGMT_AUTH_FAILED);
	else
		step(d);
}

static void on_answer(struct sble_adapter *a, struct sble_client *c, struct sble_device *d,
	uint16_t opcode, const struct sble_address *address, uint32_t extra)
{
	bool wants_passkey = opcode == PASSKEY || opcode == PASSKEY_NO;
	bool right = d && d->pairing.adapter == a && d->pairing.asked &&
		     wants_passkey == (d->pairing.way == SBLE_PASSKEY_DISPLAY);

	complete(a->ble, sble_client_number(c), a, opcode,
		right ? MGMT_SUCCESS : MGMT_NOT_CONNECTED, address);
	if (right)
		answer(d, opcode, extra);
}

void sble_pair_command(struct sble_adapter *a, struct sble_client *c, uint16_t opcode,
	const struct sble_address *address, uint32_t extra)
{
	struct sble_device *d = sble_device_by_address(a->ble, a, address);
	bool paired = d && d->pairing.adapter == a;

	switch (opcode) {
	case PAIR_DEVICE:
		pair(a, c, d, address, (uint8_t)extra);
		break;
	case CANCEL_PAIR:
		complete(a->ble, sble_client_number(c), a, opcode,
			paired ? MGMT_SUCCESS : MGMT_INVALID_PARAMS, address);
		if (paired)
			finish(d, MGMT_CANCELLED);
		break;
	case UNPAIR:
		unpair(a, c, d, address, extra & 1);
		break;
	default:
		on_answer(a, c, d, opcode, address, extra);
		break;
	}
}

/* The generation that a loaded key is of, also one of an earlier run: the device remembers. */
static unsigned generation_of(const struct sble_device *d, const struct sble_key *k)
{
	uint8_t value[16];

	for (unsigned g = 1; g <= GENERATIONS_MAX; g++) {
		key_of(d, g, value);
		if (!memcmp(value, k->value, 16))
			return g;
	}
	return 0;
}

bool sble_pair_resume(struct sble_device *d)
{
	struct sble_adapter *a = d->link.adapter;
	struct sble_bond *bond = &d->bonds[a - d->ble->adapters];
	const struct sble_key *k = sble_adapter_ltk(a, &d->config->address);
	struct sble_address shown = sble_device_shown(d, a);
	struct octets o = { 0 };

	if (!k)
		return true;
	if (!bond->generation && !d->bond_lost) {
		bond->generation = generation_of(d, k);
		bond->authenticated = k->type & 1;
	}
	if (bond->generation && bond->generation == generation_of(d, k)) {
		sble_link_secure(d, bond->authenticated ? SBLE_AUTHENTICATED : SBLE_ENCRYPTED);
		return true;
	}
	sble_log_event(d->ble->log, "stale-bond", d->config->name, NULL);
	put_address(&o, &shown);
	octets_u8(&o, MGMT_AUTH_FAILED);
	event(a, MGMT_EV_AUTH_FAILED, &o);
	sble_device_close(d, MGMT_BY_AUTH_FAILURE);
	return false;
}

void sble_pair_lost(struct sble_device *d)
{
	if (d->pairing.adapter)
		finish(d, MGMT_AUTH_FAILED);
}
