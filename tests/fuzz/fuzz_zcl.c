/*
 * ZCL from an unfriendly device. The first byte chooses. Even: one frame by itself,
 * whose records are written again. Odd: a device, of a maker and a model that the
 * second byte chooses; then messages, each behind four bytes: its cluster's row (above
 * them one that nobody knows, or the interview), endpoint, seconds that pass, length.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/readings.h"
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UTC_US (INT64_C(1795255200) * 1000000)

static struct decoded readings;

/* ---- frames ---- */

static void look_at(const struct zcl_value *v, unsigned depth)
{
	struct zcl_elements e = zcl_elements(v);
	char text[DEVICE_FACT_MAX + 1];
	struct zcl_value inside;
	struct decimal d;
	int r = zcl_decimal(&d, v);

	assert(depth <= ZCL_DEPTH_MAX);
	assert(r != 0 || decimal_plain(d));
	assert(!v->unknown || r != 0);
	assert(zcl_text(text, sizeof(text), v) == strlen(text));
	for (size_t i = 0; i < v->length; i++)
		(void)((const volatile uint8_t *)v->bytes)[i];
	while ((r = zcl_next_element(&e, &inside)) == 0)
		look_at(&inside, depth + 1);
	assert(r == ZCL_E_END);
}

static void fuzz_frame(const uint8_t *data, size_t size)
{
	static uint8_t again[4096];
	struct zcl_records at;
	struct zcl_record r;
	struct zcl_writer w;
	struct zcl_frame f;
	int e;

	if (zcl_read_frame(&f, data, size) < 0)
		return;
	(void)zcl_wants_default(&f, data[0] & 0x20, data[0] & 0x40);
	w = zcl_begin(again, sizeof(again), &f.header);
	if (zcl_is_general(&f, ZCL_DISCOVER_RESPONSE) && f.length > 0)
		zcl_put(&w, f.payload[0], 1);
	at = zcl_records(&f);
	while ((e = zcl_next(&at, &r)) == 0) {
		if (r.has_value)
			look_at(&r.value, 0);
		zcl_put_record(&w, &r);
	}
	assert(e == ZCL_E_END || e == ZCL_E_CUT || e == ZCL_E_TYPE);
	assert(zcl_next(&at, &r) == ZCL_E_END);
	assert(zcl_end(&w) <= (ssize_t)(size + 2));
	/* what was read whole is written the same; but for a maker's code of 0, and what follows
	 * the one record of a command that has one */
	if (e == ZCL_E_END && zcl_end(&w) == (ssize_t)size)
		assert(memcmp(again + 1, data + 1, size - 1) == 0);
	zcl_set_sequence(again, (size_t)zcl_end(&w), 7);
}

/* ---- devices ---- */

static void begin(struct cluster_device *d, uint8_t which)
{
	static const char *const names[][2] = {
		{ "", "" },
		{ "LUMI", "lumi.weather" },
		{ "LUMI", "lumi.sensor_motion.aq2" },
		{ "LUMI", "lumi.sensor_magnet.aq2" },
		{ "LUMI", "lumi.sensor_switch" },
		{ "LUMI", "lumi.plug" },
		{ "LUMI", "lumi.sensor_wleak.aq1" },
		{ "IKEA of Sweden", "TRADFRI remote control" },
		{ "_TZ3000_xabckq1v", "TS0044" },
		{ "_TZE200_bjawzodf", "TS0601" },
		{ "_TZE200_m9skfctm", "TS0601" },
		{ "_TZE200_ogkdpgy2", "TS0601" },
	};
	const char *const *name = names[which % ARRAY_SIZE(names)];

	memset(d, 0, sizeof(*d));
	snprintf(d->facts[FACT_MAKER], sizeof(d->facts[0]), "%s", name[0]);
	snprintf(d->facts[FACT_MODEL], sizeof(d->facts[0]), "%s", name[1]);
	d->our_eui64 = UINT64_C(0x00124b0001020304);
	assert(!quirk_joins_with_lumi(d->our_eui64));
	d->wants_poll = which & 0x80;
	cluster_restored(d);
}

static void check_result(const struct cluster_device *d, int r, const struct cluster_result *out)
{
	assert(r >= 0 && r < _CLUSTER_E_MAX && cluster_outcome_text(r)[0] != 0);
	assert((cluster_note_text((enum cluster_note)out->note)[0] == 0) ==
		(out->note == CLUSTER_NOTE_NONE));
	assert(out->battery_percent >= -1 && out->battery_percent <= 100);
	assert(out->request_count <= CLUSTER_REQUESTS_MAX);
	assert(d->memory_count <= CLUSTER_MEMORIES_MAX);
	check_readings(&readings, UTC_US + INT64_C(86400000000));
	for (unsigned i = 0; i < out->request_count; i++) {
		const struct cluster_request *q = &out->requests[i];
		struct zcl_frame f;

		assert(zcl_read_frame(&f, q->bytes, q->length) == 0);
		assert(q->numbered || f.header.sequence == 0);
	}
	for (unsigned e = 0; e <= 0x0f; e++)
		assert(cluster_check_in_us(d, (uint8_t)e) >= 0);
	for (int i = 0; i < _FACT_MAX; i++)
		assert(memchr(d->facts[i], 0, sizeof(d->facts[i])));
}

static void fuzz_device(struct cursor *cur)
{
	static struct cluster_device d;
	struct decode_time now = { .boot_us = 1000000, .utc_us = UTC_US };
	struct cluster_result out;

	begin(&d, cursor_u8(cur));
	while (cursor_remaining(cur) >= 4) {
		const struct zcl_cluster *row = cluster_row(cursor_u8(cur) % (_CLUSTER_MAX + 2));
		uint8_t where = cursor_u8(cur), step = cursor_u8(cur);
		size_t n = cursor_u8(cur);
		struct cluster_message m = { .cluster = row ? row->id : 0xfc11,
			.endpoint = where & 0x0f,
			.instance = where >> 4 & 0x07,
			.unicast = !(where & 0x80) };
		uint8_t *copy;

		n = n > cursor_remaining(cur) ? cursor_remaining(cur) : n;
		now.boot_us += step * INT64_C(1000000);
		now.utc_us += step * INT64_C(1000000);
		if (n == 0) {
			check_result(&d,
				cluster_begin(&d, m.cluster, m.endpoint, m.instance, &now,
					&readings, &out),
				&out);
			continue;
		}
		/* a copy of its own length, so that a read past the end shows */
		copy = malloc(n);
		if (!copy)
			return;
		cursor_copy(cur, copy, n);
		m.bytes = copy;
		m.length = n;
		check_result(&d, cluster_heard(&d, &m, &now, &readings, &out), &out);
		free(copy);
	}
}

/* The frames of the interview, into any room. */
static void fuzz_asks(const uint8_t *data, size_t size)
{
	const struct zcl_cluster *row = cluster_row(data[0] % _CLUSTER_MAX);
	uint8_t bytes[CLUSTER_FRAME_MAX];
	size_t room = size > 1 ? data[1] % (sizeof(bytes) + 1) : sizeof(bytes);
	struct zcl_records at;
	struct zcl_record r;
	struct zcl_frame f;
	size_t n = 0;

	while (cluster_ask_reads(row, &n, bytes, room) > 0)
		;
	for (n = 0; cluster_ask_reporting(row, &n, bytes, room) > 0;)
		;
	for (n = 0; cluster_ask_check(row, &n, bytes, room) > 0;)
		;
	(void)cluster_ask_identify(data[0], bytes, room);
	(void)cluster_ask_magic(bytes, room);
	assert(cluster_expect_us(row) >= 0);
	if (size < 2 || zcl_read_frame(&f, data + 2, size - 2) < 0)
		return;
	for (at = zcl_records(&f); zcl_next(&at, &r) == 0;)
		(void)cluster_reporting_fits(row, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor cur;

	if (size < 2 || size > 4096)
		return 0;
	cur = cursor_init(data + 1, size - 1);
	if (data[0] & 1) {
		fuzz_device(&cur);
	} else if (data[0] & 2) {
		fuzz_asks(data + 1, size - 1);
	} else {
		uint8_t *copy = malloc(size - 1);

		if (!copy)
			return 0;
		memcpy(copy, data + 1, size - 1);
		fuzz_frame(copy, size - 1);
		free(copy);
	}
	return 0;
}
