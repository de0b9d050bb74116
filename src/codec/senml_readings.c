/*
 * From resolved SenML records to readings; see the header for the conventions.
 */
#include "codec/senml_readings.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/senml_build.h"
#include "codec/senml_units.h"
#include "util/cleanup.h"
#include "util/decimal.h"
#include "util/hash.h"
#include "util/text.h"

#define YEAR_2000_US INT64_C(946684800000000)
#define LAST_PART_MAX 31
#define GROUPS_MAX 255
#define PERIOD_MAX_MS 86400000

/* Sorted by name. */
static const struct alias {
	const char *name;
	enum metric metric;
	bool inverted;
} aliases[] = {
	{ "air-temperature", METRIC_AMBIENT_TEMPERATURE, false },
	{ "ambient-temp", METRIC_AMBIENT_TEMPERATURE, false },
	{ "batt", METRIC_BATTERY, false },
	{ "battery-level", METRIC_BATTERY, false },
	{ "body-temp", METRIC_BODY_TEMPERATURE, false },
	{ "bodytemp", METRIC_BODY_TEMPERATURE, false },
	{ "core-temp", METRIC_CORE_TEMPERATURE, false },
	{ "dbp", METRIC_BP_DIASTOLIC, false },
	{ "dia", METRIC_BP_DIASTOLIC, false },
	{ "diastolic", METRIC_BP_DIASTOLIC, false },
	{ "door", METRIC_CONTACT, true },
	{ "fridge-temp", METRIC_AMBIENT_TEMPERATURE, false },
	{ "fridge-temperature", METRIC_AMBIENT_TEMPERATURE, false },
	{ "glu", METRIC_GLUCOSE, false },
	{ "heartrate", METRIC_HEART_RATE, false },
	{ "hr", METRIC_HEART_RATE, false },
	{ "hum", METRIC_HUMIDITY, false },
	{ "lqi", METRIC_LINK_QUALITY, false },
	{ "lux", METRIC_ILLUMINANCE, false },
	{ "map", METRIC_BP_MEAN, false },
	{ "nibp-dia", METRIC_BP_DIASTOLIC, false },
	{ "nibp-mean", METRIC_BP_MEAN, false },
	{ "nibp-sys", METRIC_BP_SYSTOLIC, false },
	{ "oxygen-saturation", METRIC_SPO2, false },
	{ "pi", METRIC_PERFUSION_INDEX, false },
	{ "pm2.5", METRIC_PM2_5, false },
	{ "pm25", METRIC_PM2_5, false },
	{ "pr", METRIC_PULSE_RATE, false },
	{ "pulse", METRIC_PULSE_RATE, false },
	{ "resp", METRIC_RESPIRATORY_RATE, false },
	{ "resp-rate", METRIC_RESPIRATORY_RATE, false },
	{ "rh", METRIC_HUMIDITY, false },
	{ "room-temp", METRIC_AMBIENT_TEMPERATURE, false },
	{ "room-temperature", METRIC_AMBIENT_TEMPERATURE, false },
	{ "rr", METRIC_RESPIRATORY_RATE, false },
	{ "rssi", METRIC_SIGNAL_STRENGTH, false },
	{ "sbp", METRIC_BP_SYSTOLIC, false },
	{ "skin-temp", METRIC_SKIN_TEMPERATURE, false },
	{ "sys", METRIC_BP_SYSTOLIC, false },
	{ "systolic", METRIC_BP_SYSTOLIC, false },
	{ "temp", METRIC_BODY_TEMPERATURE, false },
	{ "temperature", METRIC_BODY_TEMPERATURE, false },
	{ "window", METRIC_CONTACT, true },
};

/* The readings of one pack in the making. */
struct maker {
	const struct senml_options *options;
	struct senml_error *error;
	unsigned record; /* from 1 */
	const struct senml_record *in;
	struct reading *out;
	int64_t received_us;
	bool received_good;
	bool inverted;
};

static int refuse(struct maker *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct maker *m, const char *format, ...)
{
	struct text t = text_init(m->error->text, sizeof(m->error->text));
	va_list args;

	m->error->record = m->record;
	text_printf(&t, "record %u: ", m->record);
	va_start(args, format);
	vsnprintf(t.at, (size_t)(t.end - t.at), format, args);
	va_end(args);
	return SENML_E_REFUSED;
}

static enum metric metric_by_part(const char *part, size_t n, bool *ret_inverted)
{
	size_t low = 0, high = ARRAY_SIZE(aliases);
	enum metric metric = metric_by_name(part, n);

	*ret_inverted = false;
	if (metric != METRIC_NONE)
		return metric;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(part, aliases[middle].name, n);

		if (order == 0 && aliases[middle].name[n] == 0) {
			*ret_inverted = aliases[middle].inverted;
			return aliases[middle].metric;
		}
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return METRIC_NONE;
}

/* A whole number up to 255, -1 when it is none. */
static int small_number(const char *text, size_t n)
{
	int v = 0;

	if (n < 1 || n > 3)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		v = v * 10 + (text[i] - '0');
	}
	return v <= UINT8_MAX ? v : -1;
}

enum metric senml_metric(const char *name, bool *ret_inverted, int *ret_instance)
{
	const char *part = name;
	char folded[LAST_PART_MAX + 1], *dot;
	enum metric metric;
	size_t n;

	for (const char *p = name; *p != 0; p++)
		if (*p == '/' || *p == ':')
			part = p + 1;
	n = strlen(part);
	*ret_instance = -1;
	*ret_inverted = false;
	if (n > LAST_PART_MAX)
		return METRIC_NONE;
	for (size_t i = 0; i <= n; i++) {
		char c = part[i];

		folded[i] = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
	}

	metric = metric_by_part(folded, n, ret_inverted);
	if (metric != METRIC_NONE)
		return metric;
	dot = strrchr(folded, '.');
	if (!dot)
		return METRIC_NONE;
	*ret_instance = small_number(dot + 1, strlen(dot + 1));
	if (*ret_instance < 0)
		return METRIC_NONE;
	return metric_by_part(folded, (size_t)(dot - folded), ret_inverted);
}

static int make_metric(struct maker *m)
{
	const char *text = senml_extension(m->in, "x-instance");
	char shown[SENML_SHOWN];
	size_t n = strlen(m->in->name), from = n > 30 ? n - 30 : 0;
	int instance, told;

	m->out->metric = (uint8_t)senml_metric(m->in->name, &m->inverted, &instance);
	if (m->out->metric == METRIC_NONE)
		return refuse(m,
			"\"%s%s\" does not end in a metric known here, such as spo2 or "
			"heart-rate",
			from > 0 ? "..." : "", senml_shown(shown, m->in->name + from, n - from));
	if (text) {
		told = small_number(text, strlen(text));
		if (told < 0)
			return refuse(m, "x-instance is not a number from 0 to 255");
		if (instance >= 0 && instance != told)
			return refuse(m, "x-instance is not the one in the name");
		instance = told;
	}
	m->out->instance = instance < 0 ? 0 : (uint8_t)instance;
	return 0;
}

/* The configuration's unit for a metric, NULL when it names none. */
static const char *configured_unit(const struct senml_options *o, enum metric metric)
{
	for (size_t i = 0; i < o->unit_count; i++)
		if (o->units[i].metric == metric)
			return o->units[i].unit;
	return NULL;
}

static int convert(struct maker *m, const char *unit, bool trusted)
{
	struct reading *r = m->out;
	const char *name = metric_info(r->metric)->name;
	char shown[SENML_SHOWN], expected[64];
	enum word raw;

	switch (senml_unit_convert(
		r->metric, unit, m->options, trusted, m->in->number, &r->number, &raw)) {
	case 0:
		break;
	case SENML_UNIT_E_RANGE:
		return refuse(m, "%s is beyond all measure", name);
	case SENML_UNIT_E_NOT_SENML:
		return refuse(m, "%s in %s is not SenML; give %s, or name the unit in Units=", name,
			senml_shown(shown, unit, strlen(unit)),
			senml_units_expected(r->metric, expected, sizeof(expected)));
	default:
		return refuse(m, "%s is not measured in \"%s\"; give %s", name,
			senml_shown(shown, unit, strlen(unit)),
			senml_units_expected(r->metric, expected, sizeof(expected)));
	}
	if (raw != WORD_NONE) {
		r->raw = m->in->number;
		r->raw_unit = (uint16_t)raw;
	}
	return 0;
}

static int make_number(struct maker *m)
{
	const struct metric_info *info = metric_info(m->out->metric);
	const char *unit = m->in->unit, *configured;
	char expected[64];

	if (info->kind == METRIC_BOOLEAN)
		return refuse(m, "%s is true or false; give vb", info->name);
	if (info->kind == METRIC_WORD)
		return refuse(m, "%s is a word; give vs", info->name);

	m->out->kind = VALUE_NUMBER;
	configured = configured_unit(m->options, m->out->metric);
	if (unit && unit[0] != 0)
		return convert(m, unit, configured && strcmp(configured, unit) == 0);
	if (configured) {
		m->out->flags |= FLAG_UNIT_ASSUMED;
		return convert(m, configured, true);
	}
	if (!senml_unit_optional(m->out->metric))
		return refuse(m, "%s has no unit; give u as %s", info->name,
			senml_units_expected(m->out->metric, expected, sizeof(expected)));
	m->out->number = m->in->number;
	return 0;
}

/* vs: a word of the metric's, or a validity in place of a value. */
static int make_word(struct maker *m)
{
	const struct metric_info *info = metric_info(m->out->metric);
	size_t n = strlen(m->in->string);
	enum word word = word_by_text(m->in->string, n);
	int validity = validity_by_text(m->in->string, n);
	char shown[SENML_SHOWN];

	if (info->kind == METRIC_WORD && metric_takes_word(m->out->metric, word)) {
		m->out->kind = VALUE_WORD;
		m->out->word = (uint16_t)word;
		return 0;
	}
	if (validity > VALIDITY_VALID) {
		m->out->kind = VALUE_NONE;
		m->out->validity = (uint8_t)validity;
		return 0;
	}
	senml_shown(shown, m->in->string, n);
	if (info->kind == METRIC_WORD)
		return refuse(
			m, "\"%s\" is no value of %s; one of: %s", shown, info->name, info->words);
	return refuse(m,
		"\"%s\" is no value of %s; vs says why there is none, such as sensor-off or "
		"not-measured",
		shown, info->name);
}

static int make_boolean(struct maker *m)
{
	const struct metric_info *info = metric_info(m->out->metric);

	if (info->kind != METRIC_BOOLEAN)
		return refuse(m, "%s is neither true nor false; give %s", info->name,
			info->kind == METRIC_NUMBER ? "v" : "vs");
	m->out->kind = VALUE_BOOLEAN;
	m->out->boolean = m->in->boolean != m->inverted;
	return 0;
}

static int make_value(struct maker *m)
{
	switch (m->in->value) {
	case SENML_NUMBER:
		return make_number(m);
	case SENML_BOOLEAN:
		return make_boolean(m);
	case SENML_STRING:
		return make_word(m);
	case SENML_NOT_A_NUMBER:
		if (metric_info(m->out->metric)->kind != METRIC_NUMBER)
			return make_number(m); /* which says what would be right */
		m->out->kind = VALUE_NONE;
		m->out->validity = VALIDITY_NOT_MEASURED;
		m->out->reason = WORD_NAN;
		return 0;
	case SENML_DATA:
		return refuse(m, "vd is not taken; give v, vs or vb");
	case SENML_NONE:
		break;
	}
	return refuse(m, "a sum alone is not taken; give v");
}

/* x-validity qualifies a value that is there. */
static int make_validity(struct maker *m)
{
	const char *text = senml_extension(m->in, "x-validity");
	char shown[SENML_SHOWN];
	int validity;

	if (!text)
		return 0;
	validity = validity_by_text(text, strlen(text));
	if (validity < 0)
		return refuse(m, "x-validity: \"%s\" is no validity",
			senml_shown(shown, text, strlen(text)));
	if (m->out->kind == VALUE_NONE)
		return m->out->validity == validity
			       ? 0
			       : refuse(m, "x-validity is not what vs says; leave it out");
	if (validity == VALIDITY_NOT_MEASURED || validity == VALIDITY_SENSOR_OFF)
		return refuse(m, "a value that is %s; give vs instead of it", text);
	if ((validity == VALIDITY_BELOW_RANGE || validity == VALIDITY_ABOVE_RANGE) &&
		m->out->kind != VALUE_NUMBER)
		return refuse(m, "%s of something that is no number", text);
	m->out->validity = (uint8_t)validity;
	return 0;
}

/* An extension whose text is one word of our table. */
static int make_code(struct maker *m, const char *label, uint16_t *ret)
{
	const char *text = senml_extension(m->in, label);
	char shown[SENML_SHOWN];
	enum word word;

	if (!text)
		return 0;
	word = word_by_text(text, strlen(text));
	if (word == WORD_NONE)
		return refuse(m, "%s: \"%s\" is not a word known here", label,
			senml_shown(shown, text, strlen(text)));
	*ret = (uint16_t)word;
	return 0;
}

static int make_flags(struct maker *m)
{
	const char *p = senml_extension(m->in, "x-flags");
	char shown[SENML_SHOWN];

	if (!p)
		return 0;
	for (p += strspn(p, " "); *p != 0; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		enum reading_flag flag = reading_flag_by_text(p, n);

		/* the last two are findings of the gateway */
		if (flag == 0 || flag == FLAG_UNIT_ASSUMED || flag == FLAG_AMBIGUOUS_TIME)
			return refuse(m, "x-flags: \"%s\" is not a flag that a device may set",
				senml_shown(shown, p, n));
		m->out->flags |= (uint16_t)flag;
		p += n;
	}
	return 0;
}

static int make_origin(struct maker *m)
{
	const char *text = senml_extension(m->in, "x-origin");

	if (!text)
		return 0;
	for (int o = 0; o < _ORIGIN_MAX; o++)
		if (strcmp(origin_text((enum origin)o), text) == 0) {
			m->out->origin = (uint8_t)o;
			return 0;
		}
	return refuse(m, "x-origin is none of measured, manual, calculated and setting");
}

static int make_period(struct maker *m)
{
	const char *text = senml_extension(m->in, "x-period");
	struct decimal d;
	int64_t us;

	if (!text)
		return 0;
	if (decimal_from_text(&d, text, strlen(text)) < 0 || decimal_to_micro(&us, d) < 0 ||
		us < 1000 || us / 1000 > PERIOD_MAX_MS)
		return refuse(m, "x-period is not a number of seconds up to a day");
	m->out->period_ms = (uint32_t)(us / 1000);
	return 0;
}

static int make_time(struct maker *m)
{
	m->out->expect_us = m->in->update_time_us;
	if (!m->in->absolute) {
		m->out->time_source = TIME_GATEWAY;
		m->out->time_us = m->in->time_us == 0 ? 0 : m->received_us + m->in->time_us;
		if (m->in->time_us > SENML_AHEAD_MAX_US)
			return refuse(m, "the time is more than a day ahead");
		return 0;
	}
	m->out->time_source = TIME_DEVICE;
	m->out->time_us = m->in->time_us;
	if (m->received_good && m->in->time_us - m->received_us > SENML_AHEAD_MAX_US)
		return refuse(m,
			"the time is more than a day ahead of the gateway's; set the clock, "
			"by GET /time for one");
	if (m->in->time_us < YEAR_2000_US)
		m->out->flags |= FLAG_AMBIGUOUS_TIME;
	return 0;
}

static uint8_t *put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		*p++ = (uint8_t)v;
	return p;
}

/* What makes two submissions the same measurement: metric, instance, absolute time and value. The
 * layout of the bytes is part of the contract with consumers who compare gateways. */
static uint64_t source_key(const struct reading *r)
{
	struct decimal number = decimal_normalise(r->number);
	const char *name = metric_info(r->metric)->name, *word = word_text(r->word);
	uint8_t bytes[128], *p = bytes;
	uint64_t key;

	memcpy(p, name, strlen(name) + 1);
	p += strlen(name) + 1;
	*p++ = r->instance;
	p = put64(p, (uint64_t)r->time_us);
	*p++ = r->kind;
	*p++ = r->validity;
	if (r->kind == VALUE_NUMBER) {
		p = put64(p, (uint64_t)number.mantissa);
		*p++ = (uint8_t)number.exponent;
	} else if (r->kind == VALUE_BOOLEAN) {
		*p++ = r->boolean;
	} else if (r->kind == VALUE_WORD) {
		memcpy(p, word, strlen(word));
		p += strlen(word);
	}
	key = hash_bytes(&hash_key_fixed, bytes, (size_t)(p - bytes));
	return key != 0 ? key : 1; /* 0 says that there is none */
}

static int make_reading(struct maker *m)
{
	int r;

	memset(m->out, 0, sizeof(*m->out));
	r = make_metric(m);
	if (r == 0)
		r = make_value(m);
	if (r == 0)
		r = make_validity(m);
	if (r == 0)
		r = make_time(m);
	if (r == 0 && m->in->extension_count > 0) {
		r = make_code(m, "x-reason", &m->out->reason);
		if (r == 0)
			r = make_code(m, "x-site", &m->out->site);
		if (r == 0)
			r = make_code(m, "x-method", &m->out->method);
		if (r == 0)
			r = make_code(m, "x-sample", &m->out->sample);
		if (r == 0)
			r = make_flags(m);
		if (r == 0)
			r = make_origin(m);
		if (r == 0)
			r = make_period(m);
	}
	if (r == 0 && m->in->absolute)
		m->out->source_key = source_key(m->out);
	return r;
}

/* Whether two records belong to one measurement: the same x-group, or, without any, one time. */
static bool same_group(const struct senml_record *a, const char *group_a,
	const struct senml_record *b, const char *group_b)
{
	if (group_a || group_b)
		return group_a && group_b && strcmp(group_a, group_b) == 0;
	return a->absolute == b->absolute && a->time_us == b->time_us;
}

/* Numbers the groups of more than one record. Those of a group usually follow each other: the last
 * one is looked at first. */
static int make_groups(const struct senml_pack *p, struct maker *m, struct reading *ret)
{
	const char *names[SENML_RECORDS_MAX];
	unsigned groups = 0;

	assert(p->count <= SENML_RECORDS_MAX);
	for (size_t i = 0; i < p->count; i++) {
		size_t j = i;

		names[i] = senml_extension(&p->records[i], "x-group");
		while (j > 0 &&
			!same_group(&p->records[i], names[i], &p->records[j - 1], names[j - 1]))
			j--;
		if (j == 0)
			continue;
		j--;
		if (ret[j].group_index == 0) {
			if (groups == GROUPS_MAX) {
				m->record = (unsigned)i + 1;
				return refuse(
					m, "too many groups in one pack; at most %d", GROUPS_MAX);
			}
			ret[j].group_index = (uint8_t)++groups;
		}
		ret[i].group_index = ret[j].group_index;
	}
	return 0;
}

int senml_readings(const struct senml_pack *p, const struct senml_options *o, int64_t received_us,
	bool received_good, struct reading *ret, struct senml_error *error)
{
	struct maker m = { .options = o,
		.error = error,
		.received_us = received_us,
		.received_good = received_good };
	int r;

	for (size_t i = 0; i < p->count; i++) {
		m.record = (unsigned)i + 1;
		m.in = &p->records[i];
		m.out = &ret[i];
		r = make_reading(&m);
		if (r != 0)
			return r;
	}
	return make_groups(p, &m, ret);
}
