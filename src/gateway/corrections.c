/*
 * See corrections.h.
 */
#include "gateway/corrections.h"

#include <string.h>

#define FAR_US (INT64_MAX / 8) /* no clock differs by 36,000 years */

static bool same_epoch(const struct correction_span *s, uint64_t counter, uint32_t random)
{
	return s->counter == counter && s->random == random;
}

static bool near(int64_t a, int64_t b)
{
	return a - b <= CORRECTIONS_TOLERANCE_US && b - a <= CORRECTIONS_TOLERANCE_US;
}

static int64_t clamp(int64_t us)
{
	return us < -FAR_US ? -FAR_US : us > FAR_US ? FAR_US : us;
}

static void take_out(struct corrections *c, size_t i)
{
	c->count--;
	memmove(&c->spans[i], &c->spans[i + 1], (c->count - i) * sizeof(c->spans[0]));
}

static int64_t low(const struct correction_span *a, const struct correction_span *b)
{
	return a->low_us < b->low_us ? a->low_us : b->low_us;
}

static int64_t high(const struct correction_span *a, const struct correction_span *b)
{
	return a->high_us > b->high_us ? a->high_us : b->high_us;
}

/* Makes a place where there is none. */
static void make_place(struct corrections *c)
{
	int64_t least = INT64_MAX;
	size_t best = 0;

	for (size_t i = 0; i + 1 < c->count; i++) {
		const struct correction_span *a = &c->spans[i], *b = &c->spans[i + 1];
		int64_t width = high(a, b) - low(a, b);

		if (same_epoch(a, b->counter, b->random) && width < least) {
			least = width;
			best = i;
		}
	}
	if (least < INT64_MAX) {
		struct correction_span *a = &c->spans[best], *b = &c->spans[best + 1];

		b->low_us = low(a, b);
		b->high_us = high(a, b);
		b->first = a->first;
	}
	take_out(c, best);
}

bool corrections_note(struct corrections *c, uint64_t counter, uint32_t random, uint64_t sequence,
	int64_t offset_us)
{
	struct correction_span *s = c->count > 0 ? &c->spans[c->count - 1] : NULL;

	offset_us = clamp(offset_us);
	if (s && c->open && same_epoch(s, counter, random) && near(offset_us, c->offset_us)) {
		s->last = sequence;
		return false;
	}
	if (c->count == CORRECTIONS_MAX)
		make_place(c);
	c->spans[c->count++] = (struct correction_span){ .counter = counter,
		.random = random,
		.first = sequence,
		.last = sequence,
		.low_us = offset_us,
		.high_us = offset_us };
	c->open = true;
	c->offset_us = offset_us;
	return true;
}

bool corrections_close(struct corrections *c)
{
	bool was_open = c->open;

	c->open = false;
	return was_open;
}

static int64_t middle(const struct correction_span *s)
{
	return s->low_us + (s->high_us - s->low_us) / 2;
}

bool corrections_find(const struct corrections *c, uint64_t counter, uint32_t random,
	uint64_t sequence, int64_t *ret_offset_us)
{
	for (size_t i = c->count; i > 0; i--) {
		const struct correction_span *s = &c->spans[i - 1];

		if (same_epoch(s, counter, random) && sequence >= s->first &&
			(s->last == 0 || sequence <= s->last)) {
			*ret_offset_us = middle(s);
			return true;
		}
	}
	return false;
}

int64_t correction_add_ms(const struct correction_span *s, int64_t offset_us)
{
	int64_t add_us = clamp(offset_us) - middle(s);

	return (add_us + (add_us < 0 ? -500 : 500)) / 1000;
}

int64_t correction_error_ms(const struct correction_span *s)
{
	return ((s->high_us - s->low_us) / 2 + 999) / 1000;
}

bool correction_is_sound(const struct correction_span *s)
{
	return s->first > 0 && (s->last == 0 || s->last >= s->first) && s->low_us >= -FAR_US &&
	       s->high_us <= FAR_US && s->low_us <= s->high_us;
}
