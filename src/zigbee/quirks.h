/*
 * What is known of devices that stray from the specifications, by the maker and
 * the model that they say of themselves. Data: the rows are in quirks.def. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quirk_flag {
	QUIRK_NO_SETUP = 1 << 0,         /* refuses binding and reporting: it speaks by itself */
	QUIRK_MAGIC_READ = 1 << 1,       /* wants QUIRK_MAGIC_ATTRIBUTES read first, at once */
	QUIRK_LUMP = 1 << 2,             /* packs values into attributes of its own; LUMP_ROW */
	QUIRK_BATTERY_WHOLE = 1 << 3,    /* the battery in percent, not in half percent */
	QUIRK_COLDEST_IS_FAULT = 1 << 4, /* -100.00 Cel says that the sensor has failed */
	QUIRK_LUX_PLAIN = 1 << 5,        /* illuminance in lux, not its logarithm */
	QUIRK_NO_MOTION_END = 1 << 6,    /* never says that nothing moves any more */
	QUIRK_SWITCH_IS_BUTTON = 1 << 7, /* the on/off attribute is a button's */
	QUIRK_SWITCH_IS_DOOR = 1 << 8,   /* the on/off attribute is a contact's: on is open */
};

/* Of the basic cluster: name of the maker, version, and so on, as Tuya's own gateway reads them. */
#define QUIRK_MAGIC_ATTRIBUTES                                                                     \
	{                                                                                          \
		0x0004, 0x0000, 0x0001, 0x0005, 0x0007, 0xfffe                                     \
	}

/* What the gateway is to say of itself while a device joins of which quirk_joins_with_lumi(). */
#define QUIRK_MAKER_CODE_LUMI 0x115f

struct quirk {
	uint32_t flags;     /* enum quirk_flag */
	uint16_t zone_type; /* of an alarm zone, whatever the device says; 0: what it says */
	uint16_t every_s;   /* it speaks at least so often by itself; 0: not known */
};

/* The quirks of a device; texts are "" when it has not told. All rows that match count; of zone
 * types and intervals the last. A firmware that is not known is taken for a new one. */
struct quirk quirk_find(const char *maker, const char *model, const char *firmware);
/* Whether a device that is joining leaves a gateway that does not show its maker's code: by its
 * address alone, nothing else being known yet. */
bool quirk_joins_with_lumi(uint64_t eui64);

#define QUIRK_ANY (-1)

struct quirk_press {
	uint8_t instance; /* of the button on its endpoint, from 0 */
	uint16_t word;    /* enum word */
};

/* What a command of a button means where a row says so; argument: the first byte behind the
 * command, QUIRK_ANY when there is none. False: no row does. */
bool quirk_button(const char *maker, const char *model, uint16_t cluster, uint8_t command,
	int argument, struct quirk_press *ret);

/* How a value stands where makers put values of their own. */
enum quirk_form {
	QUIRK_NUMBER,
	QUIRK_NUMBER_16, /* of 16 bits with a sign, in 32: 65436 is -100 */
	QUIRK_BOOLEAN,
	QUIRK_INVERTED, /* 1 is false */
};

struct quirk_value {
	uint8_t metric; /* enum metric */
	uint8_t form;   /* enum quirk_form */
	int8_t exponent;
};

/* What a tag of a lump is, by model; NULL: nothing that is wanted. */
const struct quirk_value *quirk_lump(const char *model, uint8_t tag);
/* What a data point is, by maker; NULL: it is not known. */
const struct quirk_value *quirk_point(const char *maker, uint8_t point);
