/*
 * Bonds that no longer hold: see adapter.h. The device has lost its key, or is
 * another one behind the same address: nobody can tell which, so a new bond is
 * made by itself only where the configuration allows it, not more often than
 * once an hour, and otherwise it is told once.
 */
#include "ble/adapter_private.h"

#include <errno.h>

#define ECHO_US (2 * ADAPTER_S) /* one failure is told in several events */

static struct adapter_stale *find(struct adapter *a, const struct ble_address *who)
{
	for (unsigned i = 0; i < ADAPTER_STALE_MAX; i++)
		if (a->stale[i].used && ble_address_equal(&a->stale[i].address, who))
			return &a->stale[i];
	return NULL;
}

/* In the place of the oldest when there is none left: that one may be told once more. */
static struct adapter_stale *add(struct adapter *a, const struct ble_address *who)
{
	struct adapter_stale *s = &a->stale[a->stale_next];

	a->stale_next = (a->stale_next + 1) % ADAPTER_STALE_MAX;
	*s = (struct adapter_stale){ .used = true, .address = *who, .rebonded_us = INT64_MIN };
	return s;
}

static void report(struct adapter *a, struct adapter_stale *s, const char *text, int64_t now_us)
{
	struct ble_address who = s->address;

	s->unpairing = false;
	if (s->reported)
		return;
	s->reported = true;
	adapter_tell_of(a, ADAPTER_NOTICE_STALE, &who, MGMT_AUTH_FAILED, text, now_us);
}

static bool may_renew(struct adapter *a, const struct adapter_stale *s, int64_t now_us)
{
	return (s->rebonded_us == INT64_MIN ||
		       now_us - s->rebonded_us >= ADAPTER_REBOND_EVERY_US) &&
	       a->ops->may_rebond(a, &s->address);
}

void adapter_bond_failed(struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	struct adapter_order o = { .op = MGMT_UNPAIR, .value = 1, .address = *who };
	struct adapter_stale *s = find(a, who);

	if (s && s->rebonded_us != INT64_MIN && now_us - s->rebonded_us < ECHO_US)
		return;
	/* the security that a socket asked for, of a device without a bond */
	if (!a->ops->bonded(a, who)) {
		adapter_tell_of(a, ADAPTER_NOTICE_PAIR_FAILED, who, MGMT_AUTH_FAILED,
			mgmt_status_words(MGMT_AUTH_FAILED), now_us);
		return;
	}
	if (!s)
		s = add(a, who);
	if (s->reported)
		return;
	if (!may_renew(a, s, now_us)) {
		report(a, s,
			"the device no longer knows its key: it was reset, paired with another "
			"host, or is another device; unpair it and pair it anew",
			now_us);
		return;
	}
	s->rebonded_us = now_us;
	s->unpairing = adapter_order(a, &o) == 0;
}

void adapter_unpair_reply(struct adapter *a, const struct mgmt_reply *r, int64_t now_us)
{
	struct ble_address who;
	struct adapter_stale *s;

	if (mgmt_read_address(r, &who) < 0)
		return;
	s = find(a, &who);
	if (r->status == MGMT_SUCCESS || r->status == MGMT_NOT_PAIRED) {
		if (s)
			s->unpairing = false;
		adapter_tell_of(a, ADAPTER_NOTICE_UNPAIRED, &who, 0, "", now_us);
	} else if (s && s->unpairing) {
		report(a, s,
			"the device no longer knows its key, and the old one cannot be removed",
			now_us);
	}
}

int adapter_unpair(struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	struct adapter_order o = { .op = MGMT_UNPAIR, .value = 1, .address = *who };

	if (who->type != BLE_ADDRESS_PUBLIC && who->type != BLE_ADDRESS_RANDOM)
		return -EINVAL;
	adapter_forgive(a, who);
	return adapter_order(a, &o);
}

void adapter_bond_made(struct adapter *a, const struct ble_address *who)
{
	struct adapter_stale *s = find(a, who);

	if (s)
		s->reported = s->unpairing = false;
}

bool adapter_is_stale(const struct adapter *a, const struct ble_address *who)
{
	for (unsigned i = 0; i < ADAPTER_STALE_MAX; i++)
		if (a->stale[i].used && ble_address_equal(&a->stale[i].address, who))
			return a->stale[i].reported;
	return false;
}

void adapter_forgive(struct adapter *a, const struct ble_address *who)
{
	struct adapter_stale *s = find(a, who);

	if (s)
		s->used = false;
}
