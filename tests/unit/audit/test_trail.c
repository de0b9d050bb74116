/*
 * The trail on the loop, with a disk that is there, late, failing or new, and
 * every entry that it gives out checked against the chain.
 */
#include "audit/trail.h"

#include <errno.h>

#include "audit/chain.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define UTC INT64_C(1795255200000000)

struct stand {
	struct trail *t;
	unsigned asked; /* to write */
	size_t published;
	uint64_t number[1000];
	int64_t owed[1000];
	/* What the disk has. */
	struct chain_walk disk;
	int64_t next_owed;
	size_t kept;
};

static void on_write(void *userdata)
{
	struct stand *s = userdata;

	s->asked++;
}

static void on_publish(const struct store_audit *a, int64_t owed, void *userdata)
{
	struct stand *s = userdata;
	char hash[CHAIN_HASH_MAX];

	assert_int_equal(chain_hash(a->previous, a->entry, strlen(a->entry), hash), 0);
	assert_string_equal(hash, a->hash);
	s->number[s->published] = a->number;
	s->owed[s->published++] = owed;
}

static void begin(struct stand *s)
{
	const struct trail_hooks hooks = {
		.write = on_write, .publish = on_publish, .userdata = s
	};

	*s = (struct stand){ .next_owed = 100 };
	chain_begin(&s->disk, 0, "");
	assert_int_equal(trail_new(&s->t, &hooks), 0);
}

static void open_disk(struct stand *s)
{
	struct store_chain end = { .number = s->disk.number };

	snprintf(end.hash, sizeof(end.hash), "%s", s->disk.number ? s->disk.hash : "");
	trail_opened(s->t, &end, NULL, 0);
}

static void add(struct stand *s, int64_t boot_us)
{
	trail_add(s->t, "\"kind\":\"command\",\"verb\":\"pause\"", boot_us, UTC);
}

/* One batch: taken, and written with that result. Returns how many. */
static size_t batch(struct stand *s, int error)
{
	struct store_audit audits[64];
	size_t n = trail_take(s->t, audits, 64);
	int64_t first = 0;

	for (size_t i = 0; i < n; i++) {
		if (error == 0) {
			assert_int_equal(chain_step(&s->disk, audits[i].number, audits[i].entry,
						 strlen(audits[i].entry), audits[i].hash),
				CHAIN_WHOLE);
			s->kept++;
			if (audits[i].owe && !first)
				first = s->next_owed;
			s->next_owed += audits[i].owe;
		}
		store_audit_done(&audits[i]);
	}
	if (n > 0)
		trail_written(s->t, error, first);
	return n;
}

static void test_written_then_published(void **state)
{
	struct stand s;

	begin(&s);
	open_disk(&s);
	add(&s, SECOND);
	add(&s, SECOND);
	assert_int_equal(s.asked, 2);
	assert_int_equal(s.published, 0);
	assert_false(trail_idle(s.t));
	assert_int_equal(batch(&s, 0), 2);
	assert_int_equal(s.published, 2);
	assert_int_equal(s.number[0], 1);
	assert_int_equal(s.owed[0], 100);
	assert_int_equal(s.number[1], 2);
	assert_int_equal(s.owed[1], 101);
	assert_true(trail_idle(s.t));
	assert_string_equal(
		trail_recent(s.t, 1), "{\"number\":2,\"kind\":\"command\",\"verb\":\"pause\"}");
	assert_null(trail_recent(s.t, 2));
	trail_free(s.t);
}

/* Without the end of the chain there is no number; one that comes while the first are with the
 * thread goes next. */
static void test_before_the_disk_is_open(void **state)
{
	struct store_audit taken[4];
	struct stand s;

	begin(&s);
	chain_begin(&s.disk, 41, chain_zeros);
	add(&s, SECOND);
	assert_int_equal(s.asked, 0);
	assert_int_equal(trail_take(s.t, taken, 4), 0);
	trail_tick(s.t, 60 * SECOND);
	assert_int_equal(s.published, 0);
	open_disk(&s);
	assert_int_equal(s.asked, 1);
	assert_int_equal(trail_take(s.t, taken, 4), 1);
	assert_int_equal(taken[0].number, 42);
	store_audit_done(&taken[0]);
	add(&s, 61 * SECOND);
	trail_written(s.t, 0, 7);
	assert_int_equal(s.published, 1);
	assert_int_equal(s.owed[0], 7);
	assert_int_equal(trail_take(s.t, taken, 4), 1);
	assert_int_equal(taken[0].number, 43);
	store_audit_done(&taken[0]);
	trail_free(s.t);
}

/* It is published without the disk after its patience, once, and written later without being owed.
 */
static void test_a_disk_that_fails(void **state)
{
	struct stand s;
	unsigned asked;

	begin(&s);
	open_disk(&s);
	add(&s, SECOND);
	assert_int_equal(batch(&s, -EIO), 1);
	trail_tick(s.t, 2 * SECOND);
	assert_int_equal(s.published, 0);
	trail_tick(s.t, SECOND + TRAIL_PATIENCE_US);
	assert_int_equal(s.published, 1);
	assert_int_equal(s.owed[0], 0);
	assert_int_equal(batch(&s, -EIO), 1);
	/* It asks once a second, not at every tick. */
	asked = s.asked;
	for (int i = 0; i < 10; i++)
		trail_tick(s.t, 10 * SECOND + i * SECOND / 10);
	assert_int_equal(s.asked, asked + 1);
	assert_int_equal(s.published, 1);
	assert_int_equal(batch(&s, 0), 1);
	assert_int_equal(s.published, 1);
	assert_int_equal(s.next_owed, 100);
	assert_true(trail_idle(s.t));
	trail_free(s.t);
}

/* A thread that hangs has it: it is published all the same; when it was written after all, its
 * record is owed, and goes a second time under its number. */
static void test_a_disk_that_hangs(void **state)
{
	struct store_audit taken;
	struct stand s;

	begin(&s);
	open_disk(&s);
	add(&s, SECOND);
	assert_int_equal(trail_take(s.t, &taken, 1), 1);
	store_audit_done(&taken);
	trail_tick(s.t, 30 * SECOND);
	assert_int_equal(s.published, 1);
	trail_written(s.t, 0, 55);
	assert_int_equal(s.published, 2);
	assert_int_equal(s.number[0], s.number[1]);
	assert_int_equal(s.owed[1], 55);
	assert_true(trail_idle(s.t));
	trail_free(s.t);
}

/* A new file in the middle of a run: the numbers go on. One with more than this run knew is
 * believed. */
static void test_a_new_file(void **state)
{
	struct stand s;

	begin(&s);
	open_disk(&s);
	add(&s, SECOND);
	batch(&s, 0);
	trail_opened(s.t, &(struct store_chain){ 0 }, NULL, 0);
	add(&s, 2 * SECOND);
	assert_int_equal(batch(&s, 0), 1);
	assert_int_equal(s.disk.number, 2);
	chain_begin(&s.disk, 500, chain_zeros);
	open_disk(&s);
	add(&s, 3 * SECOND);
	assert_int_equal(batch(&s, 0), 1);
	assert_int_equal(s.disk.number, 501);
	trail_free(s.t);
}

/* What an earlier run still owed is published, and all is shown. */
static void test_what_was_left(void **state)
{
	struct store_audit left[2] = {
		{ .number = 1, .entry = strdup("{\"number\":1,\"a\":1}"), .owed = 8 },
		{ .number = 2, .entry = strdup("{\"number\":2,\"a\":2}"), .owed = 9 }
	};
	struct store_chain end = { .number = 2 };
	struct stand s;

	begin(&s);
	assert_int_equal(
		chain_hash(chain_zeros, left[0].entry, strlen(left[0].entry), left[0].hash), 0);
	memcpy(left[1].previous, left[0].hash, CHAIN_HASH_MAX);
	assert_int_equal(
		chain_hash(left[0].hash, left[1].entry, strlen(left[1].entry), left[1].hash), 0);
	memcpy(end.hash, left[1].hash, CHAIN_HASH_MAX);
	trail_opened(s.t, &end, left, 2);
	assert_null(left[0].entry);
	assert_int_equal(s.published, 2);
	assert_int_equal(s.number[0], 1);
	assert_int_equal(s.owed[0], 8);
	assert_int_equal(s.number[1], 2);
	assert_int_equal(s.owed[1], 9);
	assert_string_equal(trail_recent(s.t, 0), "{\"number\":1,\"a\":1}");
	assert_string_equal(trail_recent(s.t, 1), "{\"number\":2,\"a\":2}");
	chain_begin(&s.disk, 2, end.hash);
	add(&s, SECOND);
	assert_int_equal(batch(&s, 0), 1);
	trail_free(s.t);
}

/* What finds no room is counted, and an entry says so. */
static void test_no_room(void **state)
{
	char want[100];
	struct stand s;

	begin(&s);
	for (int i = 0; i < TRAIL_WAITING_MAX + 3; i++)
		add(&s, SECOND);
	open_disk(&s);
	while (batch(&s, 0) > 0)
		;
	assert_int_equal(s.kept, TRAIL_WAITING_MAX);
	add(&s, 2 * SECOND);
	assert_int_equal(batch(&s, 0), 2);
	snprintf(want, sizeof(want),
		"{\"number\":%d,\"kind\":\"lost\",\"time\":\"2026-11-21T10:00:00.000Z\","
		"\"count\":3}",
		TRAIL_WAITING_MAX + 1);
	assert_string_equal(trail_recent(s.t, TRAIL_RECENT_MAX - 2), want);
	trail_free(s.t);
}

/* With a disk that never comes back the oldest published ones give way: consumers have them. */
static void test_published_ones_give_way(void **state)
{
	struct stand s;

	begin(&s);
	open_disk(&s);
	for (int i = 0; i < TRAIL_WAITING_MAX + 50; i++) {
		add(&s, i * SECOND);
		trail_tick(s.t, i * SECOND + TRAIL_PATIENCE_US);
	}
	assert_int_equal(s.published, TRAIL_WAITING_MAX + 50);
	trail_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_then_published),
		cmocka_unit_test(test_before_the_disk_is_open),
		cmocka_unit_test(test_a_disk_that_fails),
		cmocka_unit_test(test_a_disk_that_hangs),
		cmocka_unit_test(test_a_new_file),
		cmocka_unit_test(test_what_was_left),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_published_ones_give_way),
	};

	return RUN_TESTS(tests);
}
