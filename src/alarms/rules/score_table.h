/*
 * Tables of scores: read from text, looked up. What is done with the points is
 * in score.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wardgate/alarm.h"
#include "wardgate/label.h"
#include "wardgate/rule.h"

#define SCORE_ROWS_MAX ALARM_PARTS_MAX
#define SCORE_CELLS_MAX 8

/* Under which a row counts. */
enum score_condition {
	SCORE_AIR = 1 << 0,
	SCORE_OXYGEN = 1 << 1,
	SCORE_SCALE1 = 1 << 2,
	SCORE_SCALE2 = 1 << 3,
};

struct score_cell {
	bool has_low, has_high; /* of numbers: both bounds are within */
	struct decimal low, high;
	bool boolean;
	uint16_t word;
	uint8_t points;
};

struct score_row {
	uint8_t metrics[2]; /* any of which will do */
	uint8_t metric_count;
	uint8_t kind;       /* enum metric_kind */
	uint8_t places;     /* digits behind the point that a value is rounded to */
	uint8_t conditions; /* all of them must hold */
	uint8_t variant_of; /* the first row of the same input: its own index if it is that */
	bool oxygen;        /* air or oxygen, from whatever says it */
	uint8_t cell_count;
	struct score_cell cells[SCORE_CELLS_MAX];
};

struct score_table {
	unsigned count;
	struct score_row rows[SCORE_ROWS_MAX];
};

/* RCP 2017, chart 1. */
extern const char score_news2[];

/* Returns 0 or -EINVAL with a sentence in why. */
int score_table_read(struct score_table *ret, const char *text, char *why);
/* The metrics that it looks at, as bits. */
void score_table_metrics(const struct score_table *t, uint64_t ret[2]);
/* Points of the input by the variant of row that the conditions call for; the number in part is
 * rounded as it was looked up. False: no variant or no cell is for it. */
bool score_row_points(const struct score_table *t, const struct score_row *row, unsigned conditions,
	const struct rule_input *in, struct alarm_part *part);
/* Whether oxygen is given, by the newest input that tells: as a boolean in *ret. False: none does.
 */
bool score_oxygen(const struct rule_input *inputs, struct rule_input *ret);
