/*
 * A reading's way in: what came before is found out, the rest is stamped and
 * handed to the ledger. See gateway.h.
 *
 * A value has its number from this run (dedup.h) or from an earlier one
 * (recall.h). It is known to be safe or waited for, or it is taken again under
 * the number that it has: after a kill nobody knows what became of it, and a
 * second id would make two values of one.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "gateway/gateway_private.h"

#define LOG_MODULE "gateway"
#include "util/log.h"

#define NO_NUMBER DEDUP_EPOCHS_MAX

enum fate {
	FATE_NEW,
	FATE_KNOWN, /* safe, or the ledger has it */
	FATE_ASK,   /* this run's, longer ago than dedup.h remembers: the ledger may have it */
	FATE_AGAIN, /* has a number, and is to be taken under it */
};

/* What became of a reading earlier. */
struct earlier {
	enum fate fate;
	unsigned epoch_number; /* as dedup.h has it; NO_NUMBER: too many epochs */
	struct label *epoch;   /* owned; NULL: this run */
	uint64_t sequence, device_sequence, group;
	bool stored;
};

/* What one submission needs while it is taken in. */
struct intake {
	struct device *device;
	const struct reading *readings;
	struct stamp now;
	struct receipt *receipt;
	struct earlier *earlier;             /* one for each reading */
	uint64_t group_first[UINT8_MAX + 1]; /* by group_index: this run's first number of it */
	bool waits;                          /* something of it is not safe yet */
	bool own;                            /* the gateway's own: bed and flags are in it */
};

/* --- what came before --- */

/* The number that stands for an epoch in dedup.h, given out at need. */
static unsigned number_of(struct gateway *g, struct label *epoch)
{
	if (!epoch)
		return 0;
	for (unsigned i = 1; i < g->epoch_count; i++)
		if (g->epochs[i] == epoch || strcmp(g->epochs[i]->text, epoch->text) == 0)
			return i;
	if (g->epoch_count == DEDUP_EPOCHS_MAX)
		return NO_NUMBER;
	g->epochs[g->epoch_count] = label_ref(epoch);
	return g->epoch_count++;
}

/* From the ring of shared memory. Returns 0 or -ENOMEM. */
static int find_recalled(
	struct gateway *g, const struct device *d, uint64_t key, struct earlier *ret)
{
	struct recalled found;
	int r = recall_find(g->recall, d->name->text, key, &found);

	if (r <= 0)
		return r;
	*ret = (struct earlier){ .fate = found.stored  ? FATE_KNOWN
					 : found.epoch ? FATE_AGAIN
						       : FATE_ASK,
		.epoch_number = number_of(g, found.epoch),
		.epoch = label_ref(found.epoch),
		.sequence = found.sequence,
		.device_sequence = found.device_sequence,
		.stored = found.stored };
	return 0;
}

/* From this run's memory. Returns whether it is there. */
static bool find_remembered(
	const struct gateway *g, const struct device *d, uint64_t key, struct earlier *ret)
{
	struct dedup_value v;

	if (!dedup_find(d->dedup, key, &v))
		return false;
	*ret = (struct earlier){ .fate = v.lost ? FATE_AGAIN : FATE_KNOWN,
		.epoch_number = v.epoch,
		.epoch = label_ref(g->epochs[v.epoch]),
		.sequence = v.sequence };
	return true;
}

static int find_earlier(
	struct gateway *g, const struct device *d, uint64_t key, struct earlier *ret)
{
	struct recalled found;

	*ret = (struct earlier){ .fate = FATE_NEW };
	if (key == 0)
		return 0;
	if (!find_remembered(g, d, key, ret))
		return find_recalled(g, d, key, ret);
	/* dedup.h has no room for it; without the ring it gets another one. */
	if (ret->fate == FATE_AGAIN && recall_find(g->recall, d->name->text, key, &found) > 0)
		ret->device_sequence = found.device_sequence;
	return 0;
}

static bool same_epoch(const struct label *a, const struct label *b)
{
	return a == b || (a && b && strcmp(a->text, b->text) == 0);
}

/* The group's number within an earlier epoch: that of its first reading in this submission. */
static uint64_t earlier_group(const struct intake *in, size_t i)
{
	const struct earlier *x = &in->earlier[i];

	for (size_t j = i; j > 0; j--)
		if (in->readings[j - 1].group_index == in->readings[i].group_index &&
			in->earlier[j - 1].sequence > 0 &&
			same_epoch(in->earlier[j - 1].epoch, x->epoch))
			return in->earlier[j - 1].group;
	return x->sequence;
}

/* Fills in->earlier. Returns 0 or -ENOMEM; *ret_filled are to be dropped either way. */
static int find_all(
	struct gateway *g, struct intake *in, size_t count, size_t *ret_room, size_t *ret_filled)
{
	size_t room = 0;

	for (size_t i = 0; i < count; i++) {
		struct earlier *x = &in->earlier[i];
		int r = find_earlier(g, in->device, in->readings[i].source_key, x);

		if (r < 0)
			return r;
		*ret_filled = i + 1;
		if (x->fate != FATE_KNOWN)
			room++;
		if (x->epoch && in->readings[i].group_index)
			x->group = earlier_group(in, i);
	}
	*ret_room = room;
	return 0;
}

/* --- taking in --- */

/* The group's number within this run. */
static uint64_t own_group(struct intake *in, uint8_t index, uint64_t sequence)
{
	uint64_t *first = &in->group_first[index];

	if (index == 0)
		return 0;
	if (!*first)
		*first = sequence;
	return *first;
}

static void stamp_reading(
	struct gateway *g, struct intake *in, struct reading *r, const struct stamp *now)
{
	r->received_us = now->realtime_us;
	r->received_boot_us = now->boot_us;
	r->clock = now->state;
	if (!r->time_us) {
		r->time_us = now->realtime_us;
		r->time_source = TIME_GATEWAY;
	}
	if (g->training)
		r->flags |= FLAG_DEMO;
	r->device = in->device->name; /* borrowed: the ledger takes references of its own */
	if (!in->own)
		r->bed = in->device->bed;
}

/* What is taken again keeps the wall clock that its number was stamped under, as long as none is
 * better: one correction then goes for all copies of it. */
static struct stamp stamp_again(
	const struct gateway *g, const struct intake *in, const struct earlier *x)
{
	struct stamp now = in->now;
	struct epoch of = g->self;
	int64_t offset_us;

	if (now.state == CLOCK_UNSYNCHRONISED &&
		(!x->epoch || epoch_from_text(x->epoch->text, &of) == 0) &&
		corrections_find(&g->corrections, of.counter, of.random, x->sequence, &offset_us))
		now.realtime_us = now.boot_us + offset_us;
	return now;
}

/* Whole percent, rounded down; -1 for what is no percentage. */
static int battery_percent(struct decimal d)
{
	int64_t v = d.mantissa;

	for (int e = d.exponent; e < 0 && v; e++)
		v /= 10;
	for (int e = d.exponent; e > 0 && v > 0 && v <= 100; e--)
		v *= 10;
	return v >= 0 && v <= 100 ? (int)v : -1;
}

/* Before the ledger takes it: a kill from here on finds the number. */
static void remember(
	struct gateway *g, struct intake *in, const struct reading *r, unsigned epoch_number)
{
	const struct dedup_value v = { .sequence = r->sequence, .epoch = (uint8_t)epoch_number };
	struct dedup *dedup = in->device->dedup;

	if (g->recall)
		recall_add(g->recall, in->device->name->text, r->source_key, r->epoch, r->sequence,
			r->device_sequence);
	if (epoch_number == NO_NUMBER)
		return; /* the ring knows it */
	if (dedup_add(&dedup, r->source_key, &v, in->device->repeats ?: DEDUP_MAX) < 0)
		log_debug("no memory to recognise a repetition",
			F_STR("WARDGATE_DEVICE", in->device->name->text));
	in->device->dedup = dedup;
}

static void take(struct gateway *g, struct intake *in, size_t i)
{
	const struct earlier *x = &in->earlier[i];
	struct reading r = in->readings[i];

	if (x->fate == FATE_NEW) {
		r.sequence = ++g->sequence;
		r.device_sequence = ++in->device->device_sequence;
		r.group = own_group(in, r.group_index, r.sequence);
		stamp_reading(g, in, &r, &in->now);
		gateway_note_stamp(g, r.sequence, &in->now);
	} else {
		const struct stamp now = stamp_again(g, in, x);

		r.epoch = x->epoch;
		r.sequence = x->sequence;
		r.device_sequence = x->device_sequence ?: ++in->device->device_sequence;
		r.group = x->epoch ? x->group : own_group(in, r.group_index, r.sequence);
		stamp_reading(g, in, &r, &now);
		g->counters.recalled++;
	}
	if (r.source_key)
		remember(g, in, &r, x->epoch_number);
	g->ledger.append(g->ledger.object, &r, in->receipt);
	if (x->fate == FATE_NEW || x->epoch)
		for (size_t n = 0; n < g->tap_count; n++)
			g->taps[n].fn(&r, g->taps[n].userdata);
	in->waits = true;
	g->counters.readings++;
	if (in->own)
		return;
	registry_hint(in->device, r.expect_us);
	if (r.metric == METRIC_BATTERY && r.kind == VALUE_NUMBER && r.instance == 0)
		registry_set_battery(g->registry, in->device, battery_percent(r.number));
}

/* Returns whether the reading came before and is with the ledger, or safe. */
static bool came_before(struct gateway *g, struct intake *in, const struct earlier *x)
{
	bool waits = x->fate != FATE_NEW && !x->stored && in->receipt &&
		     g->ledger.attach(g->ledger.object, x->epoch, x->sequence, in->receipt);

	if (waits)
		in->waits = true;
	return waits || x->fate == FATE_KNOWN || (x->fate == FATE_ASK && !in->receipt);
}

static void take_all(struct gateway *g, struct intake *in, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct reading *from = &in->readings[i];
		struct earlier *x = &in->earlier[i], again;

		/* Within one submission the first of two has its number by now. */
		if (count > 1 && x->fate != FATE_KNOWN && from->source_key &&
			find_remembered(g, in->device, from->source_key, &again)) {
			again.device_sequence = x->device_sequence;
			again.group = x->group;
			label_unref(x->epoch);
			*x = again;
		}
		if (!came_before(g, in, x)) {
			take(g, in, i);
			continue;
		}
		g->counters.duplicates++;
		if (!x->epoch)
			(void)own_group(in, from->group_index, x->sequence);
	}
}

static int submit(struct gateway *g, struct intake *in, size_t count, receipt_fn done,
	void *userdata, size_t *ret_filled)
{
	struct ledger *l = &g->ledger;
	size_t room;
	int r;

	r = find_all(g, in, count, &room, ret_filled);
	if (r == 0)
		r = l->reserve(l->object, room, done != NULL, in->now.boot_us);
	if (r == 0 && done)
		r = l->receipt(l->object, done, userdata, &in->receipt);
	if (r != 0) {
		g->counters.refused++;
		return r == LEDGER_E_NO_ROOM ? GATEWAY_E_NO_ROOM : r;
	}
	take_all(g, in, count);
	l->flush(l->object);
	if (in->waits)
		return 0;
	receipt_cancel(in->receipt);
	return GATEWAY_E_SAFE;
}

int gateway_submit(struct gateway *g, struct device *d, const struct reading *readings,
	size_t count, receipt_fn done, void *userdata, struct receipt **ret)
{
	struct earlier earlier[SUBMISSION_MAX]; /* filled as far as there are readings */
	struct intake in = {
		.device = d, .readings = readings, .now = clock_now(g->clock), .earlier = earlier
	};
	size_t filled = 0;
	int r;

	assert(count <= SUBMISSION_MAX);
	registry_heard(g->registry, d, in.now.realtime_us, in.now.boot_us);
	r = submit(g, &in, count, done, userdata, &filled);
	for (size_t i = 0; i < filled; i++)
		label_unref(earlier[i].epoch);
	if (r == 0 && ret)
		*ret = in.receipt;
	return r;
}

int gateway_submit_own(struct gateway *g, struct device *d, const struct reading *reading,
	receipt_fn done, void *userdata, struct receipt **ret)
{
	struct earlier earlier;
	struct intake in = { .device = d,
		.readings = reading,
		.now = clock_now(g->clock),
		.earlier = &earlier,
		.own = true };
	size_t filled = 0;
	int r;

	assert(reading->source_key == 0);
	r = submit(g, &in, 1, done, userdata, &filled);
	if (r == 0 && ret)
		*ret = in.receipt;
	return r;
}

static struct gateway_tap *find_tap(struct gateway *g, gateway_tap_fn fn, const void *userdata)
{
	for (size_t i = 0; i < g->tap_count; i++)
		if (g->taps[i].fn == fn && g->taps[i].userdata == userdata)
			return &g->taps[i];
	return NULL;
}

int gateway_tap(struct gateway *g, gateway_tap_fn fn, void *userdata)
{
	if (find_tap(g, fn, userdata))
		return 0;
	if (g->tap_count == GATEWAY_TAPS_MAX)
		return -ENOBUFS;
	g->taps[g->tap_count++] = (struct gateway_tap){ fn, userdata };
	return 0;
}

void gateway_untap(struct gateway *g, gateway_tap_fn fn, void *userdata)
{
	struct gateway_tap *t = find_tap(g, fn, userdata);

	if (t)
		*t = g->taps[--g->tap_count];
}

void gateway_use_recall(struct gateway *g, struct recall *r)
{
	g->recall = r;
}

void gateway_forget(struct gateway *g, const struct reading *r)
{
	struct device *d = registry_by_name(g->registry, r->device->text);
	unsigned number = number_of(g, r->epoch);

	if (d && r->source_key && number != NO_NUMBER)
		dedup_lost(d->dedup, r->source_key, (uint8_t)number, r->sequence);
}
