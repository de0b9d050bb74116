/* Random walks with memory and, for vitals, company; see signal.h. */
#include "sim/signal.h"

#include <string.h>

/* base, low, high, sigma per step: thousandths. An adult at rest, a vaccine fridge, a ward room. */
static const struct {
	int64_t base, low, high, sigma;
} course[_Q_MAX] = {
	[Q_HEART_RATE] = { 76000, 30000, 210000, 900 },
	[Q_PULSE_RATE] = { 76000, 30000, 210000, 900 },
	[Q_RESPIRATORY_RATE] = { 15000, 4000, 50000, 350 },
	[Q_SPO2] = { 97000, 60000, 100000, 220 },
	[Q_PERFUSION_INDEX] = { 3200, 200, 15000, 120 },
	[Q_BODY_TEMPERATURE] = { 36900, 33000, 42000, 12 },
	[Q_BP_SYSTOLIC] = { 122000, 60000, 240000, 800 },
	[Q_BP_DIASTOLIC] = { 76000, 30000, 140000, 500 },
	[Q_BP_MEAN] = { 91000, 40000, 180000, 0 },
	[Q_AMBIENT_TEMPERATURE] = { 21500, -30000, 60000, 25 },
	[Q_HUMIDITY] = { 44000, 5000, 99000, 120 },
	[Q_AMBIENT_CO2] = { 640000, 380000, 5000000, 6000 },
	[Q_BATTERY] = { 92000, 0, 100000, 0 },
	[Q_CONTACT] = { 1000, 0, 1000, 0 },
	[Q_BUTTON] = { 0, 0, 2000, 0 },
};

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* One heart beats for both, one pressure has three names, and a battery only falls. */
static void bind(struct signals *s)
{
	struct walk *w = s->walks;

	if (!w[Q_PULSE_RATE].pull_end_ms)
		w[Q_PULSE_RATE].now = w[Q_HEART_RATE].now;
	if (w[Q_BP_DIASTOLIC].now > w[Q_BP_SYSTOLIC].now - 15000)
		w[Q_BP_DIASTOLIC].now = clamp(w[Q_BP_SYSTOLIC].now - 15000, 20000, 140000);
	w[Q_BP_MEAN].now = (w[Q_BP_SYSTOLIC].now + 2 * w[Q_BP_DIASTOLIC].now) / 3;
	if (!w[Q_BATTERY].pull_end_ms)
		w[Q_BATTERY].base = clamp(w[Q_BATTERY].base - 1, 0, 100000); /* 28 hours */
}

void signals_init(struct signals *s, uint64_t seed, uint64_t part)
{
	memset(s, 0, sizeof(*s));
	s->rng = rng_fork(seed, part);
	for (int q = 0; q < _Q_MAX; q++) {
		struct walk *w = &s->walks[q];

		w->low = course[q].low;
		w->high = course[q].high;
		w->sigma = course[q].sigma;
		/* Patients and rooms differ from the start. */
		w->base = clamp(
			course[q].base + rng_bell(&s->rng, course[q].sigma * 4), w->low, w->high);
		w->now = w->base;
	}
	bind(s);
}

void signals_set_bases(struct signals *s, const struct signal_base *bases)
{
	for (int q = 0; q < _Q_MAX; q++) {
		struct walk *w = &s->walks[q];

		if (!bases[q].given)
			continue;
		w->base = clamp(bases[q].milli, w->low, w->high);
		w->now = w->base;
		bind(s);
	}
}

void signals_pull(struct signals *s, enum quantity q, int64_t milli, int64_t at_ms, int64_t over_ms,
	int64_t hold_ms)
{
	struct walk *w = &s->walks[q];

	signals_advance(s, at_ms);
	w->pull_from = w->now;
	w->pull_to = clamp(milli, w->low, w->high);
	w->pull_start_ms = at_ms;
	w->pull_over_ms = over_ms;
	w->pull_end_ms = at_ms + over_ms + hold_ms;
	if (!over_ms)
		w->now = w->pull_to;
}

/* What the others do to this one, as a shift of where it tends to. Signs and rough sizes as any
 * nurse would expect them: low saturation, fever and low pressure drive the heart and the breath.
 */
static int64_t company(const struct signals *s, enum quantity q)
{
	const struct walk *w = s->walks;
	int64_t hypoxia = clamp(95000 - w[Q_SPO2].now, 0, 20000);
	int64_t fever = clamp(w[Q_BODY_TEMPERATURE].now - 37500, 0, 4000);
	int64_t shock = clamp(100000 - w[Q_BP_SYSTOLIC].now, 0, 40000);

	if (q == Q_HEART_RATE || q == Q_PULSE_RATE)
		return hypoxia * 3 / 2 + fever * 10 + shock * 6 / 10;
	if (q == Q_RESPIRATORY_RATE)
		return hypoxia / 2 + fever * 2 + shock / 10;
	if (q == Q_BP_DIASTOLIC)
		return (w[Q_BP_SYSTOLIC].now - w[Q_BP_SYSTOLIC].base) / 2;
	if (q == Q_PERFUSION_INDEX)
		return -shock / 20;
	return 0;
}

static void step(struct signals *s, enum quantity q)
{
	struct walk *w = &s->walks[q];
	int64_t noise =
		rng_bell(&s->rng, w->sigma); /* always drawn: events do not shift the rest */

	if (w->pull_end_ms && s->at_ms < w->pull_end_ms) {
		int64_t into = s->at_ms - w->pull_start_ms;

		w->now = into < w->pull_over_ms ? w->pull_from + (w->pull_to - w->pull_from) *
									 into / w->pull_over_ms
						: w->pull_to + noise / 2;
	} else {
		w->pull_end_ms = 0;
		if (quantity_info(q)->kind == QUANTITY_NUMBER)
			w->now += (w->base + company(s, q) - w->now) / 12 + noise;
		else
			w->now = w->base;
	}
	w->now = clamp(w->now, w->low, w->high);
}

void signals_advance(struct signals *s, int64_t at_ms)
{
	if (at_ms - s->at_ms > (int64_t)SIGNAL_STEPS_MAX * SIGNAL_STEP_MS)
		s->at_ms = at_ms - SIGNAL_STEP_MS;
	while (s->at_ms + SIGNAL_STEP_MS <= at_ms) {
		s->at_ms += SIGNAL_STEP_MS;
		for (int q = 0; q < _Q_MAX; q++)
			step(s, (enum quantity)q);
		bind(s);
	}
}

int32_t signals_value(const struct signals *s, enum quantity q)
{
	static const int64_t unit[] = { 1000, 100, 10, 1 }; /* thousandths of one step */
	const struct quantity_info *info = quantity_info(q);
	int64_t step_milli = info->decimals < 4 ? unit[info->decimals] : 1;
	int64_t v = s->walks[q].now;

	v = v >= 0 ? (v + step_milli / 2) / step_milli : -((-v + step_milli / 2) / step_milli);
	return (int32_t)v;
}
