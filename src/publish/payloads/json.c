/*
 * The payload "json": one object per reading, schema wardgate-reading-1
 * (docs/interface). A fixed writer and no document tree, since it stands on
 * the way of every reading. Not for documents, see publish/documents.h.
 */
#include <errno.h>

#include "util/decimal.h"
#include "util/text.h"
#include "wardgate/metric.h"
#include "wardgate/payload.h"
#include "wardgate/reading.h"

/* What a metric alone decides, rendered at its first reading. */
struct fragment {
	unsigned char metric_length, unit_length, codes_length; /* metric_length 0: not yet */
	char metric[56];                                        /* ,"metric":"spo2","value": */
	char unit[40];                                          /* ,"unit":"%" */
	char codes[160];                                        /* ,"codes":{...} */
};

static struct fragment fragments[_METRIC_MAX];

/* Strings of the tables are our own and need no escapes. */
static void put_codes(struct text *t, struct metric_codes codes)
{
	const char *at = codes.loinc, *separator = "";

	text_lit(t, ",\"codes\":{");
	if (codes.mdc) {
		text_lit(t, "\"mdc\":");
		text_u64(t, codes.mdc);
		separator = ",";
	}
	if (codes.mdc_unit) {
		text_str(t, separator);
		text_lit(t, "\"mdc_unit\":");
		text_u64(t, codes.mdc_unit);
		separator = ",";
	}
	if (at && *at) {
		text_str(t, separator);
		text_lit(t, "\"loinc\":[");
		for (separator = "\""; *at; separator = ",\"") {
			size_t n = strcspn(at, " ");

			text_str(t, separator);
			text_bytes(t, at, n);
			text_char(t, '"');
			at += n + strspn(at + n, " ");
		}
		text_char(t, ']');
	}
	text_char(t, '}');
}

/* The fragment of a metric, or NULL when its row is too long for it. */
static const struct fragment *fragment_of(enum metric m)
{
	struct fragment *f = &fragments[m];
	const struct metric_info *info;
	struct text metric, unit, codes;
	ssize_t metric_length, unit_length, codes_length;

	if (f->metric_length)
		return f;

	info = metric_info(m);
	metric = text_init(f->metric, sizeof(f->metric));
	text_lit(&metric, ",\"metric\":\"");
	text_str(&metric, info->name);
	text_lit(&metric, "\",\"value\":");
	metric_length = text_done(&metric);

	unit = text_init(f->unit, sizeof(f->unit));
	if (info->unit && *info->unit) {
		text_lit(&unit, ",\"unit\":\"");
		text_str(&unit, info->unit);
		text_char(&unit, '"');
	}
	unit_length = text_done(&unit);

	codes = text_init(f->codes, sizeof(f->codes));
	put_codes(&codes, metric_codes(m, WORD_NONE, WORD_NONE));
	codes_length = text_done(&codes);

	if (metric_length < 0 || unit_length < 0 || codes_length < 0)
		return NULL;
	f->unit_length = (unsigned char)unit_length;
	f->codes_length = (unsigned char)codes_length;
	f->metric_length = (unsigned char)metric_length;
	return f;
}

static void put_label(struct text *t, const struct label *l)
{
	if (l)
		text_json_string(t, l->text, l->length);
	else
		text_lit(t, "\"-\"");
}

/* ,"key":"word" */
static void put_word(struct text *t, const char *key, const char *word)
{
	text_lit(t, ",\"");
	text_str(t, key);
	text_lit(t, "\":\"");
	text_str(t, word ? word : "");
	text_char(t, '"');
}

static void put_value(struct text *t, const struct reading *r)
{
	switch ((enum value_kind)r->kind) {
	case VALUE_NONE:
		text_lit(t, "null");
		break;
	case VALUE_NUMBER:
		text_decimal(t, r->number);
		break;
	case VALUE_BOOLEAN:
		text_str(t, r->boolean ? "true" : "false");
		break;
	case VALUE_WORD:
		text_char(t, '"');
		text_str(t, word_text((enum word)r->word));
		text_char(t, '"');
		break;
	}
}

static void put_flags(struct text *t, unsigned flags)
{
	const char *separator = ",\"flags\":[\"";

	for (unsigned flag = 1; flag < _FLAG_END; flag <<= 1) {
		const char *name;

		if (!(flags & flag) || !(name = reading_flag_text((enum reading_flag)flag)))
			continue;
		text_str(t, separator);
		text_str(t, name);
		separator = "\",\"";
	}
	if (separator[2] != 'f')
		text_lit(t, "\"]");
}

/* Quality: what differs from a plain measurement. */
static void put_quality(struct text *t, const struct reading *r)
{
	if (r->validity == VALIDITY_BELOW_RANGE)
		text_lit(t, ",\"comparator\":\"<\"");
	else if (r->validity == VALIDITY_ABOVE_RANGE)
		text_lit(t, ",\"comparator\":\">\"");
	if (r->reason)
		put_word(t, "reason", word_text((enum word)r->reason));
	if (r->flags)
		put_flags(t, r->flags);
	if (r->backfill)
		text_lit(t, ",\"backfill\":true");
	if (r->origin != ORIGIN_MEASURED)
		put_word(t, "origin", origin_text((enum origin)r->origin));
	if (r->auth != AUTH_LINK)
		put_word(t, "auth", auth_text((enum auth)r->auth));
}

/* Circumstances: time, place and method where they say more. */
static void put_circumstances(struct text *t, const struct reading *r)
{
	if (r->time_source != TIME_GATEWAY)
		put_word(t, "time_source", time_source_text((enum time_source)r->time_source));
	if (r->device_time_us) {
		text_lit(t, ",\"device_time\":\"");
		text_local_time(t, r->device_time_us);
		text_char(t, '"');
	}
	if (r->period_ms) {
		text_lit(t, ",\"period\":");
		text_decimal(t, decimal_trim((struct decimal){ r->period_ms, -3 }));
	}
	if (r->site)
		put_word(t, "site", word_text((enum word)r->site));
	if (r->method)
		put_word(t, "method", word_text((enum word)r->method));
	if (r->sample)
		put_word(t, "sample", word_text((enum word)r->sample));
	if (r->raw_unit) {
		text_lit(t, ",\"raw\":{\"value\":");
		text_decimal(t, r->raw);
		put_word(t, "unit", word_text((enum word)r->raw_unit));
		text_char(t, '}');
	}
}

/* Identity: what ties the reading to others and to people. */
static void put_identity(struct text *t, const struct reading *r, const char *epoch)
{
	if (r->instance) {
		text_lit(t, ",\"instance\":");
		text_u64(t, r->instance);
	}
	if (r->device_sequence) {
		text_lit(t, ",\"device_sequence\":");
		text_u64(t, r->device_sequence);
	}
	if (r->source_key) {
		text_lit(t, ",\"source_key\":\"");
		text_hex32(t, (uint32_t)(r->source_key >> 32));
		text_hex32(t, (uint32_t)r->source_key);
		text_char(t, '"');
	}
	if (r->group) {
		text_lit(t, ",\"group\":\"");
		text_str(t, epoch);
		text_char(t, ':');
		text_u64(t, r->group);
		text_char(t, '"');
	}
	if (r->patient) {
		text_lit(t, ",\"patient\":");
		put_label(t, r->patient);
	}
	if (r->association) {
		text_lit(t, ",\"association\":");
		put_label(t, r->association);
	}
	if (r->by) {
		text_lit(t, ",\"by\":");
		put_label(t, r->by);
	}
	if (r->detail) {
		text_char(t, ',');
		text_bytes(t, r->detail->text, r->detail->length);
	}
}

static ssize_t json_reading(
	char *buf, size_t size, const struct reading *r, const struct payload_context *ctx)
{
	enum metric m = r->metric < _METRIC_MAX ? (enum metric)r->metric : METRIC_NONE;
	const struct fragment *f = fragment_of(m);
	struct text t = text_init(buf, size);

	if (!f)
		return -ENOBUFS;

	text_lit(&t, "{\"id\":\"");
	text_str(&t, ctx->gateway);
	text_char(&t, ':');
	text_str(&t, label_text(r->epoch, ctx->epoch));
	text_char(&t, ':');
	text_u64(&t, r->sequence);
	text_lit(&t, "\",\"device\":");
	put_label(&t, r->device);
	text_bytes(&t, f->metric, f->metric_length);
	put_value(&t, r);
	text_bytes(&t, f->unit, f->unit_length);
	put_word(&t, "validity", validity_text((enum validity)r->validity));
	text_lit(&t, ",\"time\":\"");
	text_time(&t, r->time_us);
	text_lit(&t, "\",\"received\":\"");
	text_time(&t, r->received_us);
	text_char(&t, '"');
	put_word(&t, "clock", clock_state_text((enum clock_state)r->clock));
	text_lit(&t, ",\"bed\":");
	put_label(&t, r->bed);
	if (r->site || r->method)
		put_codes(&t, metric_codes(m, (enum word)r->site, (enum word)r->method));
	else
		text_bytes(&t, f->codes, f->codes_length);
	put_quality(&t, r);
	put_circumstances(&t, r);
	put_identity(&t, r, label_text(r->epoch, ctx->epoch));
	text_char(&t, '}');
	return text_done(&t);
}

extern const struct payload_format payload_json;
const struct payload_format payload_json = {
	.name = "json",
	.content_type = "application/json",
	.schema = "wardgate-reading-1",
	.reading = json_reading,
};
