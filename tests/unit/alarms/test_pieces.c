/*
 * The state in pieces, for those who keep only what has changed: put together
 * they are the whole, what matters for days is in the lasting ones, and the
 * marks say which piece is worth writing.
 */
#include "unit/unit.h"

#include "alarms/alarms.h"
#include "unit/alarms/timeline.h"
#include "unit/alarms/ward.h"
#include "util/cleanup.h"

static struct timeline t;

static int set_up(void **state)
{
	(void)state;
	ward_configure(&t);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	timeline_end(&t);
	return 0;
}

static const struct {
	enum alarms_piece kind;
	const char *name;
} pieces[] = { { PIECE_BED, "3" }, { PIECE_BED, "store" }, { PIECE_DEVICE, "ox" },
	{ PIECE_DEVICE, "probe" }, { PIECE_DEVICE, "cord" }, { PIECE_GATEWAY, NULL } };

static char *piece(enum alarms_piece kind, const char *name, bool lasting)
{
	char *text;
	size_t length;

	assert_int_equal(alarms_save_piece(t.a, kind, name, lasting, &text, &length), 0);
	assert_int_equal(strlen(text), length);
	return text;
}

static bool piece_has(enum alarms_piece kind, const char *name, bool lasting, const char *what)
{
	_cleanup_(freep) char *text = piece(kind, name, lasting);

	return strstr(text, what) != NULL;
}

static void happen(const char *event)
{
	assert_true(timeline_event(&t, event));
	(void)timeline_take(&t);
}

static char *joined(bool lasting)
{
	char all[32768] = "", *text;
	size_t n = 0, length;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		_cleanup_(freep) char *one = piece(pieces[i].kind, pieces[i].name, lasting);

		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s", one);
		assert_true(n < sizeof(all));
	}
	assert_int_equal(alarms_save_joined(all, strlen(all), &t.now, &text, &length), 0);
	assert_int_equal(strlen(text), length);
	return text;
}

/* What the engine says of itself: its alarms, as after a restart. */
static char *said(struct timeline *of)
{
	(void)timeline_take(of);
	alarms_continue(of->a, &of->now);
	return strdup(timeline_take(of));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(char *text)
{
	char copy[4096], *at = copy, *words[64];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (at && n < 64) {
		char *next = strstr(at, " | ");

		if (next)
			*next = 0;
		words[n++] = at;
		at = next ? next + 3 : NULL;
	}
	qsort(words, n, sizeof(words[0]), compare);
	for (size_t i = 0, used = 0; i < n; i++)
		used += (size_t)snprintf(
			text + used, sizeof(copy) - used, "%s%s", words[i], i + 1 < n ? " | " : "");
}

static void count_bed(const char *name, void *userdata)
{
	unsigned *seen = userdata;

	*seen |= strcmp(name, "3") == 0 ? 1U : strcmp(name, "store") == 0 ? 2U : 4U;
}

/* Beds come back with the state, whether or not somebody has named them before. */
static void test_beds_are_told(void **state)
{
	struct alarms *a;
	struct alarms_options options = { .epoch = "1-00000002" };
	_cleanup_(freep) char *text = NULL;
	char why[ALARMS_WHY_MAX] = "";
	unsigned seen = 0;

	(void)state;
	ward_happen(&t);
	text = joined(false);
	assert_int_equal(alarms_new(&a, &options), 0);
	alarms_each_bed(a, count_bed, &seen);
	assert_int_equal(seen, 0);
	assert_int_equal(alarms_restore(a, text, strlen(text), 0, &t.now, why), 0);
	alarms_each_bed(a, count_bed, &seen);
	assert_int_equal(seen, 3);
	alarms_free(a);
}

static void test_pieces_make_the_whole(void **state)
{
	char why[ALARMS_WHY_MAX] = "";
	struct timeline whole;

	(void)state;
	ward_happen(&t);
	for (int lasting = 0; lasting < 2; lasting++) {
		_cleanup_(freep) char *text = joined(lasting), *before = NULL, *after = NULL;
		int e;

		ward_configure(&whole);
		e = alarms_restore(whole.a, text, strlen(text), 0, &whole.now, why);
		if (e != 0)
			fail_msg("%s\n%s", why, text);
		before = said(&t);
		after = said(&whole);
		sort(before);
		sort(after);
		assert_string_equal(before, after);
		timeline_end(&whole);
		/* an onset lasts for seconds: it is no matter for days */
		assert_int_equal(strstr(text, "name=hi") != NULL, !lasting);
		assert_non_null(strstr(text, "level=ward\trule=hi"));
		assert_non_null(strstr(text, "name=fridge"));
	}
}

static void test_nothing_makes_a_state(void **state)
{
	char *text, why[ALARMS_WHY_MAX];
	size_t length;

	(void)state;
	assert_int_equal(alarms_save_joined("", 0, &t.now, &text, &length), 0);
	assert_int_equal(alarms_restore(t.a, text, length, 0, &t.now, why), 0);
	free(text);
	text = piece(PIECE_DEVICE, "nobody", false);
	assert_string_equal(text, "");
	free(text);
	text = piece(PIECE_BED, "nowhere", true);
	assert_string_equal(text, "");
	free(text);
}

/* A quiet device costs nothing that lasts. */
static void test_quiet_lasts_nothing(void **state)
{
	char *text;

	(void)state;
	happen("ox spo2 97");
	happen("ox pulse-rate 70");
	text = piece(PIECE_DEVICE, "ox", true);
	assert_string_equal(text, "");
	free(text);
	assert_true(piece_has(PIECE_DEVICE, "ox", false, "sensor\tdevice=ox\tmetric=spo2"));
	happen("ox spo2 85");
	assert_true(piece_has(PIECE_DEVICE, "ox", true, "name=lo"));
	/* latched: still there for days */
	happen("ox spo2 97");
	assert_true(piece_has(PIECE_DEVICE, "ox", true, "name=lo"));
	happen("reset lo.ox nurse");
	assert_false(piece_has(PIECE_DEVICE, "ox", true, "name=lo"));
	/* a technical one, from before its alarm on */
	happen("condition device-silent ox yes");
	assert_true(piece_has(PIECE_DEVICE, "ox", true, "name=device-silent"));
	happen("condition device-silent ox no");
	assert_false(piece_has(PIECE_DEVICE, "ox", true, "name=device-silent"));
	/* a value that came late is no excursion */
	happen("probe ambient-temperature 9 stored");
	assert_false(piece_has(PIECE_DEVICE, "probe", true, "name=fridge"));
	/* the clock of an excursion, long before its alarm */
	assert_false(piece_has(PIECE_DEVICE, "probe", true, "name=fridge"));
	happen("probe ambient-temperature 9");
	assert_true(piece_has(PIECE_DEVICE, "probe", true, "name=fridge"));
	assert_true(piece_has(PIECE_DEVICE, "probe", true, "state\tside=3"));
}

static void test_why_it_does_not_measure(void **state)
{
	(void)state;
	happen("ox perfusion-index sensor-off");
	assert_true(piece_has(PIECE_DEVICE, "ox", false, "\tunmeasured="));
	assert_false(piece_has(PIECE_DEVICE, "ox", false, "reason="));
	happen("ox perfusion-index sensor-off reason=motion");
	assert_true(piece_has(PIECE_DEVICE, "ox", false, "\treason=motion\n"));
}

/* After a power cut a sensor that was off, or at the end of its range, is known to be so: its
 * condition ends when it measures. */
static void test_sensors_that_were_off(void **state)
{
	char why[ALARMS_WHY_MAX];
	_cleanup_(freep) char *text = NULL, *out = NULL;

	(void)state;
	happen("ox perfusion-index sensor-off");
	happen("probe ambient-temperature 5 below-range");
	timeline_advance(&t, t.now.boot_us + 16 * ALARMS_SECOND);
	assert_non_null(strstr(timeline_take(&t), "start sensor-off.ox low"));
	text = joined(true);
	timeline_end(&t);
	ward_configure(&t);
	assert_int_equal(alarms_restore(t.a, text, strlen(text), 0, &t.now, why), 0);
	assert_string_equal(timeline_take(&t), "");
	out = said(&t);
	assert_non_null(strstr(out, "continue sensor-off.ox low"));
	assert_non_null(strstr(out, "continue out-of-range.probe low"));
	assert_true(timeline_event(&t, "ox perfusion-index 3"));
	assert_non_null(strstr(timeline_take(&t), "end sensor-off.ox low"));
	assert_true(timeline_event(&t, "probe ambient-temperature 5"));
	assert_non_null(strstr(timeline_take(&t), "end out-of-range.probe low"));
}

enum { LIFE = 1, STATE = 2, LASTING = 4 };

/* Which of the marks the event changes. */
static unsigned changed(enum alarms_piece kind, const char *name, const char *event)
{
	struct alarms_mark before, after;

	alarms_mark(t.a, kind, name, &before);
	happen(event);
	alarms_mark(t.a, kind, name, &after);
	return (before.life != after.life ? LIFE : 0) | (before.state != after.state ? STATE : 0) |
	       (before.lasting != after.lasting ? LASTING : 0);
}

static void test_marks_of_a_device(void **state)
{
	struct alarms_mark mark, none = { 0 };

	(void)state;
	alarms_mark(t.a, PIECE_DEVICE, "nobody", &mark);
	assert_memory_equal(&mark, &none, sizeof(mark));
	happen("ox spo2 97");
	happen("ox pulse-rate 70");
	/* the value alone is no change; what types sum up is one */
	assert_int_equal(changed(PIECE_DEVICE, "ox", "wait"), 0);
	assert_int_equal(changed(PIECE_DEVICE, "cord", "ox spo2 96"), 0);
	assert_int_equal(changed(PIECE_DEVICE, "ox", "ox pulse-rate 71"), STATE);
	/* an onset is life; it lasts once it has become an alarm */
	assert_int_equal(changed(PIECE_DEVICE, "ox", "ox pulse-rate 121") & ~STATE, LIFE | LASTING);
	t.now.boot_us += 11 * ALARMS_SECOND;
	t.now.utc_us += 11 * ALARMS_SECOND;
	assert_int_equal(changed(PIECE_DEVICE, "ox", "ox pulse-rate 121") & LASTING, LASTING);
	assert_int_equal(changed(PIECE_DEVICE, "ox", "ack hi.ox nurse"), LIFE | LASTING);
	assert_int_equal(
		changed(PIECE_DEVICE, "ox", "pause hi.ox audio-off 0 nurse"), LIFE | LASTING);
	assert_int_equal(
		changed(PIECE_DEVICE, "ox", "pause hi.ox audio-off 60 nurse"), LIFE | LASTING);
	assert_int_equal(changed(PIECE_DEVICE, "ox", "ox spo2 85") & LASTING, LASTING);
	assert_int_equal(
		changed(PIECE_DEVICE, "ox", "ox spo2 97") & LASTING, LASTING); /* latched */
	assert_int_equal(
		changed(PIECE_DEVICE, "ox", "condition low-battery ox yes"), LIFE | LASTING);
	assert_int_equal(
		changed(PIECE_DEVICE, "ox", "condition device-silent ox yes"), LIFE | LASTING);
	/* not measured: the clock of its condition runs */
	assert_int_equal(changed(PIECE_DEVICE, "ox", "ox perfusion-index sensor-off"), LIFE);
}

static void test_marks_of_an_excursion(void **state)
{
	struct alarms_mark mark;

	(void)state;
	alarms_mark(t.a, PIECE_DEVICE, "probe", &mark);
	assert_false(mark.running);
	happen("probe ambient-temperature 5");
	alarms_mark(t.a, PIECE_DEVICE, "probe", &mark);
	assert_false(mark.running);
	t.now.boot_us += ALARMS_SECOND;
	assert_int_equal(
		changed(PIECE_DEVICE, "probe", "probe ambient-temperature 5.5") & LASTING, 0);
	assert_int_equal(
		changed(PIECE_DEVICE, "probe", "probe ambient-temperature 9") & LASTING, LASTING);
	alarms_mark(t.a, PIECE_DEVICE, "probe", &mark);
	assert_true(mark.running);
	/* its clock as it runs is none; that it is over is one */
	t.now.boot_us += ALARMS_SECOND;
	assert_int_equal(
		changed(PIECE_DEVICE, "probe", "probe ambient-temperature 9.5") & LASTING, 0);
	assert_int_equal(
		changed(PIECE_DEVICE, "probe", "probe ambient-temperature 5") & LASTING, LASTING);
	alarms_mark(t.a, PIECE_DEVICE, "probe", &mark);
	assert_false(mark.running);
}

static void test_marks_of_a_bed(void **state)
{
	struct alarms_mark mark, none = { 0 };

	(void)state;
	alarms_mark(t.a, PIECE_BED, "nowhere", &mark);
	assert_memory_equal(&mark, &none, sizeof(mark));
	happen("ox spo2 97");
	assert_int_equal(changed(PIECE_BED, "3", "wait"), 0);
	assert_int_equal(changed(PIECE_BED, "3", "patient 3 p-1"), LASTING);
	assert_int_equal(changed(PIECE_BED, "3", "patient 3 p-2") & LASTING, LASTING);
	assert_int_equal(changed(PIECE_BED, "3", "patient 3 p-2 stay-1"), LASTING);
	assert_int_equal(changed(PIECE_BED, "3", "scale2 3 yes"), LASTING);
	assert_int_equal(changed(PIECE_BED, "3", "pause-bed 3 audio-off 0 nurse"), LASTING);
	assert_int_equal(changed(PIECE_BED, "3", "pause-bed 3 audio-off 60 nurse"), LASTING);
	/* what is measured comes again by itself, what was charted does not */
	happen("ox pulse-rate 70");
	t.now.boot_us += ALARMS_SECOND;
	assert_int_equal(changed(PIECE_BED, "3", "ox pulse-rate 70"), STATE);
	assert_int_equal(
		changed(PIECE_BED, "3", "bed-3 consciousness alert manual") & LASTING, LASTING);
	t.now.boot_us += ALARMS_SECOND;
	assert_int_equal(
		changed(PIECE_BED, "3", "bed-3 consciousness alert manual") & LASTING, LASTING);
	assert_int_equal(
		changed(PIECE_BED, "3", "bed-3 body-temperature 40 manual") & LASTING, LASTING);
	assert_int_equal(changed(PIECE_BED, "store", "ox spo2 85"), 0);
}

/* A bed that no score looks at keeps who lies there, and nothing of what is measured. */
static void test_marks_of_a_plain_bed(void **state)
{
	(void)state;
	timeline_end(&t);
	timeline_begin(&t, false);
	happen("device ox 3");
	assert_int_equal(changed(PIECE_BED, "3", "ox spo2 97"), 0);
	assert_int_equal(changed(PIECE_BED, "3", "patient 3 p-1"), LASTING);
}

static void test_marks_of_the_gateway(void **state)
{
	(void)state;
	assert_int_equal(changed(PIECE_GATEWAY, NULL, "ox spo2 97"), 0);
	assert_int_equal(changed(PIECE_GATEWAY, NULL, "set-limits lo bed 3 low=88 by=dr"), LASTING);
	assert_int_equal(
		changed(PIECE_GATEWAY, NULL, "condition broker-unreachable - yes"), LIFE | LASTING);
	assert_int_equal(changed(PIECE_GATEWAY, NULL, "ack broker-unreachable.gateway nurse"),
		LIFE | LASTING);
	assert_int_equal(
		changed(PIECE_GATEWAY, NULL, "condition broker-unreachable - no"), LIFE | LASTING);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_beds_are_told),
		TEST(test_pieces_make_the_whole),
		TEST(test_nothing_makes_a_state),
		TEST(test_quiet_lasts_nothing),
		TEST(test_why_it_does_not_measure),
		TEST(test_sensors_that_were_off),
		TEST(test_marks_of_a_device),
		TEST(test_marks_of_an_excursion),
		TEST(test_marks_of_a_bed),
		TEST(test_marks_of_a_plain_bed),
		TEST(test_marks_of_the_gateway),
	};

	return RUN_TESTS(tests);
}
