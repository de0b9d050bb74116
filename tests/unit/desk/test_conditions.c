/*
 * Technical conditions of the desk: when each is raised and when it ends, by
 * counted seconds. The engine is the real one; the registry, the broker's report,
 * the disk and the clock are the test's.
 */
#include <errno.h>

#include "desk/private.h"
#include "gateway/registry.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/text.h"

static size_t fake_count(void);
static struct device *fake_at(size_t i);
static void fake_report(struct publish_report *ret);
static enum clock_state fake_clock(void);
static int fake_radio(enum gateway_radio c, const char **ret_text);
static void fake_now(struct alarm_now *ret);
static struct desk_place *fake_place(const char *name);
static void fake_wake(void);

/* The file itself, with what it asks given by the test. */
#define registry_count(r) fake_count()
#define registry_at(r, i) fake_at(i)
#define publish_report(p, ret) fake_report(ret)
#define clock_state(c) fake_clock()
#define gateway_radio(g, c, text) fake_radio(c, text)
#define desk_now(d, ret) fake_now(ret)
#define desk_place_find(d, kind, name) fake_place(name)
#define desk_settle(d) fake_wake()
#define desk_wake(d) fake_wake()
#include "desk/conditions.c" /* NOLINT(bugprone-suspicious-include) */

#define DEVICES 12
#define UTC INT64_C(1795255200000000) /* 2026-11-21T10:00:00Z */
#define BEGIN 5000                    /* seconds of the boot-time clock */
#define DAY (86400 * SECOND)

/* What is so in one second. */
static struct world {
	int second;
	struct device devices[DEVICES];
	struct desk_place *places[DEVICES];
	size_t count;
	struct publish_report report;
	enum clock_state clock;
	struct store_figures store;
	bool adapter_told, adapter_lost;
	char log[1024];
} w;

static size_t fake_count(void)
{
	return w.count;
}

static struct device *fake_at(size_t i)
{
	return &w.devices[i];
}

static void fake_report(struct publish_report *ret)
{
	*ret = w.report;
}

static enum clock_state fake_clock(void)
{
	return w.clock;
}

static int fake_radio(enum gateway_radio c, const char **ret_text)
{
	*ret_text = NULL;
	return c == GATEWAY_ADAPTER_LOST && w.adapter_told ? w.adapter_lost : -1;
}

static void fake_now(struct alarm_now *ret)
{
	*ret = (struct alarm_now){ (BEGIN + w.second) * SECOND, UTC + w.second * SECOND };
}

static struct desk_place *fake_place(const char *name)
{
	for (size_t i = 0; i < w.count; i++)
		if (strcmp(w.places[i]->name, name) == 0)
			return w.places[i];
	return NULL;
}

static void fake_wake(void)
{
}

static void on_store(struct store_figures *ret, void *userdata)
{
	*ret = w.store;
}

/* "12+key " when it starts, "-" when it ends; what happens otherwise to an alarm is left out. */
static void on_event(void *userdata, const struct alarm_event *e)
{
	size_t n = strlen(w.log);

	assert_int_equal(e->kind, ALARM_TECHNICAL);
	if (e->phase != PHASE_START && e->phase != PHASE_END)
		return;
	snprintf(w.log + n, sizeof(w.log) - n, "%d%c%s ", w.second,
		e->phase == PHASE_START ? '+' : '-', e->key);
}

/* What a device is said to be: state, or heard in another run. */
static void device_begin(size_t i, const char *name)
{
	size_t n = strlen(name) + 1;

	w.devices[i] = (struct device){ .battery_percent = -1, .state = DEVICE_PRESENT };
	assert_int_equal(label_new(&w.devices[i].name, name), 0);
	w.places[i] = calloc(1, sizeof(struct desk_place) + n);
	assert_non_null(w.places[i]);
	memcpy(w.places[i]->name, name, n);
	w.places[i]->added_us = BEGIN * SECOND;
}

typedef void (*script_fn)(int second);

static const char *run(script_fn script, int seconds, bool enabled, size_t devices)
{
	struct alarms_options options = { .epoch = "1-00000001", .sink = { .event = on_event } };
	struct desk d = { .parts.hooks.store = on_store };
	struct alarm_now now;

	w = (struct world){ .count = devices,
		.report = { .connected = true },
		.clock = CLOCK_SYNCHRONISED,
		.store.state = STORE_GOOD };
	assert_int_equal(alarms_new(&d.engine, &options), 0);
	fake_now(&now);
	alarms_mode(d.engine, false, enabled, &now);
	for (size_t i = 0; i < devices; i++) {
		char name[24];

		snprintf(name, sizeof(name), "d%zu", i);
		device_begin(i, i ? name : "d");
		assert_int_equal(alarms_device(d.engine, w.devices[i].name->text, NULL, &now), 0);
	}
	script(0);
	assert_int_equal(desk_conditions_new(&d), 0);
	for (w.second = 1; w.second <= seconds; w.second++) {
		script(w.second);
		fake_now(&now);
		desk_look(&d, &now);
	}
	desk_conditions_free(&d);
	alarms_free(d.engine);
	for (size_t i = 0; i < devices; i++) {
		label_unref(w.devices[i].name);
		free(w.places[i]);
	}
	return w.log;
}

static bool between(int second, int from, int to)
{
	return second >= from && second < to;
}

static int64_t boot(int second)
{
	return (BEGIN + second) * SECOND;
}

/* ---- the scripts: what is so from which second on ---- */

static void well(int s)
{
}

static void broker_away(int s)
{
	w.report.connected = !between(s, 20, 45);
}

static void broker_away_shortly(int s)
{
	w.report.connected = s % 10 == 0; /* back each tenth second */
}

static void broker_never_there(int s)
{
	w.report.connected = false;
}

static void nobody_listens(int s)
{
	if (between(s, 10, 30))
		w.report.nobody_listening++;
	if (s == 40)
		w.report.heard++;
}

static void somebody_listens_now_and_then(int s)
{
	w.report.nobody_listening++;
	w.report.heard += s % 5 == 0;
}

static void nobody_listens_and_nothing_is_said(int s)
{
	w.report.nobody_listening = s >= 10; /* one message, and no more */
}

static void refused_once(int s)
{
	w.report.refused = s >= 10;
	w.report.published = (uint64_t)(s / 30); /* the status document */
}

static void refused_again(int s)
{
	w.report.refused = (uint64_t)(s < 10 ? 0 : s < 60 ? 1 : 2);
	w.report.published += (uint64_t)s;
}

static void refused_and_nothing_is_taken(int s)
{
	w.report.refused = s >= 10;
}

static void certificate(int s, int64_t left_us)
{
	w.report.certificate_expires_us = UTC + left_us;
}

static void certificate_soon(int s)
{
	certificate(s, s < 30 ? 30 * DAY + 10 * SECOND : 400 * DAY); /* renewed */
}

static void certificate_gone(int s)
{
	certificate(s, 20 * DAY);
	if (s >= 20)
		w.report.certificate_expires_us = 0; /* plaintext from now on */
	w.report.connected = s < 20 || s >= 25;
}

static void certificate_long(int s)
{
	certificate(s, 31 * DAY);
}

static void adapter_unplugged(int s)
{
	w.adapter_told = true;
	w.adapter_lost = between(s, 10, 20);
}

/* Lost when another run ended, and Bluetooth is no longer enabled: nobody says anything of it. */
static void adapter_without_driver(int s)
{
	w.adapter_told = s >= 10 && s < 20;
	w.adapter_lost = true;
}

static void store_full(int s)
{
	w.store.state = s < 5 ? STORE_OPENING : between(s, 10, 20) ? STORE_FULL : STORE_GOOD;
}

static void store_failing(int s)
{
	w.store.state = between(s, 10, 20)   ? STORE_FAILING
			: between(s, 20, 25) ? STORE_OPENING /* not known: as it was */
			: between(s, 25, 30) ? STORE_FULL
					     : STORE_GOOD;
}

static void clock_never_right(int s)
{
	w.clock = s < 100 ? CLOCK_UNSYNCHRONISED : CLOCK_SYNCHRONISED;
}

static void clock_right_in_time(int s)
{
	w.clock = s % 60 ? CLOCK_UNSYNCHRONISED : CLOCK_SYNCHRONISED;
}

static void clock_holdover(int s)
{
	w.clock = between(s, 10, 4000) ? CLOCK_HOLDOVER : CLOCK_SYNCHRONISED;
}

static void silent(int s)
{
	w.devices[0].state = between(s, 10, 20) ? DEVICE_SILENT : DEVICE_PRESENT;
}

static void silent_for_a_moment(int s)
{
	w.devices[0].state = s % 10 == 0 ? DEVICE_SILENT : DEVICE_PRESENT;
}

/* Comes and goes each ten seconds: after six alarms in ten minutes one that stays. */
static void silent_often(int s)
{
	w.devices[0].state = s < 200 && s / 10 % 2 ? DEVICE_SILENT : DEVICE_PRESENT;
}

static void never_heard(int s)
{
	w.devices[0].state = s < 700 ? DEVICE_NEVER_HEARD : DEVICE_PRESENT;
}

static void never_heard_and_expected(int s)
{
	w.devices[0].state = s < 60 ? DEVICE_NEVER_HEARD : DEVICE_PRESENT;
	w.devices[0].expect_every_us = 10 * SECOND;
}

static void heard_in_an_earlier_run(int s)
{
	w.devices[0].state = s < 60 ? DEVICE_NEVER_HEARD : DEVICE_PRESENT;
	if (s == 0) {
		w.places[0]->heard = true;
		w.places[0]->hint_us = 5 * SECOND;
	}
	w.devices[0].hinted_every_us = s < 60 ? 0 : 5 * SECOND;
}

static void heard_and_nothing_is_expected(int s)
{
	w.devices[0].state = DEVICE_NEVER_HEARD;
	w.places[0]->heard = true;
}

static void flood(int s)
{
	if (s == 10 || s == 50)
		w.devices[0].flooded_boot_us = boot(s);
}

static void unproven(int s)
{
	if (s == 10)
		w.devices[0].unproven_boot_us = boot(s);
}

static void storm(int s)
{
	for (size_t i = 0; i < w.count; i++)
		w.devices[i].state = between(s, 10, 30 + (int)i) ? DEVICE_SILENT : DEVICE_PRESENT;
}

#define GATEWAY(name) name ".gateway "
#define LOST GATEWAY("broker-unreachable")
#define NOBODY GATEWAY("nobody-listening")
#define REFUSED GATEWAY("publish-refused")
#define EXPIRING GATEWAY("certificate-expiring")
#define ADAPTER GATEWAY("adapter-lost")
#define FULL GATEWAY("store-full")
#define FAILING GATEWAY("store-failing")
#define CLOCK GATEWAY("clock-unsynchronised")

static const struct {
	const char *name;
	script_fn script;
	int seconds;
	size_t devices;
	const char *expected;
} rows[] = {
	{ "nothing is wrong", well, 4000, 1, "" },
	{ "broker away for 25 s", broker_away, 90, 0, "29+" LOST "45-" LOST },
	{ "broker back before 10 s", broker_away_shortly, 100, 0, "" },
	{ "broker never there", broker_never_there, 30, 0, "10+" LOST },
	{ "nobody listens for 20 s", nobody_listens, 60, 0, "15+" NOBODY "40-" NOBODY },
	{ "somebody listens now and then", somebody_listens_now_and_then, 60, 0, "" },
	{ "one message unheard", nobody_listens_and_nothing_is_said, 60, 0, "" },
	{ "refused once", refused_once, 100, 0, "10+" REFUSED "90-" REFUSED },
	{ "refused again", refused_again, 200, 0, "10+" REFUSED "120-" REFUSED },
	{ "refused, nothing taken", refused_and_nothing_is_taken, 200, 0, "10+" REFUSED },
	{ "certificate", certificate_soon, 60, 0, "11+" EXPIRING "30-" EXPIRING },
	{ "certificate of no session", certificate_gone, 60, 0, "1+" EXPIRING "25-" EXPIRING },
	{ "certificate for long", certificate_long, 60, 0, "" },
	{ "adapter unplugged", adapter_unplugged, 60, 0, "10+" ADAPTER "20-" ADAPTER },
	{ "adapter, no driver", adapter_without_driver, 60, 0, "10+" ADAPTER "60-" ADAPTER },
	{ "store full", store_full, 30, 0, "10+" FULL "20-" FULL },
	{ "store failing, then full", store_failing, 40, 0,
		"10+" FAILING "25+" FULL "25-" FAILING "30-" FULL },
	{ "clock never right", clock_never_right, 120, 0, "60+" CLOCK "100-" CLOCK },
	{ "clock right in time", clock_right_in_time, 300, 0, "" },
	{ "clock of an hour ago", clock_holdover, 4100, 0, "3609+" CLOCK "4000-" CLOCK },
	{ "silent", silent, 40, 1, "12+device-silent.d 20-device-silent.d " },
	{ "silent for a moment", silent_for_a_moment, 100, 1, "" },
	{ "silent often", silent_often, 900, 1,
		"12+device-silent.d 20-device-silent.d 32+device-silent.d 40-device-silent.d "
		"52+device-silent.d 60-device-silent.d 72+device-silent.d 80-device-silent.d "
		"92+device-silent.d 100-device-silent.d 112+device-silent.d "
		"120+alarm-chatter.d 500-device-silent.d 500-alarm-chatter.d " },
	{ "never heard", never_heard, 800, 1, "602+never-heard.d 700-never-heard.d " },
	{ "never heard, expected", never_heard_and_expected, 100, 1,
		"32+never-heard.d 60-never-heard.d " },
	{ "heard before", heard_in_an_earlier_run, 100, 1,
		"17+device-silent.d 60-device-silent.d " },
	{ "heard before, not expected", heard_and_nothing_is_expected, 900, 1, "" },
	{ "flood", flood, 150, 1, "10+flood.d 110-flood.d " },
	{ "unproven", unproven, 150, 1, "12+auth-failing.d 130-auth-failing.d " },
	{ "all silent at once", storm, 130, DEVICES,
		"12+device-silent.gateway 41-device-silent.gateway " },
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("%s\n", rows[i].name);
		assert_string_equal(run(rows[i].script, rows[i].seconds, true, rows[i].devices),
			rows[i].expected);
	}
}

static void test_not_enabled(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(
			run(rows[i].script, rows[i].seconds, false, rows[i].devices), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_not_enabled),
	};

	return RUN_TESTS(tests);
}
