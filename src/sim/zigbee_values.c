/* See zigbee_values.h. */
#include "sim/zigbee_values.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	int8_t exponent;
	int64_t base, sigma, low, high;
} table[_SZB_METRIC_MAX] = {
#define X(id, name, exponent, base, sigma, low, high)                                              \
	[SZB_##id] = { name, exponent, base, sigma, low, high },
	SZB_METRICS(X)
#undef X
};

static const char *const words[SZB_BUTTON_WORDS] = { "hold", "single", "double", "triple", "long",
	"release" };

enum szb_metric szb_metric_by_name(const char *name)
{
	int m;

	for (m = 0; m < _SZB_METRIC_MAX; m++)
		if (!strcmp(table[m].name, name))
			break;
	return (enum szb_metric)m;
}

const char *szb_metric_name(enum szb_metric m)
{
	return table[m].name;
}

const char *szb_button_word(int64_t value)
{
	return words[value];
}

struct decimal szb_decimal(enum szb_metric m, int64_t value)
{
	return (struct decimal){ .mantissa = value, .exponent = table[m].exponent };
}

static int parse_word(enum szb_metric m, const char *text, int64_t *ret)
{
	if (szb_is_flag(m)) {
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return -EINVAL;
		*ret = !strcmp(text, "true");
		return 0;
	}
	for (int i = 0; i < SZB_BUTTON_WORDS; i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return -EINVAL;
}

int szb_value_parse(enum szb_metric m, const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	int64_t v = 0;
	int after = -1;

	if (m >= SZB_OCCUPANCY)
		return parse_word(m, text, ret);
	text += negative;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text; text++) {
		if (*text == '.' && after < 0) {
			after = 0;
			continue;
		}
		/* finer than it travels: no */
		if (*text < '0' || *text > '9' || after >= -table[m].exponent || v > 100000000)
			return -EINVAL;
		v = v * 10 + (*text - '0');
		if (after >= 0)
			after++;
	}
	for (after = after < 0 ? 0 : after; after < -table[m].exponent; after++)
		v *= 10;
	*ret = negative ? -v : v;
	return 0;
}

static int64_t clamp(enum szb_metric m, int64_t v)
{
	return v < table[m].low ? table[m].low : v > table[m].high ? table[m].high : v;
}

void szb_walk_init(struct szb_walk *w, enum szb_metric m, uint64_t seed, uint64_t device)
{
	*w = (struct szb_walk){ .rng = rng_fork(seed, (device + 1) * 64 + m) };
	w->base = clamp(m, table[m].base + rng_bell(&w->rng, table[m].sigma * 4));
	w->now = w->base;
}

void szb_walk_pull(struct szb_walk *w, enum szb_metric m, int64_t value, int64_t at_us,
	int64_t over_us, int64_t hold_us)
{
	w->pull_from = w->now;
	w->pull_to = clamp(m, value);
	w->pull_start_us = at_us;
	w->pull_over_us = over_us;
	w->pull_end_us = at_us + over_us + hold_us;
	if (!over_us)
		w->now = w->pull_to;
}

void szb_walk_next(struct szb_walk *w, enum szb_metric m, int64_t at_us, unsigned toggle)
{
	/* Always drawn, so that events do not shift the rest. */
	int64_t noise = rng_bell(&w->rng, table[m].sigma);
	bool turns = rng_below(&w->rng, 1000) < toggle;
	int64_t into = at_us - w->pull_start_us;

	if (w->pull_end_us && at_us < w->pull_end_us) {
		if (into < w->pull_over_us)
			w->now =
				w->pull_from + (w->pull_to - w->pull_from) * into / w->pull_over_us;
		else
			w->now = w->pull_to;
		return;
	}
	if (w->pull_end_us && szb_is_flag(m))
		w->now = w->base;
	w->pull_end_us = 0;
	if (szb_is_flag(m))
		w->now = turns ? !w->now : w->now;
	else if (m == SZB_BUTTON)
		w->now = 1 + rng_below(&w->rng, 2); /* single and double, mostly */
	else
		w->now = clamp(m, w->now + (w->base - w->now) / 12 + noise);
}
