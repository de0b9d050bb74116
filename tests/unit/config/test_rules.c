/*
 * [Rule NAME]: what is told of wrong ones, word for word and all of it in one
 * pass; the settings that the engine's tables have, each of them; and what the
 * alarm desk gets of good ones.
 */
#include "alarms/ruleset.h"
#include "alarms/settings.h"
#include "config/print.h"
#include "config/rules.h"
#include "config/schema.h"
#include "config_test.h"

#define LIMIT "[Rule r]\nType=limit\nMetric=spo2\n"
#define GOOD LIMIT "Below=90\nPriority=low\n"
#define COAP "[CoAP]\nEnabled=yes\n"
#define DEVICE(name, bed) "[Device " name "]\nTransport=coap\nAddress=" name "\nBed=" bed "\n"
#define NEWS "[Rule news]\nType=score\nPriority=medium\nAtLeast=5\n"
#define TYPES                                                                                      \
	"limit, bands, rate, deviation, absent, stuck, event, sustained, combination, score or "   \
	"coldchain"

static void single_values(void **state)
{
	static const char *const rows[][2] = {
		{ BASE "[Rule r]\nMetric=spo2\nBelow=90\nPriority=low\n",
			"t.conf:7: [Rule r] Type: is missing; give e.g. Type=limit" },
		{ BASE "[Rule r]\nType=limits\nMetric=spo2\nBelow=90\nPriority=low\n",
			"t.conf:8: [Rule r] Type=limits: is not known; did you mean limit? "
			"(" TYPES ")" },
		{ BASE "[Rule r]\nType=magic\nMetric=spo2\nPriority=low\n",
			"t.conf:8: [Rule r] Type=magic: is not known; give " TYPES },
		{ BASE "[Rule r]\nType=limit\nMetric=sp02\nBelow=90\nPriority=low\n",
			"t.conf:9: [Rule r] Metric=sp02: names no metric that is known; did you "
			"mean spo2?" },
		{ BASE "[Rule r]\nType=limit\nMetric=contact\nBelow=90\nPriority=low\n",
			"t.conf:9: [Rule r] Metric=contact: is of a kind that Type=limit cannot "
			"judge; give another metric or type" },
		{ BASE "[Rule r]\nType=limit\nBelow=90\nPriority=low\n",
			"t.conf:7: [Rule r] Metric: is missing; give e.g. Metric=spo2" },
		{ BASE LIMIT "Below=90\n", "t.conf:7: [Rule r] Priority: is missing; give e.g. "
					   "Priority=high" },
		{ BASE LIMIT "Below=90\nPriority=urgent\n",
			"t.conf:11: [Rule r] Priority=urgent: is not known; give none, low, medium "
			"or high" },
		{ BASE LIMIT "Below=low\nPriority=low\n",
			"t.conf:10: [Rule r] Below=low: is no number; give e.g. 90 or 37.5" },
		{ BASE LIMIT "Below=90\nFor=2d\nPriority=low\n",
			"t.conf:11: [Rule r] For=2d: is out of range; give 0 to 1d (default 0)" },
		{ BASE LIMIT "Below=90\nFor=15\nPriority=low\n",
			"t.conf:11: [Rule r] For=15: has no unit; give ms, s, min, h or d, e.g. "
			"10s" },
		{ BASE LIMIT "Below=90\nSamples=0\nPriority=low\n",
			"t.conf:11: [Rule r] Samples=0: is out of range; give 1 to 1000" },
		{ BASE LIMIT "Below=90\nSamples=few\nPriority=low\n",
			"t.conf:11: [Rule r] Samples=few: is no whole number; give 1 to 1000" },
		{ BASE LIMIT "Below=90\nKind=technica\nPriority=low\n",
			"t.conf:11: [Rule r] Kind=technica: is not known; did you mean technical? "
			"(physiological, technical or advisory)" },
		{ BASE GOOD "Latching=maybe\n",
			"t.conf:12: [Rule r] Latching=maybe: is neither yes nor no; give one of "
			"the two" },
		{ BASE GOOD "Latching=true\n",
			"t.conf:12: [Rule r] Latching=true: is neither yes nor no; write yes" },
		{ BASE GOOD "Beds=3 a/b\n",
			"t.conf:12: [Rule r] Beds=a/b: is no name of a bed, ward or site; give 1 "
			"to 40 of A-Z, a-z, 0-9, ., _ and -, without blanks" },
		{ BASE GOOD "Bellow=80\n",
			"t.conf:12: [Rule r] Bellow=80: no such setting; did you mean Below?" },
		{ BASE GOOD "below=80\n", "t.conf:12: [Rule r] below=80: is written Below" },
		{ BASE GOOD "Below=80\n",
			"t.conf:12: [Rule r] Below=80: is set again; line 10 has it, keep one of "
			"the two" },
		{ BASE "[Rule r]\nType=score\nTable=news\nPriority=low\n",
			"t.conf:9: [Rule r] Table=news: is not known; did you mean news2? (news2 "
			"or own)" },
		{ BASE "[Rule r]\nType=absent\nMetric=spo2\nAfter=0\nPriority=low\n",
			"t.conf:10: [Rule r] After=0: is out of range; give 1s to 30d" },
		{ BASE "[Rule r]\nType=coldchain\nMetric=ambient-temperature\nDoor=Door 1\n"
		       "Priority=low\n",
			"t.conf:10: [Rule r] Door=Door 1: is no name; give 1 to 40 of a-z, 0-9 and "
			"-, not beginning with -, e.g. door-1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

/* A key that this type has not, with the types that do. */
static void keys_of_other_types(void **state)
{
	static const char *const rows[][2] = {
		{ BASE GOOD "After=10min\n",
			"t.conf:12: [Rule r] After=10min: is for Type=absent or stuck, and this "
			"rule has Type=limit; leave it out" },
		{ BASE GOOD "Bands=<90:low\n",
			"t.conf:12: [Rule r] Bands=<90:low: is for Type=bands, and this rule has "
			"Type=limit; leave it out" },
		{ BASE "[Rule r]\nType=event\nMetric=smoke\nPriority=low\nBelow=90\n",
			"t.conf:11: [Rule r] Below=90: is for Type=limit, sustained or coldchain, "
			"and this rule has Type=event; leave it out" },
		{ BASE "[Rule r]\nType=event\nMetric=smoke\nPriority=low\nClearAt=90\n",
			"t.conf:11: [Rule r] ClearAt=90: is for Type=limit or sustained, and this "
			"rule has Type=event; leave it out" },
		{ BASE GOOD "[Rule s]\nType=limit\nMetric=spo2\nBelow=80\nPriority=low\n"
			    "[Rule t]\nType=combination\nRules=r s\nMetric=spo2\nPriority=low\n",
			"t.conf:20: [Rule t] Metric=spo2: is for Type=limit, bands, rate, "
			"deviation, absent, stuck, event, sustained, score or coldchain, and this "
			"rule has Type=combination; leave it out" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

#define STAYS                                                                                      \
	"needs Latching=yes or Latching=no: whether a high-priority alarm stays after its cause "  \
	"is gone must be said"

static void settings_together(void **state)
{
	static const char *const rows[][2] = {
		{ BASE LIMIT "Below=90\nPriority=high\n",
			"t.conf:11: [Rule r] Priority=high: " STAYS },
		{ BASE LIMIT "Below=90\nPriority=high\nLatching=\n",
			"t.conf:11: [Rule r] Priority=high: " STAYS },
		{ BASE "[Rule "
		       "r]\nType=limit\nMetric=glucose\nBelow=4\nPriority=high\nLatching=no\n",
			"t.conf:11: [Rule r] Priority=high: needs Unit=: glucose comes in several "
			"units, and the limits must say theirs; give Unit=mmol/L" },
		{ BASE "[Rule "
		       "r]\nType=limit\nMetric=glucose\nBelow=70\nPriority=high\nLatching=no\n"
		       "Unit=mg/dL\n",
			"t.conf:13: [Rule r] Unit=mg/dL: is not the unit of glucose; write the "
			"limits in mmol/L and give Unit=mmol/L" },
		{ BASE "[Rule r]\nType=bands\nMetric=spo2\nBands=<90:medium <85:high\n"
		       "Priority=medium\n",
			"t.conf:8: [Rule r] Type=bands: can rise to high, which " STAYS },
		{ BASE LIMIT "Priority=low\n", "t.conf:8: [Rule r] Type=limit: needs Below= or "
					       "Above=; give e.g. Below=90" },
		{ BASE LIMIT "Below=90\nAbove=80\nPriority=low\n",
			"t.conf:10: [Rule r] Below=90: cannot be: the lower limit 90 is above the "
			"upper limit 80, so that every value would alarm; leave room between "
			"them" },
		{ BASE LIMIT "Above=100\nPriority=low\n",
			"t.conf:10: [Rule r] Above=100: is an impossible limit: spo2 is from 0 to "
			"100 %, so that no value or every value would be beyond it" },
		{ BASE LIMIT "Below=90\nClearAt=89.9\nPriority=low\n",
			"t.conf:11: [Rule r] ClearAt=89.9: is on the bad side of the limit, where "
			"the alarm would never rest; give the limit itself or a value on its good "
			"side" },
		{ BASE "[Rule r]\nType=limit\nMetric=pulse-rate\nBelow=50\nAbove=120\nClearAt=100\n"
		       "Priority=low\n",
			"t.conf:12: [Rule r] ClearAt=100: is ambiguous with both Below= and "
			"Above=; give Hysteresis= instead" },
		{ BASE GOOD "ClearAt=92\nHysteresis=2\n",
			"t.conf:13: [Rule r] Hysteresis=2: says the same as ClearAt=; give one of "
			"them" },
		{ BASE LIMIT "Below=90\nPriority=none\nEscalateAfter=5min\n",
			"t.conf:12: [Rule r] EscalateAfter=5min: cannot raise Priority=none; give "
			"a priority or leave it out" },
		{ BASE "[Rule r]\nType=event\nMetric=button\nPriority=low\n",
			"t.conf:7: [Rule r] Words: is missing; give the words that alarm" },
		{ BASE "[Rule r]\nType=event\nMetric=button\nWords=single push\nPriority=low\n",
			"t.conf:10: [Rule r] Words=single push: has a word that button does not "
			"say; give some of: single double triple long hold release" },
		{ BASE "[Rule r]\nType=coldchain\nMetric=spo2\nPriority=low\n",
			"t.conf:9: [Rule r] Metric=spo2: is no temperature; give e.g. "
			"ambient-temperature" },
		{ BASE "[Rule r]\nType=coldchain\nMetric=ambient-temperature\nAbove=-15\n"
		       "Priority=low\n",
			"t.conf:7: [Rule r] Below: is not below Above=; leave room between them" },
		{ BASE "[Rule r]\nType=score\nTable=own\nPriority=low\n",
			"t.conf:7: [Rule r] Points: is missing; Table=own needs it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

static void rules_together(void **state)
{
	static const char *const rows[][2] = {
		{ BASE GOOD "[Rule s]\nType=limit\nMetric=spo2\nBelow=90\nPriority=medium\n",
			"t.conf:16: [Rule s] Priority=medium: contradicts [Rule r], which gives "
			"the same limits another priority; leave one of them out" },
		{ BASE GOOD "[Rule s]\nType=limit\nMetric=spo2\nBelow=90\nPriority=low\n",
			"t.conf:13: [Rule s] Type=limit: and all else is the same as in [Rule r]; "
			"leave one of them out" },
		{ BASE GOOD "[Rule s]\nType=limit\nMetric=spo2\nAbove=85\nPriority=medium\n",
			"t.conf:15: [Rule s] Above=85: contradicts [Rule r]: between their limits "
			"every value would alarm; leave room between them" },
		{ BASE GOOD "[Rule t]\nType=combination\nRules=r s\nPriority=low\n",
			"t.conf:14: [Rule t] Rules=s: names s, of which there is no [Rule] "
			"section" },
		{ BASE GOOD "[Rule t]\nType=combination\nRules=r\nRules=t\nPriority=low\n",
			"t.conf:15: [Rule t] Rules=r t: closes a loop: t is made of this rule; "
			"take one of them out" },
		{ BASE GOOD "[Rule t]\nType=combination\nRules=r\nPriority=low\n",
			"t.conf:14: [Rule t] Rules=r: names 1 rules; give 2 to 8" },
		{ BASE GOOD "[Rule a]\nType=combination\nRules=b r\nPriority=low\n"
			    "[Rule b]\nType=combination\nRules=r a\nPriority=low\n",
			"t.conf:18: [Rule b] Rules=r a: closes a loop: a is made of this rule; "
			"take one of them out" },
		{ BASE NEWS "[Rule x]\nType=score\nTable=own\nMetric=pain\n"
			    "Points=news2:..4=0,5..=1\nAtLeast=1\nPriority=low\n",
			"t.conf:14: [Rule x] Metric=pain: news2 is worked out by [Rule news] and "
			"may not be an input here" },
		{ BASE "[Rule low-battery]\nType=limit\nMetric=battery\nBelow=20\nPriority=low\n",
			"t.conf:7: [Rule low-battery]: is the name of a technical condition; "
			"choose another" },
		{ BASE "[Rule test]\nType=limit\nMetric=battery\nBelow=20\nPriority=low\n",
			"t.conf:7: [Rule test]: is the name of the test alarm's rule; choose "
			"another" },
		{ BASE COAP DEVICE("news", "3") NEWS,
			"t.conf:9: [Device news]: is the name under which [Rule news] (t.conf:14) "
			"publishes what it works out; rename one of the two" },
		{ BASE COAP DEVICE("charted", "3"),
			"t.conf:9: [Device charted]: is the name under which charted values are "
			"published; choose another" },
		{ BASE GOOD "Beds=3 *\n",
			"t.conf:12: [Rule r] Beds=*: means all; give it alone, or only names" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
}

/* They come and go by adoption and assignment: no reason not to start. */
static void unknown_devices_and_beds(void **state)
{
	static const char *const rows[][2] = {
		{ BASE GOOD "Devices=ghost\n",
			"t.conf:12: [Rule r] Devices=ghost: names ghost, of which there is no "
			"[Device] section" },
		{ BASE COAP DEVICE("bed3-oximeter", "3") GOOD
			"Devices=bed3-oximeter bed3-oxymeter\n",
			"t.conf:18: [Rule r] Devices=bed3-oxymeter: names bed3-oxymeter, of which "
			"there is no [Device] section; did you mean bed3-oximeter?" },
		{ BASE COAP DEVICE("ox", "12") GOOD "Beds=12\nBeds=21\n",
			"t.conf:19: [Rule r] Beds=21: names 21, at which no [Device] section has "
			"its Bed=" },
		{ BASE COAP DEVICE("fridge", "3") "[Rule r]\nType=coldchain\nDoor=fridge-door\n"
						  "Metric=ambient-temperature\nPriority=low\n",
			"t.conf:15: [Rule r] Door=fridge-door: names fridge-door, of which there "
			"is no [Device] section; did you mean fridge?" },
	};
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_warning(rows[i][0], rows[i][1]);
	o = read_good(BASE NEWS "[Rule s]\nType=limit\nMetric=news2\nAbove=6\nPriority=low\n"
				"Devices=news charted\n");
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
}

static void all_faults_in_one_pass(void **state)
{
	static const char *const lines[] = {
		"t.conf:9: [Device charted]: is the name under which charted values are published; "
		"choose another",
		"t.conf:16: [Rule a] Metric=sp02: names no metric that is known; did you mean "
		"spo2?",
		"t.conf:17: [Rule a] Below=x: is no number; give e.g. 90 or 37.5",
		"t.conf:18: [Rule a] For=1: has no unit; give ms, s, min, h or d, e.g. 10s",
		"t.conf:19: [Rule a] Priority=high: " STAYS,
		"t.conf:20: [Rule a] Is=no: is for Type=event, and this rule has Type=limit; leave "
		"it out",
		"t.conf:22: [Rule b] Type=lmit: is not known; did you mean limit? (" TYPES ")",
		"t.conf:21: [Rule b] Priority: is missing; give e.g. Priority=high",
		"t.conf:25: [Rule c] Below=10: cannot be: the lower limit 10 is above the upper "
		"limit 9, so that every value would alarm; leave room between them",
		"t.conf:29: [Rule d] Priority: is missing; give e.g. Priority=high",
		"t.conf:30: [Rule d] Freeze=3: is above Below=; give a lower temperature",
		"t.conf:31: [Rule d] WarnAfter=2h: is longer than AboveFor=; give less, or 0",
		"t.conf:35: [Rule e] Rules=nobody: names nobody, of which there is no [Rule] "
		"section",
		"t.conf:35: [Rule e] Rules=nothing: names nothing, of which there is no [Rule] "
		"section",
		"t.conf:43: [Rule g] Rules=f c: closes a loop: f is made of this rule; take one of "
		"them out",
		"t.conf:55: [Rule i] Priority=medium: contradicts [Rule h], which gives the same "
		"limits another priority; leave one of them out",
	};
	struct outcome o = read_text(BASE COAP DEVICE("charted",
		"1") "\n[Rule a]\nType=limit\nMetric=sp02\nBelow=x\nFor=1\nPriority=high\n"
		     "Is=no\n"
		     "[Rule b]\nType=lmit\n"
		     "[Rule c]\nType=limit\nBelow=10\nAbove=9\nMetric=counter\nPriority=low\n"
		     "[Rule d]\nFreeze=3\nWarnAfter=2h\nType=coldchain\n"
		     "Metric=ambient-temperature\n"
		     "[Rule e]\nRules=nobody c nothing\nType=combination\nPriority=low\n"
		     "[Rule f]\nRules=c g\nType=combination\nPriority=low\n"
		     "[Rule g]\nRules=f c\nType=combination\nPriority=none\n"
		     "[Rule h]\nMetric=spo2\nType=limit\nBelow=80\nPriority=low\n"
		     "[Rule i]\nMetric=spo2\nType=limit\nBelow=80\nPriority=medium\n");

	print_all(&o);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t k = 0;

		while (k < o.problems.error_count && strcmp(o.problems.errors[k], lines[i]) != 0)
			k++;
		if (k == o.problems.error_count)
			print_message("not told: %s\n", lines[i]);
		assert_true(k < o.problems.error_count);
	}
	assert_int_equal(o.problems.error_count, ARRAY_SIZE(lines));
	outcome_done(&o);
}

/* ---- what the tables have ---- */

/* Each setting of each type is a row, and its example (or default) is taken by the row's reader. */
static void each_setting_of_each_type(void **state)
{
	const struct config_group *g = config_group(GROUP_RULE);
	const struct rule_type *t;

	for (size_t i = 0; (t = rule_type_at(i)); i++) {
		for (size_t k = 0; k < t->setting_count; k++) {
			const struct rule_setting *s = &t->settings[k];
			struct outcome o;
			char *text, *needle;
			bool told = false;

			assert_non_null(config_row_by_key(g, s->key));
			/* of the value alone nothing is wrong: what else may be is another's */
			assert_true(asprintf(&text, BASE "[Rule r]\nType=%s\n%s=%s\n", t->name,
					    s->key, s->example ?: s->standard) > 0);
			assert_true(asprintf(&needle, "t.conf:9: [Rule r] %s=", s->key) > 0);
			o = read_text(text);
			for (size_t e = 0; e < o.problems.error_count; e++)
				told = told || (strstr(o.problems.errors[e], needle) &&
						       !strstr(o.problems.errors[e], "Rules=") &&
						       !strstr(o.problems.errors[e], "Points="));
			if (told)
				print_all(&o);
			assert_false(told);
			free(text);
			free(needle);
			outcome_done(&o);
		}
	}
	for (size_t i = 0; i < rule_common_setting_count; i++)
		assert_non_null(config_row_by_key(g, rule_common_settings[i].key));
}

static void a_rule_as_the_desk_sees_it(void **state)
{
	static const char *const items[][3] = {
		{ "Type", "limit", "t.conf:8" },
		{ "Metric", "spo2", "t.conf:9" },
		{ "Priority", "high", "t.conf:13" },
		{ "Latching", "no", "t.conf:14" },
		{ "For", "1min 30s", "t.conf:12" },
		{ "Samples", "1", "default" },
		{ "ClearFor", "0", "default" },
		{ "Below", "90.0", "t.conf:10" },
		{ "Scope", "device", "default" },
		{ "EscalateAfter", "0", "default" },
		{ "Beds", "3 4 5", "t.conf:15" },
		{ "Devices", "*", "default" },
	};
	struct outcome o = read_good(BASE LIMIT
		"Below=90.0\nBeds=3 4\nFor=1min 30s\nPriority=high\nLatching=no\nBeds=5 3\n");
	const struct config_rule *r = o.config->rules;
	struct ruleset *set = NULL;

	assert_int_equal(o.config->rule_count, 1);
	assert_string_equal(r->name, "r");
	assert_int_equal(r->count, ARRAY_SIZE(items));
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		assert_string_equal(r->items[i].key, items[i][0]);
		assert_string_equal(r->items[i].value, items[i][1]);
		assert_string_equal(r->items[i].origin, items[i][2]);
		assert_int_equal(r->items[i].standard, strcmp(items[i][2], "default") == 0);
	}
	assert_int_equal(config_ruleset(o.config, &set), 0);
	assert_non_null(set);
	ruleset_free(set);
	outcome_done(&o);

	o = read_good(BASE);
	assert_int_equal(config_ruleset(o.config, &set), 0);
	ruleset_free(set);
	outcome_done(&o);
}

/* A table of a score is longer than a line. */
static void lists_that_repeat(void **state)
{
	struct outcome o = read_good(
		BASE "[Rule mews]\nType=score\nTable=own\nMetric=gcs\nPriority=low\n"
		     "Points=bp-systolic/0:..70=3,71..80=2,81..100=1,101..199=0,200..=2\n"
		     "Points=pulse-rate|heart-rate/0:..39=2,40..50=1,51..100=0,101..110=1,"
		     "111..129=2,130..=3\n"
		     "Points=respiratory-rate/0:..8=2,9..14=0,15..20=1,21..29=2,30..=3\n"
		     "AtLeast=5\n");

	for (size_t i = 0; i < o.config->rules->count; i++) {
		const struct config_rule_item *item = &o.config->rules->items[i];

		if (strcmp(item->key, "Points") == 0) {
			assert_string_equal(item->origin, "t.conf:14");
			assert_true(strlen(item->value) > 190);
			assert_null(strstr(item->value, "  "));
		}
	}
	outcome_done(&o);
}

/* Defaults by type: the same key, two meanings. */
static void printed_with_the_defaults_of_the_type(void **state)
{
	struct outcome o = read_good(BASE GOOD
		"[Rule fridge]\nType=coldchain\nMetric=ambient-temperature\nPriority=medium\n"
		"BelowFor=\nAbove=8.5\n");
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(config_print(o.config, f), 0);
	fclose(f);
	assert_non_null(strstr(text, "\n[Rule fridge]\n# t.conf:13\nType=coldchain\n"));
	assert_non_null(strstr(text, "# t.conf:17\nAbove=8.5\n"));
	assert_non_null(strstr(text, "\nBelowFor=15min\n"));
	assert_non_null(strstr(text, "# default\nBelow=2\n"));
	assert_non_null(strstr(text, "# default\nMktEvery=24h\n"));
	assert_non_null(strstr(text, "# default\nDoor=\n"));
	assert_non_null(strstr(text, "# t.conf:10\nBelow=90\n# default\nAbove=\n"));
	assert_null(strstr(text, "Bands="));
	free(text);
	outcome_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_values),
		cmocka_unit_test(keys_of_other_types),
		cmocka_unit_test(settings_together),
		cmocka_unit_test(rules_together),
		cmocka_unit_test(unknown_devices_and_beds),
		cmocka_unit_test(all_faults_in_one_pass),
		cmocka_unit_test(each_setting_of_each_type),
		cmocka_unit_test(a_rule_as_the_desk_sees_it),
		cmocka_unit_test(lists_that_repeat),
		cmocka_unit_test(printed_with_the_defaults_of_the_type),
	};

	return RUN_TESTS(tests);
}
