/*
 * The devices of the Zigbee driver: the registry's as nodes, their readings to
 * the gateway, what is found out of them to the registry and to a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "util/file.h"
#include "zigbee/driver_private.h"

#define SOON_US INT64_C(2000000)
#define AGAIN_US INT64_C(10000000)
/* A message is known again among the last few of its device, and has so many readings at most. */
#define REPEATS_MAX (CLUSTER_RECENT_MAX * 8)

static struct zigbee *of(struct nodes *n)
{
	return n->context;
}

static const char *name_of(const struct node *node)
{
	const struct device *d = node->context;

	return d ? d->name->text : "";
}

/* ---- readings ---- */

static void on_safe(enum receipt_outcome outcome, void *userdata)
{
	struct zigbee_wait *w = userdata;
	struct zigbee *z = w->zigbee;
	struct decode_time now = zigbee_now(z);

	w->receipt = NULL;
	nodes_safe(&z->nodes, w->token, outcome == RECEIPT_SAFE, &now);
	zigbee_settle(z);
}

static struct zigbee_wait *free_wait(struct zigbee *z)
{
	for (size_t i = 0; i < ZIGBEE_WAITS_MAX; i++)
		if (!z->waits[i].receipt)
			return &z->waits[i];
	return NULL;
}

static enum nodes_taken on_readings(struct nodes *n, struct node *node, const struct reading *list,
	size_t count, bool event, uint32_t token)
{
	struct zigbee *z = of(n);
	struct device *d = node->context;
	struct zigbee_wait *w = token ? free_wait(z) : NULL;
	int r;

	/* Without a place to wait for it the device is not answered, and says it again. */
	if (!d) {
		z->refused++;
		return NODES_TAKEN_NOT;
	}
	d->link_quality = node->lqi;
	if (w)
		*w = (struct zigbee_wait){ .zigbee = z, .token = token };
	r = gateway_submit(
		z->gateway, d, list, count, w ? on_safe : NULL, w, w ? &w->receipt : NULL);
	if (r == 0 || r == GATEWAY_E_SAFE)
		z->accepted++;
	else
		z->refused++;
	if (r == GATEWAY_E_SAFE)
		return NODES_TAKEN_SAFE;
	return r == 0 ? NODES_TAKEN_WAITS : NODES_TAKEN_NOT;
}

/* ---- what they are ---- */

static void keep_facts(struct zigbee *z, struct device *d, const struct node *node)
{
	for (unsigned f = 0; f < _FACT_MAX; f++)
		if (node->interview.device.facts[f][0])
			(void)registry_set_fact(gateway_registry(z->gateway), d,
				(enum device_fact)f, node->interview.device.facts[f]);
}

static void keep_soon(struct zigbee *z, int64_t in_us)
{
	int64_t at_us = boottime_us() + in_us;

	if (!z->devices_dirty || at_us < z->devices_due_us)
		z->devices_due_us = at_us;
	z->devices_dirty = true;
}

void devices_changed(struct zigbee *z)
{
	keep_soon(z, SOON_US);
}

static void on_changed(struct nodes *n, struct node *node, unsigned changes)
{
	struct zigbee *z = of(n);
	struct device *d = node->context;

	if (changes & NODES_CHANGED_MEMORY)
		/* who has come or gone at once, what is found out of him soon */
		keep_soon(z, changes & NODES_CHANGED_PRESENT ? 0 : SOON_US);
	if (!d)
		return;
	if (changes & NODES_CHANGED_FACTS)
		keep_facts(z, d, node);
	if (changes & NODES_CHANGED_BATTERY && node->battery_percent >= 0)
		registry_set_battery(gateway_registry(z->gateway), d, node->battery_percent);
	if (changes & NODES_CHANGED_READY && interview_is_over(&node->interview, false)) {
		registry_expect(d, node->expect_us);
		log_info("a device is set up", F_STR("WARDGATE_DEVICE", name_of(node)),
			F_STR("MODEL", node->interview.device.facts[FACT_MODEL]));
	}
	/* One that never was in it has not left it. */
	if (changes & NODES_CHANGED_PRESENT && (node->joined || node->heard_once))
		log_info(node->joined ? node->silent ? "a device has fallen silent"
						     : "a device is in the network"
				      : "a device has left the network",
			F_STR("WARDGATE_DEVICE", name_of(node)));
}

static void on_alive(struct nodes *n, struct node *node)
{
	struct zigbee *z = of(n);
	struct decode_time now = zigbee_now(z);
	struct device *d = node->context;

	if (!d)
		return;
	d->link_quality = node->lqi;
	registry_heard(gateway_registry(z->gateway), d, now.utc_us, now.boot_us);
}

static void on_unknown(struct nodes *n, const struct node *node)
{
	struct zigbee *z = of(n);
	const char(*facts)[DEVICE_FACT_MAX + 1] = node->interview.device.facts;
	char address[EUI64_TEXT_SIZE];

	registry_heard_unknown(gateway_registry(z->gateway), TRANSPORT_ZIGBEE,
		eui64_format(node->eui64, address), facts[FACT_MAKER], facts[FACT_MODEL],
		node->rssi, zigbee_now(z).utc_us);
}

const char *devices_problem(struct zigbee *z)
{
	struct node *node;

	for (unsigned i = 0; (node = nodes_at(&z->nodes, i)); i++)
		if (node->configured && node->joined && !interview_zones_well(&node->interview)) {
			(void)snprintf(z->mute, sizeof(z->mute),
				"%s lets nobody enrol its alarm zone, so that it tells of no "
				"alarm: take its battery out for a moment, then let it join anew, "
				"or replace it",
				name_of(node));
			return z->mute;
		}
	return NULL;
}

static void on_note(struct nodes *n, struct node *node, enum nodes_note note,
	enum interview_step step, int detail)
{
	char address[EUI64_TEXT_SIZE];

	if (!node->configured)
		return;
	/* it is heard, but more seldom than it said: it has not gone for that */
	if (note == NODES_NOTE_NOT_REPORTING && node->context)
		registry_expect(node->context, node->expect_us);
	if (note == NODES_NOTE_NOT_ENROLLED) {
		log_warning("a device lets nobody enrol its alarm zone: it tells of no alarm",
			F_STR("WARDGATE_DEVICE", name_of(node)),
			F_STR("ADDRESS", eui64_format(node->eui64, address)));
		return;
	}
	log_info("a device does otherwise than asked: see NOTE",
		F_STR("WARDGATE_DEVICE", name_of(node)),
		F_STR("ADDRESS", eui64_format(node->eui64, address)),
		F_STR("NOTE", nodes_note_text(note)), F_STR("STEP", interview_step_text(step)),
		F_INT("DETAIL", detail));
}

static int on_send(struct nodes *n, const struct zigbee_send *send)
{
	return network_send(&of(n)->network, send, boottime_us());
}

static const struct nodes_ops ops = {
	.readings = on_readings,
	.send = on_send,
	.changed = on_changed,
	.alive = on_alive,
	.unknown = on_unknown,
	.note = on_note,
};

/* ---- the registry's ---- */

int devices_init(struct zigbee *z)
{
	struct nodes_settings settings = { .scratch = &z->scratch };
	int r = recents_new(
		&z->recents, NULL, z->config->gateway.state_directory, z->config->gateway.name);

	if (r < 0)
		log_warning("what was heard last is not in RAM; after a kill of the gateway some "
			    "of what Zigbee devices say again is taken for something new",
			F_ERR(r));
	settings.recents = z->recents;
	(void)RAND_bytes(&settings.first_sequence, sizeof(settings.first_sequence));
	nodes_init(&z->nodes, &ops, z, &settings);
	return 0;
}

void devices_done(struct zigbee *z)
{
	for (size_t i = 0; i < ZIGBEE_WAITS_MAX; i++)
		receipt_cancel(z->waits[i].receipt);
	gateway_keep_forget(z->gateway, GATEWAY_ZIGBEE);
	nodes_done(&z->nodes);
	recents_free(z->recents);
}

int devices_apply(struct zigbee *z)
{
	struct registry *registry = gateway_registry(z->gateway);
	struct decode_time now = zigbee_now(z);
	struct device *d;
	int e = 0;

	for (size_t i = 0; (d = registry_at(registry, i)); i++) {
		uint64_t eui64;
		int r;

		if (d->transport != TRANSPORT_ZIGBEE || d->driver_data ||
			!eui64_parse(d->address, &eui64))
			continue;
		r = nodes_configure(&z->nodes, eui64, d, &now);
		if (r < 0) {
			log_error("a device cannot be listened to",
				F_STR("WARDGATE_DEVICE", d->name->text), F_ERR(r));
			e = r;
			continue;
		}
		d->driver_data = z;
		d->repeats = REPEATS_MAX;
		keep_facts(z, d, nodes_find(&z->nodes, eui64));
	}
	return e;
}

void devices_forget(struct zigbee *z, struct device *d)
{
	uint64_t eui64;

	if (!eui64_parse(d->address, &eui64))
		return;
	/* What it said before may still become safe; nobody is told. */
	nodes_unconfigure(&z->nodes, eui64);
	d->driver_data = NULL;
	devices_changed(z);
}

/* ---- the file ---- */

bool devices_load(struct zigbee *z)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	struct decode_time now = zigbee_now(z);
	ssize_t n;

	if (asprintf(&path, "%s/" ZIGBEE_DEVICES_FILE, z->config->gateway.state_directory) < 0) {
		path = NULL;
		return false;
	}
	n = file_load(AT_FDCWD, path, NODES_TEXT_MAX, &text);
	if (n == -ENOENT)
		return false;
	if (n < 0 || nodes_read(&z->nodes, text, (size_t)n, &now) < 0)
		log_warning("what was known of Zigbee devices cannot be read; they are asked again",
			F_STR("FILE", path));
	for (unsigned i = 0; nodes_at(&z->nodes, i); i++) {
		struct node *node = nodes_at(&z->nodes, i);

		if (!node->context)
			continue;
		keep_facts(z, node->context, node);
		if (interview_is_over(&node->interview, false))
			registry_expect(node->context, node->expect_us);
	}
	return true;
}

static void on_written(int error, void *userdata)
{
	struct zigbee *z = userdata;

	z->devices_writing = false;
	if (error < 0 && !z->devices_failed)
		log_warning("what is known of Zigbee devices cannot be written; it is asked again "
			    "after a restart",
			F_ERR(error));
	z->devices_failed = error < 0;
	if (error < 0)
		keep_soon(z, AGAIN_US);
	zigbee_settle(z);
}

static void write_all(struct zigbee *z)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = nodes_write(&z->nodes, &text, &length);

	if (r == 0)
		r = gateway_keep(z->gateway, GATEWAY_ZIGBEE, text, length, on_written, z);
	z->devices_writing = r == 0;
	z->devices_dirty = r < 0;
}

int64_t devices_deadline(const struct zigbee *z)
{
	return z->devices_dirty && !z->devices_writing ? z->devices_due_us : INT64_MAX;
}

void devices_due(struct zigbee *z, int64_t now_us)
{
	if (now_us < devices_deadline(z))
		return;
	z->devices_due_us = now_us + AGAIN_US; /* should it fail */
	write_all(z);
}

void devices_finish(struct zigbee *z)
{
	if (z->devices_dirty)
		write_all(z);
}
