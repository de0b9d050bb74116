/*
 * ZCL frames: tests/vectors/zigbee/zcl.tsv read, shown and written again, and what
 * a table of frames cannot show. A line shows the head (command, number, maker,
 * "own" for a cluster's own command, "server", "quiet" for no default response),
 * then each record: attribute, status, direction, type, interval, value.
 */
#include "unit/codec/reading_line.h"
#include "unit/codec/vector_file.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "zigbee/zcl.h"

#define BYTES_MAX 255

static void show_value(struct text *t, const struct zcl_value *v)
{
	struct zcl_elements e = zcl_elements(v);
	struct zcl_value inside;
	struct decimal d;
	const char *separator = "";

	text_printf(t, "%02X=", v->type);
	if (v->unknown) {
		text_lit(t, "none");
		return;
	}
	switch (zcl_decimal(&d, v)) {
	case 0:
		text_decimal(t, d);
		return;
	case ZCL_E_PLUS_INFINITY:
		text_lit(t, "+inf");
		return;
	case ZCL_E_MINUS_INFINITY:
		text_lit(t, "-inf");
		return;
	case -ERANGE:
		text_lit(t, "too-much");
		return;
	default:
		break;
	}
	if (v->form == ZCL_FORM_ID)
		text_printf(t, "%0*llX", (int)(2 * zcl_type_size(v->type)),
			(unsigned long long)v->word);
	else if (v->form == ZCL_FORM_TEXT)
		text_printf(t, "'%.*s'", v->length, (const char *)v->bytes);
	else if (v->form == ZCL_FORM_BYTES || v->form == ZCL_FORM_KEY)
		line_hex(t, v->bytes, v->length);
	if (v->form != ZCL_FORM_LIST && v->form != ZCL_FORM_FIELDS)
		return;
	text_char(t, '[');
	while (zcl_next_element(&e, &inside) == 0) {
		text_str(t, separator);
		show_value(t, &inside);
		separator = " ";
	}
	text_char(t, ']');
}

static void show_record(struct text *t, uint8_t command, const struct zcl_record *r)
{
	bool configures = command >= ZCL_CONFIGURE && command <= ZCL_READ_REPORTING_RESPONSE;

	text_lit(t, " | ");
	if (r->whole && command != ZCL_DISCOVER_RESPONSE) {
		text_printf(t, "whole %02X", r->status);
		return;
	}
	text_printf(t, "%04X", r->attribute);
	if (command == ZCL_READ_RESPONSE || command == ZCL_WRITE_RESPONSE ||
		command == ZCL_CONFIGURE_RESPONSE || command == ZCL_READ_REPORTING_RESPONSE ||
		command == ZCL_DEFAULT_RESPONSE)
		text_printf(t, " %02X", r->status);
	if (configures)
		text_printf(t, " dir=%u", r->direction);
	if (r->type != 0 && (configures || command == ZCL_DISCOVER_RESPONSE))
		text_printf(t, " %02X", r->type);
	if (configures && r->type != 0)
		text_printf(t, " %u..%u", r->min_s, r->max_s);
	else if (r->max_s != 0)
		text_printf(t, " ..%u", r->max_s);
	if (r->count != 0)
		text_printf(t, " n=%u", r->count);
	if (r->has_value) {
		text_char(t, ' ');
		show_value(t, &r->value);
	}
	if (r->whole)
		text_lit(t, " last");
}

/* Whether the records, written again, are the frame. */
static bool is_same(const struct zcl_frame *f, const uint8_t *bytes, size_t length)
{
	uint8_t again[BYTES_MAX];
	struct zcl_writer w = zcl_begin(again, sizeof(again), &f->header);
	struct zcl_records at = zcl_records(f);
	struct zcl_record r;
	size_t head = (size_t)zcl_end(&w);

	if (zcl_is_general(f, ZCL_DISCOVER_RESPONSE))
		zcl_put(&w, f->payload[0], 1);
	while (zcl_next(&at, &r) == 0)
		zcl_put_record(&w, &r);
	if (memcmp(again, bytes, head) != 0)
		return false;
	return (size_t)zcl_end(&w) == (head < length && w.at == w.start + head ? head : length) &&
	       memcmp(again, bytes, (size_t)zcl_end(&w)) == 0;
}

static bool play(const char *row, char *steps, char *ret, size_t size)
{
	static const char *const words[] = { "", "", "cut", "type" };
	struct text t = text_init(ret, size);
	uint8_t bytes[BYTES_MAX];
	struct zcl_records at;
	struct zcl_record r;
	struct zcl_frame f;
	size_t n;
	int e;

	(void)row;
	if (!line_read_hex(steps, bytes, sizeof(bytes), &n))
		return false;
	if (zcl_read_frame(&f, bytes, n) < 0) {
		text_lit(&t, "!head");
		return text_done(&t) > 0;
	}
	text_printf(&t, "%02X seq=%02X", f.header.command, f.header.sequence);
	if (f.header.maker != 0)
		text_printf(&t, " maker=%04X", f.header.maker);
	text_str(&t, f.header.control & ZCL_OF_CLUSTER ? " own" : "");
	text_str(&t, f.header.control & ZCL_FROM_SERVER ? " server" : "");
	text_str(&t, f.header.control & ZCL_NO_DEFAULT ? " quiet" : "");
	at = zcl_records(&f);
	while ((e = zcl_next(&at, &r)) == 0)
		show_record(&t, f.header.command, &r);
	assert_int_equal(zcl_next(&at, &r), ZCL_E_END);
	if (e != ZCL_E_END)
		text_printf(&t, " | !%s", words[e]);
	else if (!is_same(&f, bytes, n))
		text_lit(&t, " | other");
	return text_done(&t) > 0;
}

static void test_vectors(void **state)
{
	unsigned bad = vector_file_run("zigbee", "zcl", play);

	(void)state;
	if (bad > 0)
		fail_msg("%u vectors of ZCL", bad);
}

/* ---- default responses ---- */

static void test_default_wanted(void **state)
{
	static const struct {
		const char *frame;
		bool unicast;
		uint8_t status;
		bool wanted;
	} rows[] = {
		{ "08010A", true, ZCL_SUCCESS, true }, { "18010A", true, ZCL_SUCCESS, false },
		{ "08010A", false, ZCL_SUCCESS, false },
		{ "18010A", true, ZCL_MALFORMED_COMMAND, true },
		{ "18010A", false, ZCL_MALFORMED_COMMAND, false },
		{ "08010B", true, ZCL_SUCCESS, false }, { "08010B", true, ZCL_FAILURE, false },
		{ "09010B", true, ZCL_SUCCESS, true }, /* a cluster's own 0x0b */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[BYTES_MAX];
		struct zcl_frame f;
		size_t n;

		assert_true(line_read_hex(rows[i].frame, bytes, sizeof(bytes), &n));
		assert_int_equal(zcl_read_frame(&f, bytes, n), 0);
		if (zcl_wants_default(&f, rows[i].unicast, rows[i].status) != rows[i].wanted)
			fail_msg("%s: default response", rows[i].frame);
	}
}

/* ---- writing ---- */

/* With any room too small it says so, and nothing stands beyond it. */
static void test_no_room(void **state)
{
	const struct zcl_header h = { .command = ZCL_REPORT, .maker = 0x1234 };
	const struct zcl_record records[] = {
		{ .attribute = 1, .value = zcl_number(ZCL_TYPE_S24, -5) },
		{ .attribute = 2, .value = zcl_bytes(ZCL_TYPE_STRING, "ward", 4) },
		{ .attribute = 3, .value = zcl_bytes(ZCL_TYPE_LONG_OCTETS, "\1\2", 2) },
	};
	uint8_t whole[64];
	ssize_t need = 0;

	(void)state;
	for (size_t room = sizeof(whole); room-- > 0;) {
		struct zcl_writer w;

		memset(whole, 0xee, sizeof(whole));
		w = zcl_begin(whole, room, &h);
		for (size_t i = 0; i < ARRAY_SIZE(records); i++)
			zcl_put_record(&w, &records[i]);
		if (room == sizeof(whole) - 1)
			need = zcl_end(&w);
		assert_int_equal(zcl_end(&w), (ssize_t)room >= need ? need : -ENOBUFS);
		for (size_t i = room; i < sizeof(whole); i++)
			assert_int_equal(whole[i], 0xee);
	}
	assert_int_equal(need, 5 + 6 + 8 + 7);
}

static void test_not_to_be_written(void **state)
{
	static const char long_text[0x100];
	const struct zcl_header h = { .command = ZCL_REPORT };
	struct zcl_value unknown_type = { .type = 0x77 };
	struct zcl_value none = { .type = ZCL_TYPE_STRING, .form = ZCL_FORM_TEXT, .unknown = true };
	struct zcl_value too_long = zcl_bytes(ZCL_TYPE_STRING, long_text, 0xff);
	uint8_t bytes[0x200];
	struct zcl_writer w = zcl_begin(bytes, sizeof(bytes), &h);

	(void)state;
	zcl_put_value(&w, &none);
	assert_int_equal(zcl_end(&w), 4);
	assert_int_equal(bytes[3], 0xff);
	zcl_put_value(&w, &too_long); /* its length would say "no value" */
	assert_int_equal(zcl_end(&w), -ENOBUFS);
	w = zcl_begin(bytes, sizeof(bytes), &h);
	zcl_put_value(&w, &unknown_type);
	assert_int_equal(zcl_end(&w), -ENOBUFS);
	w = zcl_begin(bytes, sizeof(bytes), &(struct zcl_header){ .command = 0x3f });
	zcl_put_record(&w, &(struct zcl_record){ 0 });
	assert_int_equal(zcl_end(&w), -ENOBUFS);
	assert_int_equal(zcl_number(0x77, 5).form, ZCL_FORM_NONE);
}

static void test_sequence(void **state)
{
	uint8_t plain[] = { 0x10, 0, 0x00 }, of_maker[] = { 0x14, 0x5f, 0x11, 0, 0x00 };

	(void)state;
	zcl_set_sequence(plain, sizeof(plain), 0xa5);
	zcl_set_sequence(of_maker, sizeof(of_maker), 0xa5);
	zcl_set_sequence(plain, 0, 0);
	zcl_set_sequence(plain, 1, 0);
	assert_memory_equal(plain, "\x10\xa5\x00", 3);
	assert_memory_equal(of_maker, "\x14\x5f\x11\xa5\x00", 5);
}

/* ---- types ---- */

/* Sizes, analog or not, of all 256 types, from table 2-10 of the specification. */
static void test_types(void **state)
{
	static const struct {
		uint8_t first, last, size, step;
		bool analog;
	} table[] = {
		{ 0x08, 0x0f, 1, 1, false },
		{ 0x10, 0x10, 1, 0, false },
		{ 0x18, 0x1f, 1, 1, false },
		{ 0x20, 0x27, 1, 1, true },
		{ 0x28, 0x2f, 1, 1, true },
		{ 0x30, 0x31, 1, 1, false },
		{ 0x38, 0x38, 2, 0, true },
		{ 0x39, 0x39, 4, 0, true },
		{ 0x3a, 0x3a, 8, 0, true },
		{ 0xe0, 0xe2, 4, 0, true },
		{ 0xe8, 0xe9, 2, 0, false },
		{ 0xea, 0xea, 4, 0, false },
		{ 0xf0, 0xf0, 8, 0, false },
		{ 0xf1, 0xf1, 16, 0, false },
	};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		size_t size = 0;
		bool analog = false;

		for (size_t i = 0; i < ARRAY_SIZE(table); i++)
			if (type >= table[i].first && type <= table[i].last) {
				size = table[i].size +
				       (size_t)table[i].step * (type - table[i].first);
				analog = table[i].analog;
			}
		assert_int_equal(zcl_type_size((uint8_t)type), size);
		assert_int_equal(zcl_type_is_analog((uint8_t)type), analog);
	}
}

static void test_text(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		size_t size;
		const char *text;
	} rows[] = {
		{ "TH01", 4, 8, "TH01" }, { "TH01\0\0", 6, 8, "TH01" },
		{ "\0 TH01 \0", 8, 8, "TH01" }, { "TH01\0junk", 9, 16, "TH01" },
		{ "TH01", 4, 4, "TH0" }, { "T\xc3\xa4\xc3\xa4", 5, 5, "T\xc3\xa4" },
		{ "T\xc3", 2, 8, "" }, { "T\n", 2, 8, "" }, { "T\x7f", 2, 8, "" }, { "", 0, 8, "" },
		{ "  ", 2, 8, "" }, { "\xe2\x82\xac", 3, 3, "" }, /* no room for one character */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zcl_value v = zcl_bytes(ZCL_TYPE_STRING, rows[i].bytes, rows[i].length);
		char text[16];

		assert_int_equal(zcl_text(text, rows[i].size, &v), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
		v.form = ZCL_FORM_BYTES;
		assert_int_equal(zcl_text(text, rows[i].size, &v), 0);
		assert_string_equal(text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_default_wanted),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_not_to_be_written),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_text),
	};

	return RUN_TESTS(tests);
}
