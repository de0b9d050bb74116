/*
 * Gap and epoch records: what they say, that they fit whatever the numbers
 * are, and what they make good.
 */
#include <errno.h>

#include "world.h"

#define ID "{\"id\":\"gw1:5-00000005:"

/* A ledger that keeps what was recorded last. */
struct notebook {
	char topic[200], body[8192];
	uint64_t sequence;
	int64_t owed;
	unsigned count;
	struct {
		uint64_t first, last;
	} ranges[2000];
	size_t range_count;
	int fails_at; /* the how manieth record fails; 0: none */
};

static int on_record(
	void *object, uint64_t sequence, const char *topic, const char *body, int64_t owed)
{
	struct notebook *n = object;
	const char *at;

	if (n->fails_at > 0 && --n->fails_at == 0)
		return -ENOMEM;
	assert_in_range(strlen(body), 1, sizeof(n->body) - 1);
	(void)snprintf(n->topic, sizeof(n->topic), "%s", topic);
	(void)snprintf(n->body, sizeof(n->body), "%s", body);
	n->sequence = sequence;
	n->owed = owed;
	n->count++;
	at = strstr(body, "\"stored\":[");
	for (at = at ? at + 10 : NULL; at && *at == '[';
		at += strcspn(at, "]") + 1, at += *at == ',') {
		unsigned long long first, last;

		assert_int_equal(sscanf(at, "[%llu,%llu]", &first, &last), 2);
		n->ranges[n->range_count].first = first;
		n->ranges[n->range_count++].last = last;
	}
	return 0;
}

static void begin_notes(struct world *w, struct notebook *n)
{
	struct ledger ledger;

	begin(w, NULL, "5-00000005", 10);
	ledger = outbox_ledger(w->outbox);
	ledger.object = n;
	ledger.record = on_record;
	gateway_set_ledger(w->gateway, &ledger);
	memset(n, 0, sizeof(*n));
}

static void assert_body(const struct notebook *n, const char *want)
{
	const char *time = strstr(n->body, ",\"time\":\"");

	assert_non_null(time);
	assert_int_equal(time - n->body, strlen(want));
	assert_memory_equal(n->body, want, strlen(want));
	assert_string_equal(time + strlen(",\"time\":\"2026-11-21T12:00:00.004Z\""),
		",\"clock\":\"synchronised\"}");
	assert_string_equal(n->topic, "gateways/gw1/records");
}

static void test_gaps(void **state)
{
	static const struct {
		struct gap gap;
		const char *body;
	} rows[] = {
		{ { NULL, 7, 7, 1, "memory-full", 0 },
			ID "1\",\"record\":\"gap\",\"epoch\":\"5-00000005\",\"first\":7,\"last\":7,"
			   "\"count\":1,\"reason\":\"memory-full\"" },
		{ { "4-9f3a21c4", 1, UINT64_MAX, 0, "damaged", 44 },
			ID "2\",\"record\":\"gap\",\"epoch\":\"4-9f3a21c4\",\"first\":1,"
			   "\"last\":18446744073709551615,\"reason\":\"damaged\"" },
		{ { "4-9f3a21c4", 10, 90, 33, "free-space", 45 },
			ID "3\",\"record\":\"gap\",\"epoch\":\"4-9f3a21c4\",\"first\":10,"
			   "\"last\":90,\"count\":33,\"reason\":\"free-space\"" },
	};
	struct notebook n;
	struct world w;

	begin_notes(&w, &n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(gateway_gap(w.gateway, &rows[i].gap), 0);
		assert_body(&n, rows[i].body);
		assert_int_equal(n.owed, rows[i].gap.owed);
		assert_int_equal(n.sequence, i + 1);
	}
	n.fails_at = 1;
	assert_int_equal(gateway_gap(w.gateway, &rows[0].gap), -ENOMEM);
	end(&w);
}

static void test_epochs(void **state)
{
	static const struct store_range two[] = { { 3, 3 }, { 9, 40211 } };
	static const struct {
		struct epoch_end end;
		const char *body;
	} rows[] = {
		{ { "4-9f3a21c4", false, 0, NULL, 0, false, 9 },
			ID "1\",\"record\":\"epoch\",\"epoch\":\"4-9f3a21c4\",\"clean\":false,"
			   "\"stored\":[]" },
		{ { "4-9f3a21c4", true, 50000, two, 2, false, 9 },
			ID "2\",\"record\":\"epoch\",\"epoch\":\"4-9f3a21c4\",\"clean\":true,"
			   "\"last\":50000,\"stored\":[[3,3],[9,40211]]" },
		{ { "4-9f3a21c4", false, 0, two, 1, true, 9 },
			ID "3\",\"record\":\"epoch\",\"epoch\":\"4-9f3a21c4\",\"clean\":false,"
			   "\"stored\":[[3,3]],\"more\":true" },
	};
	struct notebook n;
	struct world w;

	begin_notes(&w, &n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(gateway_record_epoch(w.gateway, &rows[i].end), 0);
		assert_body(&n, rows[i].body);
		/* Only the last record of an epoch makes it good. */
		assert_int_equal(n.owed, rows[i].end.more ? 0 : 9);
	}
	end(&w);
}

static void test_any_number_of_ranges(void **state)
{
	static const size_t counts[] = { 0, 1, 99, 100, 101, 200, 201, 1000 };
	static struct store_range ranges[1000];
	struct notebook n;
	struct world w;

	/* As long as they can be. */
	for (size_t i = 0; i < 1000; i++)
		ranges[i] = (struct store_range){ UINT64_MAX - 3000 + 3 * i,
			UINT64_MAX - 2999 + 3 * i };
	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
		for (int more = 0; more < 2; more++) {
			struct epoch_end e = { "4611686018427387903-ffffffff", true, UINT64_MAX,
				ranges, counts[k], more, 9 };

			begin_notes(&w, &n);
			assert_int_equal(gateway_record_epoch(w.gateway, &e), 0);
			assert_int_equal(n.count, counts[k] <= 100 ? 1 : (counts[k] + 99) / 100);
			assert_int_equal(n.range_count, counts[k]);
			assert_memory_equal(n.ranges, ranges, counts[k] * sizeof(ranges[0]));
			assert_int_equal(n.owed, more ? 0 : 9);
			assert_int_equal(strstr(n.body, "\"more\":true") != NULL, more);
			end(&w);
		}
	/* One that fails is told; what makes it good was not said. */
	begin_notes(&w, &n);
	n.fails_at = 3;
	assert_int_equal(gateway_record_epoch(w.gateway, &(struct epoch_end){ "4-00000001", false,
								 0, ranges, 1000, false, 9 }),
		-ENOMEM);
	assert_int_equal(n.count, 2);
	assert_int_equal(n.owed, 0);
	end(&w);
}

static void test_the_run_before(void **state)
{
	struct epoch before = { .counter = 4, .random = 0x9f3a21c4, .last = 77 };
	struct notebook n;
	struct world w;

	begin_notes(&w, &n);
	assert_int_equal(gateway_record_previous(w.gateway, &before), 0);
	assert_body(&n, ID "1\",\"record\":\"epoch\",\"epoch\":\"4-9f3a21c4\",\"clean\":false,"
			   "\"stored\":[]");
	before.clean = true;
	assert_int_equal(gateway_record_previous(w.gateway, &before), 0);
	assert_body(&n, ID "2\",\"record\":\"epoch\",\"epoch\":\"4-9f3a21c4\",\"clean\":true,"
			   "\"last\":77,\"stored\":[]");
	before.published = true;
	assert_int_equal(gateway_record_previous(w.gateway, &before), 0);
	assert_int_equal(n.count, 2);
	end(&w);
}

static void test_the_end(void **state)
{
	struct notebook n;
	struct world w;

	begin_notes(&w, &n);
	assert_int_equal(gateway_record_end(w.gateway, 6), 1);
	assert_body(&n, ID "1\",\"record\":\"epoch\",\"epoch\":\"5-00000005\",\"clean\":true,"
			   "\"last\":1,\"stored\":[]");
	assert_int_equal(n.owed, 6);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_any_number_of_ranges),
		cmocka_unit_test(test_the_run_before),
		cmocka_unit_test(test_the_end),
	};

	return RUN_TESTS(tests);
}
