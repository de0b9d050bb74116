/*
 * Bluetooth adapters under an unfriendly kernel: any packet at any moment, with
 * time passing and a driver that asks for things. The first byte says how many
 * adapters there are and how the driver answers; then come turns behind two
 * bytes: what happens, and how many bytes it takes. Commands are answered well
 * while the kernel is in the mood for it, so that what lies behind the bring-up
 * is reached.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ble/adapter_router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COMMANDS_MAX 64 /* in a row, without anything having happened */

struct watched {
	struct adapter adapter; /* first */
	bool up, lost;
};

static struct watched adapters[3];
static struct adapter_router router;
static unsigned count;
static uint8_t manner;
static int64_t now_us;
static unsigned heard;               /* so that the data is read */
static uint16_t last_op, last_index; /* that the kernel was asked, and has not answered */
static uint8_t refused_op, refusal;  /* what it refuses though it is well, and how */
static uint8_t supported, settings;  /* the second byte of what controllers can and do */

static const struct mgmt_ltk ltks[2] = {
	{ { 2, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } }, 2, 0, 16, 0, { 0 }, { 1 } },
	{ { 2, { 1, 0, 0, 0xEE, 0xFF, 0x40 } }, 2, 0, 16, 0, { 0 }, { 1 } },
};
static const struct mgmt_irk irks[1] = { { { 1, { 1, 2, 3, 4, 5, 6 } }, { 7 } } };
static const struct mgmt_params params[1] = {
	{ { 2, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } }, 24, 40, 0, 400 },
};

/* Few enough that the same come again. */
static struct ble_address who(uint8_t n)
{
	return (struct ble_address){ (uint8_t)(1 + (n & 1)),
		{ (uint8_t)(n >> 1 & 7), 0, 0, 0xEE, 0xFF, n & 16 ? 0x40 : 0xC0 } };
}

static void on_report(struct adapter *a, const struct mgmt_report *r, int64_t at_us)
{
	unsigned sum = 0;

	assert(r->length <= MGMT_DATA_MAX && at_us == now_us && a->index != MGMT_INDEX_NONE);
	for (size_t i = 0; i < r->length; i++)
		sum += r->data[i];
	assert(r->address.type == BLE_ADDRESS_PUBLIC || r->address.type == BLE_ADDRESS_RANDOM);
	heard += sum;
}

/* What a driver could do from within. */
static void meddle(struct adapter *a, const struct adapter_notice *n)
{
	if (n->kind == ADAPTER_NOTICE_CONFIRM)
		(void)adapter_answer(a, &n->address, n->number & 1, 0, now_us);
	else if (n->kind == ADAPTER_NOTICE_ASK_PASSKEY)
		(void)adapter_answer(a, &n->address, true, 123456, now_us);
	else if (n->kind == ADAPTER_NOTICE_UNPAIRED || n->kind == ADAPTER_NOTICE_PAIR_FAILED)
		(void)adapter_pair(a, &n->address, MGMT_IO_NONE, now_us);
	else if (n->kind == ADAPTER_NOTICE_PAIRED)
		(void)adapter_unpair(a, &n->address, now_us);
	else if (n->kind == ADAPTER_NOTICE_UP)
		adapter_discover(a, now_us + 30 * ADAPTER_S, now_us);
	else if (n->kind == ADAPTER_NOTICE_STALE)
		adapter_forgive(a, &n->address);
	else if (n->kind == ADAPTER_NOTICE_CONNECTED)
		(void)adapter_disconnect(a, &n->address, now_us);
	else if (n->kind == ADAPTER_NOTICE_SILENT)
		adapter_expect(a, 0, now_us);
}

static void on_notice(struct adapter *a, const struct adapter_notice *n, int64_t at_us)
{
	struct watched *w = (struct watched *)a;

	assert(n->kind < _ADAPTER_NOTICE_MAX && n->text && strlen(n->text) < ADAPTER_WORDS_SIZE);
	assert(at_us == now_us && strcmp(adapter_kind_word(n->kind), "unknown") != 0);
	if (n->kind == ADAPTER_NOTICE_UP) {
		assert(!w->up && a->state == ADAPTER_UP);
		w->up = true;
	} else if (n->kind == ADAPTER_NOTICE_DOWN) {
		assert(w->up && a->state != ADAPTER_UP);
		w->up = false;
	} else if (n->kind == ADAPTER_NOTICE_LOST) {
		assert(!w->lost);
		w->lost = true;
	} else if (n->kind == ADAPTER_NOTICE_RECOVERED) {
		assert(w->lost && a->state == ADAPTER_UP);
		w->lost = false;
	} else if (n->kind == ADAPTER_NOTICE_CONFIRM || n->kind == ADAPTER_NOTICE_SHOW_PASSKEY) {
		assert(n->number <= MGMT_PASSKEY_MAX);
	} else if (n->kind == ADAPTER_NOTICE_QUIET) {
		assert(adapter_can_connect(a));
	} else if (n->kind == ADAPTER_NOTICE_PARAMS) {
		assert(mgmt_params_valid(&n->params));
	}
	if (manner & 0x80)
		meddle(a, n);
}

static size_t give_ltks(struct adapter *a, const struct mgmt_ltk **ret)
{
	*ret = ltks;
	return manner & 0x10 ? 2 : 0;
}

static size_t give_irks(struct adapter *a, const struct mgmt_irk **ret)
{
	*ret = irks;
	return manner & 0x10 ? 1 : 0;
}

static size_t give_params(struct adapter *a, const struct mgmt_params **ret)
{
	*ret = params;
	return manner & 0x10 ? 1 : 0;
}

static int saved(void)
{
	return manner & 0x20 ? 1 : manner & 0x40 ? -5 : 0;
}

static int save_ltk(struct adapter *a, const struct mgmt_ltk *key, int64_t at_us)
{
	assert(mgmt_ltk_valid(key));
	return saved();
}

static int save_irk(struct adapter *a, const struct mgmt_irk *key, int64_t at_us)
{
	assert(mgmt_irk_valid(key));
	return saved();
}

static bool bonded(struct adapter *a, const struct ble_address *w)
{
	return (manner & 4) != 0;
}

static bool may_bond(struct adapter *a, const struct ble_address *w)
{
	return (manner & 0x20) == 0;
}

static bool may_rebond(struct adapter *a, const struct ble_address *w)
{
	return (manner & 8) != 0;
}

static const struct adapter_ops ops = { .report = on_report,
	.notice = on_notice,
	.ltks = give_ltks,
	.irks = give_irks,
	.params = give_params,
	.save_ltk = save_ltk,
	.save_irk = save_irk,
	.bonded = bonded,
	.may_bond = may_bond,
	.may_rebond = may_rebond };

/* ---- the kernel ---- */

static void receive(const uint8_t *packet, size_t length)
{
	/* a copy of its own length, so that a read past the end shows */
	uint8_t *copy = malloc(length > 0 ? length : 1);

	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, packet, length);
	adapter_router_receive(&router, copy, length, now_us);
	free(copy);
}

static void frame(uint16_t code, uint16_t index, const uint8_t *data, size_t length)
{
	uint8_t packet[512] = { (uint8_t)code, (uint8_t)(code >> 8), (uint8_t)index,
		(uint8_t)(index >> 8), (uint8_t)length, (uint8_t)(length >> 8) };

	assert(length <= sizeof(packet) - MGMT_HEADER_SIZE);
	if (length > 0)
		memcpy(packet + MGMT_HEADER_SIZE, data, length);
	receive(packet, MGMT_HEADER_SIZE + length);
}

static void reply(uint16_t op, uint16_t index, uint8_t status, const uint8_t *data, size_t length)
{
	uint8_t parameters[400] = { (uint8_t)op, (uint8_t)(op >> 8), status };

	if (length > sizeof(parameters) - 3)
		length = sizeof(parameters) - 3;
	if (length > 0)
		memcpy(parameters + 3, data, length);
	frame(status && length == 0 ? MGMT_EV_STATUS : MGMT_EV_COMPLETE, index, parameters,
		3 + length);
}

/* As a kernel does that is well; what was sent is in packet. */
static void answer_well(uint16_t op, uint16_t index, const uint8_t *packet, size_t length)
{
	uint8_t info[280] = { (uint8_t)index, 0, 0, 1, 0xAA, 0, 9, 0, 0,
		supported & 1 ? 0x80 : 0xFF, supported, 1, 0, 0x80, settings };
	static const uint8_t list[] = { 2, 0, 0, 0, 1, 0 };
	static const uint8_t handle[] = { 5, 0 };

	if (op == refused_op && refusal > 0)
		reply(op, index, refusal, packet + MGMT_HEADER_SIZE,
			length > MGMT_HEADER_SIZE + 7 ? BLE_ADDRESS_SIZE + 1 : 0);
	else if (op == MGMT_READ_INDEX_LIST)
		reply(op, index, 0, list, sizeof(list));
	else if (op == MGMT_READ_INFO)
		reply(op, index, 0, info, sizeof(info));
	else if (op == MGMT_ADD_MONITOR)
		reply(op, index, 0, handle, sizeof(handle));
	else if (op == MGMT_UNPAIR || op == MGMT_PAIR)
		reply(op, index, 0, packet + MGMT_HEADER_SIZE, BLE_ADDRESS_SIZE + 1);
	else
		reply(op, index, 0, NULL, 0);
}

static void check(void)
{
	for (unsigned i = 0; i < count; i++) {
		const struct adapter *a = &adapters[i].adapter;

		assert((a->state == ADAPTER_UP) == adapters[i].up);
		assert(a->lost == adapters[i].lost);
		assert(a->state != ADAPTER_UP || a->index != MGMT_INDEX_NONE);
		assert((a->state == ADAPTER_OFF || a->state == ADAPTER_ABSENT) ==
			(a->index == MGMT_INDEX_NONE));
		assert(a->link_count <= ADAPTER_LINKS_MAX && a->order_count <= ADAPTER_ORDERS_MAX);
		assert(strlen(a->problem) < sizeof(a->problem));
		assert(a->state != ADAPTER_RESTING || a->retry_us != INT64_MAX);
		assert(a->waiting == 0 || a->reply_deadline_us != INT64_MAX);
		/* whoever is not up is tried again, waits for a reply, or has something to say */
		assert(a->state != ADAPTER_STARTING || a->todo != 0 || a->waiting != 0);
		for (unsigned n = 0; n < i; n++)
			assert(a->index == MGMT_INDEX_NONE ||
				a->index != adapters[n].adapter.index);
	}
}

static void drain(bool well)
{
	static uint8_t packet[MGMT_PACKET_MAX];
	size_t n;

	for (unsigned turns = 0;; turns++) {
		uint16_t op, index;

		/* a kernel and a driver that go on for ever may do so */
		if (turns == COMMANDS_MAX && (manner & 0x80))
			return;
		assert(turns < COMMANDS_MAX * (ADAPTER_ORDERS_MAX + 1));
		n = adapter_router_output(&router, packet, sizeof(packet), now_us);
		if (n == 0)
			return;
		assert(n >= MGMT_HEADER_SIZE && n <= sizeof(packet));
		assert((size_t)(packet[4] | packet[5] << 8) == n - MGMT_HEADER_SIZE);
		op = (uint16_t)(packet[0] | packet[1] << 8);
		index = (uint16_t)(packet[2] | packet[3] << 8);
		assert(strcmp(mgmt_op_words(op), "unknown command") != 0);
		last_op = op;
		last_index = index;
		if (well)
			answer_well(op, index, packet, n);
		check();
	}
}

static void pass(int64_t us)
{
	int64_t end_us = now_us + us;

	for (unsigned turns = 0;; turns++) {
		int64_t at_us = adapter_router_deadline(&router);

		assert(turns < 20000);
		if (at_us > end_us)
			break;
		if (at_us > now_us)
			now_us = at_us;
		adapter_router_tick(&router, now_us);
		check();
	}
	if (now_us < end_us)
		now_us = end_us;
}

static void drive(uint8_t what, const uint8_t *data, size_t length)
{
	struct adapter *a = &adapters[what % count].adapter;
	uint8_t b = length > 0 ? data[0] : 0;
	uint8_t more = length > 1 ? data[1] : 0;
	struct ble_address w = who(b);

	switch (more % 16) {
	case 0:
		(void)adapter_pair(a, &w, b % 5, now_us);
		break;
	case 1:
		(void)adapter_answer(a, &w, b & 32, b * UINT32_C(7919), now_us);
		break;
	case 2:
		adapter_cancel_pair(a, &w, now_us);
		break;
	case 3:
		adapter_saved(a, &w, b & 64 ? -5 : 0, now_us);
		break;
	case 4:
		(void)adapter_unpair(a, &w, now_us);
		break;
	case 5:
		adapter_forgive(a, &w);
		(void)adapter_is_stale(a, &w);
		break;
	case 6:
		adapter_discover(a, now_us + b * ADAPTER_S, now_us);
		break;
	case 7:
		adapter_hold(a, now_us);
		break;
	case 8:
		adapter_release(a, now_us);
		break;
	case 9:
	case 10:
		adapter_expect(a, b & 3, now_us);
		break;
	case 11:
		adapter_load_params(a, now_us);
		break;
	case 12:
		adapter_note_rival(a, now_us);
		break;
	case 13:
		(void)adapter_disconnect(a, &w, now_us);
		break;
	case 14:
		adapter_router_stop(&router, "the socket is gone", now_us);
		break;
	default:
		adapter_router_start(&router, now_us);
		break;
	}
}

static void turn(uint8_t what, const uint8_t *data, size_t length)
{
	static const int64_t steps[] = { 1000, 500000, 1000000, 10240000, 25000000, 60000000,
		180000000, 3600000000 };
	uint8_t parameters[256];

	switch (what >> 5) {
	case 0: /* anything */
		receive(data, length);
		break;
	case 1: /* an event with a header that is right, of a controller that there is */
	case 2:
		if (length < 1)
			break;
		frame(data[0], what & 3, data + 1, length - 1);
		break;
	case 3: /* the same, of a device that is known */
		if (length < 2)
			break;
		memcpy(parameters, who(data[1]).octets, BLE_ADDRESS_SIZE);
		parameters[BLE_ADDRESS_SIZE] = who(data[1]).type;
		if (length > 2)
			memcpy(parameters + 7, data + 2, length - 2 > 200 ? 200 : length - 2);
		frame(data[0], what & 1, parameters, 7 + (length - 2 > 200 ? 200 : length - 2));
		break;
	case 4: /* an answer to what was asked */
		reply(last_op, last_index, length > 0 ? data[0] % 24 : 0,
			length > 1 ? data + 1 : NULL, length > 1 ? length - 1 : 0);
		break;
	case 5:
		pass(steps[what & 7]);
		break;
	case 6:
		drive(what, data, length);
		break;
	default: /* a key of a device that is known, behind its hint; or a mood of the kernel */
		if (length < 2)
			break;
		if (data[0] & 64) {
			refused_op = data[1];
			refusal = what & 31;
			break;
		}
		parameters[0] = data[0] & 1;
		memcpy(parameters + 1, who(data[1]).octets, BLE_ADDRESS_SIZE);
		parameters[7] = who(data[1]).type;
		memset(parameters + 8, data[0] & 3, 29);
		parameters[10] = 16;
		if (data[0] & 128)
			frame(MGMT_EV_NEW_IRK, what & 1, parameters, 30);
		else
			frame(MGMT_EV_NEW_LTK, what & 1, parameters, 37);
		break;
	}
	check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const selects[] = { "auto", "hci1", "00:AA:01:00:00:01" };

	if (size < 2)
		return 0;
	manner = data[1];
	count = 1 + data[0] % 3;
	now_us = 1000 * ADAPTER_S;
	last_op = last_index = 0;
	refused_op = refusal = 0;
	supported = (uint8_t)(0xBE & ~(data[0] & 0x10 ? 0x08 : 0) & ~(data[0] & 0x20 ? 0x02 : 0)) |
		    (data[0] & 0x40 ? 1 : 0);
	settings = data[0] & 0x40 ? 0x0A : 0;
	memset(adapters, 0, sizeof(adapters));
	adapter_router_init(&router);
	for (unsigned i = 0; i < count; i++) {
		adapter_init(&adapters[i].adapter, &ops, selects[((data[0] >> 2) + i) % 3], NULL);
		if (adapter_router_add(&router, &adapters[i].adapter) < 0)
			return 0;
	}
	adapter_router_start(&router, now_us);
	drain(!(data[0] & 0x80));
	data += 2;
	size -= 2;
	while (size >= 2) {
		size_t length = data[1] & 0x7F;
		uint8_t what = data[0];
		bool well = data[1] & 0x80;

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		turn(what, data, length);
		drain(well);
		data += length;
		size -= length;
	}
	adapter_router_stop(&router, "the end", now_us);
	check();
	assert(adapter_router_output(
		       &router, (uint8_t[MGMT_PACKET_MAX]){ 0 }, MGMT_PACKET_MAX, now_us) == 0);
	return 0;
}
