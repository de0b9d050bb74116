/*
 * The rows of the sections that exist once, and the table of all sections.
 * [Device] is in config/schema_instances.c, [Rule] in
 * config/schema_rules.c.
 */
#include "config/schema.h"

#include <string.h>

#include "config/schema_rows.h"
#include "config/schema_rules.h"

static const struct config_word mode_words[] = {
	{ "production", MODE_PRODUCTION },
	{ "training", MODE_TRAINING },
	{ NULL, 0 },
};

static const struct config_row gateway_rows[] = {
	{ .key = "Name",
		.type = &config_type_name,
		.offset = offsetof(struct config, gateway.name),
		.standard = "",
		.standard_about = "the host name",
		.example = "ward7-gw1",
		.help = "The name of this gateway. It is part of every id and of topics, so a "
			"changed name begins a new series of ids.",
		.apply = APPLY_RESTART },
	{ .key = "Site",
		.type = &config_type_place,
		.offset = offsetof(struct config, gateway.site),
		.standard = "",
		.example = "st-elsewhere",
		.help = "The hospital or site, for {site} in TopicPrefix=, which cannot do "
			"without it.",
		.apply = APPLY_SESSION },
	{ .key = "Ward",
		.type = &config_type_place,
		.offset = offsetof(struct config, gateway.ward),
		.standard = "",
		.example = "7",
		.help = "The ward, for {ward} in TopicPrefix=, which cannot do without it.",
		.apply = APPLY_SESSION },
	{ .key = "TimeZone",
		.type = &config_type_zone,
		.offset = offsetof(struct config, gateway.time_zone),
		.standard = "",
		.standard_about = "the zone of the system",
		.example = "Europe/London",
		.help = "The zone of device clocks that say none. The gateway itself speaks UTC "
			"only." },
	{ .key = "Mode",
		.type = &config_type_choice,
		.offset = offsetof(struct config, gateway.mode),
		.standard = "production",
		.words = mode_words,
		.example = "production",
		.help = "With training, every reading is flagged \"demo\" and published under "
			"TopicPrefix= with \"-training\" appended.",
		.apply = APPLY_SESSION },
	{ .key = "StateDirectory",
		.type = &config_type_path,
		.offset = offsetof(struct config, gateway.state_directory),
		.standard = "",
		.standard_about = "$STATE_DIRECTORY, else /var/lib/wardgate",
		.example = "/var/lib/wardgate",
		.help = "The directory of what outlives the daemon. Two daemons never share one.",
		.apply = APPLY_RESTART },
};

static const struct config_word protocol_words[] = { { "5", 5 }, { "3.1.1", 4 }, { NULL, 0 } };
static const struct config_word no_subscriber_words[] = {
	{ "accept", 0 },
	{ "keep", 1 },
	{ NULL, 0 },
};
/* The verbs that the MQTT interface knows; the value is of no use here. */
static const struct config_word command_words[] = {
	{ "acknowledge", 0 },
	{ "pause", 1 },
	{ "reset", 2 },
	{ "set-limit", 3 },
	{ "set-spo2-scale", 4 },
	{ "associate", 5 },
	{ "dissociate", 6 },
	{ "transfer", 7 },
	{ "assign", 8 },
	{ "release", 9 },
	{ "observe", 10 },
	{ "permit-join", 11 },
	{ "forget", 12 },
	{ "test-alarm", 13 },
	{ "discover", 14 },
	{ "pair", 15 },
	{ "unpair", 16 },
	{ "identify", 17 },
	{ "interview", 18 },
	{ NULL, 0 },
};

static const struct config_row mqtt_rows[] = {
	{ .key = "Broker",
		.type = &config_type_brokers,
		.offset = offsetof(struct config, mqtt.brokers),
		.standard = "",
		.example = "mqtts://broker.hospital.example:8883",
		.help = "The hospital's brokers, tried in this order; the gateway goes back to "
			"the first when it is there again. At least one is needed. Ports default "
			"to 8883 (mqtts) and 1883 (mqtt).",
		.apply = APPLY_SESSION,
		.flags = ROW_REQUIRED },
	{ .key = "AllowPlaintext",
		.type = &config_type_switch,
		.offset = offsetof(struct config, mqtt.allow_plaintext),
		.standard = "no",
		.help = "Whether mqtt:// brokers, and PlaintextListen= of [CoAP] beyond this "
			"machine, are allowed: everybody on the network can then read and forge "
			"vital signs." },
	{ .key = "CAFile",
		.type = &config_type_file,
		.offset = offsetof(struct config, mqtt.ca_file),
		.standard = "/etc/ssl/certs/ca-certificates.crt",
		.example = "/etc/wardgate/ca.pem",
		.help = "The certificate authorities, in PEM form, that may vouch for a broker. "
			"The hospital's own CA alone is better and takes less memory than the "
			"system's bundle.",
		.apply = APPLY_SESSION },
	{ .key = "CertificateFile",
		.type = &config_type_file,
		.offset = offsetof(struct config, mqtt.certificate_file),
		.standard = "",
		.example = "/etc/wardgate/gateway.pem",
		.help = "The gateway's own certificate, in PEM form, followed by intermediate "
			"ones. It is read again at SIGHUP and before each connection; a pair that "
			"does not match its key keeps the old one.",
		.apply = APPLY_SESSION },
	{ .key = "PrivateKeyFile",
		.type = &config_type_secret,
		.offset = offsetof(struct config, mqtt.private_key_file),
		.standard = "",
		.example = "credential:gateway.key",
		.help = "The key of CertificateFile=, in PEM form, without a passphrase.",
		.apply = APPLY_SESSION,
		.flags = ROW_PRIVATE_FILE },
	{ .key = "Username",
		.type = &config_type_text,
		.offset = offsetof(struct config, mqtt.username),
		.standard = "",
		.max = 128,
		.example = "ward7-gw1",
		.help = "The user name given to the broker.",
		.apply = APPLY_SESSION },
	{ .key = "PasswordFile",
		.type = &config_type_secret,
		.offset = offsetof(struct config, mqtt.password_file),
		.standard = "",
		.example = "credential:mqtt.password",
		.help = "The file with the password that goes with Username=; a line end at its "
			"end does not count.",
		.apply = APPLY_SESSION,
		.flags = ROW_PRIVATE_FILE },
	{ .key = "ClientId",
		.type = &config_type_text,
		.offset = offsetof(struct config, mqtt.client_id),
		.standard = "",
		.standard_about = "wardgate-<Name>",
		.max = 128,
		.example = "wardgate-ward7-gw1",
		.help = "The MQTT client id. No two clients of a broker may have the same.",
		.apply = APPLY_SESSION },
	{ .key = "Protocol",
		.type = &config_type_choice,
		.offset = offsetof(struct config, mqtt.protocol),
		.standard = "5",
		.words = protocol_words,
		.example = "5",
		.help = "The version of MQTT. 3.1.1 is for brokers that have nothing newer: they "
			"cannot say why they refuse a message.",
		.apply = APPLY_SESSION },
	{ .key = "TopicPrefix",
		.type = &config_type_prefix,
		.offset = offsetof(struct config, mqtt.topic_template),
		.standard = "wardgate/{site}/{ward}",
		.example = "wardgate/{site}/{ward}",
		.help = "What all topics begin with.",
		.apply = APPLY_SESSION },
	{ .key = "Payloads",
		.type = &config_type_payloads,
		.offset = offsetof(struct config, mqtt.payloads),
		.standard = "json",
		.example = "json",
		.help = "The formats in which readings are published. The first uses the plain "
			"topics, each further one those below PREFIX/<payload>/.",
		.apply = APPLY_SESSION },
	{ .key = "Commands",
		.type = &config_type_words,
		.offset = offsetof(struct config, mqtt.commands),
		.standard = "",
		.words = command_words,
		.example = "acknowledge pause observe",
		.help = "The commands that are obeyed from afar. None are unless they are "
			"listed." },
	{ .key = "NoSubscriber",
		.type = &config_type_switch,
		.offset = offsetof(struct config, mqtt.no_subscriber_keep),
		.standard = "accept",
		.words = no_subscriber_words,
		.example = "accept",
		.help = "What a reading is that the broker took although nobody had subscribed to "
			"it: delivered (accept), or to be sent again until somebody has (keep)." },
	{ .key = "Window",
		.type = &config_type_number,
		.offset = offsetof(struct config, mqtt.window),
		.standard = "100",
		.min = 2,
		.max = 20000,
		.unit = "messages",
		.example = "100",
		.help = "How many messages may be on their way to the broker unconfirmed, of "
			"which one is kept for alarms. The broker's Receive Maximum lowers it." },
	{ .key = "KeepAlive",
		.type = &config_type_duration,
		.offset = offsetof(struct config, mqtt.keep_alive_us),
		.standard = "10s",
		.min = 5 * SECOND,
		.max = 65535 * SECOND,
		.example = "10s",
		.help = "The MQTT keep-alive, in whole seconds: the broker publishes the last "
			"will one and a half times this after it last heard the gateway.",
		.apply = APPLY_SESSION },
	{ .key = "ConnectTimeout",
		.type = &config_type_duration,
		.offset = offsetof(struct config, mqtt.connect_timeout_us),
		.standard = "10s",
		.min = SECOND / 10,
		.max = 300 * SECOND,
		.example = "10s",
		.help = "How long name resolution, connection, TLS and MQTT may take together "
			"before the next broker is tried." },
	{ .key = "AckTimeout",
		.type = &config_type_duration,
		.offset = offsetof(struct config, mqtt.ack_timeout_us),
		.standard = "10s",
		.min = SECOND / 10,
		.max = 600 * SECOND,
		.example = "10s",
		.help = "How long the broker may leave a message unconfirmed before the "
			"connection counts as dead." },
};

static const struct config_row store_rows[] = {
	{ .key = "CommitInterval",
		.type = &config_type_duration,
		.offset = offsetof(struct config, store.commit_interval_us),
		.standard = "250ms",
		.min = SECOND / 100,
		.max = 10 * SECOND,
		.example = "250ms",
		.help = "The longest that a reading waits unconfirmed before it is written to "
			"disk. A reading that the broker confirms within half of it never is." },
	{ .key = "MaxSize",
		.type = &config_type_size,
		.offset = offsetof(struct config, store.max_size),
		.standard = "1G",
		.min = INT64_C(1) << 20,
		.max = INT64_C(1) << 44,
		.example = "1G",
		.help = "The largest that the database may grow, its log included. At the limit "
			"the oldest readings give way to the newest and leave gap records; records "
			"and alarm events go last. 1G holds 9 million readings or more." },
	{ .key = "KeepFree",
		.type = &config_type_size,
		.offset = offsetof(struct config, store.keep_free),
		.standard = "512M",
		.min = 0,
		.max = INT64_C(1) << 44,
		.example = "512M",
		.help = "How much of the file system is left free, whatever MaxSize= allows: below "
			"it the database does not grow any more, and the oldest readings give way "
			"as at MaxSize=. Up to 16M it grows all the same." },
	{ .key = "MaxAge",
		.type = &config_type_duration,
		.offset = offsetof(struct config, store.max_age_us),
		.standard = "30d",
		.min = 60 * SECOND,
		.max = 3650 * DAY,
		.example = "30d",
		.help = "How long an undelivered reading is kept, in time that the machine ran: "
			"neither a step of the clock nor the time that it was switched off "
			"counts." },
};

static const struct config_row control_rows[] = {
	{ .key = "Bus",
		.type = &config_type_bus,
		.offset = offsetof(struct config, control.bus),
		.standard = "system",
		.example = "system",
		.help = "The D-Bus on which the daemon offers org.wardgate.Gateway1, and "
			"wardgatectl finds it. While the bus is missing the gateway goes on "
			"without it.",
		.apply = APPLY_RESTART },
};

static const struct config_word auto_words[] = { { "auto", 0 }, { NULL, 0 } };

static const struct config_row ble_rows[] = {
	{ .key = "Enabled",
		.type = &config_type_switch,
		.offset = offsetof(struct config, ble.enabled),
		.standard = "no",
		.help = "Whether Bluetooth LE devices are listened to." },
	{ .key = "Adapter",
		.type = &config_type_adapters,
		.offset = offsetof(struct config, ble.adapters),
		.standard = "auto",
		.example = "hci0",
		.help = "The Bluetooth adapters to use. With auto it is the first that is there; "
			"hciN may be another one after a restart, so where there are several, give "
			"addresses.",
		.apply = APPLY_SESSION },
	{ .key = "MaxConnections",
		.type = &config_type_number,
		.offset = offsetof(struct config, ble.max_connections),
		.standard = "auto",
		.min = 1,
		.max = 64,
		.words = auto_words,
		.unit = "links",
		.example = "7",
		.help = "How many links each adapter is given at most. With auto it is found out; "
			"less leaves room for others on the same radio." },
};

static const struct config_word baud_words[] = {
	{ "9600", 9600 },
	{ "19200", 19200 },
	{ "38400", 38400 },
	{ "57600", 57600 },
	{ "115200", 115200 },
	{ "230400", 230400 },
	{ "460800", 460800 },
	{ "921600", 921600 },
	{ NULL, 0 },
};
static const struct config_word flow_words[] = {
	{ "hardware", FLOW_HARDWARE },
	{ "software", FLOW_SOFTWARE },
	{ "none", FLOW_NONE },
	{ NULL, 0 },
};

static const struct config_row zigbee_rows[] = {
	{ .key = "Enabled",
		.type = &config_type_switch,
		.offset = offsetof(struct config, zigbee.enabled),
		.standard = "no",
		.help = "Whether Zigbee devices are listened to." },
	{ .key = "Port",
		.type = &config_type_path,
		.offset = offsetof(struct config, zigbee.port),
		.standard = "",
		.example = "/dev/serial/by-id/usb-Silicon_Labs_...-if00-port0",
		.help = "The serial port of the EZSP radio, by a name that stays the same when it "
			"is plugged in anew: one in /dev/serial/by-id. A pty is taken as well.",
		.apply = APPLY_SESSION },
	{ .key = "BaudRate",
		.type = &config_type_choice,
		.offset = offsetof(struct config, zigbee.baud_rate),
		.standard = "115200",
		.words = baud_words,
		.example = "115200",
		.help = "The speed of the port, in bits per second, as the radio's firmware was "
			"built.",
		.apply = APPLY_SESSION },
	{ .key = "FlowControl",
		.type = &config_type_choice,
		.offset = offsetof(struct config, zigbee.flow_control),
		.standard = "hardware",
		.words = flow_words,
		.example = "hardware",
		.help = "The flow control of the port, as the radio's firmware was built.",
		.apply = APPLY_SESSION },
	{ .key = "Channel",
		.type = &config_type_number,
		.offset = offsetof(struct config, zigbee.channel),
		.standard = "auto",
		.min = 11,
		.max = 26,
		.words = auto_words,
		.example = "auto",
		.help = "The radio channel. With auto, the quietest is chosen when the network is "
			"formed.",
		.apply = APPLY_SESSION },
	{ .key = "NetworkKey",
		.type = &config_type_secret,
		.offset = offsetof(struct config, zigbee.network_key),
		.standard = "auto",
		.words = auto_words,
		.example = "credential:zigbee.key",
		.help = "The network key. With auto, one is made once and kept in the state "
			"directory.",
		.apply = APPLY_SESSION,
		.flags = ROW_PRIVATE_FILE },
	{ .key = "AllowWellKnownKey",
		.type = &config_type_switch,
		.offset = offsetof(struct config, zigbee.allow_well_known_key),
		.standard = "no",
		.help = "Whether devices without an install code may be let in. They join with a "
			"key that all the world knows, so that whoever listens just then has the "
			"network's key. It still takes wardgatectl permit-join --anyone.",
		.apply = APPLY_SESSION },
};

static const struct config_row coap_rows[] = {
	{ .key = "Enabled",
		.type = &config_type_switch,
		.offset = offsetof(struct config, coap.enabled),
		.standard = "no",
		.help = "Whether CoAP devices are served." },
	{ .key = "Listen",
		.type = &config_type_listen,
		.offset = offsetof(struct config, coap.listen),
		.standard = "[::]:5684",
		.example = "[::]:5684",
		.help = "Where CoAP over DTLS is served. [::] takes IPv4 as well.",
		.apply = APPLY_SESSION },
	{ .key = "PlaintextListen",
		.type = &config_type_listen,
		.offset = offsetof(struct config, coap.plaintext_listen),
		.standard = "",
		.example = "127.0.0.1:5683",
		.help = "Where CoAP without DTLS is served, for tests only: nothing tells who is "
			"speaking. Refused beyond this machine unless AllowPlaintext=yes in "
			"[MQTT].",
		.apply = APPLY_SESSION },
	{ .key = "PSKFile",
		.type = &config_type_secret,
		.offset = offsetof(struct config, coap.psk_file),
		.standard = "/etc/wardgate/coap.psk",
		.example = "/etc/wardgate/coap.psk",
		.help = "The pre-shared keys: lines of IDENTITY:HEXKEY, keys of 16 to 64 bytes, "
			"comments with # on lines of their own. No other than root and the "
			"service's group may be able to read it. It is read again at SIGHUP. "
			"Keys of devices adopted through the daemon stand in coap.psk of the state "
			"directory; a key in here counts before one in there. PSKFile= with "
			"nothing after it means none.",
		.flags = ROW_EMPTY_IS_NONE },
	{ .key = "CertificateFile",
		.type = &config_type_file,
		.offset = offsetof(struct config, coap.certificate_file),
		.standard = "",
		.example = "/etc/wardgate/coap.pem",
		.help = "The gateway's certificate towards devices, in PEM form." },
	{ .key = "PrivateKeyFile",
		.type = &config_type_secret,
		.offset = offsetof(struct config, coap.private_key_file),
		.standard = "",
		.example = "credential:coap.key",
		.help = "The key of CertificateFile=, in PEM form, without a passphrase.",
		.flags = ROW_PRIVATE_FILE },
	{ .key = "CAFile",
		.type = &config_type_file,
		.offset = offsetof(struct config, coap.ca_file),
		.standard = "",
		.example = "/etc/wardgate/devices-ca.pem",
		.help = "The certificate authorities, in PEM form, that may vouch for a device." },
	{ .key = "MaxSessions",
		.type = &config_type_number,
		.offset = offsetof(struct config, coap.max_sessions),
		.standard = "1000",
		.min = 1,
		.max = 100000,
		.unit = "sessions",
		.example = "1000",
		.help = "How many DTLS sessions there may be, of all devices together." },
	{ .key = "MaxDeviceSessions",
		.type = &config_type_number,
		.offset = offsetof(struct config, coap.max_device_sessions),
		.standard = "4",
		.min = 1,
		.max = 100,
		.unit = "sessions",
		.example = "4",
		.help = "How many of them one device may hold; its oldest gives way to its "
			"newest." },
	{ .key = "Rate",
		.type = &config_type_number,
		.offset = offsetof(struct config, coap.rate),
		.standard = "50",
		.min = 1,
		.max = 10000,
		.unit = "requests per second",
		.example = "50",
		.help = "How many requests one device may make per second; more are answered "
			"4.29." },
	{ .key = "Burst",
		.type = &config_type_number,
		.offset = offsetof(struct config, coap.burst),
		.standard = "200",
		.min = 1,
		.max = 100000,
		.unit = "requests",
		.example = "200",
		.help = "How many requests a device that was quiet may make at once before Rate= "
			"counts." },
};

static const struct config_row alarms_rows[] = {
	{ .key = "Enabled",
		.type = &config_type_switch,
		.offset = offsetof(struct config, alarms.enabled),
		.standard = "yes",
		.help = "Whether technical conditions raise alarms. Rules on a patient's "
			"physiology run only if a [Rule] section configures them." },
};

#define ROWS(name) .rows = name, .count = ARRAY_SIZE(name)

/* GROUP_RULE is made at run time. */
static const struct config_group groups[GROUP_RULE] = {
	[GROUP_GATEWAY] = { GROUP_GATEWAY, "Gateway", ROWS(gateway_rows),
		.help = "Who and where this gateway is." },
	[GROUP_MQTT] = { GROUP_MQTT, "MQTT", ROWS(mqtt_rows),
		.help = "The way to the hospital's broker." },
	[GROUP_STORE] = { GROUP_STORE, "Store", ROWS(store_rows),
		.help = "The disk, for readings that no broker has confirmed." },
	[GROUP_CONTROL] = { GROUP_CONTROL, "Control", ROWS(control_rows),
		.help = "The operator's access." },
	[GROUP_BLE] = { GROUP_BLE, "BLE", ROWS(ble_rows), .help = "Bluetooth Low Energy devices." },
	[GROUP_ZIGBEE] = { GROUP_ZIGBEE, "Zigbee", ROWS(zigbee_rows), .help = "Zigbee devices." },
	[GROUP_COAP] = { GROUP_COAP, "CoAP", ROWS(coap_rows), .help = "CoAP devices over DTLS." },
	[GROUP_ALARMS] = { GROUP_ALARMS, "Alarms", ROWS(alarms_rows),
		.help = "Alarms in general." },
	[GROUP_ANNUNCIATOR] = { GROUP_ANNUNCIATOR, "Annunciator", .rows = config_annunciator_rows,
		.count = CONFIG_ANNUNCIATOR_ROWS,
		.help = "Lamps and a buzzer at the gateway itself. Lamps of one priority may be "
			"several, also the colours of one lamp: Medium=led:red led:green." },
	[GROUP_DEVICE] = { GROUP_DEVICE, "Device", .rows = config_device_rows,
		.count = CONFIG_DEVICE_ROWS, .instance_size = sizeof(struct config_device),
		.instances_max = 4096, .example = "bed3-oximeter",
		.help = "One section for each device; its name is the device's." },
	[GROUP_TAG] = { GROUP_TAG, "Tag", .rows = config_tag_rows, .count = CONFIG_TAG_ROWS,
		.instance_size = sizeof(struct config_tag), .instances_max = 64,
		.example = "wheelchair-7",
		.help = "A Bluetooth tag that is carried or stuck to something, or a group of "
			"them: whether it is near this gateway (presence), and how strong it is "
			"heard (signal-strength). It is known by one of Address=, AddressPrefix=, "
			"UUID= and Namespace=. A tag of a group is named after the section, with a "
			"hyphen and the rest of its identity: porters-1f02a7." },
};

const struct config_group *config_group(enum config_group_id id)
{
	return id == GROUP_RULE ? config_rule_group() : &groups[id];
}

const struct config_group *config_group_by_name(const char *name, size_t length)
{
	for (size_t i = 0; i < _GROUP_MAX; i++) {
		const struct config_group *g = config_group((enum config_group_id)i);

		if (strlen(g->name) == length && memcmp(g->name, name, length) == 0)
			return g;
	}
	return NULL;
}

const struct config_row *config_row_by_key(const struct config_group *g, const char *key)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->rows[i].key, key) == 0)
			return &g->rows[i];
	return NULL;
}
