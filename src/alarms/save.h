/*
 * The text of a saved state: lines of a word and tab-separated name=value
 * fields, a version in the first line, a count of lines and a sum in the last.
 * What save.c writes and restore.c reads by the same rows stands here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/rule.h"

#define SAVE_MAGIC "wardgate-alarms"
#define SAVE_VERSION 1
#define SAVE_FIELDS_MAX 96 /* in one line */

struct save_rows {
	const struct rule_field *rows;
	size_t count;
};

extern const struct save_rows save_subject_rows, save_onset_rows, save_sensor_rows, save_bed_rows,
	save_input_rows, save_group_rows;

size_t save_field_size(enum field_kind kind);

/* The sum over all lines before the last. */
uint64_t save_sum(const char *text, size_t length);

struct subject;
/* Whether there is more to say of it than of a new one. */
bool subject_has_state(const struct subject *s);
