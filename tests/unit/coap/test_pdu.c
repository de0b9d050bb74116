/*
 * Bytes of CoAP: the messages of RFC 7252 appendix A, what section 3 forbids,
 * what section 5.4 says of options.
 */
#include "unit/unit.h"

#include <errno.h>

#include "coap/pdu.h"
#include "util/cleanup.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Figure 16: GET /temperature and its piggybacked answer; figure 17: the answer with a token. */
static void test_examples_of_the_rfc(void **state)
{
	static const uint8_t get[] = { 0x41, 0x01, 0x7d, 0x34, 0x20, 0xbb, 't', 'e', 'm', 'p', 'e',
		'r', 'a', 't', 'u', 'r', 'e' };
	static const uint8_t content[] = { 0x61, 0x45, 0x7d, 0x34, 0x20, 0xff, '2', '2', '.', '3',
		' ', 'C' };
	struct pdu_response r = { .code = PDU_CONTENT, .payload = "22.3 C", .payload_length = 6 };
	struct pdu_request q;
	uint8_t buf[64];
	struct pdu p;

	assert_int_equal(pdu_parse(get, sizeof(get), &p), 0);
	assert_int_equal(p.type, PDU_CON);
	assert_int_equal(p.code, PDU_GET);
	assert_int_equal(p.id, 0x7d34);
	assert_int_equal(p.token_length, 1);
	assert_int_equal(p.token[0], 0x20);
	assert_int_equal(p.payload_length, 0);
	assert_int_equal(pdu_request(&p, &q), 0);
	assert_string_equal(q.path, "temperature");

	assert_int_equal(pdu_write(buf, sizeof(buf), PDU_ACK, p.id, p.token, p.token_length, &r),
		(int)sizeof(content));
	assert_memory_equal(buf, content, sizeof(content));
	assert_int_equal(pdu_parse(content, sizeof(content), &p), 0);
	assert_int_equal(p.payload_length, 6);
	assert_memory_equal(p.payload, "22.3 C", 6);
}

static void test_what_is_not_well_formed(void **state)
{
	const struct {
		const char *what;
		const uint8_t *bytes;
		size_t length;
		int expected;
	} rows[] = {
		{ "nothing", BYTES(0), PDU_E_FOREIGN },
		{ "three bytes", BYTES(0x40, 1, 0), PDU_E_FOREIGN },
		{ "version 0", BYTES(0x00, 1, 0, 1), PDU_E_FOREIGN },
		{ "version 2", BYTES(0x80, 1, 0, 1), PDU_E_FOREIGN },
		{ "token of 9", BYTES(0x49, 1, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9), PDU_E_FORMAT },
		{ "token of 15", BYTES(0x4f, 1, 0, 1), PDU_E_FORMAT },
		{ "token cut short", BYTES(0x42, 1, 0, 1, 9), PDU_E_FORMAT },
		{ "token of 8", BYTES(0x48, 1, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8), 0 },
		{ "empty", BYTES(0x40, 0, 0, 1), 0 },
		{ "empty with a token", BYTES(0x41, 0, 0, 1, 1), PDU_E_FORMAT },
		{ "empty with more", BYTES(0x40, 0, 0, 1, 0xff), PDU_E_FORMAT },
		{ "marker without payload", BYTES(0x40, 1, 0, 1, 0xff), PDU_E_FORMAT },
		{ "payload", BYTES(0x40, 1, 0, 1, 0xff, 0), 0 },
		{ "delta 15", BYTES(0x40, 1, 0, 1, 0xf0), PDU_E_FORMAT },
		{ "length 15", BYTES(0x40, 1, 0, 1, 0x1f), PDU_E_FORMAT },
		{ "delta 13 cut short", BYTES(0x40, 1, 0, 1, 0xd0), PDU_E_FORMAT },
		{ "delta 14 cut short", BYTES(0x40, 1, 0, 1, 0xe0, 1), PDU_E_FORMAT },
		{ "length 13 cut short", BYTES(0x40, 1, 0, 1, 0x0d), PDU_E_FORMAT },
		{ "length 14 cut short", BYTES(0x40, 1, 0, 1, 0x0e, 0), PDU_E_FORMAT },
		{ "value cut short", BYTES(0x40, 1, 0, 1, 0xb3, 'a', 'b'), PDU_E_FORMAT },
		{ "number 65535", BYTES(0x40, 1, 0, 1, 0xe0, 0xfe, 0xf2), 0 },
		{ "number 65536", BYTES(0x40, 1, 0, 1, 0xe0, 0xfe, 0xf3), PDU_E_FORMAT },
		{ "number past 65535 in two", BYTES(0x40, 1, 0, 1, 0xe0, 0xfe, 0xf2, 0x10),
			PDU_E_FORMAT },
	};
	struct pdu p;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (pdu_parse(rows[i].bytes, rows[i].length, &p) != rows[i].expected)
			fail_msg("%s", rows[i].what);
	}
	assert_int_equal(pdu_parse(NULL, 0, &p), PDU_E_FOREIGN);
}

static void test_options_of_every_size(void **state)
{
	uint8_t buf[600] = { 0x40, 2, 0, 1 };
	struct pdu_option o;
	struct pdu_walk w;
	struct pdu p;

	/* 60 with 13 bytes, then 2060 with 300 */
	buf[4] = 0xdd;
	buf[5] = 60 - 13;
	buf[6] = 0;
	buf[20] = 0xee;
	buf[21] = (2000 - 269) >> 8;
	buf[22] = (2000 - 269) & 255;
	buf[23] = 0;
	buf[24] = 300 - 269;
	assert_int_equal(pdu_parse(buf, 25 + 300, &p), 0);
	w = pdu_walk(&p);
	assert_true(pdu_next(&w, &o));
	assert_int_equal(o.number, 60);
	assert_int_equal(o.length, 13);
	assert_true(pdu_next(&w, &o));
	assert_int_equal(o.number, 2060);
	assert_int_equal(o.length, 300);
	assert_ptr_equal(o.value, buf + 25);
	assert_false(pdu_next(&w, &o));
	assert_int_equal(pdu_parse(buf, 25 + 299, &p), PDU_E_FORMAT);
}

static void test_what_a_request_asks_for(void **state)
{
	/* /readings, 110, Accept 40, Block2 0/16, Block1 3/M/64, Size1 70000 */
	static const uint8_t bytes[] = { 0x40, 2, 0, 1, 0xb8, 'r', 'e', 'a', 'd', 'i', 'n', 'g',
		's', 0x11, 110, 0x51, 40, 0x60, 0x41, 0x3a, 0xd3, 20, 0x01, 0x11, 0x70 };
	struct pdu_request q;
	struct pdu p;

	assert_int_equal(pdu_parse(bytes, sizeof(bytes), &p), 0);
	assert_int_equal(pdu_request(&p, &q), 0);
	assert_true(q.path_known && q.has_format && q.has_accept && q.has_block1 && q.has_block2 &&
		    q.has_size1);
	assert_string_equal(q.path, "readings");
	assert_int_equal(q.format, 110);
	assert_int_equal(q.accept, 40);
	assert_int_equal(q.block2, 0);
	assert_int_equal(PDU_BLOCK_NUMBER(q.block1), 3);
	assert_true(PDU_BLOCK_MORE(q.block1));
	assert_int_equal(PDU_BLOCK_SIZE(q.block1), 64);
	assert_int_equal(q.size1, 70000);
}

static void test_options_that_do_not_fit(void **state)
{
	const struct {
		const char *what;
		const uint8_t *bytes;
		size_t length;
		uint16_t bad; /* 0: passed over */
		bool proxy;
	} rows[] = {
		{ "If-Match, critical", BYTES(0x40, 2, 0, 1, 0x10), 1, false },
		{ "ETag, elective", BYTES(0x40, 2, 0, 1, 0x40), 0, false },
		{ "Observe, elective", BYTES(0x40, 2, 0, 1, 0x60), 0, false },
		{ "OSCORE, critical", BYTES(0x40, 2, 0, 1, 0x90), 9, false },
		{ "number 2049, critical", BYTES(0x40, 2, 0, 1, 0xe0, 6, 0xf4), 2049, false },
		{ "number 2050, elective", BYTES(0x40, 2, 0, 1, 0xe0, 6, 0xf5), 0, false },
		{ "Proxy-Uri", BYTES(0x40, 2, 0, 1, 0xd1, 22, 'c'), 35, true },
		{ "Proxy-Scheme", BYTES(0x40, 2, 0, 1, 0xd1, 26, 'c'), 39, true },
		{ "Uri-Host of 0 bytes", BYTES(0x40, 2, 0, 1, 0x30), 3, false },
		{ "Uri-Host twice", BYTES(0x40, 2, 0, 1, 0x31, 'a', 0x01, 'b'), 3, false },
		{ "Uri-Port of 3 bytes", BYTES(0x40, 2, 0, 1, 0x73, 0, 0, 0), 7, false },
		{ "Accept twice", BYTES(0x40, 2, 0, 1, 0xd1, 4, 0, 0x01, 0), 17, false },
		{ "Accept of 3 bytes", BYTES(0x40, 2, 0, 1, 0xd3, 4, 0, 0, 0), 17, false },
		{ "Block1 of 4 bytes", BYTES(0x40, 2, 0, 1, 0xd4, 14, 0, 0, 0, 0), 27, false },
		{ "Content-Format of 3 bytes, elective", BYTES(0x40, 2, 0, 1, 0xc3, 0, 0, 0), 0,
			false },
		{ "Size1 of 5 bytes, elective", BYTES(0x40, 2, 0, 1, 0xd5, 47, 0, 0, 0, 0, 0), 0,
			false },
	};
	struct pdu_request q;
	struct pdu p;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r;

		assert_int_equal(pdu_parse(rows[i].bytes, rows[i].length, &p), 0);
		r = pdu_request(&p, &q);
		if (r != (rows[i].bad ? PDU_REQUEST_BAD_OPTION : 0) ||
			q.bad_option != rows[i].bad || q.proxy != rows[i].proxy)
			fail_msg("%s", rows[i].what);
		assert_false(q.has_format || q.has_size1);
	}
}

static void test_paths(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t length;
		const char *path; /* NULL: none of ours */
	} rows[] = {
		{ BYTES(0x40, 1, 0, 1), "" },
		{ BYTES(0x40, 1, 0, 1, 0xb1, 'a', 0x01, 'b'), "a/b" },
		{ BYTES(0x40, 1, 0, 1, 0xb0, 0x01, 'b'), "/b" },
		{ BYTES(0x40, 1, 0, 1, 0xb1, 'a', 0x00), "a/" },
		{ BYTES(0x40, 1, 0, 1, 0xb3, 'a', '/', 'b'), NULL },
		{ BYTES(0x40, 1, 0, 1, 0xb3, 'a', 0, 'b'), NULL },
	};
	uint8_t buf[4 + 3 + 64] = { 0x40, 1, 0, 1, 0xbd };
	struct pdu_request q;
	struct pdu p;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(pdu_parse(rows[i].bytes, rows[i].length, &p), 0);
		assert_int_equal(pdu_request(&p, &q), 0);
		assert_int_equal(q.path_known, rows[i].path != NULL);
		if (rows[i].path)
			assert_string_equal(q.path, rows[i].path);
	}
	for (size_t n = 13; n <= 64; n++) {
		buf[5] = (uint8_t)(n - 13);
		memset(buf + 6, 'a', n);
		assert_int_equal(pdu_parse(buf, 6 + n, &p), 0);
		assert_int_equal(pdu_request(&p, &q), 0);
		assert_int_equal(q.path_known, n <= PDU_PATH_MAX);
	}
}

static void test_answers_read_back(void **state)
{
	static const uint8_t token[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct pdu_response r = { .code = PDU_TOO_LARGE,
		.has_format = true,
		.format = 0,
		.has_max_age = true,
		.max_age = 30,
		.has_block1 = true,
		.block1 = 0x12345,
		.has_block2 = true,
		.block2 = 6,
		.size1 = 65536,
		.payload = "why",
		.payload_length = 3 };
	static const struct {
		uint16_t number;
		size_t length;
	} expected[] = { { 12, 0 }, { 14, 1 }, { 23, 1 }, { 27, 3 }, { 60, 3 } };
	struct pdu_option o;
	struct pdu_walk w;
	uint8_t buf[64];
	struct pdu p;
	ssize_t n;

	n = pdu_write(buf, sizeof(buf), PDU_CON, 0xabcd, token, sizeof(token), &r);
	assert_true(n > 0);
	assert_int_equal(pdu_parse(buf, (size_t)n, &p), 0);
	assert_int_equal(p.code, PDU_TOO_LARGE);
	assert_int_equal(p.id, 0xabcd);
	assert_memory_equal(p.token, token, 8);
	assert_memory_equal(p.payload, "why", 3);
	w = pdu_walk(&p);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(pdu_next(&w, &o));
		assert_int_equal(o.number, expected[i].number);
		assert_int_equal(o.length, expected[i].length);
	}
	assert_false(pdu_next(&w, &o));

	for (size_t size = 0; size < (size_t)n; size++)
		assert_int_equal(
			pdu_write(buf, size, PDU_CON, 1, token, sizeof(token), &r), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_of_the_rfc),
		cmocka_unit_test(test_what_is_not_well_formed),
		cmocka_unit_test(test_options_of_every_size),
		cmocka_unit_test(test_what_a_request_asks_for),
		cmocka_unit_test(test_options_that_do_not_fit),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_answers_read_back),
	};

	return RUN_TESTS(tests);
}
