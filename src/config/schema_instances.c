/*
 * The rows of [Device NAME].
 */
#include "config/schema_rows.h"

#define DEVICE(field) offsetof(struct config_device, field)
#define ONLY(t) (1u << TRANSPORT_##t)

static const struct config_word transport_words[] = {
	{ "ble", TRANSPORT_BLE },
	{ "zigbee", TRANSPORT_ZIGBEE },
	{ "coap", TRANSPORT_COAP },
	{ NULL, 0 },
};
static const struct config_word use_words[] = {
	{ "fixed", USE_FIXED },
	{ "worn", USE_WORN },
	{ "shared", USE_SHARED },
	{ NULL, 0 },
};
static const struct config_word bonding_words[] = {
	{ "auto", BONDING_AUTO },
	{ "yes", BONDING_YES },
	{ "no", BONDING_NO },
	{ NULL, 0 },
};
static const struct config_word accept_words[] = {
	{ "percent", ACCEPT_PERCENT },
	{ "mmHg", ACCEPT_MMHG },
	{ "bare-base-value", ACCEPT_BARE_BASE_VALUE },
	{ "text-labels", ACCEPT_TEXT_LABELS },
	{ NULL, 0 },
};

const struct config_row config_device_rows[CONFIG_DEVICE_ROWS] = {
	{ .key = "Transport",
		.type = &config_type_choice,
		.offset = DEVICE(transport),
		.standard = "",
		.words = transport_words,
		.example = "coap",
		.help = "How the device is reached.",
		.apply = APPLY_SESSION,
		.flags = ROW_REQUIRED },
	{ .key = "Address",
		.type = &config_type_address,
		.offset = DEVICE(address),
		.standard = "",
		.max = DEVICE_ADDRESS_MAX,
		.example = "bed3-oximeter-7741",
		.help = "Who the device is. BLE: its (identity) address, C0:FF:EE:00:00:01. "
			"Zigbee: its EUI-64, 00:12:4b:00:01:02:03:04 or 0x00124b0001020304. CoAP: "
			"its PSK identity or the common name of its certificate.",
		.apply = APPLY_SESSION,
		.flags = ROW_REQUIRED },
	{ .key = "Use",
		.type = &config_type_choice,
		.offset = DEVICE(use),
		.standard = "fixed",
		.words = use_words,
		.example = "fixed",
		.help = "A fixed device stays at Bed=; a worn one follows its patient; a shared "
			"one belongs to nobody but within an assignment." },
	{ .key = "Bed",
		.type = &config_type_place,
		.offset = DEVICE(bed),
		.standard = "",
		.example = "3",
		.help = "The bed at which a fixed device stands. Without one its topics have - in "
			"the bed's place." },
	{ .key = "ExpectEvery",
		.type = &config_type_duration,
		.offset = DEVICE(expect_every_us),
		.standard = "",
		.standard_about = "the profile's",
		.min = SECOND / 10,
		.max = 30 * DAY,
		.example = "5s",
		.help = "How often the device is expected to speak. Three times this in silence "
			"is the technical condition device-silent." },
	{ .key = "Bonding",
		.type = &config_type_choice,
		.offset = DEVICE(bonding),
		.standard = "auto",
		.words = bonding_words,
		.example = "auto",
		.help = "Whether the link is to be bonded.",
		.transports = ONLY(BLE) },
	{ .key = "BindKey",
		.type = &config_type_secret,
		.offset = DEVICE(bind_key),
		.standard = "",
		.example = "credential:bed3.bindkey",
		.help = "The key of encrypted advertisements.",
		.flags = ROW_PRIVATE_FILE,
		.transports = ONLY(BLE) },
	{ .key = "DeleteStored",
		.type = &config_type_switch,
		.offset = DEVICE(delete_stored),
		.standard = "no",
		.help = "Whether records in the device's memory are deleted there once they are "
			"safe here.",
		.transports = ONLY(BLE) },
	{ .key = "InstallCode",
		.type = &config_type_secret,
		.offset = DEVICE(install_code),
		.standard = "",
		.example = "credential:bed3.installcode",
		.help = "The install code printed on the device.",
		.flags = ROW_PRIVATE_FILE,
		.transports = ONLY(ZIGBEE) },
	{ .key = "Units",
		.type = &config_type_units,
		.offset = DEVICE(units),
		.standard = "",
		.example = "body-temperature:Cel",
		.help = "The units of SenML records that name none, each as METRIC:UNIT. Such "
			"readings are flagged \"unit-assumed\".",
		.transports = ONLY(COAP) },
	{ .key = "Accept",
		.type = &config_type_flags,
		.offset = DEVICE(accept),
		.standard = "",
		.words = accept_words,
		.example = "percent",
		.help = "Departures from RFC 8428 that the device is known to make: \"%\" counts "
			"0 to 100 (percent), \"mmHg\" is a unit (mmHg), a base value alone is a "
			"value (bare-base-value), CBOR labels are text (text-labels).",
		.transports = ONLY(COAP) },
};
