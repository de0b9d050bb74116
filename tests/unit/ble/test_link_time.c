/*
 * A link and time: devices that come and go are let go, streams that fall silent
 * are asked whether they live, nothing takes for ever. And any PDU at any
 * moment.
 */
#include "unit/ble/link_peer.h"

#include "unit/unit.h"
#include "util/cleanup.h"
#include "wardgate/ledger.h"

#define CUFF "00 7800 5000 5D00"
#define SEED UINT64_C(20261121)

static struct link_peer peer;

/* ---- devices that come and go ---- */

static void test_a_device_that_has_said_all_is_let_go_after_a_while(void **state)
{
	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer_connect(&peer, NULL);
	peer_indicate(&peer, BP_VALUE, CUFF);
	peer_pass(&peer, 10 * S); /* not while its value is not safe */
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_safe(&peer, true);
	peer_pass(&peer, 1 * S);
	peer_indicate(&peer, BP_VALUE, CUFF); /* another one */
	peer_safe(&peer, true);
	peer_pass(&peer, LINK_GRACE_US - 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.end, LINK_DONE);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_SERVED);
	assert_int_equal(peer.confirmed, 2);
}

static void test_a_device_that_says_nothing_is_let_go_later(void **state)
{
	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer_connect(&peer, NULL);
	peer_pass(&peer, LINK_EMPTY_US - 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	/* that its battery is told is no reason to stay */
	peer_notify(&peer, BATTERY_VALUE, "30");
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.end, LINK_DONE);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_EMPTY);
}

static void test_a_meter_without_records_is_let_go_at_once(void **state)
{
	(void)state;
	peer_init(&peer, peer_meter, peer_meter_count);
	peer_connect(&peer, NULL);
	peer_pass(&peer, 20 * S); /* it may take its time to look */
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_indicate(&peer, RACP_VALUE, "06 00 01 06");
	peer_pass(&peer, LINK_FINISHED_US);
	assert_int_equal(peer.link.end, LINK_DONE);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_EMPTY);
}

static void test_a_meter_that_falls_silent_is_told_to_stop_and_let_go(void **state)
{
	(void)state;
	peer_init(&peer, peer_meter, peer_meter_count);
	peer_connect(&peer, NULL);
	peer_pass(&peer, 120 * S);
	assert_int_equal(peer.notes[PROFILE_NOTE_STORED_TIMEOUT], 1);
	assert_memory_equal(peer.written, "\x25\x00\x03\x00", 4); /* abort */
	assert_int_equal(peer.link.end, LINK_DONE);
}

static void test_a_link_is_not_held_for_a_receipt_that_never_comes(void **state)
{
	(void)state;
	peer_init(&peer, peer_meter, peer_meter_count);
	peer_connect(&peer, NULL);
	peer_notify(&peer, GLUCOSE_VALUE, "02 0100 EA07 0B 15 0A 0000 5AB0 11");
	peer_indicate(&peer, RACP_VALUE, "06 00 01 01");
	assert_int_equal(peer.link.unsafe, 1);
	peer_pass(&peer, LEDGER_PATIENCE_US + LINK_GRACE_US);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_pass(&peer, LEDGER_PATIENCE_US);
	assert_int_equal(peer.link.end, LINK_DONE);
}

/* ---- streams ---- */

static void connect_belt(int64_t expect_us)
{
	struct link_settings s;

	peer_init(&peer, peer_belt, peer_belt_count);
	s = peer_settings(&peer);
	s.expect_every_us = expect_us;
	peer_connect(&peer, &s);
	assert_true(peer.link.ready);
	peer.values = 0;
}

static void test_a_stream_that_goes_on_is_left_alone(void **state)
{
	(void)state;
	connect_belt(S);
	for (unsigned i = 0; i < 3600; i++) {
		peer_notify(&peer, HR_VALUE, "0048");
		peer_pass(&peer, S);
	}
	assert_int_equal(peer.values, 3600);
	assert_int_equal(peer.link.counters.probes, 0);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

static void test_a_silent_stream_is_asked_whether_it_lives(void **state)
{
	(void)state;
	connect_belt(15 * S);
	peer_pass(&peer, 45 * S - 1);
	assert_int_equal(peer.link.counters.probes, 0);
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.counters.probes, 1);
	assert_int_equal(peer.values, 1); /* its battery, which is worth having */
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	/* it speaks again, and its silence counts from there */
	peer_notify(&peer, HR_VALUE, "0048");
	peer_pass(&peer, 2 * 45 * S + S);
	peer_notify(&peer, HR_VALUE, "0048");
	peer_pass(&peer, 2 * 45 * S + S);
	assert_int_equal(peer.link.counters.probes, 5);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_LOST); /* if it went now */
}

static void test_a_link_that_does_not_answer_is_dropped(void **state)
{
	(void)state;
	connect_belt(15 * S);
	peer.mute = true;
	peer_pass(&peer, 45 * S + LINK_PROBE_US - 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.end, LINK_NO_ANSWER);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_LOST);
}

static void test_a_stream_that_answers_but_sends_nothing_is_dropped_in_the_end(void **state)
{
	(void)state;
	connect_belt(S);
	peer_pass(&peer, LINK_PROBES_MAX * LINK_QUIET_MIN_US - 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.end, LINK_SILENT);
	/* where nobody knows how often it speaks, it may be silent for as long as it answers */
	connect_belt(0);
	peer_pass(&peer, 3600 * S);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	assert_int_equal(peer.link.counters.probes, 3600 * S / LINK_QUIET_US);
}

static void test_a_battery_that_goes_on_is_no_stream_that_does(void **state)
{
	(void)state;
	connect_belt(S);
	for (unsigned i = 0; i < LINK_PROBES_MAX * LINK_QUIET_MIN_US / S; i++) {
		assert_int_equal(peer.link.end, LINK_GOES_ON);
		peer_notify(&peer, BATTERY_VALUE, "30");
		peer_pass(&peer, S);
	}
	assert_int_equal(peer.link.end, LINK_SILENT);
}

static void test_a_stream_without_a_battery_is_asked_for_its_first_handle(void **state)
{
	static const struct peer_attribute plain[] = {
		PEER(0x20, 0x2800, "0D18"),
		PEER(0x21, 0x2803, "102200372A"),
		PEER(0x22, 0x2a37, ""),
		PEER(0x23, 0x2902, "0000"),
	};

	(void)state;
	peer_init(&peer, plain, ARRAY_SIZE(plain));
	peer_connect(&peer, NULL);
	assert_int_equal(peer.asked[ATT_READ_REQUEST], 0);
	peer_pass(&peer, LINK_QUIET_US);
	assert_int_equal(peer.asked[ATT_READ_REQUEST], 1);
	/* an error is an answer */
	peer_pass(&peer, LINK_PROBE_US);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

/* ---- nothing for ever ---- */

static void test_a_request_that_is_not_answered_ends_the_link(void **state)
{
	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer.mute = true;
	peer_connect(&peer, NULL);
	peer_pass(&peer, ATT_TIMEOUT_US - 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.end, LINK_NO_ANSWER);
	assert_string_equal(peer.link.detail, att_reason_word(ATT_DOWN_TIMEOUT));
}

static void test_a_device_that_answers_each_request_late_is_too_slow(void **state)
{
	const uint8_t *pdu;
	size_t length;
	unsigned n = 0;

	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer.mute = true;
	peer_connect(&peer, NULL);
	peer_say(&peer, "03 F700");
	while (peer.link.end == LINK_GOES_ON && n++ < 50) {
		peer_pass(&peer, 29 * S);
		pdu = link_output(&peer.link, &length);
		assert_null(pdu);
		/* whatever it is, there is none; or refused */
		peer_say(&peer,
			peer.link.state == LINK_DISCOVERING ? "01 10 0100 0A" : "01 0A 0100 01");
		peer_say(&peer, "01 08 0100 0A");
	}
	assert_true(n < 10);
	assert_int_not_equal(peer.link.end, LINK_GOES_ON);
}

static void test_the_time_for_setup_runs_out_though_all_is_answered(void **state)
{
	static struct peer_attribute many[96];
	size_t count = 0;

	(void)state;
	many[count++] = (struct peer_attribute)PEER(0x01, 0x2800, "0F18");
	for (uint16_t h = 2; count + 2 <= ARRAY_SIZE(many); h = (uint16_t)(h + 2)) {
		static char texts[96][20];
		char *text = texts[count];

		(void)snprintf(text, sizeof(texts[0]), "02%02X00192A", (h + 1) & 0xffu);
		many[count++] = (struct peer_attribute)PEER(h, 0x2803, text);
		many[count++] = (struct peer_attribute)PEER((uint16_t)(h + 1), 0x2a19, "30");
	}
	peer_init(&peer, many, count);
	peer.mute_to = ATT_READ_REQUEST;
	peer_connect(&peer, NULL);
	assert_int_equal(peer.link.state, LINK_RUNNING);
	for (unsigned i = 0; i < 40 && peer.link.end == LINK_GOES_ON; i++) {
		peer_pass(&peer, 20 * S);
		if (peer.link.end == LINK_GOES_ON)
			peer_say(&peer, "0B 30");
	}
	assert_int_equal(peer.link.end, LINK_SLOW);
}

static void test_security_does_not_eat_the_time_for_setup(void **state)
{
	struct link_settings s;

	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	s = peer_settings(&peer);
	s.secure_first = true;
	peer_connect(&peer, &s);
	peer_pass(&peer, LINK_SECURITY_US - S);
	peer.mute = true;
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_int_equal(peer.link.setup_deadline_us, peer.now.boot_us + LINK_SETUP_US);
}

/* ---- any PDU at any moment ---- */

static uint64_t random_state;

static uint32_t next_random(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(random_state >> 33);
}

/* Mostly what could come at that moment, a little wrong. */
static size_t some_pdu(uint8_t *to)
{
	static const uint8_t opcodes[] = { 0x01, 0x02, 0x03, 0x05, 0x09, 0x0b, 0x11, 0x13, 0x1b,
		0x1d, 0x1d, 0x1d, 0x1e, 0x0a, 0x12, 0x52 };
	static const uint8_t handles[] = { 0x00, 0x03, 0x22, 0x22, 0x22, 0x25, 0x32, 0x99 };
	size_t n = next_random() % 24;

	for (size_t i = 0; i < 24; i++)
		to[i] = (uint8_t)(next_random() % 3 ? next_random() % 8 : next_random());
	to[0] = opcodes[next_random() % sizeof(opcodes)];
	if (to[0] != 0x1b && to[0] != 0x1d)
		return n;
	to[1] = handles[next_random() % sizeof(handles)];
	to[2] = 0;
	if (next_random() % 2)
		return n;
	memcpy(to + 3, "\x00\x78\x00\x50\x00\x5d\x00", 7); /* a whole value of the cuff */
	return 10;
}

/* never_safe: nothing of what is told becomes safe. */
static void act_at_random(bool never_safe)
{
	struct link *l = &peer.link;
	uint8_t pdu[24];
	unsigned what = next_random() % 16;

	if (never_safe && (what == 1 || what == 4))
		return;
	switch (what) {
	case 0:
		peer_pass(&peer, next_random() % (4 * S)); /* checks the deadlines */
		break;
	case 1:
		if (peer.token_count > 0)
			peer_safe(&peer, next_random() % 20 != 0);
		break;
	case 2:
		peer_secured(&peer, 1 + next_random() % 3);
		break;
	case 3:
		link_security_failed(l, &peer.now);
		break;
	case 4:
		link_safe(l, (uint64_t)next_random() << 33 | next_random(), true, &peer.now);
		break;
	case 5:
		peer.mute = !peer.mute;
		break;
	default:
		link_receive(l, pdu, some_pdu(pdu), &peer.now);
		peer_talk(&peer);
	}
}

static void test_any_pdu_at_any_moment(void **state)
{
	static const struct {
		const struct peer_attribute *list;
		size_t count;
	} devices[] = { { peer_belt, 0 }, { peer_cuff, 0 }, { peer_meter, 0 } };
	const size_t counts[] = { peer_belt_count, peer_cuff_count, peer_meter_count };
	unsigned ended = 0, ready = 0, tokens = 0;

	(void)state;
	random_state = SEED;
	for (unsigned round = 0; round < 3000; round++) {
		struct link_settings s;
		size_t d = round % ARRAY_SIZE(devices);
		bool never_safe = round % 2;

		peer_init(&peer, devices[d].list, counts[d]);
		peer.verdict = (enum link_taken)(next_random() % 3);
		peer.device.delete_stored = true;
		s = peer_settings(&peer);
		s.bonded = next_random() % 2;
		s.cached = round > 0 && next_random() % 2 ? &peer.link.gatt.table : NULL;
		peer.mute = next_random() % 2;
		peer_connect(&peer, &s);
		for (unsigned i = 0; i < 60 && peer.link.end == LINK_GOES_ON; i++) {
			if (peer.token_count > PEER_TOKENS_MAX / 2)
				peer.token_count = 0;
			act_at_random(never_safe);
			ready += peer.link.ready;
		}
		ended += peer.link.end != LINK_GOES_ON;
		assert_true(peer.confirmed <= peer.link.counters.confirmed + 6 /* the table's */);
		/* of a cuff, each token is an indication that is not safe */
		if (never_safe && peer.verdict == LINK_TAKEN_WAITS && d == 1) {
			assert_true(peer.confirmed + peer.tokens_given <=
				    peer.link.att.counters.indications);
			tokens += peer.tokens_given;
		}
		link_stop(&peer.link);
	}
	assert_true(ended > 100 && ready > 1000); /* it got somewhere */
	assert_true(tokens > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_device_that_has_said_all_is_let_go_after_a_while),
		cmocka_unit_test(test_a_device_that_says_nothing_is_let_go_later),
		cmocka_unit_test(test_a_meter_without_records_is_let_go_at_once),
		cmocka_unit_test(test_a_meter_that_falls_silent_is_told_to_stop_and_let_go),
		cmocka_unit_test(test_a_link_is_not_held_for_a_receipt_that_never_comes),
		cmocka_unit_test(test_a_stream_that_goes_on_is_left_alone),
		cmocka_unit_test(test_a_silent_stream_is_asked_whether_it_lives),
		cmocka_unit_test(test_a_link_that_does_not_answer_is_dropped),
		cmocka_unit_test(
			test_a_stream_that_answers_but_sends_nothing_is_dropped_in_the_end),
		cmocka_unit_test(test_a_battery_that_goes_on_is_no_stream_that_does),
		cmocka_unit_test(test_a_stream_without_a_battery_is_asked_for_its_first_handle),
		cmocka_unit_test(test_a_request_that_is_not_answered_ends_the_link),
		cmocka_unit_test(test_a_device_that_answers_each_request_late_is_too_slow),
		cmocka_unit_test(test_the_time_for_setup_runs_out_though_all_is_answered),
		cmocka_unit_test(test_security_does_not_eat_the_time_for_setup),
		cmocka_unit_test(test_any_pdu_at_any_moment),
	};

	printf("seed %llu\n", (unsigned long long)SEED);
	return RUN_TESTS(tests);
}
