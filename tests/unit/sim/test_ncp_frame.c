/* ASH frames of the simulated NCP against bytes of real ones and of the protocol's description. */
#include "unit/unit.h"

#include "sim/ble_crypto.h"
#include "sim/ncp_frame.h"

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = strlen(hex) / 2;

	assert_int_equal(sble_unhex(hex, to, n), 0);
	return n;
}

static void expect_encoded(uint8_t control, const char *data, const char *wire)
{
	uint8_t plain[NCP_DATA_MAX], right[NCP_WIRE_MAX], got[NCP_WIRE_MAX];
	size_t n = unhex(data, plain), right_n = unhex(wire, right);

	assert_int_equal(ncp_encode(got, control, plain, n), right_n);
	assert_memory_equal(got, right, right_n);
}

static void test_checksum(void **state)
{
	static const struct {
		uint8_t byte;
		uint16_t crc;
	} steps[] = { { 0x00, 0xe1f0 }, { 0x03, 0x2d6c }, { 0xfe, 0x971e }, { 0xa5, 0x0811 } };
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		crc = ncp_crc(crc, &steps[i].byte, 1);
		assert_int_equal(crc, steps[i].crc);
	}
	assert_int_equal(ncp_crc(0xffff, (const uint8_t *)"123456789", 9), 0x29b1);
}

static void test_randomization(void **state)
{
	static const uint8_t right[] = { 0x42, 0x21, 0xa8, 0x54, 0x2a, 0x15, 0xb2, 0x59, 0x94, 0x4a,
		0x25, 0xaa, 0x55, 0x92, 0x49, 0x9c, 0x4e, 0x27, 0xab, 0xed, 0xce, 0x67, 0x8b, 0xfd,
		0xc6, 0x63, 0x89 };
	uint8_t p[sizeof(right)] = { 0 };

	ncp_randomize(p, sizeof(p));
	assert_memory_equal(p, right, sizeof(p));
	ncp_randomize(p, sizeof(p));
	assert_int_equal(p[0] | p[26], 0);
}

static void test_frames_without_data(void **state)
{
	expect_encoded(0xc0, "", "C038BC7E");
	expect_encoded(0xc1, "0202", "C102029B7B7E");
	expect_encoded(0xc1, "020B", "C1020B0A527E");
	expect_encoded(0xc2, "0251", "C20251A8BD7E");
	expect_encoded(0xc2, "0203", "C20203D20A7E");
	expect_encoded(0x80, "", "8070787E");
	expect_encoded(0x81, "", "8160597E");
	expect_encoded(0x83, "", "83401B7E");
	expect_encoded(0x84, "", "8430FC7E");
	expect_encoded(0x85, "", "8520DD7E");
	expect_encoded(0x86, "", "8610BE7E");
	expect_encoded(0x87, "", "87009F7E");
	expect_encoded(0x8e, "", "8E91B67E");
	expect_encoded(0xa6, "", "A634DC7E");
	expect_encoded(0xad, "", "AD85B77E");
}

static void test_data_frames(void **state)
{
	expect_encoded(0x25, "00000002", "254221A856A6097E");
	expect_encoded(0x53, "00800002021130", "5342A1A856280482032A7E");
	expect_encoded(0x01, "0080000D021074", "0142A1A8592805C6A8777E");
	expect_encoded(0x10, "4F8001550000000000", "100DA1A9012A15B259944FB87E");
}

/* All that comes of some bytes: frames as "control:data", spoiled ones as "!control". */
static void expect_decoded(const char *hex, const char *right)
{
	struct ncp_decoder d = { 0 };
	char got[512] = "";
	uint8_t wire[1024];
	size_t n = unhex(hex, wire), at = 0;

	for (size_t i = 0; i < n; i++) {
		enum ncp_decoded what = ncp_decode(&d, wire[i]);

		if (what == NCP_SPOILED)
			at += (size_t)snprintf(got + at, sizeof(got) - at, "!%02X ", d.first);
		if (what != NCP_FRAME)
			continue;
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%02X:", d.at[0]);
		for (size_t k = 1; k < d.n; k++)
			at += (size_t)snprintf(got + at, sizeof(got) - at, "%02X", d.at[k]);
		at += (size_t)snprintf(got + at, sizeof(got) - at, " ");
	}
	assert_string_equal(got, right);
}

static void test_decoding(void **state)
{
	expect_decoded("1AC038BC7E", "C0: ");
	expect_decoded("004221A8597C057E", "00:0000000D ");
	expect_decoded("104221A859785F7E204221A85974B17E", "10:0000000D 20:0000000D ");
	expect_decoded("700D21A9012A15B0F5667E", "70:4F000155000002 ");
	expect_decoded("706521A9602A156C90904B23AA5493098D4E27ABEECE648AF9C677B97E",
		"70:270001340000DEC90401060001014011000000030003010400 ");
	expect_decoded("632721A9FE2A16BF727E", "63:650001AA0003 ");
	expect_decoded("34F821A9A52A1F127E", "34:BA0001F100 ");
	expect_decoded(
		"5408B1A97D312A15B658964E24AB5592499CBCE7677D38459874F5DE6E83FC7D5E165733936B7E",
		"54:4A900145000004010204010100000000F2C0CCF58BFFFF08180D0A000029F0D8 ");
}

static void test_reserved_bytes(void **state)
{
	/* put in place of a broken byte; flow control; cancelled; empty; waking */
	expect_decoded("C01838BC7E", "!C0 ");
	expect_decoded("C01138BC137E", "C0: ");
	expect_decoded("DDF9FF1AC1020B0A527E", "C1:020B ");
	expect_decoded("7E7E7EC038BC7E", "C0: ");
	expect_decoded("FFC038BC7E", "C0: ");
	expect_decoded("2542211AC038BC7E", "C0: ");
	expect_decoded("187E", "!FF ");
	expect_decoded("C038BC7E18C038BC7EC038BC7E", "C0: !FF C0: ");
}

static void test_what_is_no_frame(void **state)
{
	char longest[2 * 700 + 1];

	expect_decoded("C038BD7E", "!C0 ");
	expect_decoded("C27E", "!C2 ");
	expect_decoded("C0387E", "!C0 ");
	expect_decoded("25427D7E", "!25 ");
	/* lengths that no frame of that kind has */
	expect_decoded("C102CF087E", "!C1 ");
	expect_decoded("C30000000000007E", "!C3 ");
	memset(longest, '5', sizeof(longest) - 1);
	memcpy(longest + sizeof(longest) - 3, "7E", 3);
	expect_decoded(longest, "!55 ");
}

static void test_all_data_comes_back(void **state)
{
	struct ncp_decoder d = { 0 };
	uint8_t data[NCP_DATA_MAX], wire[NCP_WIRE_MAX];

	for (unsigned seed = 0; seed < 2000; seed++) {
		size_t n = NCP_DATA_MIN + seed % (NCP_DATA_MAX - NCP_DATA_MIN + 1), count;
		enum ncp_decoded what = NCP_NOTHING;

		for (size_t i = 0; i < n; i++)
			data[i] = (uint8_t)(seed * 31 + i * (seed | 1));
		count = ncp_encode(wire, (uint8_t)(seed & 0x7f), data, n);
		assert_true(count <= NCP_WIRE_MAX);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(what, NCP_NOTHING);
			what = ncp_decode(&d, wire[i]);
		}
		assert_int_equal(what, NCP_FRAME);
		assert_int_equal(d.n, n + 1);
		assert_int_equal(d.at[0], seed & 0x7f);
		assert_memory_equal(d.at + 1, data, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_randomization),
		cmocka_unit_test(test_frames_without_data),
		cmocka_unit_test(test_data_frames),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_reserved_bytes),
		cmocka_unit_test(test_what_is_no_frame),
		cmocka_unit_test(test_all_data_comes_back),
	};

	return RUN_TESTS(tests);
}
