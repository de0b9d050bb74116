/*
 * The retained documents: what is sent when, what stands in it, and that no
 * topic is left behind. The registry is the real one.
 */
#include "publish/documents.h"

#include <cjson/cJSON.h>

#include "config/config.h"
#include "gateway/registry.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define NOW INT64_C(1795255200000000) /* 2026-11-21T10:00:00Z */

#define P "w/s/7"
#define STATUS P "/gateways/gw1/status"
#define DEVICE(name) P "/gateways/gw1/devices/" name

struct world {
	struct registry *registry;
	struct documents *documents;
	struct config_device devices[2];
	struct config config;
	int64_t now;
	int wakes;
	char remembered[1024];
	char sent[1024]; /* last components in order, "-" before one that was emptied */
};

static void on_status(struct text *t, void *userdata)
{
	text_lit(t, ",\"outbox\":{\"depth\":0},\"drivers\":{}");
}

static void on_remember(const char *topics, void *userdata)
{
	struct world *w = userdata;

	snprintf(w->remembered, sizeof(w->remembered), "%s", topics);
}

static void on_wake(void *userdata)
{
	((struct world *)userdata)->wakes++;
}

static void apply(struct world *w, size_t count)
{
	w->config.devices = w->devices;
	w->config.device_count = count;
	assert_int_equal(registry_apply(w->registry, &w->config), 0);
}

static struct world *make(const char *remembered)
{
	struct world *w = calloc(1, sizeof(*w));
	struct documents_settings settings = {
		.prefix = P,
		.gateway = "gw1",
		.epoch = "12-9f3a21c4",
		.remembered = remembered,
		.status = on_status,
		.remember = on_remember,
		.wake = on_wake,
		.userdata = w,
	};

	assert_non_null(w);
	w->now = 1000 * SECOND;
	for (int i = 0; i < 2; i++)
		w->devices[i] = (struct config_device){
			.name = (char *)(i ? "b" : "a"),
			.transport = TRANSPORT_COAP,
			.address = (char *)(i ? "id-b" : "id-a"),
			.bed = (char *)(i ? NULL : "3"),
		};
	assert_int_equal(registry_new(&w->registry), 0);
	apply(w, 1);
	settings.registry = w->registry;
	assert_int_equal(documents_new(&w->documents, &settings), 0);
	return w;
}

static void finish(struct world *w)
{
	documents_free(w->documents);
	registry_free(w->registry);
	free(w);
}

/* Sends all that is due; success: what the broker answers. */
static const char *send_all(struct world *w, bool success)
{
	struct document *x;

	w->sent[0] = 0;
	while ((x = documents_next(w->documents, w->now))) {
		char buf[DOCUMENT_MAX];
		const char *body;
		ssize_t n = document_body(
			w->documents, x, buf, sizeof(buf), NOW, CLOCK_HOLDOVER, &body);
		const char *topic = strrchr(document_topic(x), '/') + 1;
		size_t at = strlen(w->sent);

		assert_true(n >= 0);
		if (n > 0) {
			cJSON *object = cJSON_Parse(body);

			assert_non_null(object);
			cJSON_Delete(object);
		}
		snprintf(w->sent + at, sizeof(w->sent) - at, "%s%s ", n ? "" : "-", topic);
		/* It has to be in the set that is remembered before it goes. */
		assert_non_null(strstr(w->remembered, document_topic(x)));
		document_sent(w->documents, x, w->now);
		document_acked(w->documents, x, success);
	}
	return w->sent;
}

static void test_birth(void **state)
{
	struct world *w = make(NULL);

	assert_string_equal(send_all(w, true), "status a ");
	assert_string_equal(w->remembered, STATUS "\n" DEVICE("a") "\n");
	assert_string_equal(send_all(w, true), "");
	/* Each connection begins with all of them. */
	documents_connected(w->documents);
	assert_string_equal(send_all(w, true), "status a ");
	finish(w);
}

static void test_status_has_a_rhythm(void **state)
{
	struct world *w = make(NULL);

	send_all(w, true);
	assert_true(documents_due(w->documents) == w->now + STATUS_EVERY_US);
	w->now += STATUS_EVERY_US - 1;
	assert_string_equal(send_all(w, true), "");
	w->now += 1;
	assert_string_equal(send_all(w, true), "status ");
	/* A change does not wait for it, nor does it come in bursts. */
	documents_status_changed(w->documents, w->now);
	assert_string_equal(send_all(w, true), "");
	w->now += STATUS_SOONEST_US;
	assert_string_equal(send_all(w, true), "status ");
	w->now += 5 * SECOND;
	documents_status_changed(w->documents, w->now);
	assert_string_equal(send_all(w, true), "status ");
	finish(w);
}

static void test_a_device_changes_once_a_minute(void **state)
{
	struct world *w = make(NULL);
	struct device *d = registry_find(w->registry, TRANSPORT_COAP, "id-a");

	send_all(w, true);
	w->now += 5 * SECOND;
	registry_set_battery(w->registry, d, 50);
	assert_string_equal(send_all(w, true), "");
	w->now = 1000 * SECOND + DEVICE_SOONEST_US;
	assert_string_equal(send_all(w, true), "status a ");
	/* Only being heard is no news. */
	registry_heard(w->registry, d, NOW, w->now);
	send_all(w, true);
	w->now += 61 * SECOND;
	send_all(w, true);
	registry_heard(w->registry, d, NOW, w->now);
	assert_string_equal(send_all(w, true), "");
	finish(w);
}

static void test_a_device_goes(void **state)
{
	struct world *w = make(NULL);

	apply(w, 2);
	assert_string_equal(send_all(w, true), "status a b ");
	w->devices[0] = w->devices[1];
	apply(w, 1);
	assert_string_equal(send_all(w, true), "-a ");
	assert_string_equal(w->remembered, STATUS "\n" DEVICE("b") "\n");
	documents_connected(w->documents);
	assert_string_equal(send_all(w, true), "status b ");
	finish(w);
}

static void test_a_refused_emptying_is_tried_again(void **state)
{
	struct world *w = make(NULL);

	send_all(w, true);
	apply(w, 0);
	assert_string_equal(send_all(w, false), "-a ");
	assert_non_null(strstr(w->remembered, DEVICE("a")));
	documents_connected(w->documents);
	assert_string_equal(send_all(w, true), "status -a ");
	assert_null(strstr(w->remembered, DEVICE("a")));
	finish(w);
}

static void test_a_device_goes_and_comes_back_meanwhile(void **state)
{
	struct world *w = make(NULL);
	struct document *x;

	send_all(w, true);
	apply(w, 0);
	x = documents_next(w->documents, w->now);
	assert_non_null(x);
	document_sent(w->documents, x, w->now);
	apply(w, 1);
	document_acked(w->documents, x, true);
	assert_string_equal(send_all(w, true), "a ");
	assert_non_null(strstr(w->remembered, DEVICE("a")));
	finish(w);
}

static void test_what_an_earlier_run_left(void **state)
{
	struct world *w =
		make("old/gateways/gw0/status\n" DEVICE("gone") "\n" DEVICE("a") "\n\nbad/#\n");

	assert_string_equal(send_all(w, true), "status -status -gone a ");
	assert_string_equal(w->remembered, DEVICE("a") "\n" STATUS "\n");
	finish(w);
}

static void test_another_prefix(void **state)
{
	struct world *w = make(NULL);

	send_all(w, true);
	assert_int_equal(documents_set_prefix(w->documents, P "-training", true), 0);
	documents_connected(w->documents);
	assert_string_equal(
		documents_status_topic(w->documents), P "-training/gateways/gw1/status");
	assert_string_equal(send_all(w, true), "status -status -a a ");
	assert_string_equal(w->remembered,
		P "-training/gateways/gw1/status\n" P "-training/gateways/gw1/devices/a\n");
	finish(w);
}

static void test_a_lost_connection(void **state)
{
	struct world *w = make(NULL);
	struct document *x = documents_next(w->documents, w->now);

	document_sent(w->documents, x, w->now);
	assert_ptr_not_equal(documents_next(w->documents, w->now), x);
	documents_disconnected(w->documents);
	assert_string_equal(send_all(w, true), "status a ");
	finish(w);
}

static void test_one_that_is_given_up(void **state)
{
	struct world *w = make(NULL);
	struct document *x = documents_next(w->documents, w->now);

	document_sent(w->documents, x, w->now);
	document_give_up(w->documents, x);
	documents_disconnected(w->documents);
	documents_connected(w->documents);
	assert_string_equal(send_all(w, true), "a ");
	finish(w);
}

static void test_texts(void **state)
{
	struct world *w = make(NULL);
	struct device *d = registry_find(w->registry, TRANSPORT_COAP, "id-a");
	char buf[DOCUMENT_MAX];
	const char *body;
	struct document *x;

	assert_true(documents_online(w->documents, buf, sizeof(buf), NOW, CLOCK_SYNCHRONISED) > 0);
	assert_string_equal(buf,
		"{\"status\":\"online\",\"gateway\":\"gw1\",\"epoch\":\"12-9f3a21c4\","
		"\"version\":\"" WG_VERSION "\",\"mode\":\"production\","
		"\"clock\":\"synchronised\",\"time\":\"2026-11-21T10:00:00.000Z\","
		"\"next_by\":\"2026-11-21T10:01:15.000Z\",\"outbox\":{\"depth\":0},"
		"\"drivers\":{}}");
	assert_true(documents_offline(w->documents, buf, sizeof(buf), NULL, NOW) > 0);
	assert_string_equal(buf,
		"{\"status\":\"offline\",\"gateway\":\"gw1\",\"epoch\":\"12-9f3a21c4\","
		"\"version\":\"" WG_VERSION "\",\"mode\":\"production\"}");
	assert_true(documents_offline(w->documents, buf, sizeof(buf), "stopped", NOW) > 0);
	assert_string_equal(buf,
		"{\"status\":\"offline\",\"gateway\":\"gw1\",\"epoch\":\"12-9f3a21c4\","
		"\"version\":\"" WG_VERSION "\",\"mode\":\"production\","
		"\"reason\":\"stopped\",\"time\":\"2026-11-21T10:00:00.000Z\"}");

	registry_heard(w->registry, d, NOW, w->now);
	registry_set_battery(w->registry, d, 81);
	assert_int_equal(registry_set_fact(w->registry, d, FACT_MODEL, "Oxi \"9\""), 0);
	x = documents_next(w->documents, w->now);
	document_sent(w->documents, x, w->now);
	x = documents_next(w->documents, w->now);
	assert_string_equal(document_schema(x), "wardgate-device-1");
	assert_true(
		document_body(w->documents, x, buf, sizeof(buf), NOW, CLOCK_HOLDOVER, &body) > 0);
	assert_string_equal(body,
		"{\"device\":\"a\",\"transport\":\"coap\",\"address\":\"id-a\",\"use\":\"fixed\","
		"\"bed\":\"3\",\"model\":\"Oxi \\\"9\\\"\",\"battery\":81,\"state\":\"present\","
		"\"last_heard\":\"2026-11-21T10:00:00.000Z\","
		"\"time\":\"2026-11-21T10:00:00.000Z\"}");
	finish(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_birth),
		cmocka_unit_test(test_status_has_a_rhythm),
		cmocka_unit_test(test_a_device_changes_once_a_minute),
		cmocka_unit_test(test_a_device_goes),
		cmocka_unit_test(test_a_refused_emptying_is_tried_again),
		cmocka_unit_test(test_a_device_goes_and_comes_back_meanwhile),
		cmocka_unit_test(test_what_an_earlier_run_left),
		cmocka_unit_test(test_another_prefix),
		cmocka_unit_test(test_a_lost_connection),
		cmocka_unit_test(test_one_that_is_given_up),
		cmocka_unit_test(test_texts),
	};

	return RUN_TESTS(tests);
}
