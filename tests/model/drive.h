/*
 * What the two files of the driver share. userdata of the three that the engine
 * calls is the scenario's time, an int64_t.
 */
#pragma once

#include "alarms/alarms.h"

#define UTC_START INT64_C(1795255200000000) /* of the scenario's time 0 */

/* ,"KEY":"TEXT"; nothing when there is no text. */
void put_text(const char *key, const char *text);
void on_event(void *userdata, const struct alarm_event *e);
void on_computed(void *userdata, const struct alarm_computed *c);
void on_limits(void *userdata, const struct limit_change *c);
void on_limit_in_force(void *userdata, const char *rule, enum metric metric,
	const struct alarm_limits *limits, const struct limit_source *low,
	const struct limit_source *high);
void print_help(void);
