/* See zigbee_kinds.h. */
#include "sim/zigbee_kinds.h"

#include <string.h>

#define M(m) SZB_MEASURED, SZB_##m

const struct szb_attribute szb_attributes[] = {
	{ SZB_C_BASIC, 0x0000, ZCL_U8, SZB_FIXED, 3, false },
	{ SZB_C_BASIC, 0x0001, ZCL_U8, SZB_FIXED, 1, false },
	{ SZB_C_BASIC, 0x0004, ZCL_TEXT, SZB_MAKER, 0, false },
	{ SZB_C_BASIC, 0x0005, ZCL_TEXT, SZB_MODEL, 0, false },
	{ SZB_C_BASIC, 0x0007, ZCL_ENUM8, SZB_SUPPLY, 0, false },
	{ SZB_C_BASIC, 0x4000, ZCL_TEXT, SZB_BUILD, 0, false },
	{ SZB_C_BASIC, 0xfffe, ZCL_ENUM8, SZB_FIXED, 0, false },
	{ SZB_C_POWER_CONFIG, 0x0020, ZCL_U8, M(BATTERY_VOLTAGE), false },
	{ SZB_C_POWER_CONFIG, 0x0021, ZCL_U8, M(BATTERY), false },
	{ SZB_C_IDENTIFY, 0x0000, ZCL_U16, SZB_IDENTIFY_TIME, 0, true },
	{ SZB_C_ONOFF, 0x0000, ZCL_BOOL, SZB_SWITCHED, 0, false },
	{ SZB_C_MULTISTATE, 0x004a, ZCL_U16, SZB_FIXED, 4, false },
	{ SZB_C_MULTISTATE, 0x0055, ZCL_U16, SZB_PRESENT_VALUE, 0, false },
	{ SZB_C_POLL, 0x0000, ZCL_U32, SZB_CHECK_IN, 0, true },
	{ SZB_C_POLL, 0x0001, ZCL_U32, SZB_LONG_POLL, 0, false },
	{ SZB_C_POLL, 0x0002, ZCL_U16, SZB_FIXED, 2, false },
	{ SZB_C_POLL, 0x0003, ZCL_U16, SZB_FIXED, 40, true },
	{ SZB_C_LIGHT, 0x0000, ZCL_U16, M(ILLUMINANCE), false },
	{ SZB_C_WARMTH, 0x0000, ZCL_S16, M(TEMPERATURE), false },
	{ SZB_C_WARMTH, 0x0001, ZCL_S16, SZB_FIXED, -4000, false },
	{ SZB_C_WARMTH, 0x0002, ZCL_S16, SZB_FIXED, 12500, false },
	{ SZB_C_AIR_PRESSURE, 0x0000, ZCL_S16, M(PRESSURE), false },
	{ SZB_C_DAMP, 0x0000, ZCL_U16, M(HUMIDITY), false },
	{ SZB_C_PRESENCE, 0x0000, ZCL_MAP8, M(OCCUPANCY), false },
	{ SZB_C_PRESENCE, 0x0001, ZCL_ENUM8, SZB_FIXED, 0, false },
	{ SZB_C_CARBON_DIOXIDE, 0x0000, ZCL_FLOAT, M(CO2), false },
	{ SZB_C_DUST, 0x0000, ZCL_FLOAT, M(PM2_5), false },
	{ SZB_C_ZONE, 0x0000, ZCL_ENUM8, SZB_ZONE_STATE, 0, false },
	{ SZB_C_ZONE, 0x0001, ZCL_ENUM16, SZB_ZONE_TYPE, 0, false },
	{ SZB_C_ZONE, 0x0002, ZCL_MAP16, SZB_ZONE_STATUS, 0, false },
	{ SZB_C_ZONE, 0x0010, ZCL_EUI64, SZB_ZONE_CIE, 0, true },
	{ SZB_C_ZONE, 0x0011, ZCL_U8, SZB_ZONE_ID, 0, false },
	{ SZB_C_ELECTRICAL, 0x0000, ZCL_MAP32, SZB_FIXED, 9, false },
	{ SZB_C_ELECTRICAL, 0x0505, ZCL_U16, M(VOLTAGE), false },
	{ SZB_C_ELECTRICAL, 0x0508, ZCL_U16, M(CURRENT), false },
	{ SZB_C_ELECTRICAL, 0x050b, ZCL_S16, M(POWER), false },
	{ SZB_C_ELECTRICAL, 0x0600, ZCL_U16, SZB_FIXED, 1, false },
	{ SZB_C_ELECTRICAL, 0x0601, ZCL_U16, SZB_FIXED, 10, false },
	{ SZB_C_ELECTRICAL, 0x0602, ZCL_U16, SZB_FIXED, 1, false },
	{ SZB_C_ELECTRICAL, 0x0603, ZCL_U16, SZB_FIXED, 1000, false },
	{ SZB_C_ELECTRICAL, 0x0604, ZCL_U16, SZB_FIXED, 1, false },
	{ SZB_C_ELECTRICAL, 0x0605, ZCL_U16, SZB_FIXED, 10, false },
};
const size_t szb_attribute_count = sizeof(szb_attributes) / sizeof(szb_attributes[0]);

#define COMMON (SZB_BIT(BASIC) | SZB_BIT(IDENTIFY))
#define BATTERY_POWERED (COMMON | SZB_BIT(POWER_CONFIG) | SZB_BIT(POLL))
#define CLIMATE (SZB_BIT(WARMTH) | SZB_BIT(DAMP))
#define ZONE_KIND(n, t, m, word)                                                                   \
	{                                                                                          \
		.name = n, .device = 0x0402, .servers = BATTERY_POWERED | SZB_BIT(ZONE),           \
		.zone_type = t, .zone_metric = m, .maker = "wardsim", .model = word                \
	}
#define SENSOR(n, d, bits, word)                                                                   \
	{                                                                                          \
		.name = n, .device = d, .servers = BATTERY_POWERED | (bits), .interval_ms = 60000, \
		.maker = "wardsim", .model = word                                                  \
	}

static const struct szb_kind kinds[] = {
	SENSOR("temperature", 0x0302, SZB_BIT(WARMTH), "ws-temp"),
	SENSOR("climate", 0x0302, CLIMATE, "ws-climate"),
	SENSOR("weather", 0x0302, CLIMATE | SZB_BIT(AIR_PRESSURE), "ws-weather"),
	SENSOR("light", 0x0106, SZB_BIT(LIGHT), "ws-light"),
	SENSOR("occupancy", 0x0107, SZB_BIT(PRESENCE), "ws-pir"),
	{ .name = "fridge",
		.device = 0x0302,
		.servers = BATTERY_POWERED | SZB_BIT(WARMTH) | SZB_BIT(ZONE),
		.interval_ms = 60000,
		.zone_type = 0x0015,
		.zone_metric = SZB_CONTACT,
		.maker = "wardsim",
		.model = "ws-fridge",
		.temperature = 480 },
	ZONE_KIND("motion", 0x000d, SZB_MOTION, "ws-motion"),
	ZONE_KIND("contact", 0x0015, SZB_CONTACT, "ws-contact"),
	ZONE_KIND("water", 0x002a, SZB_WATER, "ws-water"),
	ZONE_KIND("smoke", 0x0028, SZB_SMOKE, "ws-smoke"),
	ZONE_KIND("emergency", 0x002c, SZB_EMERGENCY, "ws-pendant"),
	ZONE_KIND("key-fob", 0x0115, SZB_EMERGENCY, "ws-fob"),
	{ .name = "pull-cord",
		.device = 0x0401,
		.servers = BATTERY_POWERED,
		.clients = SZB_BIT(ACE),
		.maker = "wardsim",
		.model = "ws-cord" },
	{ .name = "button",
		.device = 0x0000,
		.servers = BATTERY_POWERED,
		.clients = SZB_BIT(ONOFF),
		.maker = "wardsim",
		.model = "ws-button" },
	{ .name = "multi-button",
		.device = 0x0000,
		.servers = BATTERY_POWERED | SZB_BIT(MULTISTATE),
		.maker = "wardsim",
		.model = "ws-multi" },
	{ .name = "air",
		.device = 0x0302,
		.servers = COMMON | CLIMATE | SZB_BIT(CARBON_DIOXIDE) | SZB_BIT(DUST),
		.mains = true,
		.interval_ms = 30000,
		.maker = "wardsim",
		.model = "ws-air" },
	{ .name = "room",
		.device = 0x0302,
		.servers = COMMON | CLIMATE | SZB_BIT(PRESENCE) | SZB_BIT(CARBON_DIOXIDE),
		.mains = true,
		.interval_ms = 30000,
		.maker = "wardsim",
		.model = "ws-room" },
	{ .name = "plug",
		.device = 0x0009,
		.servers = COMMON | SZB_BIT(ONOFF) | SZB_BIT(ELECTRICAL),
		.mains = true,
		.interval_ms = 10000,
		.maker = "wardsim",
		.model = "ws-plug" },
	{ .name = "router",
		.device = 0x0008,
		.servers = COMMON,
		.mains = true,
		.maker = "wardsim",
		.model = "ws-router" },
	{ .name = "aqara-weather",
		.device = 0x0302,
		.servers = COMMON | CLIMATE | SZB_BIT(AIR_PRESSURE),
		.interval_ms = 60000,
		.quirk = SZB_AQARA_FF01,
		.maker = "LUMI",
		.model = "lumi.weather",
		.maker_code = 0x115f },
	{ .name = "aqara-t1",
		.device = 0x0302,
		.servers = COMMON | CLIMATE | SZB_BIT(AIR_PRESSURE) | SZB_BIT(AQARA),
		.interval_ms = 60000,
		.quirk = SZB_AQARA_FCC0,
		.maker = "LUMI",
		.model = "lumi.sensor_ht.agl02",
		.maker_code = 0x115f },
	{ .name = "tuya-climate",
		.device = 0x0051,
		.servers = SZB_BIT(BASIC) | SZB_BIT(TUYA),
		.interval_ms = 60000,
		.quirk = SZB_TUYA,
		.maker = "_TZE200_bjawzodf",
		.model = "TS0601",
		.maker_code = 0x1002 },
};

const struct szb_kind *szb_kind_at(size_t i)
{
	return i < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[i] : NULL;
}

const struct szb_kind *szb_kind_by_name(const char *name)
{
	for (size_t i = 0; szb_kind_at(i); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static const uint16_t numbers[_SZB_C_MAX] = {
#define X(id, number) [SZB_C_##id] = number,
	SZB_CLUSTERS(X)
#undef X
};

uint16_t szb_cluster_id(enum szb_cluster c)
{
	return numbers[c];
}

enum szb_cluster szb_cluster_by_id(uint16_t id)
{
	int c;

	for (c = 0; c < _SZB_C_MAX; c++)
		if (numbers[c] == id)
			break;
	return (enum szb_cluster)c;
}

const struct szb_attribute *szb_attribute_find(enum szb_cluster cluster, uint16_t id)
{
	for (size_t i = 0; i < szb_attribute_count; i++)
		if (szb_attributes[i].cluster == cluster && szb_attributes[i].id == id)
			return &szb_attributes[i];
	return NULL;
}

size_t szb_type_width(uint8_t type)
{
	switch (type) {
	case ZCL_BOOL:
	case ZCL_MAP8:
	case ZCL_U8:
	case ZCL_ENUM8:
		return 1;
	case ZCL_MAP16:
	case ZCL_U16:
	case ZCL_S16:
	case ZCL_ENUM16:
		return 2;
	case ZCL_MAP32:
	case ZCL_U32:
	case ZCL_FLOAT:
		return 4;
	case ZCL_EUI64:
		return 8;
	default:
		return 0;
	}
}

bool szb_type_analog(uint8_t type)
{
	return (type >= ZCL_U8 && type < ZCL_ENUM8) || type == ZCL_FLOAT;
}
