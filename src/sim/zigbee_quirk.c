/* Makers' own ways of saying what was measured: Aqara's lumps and Tuya's data points; see
 * zigbee_device.h. */
#include <string.h>

#include "sim/zigbee_device.h"

#define LUMP_EVERY 5 /* measurements */
#define REPORT 0x0a

static void put_tag(struct octets *o, uint8_t tag, uint8_t type, int64_t v, size_t width)
{
	octets_u8(o, tag);
	octets_u8(o, type);
	octets_le(o, (uint64_t)v, width);
}

static int64_t value(struct szb_device *d, struct szb_pack *pack, enum szb_metric m, int64_t step)
{
	int64_t v = d->walks[m].now;

	v -= v % step; /* no finer than it is said */
	if (pack)
		szb_pack_add(pack, m, v);
	return v;
}

/* All that it has to say in one value; the tags below 0x64 are about itself. */
static void put_lump(struct szb_device *d, struct octets *o, struct szb_pack *pack)
{
	int64_t volts = value(d, pack, SZB_BATTERY_VOLTAGE, 1);

	put_tag(o, 0x01, ZCL_U16, volts * 100, 2);
	put_tag(o, 0x03, 0x28, 26, 1); /* its own warmth, which is nobody's */
	put_tag(o, 0x04, ZCL_U16, 0x13a8, 2);
	put_tag(o, 0x05, ZCL_U16, 9, 2);
	put_tag(o, 0x06, 0x24, 1, 5);
	put_tag(o, 0x64, ZCL_S16, value(d, pack, SZB_TEMPERATURE, 1), 2);
	put_tag(o, 0x65, ZCL_U16, value(d, pack, SZB_HUMIDITY, 1), 2);
	put_tag(o, 0x66, 0x2b, value(d, pack, SZB_PRESSURE, 1) * 100, 4);
	put_tag(o, 0x0a, ZCL_U16, 0, 2);
}

static void send_lump(struct szb_device *d)
{
	bool own = d->kind->quirk == SZB_AQARA_FCC0;
	struct szb_pack *pack = szb_report_pack(d, "lump");
	struct octets o = { 0 }, lump = { 0 };

	octets_u8(&o, 0x1c);
	octets_le(&o, d->kind->maker_code, 2);
	octets_u8(&o, d->zcl_sequence++);
	octets_u8(&o, REPORT);
	octets_le(&o, own ? 0x00f7 : 0xff01, 2);
	octets_u8(&o, own ? ZCL_OCTETS : ZCL_TEXT);
	put_lump(d, &lump, pack);
	octets_u8(&o, lump.n);
	octets_bytes(&o, lump.at, lump.n);
	szb_device_tell(d, own ? 0xfcc0 : 0x0000, &o, pack);
}

static void send_plain(struct szb_device *d, enum szb_cluster c)
{
	const struct szb_attribute *a = szb_attribute_find(c, 0);
	struct szb_pack *pack = szb_report_pack(d, "report");
	struct octets o = { 0 };

	octets_u8(&o, 0x18);
	octets_u8(&o, d->zcl_sequence++);
	octets_u8(&o, REPORT);
	octets_le(&o, a->id, 2);
	octets_u8(&o, a->type);
	szb_put_value(d, &o, a, pack);
	szb_device_tell(d, szb_cluster_id(c), &o, pack);
}

/* A data point: number, type 2 (a value), length and value, these most significant byte first. */
static void put_point(struct octets *o, uint8_t number, int64_t v)
{
	octets_u8(o, number);
	octets_u8(o, 0x02);
	octets_be(o, 4, 2);
	octets_be(o, (uint64_t)v, 4);
}

static void send_points(struct szb_device *d)
{
	struct szb_pack *pack = szb_report_pack(d, "datapoint");
	struct octets o = { 0 };

	octets_u8(&o, 0x09);
	octets_u8(&o, d->zcl_sequence);
	octets_u8(&o, 0x02);
	octets_be(&o, d->zcl_sequence++, 2);
	put_point(&o, 1, value(d, pack, SZB_TEMPERATURE, 10) / 10);
	put_point(&o, 2, value(d, pack, SZB_HUMIDITY, 10) / 10);
	if (d->measured % LUMP_EVERY == 1)
		put_point(&o, 4, value(d, pack, SZB_BATTERY, 10) / 10);
	szb_device_tell(d, 0xef00, &o, pack);
}

void szb_quirk_report(struct szb_device *d)
{
	if (d->kind->quirk == SZB_TUYA) {
		if (d->woken)
			send_points(d);
		return;
	}
	send_plain(d, SZB_C_WARMTH);
	send_plain(d, SZB_C_DAMP);
	send_plain(d, SZB_C_AIR_PRESSURE);
	if (d->measured % LUMP_EVERY == 1)
		send_lump(d);
}
