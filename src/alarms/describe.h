/*
 * Words of alarms for people: metrics and values as they read at a bedside.
 * Not for programs, which have the fields of the event.
 */
#pragma once

#include "util/text.h"
#include "wardgate/alarm.h"
#include "wardgate/rule.h"

/* "SpO2", "Heart rate" */
void describe_metric(struct text *t, enum metric m);
/* "86 %" */
void describe_value(struct text *t, enum metric m, struct decimal d);
/* " below 90 %", by the side and the limit crossed; nothing without a side. */
void describe_side(struct text *t, enum metric m, const struct rule_verdict *v);
/* A duration in the largest unit that it is a multiple of: "15 s", "2 h" */
void describe_duration(struct text *t, int64_t us);
