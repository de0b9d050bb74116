/*
 * The device registry. See registry.h.
 */
#include "gateway/registry.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "gateway/dedup.h"
#include "util/text.h"

#define LISTENERS_MAX 4
#define HINT_MAX_US (30 * 86400 * INT64_C(1000000)) /* a longer promise is none */
#define SILENT_AFTER 3                              /* times what is expected of it */

struct registry {
	struct device **by_name;    /* sorted by name */
	struct device **by_address; /* the same, sorted by transport and address */
	size_t count;
	struct {
		registry_fn fn;
		void *userdata;
	} listeners[LISTENERS_MAX];
	size_t listener_count;
	struct unknown_device *unknown; /* REGISTRY_UNKNOWN_MAX places, made when first needed */
	size_t unknown_count;
	uint64_t unknown_order, unknown_evicted;
};

static const char *const transport_names[_TRANSPORT_MAX] = {
	[TRANSPORT_BLE] = "ble",
	[TRANSPORT_ZIGBEE] = "zigbee",
	[TRANSPORT_COAP] = "coap",
};
static const char *const use_names[_USE_MAX] = { "fixed", "worn", "shared" };
static const char *const state_names[_DEVICE_STATE_MAX] = { "never-heard", "present", "silent" };
static const char *const fact_names[_FACT_MAX] = {
	[FACT_MAKER] = "maker",
	[FACT_MODEL] = "model",
	[FACT_SERIAL] = "serial",
	[FACT_FIRMWARE] = "firmware",
	[FACT_UDI] = "udi",
};

const char *transport_text(enum transport t)
{
	return t < _TRANSPORT_MAX ? transport_names[t] : NULL;
}

int transport_by_text(const char *text)
{
	for (int i = 0; i < _TRANSPORT_MAX; i++)
		if (strcmp(transport_names[i], text) == 0)
			return i;
	return -1;
}

const char *device_use_text(enum device_use u)
{
	return u < _USE_MAX ? use_names[u] : NULL;
}

const char *device_state_text(enum device_state s)
{
	return s < _DEVICE_STATE_MAX ? state_names[s] : NULL;
}

const char *device_fact_text(enum device_fact f)
{
	return f < _FACT_MAX ? fact_names[f] : NULL;
}

/* --- the table of configured devices --- */

static int compare_names(const void *a, const void *b)
{
	const struct device *const *x = a, *const *y = b;

	return strcmp((*x)->name->text, (*y)->name->text);
}

static int compare_keys(enum transport t, const char *address, const struct device *d)
{
	if (t != d->transport)
		return t < d->transport ? -1 : 1;
	return strcmp(address, d->address);
}

static int compare_addresses(const void *a, const void *b)
{
	const struct device *const *x = a, *const *y = b;

	return compare_keys((*x)->transport, (*x)->address, *y);
}

int registry_new(struct registry **ret)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	*ret = r;
	return 0;
}

static struct device *device_free(struct device *d)
{
	if (!d)
		return NULL;
	label_unref(d->name);
	label_unref(d->bed);
	for (int i = 0; i < _FACT_MAX; i++)
		free(d->facts[i]);
	dedup_free(d->dedup);
	free(d);
	return NULL;
}
WG_DEFINE_CLEANUP(struct device *, device_free)

struct registry *registry_free(struct registry *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->count; i++)
		device_free(r->by_name[i]);
	free(r->by_name);
	free(r->by_address);
	free(r->unknown);
	free(r);
	return NULL;
}

int registry_listen(struct registry *r, registry_fn fn, void *userdata)
{
	if (r->listener_count == LISTENERS_MAX)
		return -ENOBUFS;
	r->listeners[r->listener_count].fn = fn;
	r->listeners[r->listener_count++].userdata = userdata;
	return 0;
}

static void tell(struct registry *r, struct device *d, enum device_event event)
{
	for (size_t i = 0; i < r->listener_count; i++)
		r->listeners[i].fn(d, event, r->listeners[i].userdata);
}

struct device *registry_find(struct registry *r, enum transport t, const char *address)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare_keys(t, address, r->by_address[middle]);

		if (c == 0)
			return r->by_address[middle];
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The place in by_name, or -1. */
static ssize_t index_by_name(const struct registry *r, const char *name)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(name, r->by_name[middle]->name->text);

		if (c == 0)
			return (ssize_t)middle;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

struct device *registry_by_name(struct registry *r, const char *name)
{
	ssize_t i = index_by_name(r, name);

	return i < 0 ? NULL : r->by_name[i];
}

struct device *registry_at(struct registry *r, size_t i)
{
	return i < r->count ? r->by_name[i] : NULL;
}

size_t registry_count(const struct registry *r)
{
	return r->count;
}

static int device_new(struct device **ret, const struct config_device *c)
{
	_cleanup_(device_freep) struct device *d = calloc(1, sizeof(*d));
	int n, r;

	if (!d)
		return -ENOMEM;
	d->transport = c->transport;
	d->battery_percent = -1;
	n = snprintf(d->address, sizeof(d->address), "%s", c->address);
	if (n < 0 || (size_t)n >= sizeof(d->address))
		return -EINVAL;
	r = label_new(&d->name, c->name);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

/* Use, bed and expectation may change on a device that stays. */
static int apply_settings(
	struct registry *r, struct device *d, const struct config_device *c, bool is_new)
{
	bool bed_changed = strcmp(label_text(d->bed, ""), c->bed ?: "") != 0;
	bool changed = bed_changed || d->use != c->use || d->expect_every_us != c->expect_every_us;

	if (bed_changed) {
		struct label *bed = NULL;

		if (c->bed) {
			int k = label_new(&bed, c->bed);

			if (k < 0)
				return k;
		}
		label_unref(d->bed);
		d->bed = bed;
	}
	d->use = c->use;
	d->expect_every_us = c->expect_every_us;
	if (is_new)
		tell(r, d, DEVICE_ADDED);
	else if (changed)
		tell(r, d, DEVICE_CHANGED);
	return 0;
}

static bool is_same(const struct device *d, const struct config_device *c)
{
	return strcmp(d->name->text, c->name) == 0 &&
	       compare_keys(c->transport, c->address, d) == 0;
}

/* Those that have become known. */
static void drop_known(struct registry *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->unknown_count; i++)
		if (!registry_find(r, r->unknown[i].transport, r->unknown[i].address))
			r->unknown[kept++] = r->unknown[i];
	r->unknown_count = kept;
}

int registry_apply(struct registry *r, const struct config *c)
{
	_cleanup_(freep) struct device **names = calloc(c->device_count + 1, sizeof(*names));
	_cleanup_(freep) struct device **addresses = calloc(c->device_count + 1, sizeof(*names));
	_cleanup_(freep) bool *kept = calloc(r->count + 1, sizeof(*kept));
	_cleanup_(freep) bool *is_new = calloc(c->device_count + 1, sizeof(*is_new));
	struct device **old = r->by_name;
	size_t old_count = r->count;
	int k = 0;

	if (!names || !addresses || !kept || !is_new)
		return -ENOMEM;
	for (size_t i = 0; i < c->device_count; i++) {
		const struct config_device *cd = &c->devices[i];

		ssize_t j = index_by_name(r, cd->name);

		if (j >= 0 && is_same(old[j], cd)) {
			names[i] = old[j];
			kept[j] = true;
			continue;
		}
		is_new[i] = true;
		k = device_new(&names[i], cd);
		if (k < 0) {
			for (size_t n = 0; n < i; n++)
				if (is_new[n])
					device_free(names[n]);
			return k;
		}
	}
	for (size_t i = 0; i < old_count; i++)
		if (!kept[i])
			tell(r, old[i], DEVICE_REMOVED);
	for (size_t i = 0; i < old_count; i++)
		if (!kept[i])
			device_free(old[i]);

	memcpy(addresses, names, c->device_count * sizeof(*names));
	free(r->by_name);
	free(r->by_address);
	r->count = c->device_count;
	r->by_name = TAKE_PTR(names);
	r->by_address = TAKE_PTR(addresses);
	for (size_t i = 0; i < c->device_count && k == 0; i++)
		k = apply_settings(r, r->by_name[i], &c->devices[i], is_new[i]);
	qsort(r->by_name, r->count, sizeof(*r->by_name), compare_names);
	qsort(r->by_address, r->count, sizeof(*r->by_address), compare_addresses);
	drop_known(r);
	return k;
}

/* --- unknown devices --- */

/* The one that gives way at the cap. */
static struct unknown_device *give_way(struct registry *r)
{
	struct unknown_device *oldest[_TRANSPORT_MAX] = { NULL };
	size_t count[_TRANSPORT_MAX] = { 0 };
	enum transport most = TRANSPORT_BLE;

	for (size_t i = 0; i < r->unknown_count; i++) {
		struct unknown_device *x = &r->unknown[i];

		count[x->transport]++;
		if (!oldest[x->transport] || x->order < oldest[x->transport]->order)
			oldest[x->transport] = x;
		if (count[x->transport] > count[most])
			most = x->transport;
	}
	return oldest[most];
}

void registry_heard_unknown(struct registry *r, enum transport t, const char *address,
	const char *kind, const char *name, int signal_dbm, int64_t now_us)
{
	struct unknown_device *u = NULL;

	if (!r->unknown)
		r->unknown = calloc(REGISTRY_UNKNOWN_MAX, sizeof(*r->unknown));
	if (!r->unknown)
		return;
	for (size_t i = 0; i < r->unknown_count && !u; i++)
		if (r->unknown[i].transport == t && strcmp(r->unknown[i].address, address) == 0)
			u = &r->unknown[i];
	if (!u) {
		if (r->unknown_count < REGISTRY_UNKNOWN_MAX) {
			u = &r->unknown[r->unknown_count++];
		} else {
			u = give_way(r);
			r->unknown_evicted++;
		}
		*u = (struct unknown_device){ .transport = t, .first_heard_us = now_us };
		(void)snprintf(u->address, sizeof(u->address), "%s", address);
	}
	if (kind && *kind)
		(void)snprintf(u->kind, sizeof(u->kind), "%s", kind);
	if (name && *name)
		(void)snprintf(u->name, sizeof(u->name), "%s", name);
	u->signal_dbm = signal_dbm;
	u->last_heard_us = now_us;
	u->times++;
	u->order = ++r->unknown_order;
}

size_t registry_unknown_count(const struct registry *r)
{
	return r->unknown_count;
}

uint64_t registry_unknown_order(const struct registry *r)
{
	return r->unknown_order;
}

void registry_put_unknown(const struct registry *r, struct text *t)
{
	text_printf(t, ",\"unknown_devices\":%zu,\"unknown_dropped\":%" PRIu64, r->unknown_count,
		r->unknown_evicted);
}

const struct unknown_device *registry_unknown_at(const struct registry *r, size_t i)
{
	return i < r->unknown_count ? &r->unknown[i] : NULL;
}

/* --- what is known of a device --- */

void registry_heard(struct registry *r, struct device *d, int64_t now_us, int64_t boot_us)
{
	d->last_heard_us = now_us;
	d->last_heard_boot_us = boot_us;
	if (d->state == DEVICE_PRESENT) {
		tell(r, d, DEVICE_HEARD);
		return;
	}
	d->state = DEVICE_PRESENT;
	tell(r, d, DEVICE_CHANGED);
}

int registry_set_fact(struct registry *r, struct device *d, enum device_fact f, const char *text)
{
	char *copy;

	if (d->facts[f] && strncmp(d->facts[f], text, DEVICE_FACT_MAX) == 0)
		return 0;
	copy = strndup(text, DEVICE_FACT_MAX);
	if (!copy)
		return -ENOMEM;
	free(d->facts[f]);
	d->facts[f] = copy;
	tell(r, d, DEVICE_CHANGED);
	return 0;
}

void registry_set_battery(struct registry *r, struct device *d, int percent)
{
	if (d->battery_percent == percent)
		return;
	d->battery_percent = percent;
	tell(r, d, DEVICE_CHANGED);
}

void registry_hint(struct device *d, int64_t every_us)
{
	if (every_us > 0 && every_us <= HINT_MAX_US &&
		(!d->hinted_every_us || every_us < d->hinted_every_us))
		d->hinted_every_us = every_us;
}

void registry_expect(struct device *d, int64_t every_us)
{
	if (every_us > 0)
		d->hinted_every_us = 0;
	registry_hint(d, every_us);
}

int64_t device_expected_us(const struct device *d)
{
	return d->expect_every_us ?: d->hinted_every_us;
}

void registry_was_deaf(struct registry *r, enum transport t, int64_t us)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->by_name[i]->transport == t && r->by_name[i]->state == DEVICE_PRESENT)
			r->by_name[i]->last_heard_boot_us += us;
}

int64_t registry_tick(struct registry *r, int64_t boot_us)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < r->count; i++) {
		struct device *d = r->by_name[i];
		int64_t due;

		if (d->state != DEVICE_PRESENT || !device_expected_us(d))
			continue;
		due = d->last_heard_boot_us + SILENT_AFTER * device_expected_us(d);
		if (due <= boot_us) {
			d->state = DEVICE_SILENT;
			tell(r, d, DEVICE_CHANGED);
		} else if (due < next) {
			next = due;
		}
	}
	return next;
}
