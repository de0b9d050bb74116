/* The attribute server of the simulated devices, by PDUs of the Core Specification (Vol 3 Part
 * F 3.4): what a gateway is tested against must itself be right. */
#include "unit/unit.h"

#include "sim/ble_address.h"
#include "sim/ble_att.h"
#include "sim/ble_crypto.h"
#include "util/cleanup.h"

struct server {
	struct sble_db db;
	struct sble_att att;
	uint16_t cccds[SBLE_CCCDS_MAX];
	struct octets out; /* the last PDU */
	struct octets value;
	unsigned sent, subscribed, confirmed;
};

static uint8_t on_read(void *userdata, const struct sble_attribute *a, struct octets *ret)
{
	struct server *s = userdata;

	if (a->uuid == 0x2a38)
		octets_u8(ret, 1);
	else
		octets_bytes(ret, s->value.at, s->value.n);
	return 0;
}

static uint8_t on_write(void *userdata, const struct sble_attribute *a, const uint8_t *p, size_t n)
{
	struct server *s = userdata;

	if (n > 20)
		return ATT_INVALID_LENGTH;
	s->value.n = 0;
	octets_bytes(&s->value, p, n);
	return 0;
}

static void on_subscribed(void *userdata, const struct sble_attribute *cccd, uint16_t value)
{
	((struct server *)userdata)->subscribed++;
}

static void on_send(void *userdata, const uint8_t *pdu, size_t n)
{
	struct server *s = userdata;

	s->out.n = 0;
	octets_bytes(&s->out, pdu, n);
	s->sent++;
}

static void on_confirmed(void *userdata)
{
	((struct server *)userdata)->confirmed++;
}

static const struct sble_att_hooks hooks = { on_read, on_write, on_subscribed, on_send,
	on_confirmed, NULL };

/*
 * 1 service 180D: 2, 3, 4 characteristic 2A37 that notifies; 5, 6 2A38 that is read
 * 7 service 1810: 8, 9, 10 characteristic 2A35 that indicates, to those it is encrypted with
 * 11 the vendor's: 12, 13 a characteristic of 128 bits that is read and written
 */
static void open_server(struct server *s)
{
	*s = (struct server){ 0 };
	sble_db_init(&s->db, 1);
	sble_db_service(&s->db, 0x180d);
	sble_db_characteristic(&s->db, 0x2a37, SBLE_P_NOTIFY, SBLE_OPEN);
	sble_db_characteristic(&s->db, 0x2a38, SBLE_P_READ, SBLE_OPEN);
	sble_db_service(&s->db, 0x1810);
	sble_db_characteristic(&s->db, 0x2a35, SBLE_P_INDICATE, SBLE_ENCRYPTED);
	sble_db_service(&s->db, SBLE_VENDOR | 0x0001);
	sble_db_characteristic(&s->db, SBLE_VENDOR | 0x0002, SBLE_P_READ | SBLE_P_WRITE, SBLE_OPEN);
	octets_bytes(&s->value, "abcdefghijklmnopqrstuvwxyz", 26);
	sble_att_init(&s->att, &s->db, s->cccds, 247, &hooks, s);
}

/* A request, and what has to come: "" is nothing. */
static void ask(struct server *s, const char *pdu, const char *answer)
{
	uint8_t p[64];
	size_t n = strlen(pdu) / 2;
	char got[2 * OCTETS_MAX + 1] = "";

	assert_int_equal(sble_unhex(pdu, p, n), 0);
	s->out.n = 0;
	sble_att_receive(&s->att, p, n);
	for (size_t i = 0; i < s->out.n; i++)
		snprintf(got + 2 * i, 3, "%02X", s->out.at[i]);
	if (strcmp(got, answer) != 0)
		fail_msg("%s is answered %s, not %s", pdu, got, answer);
}

static void test_discovery(void **state)
{
	struct server s;

	open_server(&s);
	/* services: those of one length at once, then the vendor's */
	ask(&s, "100100FFFF0028",
		"1106"
		"010006000D18"
		"07000A001018");
	assert_int_equal(s.out.n, 14);
	ask(&s, "10FF00FFFF0028", "0110FF000A");
	ask(&s, "100000FFFF0028", "0110000001");
	ask(&s, "10050001000028", "0110050001");
	ask(&s, "100100FFFF0128", "0110010010");
	/* by value */
	ask(&s, "060100FFFF00280D18", "0701000600");
	ask(&s, "060100FFFF00281118", "010601000A");
	/* characteristics of a service */
	ask(&s, "08010006000328",
		"0907"
		"0200100300372A"
		"0500020600382A");
	ask(&s, "08030003000328", "010803000A");
	/* descriptors: 3 is the value, 4 its configuration */
	ask(&s, "0403000400",
		"0501"
		"0300372A"
		"04000229");
	ask(&s, "040E00FFFF", "01040E000A");
}

static void test_values_and_errors(void **state)
{
	struct server s;

	open_server(&s);
	ask(&s, "0A0600", "0B01");
	ask(&s, "0A0300", "010A030002"); /* it only notifies */
	ask(&s, "0AFF00", "010AFF0001");
	ask(&s, "0A06", "010A000004");
	ask(&s, "120600AA", "0112060003");
	ask(&s, "120D0041", "13");
	assert_int_equal(s.value.n, 1);
	ask(&s, "0A0D00", "0B41");
	ask(&s, "520D0042", ""); /* a command has no answer, and this one no effect */
	ask(&s, "0E06000D00", "0F0141");
	ask(&s, "0E06000300", "010E030002");
	ask(&s, "20", "0120000006");
}

static void test_long_values(void **state)
{
	struct server s;

	open_server(&s);
	ask(&s, "0A0D00", "0B6162636465666768696A6B6C6D6E6F70717273747576");
	ask(&s, "0C0D001600", "0D7778797A");
	ask(&s, "0C0D001A00", "0D");
	ask(&s, "0C0D001B00", "010C0D0007");
	ask(&s, "0E06000D00", "0F016162636465666768696A6B6C6D6E6F707172737475");
	/* queued, echoed, written at once */
	ask(&s, "160D0000004142", "170D0000004142");
	ask(&s, "160D0002004344", "170D0002004344");
	assert_int_equal(s.value.n, 26);
	ask(&s, "1801", "19");
	assert_int_equal(s.value.n, 4);
	assert_memory_equal(s.value.at, "ABCD", 4);
	ask(&s, "160D0000004142", "170D0000004142");
	ask(&s, "1800", "19"); /* given up */
	assert_memory_equal(s.value.at, "ABCD", 4);
}

static void test_an_mtu_is_the_smaller_of_both_and_at_least_23(void **state)
{
	struct server s;

	open_server(&s);
	assert_int_equal(s.att.mtu, 23);
	ask(&s, "024000", "03F700");
	assert_int_equal(s.att.mtu, 64);
	ask(&s, "02FF0F", "03F700");
	assert_int_equal(s.att.mtu, 247);
	ask(&s, "020500", "03F700");
	assert_int_equal(s.att.mtu, 23);
}

static void test_what_is_told_and_to_whom(void **state)
{
	struct server s;
	uint8_t long_value[100] = { 1 };

	open_server(&s);
	assert_false(sble_att_tell(&s.att, 0x2a37, false, long_value, 2));
	ask(&s, "1204000300", "01120400FD"); /* it cannot indicate */
	ask(&s, "12040001", "011204000D");
	ask(&s, "1204000100", "13");
	assert_int_equal(s.subscribed, 1);
	assert_true(sble_att_subscribed(&s.att, 0x2a37, false));
	assert_false(sble_att_subscribed(&s.att, 0x2a37, true));
	assert_true(sble_att_tell(&s.att, 0x2a37, false, long_value, sizeof(long_value)));
	assert_int_equal(s.out.n, 23); /* cut to the MTU */
	assert_memory_equal(s.out.at, "\x1b\x03\x00\x01", 4);
	ask(&s, "0A0400", "0B0100");
	ask(&s, "1E", "");
	assert_int_equal(s.confirmed, 1);
}

static void test_security_comes_first(void **state)
{
	struct server s;

	open_server(&s);
	ask(&s, "120A000200", "01120A0005"); /* pair, then ask again */
	s.att.has_key = true;
	ask(&s, "120A000200", "01120A000F"); /* encrypt, then ask again */
	assert_int_equal(s.subscribed, 0);
	s.att.level = SBLE_ENCRYPTED;
	ask(&s, "120A000200", "13");
	assert_true(sble_att_tell(&s.att, 0x2a35, true, (const uint8_t *)"\x01", 1));
	assert_memory_equal(s.out.at, "\x1d\x09\x00\x01", 4);
}

static void test_what_a_request_is_about(void **state)
{
	struct server s;
	static const struct {
		const char *pdu;
		enum sble_request about;
	} rows[] = { { "024000", SBLE_REQUEST_MTU }, { "100100FFFF0028", SBLE_REQUEST_DISCOVERY },
		{ "0403000400", SBLE_REQUEST_DISCOVERY }, { "0A0600", SBLE_REQUEST_READ },
		{ "120D0041", SBLE_REQUEST_WRITE }, { "1204000100", SBLE_REQUEST_SUBSCRIBE },
		{ "1E", _SBLE_REQUEST_NONE } };

	open_server(&s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t p[16];
		size_t n = strlen(rows[i].pdu) / 2;

		assert_int_equal(sble_unhex(rows[i].pdu, p, n), 0);
		assert_int_equal(sble_att_classify(&s.att, p, n), rows[i].about);
	}
}

/* Core Vol 3 Part H, D.7: the hash of a private address, and one made with it. */
static void test_private_addresses(void **state)
{
	static const uint8_t irk[] = { 0xec, 0x02, 0x34, 0xa3, 0x57, 0xc8, 0xad, 0x05, 0x34, 0x10,
		0x10, 0xa6, 0x0a, 0x39, 0x7d, 0x9b };
	static const uint8_t prand[] = { 0x70, 0x81, 0x94 };
	struct sble_address a;
	uint8_t hash[3], other[16];

	sble_ah(irk, prand, hash);
	assert_memory_equal(hash, "\x0d\xfb\xaa", 3);
	assert_int_equal(sble_address_parse(&a, "70:81:94:0D:FB:AA"), 0);
	a.type = SBLE_RANDOM;
	assert_true(sble_address_resolves(&a, irk));
	memcpy(other, irk, 16);
	other[15] ^= 1;
	assert_false(sble_address_resolves(&a, other));
	for (uint32_t bits = 0; bits < 0x400000; bits += 0x12345) {
		sble_address_private(&a, irk, bits);
		assert_int_equal(a.octets[5] >> 6, 1);
		assert_int_equal(a.type, SBLE_RANDOM);
		assert_true(sble_address_resolves(&a, irk));
		assert_false(sble_address_identity(&a));
	}
}

static void test_database_hash_follows_the_database(void **state)
{
	struct server a, b;
	uint8_t first[16], second[16];

	open_server(&a);
	open_server(&b);
	sble_db_hash(&a.db, first);
	sble_db_hash(&b.db, second);
	assert_memory_equal(first, second, 16);
	sble_db_characteristic(&b.db, 0x2a39, SBLE_P_WRITE, SBLE_OPEN);
	sble_db_hash(&b.db, second);
	assert_memory_not_equal(first, second, 16);
	sble_db_init(&b.db, 0x21); /* the same, at other handles */
	sble_db_service(&b.db, 0x180d);
	sble_db_init(&a.db, 1);
	sble_db_service(&a.db, 0x180d);
	sble_db_hash(&a.db, first);
	sble_db_hash(&b.db, second);
	assert_memory_not_equal(first, second, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_values_and_errors),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_an_mtu_is_the_smaller_of_both_and_at_least_23),
		cmocka_unit_test(test_what_is_told_and_to_whom),
		cmocka_unit_test(test_security_comes_first),
		cmocka_unit_test(test_what_a_request_is_about),
		cmocka_unit_test(test_private_addresses),
		cmocka_unit_test(test_database_hash_follows_the_database),
	};

	return RUN_TESTS(tests);
}
