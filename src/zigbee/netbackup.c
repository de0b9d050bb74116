/*
 * The open coordinator backup, out and in: see netbackup.h.
 *
 * The format's numbers are hex digits, most significant byte first. zigbee2mqtt
 * with a radio of this maker's writes EUI-64s and the extended PAN the other way
 * round, a PAN without leading zeros, and null for addresses that it did not
 * ask for.
 */
#include "zigbee/netbackup.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/hex.h"
#include "util/text.h"
#include "zigbee/message.h"

#define FORMAT "zigpy/open-coordinator-backup"
#define DEPTH_MAX 8
#define DEVICE_TEXT 200  /* at most, of one device */
#define SECURITY_LEVEL 5 /* the only one that Zigbee PRO uses */

/* ---- out ---- */

static void write_number(struct text *t, const char *name, uint64_t v, unsigned n)
{
	text_printf(t, "  \"%s\": \"%0*llx\",\n", name, (int)(2 * n), (unsigned long long)v);
}

static const struct netstate_link *link_of(const struct netstate *s, uint64_t eui64)
{
	for (unsigned i = 0; i < s->link_count; i++)
		if (s->links[i].eui64 == eui64)
			return &s->links[i];
	return NULL;
}

static void write_device(struct text *t, bool first, uint64_t eui64, uint16_t node,
	const struct netstate_link *link, uint32_t counter)
{
	text_str(t, first ? "\n    {\"nwk_address\": " : ",\n    {\"nwk_address\": ");
	if (node == ZIGBEE_NODE_NONE)
		text_str(t, "null");
	else
		text_printf(t, "\"%04x\"", node);
	text_printf(t, ", \"ieee_address\": \"%016llx\"", (unsigned long long)eui64);
	if (link) {
		text_str(t, ", \"link_key\": {\"key\": \"");
		hex_write(t, link->key, sizeof(link->key));
		text_printf(
			t, "\", \"rx_counter\": 0, \"tx_counter\": %lu}", (unsigned long)counter);
	}
	text_char(t, '}');
}

static bool is_listed(const struct netbackup_device *devices, size_t count, uint64_t eui64)
{
	for (size_t i = 0; i < count; i++)
		if (devices[i].eui64 == eui64)
			return true;
	return false;
}

static void write_devices(struct text *t, const struct netstate *s,
	const struct netbackup_device *devices, size_t count)
{
	bool first = true;

	text_str(t, "  \"devices\": [");
	for (size_t i = 0; i < count; i++, first = false)
		write_device(t, first, devices[i].eui64, devices[i].node,
			link_of(s, devices[i].eui64), s->link_counter);
	/* keys of devices that have not been heard of since */
	for (unsigned i = 0; i < s->link_count; i++)
		if (!is_listed(devices, count, s->links[i].eui64)) {
			write_device(t, first, s->links[i].eui64, ZIGBEE_NODE_NONE, &s->links[i],
				s->link_counter);
			first = false;
		}
	text_str(t, "\n  ]\n}\n");
}

int netbackup_write(const struct netstate *s, const struct netbackup_device *devices, size_t count,
	const char *date, char **ret, size_t *ret_length)
{
	size_t size = 2048 + DEVICE_TEXT * (count + s->link_count);
	struct text t;
	char *buffer;
	ssize_t n;

	if (!netstate_valid(s) || s->eui64 == 0 || count > NETBACKUP_DEVICES_MAX)
		return -EINVAL;
	buffer = malloc(size);
	if (!buffer)
		return -ENOMEM;
	t = text_init(buffer, size);
	text_str(&t, "{\n  \"metadata\": {\n    \"format\": \"" FORMAT "\",\n    \"version\": 1,\n"
		     "    \"source\": \"wardgate@" WG_VERSION "\",\n    \"internal\": {");
	if (date) {
		text_str(&t, "\"creation_time\": ");
		text_json_string(&t, date, strlen(date));
	}
	text_str(&t, "}\n  },\n  \"stack_specific\": {\"ezsp\": {\"hashed_tclk\": \"");
	hex_write(&t, s->link_key, sizeof(s->link_key));
	text_str(&t, "\"}},\n");
	write_number(&t, "coordinator_ieee", s->eui64, 8);
	write_number(&t, "pan_id", s->pan, 2);
	write_number(&t, "extended_pan_id", s->extended_pan, 8);
	text_printf(&t,
		"  \"nwk_update_id\": %u,\n  \"security_level\": %u,\n  \"channel\": %u,\n"
		"  \"channel_mask\": [%u],\n  \"network_key\": {\"key\": \"",
		s->update_id, SECURITY_LEVEL, s->channel, s->channel);
	hex_write(&t, s->network_key, sizeof(s->network_key));
	text_printf(&t, "\", \"sequence_number\": %u, \"frame_counter\": %lu},\n", s->key_sequence,
		(unsigned long)s->counter);
	write_devices(&t, s, devices, count);
	n = text_done(&t);
	if (n < 0) {
		netstate_text_free(buffer, size);
		return (int)n;
	}
	*ret = buffer;
	*ret_length = (size_t)n;
	return 0;
}

/* ---- in ---- */

struct reader {
	char *words;
	bool lsb_first; /* EUI-64s and the extended PAN */
};

static int refuse(const struct reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(const struct reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r->words, NETBACKUP_WORDS_SIZE, format, args);
	va_end(args);
	return -EBADMSG;
}

/* cJSON reads without a bound on its own stack's behalf; and a brace in a text counts, which does
 * no harm as no value has one. */
static bool too_deep(const char *text, size_t length)
{
	unsigned depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '{' || text[i] == '[') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

/* Texts may be keys. */
static void wipe(cJSON *item)
{
	for (; item; item = item->next) {
		if (item->valuestring)
			explicit_bzero(item->valuestring, strlen(item->valuestring));
		wipe(item->child);
	}
}

static void forget(cJSON **json)
{
	wipe(*json);
	cJSON_Delete(*json);
}

static const cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
	const char *s = cJSON_GetStringValue(get(object, name));

	return s ? s : "";
}

/* Hex digits of n bytes at most, with or without 0x and colons. */
static bool read_hex(const char *s, uint8_t *to, size_t n, bool fewer)
{
	char plain[2 * NETSTATE_KEY_SIZE + 1];
	size_t count = 0, zeros;
	bool good;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	for (; *s && count < 2 * n; s++)
		if (*s != ':')
			plain[count++] = *s;
	if (*s || count == 0 || (!fewer && count != 2 * n))
		return false;
	zeros = 2 * n - count;
	memmove(plain + zeros, plain, count);
	memset(plain, '0', zeros);
	good = hex_read(plain, to, n);
	explicit_bzero(plain, sizeof(plain));
	return good;
}

static int take_number(const struct reader *r, const cJSON *object, const char *name, size_t n,
	bool reversed, uint64_t *ret)
{
	uint8_t bytes[8];

	if (!read_hex(text_of(object, name), bytes, n, n == 2))
		return refuse(r, "\"%s\" has to be %zu hex digits", name, 2 * n);
	*ret = 0;
	for (size_t i = 0; i < n; i++)
		*ret = *ret << 8 | bytes[reversed ? n - 1 - i : i];
	return 0;
}

static int take_count(
	const struct reader *r, const cJSON *object, const char *name, double max, uint32_t *ret)
{
	const cJSON *item = get(object, name);
	double v = cJSON_IsNumber(item) ? item->valuedouble : -1;

	if (!(v >= 0 && v <= max) || v != (double)(uint32_t)v)
		return refuse(r, "\"%s\" has to be a whole number up to %.0f", name, max);
	*ret = (uint32_t)v;
	return 0;
}

static int take_key(const struct reader *r, const cJSON *object, const char *what, uint8_t *to)
{
	if (!read_hex(text_of(object, "key"), to, NETSTATE_KEY_SIZE, false))
		return refuse(r, "the key of %s has to be 32 hex digits", what);
	return 0;
}

static int take_format(struct reader *r, const cJSON *json, struct netbackup *b)
{
	const cJSON *meta = get(json, "metadata"), *version = get(meta, "version");
	const char *format = text_of(meta, "format"), *source = text_of(meta, "source");

	if (strcmp(format, FORMAT) != 0) {
		if (get(json, "data") || get(json, "adapterType"))
			return refuse(r, "it is an old backup of zigbee2mqtt's: run a newer one of "
					 "its versions once with that radio, which writes another");
		return refuse(r, "it is not of the format " FORMAT);
	}
	/* 1, and "0.0.1" before that was settled */
	if (!(cJSON_IsNumber(version) && version->valuedouble == 1) &&
		strcmp(text_of(meta, "version"), "0.0.1") != 0)
		return refuse(r, "it is of another version of the format than 1");
	(void)snprintf(b->source, sizeof(b->source), "%s", source);
	if (!text_utf8_valid(b->source, strlen(b->source)))
		b->source[0] = 0;
	r->lsb_first = strncmp(source, "zigbee-herdsman@", 16) == 0 &&
		       get(get(json, "stack_specific"), "ezsp");
	return 0;
}

static int take_network(const struct reader *r, const cJSON *json, struct netstate *s)
{
	const cJSON *key = get(json, "network_key");
	uint32_t channel = 0, update = 0, sequence = 0, level = SECURITY_LEVEL;
	uint64_t pan = 0;
	int q;

	q = take_number(r, json, "coordinator_ieee", 8, r->lsb_first, &s->eui64);
	if (q == 0)
		q = take_number(r, json, "pan_id", 2, false, &pan);
	if (q == 0)
		q = take_number(r, json, "extended_pan_id", 8, r->lsb_first, &s->extended_pan);
	if (q == 0)
		q = take_count(r, json, "channel", 26, &channel);
	if (q == 0 && cJSON_IsNumber(get(json, "nwk_update_id")))
		q = take_count(r, json, "nwk_update_id", UINT8_MAX, &update);
	if (q == 0 && cJSON_IsNumber(get(json, "security_level")))
		q = take_count(r, json, "security_level", 7, &level);
	if (q == 0 && !cJSON_IsObject(key))
		q = refuse(r, "\"network_key\" is missing");
	if (q == 0)
		q = take_key(r, key, "the network", s->network_key);
	if (q == 0)
		q = take_count(r, key, "sequence_number", UINT8_MAX, &sequence);
	if (q == 0)
		q = take_count(r, key, "frame_counter", UINT32_MAX, &s->counter);
	if (q != 0)
		return q;
	if (channel < 11)
		return refuse(r, "\"channel\" has to be from 11 to 26");
	if (level != SECURITY_LEVEL)
		return refuse(r, "its security level is %u, and all networks here have 5", level);
	s->pan = (uint16_t)pan;
	s->channel = (uint8_t)channel;
	s->update_id = (uint8_t)update;
	s->key_sequence = (uint8_t)sequence;
	s->formed = true;
	return 0;
}

static int take_link(const struct reader *r, struct netbackup *b, const cJSON *link,
	const char *name, uint64_t eui64)
{
	struct netstate *s = &b->net;
	struct netstate_link *to = &s->links[s->link_count];
	uint32_t counter = 0;

	if (s->link_count == NETSTATE_LINKS_MAX) {
		b->links_left_out++;
		return 0;
	}
	for (unsigned i = 0; i < s->link_count; i++)
		if (s->links[i].eui64 == eui64)
			return refuse(r, "device %s is there twice", name);
	if (take_key(r, link, name, to->key) != 0)
		return -EBADMSG;
	if (get(link, "tx_counter") && take_count(r, link, "tx_counter", UINT32_MAX, &counter) != 0)
		return -EBADMSG;
	if (counter > s->link_counter)
		s->link_counter = counter;
	to->eui64 = eui64;
	s->link_count++;
	return 0;
}

static int take_device(const struct reader *r, struct netbackup *b, const cJSON *device)
{
	const cJSON *link = get(device, "link_key"), *node = get(device, "nwk_address");
	struct netbackup_device *to = &b->devices[b->device_count];
	uint64_t nwk = ZIGBEE_NODE_NONE, eui64 = 0;
	char name[24];
	int q;

	if (!cJSON_IsObject(device))
		return refuse(r, "\"devices\" has something in it that is no object");
	q = take_number(r, device, "ieee_address", 8, r->lsb_first, &eui64);
	if (q == 0 && node && !cJSON_IsNull(node))
		q = take_number(r, device, "nwk_address", 2, false, &nwk);
	if (q != 0)
		return q;
	*to = (struct netbackup_device){ eui64, (uint16_t)nwk };
	if (!is_listed(b->devices, b->device_count, eui64))
		b->device_count++;
	if (!cJSON_IsObject(link))
		return 0;
	(void)snprintf(name, sizeof(name), "%016llx", (unsigned long long)eui64);
	return take_link(r, b, link, name, eui64);
}

static int take_devices(const struct reader *r, const cJSON *json, struct netbackup *b)
{
	const cJSON *list = get(json, "devices"), *device;
	int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;

	if (count < 0)
		return refuse(r, "\"devices\" has to be a list");
	if (count > NETBACKUP_DEVICES_MAX)
		return refuse(r, "it has %d devices; %d is the most", count, NETBACKUP_DEVICES_MAX);
	b->devices = calloc((size_t)count + 1, sizeof(*b->devices));
	if (!b->devices)
		return -ENOMEM;
	cJSON_ArrayForEach(device, list)
	{
		int q = take_device(r, b, device);

		if (q != 0)
			return q;
	}
	return 0;
}

/* The trust centre's key: each device's is made of it. Another maker's stack makes them otherwise,
 * so that only those are of use that stand beside the devices. */
static int take_link_key(const struct reader *r, const cJSON *json, struct netbackup *b,
	int (*random)(uint8_t *to, size_t size))
{
	const char *hashed = text_of(get(get(json, "stack_specific"), "ezsp"), "hashed_tclk");

	b->link_key_known = *hashed != 0;
	if (!b->link_key_known)
		return random(b->net.link_key, NETSTATE_KEY_SIZE);
	if (!read_hex(hashed, b->net.link_key, NETSTATE_KEY_SIZE, false))
		return refuse(r, "\"hashed_tclk\" has to be 32 hex digits");
	return 0;
}

static void sum_up(struct netbackup *b)
{
	if (b->links_left_out > 0)
		(void)snprintf(b->words, sizeof(b->words),
			"%u devices have keys of their own; only %d of these can be taken over, "
			"the "
			"others have to join anew",
			b->links_left_out + NETSTATE_LINKS_MAX, NETSTATE_LINKS_MAX);
	else if (!b->link_key_known)
		(void)snprintf(b->words, sizeof(b->words),
			"it has no trust centre's key for this kind of radio: devices without a "
			"key "
			"of their own in it that lose the network have to join anew");
}

static int read_object(const struct reader *reader, const cJSON *json, struct netbackup *b,
	int (*random)(uint8_t *to, size_t size))
{
	struct reader r = *reader;
	int q = take_format(&r, json, b);

	if (q == 0)
		q = take_network(&r, json, &b->net);
	if (q == 0)
		q = take_devices(&r, json, b);
	if (q == 0)
		q = take_link_key(&r, json, b, random);
	if (q == 0 && (!netstate_valid(&b->net) || b->net.eui64 == 0))
		q = refuse(&r, "its keys or addresses are blank, and of no network");
	return q;
}

int netbackup_read(const char *text, size_t length, int (*random)(uint8_t *to, size_t size),
	struct netbackup *ret, char words[static NETBACKUP_WORDS_SIZE])
{
	const struct reader r = { .words = words };
	const char *end = NULL;
	_cleanup_(forget) cJSON *json = NULL;
	int q;

	*ret = (struct netbackup){ 0 };
	words[0] = 0;
	if (length > NETBACKUP_TEXT_MAX)
		return refuse(&r, "it is longer than %d bytes", NETBACKUP_TEXT_MAX);
	if (length == 0)
		return refuse(&r, "it is empty");
	if (memchr(text, 0, length) || too_deep(text, length))
		return refuse(&r, "it is not a backup");
	json = cJSON_ParseWithLengthOpts(text, length, &end, 0);
	if (!json)
		return refuse(&r, "it is not JSON: fault near byte %td", end ? end - text : 0);
	for (; end < text + length; end++)
		if (!strchr(" \t\r\n", *end))
			return refuse(&r, "something follows its JSON object");
	q = cJSON_IsObject(json) ? read_object(&r, json, ret, random)
				 : refuse(&r, "it is not a JSON object");
	if (q != 0) {
		netbackup_wipe(ret);
		return q;
	}
	sum_up(ret);
	return 0;
}

void netbackup_wipe(struct netbackup *b)
{
	free(b->devices);
	explicit_bzero(b, sizeof(*b));
}
