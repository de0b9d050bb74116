/*
 * A saved state that is not what the engine has written: each field that
 * cannot be is refused with its line, nothing of it is taken; what only names
 * things that are no longer configured is taken without them.
 */
#include "unit/unit.h"

#include <inttypes.h>

#include "alarms/alarms.h"
#include "alarms/save.h"
#include "unit/alarms/timeline.h"
#include "unit/alarms/ward.h"
#include "util/cleanup.h"

#define LONG "12345678901234567890123456789012345678901234567890123456789012345678901234567890"

static const struct {
	const char *from, *to, *sentence;
} impossible[] = {
	/* the first line */
	{ "wardgate-alarms\t", "wardgate-outbox\t", "in line 1: it is no saved state" },
	{ "version=1", "version=2", "it is of another version" },
	{ "version=1", "version=0", "it is of another version" },
	{ "\tversion=1", "", "it is no saved state" },
	{ "version=1", "version=one", "it is no saved state" },
	{ "version=1", "version=1.0", "it is no saved state" },
	{ "version=1", "version=1152921504606846976", "it is no saved state" },
	{ "version=1", "version=-1152921504606846976", "it is no saved state" },
	{ "boot=1000000000", "boot=-1", "its times are none" },
	{ "boot=1000000000", "boot=1152921504606846976", "its times are none" },
	{ "number=", "number=-", "its times are none" },
	/* how lines are written */
	{ "bed\tbed=3", "cot\tbed=3", "in line 2: an unknown word" },
	{ "\tscale2=1", "\tscale2", "a field without a value, or too many fields" },
	{ "patient=p-1", "patient=p%1", "a character that is written wrongly" },
	{ "patient=p-1", "patient=p%g1", "a character that is written wrongly" },
	{ "patient=p-1", "patient=p%1g", "a character that is written wrongly" },
	{ "patient=p-1", "patient=p%00", "a character that is written wrongly" },
	{ "patient=p-1", "patient=p%/1", "a character that is written wrongly" },
	{ "patient=p-1", "patient=p%:1", "a character that is written wrongly" },
	{ "patient=p-1", "patient=p%`1", "a character that is written wrongly" },
	/* beds and what is known at them */
	{ "bed\tbed=3", "bed", "a bed without a name" },
	{ "bed\tbed=3", "bed\tbed=" LONG, "a bed without a name" },
	{ "inactivation=2", "inactivation=32", "an inactivation that there is not" },
	{ "inactivation=2", "inactivation=16", "an inactivation that there is not" },
	{ "inactivation=2", "inactivation=x", "inactivation is not what it could be" },
	{ "inactivation=2", "inactivation=4294967296", "inactivation is not what it could be" },
	{ "scale2=1", "scale2=2", "scale2 is not what it could be" },
	{ "patient=p-1", "patient=" LONG, "patient is too long" },
	{ "association=a-1", "association=" LONG, "association is too long" },
	{ "input\tmetric=pulse-rate", "input\tmetric=pulse", "a metric that there is not" },
	{ "input\tmetric=pulse-rate", "input", "a metric that there is not" },
	{ "input\tmetric=pulse-rate\tbed=3", "input\tmetric=pulse-rate", "an input without a bed" },
	{ "number=130^0\textreme=1", "number=130\textreme=1", "number is not what it could be" },
	{ "number=130^0\textreme=1", "number=^0\textreme=1", "number is not what it could be" },
	{ "number=130^0\textreme=1", "number=130^\textreme=1", "number is not what it could be" },
	{ "number=130^0\textreme=1", "number=130^99\textreme=1", "number is not what it could be" },
	{ "kind=1\tnumber=130^0", "kind=4\tnumber=130^0", "a kind that there is not" },
	{ "extreme=1", "extreme=5", "a kind that there is not" },
	{ "origin=1", "origin=99", "a kind that there is not" },
	{ "word=voice", "word=shout", "a word that there is not" },
	{ "device=ox\tkind=1", "device=" LONG "\tkind=1", "device is too long" },
	/* sensors */
	{ "sensor\tdevice=ox\tmetric=perfusion-index", "sensor\tdevice=ox\tmetric=perfusion",
		"a metric that there is not" },
	{ "sensor\tdevice=ox", "sensor\tbed=3\tdevice=ox", "no place, or two" },
	{ "sensor\tdevice=ox", "sensor", "no place, or two" },
	{ "sensor\tdevice=ox\tmetric=perfusion-index\tinstance=0",
		"sensor\tdevice=ox\tmetric=perfusion-index", "an instance that is none" },
	{ "perfusion-index\tinstance=0", "perfusion-index\tinstance=x",
		"an instance that is none" },
	{ "perfusion-index\tinstance=0", "perfusion-index\tinstance=1x",
		"an instance that is none" },
	{ "perfusion-index\tinstance=0", "perfusion-index\tinstance=-1",
		"an instance that is none" },
	{ "perfusion-index\tinstance=0", "perfusion-index\tinstance=256",
		"an instance that is none" },
	{ "unmeasured=1000000000", "unmeasured=1152921504606846977",
		"unmeasured is not what it could be" },
	/* what never comes is not written */
	{ "unmeasured=1000000000", "unmeasured=9223372036854775807",
		"unmeasured is not what it could be" },
	{ "unmeasured=1000000000", "unmeasured=-1152921504606846977",
		"unmeasured is not what it could be" },
	{ "unmeasured=1000000000", "unmeasured=99999999999999999999",
		"unmeasured is not what it could be" },
	{ "unmeasured=1000000000", "unmeasured=-", "unmeasured is not what it could be" },
	{ "unmeasured=1000000000", "unmeasured=/", "unmeasured is not what it could be" },
	{ "heard=1\t", "heard=-1\t", "heard is not what it could be" },
	{ "heard=1\t", "heard=1,1\t", "heard is not what it could be" },
	{ "heard=1\t", "heard=1;\t", "heard is not what it could be" },
	{ "unmeasured=1000000000", "reason=because", "a word that there is not" },
	/* limits that people set */
	{ "limits\tlevel=bed\t", "limits\t", "limits that are none" },
	{ "limits\tlevel=bed", "limits\tlevel=rule", "limits that are none" },
	{ "limits\tlevel=bed", "limits\tlevel=house", "limits that are none" },
	{ "limits\tlevel=bed", "limits\tlevel=ward", "limits that are none" },
	{ "limits\tlevel=bed\trule=lo\tbed=3", "limits\tlevel=bed\trule=lo",
		"limits that are none" },
	{ "level=bed\trule=lo\t", "level=bed\t", "limits that are none" },
	{ "\tlow=88^0\n", "\n", "limits that are none" },
	{ "low=88^0\n", "low=88\n", "limits that are none" },
	{ "high=125^0\n", "high=x\n", "limits that are none" },
	{ "\tsince=1795255200000000\tlow", "\tlow", "limits that are none" },
	{ "since=1795255200000000\tlow", "since=x\tlow", "limits that are none" },
	/* groups */
	{ "group\tname=broker-unreachable", "group\tname=broker", "a condition that there is not" },
	{ "group\tname=broker-unreachable", "group", "a condition that there is not" },
	{ "\town=1", "\town=7", "own is not what it could be" },
	/* alarms: who they are */
	{ "subject\tname=lo\t", "subject\t", "an alarm without its names" },
	{ "condition\tname=low-battery\t", "condition\t", "an alarm without its names" },
	{ "condition\tname=low-battery\t", "condition\tname=high-battery\t",
		"an alarm without its names" },
	{ "key=lo.ox\t", "", "an alarm without its names" },
	{ "key=lo.ox\t", "key=" LONG LONG "\t", "an alarm without its names" },
	{ "\tis=physiological", "", "an alarm without its names" },
	{ "is=physiological", "is=psychological", "an alarm without its names" },
	{ "\ttype=limit\t", "\t", "an alarm without its names" },
	{ "epoch=12-9f3a21c4", "epoch=" LONG, "an alarm without its names" },
	{ "by=nurse\ncondition", "by=nurse\ttext=" LONG LONG LONG LONG "\ncondition",
		"an alarm without its names" },
	{ "key=lo.ox\tdevice=ox", "key=lo.ox\tdevice=ox\tbed=3", "an alarm without its names" },
	{ "key=lo.ox\tdevice=ox", "key=lo.ox", "an alarm without its names" },
	{ "key=lo.ox\tdevice=ox\tmetric=spo2", "key=lo.ox\tdevice=ox\tmetric=spo3",
		"a metric that there is not" },
	{ "key=lo.ox\tdevice=ox\tmetric=spo2\tinstance=0", "key=lo.ox\tdevice=ox\tmetric=spo2",
		"an instance that is none" },
	{ "by=nurse\ncondition", "by=" LONG "\ncondition", "by is too long" },
	{ "reading_epoch=12-9f3a21c4", "reading_epoch=" LONG, "reading_epoch is too long" },
	/* alarms: how they are */
	{ "life=1", "life=4", "an alarm that cannot be" },
	{ "life=1", "life=4294967295", "an alarm that cannot be" },
	{ "side=2\tverdict", "side=5\tverdict", "an alarm that cannot be" },
	{ "side=2\tverdict", "side=1\tverdict", "an alarm that cannot be" },
	{ "verdict_priority=3", "verdict_priority=4", "an alarm that cannot be" },
	{ "\tpriority=3", "\tpriority=4", "an alarm that cannot be" },
	{ "\tpriority=3", "\tpriority=3\tfloor=4", "an alarm that cannot be" },
	{ "told_priority=3", "told_priority=4", "an alarm that cannot be" },
	{ "inactivation=16", "inactivation=32", "an alarm that cannot be" },
	{ "\tkind=3\tnumber=", "\tkind=4\tnumber=", "an alarm that cannot be" },
	{ "\tkind=3\tnumber=", "\tkind=3\tvalidity=8\tnumber=", "an alarm that cannot be" },
	{ "reading=1\t", "reading=99999999999999999999\t", "reading is not what it could be" },
	{ "\ncondition\tname=broker-unreachable", "\ncondition\tname=broker",
		"an alarm without its names" },
	{ "word=89", "word=9999", "an alarm that cannot be" },
	{ "word=89", "word=65536", "word is not what it could be" },
	{ "life=1\tpresent=1", "life=1\tpresent=1\tgrouped=1", "an alarm that cannot be" },
	{ "life=1\tside=2", "life=1\tpending=1\tside=2", "an alarm that cannot be" },
	{ "life=1\tside=2", "life=2\tpending=1\tside=2", "an alarm that cannot be" },
	{ "value_time=1795255200000000", "value_time=1152921504606846977",
		"value_time is not what it could be" },
	{ "value_time=1795255200000000", "value_time=-1152921504606846977",
		"value_time is not what it could be" },
	{ "key=lo.ox\tdevice=ox", "key=lo.ox\tdevice=ox\tonset=99999999999999999999",
		"onset is not what it could be" },
	{ "onset_side=3", "onset_side=5", "an alarm that cannot be" },
	{ "onset_side=3", "onset_side=1", "an alarm that cannot be" },
	{ "onset_priority=2", "onset_priority=4", "an alarm that cannot be" },
	{ "onset_kind=1", "onset_kind=4", "an alarm that cannot be" },
	{ "onset_epoch=12-9f3a21c4", "onset_epoch=" LONG, "onset_epoch is too long" },
	{ "started=1000000000", "starts=x", "starts is not what it could be" },
	{ "started=1000000000", "started=x", "started is not what it could be" },
	/* states of the rules' types */
	{ "state\tside=4,1", "state\tside=4,5", "a state of Type=combination that cannot be" },
	{ "state\tside=4,1", "state\tside=4,256", "side is not what it could be" },
	{ "state\tside=4,1", "state\tside=4,1,1,1,1,1,1,1,1", "side is not what it could be" },
	{ "total=7", "total=10000", "a state of Type=score that cannot be" },
	{ "total=7", "total=-1", "a state of Type=score that cannot be" },
	{ "number=7\nsubject", "number=10000\nsubject", "a state of Type=score that cannot be" },
	{ "number=7\nsubject", "number=-1\nsubject", "a state of Type=score that cannot be" },
	{ "state\tside=3\tmeasured", "state\tside=4\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "state\tside=3\tmeasured", "state\tside=3\tclock=-1\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "state\tside=3\tmeasured", "state\tside=3\tclock=2305843009213693952\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "state\tside=3\tmeasured", "state\tside=3\tmkt=1\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "state\tside=3\tmeasured", "state\tside=3\tmkt_weight=-1\tmeasured",
		"a state of Type=coldchain that cannot be" },
	/* infinitely hot; colder and hotter than mkt_add() takes */
	{ "state\tside=3\tmeasured",
		"state\tside=3\tperiod_mkt=9218868437227405312\tperiod_weight=1000000\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "state\tside=3\tmeasured", "state\tside=3\tperiod_mkt=0\tperiod_weight=1000000\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "state\tside=3\tmeasured",
		"state\tside=3\tperiod_mkt=5000000000000000000\tperiod_weight=1000000\tmeasured",
		"a state of Type=coldchain that cannot be" },
	{ "count=1\nsubject", "count=x\nsubject", "count is not what it could be" },
	{ "low=130^0\thigh=130^0", "low=131^0\thigh=130^0",
		"a state of Type=stuck that cannot be" },
	{ "state\tnewest=1\tstart=0,1000000000\tsum", "state\tnewest=26\tstart=0,1000000000\tsum",
		"a state of Type=deviation that cannot be" },
	{ "sum=0,210000\tcount=0,2", "sum=0,210000\tcount=0,4194304",
		"a state of Type=deviation that cannot be" },
	{ "sum=0,210000\tcount=0,2", "sum=0,1099511627777\tcount=0,1",
		"a state of Type=deviation that cannot be" },
	{ "sum=0,210000\tcount=0,2", "sum=0,-1099511627777\tcount=0,1",
		"a state of Type=deviation that cannot be" },
	{ "state\tnewest=1\tstart=0,1000000000\tlow", "state\tnewest=18\tstart=0,1000000000\tlow",
		"a state of Type=rate that cannot be" },
	{ "high=0^0,130^0", "high=0^0,79^0", "a state of Type=rate that cannot be" },
	{ "side=2\nsubject", "side=4\nsubject", "a state of Type=sustained that cannot be" },
	{ "side=2\nsubject", "side=2\tarea=-1\nsubject",
		"a state of Type=sustained that cannot be" },
	{ "side=2\nsubject", "side=2\tarea=2305843009213693952\nsubject",
		"a state of Type=sustained that cannot be" },
	{ "beyond=7^0", "beyond=-7^0", "a state of Type=sustained that cannot be" },
	{ "\nlimits\tlevel=bed", "\nstate\tside=1\nlimits\tlevel=bed",
		"a state that belongs to no rule" },
};

static void test_what_cannot_be_is_refused_whole(void **state)
{
	struct ward *w = *state;
	char *before = timeline_saved(&w->fresh), *after, why[ALARMS_WHY_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++) {
		size_t length;
		char *text = ward_edited(w, impossible[i].from, impossible[i].to, &length);
		int e;

		why[0] = 0;
		e = alarms_restore(w->fresh.a, text, length, 0, &w->fresh.now, why);
		if (e != ALARMS_E_REFUSED || !strstr(why, impossible[i].sentence))
			fail_msg("%s -> %s gave %d, %s", impossible[i].from, impossible[i].to, e,
				why);
		free(text);
	}
	after = timeline_saved(&w->fresh);
	assert_string_equal(before, after);
	assert_string_equal(timeline_take(&w->fresh), "");
	free(before);
	free(after);
}

/* More fields in one line than any has. */
static void test_lines_are_short(void **state)
{
	struct ward *w = *state;
	char to[1000] = "bed\tbed=3", why[ALARMS_WHY_MAX];
	size_t length, n;

	for (int i = 0; i < SAVE_FIELDS_MAX; i++) {
		char *text;
		int e;

		/* the line has eight of its own, which stay */
		text = ward_edited(w, "bed\tbed=3", to, &length);
		timeline_end(&w->fresh);
		ward_configure(&w->fresh);
		e = alarms_restore(w->fresh.a, text, length, 0, &w->fresh.now, why);
		free(text);
		assert_int_equal(e, i + 9 <= SAVE_FIELDS_MAX ? 0 : ALARMS_E_REFUSED);
		if (e != 0)
			return;
		n = strlen(to);
		snprintf(to + n, sizeof(to) - n, "\tx=1");
	}
	fail_msg("a line may have any number of fields");
}

/* The lines end where the text does, and no byte is 0, whatever the sum says. */
static void test_lines_end(void **state)
{
	struct ward *w = *state;
	char why[ALARMS_WHY_MAX], text[200];
	int n = snprintf(text, sizeof(text), "end\tlines=0\tsum=%016" PRIx64 "\n", save_sum("", 0));

	assert_int_equal(alarms_restore(w->fresh.a, text, (size_t)n, 0, &w->fresh.now, why),
		ALARMS_E_REFUSED);
	assert_non_null(strstr(why, "it is no saved state"));
	assert_int_equal(
		alarms_restore(w->fresh.a, "", 0, 0, &w->fresh.now, why), ALARMS_E_REFUSED);
	assert_non_null(strstr(why, "its end is missing or its sum is wrong"));
	n = snprintf(text, sizeof(text), "a%cb\n", 0);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "end\tlines=1\tsum=%016" PRIx64 "\n",
		save_sum(text, (size_t)n));
	assert_int_equal(alarms_restore(w->fresh.a, text, (size_t)n, 0, &w->fresh.now, why),
		ALARMS_E_REFUSED);
	assert_non_null(strstr(why, "a byte 0"));
}

static const struct {
	const char *from, *to, *told;
} gone[] = {
	/* a bed that there is not any more has no inputs, and limits that are told */
	{ "input\tmetric=pulse-rate\tbed=3", "input\tmetric=pulse-rate\tbed=9", "" },
	{ "input\tmetric=pulse-rate\tbed=3", "input\tmetric=pulse-rate\tbed=store", "" },
	{ "limits\tlevel=bed\trule=lo\tbed=3", "limits\tlevel=bed\trule=lo\tbed=9",
		"limits lo bed 9 was-low=88 its rule or bed is gone by=-" },
	{ "limits\tlevel=bed\trule=lo", "limits\tlevel=bed\trule=lower",
		"limits lower bed 3 was-low=88 its rule or bed is gone by=-" },
	/* a rule of that name that has no limits now */
	{ "limits\tlevel=bed\trule=lo", "limits\tlevel=bed\trule=gone",
		"limits gone bed 3 was-low=88 its rule or bed is gone by=-" },
	{ "sensor\tbed=3\tmetric=consciousness", "sensor\tbed=9\tmetric=consciousness", "" },
	{ "sensor\tdevice=ox\tmetric=perfusion-index", "sensor\tdevice=oy\tmetric=perfusion-index",
		"" },
	/* alarms whose place or rule is gone end, with what they were */
	{ "name=lo\tkey=lo.ox\tdevice=ox", "name=lo\tkey=lo.ox\tdevice=oy",
		"end lo.ox high reason=device-removed" },
	{ "name=temp\tkey=temp.bed-3\tbed=3", "name=temp\tkey=temp.bed-9\tbed=9",
		"end temp.bed-9 low reason=bed-removed" },
	{ "name=lo\tkey=lo.ox", "name=low\tkey=low.ox", "end low.ox high reason=rule-removed" },
	{ "instance=0\ttype=limit\tof=a", "instance=0\ttype=bands\tof=a",
		"end lo.ox high reason=rule-removed" },
	/* the device has the rule, but not at this metric */
	{ "name=lo\tkey=lo.ox\tdevice=ox\tmetric=spo2",
		"name=lo\tkey=lo.ox\tdevice=ox\tmetric=etco2",
		"end lo.ox high reason=rule-changed" },
	/* it was judged by bed, and is by device now */
	{ "name=lo\tkey=lo.ox\tdevice=ox\tmetric=spo2\tinstance=0", "name=lo\tkey=lo.bed-3\tbed=3",
		"end lo.bed-3 high reason=rule-changed" },
	/* a technical one of a device that is gone */
	{ "key=low-battery.ox\tdevice=ox", "key=low-battery.oy\tdevice=oy",
		"end low-battery.oy low reason=device-removed" },
	/* the place of a state line is gone as well */
	{ "name=own\tkey=own.ox\tdevice=ox", "name=own\tkey=own.oy\tdevice=oy", "" },
	/* a rule of devices, said of the device as a whole */
	{ "name=lo\tkey=lo.ox\tdevice=ox\tmetric=spo2\tinstance=0", "name=lo\tkey=lo.ox\tdevice=ox",
		"end lo.ox high reason=rule-changed" },
	/* it has said nothing yet: its rule only served others */
	{ "number=1\tstep=3", "number=1\tstep=0", "" },
	/* limits of a patient, where none lies */
	{ "limits\tlevel=bed\trule=lo\tbed=3", "limits\tlevel=patient\trule=lo\tbed=store",
		"limits lo patient store was-low=88 its rule or bed is gone by=-" },
	/* the same twice, and what cannot be held */
	{ "\ncondition\tname=low-battery",
		"\ncondition\tname=low-battery\tkey=low-battery.ox\tdevice=ox\tis=technical"
		"\ncondition\tname=low-battery",
		"" },
	{ "\ncondition\tname=low-battery",
		"\ncondition\tname=alarm-chatter\tkey=alarm-chatter.ox\tdevice=ox\tis=technical"
		"\tlife=1\tpresent=1\theld=1\tside=4\tverdict_priority=1\tstep=1"
		"\ncondition\tname=low-battery",
		"end alarm-chatter.ox none" },
	{ "pending=1\tonset=1000000000\tsamples=1\tonset_side=3",
		"pending=1\theld=1\tonset=1000000000\tsamples=1\tonset_side=3", "" },
	/* a group of groups */
	{ "key=broker-unreachable.gateway\tis=technical\tlife=1",
		"key=broker-unreachable.gateway\tis=technical\tgrouped=1\tlife=0",
		"start broker-unreachable.gateway medium" },
	/* numbers that are rare and right */
	{ "value_time=1795255200000000", "value_time=-1", "" },
	{ "state\tnewest=1\tstart=0,1000000000\tsum=0,210000",
		"state\tnewest=1\tstart=0,1000000000\tsum=0,-210000", "" },
	{ "patient=p-1", "patient=p%2d1", "" },
	{ "patient=p-1", "patient=p%7f", "" },
};

static void test_what_is_gone_ends(void **state)
{
	struct ward *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		size_t length;
		char *text = ward_edited(w, gone[i].from, gone[i].to, &length),
		     why[ALARMS_WHY_MAX] = "";
		const char *told;
		int e;

		timeline_end(&w->fresh);
		ward_configure(&w->fresh);
		e = alarms_restore(w->fresh.a, text, length, 0, &w->fresh.now, why);
		told = timeline_take(&w->fresh);
		if (e != 0 || strcmp(told, gone[i].told) != 0)
			fail_msg(
				"%s -> %s gave %d, %s: %s", gone[i].from, gone[i].to, e, why, told);
		/* and what there is now can be saved and taken again */
		free(text);
		assert_true(timeline_restart(&w->fresh, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_cannot_be_is_refused_whole, ward_set_up, ward_tear_down),
		cmocka_unit_test_setup_teardown(test_lines_are_short, ward_set_up, ward_tear_down),
		cmocka_unit_test_setup_teardown(test_lines_end, ward_set_up, ward_tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_gone_ends, ward_set_up, ward_tear_down),
	};

	return RUN_TESTS(tests);
}
