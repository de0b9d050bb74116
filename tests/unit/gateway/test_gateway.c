/*
 * A reading's way in: stamps, numbers, groups, repetitions, all or nothing;
 * with the real outbox behind it.
 */
#include "gateway/gateway.h"

#include "config/config.h"
#include "outbox/outbox.h"
#include "unit/unit.h"

struct world {
	sd_event *event;
	struct config_device device;
	struct config config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct device *bed3;
	int safe, unsafe;
};

static void begin(struct world *w, size_t messages, enum config_mode mode)
{
	struct outbox_limits limits = { .messages = messages, .tries = 3, .aside = 2 };
	struct ledger ledger;

	memset(w, 0, sizeof(*w));
	w->device = (struct config_device){ .name = (char *)"bed3-oximeter",
		.transport = TRANSPORT_COAP,
		.address = (char *)"ox3",
		.bed = (char *)"3" };
	w->config.gateway.name = (char *)"gw1";
	w->config.gateway.mode = mode;
	w->config.devices = &w->device;
	w->config.device_count = 1;
	assert_int_equal(sd_event_new(&w->event), 0);
	assert_int_equal(gateway_new(&w->gateway, w->event, &w->config, "1-00000abc"), 0);
	assert_int_equal(outbox_new(&w->outbox, &limits), 0);
	ledger = outbox_ledger(w->outbox);
	gateway_set_ledger(w->gateway, &ledger);
	assert_int_equal(gateway_apply(w->gateway, &w->config), 0);
	w->bed3 = registry_find(gateway_registry(w->gateway), TRANSPORT_COAP, "ox3");
	outbox_connected(w->outbox, 1000);
}

static void end(struct world *w)
{
	outbox_free(w->outbox);
	gateway_free(w->gateway);
	sd_event_unref(w->event);
}

static void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	struct world *w = userdata;

	if (outcome == RECEIPT_SAFE)
		w->safe++;
	else
		w->unsafe++;
}

static struct reading number(enum metric m, int64_t mantissa, uint64_t key)
{
	return (struct reading){ .metric = m,
		.kind = VALUE_NUMBER,
		.number = { mantissa, 0 },
		.source_key = key,
		.time_us = key ? INT64_C(1700000000000000) : 0,
		.time_source = key ? TIME_DEVICE : TIME_GATEWAY };
}

static int submit(struct world *w, const struct reading *r, size_t n)
{
	struct receipt *receipt;

	return gateway_submit(w->gateway, w->bed3, r, n, on_receipt, w, &receipt);
}

static struct outbox_entry *send(struct world *w)
{
	struct outbox_entry *e = outbox_next(w->outbox);

	assert_non_null(e);
	outbox_sent(w->outbox, e);
	return e;
}

static void test_stamps_and_numbers(void **state)
{
	struct reading in[] = { number(METRIC_SPO2, 97, 0), number(METRIC_PULSE_RATE, 72, 0),
		number(METRIC_SPO2, 96, 5) };
	const struct reading *out;
	struct outbox_entry *e;
	int64_t before = realtime_us();
	struct world w;

	begin(&w, 100, MODE_PRODUCTION);
	in[0].group_index = in[1].group_index = 1;
	assert_int_equal(submit(&w, in, 3), 0);
	e = send(&w);
	out = &outbox_entry_message(e)->reading;
	assert_int_equal(out->sequence, 1);
	assert_int_equal(out->device_sequence, 1);
	assert_int_equal(out->group, 1);
	assert_true(out->received_us >= before);
	assert_int_equal(out->time_us, out->received_us);
	assert_string_equal(out->device->text, "bed3-oximeter");
	assert_string_equal(out->bed->text, "3");
	assert_int_equal(out->flags, 0);
	outbox_confirmed(w.outbox, e);
	e = send(&w);
	out = &outbox_entry_message(e)->reading;
	assert_int_equal(out->sequence, 2);
	assert_int_equal(out->group, 1);
	outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 0);
	e = send(&w);
	out = &outbox_entry_message(e)->reading;
	assert_int_equal(out->device_sequence, 3);
	assert_int_equal(out->group, 0);
	assert_int_equal(out->time_us, INT64_C(1700000000000000));
	outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 1);
	assert_int_equal(gateway_sequence(w.gateway), 3);
	assert_int_equal(w.bed3->state, DEVICE_PRESENT);
	end(&w);
}

static void test_training_marks_everything(void **state)
{
	struct reading in = number(METRIC_SPO2, 97, 0);
	struct world w;

	begin(&w, 100, MODE_TRAINING);
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(outbox_entry_message(send(&w))->reading.flags, FLAG_DEMO);
	end(&w);
}

static void test_repetition_waits_for_the_first(void **state)
{
	struct reading in = number(METRIC_SPO2, 97, 5);
	struct outbox_entry *e;
	struct world w;

	begin(&w, 100, MODE_PRODUCTION);
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(submit(&w, &in, 1), 0);
	e = send(&w);
	assert_null(outbox_next(w.outbox));
	assert_int_equal(w.safe, 0);
	outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 2);
	assert_int_equal(submit(&w, &in, 1), GATEWAY_E_SAFE);
	assert_int_equal(gateway_counters(w.gateway).readings, 1);
	assert_int_equal(gateway_counters(w.gateway).duplicates, 2);
	assert_int_equal(gateway_sequence(w.gateway), 1);
	end(&w);
}

static void test_without_a_key_nothing_is_a_repetition(void **state)
{
	struct reading in = number(METRIC_SPO2, 97, 0);
	struct world w;

	begin(&w, 100, MODE_PRODUCTION);
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(gateway_sequence(w.gateway), 2);
	end(&w);
}

static void test_no_room_takes_nothing(void **state)
{
	struct reading in[] = { number(METRIC_SPO2, 97, 1), number(METRIC_SPO2, 97, 2),
		number(METRIC_SPO2, 97, 3) };
	struct world w;

	begin(&w, 2, MODE_PRODUCTION);
	assert_int_equal(submit(&w, in, 3), GATEWAY_E_NO_ROOM);
	assert_int_equal(gateway_sequence(w.gateway), 0);
	assert_int_equal(submit(&w, in, 2), 0);
	/* A repetition of what is held already needs no room. */
	assert_int_equal(submit(&w, in, 2), 0);
	assert_int_equal(submit(&w, in, 3), GATEWAY_E_NO_ROOM);
	assert_int_equal(gateway_sequence(w.gateway), 2);
	end(&w);
}

static void test_battery_is_noted(void **state)
{
	struct reading in = number(METRIC_BATTERY, 815, 0);
	struct world w;

	begin(&w, 10, MODE_PRODUCTION);
	in.number.exponent = -1;
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(w.bed3->battery_percent, 81);
	in.number = (struct decimal){ 1, 2 };
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(w.bed3->battery_percent, 100);
	in.number = (struct decimal){ INT64_MAX, 127 };
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(w.bed3->battery_percent, -1);
	end(&w);
}

static void test_records_share_the_numbers(void **state)
{
	const struct gap gap = { .first = 1, .last = 1, .reason = "memory-full" };
	struct reading in = number(METRIC_SPO2, 97, 0);
	const struct message *m;
	struct world w;

	begin(&w, 10, MODE_PRODUCTION);
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(gateway_gap(w.gateway, &gap), 0);
	m = outbox_entry_message(send(&w));
	assert_int_equal(m->kind, MESSAGE_RECORD);
	assert_int_equal(m->sequence, 2);
	assert_string_equal(m->topic, "gateways/gw1/records");
	assert_non_null(strstr(m->body, "{\"id\":\"gw1:1-00000abc:2\",\"record\":\"gap\",\"epoch\":"
					"\"1-00000abc\",\"first\":1,"
					"\"last\":1,\"reason\":\"memory-full\",\"time\":\"20"));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps_and_numbers),
		cmocka_unit_test(test_training_marks_everything),
		cmocka_unit_test(test_repetition_waits_for_the_first),
		cmocka_unit_test(test_without_a_key_nothing_is_a_repetition),
		cmocka_unit_test(test_no_room_takes_nothing),
		cmocka_unit_test(test_battery_is_noted),
		cmocka_unit_test(test_records_share_the_numbers),
	};

	return RUN_TESTS(tests);
}
