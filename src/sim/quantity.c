/* The simulator's table of quantities; see quantity.h. No conversions here, they are pack.c's. */
#include "sim/quantity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(n, d, w, u)                                                                         \
	{                                                                                          \
		.name = n, .kind = QUANTITY_NUMBER, .decimals = d, .wire = w, .unit = u            \
	}

static const struct quantity_info table[_Q_MAX] = {
	[Q_HEART_RATE] = NUMBER("heart-rate", 0, WIRE_SAME, "beat/min"),
	[Q_PULSE_RATE] = NUMBER("pulse-rate", 0, WIRE_SAME, "beat/min"),
	[Q_RESPIRATORY_RATE] = NUMBER("respiratory-rate", 0, WIRE_SAME, "1/min"),
	[Q_SPO2] = NUMBER("spo2", 0, WIRE_RATIO, "/"),
	[Q_PERFUSION_INDEX] = NUMBER("perfusion-index", 1, WIRE_RATIO, "/"),
	[Q_BODY_TEMPERATURE] = NUMBER("body-temperature", 1, WIRE_SAME, "Cel"),
	[Q_BP_SYSTOLIC] = NUMBER("bp-systolic", 0, WIRE_PASCAL, "Pa"),
	[Q_BP_DIASTOLIC] = NUMBER("bp-diastolic", 0, WIRE_PASCAL, "Pa"),
	[Q_BP_MEAN] = NUMBER("bp-mean", 0, WIRE_PASCAL, "Pa"),
	[Q_AMBIENT_TEMPERATURE] = NUMBER("ambient-temperature", 1, WIRE_SAME, "Cel"),
	[Q_HUMIDITY] = NUMBER("humidity", 1, WIRE_SAME, "%RH"),
	[Q_AMBIENT_CO2] = NUMBER("ambient-co2", 0, WIRE_SAME, "ppm"),
	[Q_BATTERY] = NUMBER("battery", 0, WIRE_SAME, "%EL"),
	[Q_CONTACT] = { .name = "contact", .kind = QUANTITY_BOOLEAN },
	[Q_BUTTON] = { .name = "button", .kind = QUANTITY_WORD, .words = "single double long" },
};

const struct quantity_info *quantity_info(enum quantity q)
{
	return &table[q];
}

enum quantity quantity_by_name(const char *name)
{
	int q;

	for (q = 0; q < _Q_MAX; q++)
		if (!strcmp(table[q].name, name))
			break;
	return (enum quantity)q;
}

const char *quantity_word(enum quantity q, int32_t index)
{
	static char word[32];
	const char *at = table[q].words;
	size_t n;

	while (at && index-- > 0)
		at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
	n = at ? strcspn(at, " ") : 0;
	if (n >= sizeof(word))
		n = 0;
	memcpy(word, at ?: "", n);
	word[n] = 0;
	return word;
}

static int parse_number(const struct quantity_info *info, const char *text, int32_t *ret)
{
	bool negative = *text == '-';
	int64_t v = 0;
	int after = -1;

	if (negative)
		text++;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text == '.' && after < 0) {
			after = 0;
			continue;
		}
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (after >= info->decimals) {
			if (*text != '0')
				return -EINVAL; /* finer than the device resolves */
			continue;
		}
		v = v * 10 + (*text - '0');
		if (v > 100000000)
			return -EINVAL;
		if (after >= 0)
			after++;
	}
	for (after = after < 0 ? 0 : after; after < info->decimals; after++)
		v *= 10;
	if (v > INT32_MAX)
		return -EINVAL;
	*ret = (int32_t)(negative ? -v : v);
	return 0;
}

int quantity_parse(enum quantity q, const char *text, int32_t *ret)
{
	switch (table[q].kind) {
	case QUANTITY_NUMBER:
		return parse_number(&table[q], text, ret);
	case QUANTITY_BOOLEAN:
		if (strcmp(text, "true") && strcmp(text, "false"))
			return -EINVAL;
		*ret = !strcmp(text, "true");
		return 0;
	case QUANTITY_WORD:
		for (int32_t i = 0; *quantity_word(q, i); i++) {
			if (strcmp(quantity_word(q, i), text))
				continue;
			*ret = i;
			return 0;
		}
		return -EINVAL;
	}
	return -EINVAL;
}
