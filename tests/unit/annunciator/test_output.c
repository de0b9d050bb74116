/*
 * One output: a LED by the files of its class, a line by the ioctls of a chip
 * that gpio_chip.c plays; failing, coming back, and how often it is tried.
 */
#include "annunciator/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gpio_chip.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/log.h"

#define SECOND INT64_C(1000000)

static char led[64];

static void put(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", led, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *get(const char *name)
{
	static char text[64];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", led, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "(missing)";
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n >= 0);
	text[n] = 0;
	return text;
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", led, name);
	unlink(path);
}

static void plug_led(void)
{
	assert_int_equal(mkdir(led, 0700), 0);
	put("max_brightness", "31\n");
	put("brightness", "7");
	put("trigger", "none kbd-capslock [heartbeat] timer\n");
}

static void unplug_led(void)
{
	remove_file("max_brightness");
	remove_file("brightness");
	remove_file("trigger");
	rmdir(led);
}

static int set_up(void **state)
{
	snprintf(led, sizeof(led), "/tmp/wardgate-led-%d", getpid());
	plug_led();
	chip_plug();
	chip_now_us = 1000 * SECOND;
	return 0;
}

static int tear_down(void **state)
{
	unplug_led();
	chip_done();
	return 0;
}

static struct output make(const char *format, const char *where)
{
	char text[CONFIG_OUTPUT_MAX + 1];
	struct config_output what;
	struct config_why why = { "" };
	struct output o;

	snprintf(text, sizeof(text), "%s%s", format, where);
	if (config_parse_output(text, &what, &why) != 0)
		fail_msg("%s %s", text, why.text);
	output_init(&o, &what, text);
	return o;
}

static struct output make_line(const char *line)
{
	char where[128];

	snprintf(where, sizeof(where), "%s:%s", chip.path, line);
	return make("gpio:", where);
}

static void set(struct output *o, bool on)
{
	output_set(o, &chip_kernel, on);
}

/* --- LEDs --- */

static void test_led_has_its_whole_brightness_and_no_trigger(void **state)
{
	struct output o = make("led:", led);

	set(&o, false);
	assert_true(o.ready);
	assert_string_equal(get("trigger"), "none");
	assert_string_equal(get("brightness"), "0");
	set(&o, true);
	assert_string_equal(get("brightness"), "31");
	output_done(&o, &chip_kernel);
	assert_string_equal(get("brightness"), "0");
}

static void test_led_without_triggers(void **state)
{
	struct output o = make("led:", led);

	remove_file("trigger");
	set(&o, true);
	assert_true(o.ready);
	assert_string_equal(get("brightness"), "31");
	assert_string_equal(get("trigger"), "(missing)");
	output_done(&o, &chip_kernel);
}

/* Where nobody may write to the trigger and nobody has to. */
static void test_led_without_a_trigger_in_force(void **state)
{
	struct output o = make("led:", led);

	put("trigger", "[none] timer\n");
	set(&o, true);
	assert_true(o.ready);
	assert_string_equal(get("trigger"), "[none] timer\n");
	output_done(&o, &chip_kernel);
}

static void test_led_is_not_written_without_need(void **state)
{
	struct output o = make("led:", led);

	set(&o, true);
	put("brightness", "mine");
	chip_now_us += OUTPUT_REFRESH_US - 1;
	set(&o, true);
	assert_string_equal(get("brightness"), "mine");
	/* Yet what somebody else did to it does not last. */
	put("trigger", "none [timer]\n");
	chip_now_us += 1;
	set(&o, true);
	assert_string_equal(get("brightness"), "31");
	assert_string_equal(get("trigger"), "none");
	output_done(&o, &chip_kernel);
}

static void test_led_pulled_and_plugged_in_again(void **state)
{
	struct output o = make("led:", led);

	set(&o, true);
	unplug_led();
	set(&o, false);
	assert_false(o.ready);
	assert_string_equal(o.problem, "brightness: No such file or directory");
	plug_led();
	set(&o, true); /* within the pause */
	assert_string_equal(get("brightness"), "7");
	chip_now_us += OUTPUT_RETRY_MIN_US;
	set(&o, true);
	assert_true(o.ready);
	assert_string_equal(o.problem, "");
	assert_string_equal(get("trigger"), "none");
	assert_string_equal(get("brightness"), "31");
	output_done(&o, &chip_kernel);
}

/* A name that is anything else blocks nobody: here a pipe that nobody reads. */
static void test_led_that_is_none(void **state)
{
	struct output o = make("led:", led);
	char path[128];

	remove_file("brightness");
	snprintf(path, sizeof(path), "%s/brightness", led);
	assert_int_equal(mkfifo(path, 0600), 0);
	set(&o, true);
	assert_false(o.ready);
	assert_string_equal(o.problem, "brightness: No such device or address");
	output_done(&o, &chip_kernel);
}

/* --- lines --- */

static void test_line_by_offset(void **state)
{
	struct output o = make_line("3");

	set(&o, true);
	assert_true(o.ready);
	assert_true(chip_is_held(3));
	assert_true(chip.lines[3].level);
	assert_string_equal(chip.lines[3].consumer, "wardgate");
	set(&o, false);
	assert_false(chip.lines[3].level);
	set(&o, true);
	assert_int_equal(chip.requests, 1);
	assert_int_equal(chip.sets, 3);
	output_done(&o, &chip_kernel);
	assert_false(chip.lines[3].level);
	assert_false(chip_is_held(3));
}

static void test_line_active_low(void **state)
{
	struct output o = make_line("0:active-low");

	set(&o, false);
	assert_true(chip.lines[0].level);
	set(&o, true);
	assert_false(chip.lines[0].level);
	output_done(&o, &chip_kernel);
	assert_true(chip.lines[0].level);
}

static void test_line_by_name(void **state)
{
	struct output o = make_line("LAMP"), none = make_line("LAMP2"), two = make_line("BOTH");

	/* One only begins alike. */
	memcpy(chip.lines[1].name, "LAMPS", 6);
	memcpy(chip.lines[5].name, "LAMP", 5);
	memcpy(chip.lines[6].name, "BOTH", 5);
	memcpy(chip.lines[7].name, "BOTH", 5);
	set(&o, true);
	assert_true(chip_is_held(5));
	assert_false(chip_is_held(1));
	set(&none, true);
	assert_non_null(strstr(none.problem, "has no line of that name"));
	set(&two, true);
	assert_non_null(strstr(two.problem, "has more than one line of that name"));
	output_done(&o, &chip_kernel);
	output_done(&none, &chip_kernel);
	output_done(&two, &chip_kernel);
}

static void test_line_that_cannot_be_had(void **state)
{
	struct output one = make_line("2"), other = make_line("2"), beyond = make_line("8");
	struct output file = make("gpio:", "/etc/passwd:1"), missing = make("gpio:", "/dev/no:1");

	set(&one, true);
	set(&other, true);
	assert_non_null(strstr(other.problem, "is in use by another"));
	set(&beyond, true);
	assert_non_null(strstr(beyond.problem, "has 8 lines only"));
	set(&file, true);
	assert_false(file.ready);
	assert_true(*file.problem);
	set(&missing, true);
	assert_string_equal(missing.problem, "/dev/no: No such file or directory");
	/* Nothing that was opened on the way stays open: the line comes free. */
	output_done(&one, &chip_kernel);
	assert_false(chip_is_held(2));
	chip_now_us += OUTPUT_RETRY_MIN_US;
	set(&other, true);
	assert_true(other.ready);
	output_done(&other, &chip_kernel);
	output_done(&beyond, &chip_kernel);
	output_done(&file, &chip_kernel);
	output_done(&missing, &chip_kernel);
}

static void test_chip_pulled_and_plugged_in_again(void **state)
{
	struct output o = make_line("4");

	set(&o, true);
	chip_unplug();
	/* A lamp that stays lit is not set for seconds: the refresh finds out. */
	chip_now_us += OUTPUT_REFRESH_US;
	set(&o, true);
	assert_non_null(strstr(o.problem, "was taken away"));
	assert_false(chip_is_held(4));
	chip_plug();
	chip_now_us += OUTPUT_RETRY_MIN_US;
	set(&o, true);
	assert_true(o.ready);
	assert_true(chip_is_held(4));
	assert_true(chip.lines[4].level);
	output_done(&o, &chip_kernel);
}

static void test_line_that_fails_is_tried_ever_more_seldom(void **state)
{
	struct output o = make_line("4");
	int64_t pause_us = OUTPUT_RETRY_MIN_US;

	chip_unplug();
	set(&o, true);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(o.failures, i + 1);
		assert_int_equal(o.pause_us, pause_us);
		assert_int_equal(o.due_us, chip_now_us + pause_us);
		chip_now_us += pause_us - 1;
		set(&o, i % 2); /* flashing meanwhile is no try */
		assert_int_equal(o.failures, i + 1);
		chip_now_us++;
		set(&o, true);
		pause_us = pause_us * 2 > OUTPUT_RETRY_MAX_US ? OUTPUT_RETRY_MAX_US : pause_us * 2;
	}
	assert_int_equal(pause_us, OUTPUT_RETRY_MAX_US);
	chip_plug();
	chip_now_us += pause_us;
	set(&o, true);
	assert_true(o.ready);
	assert_int_equal(o.pause_us, 0);
	output_done(&o, &chip_kernel);
}

/* One that takes long is left alone for a while, but not let go. */
static void test_slow_line(void **state)
{
	struct output o = make_line("4");
	unsigned sets;

	set(&o, true);
	chip.slow_us = OUTPUT_SLOW_US + 50000;
	set(&o, false);
	assert_false(o.ready);
	assert_string_equal(o.problem, "took 250 ms to be set, which holds up the gateway");
	assert_true(chip_is_held(4));
	sets = chip.sets;
	set(&o, true);
	assert_int_equal(chip.sets, sets);
	chip.slow_us = 1000;
	chip_now_us += OUTPUT_RETRY_MIN_US;
	set(&o, true);
	assert_true(o.ready);
	assert_true(chip.lines[4].level);
	assert_int_equal(chip.requests, 1);
	output_done(&o, &chip_kernel);
}

static void test_broken_line(void **state)
{
	struct output o = make_line("4");

	set(&o, true);
	chip.broken = true;
	set(&o, false);
	assert_non_null(strstr(o.problem, "Input/output error"));
	chip.broken = false;
	chip_now_us += OUTPUT_RETRY_MIN_US;
	set(&o, false);
	assert_true(o.ready);
	assert_false(chip.lines[4].level);
	output_done(&o, &chip_kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_led_has_its_whole_brightness_and_no_trigger),
		TEST(test_led_without_triggers),
		TEST(test_led_without_a_trigger_in_force),
		TEST(test_led_is_not_written_without_need),
		TEST(test_led_pulled_and_plugged_in_again),
		TEST(test_led_that_is_none),
		TEST(test_line_by_offset),
		TEST(test_line_active_low),
		TEST(test_line_by_name),
		TEST(test_line_that_cannot_be_had),
		TEST(test_chip_pulled_and_plugged_in_again),
		TEST(test_line_that_fails_is_tried_ever_more_seldom),
		TEST(test_slow_line),
		TEST(test_broken_line),
	};

	log_set_level(LOG_ERR);
	return RUN_TESTS(tests);
}
