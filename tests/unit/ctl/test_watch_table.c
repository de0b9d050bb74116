/*
 * The live table: order, what replaces what, what fits, and that nothing goes
 * beyond the terminal.
 */
#include "ctl/watch_table.h"

#include "ctl/term.h"
#include "unit/unit.h"

#define UTC INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

static const char *reading(
	char *buf, size_t size, const char *bed, const char *device, const char *value)
{
	snprintf(buf, size,
		"{\"device\":\"%s\",\"metric\":\"spo2\",\"value\":%s,\"unit\":\"%%\","
		"\"validity\":\"valid\",\"bed\":\"%s\"}",
		device, value, bed);
	return buf;
}

static char *screen(const struct watch_table *t, unsigned width, unsigned height, bool colours)
{
	const struct watch_size size = { .width = width, .height = height, .colours = colours };
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	assert_int_equal(watch_table_print(t, f, &size, "g", 10000, UTC), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_beds_in_order(void **state)
{
	_cleanup_(watch_table_freep) struct watch_table *t = NULL;
	_cleanup_(freep) char *text = NULL;
	char buf[200];

	assert_int_equal(watch_table_new(&t), 0);
	assert_int_equal(
		watch_table_reading(t, reading(buf, sizeof(buf), "10", "z", "1"), 4000), 0);
	assert_int_equal(
		watch_table_reading(t, reading(buf, sizeof(buf), "2", "y", "97.0"), 9000), 0);
	assert_int_equal(watch_table_reading(t, "{\"device\":1}", 0), 0);
	assert_int_equal(watch_table_reading(t, "no", 0), 0);
	text = screen(t, 80, 24, false);
	assert_string_equal(text, "g: 2 values of 2 devices\033[K\r\n"
				  "BED  DEVICE  METRIC  VALUE  UNIT  AGO  NOTE\033[K\r\n"
				  "2    y       spo2     97.0  %     1 s  \033[K\r\n"
				  "10   z       spo2        1  %     6 s  \033[K\033[J");
}

static void test_a_device_that_moves(void **state)
{
	_cleanup_(watch_table_freep) struct watch_table *t = NULL;
	_cleanup_(freep) char *text = NULL;
	char buf[200];

	assert_int_equal(watch_table_new(&t), 0);
	(void)watch_table_reading(t, reading(buf, sizeof(buf), "1", "y", "1"), 0);
	(void)watch_table_reading(t, reading(buf, sizeof(buf), "2", "y", "2"), 0);
	text = screen(t, 80, 24, false);
	assert_non_null(strstr(text, "1 values of 1 devices"));
	watch_table_gone(t, "y");
	free(text);
	text = screen(t, 80, 24, false);
	assert_non_null(strstr(text, "Nothing has come"));
}

static void put_alarm(struct watch_table *t, const char *id, const char *priority,
	const char *onset, const char *more)
{
	char buf[600];

	snprintf(buf, sizeof(buf),
		"{\"alarm\":\"%s\",\"priority\":\"%s\",\"bed\":\"3\",\"text\":\"%s\","
		"\"onset\":\"2026-11-21T09:%s:00.000Z\",%s}",
		id, priority, id, onset, more);
	watch_table_alarm(t, buf);
}

#define ACTIVE "\"state\":\"active\",\"inactivation\":[\"enabled\"]"

static void test_the_most_urgent_alarm_first(void **state)
{
	_cleanup_(watch_table_freep) struct watch_table *t = NULL;
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(watch_table_new(&t), 0);
	put_alarm(t, "a", "low", "01", ACTIVE);
	put_alarm(t, "b", "high", "02",
		"\"state\":\"active\",\"inactivation\":[\"alert-acknowledged\"],\"by\":\"anna\"");
	put_alarm(t, "c", "high", "03", ACTIVE);
	put_alarm(t, "d", "high", "04", ACTIVE);
	put_alarm(t, "e", "medium", "05",
		"\"state\":\"latched\",\"inactivation\":[\"audio-paused\"],"
		"\"inactivated_until\":\"2026-11-21T10:01:40.000Z\"");
	put_alarm(t, "f", "high", "06", ACTIVE);
	put_alarm(t, "f", "high", "06", "\"state\":\"inactive\",\"inactivation\":[\"enabled\"]");
	watch_table_alarm(t, "{\"state\":\"active\"}");
	watch_table_alarm(t, "no");
	text = screen(t, 80, 24, true);
	assert_string_equal(text,
		"\033[1mg: 0 values of 0 devices\033[0m\033[K\r\n"
		"\033[1;31mhigh    bed 3  d\033[0m\033[K\r\n"
		"\033[1;31mhigh    bed 3  c\033[0m\033[K\r\n"
		"high    bed 3  b  (acknowledged by anna)\033[K\r\n"
		"medium  bed 3  e  (latched, audio paused for 1 min 40 s)\033[K\r\n"
		"\033[36mlow     bed 3  a\033[0m\033[K\r\n"
		"Nothing has come yet. Ctrl-C leaves.\033[K\033[J");
	free(text);
	text = screen(t, 80, 8, false);
	assert_non_null(strstr(text, "and 2 more alarms; wardgatectl alarms lists them"));
}

/* Every size: no line longer, no more lines than the terminal has. */
static void test_it_fits_every_terminal(void **state)
{
	_cleanup_(watch_table_freep) struct watch_table *t = NULL;
	char buf[300], name[64];

	assert_int_equal(watch_table_new(&t), 0);
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "device-%d-with-a-name-that-is-long", i);
		(void)watch_table_reading(t, reading(buf, sizeof(buf), "3", name, "37.60"), 0);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(buf, sizeof(buf),
			"{\"alarm\":\"a%d\",\"state\":\"active\",\"priority\":\"high\",\"bed\":"
			"\"3\","
			"\"text\":\"\\u001b[2J a long text of an alarm that is on\"}",
			i);
		watch_table_alarm(t, buf);
	}
	for (unsigned width = 1; width < 120; width += 7)
		for (unsigned height = 1; height < 90; height += 8) {
			_cleanup_(freep) char *text = screen(t, width, height, false);
			unsigned lines = 1;
			char *end, *save = text;

			end = strstr(text, "\033[J");
			assert_non_null(end);
			*end = 0;
			for (char *line = save; line;) {
				char *next = strstr(line, "\r\n"), *clear;

				if (next) {
					*next = 0;
					next += 2;
					lines++;
				}
				clear = strstr(line, "\033[K");
				if (clear)
					*clear = 0;
				assert_null(strchr(line, '\033'));
				assert_true(term_columns(line) <= width);
				line = next;
			}
			assert_true(lines <= height);
		}
}

static void test_rows_have_a_cap(void **state)
{
	_cleanup_(watch_table_freep) struct watch_table *t = NULL;
	_cleanup_(freep) char *text = NULL;
	char buf[200], name[32];

	assert_int_equal(watch_table_new(&t), 0);
	for (int i = 0; i < WATCH_ROWS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		assert_int_equal(
			watch_table_reading(t, reading(buf, sizeof(buf), "1", name, "1"), 0), 0);
	}
	text = screen(t, 80, 5, false);
	assert_non_null(strstr(text, "4096 values"));
}

static void test_lines(void **state)
{
	char buf[200];

	assert_true(
		watch_line("{\"device\":\"d\",\"metric\":\"spo2\",\"instance\":2,\"value\":null,"
			   "\"validity\":\"sensor-off\",\"reason\":\"no-contact\","
			   "\"flags\":[\"demo\",1]}",
			buf, sizeof(buf)));
	assert_string_equal(buf, "bed -  d  spo2.2 -  (sensor-off no-contact demo)");
	assert_true(
		watch_line("{\"device\":\"d\",\"metric\":\"glucose\",\"value\":20,"
			   "\"unit\":\"mg/dL\",\"validity\":\"below-range\",\"comparator\":\"<\"}",
			buf, sizeof(buf)));
	assert_string_equal(buf, "bed -  d  glucose <20 mg/dL  (below-range)");
	assert_false(watch_line("{}", buf, sizeof(buf)));
	assert_false(watch_line("", buf, sizeof(buf)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beds_in_order),
		cmocka_unit_test(test_a_device_that_moves),
		cmocka_unit_test(test_the_most_urgent_alarm_first),
		cmocka_unit_test(test_it_fits_every_terminal),
		cmocka_unit_test(test_rows_have_a_cap),
		cmocka_unit_test(test_lines),
	};

	return RUN_TESTS(tests);
}
