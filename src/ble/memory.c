/*
 * See memory.h.
 */
#include "ble/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ble/driver_private.h"
#include "util/file.h"

#define SOON_US INT64_C(1000000)
#define EVERY_US INT64_C(10000000)
#define STEP_MAX 4

/* ---- when ---- */

void memory_changed(struct ble *b)
{
	if (b->memory_dirty)
		return;
	b->memory_dirty = true;
	b->memory_due_us = boottime_us() + SOON_US;
	if (b->memory_due_us < b->memory_written_us + EVERY_US && b->memory_written_us)
		b->memory_due_us = b->memory_written_us + EVERY_US;
}

/* Now, or a second after the last time. */
static void hurry(struct ble *b)
{
	int64_t due = boottime_us();

	if (b->memory_failed) {
		memory_changed(b);
		return;
	}
	if (b->memory_written_us && due < b->memory_written_us + SOON_US)
		due = b->memory_written_us + SOON_US;
	if (b->memory_dirty && b->memory_due_us < due)
		return;
	b->memory_dirty = true;
	b->memory_due_us = due;
}

/* ---- the counters ---- */

static bool is_known(const uint8_t octets[static BLE_ADDRESS_SIZE], void *userdata)
{
	struct ble_address who = { BLE_ADDRESS_ANY, { 0 } };

	memcpy(who.octets, octets, BLE_ADDRESS_SIZE);
	return peer_find(userdata, &who) != NULL;
}

/* What is in RAM is exact if the text was written by runs that had the same file in RAM, and is not
 * ahead of it. Otherwise some run may have taken more without saying so there: the higher of the
 * two. */
static void recall_counter(struct ble *b, struct peer *p, bool same)
{
	struct advert_device *d = &p->advert;
	uint32_t counter;

	if (counters_find(b->counters, p->identity.octets, &counter) &&
		(!d->counter_known || (same && counter >= p->saved_exact) ||
			counter > d->counter)) {
		d->counter_known = true;
		d->counter = counter;
	}
	if (d->counter_known)
		counters_set(b->counters, p->identity.octets, d->counter, &p->counter_place);
}

/* ---- what was heard ---- */

_Static_assert(
	COUNTERS_HEARD_MAX == ADVERT_KINDS + PROFILE_REPEATS_MAX, "each has its place in RAM");

static struct heard *heard_of(struct peer *p, unsigned i)
{
	return i < ADVERT_KINDS ? &p->advert.last[i] : &p->profile.repeats[i - ADVERT_KINDS];
}

void memory_heard(struct peer *p)
{
	for (unsigned i = 0; i < COUNTERS_HEARD_MAX; i++) {
		const struct heard *h = heard_of(p, i);

		if (memcmp(h, &p->saved_heard[i], sizeof(*h)) == 0)
			continue;
		counters_set_heard(p->ble->counters, p->identity.octets, i, h, &p->counter_place);
		p->saved_heard[i] = *h;
	}
}

static void recall_heard(struct peer *p, int64_t now_us)
{
	for (unsigned i = 0; i < COUNTERS_HEARD_MAX; i++) {
		struct heard h = counters_heard(p->ble->counters, p->identity.octets, i);

		if (h.boot_us <= now_us)
			*heard_of(p, i) = p->saved_heard[i] = h;
	}
}

/* ---- both ---- */

void memory_recall(struct ble *b)
{
	bool same = b->tie != 0 && b->tie == counters_tie(b->counters);

	/* A device that was taken out of the configuration begins anew. */
	counters_drop_others(b->counters, is_known, b);
	FOR_EACH_PEER(b, i, p)
	{
		recall_counter(b, p, same);
		recall_heard(p, boottime_us());
	}
	/* From now on what is in RAM falls behind, wherever it is. */
	if (!b->counters && b->tie != 0)
		hurry(b);
}

void memory_counted(struct peer *p, uint32_t before)
{
	struct ble *b = p->ble;
	uint32_t counter = p->advert.counter, step = counter - before;
	uint32_t left = p->saved_counter > counter ? p->saved_counter - counter : 0;

	counters_set(b->counters, p->identity.octets, counter, &p->counter_place);
	/* One that was out of reach has not become faster by it. */
	p->advanced += step < STEP_MAX ? step : STEP_MAX;
	if (left == 0)
		hurry(b);
	else if (left <= MEMORY_COUNTER_AHEAD / 2 || left <= p->advanced)
		memory_changed(b);
}

void memory_forget(struct peer *p)
{
	counters_drop(p->ble->counters, p->identity.octets);
	memory_changed(p->ble);
}

/* ---- the file ---- */

static void read_file(struct ble *b)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	ssize_t n;

	if (asprintf(&path, "%s/ble", b->config->gateway.state_directory) < 0) {
		path = NULL;
		return;
	}
	n = file_load(AT_FDCWD, path, MEMORY_TEXT_MAX, &text);
	if (n == -ENOENT)
		return;
	if (n < 0 || memory_read(b, text, (size_t)n) < 0)
		log_warning("what was known of Bluetooth devices cannot be read; they are "
			    "discovered again",
			F_STR("FILE", path));
}

/* Without them some messages are refused after a kill, and some come twice. */
static void use_counters(struct ble *b)
{
	int r = counters_new(
		&b->counters, NULL, b->config->gateway.state_directory, b->config->gateway.name);

	if (r < 0)
		log_warning("what was heard last is not in RAM; after a kill of the gateway some "
			    "sealed broadcasts are taken for recordings, and what is said again "
			    "for something new",
			F_ERR(r));
}

void memory_load(struct ble *b)
{
	use_counters(b);
	read_file(b);
	memory_recall(b);
}

static void on_written(int error, void *userdata)
{
	struct ble *b = userdata;

	b->memory_writing = false;
	if (error < 0 && !b->memory_failed)
		log_warning("what is known of Bluetooth devices cannot be written; it is found "
			    "out again after a restart",
			F_ERR(error));
	b->memory_failed = error < 0;
	if (error < 0) { /* again, after a while */
		b->memory_dirty = true;
		b->memory_due_us = boottime_us() + EVERY_US;
	}
	ble_settle(b);
}

/* Once nothing new is taken in, the counters are exact. */
static void write_all(struct ble *b)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = memory_write(b, b->quiet, &text, &length);

	if (r == 0)
		r = gateway_keep(b->gateway, GATEWAY_BLE, text, length, on_written, b);
	if (r == -EBUSY && b->quiet) {
		/* What is under way has them ahead; this goes behind it, and nobody waits. */
		gateway_keep_forget(b->gateway, GATEWAY_BLE);
		r = gateway_keep(b->gateway, GATEWAY_BLE, text, length, NULL, NULL);
		b->memory_writing = false;
	} else {
		b->memory_writing = r == 0;
	}
	b->memory_dirty = r < 0;
	b->memory_written_us = boottime_us();
	if (r < 0)
		return;
	FOR_EACH_PEER(b, i, p)
	{
		p->saved_counter = b->quiet ? p->advert.counter : memory_reserve(p);
		p->advanced = 0;
	}
}

int64_t memory_deadline(const struct ble *b)
{
	return b->memory_dirty && !b->memory_writing ? b->memory_due_us : INT64_MAX;
}

void memory_due(struct ble *b, int64_t now_us)
{
	if (now_us < memory_deadline(b))
		return;
	b->memory_due_us = now_us + EVERY_US; /* should it fail */
	write_all(b);
}

void memory_finish(struct ble *b)
{
	write_all(b);
}
