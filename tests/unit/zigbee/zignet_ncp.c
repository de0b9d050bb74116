/*
 * The little radio: see zignet.h. All numbers are the reference's.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

size_t zignet_hex(const char *hex, uint8_t *to, size_t size)
{
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ') {
			assert_true(n < size);
			assert_int_equal(sscanf(hex++, "%2hhx", &to[n++]), 1);
		}
	return n;
}

void zignet_ncp_init(struct zignet_ncp *ncp, unsigned version)
{
	*ncp = (struct zignet_ncp){ .version = version, .eui64 = 0x00124b0009d80ba7, .role = 1 };
}

void zignet_ncp_boot(struct zignet_ncp *ncp)
{
	ncp->agreed = ncp->up = ncp->secured = ncp->keeps_counters = false;
	ncp->endpoints = ncp->permit = ncp->transient_keys = ncp->well_known_keys = 0;
	ncp->join_policy = 0xff;
	ncp->out_count = 0;
	ncp->counter += ncp->joined ? 1000 : 0;
}

void zignet_ncp_join(struct zignet_ncp *ncp)
{
	/* extended PAN 00124b0009d69f77, PAN 1a62, 8 dBm, channel 15, manager 0, update 0 */
	zignet_hex("77 9F D6 09 00 4B 12 00 62 1A 08 0F 00 00 00 00 00 F8 FF 07", ncp->parameters,
		sizeof(ncp->parameters));
	memset(ncp->network_key, 0x4b, 16);
	memset(ncp->link_key, 0x7c, 16);
	ncp->counter = 50000;
	ncp->joined = true;
}

/* ---- what it sends ---- */

static void queue(struct zignet_ncp *ncp, const uint8_t *frame, size_t n)
{
	unsigned at = (ncp->out_first + ncp->out_count) % ZIGNET_OUT_MAX;

	assert_true(ncp->out_count < ZIGNET_OUT_MAX);
	memcpy(ncp->out[at], frame, n);
	ncp->lengths[at] = n;
	ncp->out_count++;
}

static void send(struct zignet_ncp *ncp, uint8_t sequence, uint8_t control, uint16_t id,
	const uint8_t *bytes, size_t n)
{
	uint8_t frame[256] = { sequence, control | ncp->overflow, 1, (uint8_t)id,
		(uint8_t)(id >> 8) };

	ncp->overflow = false;
	if (n > 0)
		memcpy(frame + 5, bytes, n);
	queue(ncp, frame, 5 + n);
}

void zignet_ncp_callback(struct zignet_ncp *ncp, uint16_t id, const char *hex)
{
	uint8_t bytes[240];
	size_t n = zignet_hex(hex, bytes, sizeof(bytes));

	send(ncp, ncp->last_sequence, 0x90, id, bytes, n);
}

/* A status: one byte of the older words, four of the newer. */
static size_t status(const struct zignet_ncp *ncp, uint8_t *to, uint8_t old, uint32_t new)
{
	if (ncp->version < 14) {
		to[0] = old;
		return 1;
	}
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(new >> 8 * i);
	return 4;
}

static size_t u32(uint8_t *to, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * i);
	return 4;
}

static void stack_status(struct zignet_ncp *ncp, uint8_t old, uint32_t new)
{
	uint8_t bytes[4];

	if (!ncp->stuck)
		send(ncp, ncp->last_sequence, 0x90, 0x0019, bytes, status(ncp, bytes, old, new));
}

/* ---- what it is told ---- */

static void come_up(struct zignet_ncp *ncp)
{
	ncp->up = true;
	stack_status(ncp, 0x90, 0x15);
	for (unsigned i = 0; ncp->early && i < ncp->early_times; i++)
		zignet_ncp_callback(ncp, 0x0045, ncp->early);
}

static void keep_eui64(struct zignet_ncp *ncp, const uint8_t *p)
{
	ncp->eui64 = 0;
	for (unsigned i = 8; i-- > 0;)
		ncp->eui64 = ncp->eui64 << 8 | p[i];
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Other networks, on the channel of the mask: a beacon each. */
static void beacons(struct zignet_ncp *ncp, uint32_t mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(ncp->neighbours) && ncp->neighbours[i]; i++) {
		uint8_t bytes[] = { (uint8_t)__builtin_ctz(mask), (uint8_t)ncp->neighbours[i],
			(uint8_t)(ncp->neighbours[i] >> 8), 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 0, 200,
			0xc4 };

		send(ncp, ncp->last_sequence, 0x90, 0x001b, bytes, sizeof(bytes));
	}
}

/* Energy of each channel of the mask, or who is there; then the end. */
static void scan(struct zignet_ncp *ncp, uint8_t type, uint32_t mask)
{
	uint8_t bytes[8];

	if (type == 1) {
		beacons(ncp, mask);
		mask = 0;
	}

	for (uint8_t channel = 11; channel <= 26; channel++)
		if (mask & UINT32_C(1) << channel) {
			bytes[0] = channel;
			bytes[1] = (uint8_t)ncp->energy[channel];
			send(ncp, ncp->last_sequence, 0x90, 0x0048, bytes, 2);
		}
	bytes[0] = 0;
	send(ncp, ncp->last_sequence, 0x90, 0x001c, bytes, 1 + status(ncp, bytes + 1, 0, 0));
}

/* The fate of a message, with the tag that it had. */
static void tell_fate(struct zignet_ncp *ncp, const uint8_t *node, const uint8_t *aps,
	const uint8_t *tag, uint8_t type)
{
	uint8_t bytes[40];
	size_t n = 0;

	if (ncp->no_fate)
		return;
	if (ncp->version >= 14)
		n += status(ncp, bytes, 0, ncp->fails_delivery ? 0x0c02 : 0);
	bytes[n++] = type;
	bytes[n++] = node[0];
	bytes[n++] = node[1];
	memcpy(bytes + n, aps, 11);
	n += 11;
	bytes[n++] = tag[0];
	if (ncp->version >= 14)
		bytes[n++] = tag[1];
	else
		n += status(ncp, bytes + n, ncp->fails_delivery ? 0x66 : 0, 0);
	bytes[n++] = 0;
	send(ncp, ncp->last_sequence, 0x90, 0x003f, bytes, n);
}

/* Also what comes with a delay: after the answer. */
static void after(struct zignet_ncp *ncp, uint16_t id, const uint8_t *p)
{
	switch (id) {
	case 0x0017:
		if (ncp->joined)
			come_up(ncp);
		break;
	case 0x001e:
		memcpy(ncp->parameters, p, 20);
		ncp->joined = true;
		come_up(ncp);
		break;
	case 0x0020:
		ncp->joined = ncp->up = false;
		stack_status(ncp, 0x91, 0x16);
		break;
	case 0x001a:
		scan(ncp, p[0], le32(p + 1));
		break;
	case 0x0022:
		ncp->permit = p[0];
		stack_status(ncp, p[0] ? 0x9c : 0x9d, p[0] ? 0x0c18 : 0x0c19);
		break;
	case 0x0034:
		tell_fate(ncp, p + 1, p + 3, p + 14, 0);
		break;
	case 0x0036:
		if (ncp->version >= 14)
			tell_fate(ncp, p + 2, p + 5, p + 17, 4);
		else
			tell_fate(ncp, p, p + 2, p + 14, 4);
		break;
	default:
		break;
	}
}

static size_t key_struct(const struct zignet_ncp *ncp, uint8_t type, uint8_t *to)
{
	size_t n = status(ncp, to, 0, 0);

	to[n++] = 0x0b;
	to[n++] = 0;
	to[n++] = type;
	memcpy(to + n, type == 3 ? ncp->network_key : ncp->link_key, 16);
	n += 16;
	n += u32(to + n, ncp->counter);
	n += u32(to + n, 0);
	to[n++] = ncp->key_sequence;
	memset(to + n, 0xff, 8);
	return n + 8;
}

/* exportKey: the key and the status the one way round before 14, the other way since. */
static size_t export(const struct zignet_ncp *ncp, const uint8_t *context, uint8_t *to)
{
	const uint8_t *key = context[0] == 1 ? ncp->network_key : ncp->link_key;
	size_t n = 0;

	if (ncp->version < 14) {
		memcpy(to, key, 16);
		return 16 + u32(to + 16, 0);
	}
	n += u32(to, 0);
	memcpy(to + n, key, 16);
	memcpy(to + n + 16, context, 18);
	return n + 16 + 18;
}

static size_t key_info(const struct zignet_ncp *ncp, uint8_t *to)
{
	size_t n = u32(to, 0);

	to[n++] = 1;
	to[n++] = 0;
	to[n++] = ncp->key_sequence;
	to[n++] = 0;
	return n + u32(to + n, ncp->counter);
}

static void set_value(struct zignet_ncp *ncp, const uint8_t *p)
{
	if (p[0] == 0x23) {
		assert_int_equal(p[1], 4);
		ncp->counter = le32(p + 2);
	} else if (p[0] == 0x24) {
		ncp->link_counter = le32(p + 2);
	}
}

static void secure(struct zignet_ncp *ncp, const uint8_t *p)
{
	/* must both be given, and devices get them encrypted only */
	assert_int_equal((p[0] | p[1] << 8) & ~0x1000, 0x0b84);
	ncp->keeps_counters = (p[1] & 0x10) != 0;
	memcpy(ncp->link_key, p + 2, 16);
	memcpy(ncp->network_key, p + 18, 16);
	ncp->key_sequence = p[34];
	if (!ncp->keeps_counters)
		ncp->counter = 0;
	ncp->secured = true;
}

static bool well_known(const uint8_t *p)
{
	return memcmp(p, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) == 0 &&
	       memcmp(p + 8, "ZigBeeAlliance09", 16) == 0;
}

/* The answer behind the head; SIZE_MAX: none such in this version. */
static size_t answer(struct zignet_ncp *ncp, uint16_t id, const uint8_t *p, uint8_t *to)
{
	size_t n = status(ncp, to, 0, 0);

	switch (id) {
	case 0x0002:
		assert_false(ncp->up); /* endpoints come before the network */
		ncp->endpoints++;
		return n;
	case 0x0005: /* nop */
	case 0x0015: /* setManufacturerCode */
		return 0;
	case 0x006b:
		ncp->transient_keys = ncp->well_known_keys = 0;
		return 0;
	case 0x0010: /* setConcentrator */
	case 0x0020: /* leaveNetwork */
	case 0x0022: /* permitJoining */
	case 0x0053: /* setConfigurationValue */
	case 0x0064: /* setMulticastTableEntry */
	case 0x00b1: /* clearKeyTable */
		return n;
	case 0x0055:
		if (p[0] == 0)
			ncp->join_policy = p[1];
		return n;
	case 0x00ab:
		set_value(ncp, p);
		return n;
	case 0x0017:
		return ncp->joined ? n : status(ncp, to, 0x93, 0x17);
	case 0x001a:
		return ncp->version < 13 ? status(ncp, to, 0, 0) : u32(to, 0);
	case 0x001e:
		assert_true(ncp->secured);
		return n;
	case 0x0026:
		for (unsigned i = 0; i < 8; i++)
			to[i] = (uint8_t)(ncp->eui64 >> 8 * i);
		return 8;
	case 0x0028:
		to[n++] = ncp->role;
		memcpy(to + n, ncp->parameters, 20);
		return n + 20;
	case 0x0034:
	case 0x0036:
		assert_true(ncp->up);
		to[n++] = 0x77; /* APS sequence */
		return n;
	case 0x005a:
		return u32(to, 5000);
	case 0x0068:
		secure(ncp, p);
		return n;
	case 0x006a:
		return ncp->version <= 12 ? key_struct(ncp, p[0], to) : SIZE_MAX;
	case 0x00af:
		if (ncp->version > 12)
			return SIZE_MAX;
		ncp->well_known_keys += well_known(p);
		ncp->transient_keys++;
		return n;
	case 0x0102:
	case 0x0103:
		if (ncp->version < 10 || ncp->token != le32(p))
			return ncp->version < 10 ? SIZE_MAX : status(ncp, to, 0x01, 0x01);
		if (id == 0x0103) {
			assert_int_equal(le32(p + 8), 8);
			keep_eui64(ncp, p + 12);
		} else {
			n += u32(to + n, 8);
			memset(to + n, 0xff, 8);
			n += 8;
		}
		return n;
	case 0x010e:
		ncp->links++;
		return ncp->version >= 12 ? u32(to, 0) : SIZE_MAX;
	case 0x0111:
		if (ncp->version < 12)
			return SIZE_MAX;
		ncp->well_known_keys += well_known(p);
		ncp->transient_keys++;
		return u32(to, 0);
	case 0x0114:
		return ncp->version >= 13 ? export(ncp, p, to) : SIZE_MAX;
	case 0x0116:
		return ncp->version >= 13 ? key_info(ncp, to) : SIZE_MAX;
	default:
		return SIZE_MAX;
	}
}

static void invalid(struct zignet_ncp *ncp, uint8_t sequence, uint8_t code)
{
	send(ncp, sequence, 0x80, 0x0058, &code, 1);
}

static void version(struct zignet_ncp *ncp, const uint8_t *frame, size_t length)
{
	uint8_t legacy[] = { frame[0], 0x80, 0, (uint8_t)ncp->version, 2, 0x10, 0x74 };

	if (length == 4) {
		queue(ncp, legacy, sizeof(legacy));
		ncp->agreed = frame[3] == ncp->version;
		return;
	}
	assert_int_equal(frame[5], ncp->version);
	send(ncp, frame[0], 0x80, 0x0000, legacy + 3, 4);
	ncp->agreed = true;
}

static bool misbehaves(struct zignet_ncp *ncp, uint16_t id, uint8_t sequence)
{
	uint8_t bytes[4];

	if (id == 0 || (id != ncp->refuses && id != ncp->fails && id != ncp->ignores))
		return false;
	if (id == ncp->refuses)
		invalid(ncp, sequence, 0x31);
	else if (id == ncp->fails)
		send(ncp, sequence, 0x80, id, bytes,
			id == 0x0111 || id == 0x010e
				? u32(bytes, ncp->bad_status_new)
				: status(ncp, bytes, ncp->bad_status, ncp->bad_status_new));
	if (ncp->times > 0 && --ncp->times == 0)
		ncp->refuses = ncp->fails = ncp->ignores = 0;
	return true;
}

void zignet_ncp_take(struct zignet_ncp *ncp, const uint8_t *frame, size_t length)
{
	uint8_t bytes[240];
	struct zignet_frame *log;
	uint16_t id;
	size_t n;

	ncp->last_sequence = frame[0];
	if (length == 4 || (frame[3] == 0 && frame[4] == 0)) {
		version(ncp, frame, length);
		id = 0;
		length = 5;
	} else {
		assert_true(length >= 5);
		assert_int_equal(frame[1], 0);
		assert_int_equal(frame[2], 1);
		id = (uint16_t)(frame[3] | frame[4] << 8);
	}
	assert_true(ncp->count < ZIGNET_LOG_MAX);
	log = &ncp->log[ncp->count++];
	log->id = id;
	log->length = (uint8_t)(length - 5);
	memset(log->bytes, 0, sizeof(log->bytes));
	memcpy(log->bytes, frame + 5, length - 5);
	ncp->count -= id == 0x0005; /* signs of life are of no interest */
	if (id == 0)
		return;
	if (!ncp->agreed) {
		invalid(ncp, frame[0], 0x30);
		return;
	}
	if (misbehaves(ncp, id, frame[0]))
		return;
	n = answer(ncp, id, log->bytes, bytes);
	if (n == SIZE_MAX) {
		invalid(ncp, frame[0], 0x31);
		return;
	}
	if (ncp->status_first)
		after(ncp, id, log->bytes);
	send(ncp, frame[0], 0x80, id, bytes, n);
	if (!ncp->status_first)
		after(ncp, id, log->bytes);
}

unsigned zignet_ncp_count(const struct zignet_ncp *ncp, uint16_t id, unsigned from)
{
	unsigned n = 0;

	for (unsigned i = from; i < ncp->count; i++)
		n += ncp->log[i].id == id;
	return n;
}

const struct zignet_frame *zignet_ncp_last(const struct zignet_ncp *ncp, uint16_t id)
{
	for (unsigned i = ncp->count; i-- > 0;)
		if (ncp->log[i].id == id)
			return &ncp->log[i];
	fail_msg("%04x was not sent", id);
	return NULL;
}
