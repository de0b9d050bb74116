/*
 * Frames byte for byte: tests/vectors/zigbee/ash.tsv, and what is smaller than
 * a frame. From the top of the tree.
 */
#include "unit/codec/vector_file.h"
#include "unit/unit.h"

#include <stdbool.h>

#include "zigbee/ash_frame.h"

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t n = 0;

	if (strcmp(hex, "-") == 0)
		return 0;
	for (; *hex; hex += 2)
		assert_int_equal(sscanf(hex, "%2hhx", &to[n++]), 1);
	return n;
}

static void run_vector(char *line, void *userdata)
{
	char *name = strtok_r(line, "\t", &line), *wire = strtok_r(NULL, "\t", &line);
	char *control = strtok_r(NULL, "\t", &line), *plain = line;
	uint8_t bytes[600], wanted[600], again[ASH_STUFFED_MAX];
	struct ash_reader r = { 0 };
	size_t n = from_hex(wire, bytes), m = from_hex(plain, wanted), length = 0, w;
	enum ash_read got = ASH_READ_MORE;
	const uint8_t *clean = bytes;

	for (size_t i = 0; i < n; i++) {
		assert_true(got == ASH_READ_MORE || got == ASH_READ_CANCELLED);
		got = ash_reader_take(&r, bytes[i], &length);
		if (bytes[i] == ASH_CANCEL)
			clean = bytes + i + 1;
	}
	if (strcmp(control, "bad") == 0) {
		if (got != ASH_READ_BAD)
			fail_msg("%s: taken", name);
		return;
	}
	if (got != ASH_READ_FRAME || length != 1 + m || r.frame[0] != strtoul(control, NULL, 16))
		fail_msg("%s: %d, %zu bytes", name, got, length);
	w = ash_frame_write(again, r.frame[0], r.frame + 1, length - 1);
	if (!memchr(bytes, ASH_XON, n) &&
		(w != (size_t)(bytes + n - clean) || memcmp(again, clean, w) != 0))
		fail_msg("%s: written otherwise", name);
	if (!(r.frame[0] & 0x80))
		ash_randomize(r.frame + 1, length - 1);
	if (memcmp(r.frame + 1, wanted, m) != 0)
		fail_msg("%s: other data", name);
}

static void test_vectors(void **state)
{
	(void)state;
	assert_true(vector_lines("tests/vectors/zigbee/ash.tsv", run_vector, NULL) >= 40);
}

static void test_checksum(void **state)
{
	assert_int_equal(ash_crc(NULL, 0), 0xFFFF);
	assert_int_equal(ash_crc((const uint8_t *)"123456789", 9), 0x29B1);
	assert_int_equal(ash_crc((uint8_t[]){ 0x00 }, 1), 0xE1F0);
	/* UG101's data in the plain, for the checksum only */
	assert_int_equal(ash_crc((uint8_t[]){ 0x25, 0, 0, 0, 2 }, 5), 0x1AAD);
}

static void test_sequence(void **state)
{
	static const uint8_t first[] = { 0x42, 0x21, 0xA8, 0x54, 0x2A, 0x15, 0xB2, 0x59, 0x94, 0x4A,
		0x25, 0xAA, 0x55, 0x92, 0x49, 0x9C, 0x4E, 0x27, 0xAB, 0xED, 0xCE, 0x67, 0x8B, 0xFD,
		0xC6, 0x63, 0x89, 0xFC };
	uint8_t data[sizeof(first)] = { 0 };

	ash_randomize(data, sizeof(data));
	assert_memory_equal(data, first, sizeof(first));
	ash_randomize(data, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], 0);
}

static void test_stuffing(void **state)
{
	static const uint8_t data[] = { 0x7E, 0x11, 0x13, 0x18, 0x1A, 0x7D };
	static const uint8_t wanted[] = { 0x00, 0x7D, 0x5E, 0x7D, 0x31, 0x7D, 0x33, 0x7D, 0x38,
		0x7D, 0x3A, 0x7D, 0x5D };
	uint8_t bytes[ASH_STUFFED_MAX], full[ASH_DATA_MAX];
	struct ash_reader r = { 0 };
	size_t n = ash_frame_write(bytes, 0x00, data, sizeof(data)), length = 0;

	assert_memory_equal(bytes, wanted, sizeof(wanted));
	/* the longest of all, every byte stuffed */
	memset(full, ASH_FLAG, sizeof(full));
	n = ash_frame_write(bytes, 0x11, full, sizeof(full));
	assert_true(n >= 2 * (1 + sizeof(full)) + 3 && n <= ASH_STUFFED_MAX);
	for (size_t i = 0; i + 1 < n; i++)
		assert_int_equal(ash_reader_take(&r, bytes[i], &length), ASH_READ_MORE);
	assert_int_equal(ash_reader_take(&r, bytes[n - 1], &length), ASH_READ_FRAME);
	assert_int_equal(length, 1 + sizeof(full));
	assert_memory_equal(r.frame + 1, full, sizeof(full));
	/* one byte more is too long */
	for (size_t i = 0; i < ASH_FRAME_MAX + 1; i++)
		ash_reader_take(&r, 0x22, &length);
	assert_int_equal(ash_reader_take(&r, ASH_FLAG, &length), ASH_READ_BAD);
	/* an escape with nothing behind it */
	ash_reader_take(&r, 0x81, &length);
	ash_reader_take(&r, ASH_ESCAPE, &length);
	assert_int_equal(ash_reader_take(&r, ASH_FLAG, &length), ASH_READ_BAD);
	ash_reader_take(&r, ASH_ESCAPE, &length);
	assert_int_equal(ash_reader_take(&r, ASH_FLAG, &length), ASH_READ_BAD);
	assert_int_equal(r.frame[0], 0xFF);
	assert_int_equal(ash_reader_take(&r, ASH_FLAG, &length), ASH_READ_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_stuffing),
	};

	return RUN_TESTS(tests);
}
