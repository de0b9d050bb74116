/*
 * AES-128-CCM: a packet of RFC 3610, sealed advertisements of two formats in
 * turn through one context, and what was tampered with in between.
 */
#include "ble/ccm.h"

#include <errno.h>

#include "unit/unit.h"

static struct ccm *ccm;

/* RFC 3610 section 8, packet vector 1 */
static void test_rfc3610(void **state)
{
	static const uint8_t key[] = { 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
		0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf };
	static const uint8_t nonce[] = { 0, 0, 0, 3, 2, 1, 0, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5 };
	static const uint8_t associated[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static const uint8_t sealed[] = { 0x58, 0x8c, 0x97, 0x9a, 0x61, 0xc6, 0x63, 0xd2, 0xf0,
		0x66, 0xd0, 0xc2, 0xc0, 0xf9, 0x89, 0x80, 0x6d, 0x5f, 0x6b, 0x61, 0xda, 0xc3,
		0x84 };
	static const uint8_t tag[] = { 0x17, 0xe8, 0xd1, 0x2c, 0xfd, 0xf9, 0x26, 0xe0 };
	uint8_t plain[sizeof(sealed)];

	(void)state;
	assert_int_equal(ccm_open(ccm, key, nonce, sizeof(nonce), associated, sizeof(associated),
				 sealed, sizeof(sealed), tag, sizeof(tag), plain),
		0);
	for (size_t i = 0; i < sizeof(plain); i++)
		assert_int_equal(plain[i], 8 + i);
}

struct field {
	uint8_t key[ADVERT_KEY_SIZE], nonce[13], associated[1], sealed[8], tag[4], plain[8];
	size_t nonce_length, associated_length, length;
};

/* Vectors 40 (BTHome) and 39 (pvvx) of the collection */
static const struct field fields[] = {
	{ .key = { 0x23, 0x1d, 0x39, 0xc1, 0xd7, 0xcc, 0x1a, 0xb1, 0xae, 0xe2, 0x24, 0xcd, 0x09,
		  0x6d, 0xb9, 0x32 },
		.nonce = { 0x54, 0x48, 0xe6, 0x8f, 0x80, 0xa5, 0xd2, 0xfc, 0x41, 0, 0x11, 0x22,
			0x33 },
		.nonce_length = 13,
		.sealed = { 0xa4, 0x72, 0x66, 0xc9, 0x5f, 0x73 },
		.length = 6,
		.tag = { 0x78, 0x23, 0x72, 0x14 },
		.plain = { 0x02, 0xca, 0x09, 0x03, 0xbf, 0x13 } },
	{ .key = { 0xb9, 0xea, 0x89, 0x5f, 0xac, 0x7e, 0xea, 0x6d, 0x30, 0x53, 0x24, 0x32, 0xa5,
		  0x16, 0xf3, 0xa3 },
		.nonce = { 0xb2, 0x18, 0x8d, 0x38, 0xc1, 0xa4, 0x0e, 0x16, 0x1a, 0x18, 0x11 },
		.nonce_length = 11,
		.associated = { 0x11 },
		.associated_length = 1,
		.sealed = { 0xd6, 0x03, 0xfb, 0xfa, 0x7b, 0x6d },
		.length = 6,
		.tag = { 0xfb, 0x1e, 0x26, 0xfd },
		.plain = { 0x29, 0x09, 0x4d, 0x10, 0x3d } },
};

static int open_field(const struct field *f, uint8_t plain[static 8])
{
	return ccm_open(ccm, f->key, f->nonce, f->nonce_length, f->associated, f->associated_length,
		f->sealed, f->length, f->tag, sizeof(f->tag), plain);
}

static void test_one_context_for_all(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++)
		for (size_t i = 0; i < 2; i++) {
			uint8_t plain[8] = { 0 };
			struct field bad = fields[i];

			assert_int_equal(open_field(&fields[i], plain), 0);
			assert_memory_equal(plain, fields[i].plain, 5);
			bad.tag[round]++;
			assert_int_equal(open_field(&bad, plain), -EBADMSG);
			bad = fields[i];
			bad.sealed[round] ^= 1;
			assert_int_equal(open_field(&bad, plain), -EBADMSG);
			bad = fields[i];
			bad.nonce[round] ^= 1;
			assert_int_equal(open_field(&bad, plain), -EBADMSG);
			bad = fields[i];
			bad.key[round] ^= 1;
			assert_int_equal(open_field(&bad, plain), -EBADMSG);
		}
}

static int start(void **state)
{
	(void)state;
	return ccm_new(&ccm);
}

static int stop(void **state)
{
	(void)state;
	ccm = ccm_free(ccm);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3610),
		cmocka_unit_test(test_one_context_for_all),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
