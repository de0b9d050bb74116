/*
 * The names of a reading's enums and the counting of its labels.
 */
#include <string.h>

#include "util/cleanup.h"
#include "wardgate/reading.h"

static const char *const validities[_VALIDITY_MAX] = {
	[VALIDITY_VALID] = "valid",
	[VALIDITY_QUESTIONABLE] = "questionable",
	[VALIDITY_INVALID] = "invalid",
	[VALIDITY_NOT_MEASURED] = "not-measured",
	[VALIDITY_SENSOR_OFF] = "sensor-off",
	[VALIDITY_BELOW_RANGE] = "below-range",
	[VALIDITY_ABOVE_RANGE] = "above-range",
	[VALIDITY_CALIBRATING] = "calibrating",
};

static const char *const time_sources[_TIME_SOURCE_MAX] = {
	[TIME_GATEWAY] = "gateway",
	[TIME_DEVICE] = "device",
	[TIME_DEVICE_CORRECTED] = "device-corrected",
	[TIME_OPERATOR] = "operator",
};

static const char *const clock_states[_CLOCK_STATE_MAX] = {
	[CLOCK_SYNCHRONISED] = "synchronised",
	[CLOCK_HOLDOVER] = "holdover",
	[CLOCK_UNSYNCHRONISED] = "unsynchronised",
};

static const char *const origins[_ORIGIN_MAX] = {
	[ORIGIN_MEASURED] = "measured",
	[ORIGIN_MANUAL] = "manual",
	[ORIGIN_CALCULATED] = "calculated",
	[ORIGIN_SETTING] = "setting",
};

static const char *const auths[_AUTH_MAX] = {
	[AUTH_LINK] = "link",
	[AUTH_NONE] = "none",
	[AUTH_DEVICE] = "device",
};

static const struct {
	enum reading_flag flag;
	const char *text;
} flags[] = {
	{ FLAG_DEMO, "demo" },
	{ FLAG_TEST, "test" },
	{ FLAG_EPISODIC, "episodic" },
	{ FLAG_STORED, "stored" },
	{ FLAG_EARLY_ESTIMATE, "early-estimate" },
	{ FLAG_CONTROL_SOLUTION, "control-solution" },
	{ FLAG_ARTEFACT, "artefact" },
	{ FLAG_UNIT_ASSUMED, "unit-assumed" },
	{ FLAG_AMBIGUOUS_TIME, "ambiguous-time" },
};

static const char *text_of(const char *const *table, size_t size, int i)
{
	return i >= 0 && (size_t)i < size ? table[i] : NULL;
}

static bool same(const char *word, const char *text, size_t length)
{
	return strlen(word) == length && memcmp(word, text, length) == 0;
}

const char *validity_text(enum validity v)
{
	return text_of(validities, ARRAY_SIZE(validities), (int)v);
}

int validity_by_text(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(validities); i++)
		if (same(validities[i], text, length))
			return (int)i;
	return -1;
}

const char *time_source_text(enum time_source s)
{
	return text_of(time_sources, ARRAY_SIZE(time_sources), (int)s);
}

const char *clock_state_text(enum clock_state c)
{
	return text_of(clock_states, ARRAY_SIZE(clock_states), (int)c);
}

const char *origin_text(enum origin o)
{
	return text_of(origins, ARRAY_SIZE(origins), (int)o);
}

const char *auth_text(enum auth a)
{
	return text_of(auths, ARRAY_SIZE(auths), (int)a);
}

const char *reading_flag_text(enum reading_flag flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].flag == flag)
			return flags[i].text;
	return NULL;
}

enum reading_flag reading_flag_by_text(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (same(flags[i].text, text, length))
			return flags[i].flag;
	return (enum reading_flag)0;
}

void reading_hold(struct reading *r)
{
	label_ref(r->epoch);
	label_ref(r->device);
	label_ref(r->bed);
	label_ref(r->patient);
	label_ref(r->association);
	label_ref(r->by);
	detail_ref(r->detail);
}

void reading_release(struct reading *r)
{
	r->epoch = label_unref(r->epoch);
	r->device = label_unref(r->device);
	r->bed = label_unref(r->bed);
	r->patient = label_unref(r->patient);
	r->association = label_unref(r->association);
	r->by = label_unref(r->by);
	r->detail = detail_unref(r->detail);
}
