/*
 * The stage: see stage.h.
 */
#include "unit/ble/stage.h"

#include "unit/hex.h"

static struct stage *all[4];

static struct stage *stage_of(struct adapter *a)
{
	for (size_t i = 0; i < 4; i++)
		if (all[i] && a >= all[i]->adapters && a < all[i]->adapters + ADAPTERS_MAX)
			return all[i];
	fail();
	return NULL;
}

static char last_text[ADAPTER_WORDS_SIZE];

static void on_report(struct adapter *a, const struct mgmt_report *r, int64_t now_us)
{
	struct stage *s = stage_of(a);

	s->reports++;
	s->last = *r;
}

static void on_notice(struct adapter *a, const struct adapter_notice *n, int64_t now_us)
{
	struct stage *s = stage_of(a);
	size_t at = strlen(s->log);

	assert_non_null(n->text);
	assert_int_equal(now_us, s->now_us);
	(void)snprintf(last_text, sizeof(last_text), "%s", n->text);
	at += (size_t)snprintf(s->log + at, sizeof(s->log) - at, "%s%s", at > 0 ? " " : "",
		adapter_kind_word(n->kind));
	if (s->count > 1)
		at += (size_t)snprintf(
			s->log + at, sizeof(s->log) - at, "@%u", (unsigned)(a - s->adapters));
	if (n->kind == ADAPTER_NOTICE_CONFIRM || n->kind == ADAPTER_NOTICE_SHOW_PASSKEY)
		(void)snprintf(s->log + at, sizeof(s->log) - at, "=%06u", n->number);
	if (n->kind == ADAPTER_NOTICE_PAIRED)
		(void)snprintf(s->log + at, sizeof(s->log) - at, "=%s%s%s",
			n->keep ? "kept" : "lost", n->authenticated ? "+auth" : "",
			n->secure ? "+sc" : "");
	assert_true(strlen(s->log) < sizeof(s->log) - 64);
}

static size_t give_ltks(struct adapter *a, const struct mgmt_ltk **ret)
{
	*ret = stage_of(a)->ltks;
	return stage_of(a)->ltk_count;
}

static size_t give_irks(struct adapter *a, const struct mgmt_irk **ret)
{
	*ret = stage_of(a)->irks;
	return stage_of(a)->irk_count;
}

static size_t give_params(struct adapter *a, const struct mgmt_params **ret)
{
	*ret = stage_of(a)->params;
	return stage_of(a)->param_count;
}

static int save_ltk(struct adapter *a, const struct mgmt_ltk *key, int64_t now_us)
{
	stage_of(a)->saved_ltks++;
	return stage_of(a)->saving;
}

static int save_irk(struct adapter *a, const struct mgmt_irk *key, int64_t now_us)
{
	stage_of(a)->saved_irks++;
	return stage_of(a)->saving;
}

static bool bonded(struct adapter *a, const struct ble_address *who)
{
	return stage_of(a)->bonded;
}

static bool may_bond(struct adapter *a, const struct ble_address *who)
{
	return stage_of(a)->may_bond;
}

static bool may_rebond(struct adapter *a, const struct ble_address *who)
{
	return stage_of(a)->may_rebond;
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

struct stage *stage_new(const char *selects)
{
	struct stage *s = calloc(1, sizeof(*s));
	size_t slot = 0;

	assert_non_null(s);
	while (all[slot])
		slot++;
	assert_true(slot < 4);
	all[slot] = s;
	s->now_us = 1000 * STAGE_S;
	s->may_bond = true;
	adapter_router_init(&s->router);
	while (*selects) {
		char word[32];
		size_t n = strcspn(selects, " ");

		(void)snprintf(word, sizeof(word), "%.*s", (int)n, selects);
		adapter_init(&s->adapters[s->count], &ops, word, NULL);
		assert_int_equal(adapter_router_add(&s->router, &s->adapters[s->count]), 0);
		s->count++;
		selects += n + strspn(selects + n, " ");
	}
	adapter_router_start(&s->router, s->now_us);
	return s;
}

void stage_free(struct stage *s)
{
	for (size_t i = 0; i < 4; i++)
		if (all[i] == s)
			all[i] = NULL;
	free(s);
}

/* ---- packets ---- */

const char *stage_command(struct stage *s)
{
	static char words[512];
	static uint8_t packet[MGMT_PACKET_MAX];
	size_t n = adapter_router_output(&s->router, packet, sizeof(packet), s->now_us);
	size_t at;

	words[0] = 0;
	if (n == 0)
		return words;
	assert_true(n >= MGMT_HEADER_SIZE);
	assert_int_equal(packet[4] | packet[5] << 8, n - MGMT_HEADER_SIZE);
	at = (size_t)snprintf(
		words, sizeof(words), "%s", mgmt_op_words((uint16_t)(packet[0] | packet[1] << 8)));
	if (s->count > 1 && packet[2] != 0xFF)
		at += (size_t)snprintf(words + at, sizeof(words) - at, "@hci%u", packet[2]);
	/* a monitor's patterns are many bytes: their number will do */
	if (packet[0] == 0x52)
		n = MGMT_HEADER_SIZE;
	for (size_t i = MGMT_HEADER_SIZE; i < n && at + 4 < sizeof(words); i++)
		at += (size_t)snprintf(words + at, sizeof(words) - at, " %02X", packet[i]);
	return words;
}

void stage_expect(struct stage *s, const char *commands)
{
	if (!*commands)
		assert_string_equal(stage_command(s), "");
	while (*commands) {
		char one[512];
		size_t n = strcspn(commands, ";");

		(void)snprintf(one, sizeof(one), "%.*s", (int)n, commands);
		assert_string_equal(stage_command(s), one);
		commands += n + strspn(commands + n, "; ");
	}
}

static void put(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

void stage_event(struct stage *s, uint16_t code, uint16_t index, const char *hex)
{
	uint8_t packet[2048];
	size_t n = unit_hex(hex, packet + MGMT_HEADER_SIZE, sizeof(packet) - MGMT_HEADER_SIZE);

	put(packet, code);
	put(packet + 2, index);
	put(packet + 4, (unsigned)n);
	adapter_router_receive(&s->router, packet, MGMT_HEADER_SIZE + n, s->now_us);
}

void stage_ok(struct stage *s, uint16_t op, uint16_t index, const char *hex)
{
	char parameters[2048];

	(void)snprintf(parameters, sizeof(parameters), "%02X %02X 00 %s", op & 0xFF, op >> 8, hex);
	stage_event(s, MGMT_EV_COMPLETE, index, parameters);
}

void stage_refuse(struct stage *s, uint16_t op, uint16_t index, uint8_t status)
{
	char parameters[32];

	(void)snprintf(
		parameters, sizeof(parameters), "%02X %02X %02X", op & 0xFF, op >> 8, status);
	stage_event(s, MGMT_EV_STATUS, index, parameters);
}

void stage_told(struct stage *s, const char *kinds)
{
	assert_string_equal(s->log, kinds);
	s->log[0] = 0;
}

void stage_text(const struct stage *s, const char *part)
{
	if (!strstr(last_text, part))
		assert_string_equal(last_text, part);
}

void stage_pass(struct stage *s, int64_t us)
{
	int64_t end_us = s->now_us + us;

	for (unsigned turns = 0;; turns++) {
		int64_t at = adapter_router_deadline(&s->router);

		assert_true(turns < 100000); /* a deadline that does not go away */
		if (at > end_us)
			break;
		if (at > s->now_us)
			s->now_us = at;
		adapter_router_tick(&s->router, s->now_us);
	}
	s->now_us = end_us;
}

/* ---- scenes ---- */

void stage_info(struct stage *s, uint16_t index, const char *supported, const char *settings)
{
	char hex[1024];
	int at = snprintf(hex, sizeof(hex), "%02X 00 00 01 AA 00 09 F1 05 %s %s 00 00 00", index,
		supported, settings);

	for (unsigned i = 0; i < 249 + 11; i++)
		at += snprintf(hex + at, sizeof(hex) - (size_t)at, " 00");
	stage_ok(s, MGMT_READ_INFO, index, hex);
}

void stage_asks(struct stage *s, uint16_t index, const char *supported, const char *settings)
{
	stage_expect(s, "read controller information");
	stage_info(s, index, supported, settings);
}

void stage_controllers(struct stage *s, const char *numbers, const char *settings)
{
	char hex[256];
	unsigned count = 0;
	int at;

	for (const char *n = numbers; *n; n++)
		count += *n != ' ';
	at = snprintf(hex, sizeof(hex), "%02X 00", count);
	for (const char *n = numbers; *n; n++)
		if (*n != ' ')
			at += snprintf(hex + at, sizeof(hex) - (size_t)at, " 0%c 00", *n);
	stage_expect(s, "read version; read controller list");
	stage_ok(s, MGMT_READ_VERSION, MGMT_INDEX_NONE, "01 16 00");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, hex);
	for (const char *n = numbers; *n; n++)
		if (*n != ' ') {
			char words[64];

			(void)snprintf(words, sizeof(words),
				s->count > 1 ? "read controller information@hci%c"
					     : "read controller information",
				*n);
			stage_expect(s, words);
		}
	for (const char *n = numbers; *n; n++)
		if (*n != ' ')
			stage_info(s, (uint16_t)(*n - '0'), STAGE_SETTINGS_ALL, settings);
}

static void step(struct stage *s, uint16_t index, const char *command, uint16_t op, const char *hex)
{
	char words[128];

	if (s->count > 1) {
		size_t n = strcspn(command, "0123456789");

		n = command[n] ? n - 1 : n;
		(void)snprintf(
			words, sizeof(words), "%.*s@hci%u%s", (int)n, command, index, command + n);
		command = words;
	}
	stage_expect(s, command);
	stage_ok(s, op, index, hex);
}

void stage_bring_up(struct stage *s, uint16_t index)
{
	stage_expect(s, s->count > 1 ? (index == 0 ? "read controller information@hci0"
						   : "read controller information@hci1")
				     : "read controller information");
	stage_info(s, index, STAGE_SETTINGS_ALL, "80 00 00 00");
	step(s, index, "set low energy 01", MGMT_SET_LE, "80 02 00 00");
	step(s, index, "set secure simple pairing 01", MGMT_SET_SSP, "C0 02 00 00");
	step(s, index, "set secure connections 01", MGMT_SET_SECURE_CONNECTIONS, "C0 0A 00 00");
	step(s, index, "set bondable 01", MGMT_SET_BONDABLE, "D0 0A 00 00");
	step(s, index, "set IO capability 03", MGMT_SET_IO_CAPABILITY, "");
	step(s, index, "load long-term keys 00 00", MGMT_LOAD_LTKS, "");
	step(s, index, "load identity resolving keys 00 00", MGMT_LOAD_IRKS, "");
	step(s, index, "load connection parameters 00 00", MGMT_LOAD_PARAMS, "");
	step(s, index, "set powered 01", MGMT_SET_POWERED, "D1 0A 00 00");
	step(s, index, "remove advertisement monitor 00 00", MGMT_REMOVE_MONITOR, "00 00");
	step(s, index, "add advertisement monitor", MGMT_ADD_MONITOR, "05 00");
}

void stage_renewed(struct stage *s)
{
	stage_expect(s, "set IO capability 03");
	stage_ok(s, MGMT_SET_IO_CAPABILITY, 0, "");
	stage_expect(s, "load long-term keys 00 00");
	stage_ok(s, MGMT_LOAD_LTKS, 0, "");
	stage_expect(s, "load identity resolving keys 00 00");
	stage_ok(s, MGMT_LOAD_IRKS, 0, "");
	stage_expect(s, "load connection parameters 00 00");
	stage_ok(s, MGMT_LOAD_PARAMS, 0, "");
}

struct stage *stage_up(void)
{
	struct stage *s = stage_new("auto");

	stage_controllers(s, "0", "80 00 00 00");
	stage_bring_up(s, 0);
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	stage_expect(s, "");
	s->log[0] = 0;
	return s;
}

void stage_advert(struct stage *s)
{
	stage_event(s, MGMT_EV_FOUND, 0, STAGE_DEVICE " C4 00 00 00 00 03 00 02 01 06");
}
