/*
 * Tables of scores: see score_table.h.
 */
#include "alarms/rules/score_table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alarms/settings.h"
#include "util/cleanup.h"
#include "util/decimal.h"
#include "wardgate/reading.h"

const char score_news2[] =
	"respiratory-rate/0:..8=3,9..11=1,12..20=0,21..24=2,25..=3 "
	"spo2/0@scale1:..91=3,92..93=2,94..95=1,96..=0 "
	"spo2/0@scale2+air:..83=3,84..85=2,86..87=1,88..=0 "
	"spo2/0@scale2+oxygen:..83=3,84..85=2,86..87=1,88..92=0,93..94=1,95..96=2,97..=3 "
	"oxygen-therapy:no=0,yes=2 "
	"bp-systolic/0:..90=3,91..100=2,101..110=1,111..219=0,220..=3 "
	"pulse-rate|heart-rate/0:..40=3,41..50=1,51..90=0,91..110=1,111..130=2,131..=3 "
	"consciousness:alert=0,confusion=3,voice=3,pain=3,unresponsive=3 "
	"body-temperature|core-temperature/"
	"1:..35.0=3,35.1..36.0=1,36.1..38.0=0,38.1..39.0=1,39.1..=2";

/* What is being read: from at up to end. */
struct piece {
	const char *at, *end;
	char *why;
};

static int refuse(struct piece *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct piece *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->why, RULE_WHY_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Up to one of the characters, which is not taken. */
static size_t take(struct piece *p, const char *stops, const char **ret)
{
	const char *from = p->at;

	while (p->at < p->end && !strchr(stops, *p->at))
		p->at++;
	*ret = from;
	return (size_t)(p->at - from);
}

static bool take_char(struct piece *p, char c)
{
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static int read_metrics(struct piece *p, struct score_row *row)
{
	do {
		const char *name;
		size_t n = take(p, "|/@:", &name);
		enum metric m = metric_by_name(name, n);

		if (m == METRIC_NONE || row->metric_count == ARRAY_SIZE(row->metrics))
			return refuse(p, "names %.*s, which is no metric, or one too many",
				(int)(n < 40 ? n : 40), name);
		if (row->metric_count > 0 && metric_info(m)->kind != row->kind)
			return refuse(p, "joins metrics of different kinds");
		row->kind = (uint8_t)metric_info(m)->kind;
		row->metrics[row->metric_count++] = (uint8_t)m;
	} while (take_char(p, '|'));
	row->oxygen = row->metrics[0] == METRIC_OXYGEN_THERAPY;
	return 0;
}

static int read_conditions(struct piece *p, struct score_row *row)
{
	static const char *const words[] = { "air", "oxygen", "scale1", "scale2" };

	do {
		const char *word;
		size_t n = take(p, "+:", &word), i = 0;

		while (i < ARRAY_SIZE(words) &&
			(strlen(words[i]) != n || memcmp(words[i], word, n) != 0))
			i++;
		if (i == ARRAY_SIZE(words))
			return refuse(p,
				"has the unknown condition %.*s; give air, oxygen, scale1 "
				"or scale2",
				(int)(n < 40 ? n : 40), word);
		row->conditions |= (uint8_t)(1u << i);
	} while (take_char(p, '+'));
	return 0;
}

static int read_bound(struct piece *p, const char *text, size_t n, bool *has, struct decimal *ret)
{
	*has = n > 0;
	if (n > 0 &&
		(decimal_from_text(ret, text, n) < 0 || ret->exponent < -9 || ret->exponent > 9))
		return refuse(
			p, "has the bound %.*s, which is no number", (int)(n < 40 ? n : 40), text);
	return 0;
}

static int read_range(struct piece *p, const struct score_row *row, struct score_cell *cell)
{
	const char *text, *dots;
	size_t n = take(p, "=", &text);

	if (row->kind == METRIC_BOOLEAN) {
		cell->boolean = n == 3 && memcmp(text, "yes", 3) == 0;
		if (!cell->boolean && (n != 2 || memcmp(text, "no", 2) != 0))
			return refuse(
				p, "needs yes and no for %s", metric_info(row->metrics[0])->name);
		return 0;
	}
	if (row->kind == METRIC_WORD) {
		cell->word = (uint16_t)word_by_text(text, n);
		if (!metric_takes_word(row->metrics[0], cell->word))
			return refuse(p, "has the word %.*s, which %s does not say",
				(int)(n < 40 ? n : 40), text, metric_info(row->metrics[0])->name);
		return 0;
	}
	dots = memmem(text, n, "..", 2);
	if (!dots)
		return refuse(p, "has a range without ..: %.*s", (int)(n < 40 ? n : 40), text);
	if (read_bound(p, text, (size_t)(dots - text), &cell->has_low, &cell->low) < 0)
		return -EINVAL;
	return read_bound(p, dots + 2, (size_t)(text + n - dots - 2), &cell->has_high, &cell->high);
}

static int read_cells(struct piece *p, struct score_row *row)
{
	do {
		struct score_cell *cell = &row->cells[row->cell_count];
		const char *digits;
		size_t n;

		if (row->cell_count == SCORE_CELLS_MAX)
			return refuse(p, "has more than %d ranges in one row", SCORE_CELLS_MAX);
		if (read_range(p, row, cell) < 0)
			return -EINVAL;
		if (!take_char(p, '='))
			return refuse(p, "has a range without points; write e.g. 21..24=2");
		n = take(p, ",", &digits);
		if (n != 1 || *digits < '0' || *digits > '9')
			return refuse(p, "has points that are not one digit");
		cell->points = (uint8_t)(*digits - '0');
		row->cell_count++;
	} while (take_char(p, ','));
	return 0;
}

/* Every value must find one cell: no gap, no overlap, both ends open. */
static int check_numbers(struct piece *p, const struct score_row *row)
{
	const struct decimal step = { 1, (int8_t)-row->places };

	for (unsigned i = 0; i < row->cell_count; i++) {
		const struct score_cell *c = &row->cells[i], *next = c + 1;
		bool last = i + 1 == row->cell_count;
		struct decimal after;

		if (c->has_low != (i > 0) || c->has_high == last ||
			(!last && (decimal_add(&after, c->high, step) < 0 || !next->has_low ||
					  decimal_compare(after, next->low) != 0)) ||
			(c->has_low && c->has_high && decimal_compare(c->low, c->high) > 0))
			return refuse(p,
				"leaves values of %s without points or gives them twice; "
				"the ranges must join, from ..A to B..",
				metric_info(row->metrics[0])->name);
	}
	return 0;
}

static int check_words(struct piece *p, const struct score_row *row)
{
	unsigned wanted = 2;

	if (row->kind == METRIC_WORD) {
		const char *word;

		wanted = 0;
		while (setting_word(metric_info(row->metrics[0])->words, wanted, &word) > 0)
			wanted++;
	}
	for (unsigned i = 0; i < row->cell_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (row->cells[i].word == row->cells[j].word &&
				row->cells[i].boolean == row->cells[j].boolean)
				return refuse(p, "gives points to one word twice");
	if (row->cell_count != wanted)
		return refuse(
			p, "leaves words of %s without points", metric_info(row->metrics[0])->name);
	return 0;
}

static int read_row(struct piece *p, struct score_row *row)
{
	if (read_metrics(p, row) < 0)
		return -EINVAL;
	if (take_char(p, '/')) {
		if (p->at == p->end || *p->at < '0' || *p->at > '3')
			return refuse(p, "rounds to something else than 0 to 3 places");
		row->places = (uint8_t)(*p->at++ - '0');
	}
	if (take_char(p, '@') && read_conditions(p, row) < 0)
		return -EINVAL;
	if (!take_char(p, ':'))
		return refuse(p, "has a row without :");
	if (read_cells(p, row) < 0)
		return -EINVAL;
	return row->kind == METRIC_NUMBER ? check_numbers(p, row) : check_words(p, row);
}

/* Variants of one input must differ in their conditions. */
static int link_variants(struct piece *p, struct score_table *t, unsigned i)
{
	struct score_row *row = &t->rows[i];

	row->variant_of = (uint8_t)i;
	for (unsigned j = i; j-- > 0;) {
		if (t->rows[j].metrics[0] != row->metrics[0])
			continue;
		if (!((t->rows[j].conditions ^ row->conditions) != 0 && t->rows[j].conditions &&
			    row->conditions))
			return refuse(p,
				"has two rows for %s; tell them apart by @air, @oxygen, "
				"@scale1 or @scale2",
				metric_info(row->metrics[0])->name);
		row->variant_of = t->rows[j].variant_of;
	}
	return 0;
}

int score_table_read(struct score_table *ret, const char *text, char *why)
{
	const char *word;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; (n = setting_word(text, i, &word)) > 0; i++) {
		struct piece p = { word, word + n, why };

		if (i == SCORE_ROWS_MAX)
			return refuse(&p, "has more than %d rows", SCORE_ROWS_MAX);
		if (read_row(&p, &ret->rows[i]) < 0 || link_variants(&p, ret, i) < 0)
			return -EINVAL;
		ret->count = i + 1;
	}
	if (ret->count == 0) {
		snprintf(why, RULE_WHY_MAX, "has no row; give e.g. pulse-rate:..100=0,101..=2");
		return -EINVAL;
	}
	return 0;
}

static void set(uint64_t bits[2], unsigned metric)
{
	bits[metric / 64] |= UINT64_C(1) << metric % 64;
}

void score_table_metrics(const struct score_table *t, uint64_t ret[2])
{
	ret[0] = ret[1] = 0;
	for (unsigned i = 0; i < t->count; i++) {
		const struct score_row *row = &t->rows[i];

		for (unsigned j = 0; j < row->metric_count; j++)
			set(ret, row->metrics[j]);
		if (row->oxygen || row->conditions & (SCORE_AIR | SCORE_OXYGEN)) {
			set(ret, METRIC_OXYGEN_THERAPY);
			set(ret, METRIC_OXYGEN_DEVICE);
			set(ret, METRIC_OXYGEN_FLOW);
			set(ret, METRIC_FIO2);
		}
	}
}

static bool fits(const struct score_row *row, const struct score_cell *c,
	const struct rule_input *in, struct decimal number)
{
	switch ((enum metric_kind)row->kind) {
	case METRIC_NUMBER:
		/* beyond what the device can measure: as far out as the table goes */
		if (in->extreme == SIDE_BELOW)
			return !c->has_low;
		if (in->extreme == SIDE_ABOVE)
			return !c->has_high;
		/* the cells join: what is above the one before is in this one */
		return !c->has_high || decimal_compare(number, c->high) <= 0;
	case METRIC_BOOLEAN:
		return in->boolean == c->boolean;
	case METRIC_WORD:
		return in->word == c->word;
	}
	return false;
}

bool score_row_points(const struct score_table *t, const struct score_row *row, unsigned conditions,
	const struct rule_input *in, struct alarm_part *part)
{
	unsigned first = row->variant_of;

	while ((row->conditions & conditions) != row->conditions) {
		row++;
		while (row < t->rows + t->count && row->variant_of != first)
			row++;
		if (row >= t->rows + t->count)
			return false;
	}
	if (row->kind == METRIC_NUMBER) {
		int e = decimal_round(&part->number, in->number, row->places);

		assert(e == 0); /* what is rounded has fewer digits */
		(void)e;
	}
	for (unsigned i = 0; i < row->cell_count; i++)
		if (fits(row, &row->cells[i], in, part->number)) {
			part->points = row->cells[i].points;
			return true;
		}
	return false;
}

bool score_oxygen(const struct rule_input *inputs, struct rule_input *ret)
{
	static const struct decimal none = { 0, 0 }, air = { 215, -1 };
	const struct rule_input *therapy = &inputs[METRIC_OXYGEN_THERAPY],
				*device = &inputs[METRIC_OXYGEN_DEVICE],
				*flow = &inputs[METRIC_OXYGEN_FLOW], *fio2 = &inputs[METRIC_FIO2];
	const struct {
		const struct rule_input *in;
		bool oxygen;
	} ways[] = {
		{ therapy, therapy->boolean },
		{ device, device->word != WORD_ROOM_AIR },
		{ flow, decimal_compare(flow->number, none) > 0 },
		{ fio2, decimal_compare(fio2->number, air) > 0 },
	};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].in->metric != METRIC_NONE &&
			(!found || ways[i].in->heard_us > ret->heard_us)) {
			*ret = *ways[i].in;
			ret->kind = VALUE_BOOLEAN;
			ret->boolean = ways[i].oxygen;
			found = true;
		}
	return found;
}
