/*
 * Runs tests/vectors/senml_json.tsv and senml_cbor.tsv, whose columns
 * tests/tools/make-senml-vectors.py describes. From the top of the tree.
 */
#include "codec/senml.h"
#include "codec/senml_readings.h"
#include "codec/senml_units.h"
#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/decimal.h"
#include "util/text.h"

#define RECEIVED_US (INT64_C(1716300000) * 1000000)
#define COLUMNS 5

struct vector {
	char *name, *layer, *options, *input, *expected;
	bool json;
};

static char shown[262144];
static struct reading readings[SENML_RECORDS_MAX];

static void show_time(struct text *t, bool absolute, int64_t us)
{
	if (absolute)
		text_printf(t, ";@%lld", (long long)us);
	else if (us == 0)
		text_lit(t, ";now");
	else
		text_printf(t, ";%+lld", (long long)us);
}

static void show_record(struct text *t, const struct senml_record *r)
{
	text_str(t, r->name);
	text_char(t, ';');
	text_str(t, r->unit && r->unit[0] != 0 ? r->unit : "-");
	switch (r->value) {
	case SENML_NUMBER:
		text_lit(t, ";n:");
		text_decimal(t, r->number);
		break;
	case SENML_NOT_A_NUMBER:
		text_lit(t, ";nan");
		break;
	case SENML_BOOLEAN:
		text_str(t, r->boolean ? ";b:true" : ";b:false");
		break;
	case SENML_STRING:
		text_lit(t, ";s:");
		text_str(t, r->string);
		break;
	case SENML_DATA:
		text_lit(t, ";d");
		break;
	case SENML_NONE:
		text_lit(t, ";none");
		break;
	}
	show_time(t, r->absolute, r->time_us);
	if (r->update_time_us != 0)
		text_printf(t, ";ut=%lld", (long long)r->update_time_us);
	for (unsigned i = 0; i < r->extension_count; i++)
		text_printf(t, ";%s=%s", r->extensions[i].label, r->extensions[i].text);
}

/* The optional parts in alphabetical order. */
static void show_reading(struct text *t, const struct reading *r)
{
	line_value(t, r);
	show_time(t, r->time_us != 0, r->time_us);

	if (r->flags & FLAG_AMBIGUOUS_TIME)
		text_lit(t, ";ambiguous-time");
	line_flags(t, r->flags & (FLAG_UNIT_ASSUMED - 1));
	if (r->group_index != 0)
		text_printf(t, ";group=%u", r->group_index);
	if (r->source_key != 0)
		text_lit(t, ";key");
	line_word(t, "method", r->method);
	if (r->origin != ORIGIN_MEASURED)
		text_printf(t, ";origin=%s", origin_text(r->origin));
	if (r->period_ms != 0)
		text_printf(t, ";period=%u", r->period_ms);
	if (r->raw_unit != WORD_NONE) {
		text_lit(t, ";raw=");
		text_decimal(t, r->raw);
		text_printf(t, " %s", word_text(r->raw_unit));
	}
	line_word(t, "reason", r->reason);
	line_word(t, "sample", r->sample);
	line_word(t, "site", r->site);
	if (r->flags & FLAG_UNIT_ASSUMED)
		text_lit(t, ";unit-assumed");
	assert_int_equal(r->time_source, r->source_key != 0 ? TIME_DEVICE : TIME_GATEWAY);
}

static struct senml_options options_of(char *text, struct senml_unit units[8])
{
	static const struct {
		const char *name;
		unsigned accept;
	} names[] = {
		{ "percent", SENML_ACCEPT_PERCENT },
		{ "mmhg", SENML_ACCEPT_MMHG },
		{ "bare-base-value", SENML_ACCEPT_BARE_BASE_VALUE },
		{ "text-labels", SENML_ACCEPT_TEXT_LABELS },
	};
	struct senml_options o = { .units = units };
	char *save = NULL;

	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *colon = strchr(word, ':');

		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (strcmp(names[i].name, word) == 0)
				o.accept |= names[i].accept;
		if (!colon)
			continue;
		assert_true(o.unit_count < 8);
		units[o.unit_count].metric = metric_by_name(word, (size_t)(colon - word));
		units[o.unit_count].unit = colon + 1;
		assert_true(senml_unit_known(units[o.unit_count].metric, colon + 1));
		o.unit_count++;
	}
	return o;
}

/* Undoes the generator's escapes, or hex. In place. */
static size_t bytes_of(const struct vector *v)
{
	char *to = v->input;

	for (const char *p = v->input; *p != 0; p++) {
		unsigned byte;

		if (!v->json) {
			assert_int_equal(sscanf(p++, "%2x", &byte), 1);
			*to++ = (char)byte;
		} else if (*p == '~') {
			p++;
			*to++ = *p == 'n' ? '\n' : *p == 'r' ? '\r' : '\t';
		} else {
			*to++ = *p;
		}
	}
	return (size_t)(to - v->input);
}

/* Whether it came out as expected; says so if not. */
static bool run(struct vector *v)
{
	struct senml_unit units[8];
	struct senml_options o = options_of(v->options, units);
	struct senml_pack pack = { 0 };
	struct senml_error error = { 0 };
	struct text t = text_init(shown, sizeof(shown));
	size_t n = bytes_of(v), prefix = strlen("refused: ");
	bool good, made = strcmp(v->layer, "readings") == 0;
	int r;
	/* a block of its own size: a sanitizer sees each byte read beyond the input */
	char *body = malloc(n > 0 ? n : 1);

	assert_non_null(body);
	memcpy(body, v->input, n);
	r = (v->json ? senml_decode_json : senml_decode_cbor)(body, n, &o, &pack, &error);
	free(body);
	if (r == 0 && made)
		r = senml_readings(&pack, &o, RECEIVED_US, true, readings, &error);
	for (size_t i = 0; r == 0 && i < pack.count; i++) {
		if (i > 0)
			text_lit(&t, " | ");
		if (made)
			show_reading(&t, &readings[i]);
		else
			show_record(&t, &pack.records[i]);
	}
	if (r == SENML_E_REFUSED)
		text_printf(&t, "refused: %s", error.text);
	assert_true(text_done(&t) >= 0);
	senml_pack_done(&pack);

	if (strncmp(v->expected, "refused: ", prefix) == 0)
		good = r == SENML_E_REFUSED && strstr(error.text, v->expected + prefix) != NULL &&
		       error.text[0] != 0 &&
		       (error.record > 0) == (strncmp(error.text, "record ", 7) == 0);
	else
		good = r == 0 && strcmp(shown, v->expected) == 0;
	if (!good)
		print_error("%s (%s)\n  expected %s\n  got %d   %s\n", v->name, v->layer,
			v->expected, r, shown);
	return good;
}

static void run_table(const char *path, bool json)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *column[COLUMNS];
	size_t room = 0;
	unsigned ran = 0, bad = 0;
	ssize_t n;

	if (!f)
		fail_msg("%s: cannot be opened; run this from the top of the tree", path);
	while ((n = getline(&line, &room, f)) > 0) {
		char *rest = line;
		struct vector v;

		line[n - 1] = 0;
		if (line[0] == '#')
			continue;
		for (int i = 0; i < COLUMNS; i++)
			column[i] = strsep(&rest, "\t");
		assert_non_null(column[COLUMNS - 1]);
		v = (struct vector){ column[0], column[1], column[2], column[3], column[4], json };
		ran++;
		bad += !run(&v);
	}
	free(line);
	fclose(f);
	assert_true(ran > 70);
	if (bad > 0)
		fail_msg("%u of %u vectors of %s", bad, ran, path);
}

static void test_json(void **state)
{
	(void)state;
	run_table("tests/vectors/senml_json.tsv", true);
}

static void test_cbor(void **state)
{
	(void)state;
	run_table("tests/vectors/senml_cbor.tsv", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_cbor),
	};

	return RUN_TESTS(tests);
}
