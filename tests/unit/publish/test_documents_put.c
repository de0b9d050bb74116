/*
 * Retained documents that others put: sent, repeated, emptied, moved with the
 * prefix.
 */
#include "config/config.h"
#include "gateway/registry.h"
#include "publish/documents.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define SECOND INT64_C(1000000)

struct world {
	struct registry *registry;
	struct documents *documents;
	int64_t now;
	char sent[1024];
	char answered[256];
	bool take_back; /* within the answer */
	unsigned remembered, topics;
};

static void on_status(struct text *t, void *userdata)
{
}

static void on_remember(const char *topics, void *userdata)
{
	struct world *w = userdata;

	w->remembered++;
	w->topics = 0;
	while ((topics = strchr(topics, '\n'))) {
		w->topics++;
		topics++;
	}
}

static void on_wake(void *userdata)
{
}

static void on_answered(const char *rest, bool emptied, bool success, void *userdata)
{
	struct world *w = userdata;
	size_t n = strlen(w->answered);

	snprintf(w->answered + n, sizeof(w->answered) - n, "%s%s%s ", emptied ? "-" : "", rest,
		success ? "" : "!");
	if (w->take_back && !emptied)
		assert_int_equal(documents_put(w->documents, rest, NULL), 0);
}

static void begin(struct world *w)
{
	struct documents_settings settings = {
		.prefix = "p",
		.gateway = "gw",
		.epoch = "1-00000000",
		.status = on_status,
		.remember = on_remember,
		.answered = on_answered,
		.wake = on_wake,
		.userdata = w,
	};

	*w = (struct world){ .now = 1000 * SECOND };
	assert_int_equal(registry_new(&w->registry), 0);
	settings.registry = w->registry;
	assert_int_equal(documents_new(&w->documents, &settings), 0);
}

static void finish(struct world *w)
{
	documents_free(w->documents);
	registry_free(w->registry);
}

/* Sends what is due: "topic=body", status left out. */
static const char *send_all(struct world *w, bool success)
{
	struct document *x;

	w->sent[0] = w->answered[0] = 0;
	while ((x = documents_next(w->documents, w->now))) {
		char buf[DOCUMENT_MAX];
		const char *body;
		ssize_t n = document_body(
			w->documents, x, buf, sizeof(buf), 0, CLOCK_UNSYNCHRONISED, &body);
		size_t at = strlen(w->sent);

		assert_true(n >= 0);
		if (!strstr(document_topic(x), "/status"))
			snprintf(w->sent + at, sizeof(w->sent) - at, "%s=%.*s ", document_topic(x),
				(int)n, body);
		document_sent(w->documents, x, w->now);
		document_acked(w->documents, x, success);
	}
	return w->sent;
}

static void test_life(void **state)
{
	struct world w;

	begin(&w);
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{\"a\":1}"), 0);
	assert_string_equal(send_all(&w, true), "p/alarms/gw/x={\"a\":1} ");
	assert_string_equal(w.answered, "alarms/gw/x ");
	assert_string_equal(send_all(&w, true), "");
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{\"a\":2}"), 0);
	assert_string_equal(send_all(&w, true), "p/alarms/gw/x={\"a\":2} ");
	/* Each connection repeats it. */
	documents_connected(w.documents);
	assert_string_equal(send_all(&w, true), "p/alarms/gw/x={\"a\":2} ");
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", NULL), 0);
	assert_string_equal(send_all(&w, true), "p/alarms/gw/x= ");
	assert_string_equal(w.answered, "-alarms/gw/x ");
	documents_connected(w.documents);
	assert_string_equal(send_all(&w, true), "");
	/* What is not there needs no emptying. */
	assert_int_equal(documents_put(w.documents, "alarms/gw/y", NULL), 0);
	assert_string_equal(send_all(&w, true), "");
	finish(&w);
}

static void test_schema(void **state)
{
	struct world w;
	struct document *x;

	begin(&w);
	send_all(&w, true);
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{}"), 0);
	x = documents_next(w.documents, w.now);
	assert_string_equal(document_schema(x), "wardgate-alarm-1");
	finish(&w);
}

static void test_refused(void **state)
{
	struct world w;

	begin(&w);
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{}"), 0);
	send_all(&w, false);
	assert_string_equal(w.answered, "alarms/gw/x! ");
	finish(&w);
}

/* The answer itself may change it. */
static void test_taken_back_in_the_answer(void **state)
{
	struct world w;

	begin(&w);
	w.take_back = true;
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{}"), 0);
	assert_string_equal(send_all(&w, true), "p/alarms/gw/x={} p/alarms/gw/x= ");
	assert_string_equal(w.answered, "alarms/gw/x -alarms/gw/x ");
	documents_connected(w.documents);
	assert_string_equal(send_all(&w, true), "");
	finish(&w);
}

/* What changes while it is on its way is answered when the last of it is. */
static void test_changed_in_flight(void **state)
{
	struct world w;
	struct document *x;

	begin(&w);
	send_all(&w, true);
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{\"a\":1}"), 0);
	x = documents_next(w.documents, w.now);
	document_sent(w.documents, x, w.now);
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{\"a\":2}"), 0);
	document_acked(w.documents, x, true);
	assert_string_equal(w.answered, "");
	assert_string_equal(send_all(&w, true), "p/alarms/gw/x={\"a\":2} ");
	assert_string_equal(w.answered, "alarms/gw/x ");
	finish(&w);
}

static void test_other_prefix(void **state)
{
	static const char *const prefixes[] = { "q", "p/q", "long/er" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		char expected[128];
		struct world w;

		begin(&w);
		assert_int_equal(documents_put(w.documents, "alarms/gw/x", "{}"), 0);
		send_all(&w, true);
		assert_int_equal(documents_set_prefix(w.documents, prefixes[i], false), 0);
		snprintf(expected, sizeof(expected), "%s/alarms/gw/x={} ", prefixes[i]);
		assert_non_null(strstr(send_all(&w, true), expected));
		assert_non_null(strstr(w.sent, "p/alarms/gw/x= "));
		documents_connected(w.documents);
		assert_string_equal(send_all(&w, true), expected);
		/* And back again, before the old one was emptied. */
		assert_int_equal(documents_set_prefix(w.documents, "p", false), 0);
		assert_int_equal(documents_set_prefix(w.documents, prefixes[i], false), 0);
		documents_connected(w.documents);
		assert_non_null(strstr(send_all(&w, true), expected));
		documents_connected(w.documents);
		assert_string_equal(send_all(&w, true), expected);
		finish(&w);
	}
}

/* As long as a list of all devices is. */
static void test_a_long_one(void **state)
{
	static char text[200000];
	struct document *x;
	struct world w;
	const char *body;

	begin(&w);
	send_all(&w, true);
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(documents_put(w.documents, "alarms/gw/x", text), 0);
	x = documents_next(w.documents, w.now);
	assert_int_equal(document_body(w.documents, x, NULL, 0, 0, CLOCK_UNSYNCHRONISED, &body),
		sizeof(text) - 1);
	assert_string_equal(body, text);
	finish(&w);
}

/* All topics at once, in whatever order they change: each is sent as it was put last, alarms in
 * the order in which they came, and all are emptied. */
static void test_thousands(void **state)
{
	enum { COUNT = 20000 };
	static unsigned char sent[COUNT];
	char rest[64], body[32];
	struct document *x;
	struct world w;
	const char *text;
	char buf[DOCUMENT_MAX];
	unsigned n = 0;

	begin(&w);
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(rest, sizeof(rest), "alarms/gw/x%u", i);
		assert_int_equal(documents_put(w.documents, rest, "{}"), 0);
	}
	for (unsigned i = COUNT; i-- > 0;) {
		snprintf(rest, sizeof(rest), "alarms/gw/x%u", i);
		snprintf(body, sizeof(body), "{\"a\":%u}", i);
		assert_int_equal(documents_put(w.documents, rest, body), 0);
	}
	w.topics = 0;
	while ((x = documents_next(w.documents, w.now))) {
		if (document_body(w.documents, x, buf, sizeof(buf), 0, CLOCK_HOLDOVER, &text) > 0 &&
			strncmp(text, "{\"a\":", 5) == 0) {
			assert_int_equal(strtoul(text + 5, NULL, 10), n);
			sent[n++]++;
		}
		document_sent(w.documents, x, w.now);
		document_acked(w.documents, x, true);
		w.answered[0] = 0;
	}
	assert_int_equal(n, COUNT);
	assert_int_equal(w.topics, COUNT + 1);
	for (unsigned i = 0; i < COUNT; i++) {
		unsigned at = i * 7919u % COUNT;

		snprintf(rest, sizeof(rest), "alarms/gw/x%u", at);
		assert_int_equal(documents_put(w.documents, rest, NULL), 0);
	}
	w.remembered = 0;
	while ((x = documents_next(w.documents, w.now))) {
		sent[strtoul(strrchr(document_topic(x), 'x') + 1, NULL, 10)]++;
		document_sent(w.documents, x, w.now);
		document_acked(w.documents, x, true);
		w.answered[0] = 0;
	}
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(sent[i], 2);
	/* Written down some times and not with each, and as it is in the end. */
	assert_in_range(w.remembered, 1, 200);
	assert_int_equal(w.topics, 1);
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_a_long_one),
		cmocka_unit_test(test_thousands),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_taken_back_in_the_answer),
		cmocka_unit_test(test_changed_in_flight),
		cmocka_unit_test(test_other_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
