/*
 * What watch shows on a terminal: the last value of each metric of each device,
 * and the alarms that are on. Pure: what comes, the size and the time are
 * arguments; whoever redraws it and when is verb_watch.c's.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"

#define WATCH_ROWS_MAX 4096
#define WATCH_ALARMS_MAX 1024 /* the least urgent give way */

struct watch_table;

struct watch_size {
	unsigned width, height; /* columns and rows of the terminal */
	bool colours;
};

int watch_table_new(struct watch_table **ret);
struct watch_table *watch_table_free(struct watch_table *t);
WG_DEFINE_CLEANUP(struct watch_table *, watch_table_free)

/* Documents as the daemon sends them; what is none of the kind is left out. now_ms: boot time.
 * Return 0 or -ENOMEM. */
int watch_table_reading(struct watch_table *t, const char *document, int64_t now_ms);
void watch_table_alarm(struct watch_table *t, const char *document);
/* The device is gone, and with it its rows. */
void watch_table_gone(struct watch_table *t, const char *device);
void watch_table_outbox(struct watch_table *t, uint64_t depth, uint64_t aside);
void watch_table_left_out(struct watch_table *t, uint32_t count);

/* The whole screen, line by line, each cleared to its end; never more lines than size.height, and
 * none longer than size.width. title: what stands in front; now_ms: boot time. Returns 0 or
 * -ENOMEM. */
int watch_table_print(const struct watch_table *t, FILE *f, const struct watch_size *size,
	const char *title, int64_t now_ms, int64_t utc_ms);

/* A reading as a line for people: "bed 3  bed3-oximeter  spo2 97 %". Returns false when the
 * document is no reading. */
bool watch_line(const char *document, char *buf, size_t size);
/* An alarm likewise, with its state in words (alarm_text.h): "high    bed 3  SpO2 86 % below 90 %
 * (acknowledged by anna)". */
void watch_alarm_line(const cJSON *alarm, const char *state, char *buf, size_t size);
