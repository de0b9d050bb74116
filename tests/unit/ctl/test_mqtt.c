/*
 * doctor's few packets of MQTT: what is written, byte by byte, and what is read
 * of answers, whole and cut.
 */
#include "ctl/doctor_mqtt.h"

#include <errno.h>

#include "unit/unit.h"
#include "util/cleanup.h"

static void test_connect(void **state)
{
	static const uint8_t v5[] = { 0x10, 0x18, 0, 4, 'M', 'Q', 'T', 'T', 5, 0xc2, 0, 30, 0, 0, 2,
		'i', 'd', 0, 1, 'u', 0, 4, 'p', 'a', 's', 's' };
	struct mqtt_connect c = { .protocol = 5,
		.client_id = "id",
		.username = "u",
		.password = "pass",
		.keep_alive_s = 30 };
	uint8_t buf[MQTT_PACKET_MAX + 8];
	char *large = malloc(70000);

	assert_int_equal(mqtt_write_connect(buf, sizeof(buf), &c), sizeof(v5));
	assert_memory_equal(buf, v5, sizeof(v5));
	c = (struct mqtt_connect){ .protocol = 4, .client_id = "id", .keep_alive_s = 30 };
	assert_int_equal(mqtt_write_connect(buf, sizeof(buf), &c), 16);
	assert_int_equal(buf[8], 4);
	assert_int_equal(buf[9], 2);
	assert_non_null(large);
	memset(large, 'x', 69999);
	large[69999] = 0;
	c.client_id = large;
	assert_int_equal(mqtt_write_connect(buf, sizeof(buf), &c), -ENOBUFS);
	large[2000] = 0;
	assert_true(mqtt_write_connect(buf, sizeof(buf), &c) > 2000);
	assert_int_equal(buf[1], ((2000 + 12) & 0x7f) | 0x80);
	assert_int_equal(buf[2], (2000 + 12) >> 7);
	assert_int_equal(mqtt_write_connect(buf, 100, &c), -ENOBUFS);
	free(large);
}

static void test_publish_and_subscribe(void **state)
{
	static const uint8_t publish[] = { 0x33, 6, 0, 1, 't', 0, 7, 0 };
	static const uint8_t subscribe[] = { 0x82, 7, 0, 9, 0, 0, 1, 't', 1 };
	uint8_t buf[64];

	assert_int_equal(mqtt_write_publish(buf, sizeof(buf), 5, 7, "t", true), sizeof(publish));
	assert_memory_equal(buf, publish, sizeof(publish));
	assert_int_equal(mqtt_write_publish(buf, sizeof(buf), 4, 7, "t", false), 7);
	assert_int_equal(mqtt_write_subscribe(buf, sizeof(buf), 5, 9, "t"), sizeof(subscribe));
	assert_memory_equal(buf, subscribe, sizeof(subscribe));
	assert_int_equal(mqtt_write_disconnect(buf, sizeof(buf)), 2);
}

static void test_answers(void **state)
{
	static const struct {
		int protocol;
		uint8_t bytes[12];
		size_t size;
		struct mqtt_answer is;
	} rows[] = {
		{ 5, { 0x20, 3, 0, 0x87, 0 }, 5, { MQTT_CONNACK, 0, 0x87 } },
		{ 4, { 0x20, 2, 0, 5 }, 4, { MQTT_CONNACK, 0, 5 } },
		{ 5, { 0x40, 2, 0, 7 }, 4, { MQTT_PUBACK, 7, 0 } },
		{ 5, { 0x40, 3, 1, 7, 0x10 }, 5, { MQTT_PUBACK, 0x107, 0x10 } },
		{ 5, { 0x90, 4, 0, 9, 0, 0x87 }, 6, { MQTT_SUBACK, 9, 0x87 } },
		{ 5, { 0x90, 6, 0, 9, 2, 'x', 'y', 1 }, 8, { MQTT_SUBACK, 9, 1 } },
		{ 4, { 0x90, 3, 0, 9, 0x80 }, 5, { MQTT_SUBACK, 9, 0x80 } },
		{ 5, { 0xe0, 1, 0x8d }, 3, { MQTT_DISCONNECT, 0, 0x8d } },
		{ 5, { 0xe0, 0 }, 2, { MQTT_DISCONNECT, 0, 0 } },
	};
	struct mqtt_answer a;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(
			mqtt_read(rows[i].protocol, rows[i].bytes, rows[i].size, &a), rows[i].size);
		assert_int_equal(a.type, rows[i].is.type);
		assert_int_equal(a.id, rows[i].is.id);
		assert_int_equal(a.code, rows[i].is.code);
		for (size_t n = 0; n < rows[i].size; n++)
			assert_int_equal(mqtt_read(rows[i].protocol, rows[i].bytes, n, &a), 0);
	}
}

static void test_no_answers(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t size;
	} rows[] = {
		{ { 0x20, 1, 0 }, 3 }, /* too short */
		{ { 0x40, 1, 0 }, 3 }, { { 0x90, 2, 0, 9 }, 4 },
		{ { 0x90, 3, 0, 9, 0 }, 5 },                      /* no code */
		{ { 0x90, 4, 0, 9, 5, 1 }, 6 },                   /* properties beyond the end */
		{ { 0x90, 6, 0, 9, 0x80, 0x80, 0x80, 0x80 }, 8 }, /* a length without an end */
		{ { 0x20, 0xff, 0xff, 0xff, 0xff, 1 }, 6 },       /* likewise */
		{ { 0x20, 0xff, 0x7f }, 3 },                      /* too long for us */
	};
	struct mqtt_answer a;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(mqtt_read(5, rows[i].bytes, rows[i].size, &a), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_publish_and_subscribe),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_answers),
	};

	return RUN_TESTS(tests);
}
