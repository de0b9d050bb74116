/*
 * The words of wardgate/alarm.h and the table of conditions.def.
 */
#include <string.h>

#include "util/cleanup.h"
#include "wardgate/alarm.h"

#define SCOPE_OF_DEVICE CONDITION_SCOPE_DEVICE
#define SCOPE_OF_GATEWAY CONDITION_SCOPE_GATEWAY

static const struct condition_info conditions[_CONDITION_MAX] = {
	[CONDITION_NONE] = { .name = "none", .what = "", .remedy = "" },
#define CONDITION(id, name_, scope_, priority_, what_, remedy_)                                    \
	[CONDITION_##id] = {                                                                       \
		.name = name_,                                                                     \
		.scope = SCOPE_OF_##scope_,                                                        \
		.priority = PRIORITY_##priority_,                                                  \
		.what = what_,                                                                     \
		.remedy = remedy_,                                                                 \
	},
#include "wardgate/conditions.def"
#undef CONDITION
};

const struct condition_info *condition_info(enum alarm_condition c)
{
	return &conditions[(unsigned)c < _CONDITION_MAX ? c : CONDITION_NONE];
}

enum alarm_condition condition_by_name(const char *name)
{
	for (unsigned i = 1; i < _CONDITION_MAX; i++)
		if (strcmp(conditions[i].name, name) == 0)
			return i;
	return CONDITION_NONE;
}

static const char *word_of(const char *const *words, size_t count, unsigned i)
{
	return i < count ? words[i] : NULL;
}

const char *alarm_priority_text(enum alarm_priority p)
{
	static const char *const words[] = { "none", "low", "medium", "high" };

	return word_of(words, ARRAY_SIZE(words), p);
}

const char *alarm_kind_text(enum alarm_kind k)
{
	static const char *const words[] = { "physiological", "technical", "advisory" };

	return word_of(words, ARRAY_SIZE(words), k);
}

const char *alarm_phase_text(enum alarm_phase p)
{
	static const char *const words[] = { "start", "continue", "update", "escalate",
		"deescalate", "end", "reset" };

	return word_of(words, ARRAY_SIZE(words), p);
}

const char *alarm_state_text(enum alarm_state s)
{
	static const char *const words[] = { "inactive", "active", "latched" };

	return word_of(words, ARRAY_SIZE(words), s);
}

const char *alarm_reason_text(enum alarm_reason r)
{
	static const char *const words[] = { "", "discharged", "device-removed", "device-moved",
		"bed-removed", "rule-removed", "rule-changed", "grouped", "ungrouped", "late",
		"not-acknowledged", "reminder", "expired", "broken" };

	return word_of(words, ARRAY_SIZE(words), r);
}

const char *alarm_inactivation_text(enum alarm_inactivation flag)
{
	static const char *const words[] = { "audio-paused", "audio-off", "alarm-paused",
		"alarm-off", "alert-acknowledged" };

	return word_of(words, ARRAY_SIZE(words), flag ? (unsigned)__builtin_ctz(flag) : 99);
}

const char *limit_level_text(enum limit_level l)
{
	static const char *const words[] = { "rule", "ward", "bed", "patient" };

	return word_of(words, ARRAY_SIZE(words), l);
}
