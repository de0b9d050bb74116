/*
 * Which fields of the engine's structures outlive a restart: see save.h.
 */
#include "alarms/private.h"
#include "alarms/save.h"
#include "util/hash.h"

#define S(name, kind, field) RULE_FIELD(struct subject, name, kind, field)
static const struct rule_field subject_rows[] = {
	S("life", FIELD_U32, life),
	S("pending", FIELD_BOOL, pending),
	S("present", FIELD_BOOL, present),
	S("grouped", FIELD_BOOL, grouped),
	S("held", FIELD_BOOL, held),
	S("stale", FIELD_BOOL, stale),
	S("update", FIELD_TIME, update_us),
	S("side", FIELD_U32, verdict.side),
	S("verdict_priority", FIELD_U32, verdict.priority),
	S("has_number", FIELD_BOOL, verdict.has_number),
	S("verdict_number", FIELD_DECIMAL, verdict.number),
	S("has_low", FIELD_BOOL, verdict.limits.has_low),
	S("low", FIELD_DECIMAL, verdict.limits.low),
	S("has_high", FIELD_BOOL, verdict.limits.has_high),
	S("high", FIELD_DECIMAL, verdict.limits.high),
	S("onset", FIELD_TIME, onset_us),
	S("frozen", FIELD_TIME, frozen_us),
	S("clear", FIELD_TIME, clear_us),
	S("judge_at", FIELD_TIME, judge_at_us),
	S("samples", FIELD_U32, samples),
	S("value", FIELD_DECIMAL, sample.number),
	S("value_time", FIELD_UTC, sample.time_us),
	S("reading", FIELD_I64, sample.sequence),
	S("word", FIELD_U16, sample.word),
	S("flags", FIELD_U16, sample.flags),
	S("kind", FIELD_U8, sample.kind),
	S("validity", FIELD_U8, sample.validity),
	S("boolean", FIELD_BOOL, sample.boolean),
	S("late", FIELD_TIME, late_us),
	S("number", FIELD_I64, number),
	S("step", FIELD_U32, step),
	S("priority", FIELD_U32, priority),
	S("told_priority", FIELD_U32, told_priority),
	S("floor", FIELD_U32, floor),
	S("inactivation", FIELD_U32, inactivation),
	S("until", FIELD_TIME, inactive_until_us),
	S("remind", FIELD_TIME, remind_us),
	S("escalate", FIELD_TIME, escalate_us),
	S("told", FIELD_TIME, told_us),
	S("onset_utc", FIELD_UTC, onset_utc),
	S("detected_utc", FIELD_UTC, detected_utc),
	S("ended_utc", FIELD_UTC, ended_utc),
	{ "started", FIELD_TIME, offsetof(struct subject, starts), .count = ALARMS_CHATTER_MAX },
};
const struct save_rows save_subject_rows = { subject_rows, ARRAY_SIZE(subject_rows) };

/* Of a subject that is pending; of others they mean nothing. */
static const struct rule_field onset_rows[] = {
	S("onset_side", FIELD_U32, onset.side),
	S("onset_priority", FIELD_U32, onset.priority),
	S("onset_has_number", FIELD_BOOL, onset.has_number),
	S("onset_number", FIELD_DECIMAL, onset.number),
	S("onset_has_low", FIELD_BOOL, onset.limits.has_low),
	S("onset_low", FIELD_DECIMAL, onset.limits.low),
	S("onset_has_high", FIELD_BOOL, onset.limits.has_high),
	S("onset_high", FIELD_DECIMAL, onset.limits.high),
	S("onset_value", FIELD_DECIMAL, onset.sample.number),
	S("onset_value_time", FIELD_UTC, onset.sample.time_us),
	S("onset_reading", FIELD_I64, onset.sample.sequence),
	S("onset_word", FIELD_U16, onset.sample.word),
	S("onset_flags", FIELD_U16, onset.sample.flags),
	S("onset_kind", FIELD_U8, onset.sample.kind),
	S("onset_validity", FIELD_U8, onset.sample.validity),
	S("onset_boolean", FIELD_BOOL, onset.sample.boolean),
	S("onset_began", FIELD_UTC, onset.utc),
};
const struct save_rows save_onset_rows = { onset_rows, ARRAY_SIZE(onset_rows) };

#define X(name, kind, field) RULE_FIELD(struct sensor, name, kind, field)
static const struct rule_field sensor_rows[] = {
	X("off", FIELD_BOOL, off),
	X("beyond", FIELD_BOOL, beyond),
	X("heard", FIELD_BOOL, heard),
	X("unmeasured", FIELD_TIME, unmeasured_us),
	X("has_measured", FIELD_BOOL, measured),
	X("measured", FIELD_TIME, measured_us),
	X("stamp", FIELD_UTC, stamp_us),
	X("demo", FIELD_BOOL, demo),
};
const struct save_rows save_sensor_rows = { sensor_rows, ARRAY_SIZE(sensor_rows) };

#define B(name, kind, field) RULE_FIELD(struct bed_place, name, kind, field)
static const struct rule_field bed_rows[] = {
	B("inactivation", FIELD_U32, inactivation),
	B("until", FIELD_TIME, until_us),
	B("remind", FIELD_TIME, remind_us),
	B("scale2", FIELD_BOOL, scale2),
};
const struct save_rows save_bed_rows = { bed_rows, ARRAY_SIZE(bed_rows) };

#define I(name, kind, field) RULE_FIELD(struct rule_input, name, kind, field)
static const struct rule_field input_rows[] = {
	I("kind", FIELD_U8, kind),
	I("number", FIELD_DECIMAL, number),
	I("extreme", FIELD_U8, extreme),
	I("boolean", FIELD_BOOL, boolean),
	I("origin", FIELD_U8, origin),
	I("flags", FIELD_U16, flags),
	I("heard", FIELD_TIME, heard_us),
};
const struct save_rows save_input_rows = { input_rows, ARRAY_SIZE(input_rows) };

#define G(name, kind, field) RULE_FIELD(struct group, name, kind, field)
static const struct rule_field group_rows[] = {
	G("own", FIELD_BOOL, own),
	G("open", FIELD_BOOL, open),
	G("joined", FIELD_TIME, joined_us),
	G("changed", FIELD_BOOL, changed),
};
const struct save_rows save_group_rows = { group_rows, ARRAY_SIZE(group_rows) };

size_t save_field_size(enum field_kind kind)
{
	switch (kind) {
	case FIELD_BOOL:
	case FIELD_U8:
		return 1;
	case FIELD_U16:
		return 2;
	case FIELD_U32:
		return 4;
	case FIELD_I64:
	case FIELD_TIME:
	case FIELD_UTC:
		return 8;
	case FIELD_DECIMAL:
		return sizeof(struct decimal);
	}
	return 0;
}

uint64_t save_sum(const char *text, size_t length)
{
	return hash_bytes(&hash_key_fixed, text, length);
}
