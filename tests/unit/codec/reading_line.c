/*
 * A reading on one line. See reading_line.h.
 */
#include "unit/codec/reading_line.h"

#include "unit/unit.h"

void line_word(struct text *t, const char *label, unsigned word)
{
	if (word != WORD_NONE)
		text_printf(t, ";%s=%s", label, word_text((enum word)word));
}

void line_flags(struct text *t, unsigned flags)
{
	const char *separator = ";flags=";

	for (unsigned f = 1; f < _FLAG_END; f <<= 1)
		if (flags & f) {
			text_str(t, separator);
			text_str(t, reading_flag_text((enum reading_flag)f));
			separator = ",";
		}
}

void line_value(struct text *t, const struct reading *r)
{
	text_str(t, metric_info((enum metric)r->metric)->name);
	if (r->instance != 0)
		text_printf(t, ".%u", r->instance);
	text_char(t, ';');
	if (r->kind == VALUE_NUMBER)
		text_decimal(t, r->number);
	else if (r->kind == VALUE_BOOLEAN)
		text_str(t, r->boolean ? "true" : "false");
	else
		text_str(t, r->kind == VALUE_WORD ? word_text((enum word)r->word) : "-");
	text_printf(t, ";%s", validity_text((enum validity)r->validity));
}

void line_reading(struct text *t, const struct reading *r)
{
	line_value(t, r);
	if (r->auth != AUTH_LINK)
		text_printf(t, ";auth=%s", auth_text((enum auth)r->auth));
	if (r->device_time_us != 0) {
		text_lit(t, ";device=");
		text_local_time(t, r->device_time_us);
	}
	line_flags(t, r->flags);
	if (r->group_index != 0)
		text_printf(t, ";group=%u", r->group_index);
	if (r->source_key != 0)
		text_lit(t, ";key");
	line_word(t, "method", r->method);
	if (r->origin != ORIGIN_MEASURED)
		text_printf(t, ";origin=%s", origin_text((enum origin)r->origin));
	if (r->raw_unit != WORD_NONE) {
		text_lit(t, ";raw=");
		text_decimal(t, r->raw);
		text_printf(t, " %s", word_text((enum word)r->raw_unit));
	}
	line_word(t, "reason", r->reason);
	line_word(t, "sample", r->sample);
	line_word(t, "site", r->site);
	if (r->time_source != TIME_GATEWAY) {
		text_printf(t, ";%s=", time_source_text((enum time_source)r->time_source));
		text_local_time(t, r->time_us);
	} else {
		assert_int_equal(r->time_us, 0);
	}
	assert_true(r->kind == VALUE_NONE ||
		    (r->validity != VALIDITY_NOT_MEASURED && r->validity != VALIDITY_SENSOR_OFF));
}

void line_hex(struct text *t, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_printf(t, "%02X", bytes[i]);
}

bool line_read_hex(const char *text, uint8_t *ret, size_t size, size_t *ret_length)
{
	size_t n = 0;

	for (; text[0] != 0; text += 2) {
		unsigned byte;

		if (n == size || text[1] == 0 || sscanf(text, "%2x", &byte) != 1)
			return false;
		ret[n++] = (uint8_t)byte;
	}
	*ret_length = n;
	return true;
}
