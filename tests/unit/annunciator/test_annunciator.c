/*
 * The annunciator as the daemon uses it: on an event loop, from a
 * configuration, on a chip that gpio_chip.c plays.
 */
#include "annunciator/annunciator.h"

#include "annunciator/annunciator_private.h"
#include "config/read.h"
#include "gateway/clock.h"
#include "gpio_chip.h"
#include "unit/unit.h"
#include "util/log.h"
#include "util/text.h"

#define SECOND INT64_C(1000000)
#define BASE "[Gateway]\nName=gw\nSite=s\nWard=w\n[MQTT]\nBroker=mqtts://b.example\n[Annunciator]\n"

static sd_event *event;
static struct annunciator *a;

/* Settings with "%" for "gpio:" and the chip's path. */
static struct config *configure(const char *settings)
{
	struct config_options options = {
		.host_name = "h", .state_directory = "/x", .bytes_only = true
	};
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	_cleanup_(freep) char *text = NULL;
	struct config *c = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs(BASE, f);
	for (; *settings; settings++)
		if (*settings == '%')
			fprintf(f, "gpio:%s", chip.path);
		else
			putc(*settings, f);
	fputc('\n', f);
	assert_int_equal(fclose(f), 0);
	if (config_read_bytes("t.conf", text, size, &options, &c, &problems) != 0)
		fail_msg("%s", problems.error_count ? problems.errors[0] : "?");
	return c;
}

/* The clock of the loop's timer, the chip's ioctls. */
static struct output_kernel kernel;

static int set_up(void **state)
{
	chip_plug();
	kernel = (struct output_kernel){ .ioctl = chip_kernel.ioctl, .now_us = boottime_us };
	assert_int_equal(sd_event_new(&event), 0);
	return 0;
}

static int tear_down(void **state)
{
	a = annunciator_free(a);
	event = sd_event_unref(event);
	chip_done();
	return 0;
}

static void start(const char *settings)
{
	_cleanup_(config_unrefp) struct config *c = configure(settings);

	assert_int_equal(annunciator_new_on(&a, event, c, &kernel), 0);
}

static void reload(const char *settings)
{
	_cleanup_(config_unrefp) struct config *c = configure(settings);

	assert_int_equal(annunciator_reload(a, c), 0);
}

static void show(enum alarm_priority shown, enum alarm_priority sounding, bool broker)
{
	struct annunciator_state s = { shown, sounding, broker };

	annunciator_show(a, &s);
}

/* Runs the loop until the line's level is that; fails after 30 s. */
static void await(unsigned line, bool level)
{
	int64_t until_us = boottime_us() + 30 * SECOND;

	while (chip.lines[line].level != level) {
		assert_true(boottime_us() < until_us);
		assert_true(sd_event_run(event, SECOND) >= 0);
	}
}

static void test_nothing_named_nothing_done(void **state)
{
	char buf[256];
	struct text t = text_init(buf, sizeof(buf));
	int enabled;

	start("");
	show(PRIORITY_HIGH, PRIORITY_HIGH, true);
	assert_int_equal(chip.requests, 0);
	assert_false(annunciator_report(a, &t));
	assert_true(sd_event_source_get_enabled(a->timer, &enabled) >= 0);
	assert_int_equal(enabled, SD_EVENT_OFF);
}

static void test_lights_sound_and_broker(void **state)
{
	start("High=%:0\nMedium=%:1\nLow=%:2\nSound=%:3\nBroker=%:4\nRunning=%:5:active-low");
	assert_false(chip.lines[5].level); /* lit */
	for (unsigned i = 0; i < 5; i++)
		assert_false(chip.lines[i].level);
	show(PRIORITY_HIGH, PRIORITY_HIGH, true);
	assert_true(chip.lines[0].level && chip.lines[3].level && chip.lines[4].level);
	await(0, false);
	await(0, true);
	await(3, false);
	await(5, true);
	await(5, false);
	assert_true(chip.lines[4].level);

	/* Acknowledged: seen, not heard. */
	show(PRIORITY_HIGH, PRIORITY_NONE, true);
	assert_false(chip.lines[3].level);
	await(0, false);
	await(0, true);
	show(PRIORITY_LOW, PRIORITY_NONE, false);
	assert_true(chip.lines[2].level && !chip.lines[0].level && !chip.lines[4].level);
	show(PRIORITY_NONE, PRIORITY_NONE, false);
	assert_false(chip.lines[2].level);
}

/* Colours of one lamp: yellow is red and green. */
static void test_shared_lamps(void **state)
{
	start("High=%:0\nMedium=%:0 %:1\nLow=%:1");
	assert_int_equal(chip.requests, 2);
	show(PRIORITY_MEDIUM, PRIORITY_NONE, false);
	assert_true(chip.lines[0].level && chip.lines[1].level);
	show(PRIORITY_HIGH, PRIORITY_NONE, false);
	assert_true(chip.lines[0].level && !chip.lines[1].level);
	show(PRIORITY_LOW, PRIORITY_NONE, false);
	assert_true(!chip.lines[0].level && chip.lines[1].level);
}

static void test_reload_lets_no_lamp_go_dark(void **state)
{
	unsigned sets;

	start("High=%:0\nLow=%:1\nBroker=%:2\nRunning=%:3");
	show(PRIORITY_LOW, PRIORITY_NONE, true);
	sets = chip.sets;
	reload("High=%:0\nLow=%:1\nBroker=%:2\nRunning=%:3");
	assert_int_equal(chip.sets, sets);
	assert_int_equal(chip.requests, 4);

	/* One goes, one comes, one has another polarity, one stays. */
	reload("High=%:4\nLow=%:1\nBroker=%:2:active-low");
	assert_false(chip_is_held(0) || chip_is_held(3));
	assert_true(chip_is_held(1) && chip_is_held(2) && chip_is_held(4));
	assert_false(chip.lines[0].level || chip.lines[3].level);
	assert_true(chip.lines[1].level);
	assert_false(chip.lines[2].level);
	assert_int_equal(chip.requests, 6);
	show(PRIORITY_HIGH, PRIORITY_NONE, false);
	assert_true(chip.lines[4].level && chip.lines[2].level && !chip.lines[1].level);

	/* What it shows is another thing, the line stays. */
	reload("Low=%:4");
	assert_false(chip.lines[4].level);
	show(PRIORITY_LOW, PRIORITY_NONE, false);
	assert_true(chip.lines[4].level);
	assert_int_equal(chip.requests, 6);

	reload("");
	for (unsigned i = 0; i < CHIP_LINES; i++)
		assert_false(chip_is_held(i));
}

static void test_stop_switches_off(void **state)
{
	start("High=%:0\nLow=%:1\nBroker=%:2\nRunning=%:3");
	show(PRIORITY_LOW, PRIORITY_NONE, true);
	a = annunciator_free(a);
	for (unsigned i = 0; i < CHIP_LINES; i++) {
		assert_false(chip.lines[i].level);
		assert_false(chip_is_held(i));
	}
}

static void test_a_chip_that_comes_later(void **state)
{
	chip_unplug();
	start("High=%:0\nLow=%:1\nBroker=%:2");
	show(PRIORITY_LOW, PRIORITY_NONE, true);
	chip_plug();
	await(1, true);
	await(2, true);
}

static void count_trouble(void *userdata)
{
	(*(unsigned *)userdata)++;
}

static void test_trouble_is_told_as_it_comes_and_goes(void **state)
{
	unsigned told = 0;

	start("High=%:0\nLow=%:1");
	annunciator_on_trouble(a, count_trouble, &told);
	chip.broken = true;
	show(PRIORITY_LOW, PRIORITY_NONE, false);
	assert_int_equal(told, 1);
	show(PRIORITY_NONE, PRIORITY_NONE, false);
	show(PRIORITY_LOW, PRIORITY_NONE, false);
	assert_int_equal(told, 1);
	chip.broken = false;
	await(1, true);
	assert_int_equal(told, 2);
}

static const char *report(void)
{
	static char buf[8192];
	struct text t = text_init(buf, sizeof(buf));

	assert_true(annunciator_report(a, &t));
	assert_true(text_done(&t) > 0);
	return buf;
}

static void test_report_begins_with_what_fails(void **state)
{
	char expected[512];

	start("High=%:0\nMedium=%:0\nBroker=%:17");
	show(PRIORITY_HIGH, PRIORITY_NONE, false);
	snprintf(expected, sizeof(expected),
		"\"annunciator\":[{\"output\":\"gpio:%s:17\",\"for\":[\"broker\"],"
		"\"problem\":\"%s has 8 lines only\"},"
		"{\"output\":\"gpio:%s:0\",\"for\":[\"high\",\"medium\"]}]",
		chip.path, chip.path, chip.path);
	assert_string_equal(report(), expected);
}

/* It stands in a document that has other things to say. Lines of the configuration are short: the
 * long names are in two of three keys. */
static void test_report_stays_short(void **state)
{
	char settings[2048];
	unsigned told = 0;
	size_t n = (size_t)snprintf(settings, sizeof(settings),
		"Broker=%%:0\nHigh=led:a-%0170u\nRunning=led:b-%0170u\nSound=", 0, 0);

	for (unsigned i = 0; i < 14; i++)
		n += (size_t)snprintf(settings + n, sizeof(settings) - n, "led:snd%04u ", i);
	n += (size_t)snprintf(settings + n, sizeof(settings) - n, "\nLow=");
	for (unsigned i = 14; i < 28; i++)
		n += (size_t)snprintf(settings + n, sizeof(settings) - n, "led:snd%04u ", i);
	start(settings);
	for (const char *p = report(); (p = strstr(p, "\"output\":")); p++)
		told++;
	assert_in_range(told, 20, 30); /* of 31 */
	assert_in_range(strlen(report()), 2800, 3200);
	assert_string_equal(report() + strlen(report()) - 2, "}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_nothing_named_nothing_done),
		TEST(test_lights_sound_and_broker),
		TEST(test_shared_lamps),
		TEST(test_reload_lets_no_lamp_go_dark),
		TEST(test_stop_switches_off),
		TEST(test_a_chip_that_comes_later),
		TEST(test_trouble_is_told_as_it_comes_and_goes),
		TEST(test_report_begins_with_what_fails),
		TEST(test_report_stays_short),
	};

	log_set_level(LOG_ERR);
	return RUN_TESTS(tests);
}
