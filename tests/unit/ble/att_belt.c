/*
 * See att_belt.h.
 */
#include "att_belt.h"

#include "unit/unit.h"

void host_play(struct host *h, const struct exchange *script, size_t n)
{
	for (size_t i = 0; i < n; i++)
		host_talk(h, script[i].ours, script[i].theirs);
}

void belt_services(struct host *h)
{
	static const struct exchange script[] = {
		{ "10 01 00 FF FF 00 28", "11 06 01 00 06 00 01 18 10 00 16 00 0D 18" },
		{ "10 17 00 FF FF 00 28", "11 14 20 00 30 00 " VENDOR_UUID },
		{ "10 31 00 FF FF 00 28", "11 06 40 00 43 00 0F 18" },
		{ "10 44 00 FF FF 00 28", "01 10 44 00 0A" },
	};

	PLAY(h, script);
}

void belt_inside(struct host *h)
{
	static const struct exchange script[] = {
		{ "08 01 00 FF FF 02 28", "01 08 01 00 0A" },
		{ "08 01 00 06 00 03 28", "09 07 02 00 20 03 00 05 2A 05 00 02 06 00 2A 2B" },
		{ "08 10 00 16 00 03 28", "09 07 11 00 10 12 00 37 2A 14 00 02 15 00 38 2A" },
		{ "08 16 00 16 00 03 28", "01 08 16 00 0A" },
		{ "08 40 00 43 00 03 28", "09 07 41 00 12 42 00 19 2A" },
		{ "08 43 00 43 00 03 28", "01 08 43 00 0A" },
		{ "04 04 00 04 00", "05 01 04 00 02 29" },
		{ "04 13 00 13 00", "05 01 13 00 02 29" },
		{ "04 43 00 43 00", "05 01 43 00 02 29" },
	};

	PLAY(h, script);
}

void belt_subscribe(struct host *h)
{
	assert_int_equal(h->discovered, 0);
	host_talk(h, "12 04 00 02 00", "13");
	assert_int_equal(h->discovered, 1);
}

void belt_discover(struct host *h)
{
	assert_int_equal(gatt_start(&h->gatt, NULL, false, h->now_us), 0);
	host_talk(h, "08 01 00 FF FF 2A 2B", "09 12 06 00 " BELT_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
	belt_expect_table(&h->gatt.table);
	h->discovered = 0;
}

void belt_expect_table(const struct gatt_table *t)
{
	static const struct session_attribute wanted[] = {
		{ 0x1801, 0x01, 0x2A05, 0x03, ATTRIBUTE_INDICATE },
		{ 0x1801, 0x01, 0x2B2A, 0x06, ATTRIBUTE_READ },
		{ 0x180D, 0x10, 0x2A37, 0x12, ATTRIBUTE_NOTIFY },
		{ 0x180D, 0x10, 0x2A38, 0x15, ATTRIBUTE_READ },
		{ 0x180F, 0x40, 0x2A19, 0x42, ATTRIBUTE_READ | ATTRIBUTE_NOTIFY },
	};
	static const uint16_t cccds[] = { 0x04, 0, 0x13, 0, 0x43 };

	assert_int_equal(t->service_count, 3);
	assert_int_equal(t->services[1].uuid, 0x180D);
	assert_int_equal(t->services[1].start, 0x10);
	assert_int_equal(t->services[1].end, 0x16);
	assert_false(t->services[1].included || t->truncated);
	assert_int_equal(t->count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct session_attribute *a = &t->attributes[i];

		assert_int_equal(a->service, wanted[i].service);
		assert_int_equal(a->service_handle, wanted[i].service_handle);
		assert_int_equal(a->characteristic, wanted[i].characteristic);
		assert_int_equal(a->handle, wanted[i].handle);
		assert_int_equal(a->properties, wanted[i].properties);
		assert_int_equal(t->cccds[i], cccds[i]);
	}
}
