/*
 * See slots_ward.h.
 */
#include "unit/ble/slots_ward.h"

#include "unit/unit.h"

struct ward ward;

void setup(unsigned capacity, unsigned limit, int64_t tenure_us)
{
	const struct slots_settings settings = { SLOTS_SEED, limit, tenure_us };

	memset(&ward, 0, sizeof(ward));
	ward.capacity = capacity;
	ward.now_us = 1000 * S;
	assert_int_equal(slots_new(&ward.slots, &settings), 0);
}

void teardown(void)
{
	ward.slots = slots_free(ward.slots);
}

struct bedside *add(enum slots_kind kind, enum temper temper)
{
	struct bedside *d = &ward.list[ward.count++];

	*d = (struct bedside){ .kind = kind,
		.temper = temper,
		.visit_us = 4 * S,
		.phase_us = (int64_t)ward.count * 7 * S / 3,
		.last_served_us = ward.now_us };
	assert_int_equal(slots_add(ward.slots, kind, d, &d->id), 0);
	return d;
}

void end(struct bedside *d, enum slots_end how)
{
	if (d->open) {
		ward.open--;
		d->open_us += ward.now_us - d->opened_us;
	}
	d->open = d->connecting = false;
	slots_ended(ward.slots, d->id, how, ward.now_us);
}

static void connect_to(struct bedside *d)
{
	unsigned in_use = 0, connecting = 1;

	d->attempts++;
	for (size_t i = 0; i < ward.count; i++) {
		in_use += ward.list[i].open || ward.list[i].connecting;
		connecting += ward.list[i].connecting;
	}
	assert_true(connecting <= SLOTS_CONNECTING_MAX);
	if (in_use >= ward.capacity) {
		end(d, SLOTS_FULL);
		return;
	}
	d->connecting = true;
	d->ends_us = ward.now_us + S / 10; /* when it will be connected */
}

static void decide(void)
{
	enum slots_verb verb;
	enum slots_why why;
	unsigned id, steps = 0;

	while ((verb = slots_next(ward.slots, ward.now_us, &id, &why)) != SLOTS_NOTHING) {
		struct bedside *d = slots_userdata(ward.slots, id);

		assert_true(steps++ < 100);
		if (verb == SLOTS_CONNECT) {
			assert_int_equal(why, SLOTS_WHY_NONE);
			connect_to(d);
			continue;
		}
		assert_int_not_equal(why, SLOTS_WHY_NONE);
		d->cut += d->open;
		end(d, why == SLOTS_WHY_NO_ANSWER ? SLOTS_FAILED : SLOTS_GAVE_WAY);
	}
	assert_true(slots_deadline(ward.slots) > ward.now_us);
}

static void served(struct bedside *d)
{
	int64_t waited = ward.now_us - d->last_served_us;

	d->served++;
	d->last_served_us = ward.now_us;
	d->served_in_burst = true;
	if (waited > d->longest_wait_us)
		d->longest_wait_us = waited;
}

static void progress(struct bedside *d)
{
	if (d->connecting && d->temper != NEVER_ANSWERS && ward.now_us >= d->ends_us) {
		d->connecting = false;
		d->open = true;
		d->opened_us = ward.now_us;
		d->ends_us = d->temper == BREAKS         ? ward.now_us + 1 * S
			     : d->kind == SLOTS_EPISODIC ? ward.now_us + d->visit_us
							 : SLOTS_NEVER;
		if (++ward.open > ward.most)
			ward.most = ward.open;
		slots_connected(ward.slots, d->id, ward.now_us);
		if (d->kind == SLOTS_STREAM && d->temper == ANSWERS)
			served(d);
	} else if (d->open && ward.now_us >= d->ends_us) {
		if (d->temper == ANSWERS)
			served(d);
		end(d, d->temper == ANSWERS ? SLOTS_SERVED : SLOTS_LOST);
	}
}

static bool advertises(struct bedside *d)
{
	int64_t at;

	if (d->open || d->connecting)
		return false;
	if (d->every_us == 0)
		return true;
	at = (ward.now_us + d->phase_us) % d->every_us;
	if (at < S)
		d->served_in_burst = false; /* a new measurement */
	return at < d->burst_us && !d->served_in_burst;
}

/* Runs a while in steps of a tenth of a second; each device advertises each second. */
void run(int64_t us)
{
	for (int64_t until = ward.now_us + us; ward.now_us < until; ward.now_us += S / 10) {
		bool ask = slots_deadline(ward.slots) <= ward.now_us;
		int64_t tenth = ward.now_us / (S / 10);

		for (size_t i = 0; i < ward.count; i++) {
			struct bedside *d = &ward.list[i];

			progress(d);
			if ((tenth + (int64_t)i) % 10 == 0 && advertises(d))
				ask |= slots_heard(ward.slots, d->id, ward.now_us);
		}
		ask |= slots_deadline(ward.slots) <= ward.now_us;
		if (ask)
			decide();
		assert_true(ward.open <= ward.capacity);
	}
}

unsigned open_of(enum slots_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < ward.count; i++)
		n += ward.list[i].open && ward.list[i].kind == kind;
	return n;
}
