/*
 * An alarm's state document in words for people. Pure, but that it asks the machine for the names
 * of users.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* 3 high, 2 medium, 1 low, 0 none of these. */
int alarm_urgency(const cJSON *alarm);
/* "active", "acknowledged", "audio paused for 1 min 40 s", "latched, acknowledged", "no value".
 * now_ms: UTC. */
void alarm_state_words(const cJSON *alarm, int64_t now_ms, char *buf, size_t size);
/* The escape sequence of a priority's colour; NULL: none. */
const char *alarm_colour(const char *priority);
#define ALARM_COLOUR_END "\033[0m"

/* A table's rows: the most urgent first, of these what nobody has dealt with, of these the newest.
 * For qsort(), of const cJSON *. */
int alarm_compare(const void *a, const void *b);

/* The table of alarms, fit for width columns (0: as wide as it takes): where the text finds no
 * place in a row, it stands below it. Returns 0 or -ENOMEM. */
int alarm_print_table(const cJSON *const *alarms, size_t count, FILE *f, unsigned width,
	bool colours, int64_t now_ms);
