/* The state of a simulated adapter and what others do to it; see ble_adapter.h. */
#include "sim/ble_adapter.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/ble_device.h"
#include "sim/ble_mgmt.h"
#include "sim/ble_stage.h"

static void on_discovery_end(void *arg)
{
	struct sble_adapter *a = arg;
	const uint8_t off[] = { a->discovering, 0 };

	a->discovering = 0;
	sble_log_event(
		a->ble->log, "discovery", NULL, "\"adapter\":\"%s\",\"on\":false", a->config->name);
	sble_mgmt_event(a->ble, a->config->index, MGMT_EV_DISCOVERING, off, sizeof(off), NULL);
}

/* What an event of the scenario did to it is over. */
static void on_relief(void *arg)
{
	struct sble_adapter *a = arg;

	if (!a->present)
		sble_adapter_plug(a);
	a->silent = SBLE_SPEAKS;
	a->refuse = 0;
	a->mute = false;
}

/* As the kernel has it after the hardware came. */
static void reset(struct sble_adapter *a)
{
	a->settings = MGMT_BREDR | MGMT_SSP;
	a->io = 1;
	a->ltk_count = a->irk_count = a->monitor_count = 0;
	a->next_monitor = 1;
	a->discovering = 0;
	a->silent = SBLE_SPEAKS;
}

int sble_adapter_init(struct sble_adapter *a, struct sble *b, const struct sble_adapter_config *c)
{
	*a = (struct sble_adapter){ .ble = b, .config = c, .present = !c->absent };
	a->ltks = calloc(SBLE_KEYS_MAX, sizeof(*a->ltks));
	a->irks = calloc(SBLE_KEYS_MAX, sizeof(*a->irks));
	if (!a->ltks || !a->irks)
		return -ENOMEM;
	reset(a);
	if (c->powered)
		a->settings |= MGMT_POWERED | MGMT_LE;
	a->discovery_end = (struct sble_timer){ .fn = on_discovery_end, .arg = a };
	a->relief = (struct sble_timer){ .fn = on_relief, .arg = a };
	return 0;
}

void sble_adapter_done(struct sble_adapter *a)
{
	free(a->ltks);
	free(a->irks);
}

struct sble_adapter *sble_adapter_by_index(struct sble *b, uint16_t index)
{
	for (size_t i = 0; i < b->adapter_count; i++)
		if (b->adapters[i].present && b->adapters[i].config->index == index)
			return &b->adapters[i];
	return NULL;
}

bool sble_adapter_on(const struct sble_adapter *a)
{
	return a->present && (a->settings & (MGMT_POWERED | MGMT_LE)) == (MGMT_POWERED | MGMT_LE);
}

bool sble_adapter_scans(const struct sble_adapter *a)
{
	return sble_adapter_on(a) && (a->monitor_count || a->discovering) &&
	       a->silent == SBLE_SPEAKS;
}

static const struct sble_key *find(
	const struct sble_key *keys, size_t n, const struct sble_address *identity)
{
	for (size_t i = 0; i < n; i++)
		if (sble_address_equal(&keys[i].address, identity))
			return &keys[i];
	return NULL;
}

const struct sble_key *sble_adapter_ltk(
	const struct sble_adapter *a, const struct sble_address *identity)
{
	return find(a->ltks, a->ltk_count, identity);
}

const struct sble_key *sble_adapter_irk(
	const struct sble_adapter *a, const struct sble_address *identity)
{
	return a->config->does_not_resolve ? NULL : find(a->irks, a->irk_count, identity);
}

static void add(struct sble_key *keys, size_t *count, const struct sble_key *k)
{
	for (size_t i = 0; i < *count; i++) {
		if (!sble_address_equal(&keys[i].address, &k->address))
			continue;
		keys[i] = *k;
		return;
	}
	if (*count < SBLE_KEYS_MAX)
		keys[(*count)++] = *k;
}

void sble_adapter_add_ltk(struct sble_adapter *a, const struct sble_key *k)
{
	add(a->ltks, &a->ltk_count, k);
}

void sble_adapter_add_irk(struct sble_adapter *a, const struct sble_key *k)
{
	add(a->irks, &a->irk_count, k);
}

static bool drop(struct sble_key *keys, size_t *count, const struct sble_address *identity)
{
	for (size_t i = 0; i < *count; i++) {
		if (!sble_address_equal(&keys[i].address, identity))
			continue;
		keys[i] = keys[--*count];
		return true;
	}
	return false;
}

bool sble_adapter_forget(struct sble_adapter *a, const struct sble_address *identity)
{
	bool had = drop(a->ltks, &a->ltk_count, identity);

	(void)drop(a->irks, &a->irk_count, identity);
	return had;
}

static void tell_settings(struct sble_adapter *a, const struct sble_client *skip)
{
	const uint8_t s[] = { (uint8_t)a->settings, (uint8_t)(a->settings >> 8),
		(uint8_t)(a->settings >> 16), (uint8_t)(a->settings >> 24) };

	sble_mgmt_event(a->ble, a->config->index, MGMT_EV_NEW_SETTINGS, s, sizeof(s), skip);
}

static void stop_discovery(struct sble_adapter *a)
{
	sble_timer_stop(&a->ble->timers, &a->discovery_end);
	if (a->discovering)
		on_discovery_end(a);
}

void sble_adapter_power(struct sble_adapter *a, bool on, struct sble_client *skip)
{
	if (!a->present || !(a->settings & MGMT_POWERED) == !on)
		return;
	if (!on) {
		stop_discovery(a);
		sble_devices_lose(a, MGMT_BY_LOCAL);
		a->settings &= ~MGMT_POWERED;
	} else {
		a->settings |= MGMT_POWERED;
		if (a->silent == SBLE_UNTIL_POWER)
			a->silent = SBLE_SPEAKS;
	}
	tell_settings(a, skip);
	sble_devices_listen(a->ble);
}

void sble_adapter_unplug(struct sble_adapter *a)
{
	if (!a->present)
		return;
	stop_discovery(a);
	sble_devices_lose(a, MGMT_BY_LOCAL);
	a->present = false;
	reset(a);
	sble_mgmt_event(a->ble, a->config->index, MGMT_EV_INDEX_REMOVED, NULL, 0, NULL);
	sble_devices_listen(a->ble);
}

void sble_adapter_plug(struct sble_adapter *a)
{
	if (a->present)
		return;
	a->present = true;
	reset(a);
	sble_mgmt_event(a->ble, a->config->index, MGMT_EV_INDEX_ADDED, NULL, 0, NULL);
	sble_devices_listen(a->ble);
}
