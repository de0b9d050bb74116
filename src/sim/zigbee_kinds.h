/*
 * Kinds of Zigbee devices: which clusters they have, which attributes those
 * have, and what is odd about the makers of some. Tables only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/zigbee_values.h"

#define SZB_CLUSTERS(X)                                                                            \
	X(BASIC, 0x0000)                                                                           \
	X(POWER_CONFIG, 0x0001)                                                                    \
	X(IDENTIFY, 0x0003)                                                                        \
	X(ONOFF, 0x0006)                                                                           \
	X(MULTISTATE, 0x0012)                                                                      \
	X(POLL, 0x0020)                                                                            \
	X(LIGHT, 0x0400)                                                                           \
	X(WARMTH, 0x0402)                                                                          \
	X(AIR_PRESSURE, 0x0403)                                                                    \
	X(DAMP, 0x0405)                                                                            \
	X(PRESENCE, 0x0406)                                                                        \
	X(CARBON_DIOXIDE, 0x040d)                                                                  \
	X(DUST, 0x042a)                                                                            \
	X(ZONE, 0x0500)                                                                            \
	X(ACE, 0x0501)                                                                             \
	X(ELECTRICAL, 0x0b04)                                                                      \
	X(TUYA, 0xef00)                                                                            \
	X(AQARA, 0xfcc0)

enum szb_cluster {
#define X(id, number) SZB_C_##id,
	SZB_CLUSTERS(X)
#undef X
		_SZB_C_MAX
};

#define SZB_BIT(id) (UINT32_C(1) << SZB_C_##id)

/* Where an attribute's value comes from. */
enum szb_source {
	SZB_FIXED,
	SZB_MEASURED,
	SZB_MAKER,
	SZB_MODEL,
	SZB_BUILD,
	SZB_SUPPLY,
	SZB_IDENTIFY_TIME,
	SZB_SWITCHED,
	SZB_PRESENT_VALUE,
	SZB_CHECK_IN,
	SZB_LONG_POLL,
	SZB_ZONE_STATE,
	SZB_ZONE_TYPE,
	SZB_ZONE_STATUS,
	SZB_ZONE_CIE,
	SZB_ZONE_ID,
};

/* ZCL types. */
#define ZCL_BOOL 0x10
#define ZCL_MAP8 0x18
#define ZCL_MAP16 0x19
#define ZCL_MAP32 0x1b
#define ZCL_U8 0x20
#define ZCL_U16 0x21
#define ZCL_U32 0x23
#define ZCL_S16 0x29
#define ZCL_ENUM8 0x30
#define ZCL_ENUM16 0x31
#define ZCL_FLOAT 0x39
#define ZCL_OCTETS 0x41
#define ZCL_TEXT 0x42
#define ZCL_EUI64 0xf0

struct szb_attribute {
	enum szb_cluster cluster;
	uint16_t id;
	uint8_t type;
	enum szb_source source;
	int64_t value; /* fixed, or the metric */
	bool writable;
};

extern const struct szb_attribute szb_attributes[];
extern const size_t szb_attribute_count;

enum szb_quirk { SZB_PLAIN, SZB_AQARA_FF01, SZB_AQARA_FCC0, SZB_TUYA };

struct szb_kind {
	const char *name;
	uint16_t device;
	uint32_t servers, clients; /* bits of clusters */
	bool mains;
	int64_t interval_ms; /* 0: speaks by events only */
	uint16_t zone_type;
	enum szb_metric zone_metric; /* what alarm 1 says */
	enum szb_quirk quirk;
	const char *maker, *model;
	uint16_t maker_code;
	int64_t temperature; /* where it rests; 0: as the metric does */
};

/* NULL when there is none of that name. */
const struct szb_kind *szb_kind_by_name(const char *name);
const struct szb_kind *szb_kind_at(size_t i);
uint16_t szb_cluster_id(enum szb_cluster c);
/* _SZB_C_MAX when no device has it. */
enum szb_cluster szb_cluster_by_id(uint16_t id);
/* NULL when there is none. */
const struct szb_attribute *szb_attribute_find(enum szb_cluster cluster, uint16_t id);
/* Bytes of a value of a type; 0 for texts. */
size_t szb_type_width(uint8_t type);
/* Whether a reportable change has a size. */
bool szb_type_analog(uint8_t type);
