/*
 * The verbs about alarms with the real engine and a desk that does what a test
 * wants: what each answers, what it refuses and in which words, and what becomes
 * of answers that wait for the disk.
 */
#include <errno.h>

#include "asking.h"
#include "desk/desk.h"

#define WAITING_MAX 8

struct desk {
	struct alarms *engine;
	struct alarm_now now;
	struct {
		char key[ALARM_KEY_MAX + 1];
		uint64_t number;
	} live[64];
	size_t live_count;
	struct {
		desk_kept_fn done;
		void *userdata;
	} waiting[WAITING_MAX];
	size_t waiting_count;
	bool hold;      /* the disk takes its time */
	int kept_error; /* what it says otherwise */
	int when_kept;  /* what desk_when_kept() returns */
	int changes;
	int observe; /* what desk_observe() returns */
	receipt_fn observed;
	void *observed_userdata;
	struct desk_observation observation;
};

/* --- the desk --- */

struct alarms *desk_engine(struct desk *d)
{
	return d->engine;
}

void desk_now(const struct desk *d, struct alarm_now *ret)
{
	*ret = d->now;
}

void desk_changed(struct desk *d)
{
	d->changes++;
}

int desk_when_kept(struct desk *d, desk_kept_fn done, void *userdata)
{
	if (d->when_kept == 0) {
		assert_true(d->waiting_count < WAITING_MAX);
		d->waiting[d->waiting_count].done = done;
		d->waiting[d->waiting_count++].userdata = userdata;
	}
	return d->when_kept;
}

void desk_forget(struct desk *d, void *userdata)
{
	for (size_t i = 0; i < d->waiting_count; i++)
		if (d->waiting[i].userdata == userdata)
			d->waiting[i--] = d->waiting[--d->waiting_count];
}

void desk_each(const struct desk *d,
	void (*fn)(const char *key, const char *document, void *userdata), void *userdata)
{
	for (size_t i = 0; i < d->live_count; i++)
		fn(d->live[i].key, "{\"state\":\"active\"}", userdata);
}

const char *desk_find(const struct desk *d, const char *name)
{
	for (size_t i = 0; i < d->live_count; i++) {
		char id[64];

		snprintf(id, sizeof(id), "gw:1-00000001:a%d", (int)d->live[i].number);
		if (strcmp(name, d->live[i].key) == 0 || strcmp(name, id) == 0)
			return d->live[i].key;
	}
	return NULL;
}

bool desk_has_bed(const struct desk *d, const char *bed)
{
	return strcmp(bed, "3") == 0 || strcmp(bed, "10") == 0;
}

int desk_observe(struct desk *d, const struct desk_observation *o, receipt_fn done, void *userdata,
	struct receipt **ret)
{
	d->observation = *o;
	d->observed = done;
	d->observed_userdata = userdata;
	*ret = NULL;
	return d->observe;
}

static void on_event(void *userdata, const struct alarm_event *e)
{
	struct desk *d = userdata;
	size_t i = 0;

	while (i < d->live_count && strcmp(d->live[i].key, e->key) != 0)
		i++;
	if (e->state == ALARM_INACTIVE) {
		if (i < d->live_count)
			d->live[i] = d->live[--d->live_count];
		return;
	}
	snprintf(d->live[i].key, sizeof(d->live[i].key), "%s", e->key);
	d->live[i].number = e->number;
	if (i == d->live_count)
		d->live_count++;
}

/* --- a world --- */

struct world {
	struct config config;
	struct config_device devices[3];
	struct config_rule rules[2];
	struct desk desk;
	struct control control;
	char told[4096];
};

static const struct rule_item low[] = { { "Type", "limit", false }, { "Metric", "spo2", false },
	{ "Below", "90", false }, { "Priority", "medium", false }, { "Latching", "yes", false } };
static const struct rule_item bp[] = { { "Type", "limit", false },
	{ "Metric", "bp-systolic", false }, { "Below", "90", false }, { "Above", "180", false },
	{ "Priority", "low", false }, { "Beds", "10", false } };
static const struct rule_settings rules[] = { { "spo2-low", low, 5 }, { "bp", bp, 6 } };

static void begin(struct world *w)
{
	struct alarms_options options = { .epoch = "1-00000001",
		.sink = { .event = on_event, .userdata = &w->desk } };
	struct ruleset *set = NULL;

	*w = (struct world){
		.config = { .gateway = { .name = (char *)"gw" },
			.devices = w->devices,
			.device_count = 3,
			.rules = w->rules,
			.rule_count = 2 },
		.devices = { { .name = (char *)"a", .bed = (char *)"10" },
			{ .name = (char *)"b", .bed = (char *)"3" },
			{ .name = (char *)"c", .bed = (char *)"10" } },
		.rules = { { .name = (char *)"bp" }, { .name = (char *)"spo2-low" } },
		.desk = { .now = { .boot_us = 1000 * ALARMS_SECOND,
				  .utc_us = INT64_C(1795255200000000) } },
	};
	w->control = (struct control){ .parts = { .desk = &w->desk }, .config = &w->config };
	assert_int_equal(alarms_new(&w->desk.engine, &options), 0);
	assert_int_equal(ruleset_new(&set, rules, 2, NULL, NULL), 0);
	assert_int_equal(alarms_set_rules(w->desk.engine, set, &w->desk.now), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(alarms_device(w->desk.engine, w->devices[i].name,
					 w->devices[i].bed, &w->desk.now),
			0);
	assert_int_equal(commands_new(&w->control.commands, control_rows, NULL, &w->control), 0);
}

static void end(struct world *w)
{
	kept_abandon(&w->control);
	commands_free(w->control.commands);
	alarms_free(w->desk.engine);
	assert_int_equal(w->desk.waiting_count, 0);
	assert_null(w->control.kept);
}

static void on_answer(const struct commands_answer *a, void *userdata)
{
	struct world *w = userdata;

	assert_string_equal(w->told, "");
	snprintf(w->told, sizeof(w->told), "%s %s", command_outcome_text(a->outcome),
		a->error ?: a->result ?: "-");
}

/* The disk has written all that it was given, or cannot. */
static void kept(struct world *w, int error)
{
	while (w->desk.waiting_count > 0) {
		size_t i = --w->desk.waiting_count;

		w->desk.waiting[i].done(error, w->desk.waiting[i].userdata);
	}
}

static const char *ask(struct world *w, const char *verb, const char *json)
{
	w->told[0] = 0;
	anna_asks(w->control.commands, verb, json, on_answer, w);
	if (!w->desk.hold)
		kept(w, w->desk.kept_error);
	return w->told;
}

static void measure(struct world *w, const char *device, int64_t spo2)
{
	struct reading r = { .metric = METRIC_SPO2,
		.kind = VALUE_NUMBER,
		.number = { spo2, 0 },
		.time_us = w->desk.now.utc_us,
		.received_us = w->desk.now.utc_us };

	w->desk.now.boot_us += ALARMS_SECOND;
	w->desk.now.utc_us += ALARMS_SECOND;
	r.received_boot_us = w->desk.now.boot_us;
	assert_int_equal(label_new(&r.device, device), 0);
	assert_int_equal(alarms_reading(w->desk.engine, &r, &w->desk.now), 0);
	label_unref(r.device);
}

/* --- alarms --- */

static void test_what_is_done_about_an_alarm(void **state)
{
	struct world w;
	int changes;

	begin(&w);
	assert_string_equal(ask(&w, "alarms", "{}"), "Done {\"alarms\":[]}");
	measure(&w, "b", 86);
	assert_int_equal(w.desk.live_count, 1);
	assert_string_equal(ask(&w, "alarms", "{}"),
		"Done {\"alarms\":[{\"key\":\"spo2-low.b\",\"state\":\"active\"}]}");
	changes = w.desk.changes;
	assert_string_equal(ask(&w, "reset", "{\"alarm\":\"spo2-low.b\"}"),
		"Refused spo2-low.b: its condition is not over; acknowledge or pause it instead");
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"spo2-low.b\"}"),
		"Done {\"key\":\"spo2-low.b\"}");
	/* twice is as once, and an id is as good as a key */
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"gw:1-00000001:a1\"}"),
		"Done {\"key\":\"spo2-low.b\"}");
	assert_string_equal(ask(&w, "pause", "{\"alarm\":\"spo2-low.b\"}"),
		"Done {\"key\":\"spo2-low.b\",\"until\":\"2026-11-21T10:02:01.000Z\"}");
	assert_string_equal(ask(&w, "pause", "{\"alarm\":\"spo2-low.b\",\"kind\":\"alarm-off\"}"),
		"Done {\"key\":\"spo2-low.b\",\"until\":\"2026-11-21T22:00:01.000Z\"}");
	assert_string_equal(
		ask(&w, "pause",
			"{\"alarm\":\"spo2-low.b\",\"kind\":\"alarm-off\",\"seconds\":-1}"),
		"Done {\"key\":\"spo2-low.b\"}");
	assert_string_equal(ask(&w, "pause", "{\"alarm\":\"spo2-low.b\",\"seconds\":3601}"),
		"Refused spo2-low.b: 3601 s is too long; at most 3600 s");
	assert_string_equal(ask(&w, "pause", "{\"bed\":\"3\",\"seconds\":60}"),
		"Done {\"bed\":\"3\",\"until\":\"2026-11-21T10:01:01.000Z\"}");
	/* latched */
	measure(&w, "b", 97);
	w.desk.now.boot_us += 60 * ALARMS_SECOND;
	assert_string_equal(
		ask(&w, "reset", "{\"alarm\":\"spo2-low.b\"}"), "Done {\"key\":\"spo2-low.b\"}");
	assert_int_equal(w.desk.live_count, 0);
	/* every call of the engine was told to the desk, for its deadlines */
	assert_int_equal(w.desk.changes, changes + 9);
	end(&w);
}

static void test_an_alarm_that_is_not_there(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"x\"}"),
		"NotFound the alarm x is not there now; there is none at all");
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"gw:1-00000001:a7\"}"),
		"NotFound the alarm gw:1-00000001:a7 is over, or never was; there is none at all");
	measure(&w, "b", 86);
	assert_string_equal(ask(&w, "pause", "{\"alarm\":\"x\"}"),
		"NotFound the alarm x is not there now; there is only spo2-low.b");
	measure(&w, "a", 86);
	assert_string_equal(ask(&w, "reset", "{\"alarm\":\"x\"}"),
		"NotFound the alarm x is not there now; there are spo2-low.b, spo2-low.a");
	for (unsigned i = 2; i < 9; i++) {
		snprintf(w.desk.live[i].key, sizeof(w.desk.live[i].key), "rule-%u.device", i);
		w.desk.live_count++;
	}
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"sp02-low.b\"}"),
		"NotFound the alarm sp02-low.b is not there now; did you mean spo2-low.b? "
		"wardgatectl alarms lists all 9");
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"x\"}"),
		"NotFound the alarm x is not there now; wardgatectl alarms lists the 9 that are");
	w.desk.live_count = 2;
	assert_string_equal(ask(&w, "pause", "{}"),
		"InvalidArgument pause needs \"alarm\" or \"bed\"; give e.g. \"bed\":\"3\"");
	assert_string_equal(ask(&w, "pause", "{\"alarm\":\"x\",\"bed\":\"3\"}"),
		"InvalidArgument pause takes \"alarm\" or \"bed\", not both");
	assert_string_equal(ask(&w, "pause", "{\"bed\":\"9\"}"),
		"NotFound there is no bed 9; devices stand at 3, 10");
	/* it ends in the tick that goes before the command */
	snprintf(w.desk.live[0].key, sizeof(w.desk.live[0].key), "gone.b");
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"gone.b\"}"),
		"NotFound gone.b: there is no such alarm now");
	end(&w);
}

/* --- the disk --- */

static void test_answers_wait_for_the_disk(void **state)
{
	struct world w;

	begin(&w);
	measure(&w, "b", 86);
	w.desk.hold = true;
	assert_string_equal(ask(&w, "acknowledge", "{\"alarm\":\"spo2-low.b\"}"), "");
	kept(&w, 0);
	assert_string_equal(w.told, "Done {\"key\":\"spo2-low.b\"}");
	/* the disk cannot: it is done all the same */
	assert_string_equal(ask(&w, "set-limit", "{\"rule\":\"spo2-low\",\"below\":88}"), "");
	kept(&w, -ENOSPC);
	assert_non_null(
		strstr(w.told, "],\"kept\":false,\"problem\":\"No space left on device\"}"));
	/* nothing can wait */
	w.desk.when_kept = -ENOMEM;
	assert_string_equal(ask(&w, "set-spo2-scale", "{\"bed\":\"3\",\"scale\":2}"),
		"Done {\"bed\":\"3\",\"scale\":2,\"kept\":false,\"problem\":\"Cannot allocate "
		"memory\"}");
	w.desk.when_kept = 0;
	/* the gateway stops meanwhile */
	assert_string_equal(ask(&w, "pause", "{\"bed\":\"3\"}"), "");
	assert_int_equal(w.desk.waiting_count, 1);
	end(&w);
	assert_string_equal(w.told, "Failed the gateway is stopping; ask again when it is back");
}

/* --- limits --- */

static void test_limits(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "limits", "{}"),
		"Done "
		"{\"limits\":[{\"bed\":\"-\",\"rule\":\"spo2-low\",\"metric\":\"spo2\",\"unit\":\"%"
		"\",\"low\":{\"value\":90,\"level\":\"rule\"}},"
		"{\"bed\":\"-\",\"rule\":\"bp\",\"metric\":\"bp-systolic\",\"unit\":\"mm[Hg]\","
		"\"low\":{\"value\":90,\"level\":\"rule\"},"
		"\"high\":{\"value\":180,\"level\":\"rule\"}}]}");
	assert_string_equal(
		ask(&w, "set-limit", "{\"rule\":\"spo2-low\",\"bed\":\"3\",\"below\":88.5}"),
		"Done {\"limits\":[{\"bed\":\"3\",\"rule\":\"spo2-low\",\"metric\":\"spo2\","
		"\"unit\":\"%\",\"low\":{\"value\":88.5,\"level\":\"bed\",\"by\":\"anna\","
		"\"since\":\"2026-11-21T10:00:00.000Z\"}}]}");
	assert_string_equal(
		ask(&w, "set-limit", "{\"rule\":\"bp\",\"level\":\"ward\",\"above\":200}"),
		"Done {\"limits\":[{\"bed\":\"-\",\"rule\":\"bp\",\"metric\":\"bp-systolic\","
		"\"unit\":\"mm[Hg]\",\"low\":{\"value\":90,\"level\":\"rule\"},\"high\":{\"value\":"
		"200,"
		"\"level\":\"ward\",\"by\":\"anna\",\"since\":\"2026-11-21T10:00:00.000Z\"}}]}");
	/* without a bed: the ward's, and the beds that have their own */
	(void)ask(&w, "limits", "{}");
	assert_non_null(strstr(w.told, "\"bed\":\"3\",\"rule\":\"spo2-low\""));
	assert_null(strstr(w.told, "\"bed\":\"10\""));
	/* of a bed: all rules that are for it */
	(void)ask(&w, "limits", "{\"bed\":\"3\"}");
	assert_non_null(strstr(w.told, "88.5"));
	assert_null(strstr(w.told, "\"bp\""));
	/* taken back */
	assert_non_null(strstr(ask(&w, "set-limit", "{\"rule\":\"spo2-low\",\"bed\":\"3\"}"),
		"\"low\":{\"value\":90,\"level\":\"rule\"}"));
	assert_int_equal(alarms_patient(w.desk.engine, "10", "p-17", NULL, &w.desk.now), 0);
	assert_non_null(strstr(ask(&w, "set-limit",
				       "{\"rule\":\"spo2-low\",\"bed\":\"10\",\"level\":"
				       "\"patient\",\"below\":85}"),
		"\"level\":\"patient\""));
	end(&w);
}

static void test_limits_that_cannot_be(void **state)
{
	static const struct {
		const char *json, *told;
	} cases[] = {
		{ "{\"rule\":\"spo2-lo\",\"below\":88}",
			"NotFound there is no rule spo2-lo; did you mean spo2-low?" },
		{ "{\"rule\":\"quite-another\",\"below\":88}",
			"NotFound there is no rule quite-another; wardgatectl limits lists those "
			"with limits" },
		{ "{\"rule\":\"spo2-low\",\"bed\":\"9\",\"below\":88}",
			"NotFound there is no bed 9; devices stand at 3, 10" },
		{ "{\"rule\":\"spo2-low\",\"bed\":\"3\",\"level\":\"ward\",\"below\":88}",
			"InvalidArgument \"level\":\"ward\" is for all beds; leave out \"bed\"" },
		{ "{\"rule\":\"spo2-low\",\"level\":\"patient\",\"below\":88}",
			"InvalidArgument \"level\":\"patient\" needs \"bed\"; give e.g. "
			"\"bed\":\"3\"" },
		{ "{\"rule\":\"spo2-low\",\"bed\":\"3\",\"level\":\"patient\",\"below\":88}",
			"Refused spo2-low: no patient is known at that bed" },
		{ "{\"rule\":\"spo2-low\",\"above\":99}",
			"Refused spo2-low: the rule has no upper limit" },
		{ "{\"rule\":\"bp\",\"bed\":\"3\",\"above\":170}",
			"Refused bp: the rule is not for that bed" },
		{ "{\"rule\":\"spo2-low\",\"below\":101}",
			"Refused a limit of spo2-low that is an impossible limit: spo2 is from 0 "
			"to 100 %, so that no value or every value would be beyond it" },
		{ "{\"rule\":\"bp\",\"below\":190}",
			"Refused a limit of bp that cannot be: the lower limit 190 is above the "
			"upper limit 180, so that every value would alarm; leave room between "
			"them" },
		{ "{\"rule\":\"bp\",\"below\":1e300}",
			"InvalidArgument \"below\" has too many digits" },
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(ask(&w, "set-limit", cases[i].json), cases[i].told);
	assert_string_equal(ask(&w, "limits", "{\"bed\":\"9\"}"),
		"NotFound there is no bed 9; devices stand at 3, 10");
	assert_string_equal(ask(&w, "set-spo2-scale", "{\"bed\":\"9\",\"scale\":2}"),
		"NotFound there is no bed 9; devices stand at 3, 10");
	w.config.device_count = 0;
	assert_string_equal(ask(&w, "limits", "{\"bed\":\"9\"}"),
		"NotFound there is no bed 9; beds come with [Device] Bed= and [Rule] Beds=");
	/* none of it was set */
	assert_null(strstr(ask(&w, "limits", "{}"), "\"by\""));
	end(&w);
}

/* --- charted values --- */

static void test_what_can_be_charted(void **state)
{
	static const struct {
		const char *json, *told; /* told NULL: it is taken */
	} cases[] = {
		{ "\"pain\",\"value\":3", NULL },
		{ "\"pain\",\"value\":0", NULL },
		{ "\"body-temperature\",\"value\":37.6", NULL },
		{ "\"consciousness\",\"value\":\"alert\"", NULL },
		{ "\"oxygen-therapy\",\"value\":false", NULL },
		{ "\"spo2\",\"value\":100,\"time\":\"2026-11-21T10:00:59Z\"", NULL },
		{ "\"spo2\",\"value\":98,\"time\":\"2026-11-21T10:01:01Z\"",
			"InvalidArgument \"time\" is 2026-11-21T10:01:01Z, which is still to come; "
			"give when it was observed, or leave it out for now" },
		{ "\"spo2\",\"value\":980",
			"InvalidArgument 980 % cannot be a spo2; look at the value and its unit" },
		{ "\"pain\",\"value\":\"3\"",
			"InvalidArgument pain is a number in {score}; give e.g. 3" },
		{ "\"consciousness\",\"value\":\"asleep\"", "InvalidArgument consciousness is one "
							    "of these words: alert confusion voice "
							    "pain unresponsive" },
		{ "\"consciousness\",\"value\":\"motion\"", "InvalidArgument consciousness is one "
							    "of these words: alert confusion voice "
							    "pain unresponsive" },
		{ "\"oxygen-therapy\",\"value\":1",
			"InvalidArgument oxygen-therapy is true or false (true: the patient "
			"breathes added oxygen; false: room air)" },
		{ "\"puls-rate\",\"value\":61",
			"NotFound there is no metric puls-rate; did you mean pulse-rate?" },
		{ "\"mood-of-the-day\",\"value\":61",
			"NotFound there is no metric mood-of-the-day; docs/interface lists them, "
			"e.g. respiratory-rate" },
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char json[200];

		snprintf(json, sizeof(json), "{\"bed\":\"3\",\"metric\":%s}", cases[i].json);
		w.desk.observed = NULL;
		if (cases[i].told) {
			assert_string_equal(ask(&w, "observe", json), cases[i].told);
			assert_null(w.desk.observed);
			continue;
		}
		/* it is answered when the reading is safe */
		assert_string_equal(ask(&w, "observe", json), "");
		assert_string_equal(w.desk.observation.by, "anna");
		w.desk.observed(RECEIPT_SAFE, w.desk.observed_userdata);
		assert_non_null(strstr(w.told, "Done {\"bed\":\"3\",\"metric\":\""));
	}
	end(&w);
}

static void test_charted_values_as_they_come(void **state)
{
	struct world w;

	begin(&w);
	(void)ask(&w, "observe",
		"{\"bed\":\"10\",\"metric\":\"body-temperature\",\"value\":37.6,\"time\":"
		"\"2026-11-21T09:00:00Z\"}");
	assert_int_equal(w.desk.observation.metric, METRIC_BODY_TEMPERATURE);
	assert_int_equal(w.desk.observation.kind, VALUE_NUMBER);
	assert_int_equal(w.desk.observation.number.mantissa, 376);
	assert_int_equal(w.desk.observation.number.exponent, -1);
	assert_true(w.desk.observation.time_us == INT64_C(1795251600000000));
	w.desk.observed(RECEIPT_NOT_SAFE, w.desk.observed_userdata);
	assert_string_equal(w.told,
		"Done {\"bed\":\"10\",\"metric\":\"body-temperature\",\"kept\":false,\"problem\":"
		"\"the disk has not taken it yet\"}");
	(void)ask(&w, "observe", "{\"bed\":\"3\",\"metric\":\"oxygen-therapy\",\"value\":true}");
	assert_true(w.desk.observation.boolean && w.desk.observation.time_us == 0);
	w.desk.observed(RECEIPT_SAFE, w.desk.observed_userdata);
	(void)ask(&w, "observe",
		"{\"bed\":\"3\",\"metric\":\"consciousness\",\"value\":\"confusion\"}");
	assert_string_equal(word_text((enum word)w.desk.observation.word), "confusion");
	w.desk.observed(RECEIPT_SAFE, w.desk.observed_userdata);
	/* what becomes of it otherwise */
	w.desk.observe = GATEWAY_E_SAFE;
	assert_string_equal(ask(&w, "observe", "{\"bed\":\"3\",\"metric\":\"pain\",\"value\":3}"),
		"Done {\"bed\":\"3\",\"metric\":\"pain\"}");
	w.desk.observe = GATEWAY_E_NO_ROOM;
	assert_string_equal(ask(&w, "observe", "{\"bed\":\"3\",\"metric\":\"pain\",\"value\":3}"),
		"Busy it was not taken: neither the disk nor the broker takes more now; try again "
		"in a moment");
	w.desk.observe = -ENOMEM;
	assert_string_equal(ask(&w, "observe", "{\"bed\":\"3\",\"metric\":\"pain\",\"value\":3}"),
		"Failed it was not taken: Cannot allocate memory");
	assert_string_equal(ask(&w, "observe", "{\"bed\":\"9\",\"metric\":\"pain\",\"value\":3}"),
		"NotFound there is no bed 9; devices stand at 3, 10");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_done_about_an_alarm),
		cmocka_unit_test(test_an_alarm_that_is_not_there),
		cmocka_unit_test(test_answers_wait_for_the_disk),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_that_cannot_be),
		cmocka_unit_test(test_what_can_be_charted),
		cmocka_unit_test(test_charted_values_as_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
