/*
 * wardgatectl alarms, acknowledge, pause, reset: which alarms there are, and
 * what is done about them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/alarm_text.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/run.h"
#include "ctl/term.h"

#define OFF_MAX 43200

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int print_alarms(const cJSON *list)
{
	size_t count = (size_t)cJSON_GetArraySize(list), n = 0;
	const cJSON **alarms = calloc(count ?: 1, sizeof(*alarms));
	const cJSON *item;
	int r;

	if (!alarms)
		return ctl_fail("out of memory");
	cJSON_ArrayForEach(item, list)
	{
		alarms[n++] = item;
	}
	qsort(alarms, n, sizeof(*alarms), alarm_compare);
	r = alarm_print_table(
		alarms, n, stdout, term_width(stdout), term_has_colours(stdout), now_ms());
	free(alarms);
	return r < 0 ? ctl_fail("out of memory") : EXIT_SUCCESS;
}

int verb_alarms(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	_cleanup_(freep) char *document = NULL;
	const cJSON *list;
	int r = ctl_arguments(argc, argv, 0);

	if (r == 0)
		r = ctl_run(ctl, "alarms", NULL, &document);
	if (r != 0)
		return r;
	if (ctl->json)
		return ctl_print_answer(document);
	answer = json_object(document);
	list = cJSON_GetObjectItemCaseSensitive(answer, "alarms");
	if (!cJSON_IsArray(list))
		return ctl_fail("wardgated's answer has no alarms in it; is it as new as "
				"wardgatectl " WG_VERSION "?");
	if (cJSON_GetArraySize(list) == 0) {
		puts("There is no alarm.");
		return EXIT_SUCCESS;
	}
	return print_alarms(list);
}

/* --- what is done about them --- */

static cJSON *with_text(const char *name, const char *value)
{
	cJSON *object = cJSON_CreateObject();

	if (object && !cJSON_AddStringToObject(object, name, value)) {
		cJSON_Delete(object);
		return NULL;
	}
	return object;
}

/* Runs it and says to people what was done with the alarm or the bed. */
static int do_it(const struct ctl *ctl, const char *verb, cJSON *arguments, const char *done)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	int r = ctl_do(ctl, verb, arguments, &answer);
	int64_t until;

	if (r != 0 || !answer)
		return r;
	fputs(cJSON_HasObjectItem(answer, "bed") ? "Bed " : "", stdout);
	term_print(json_text(answer, "key", json_text(answer, "bed", "?")));
	printf(" %s", done);
	until = json_time(answer, "until");
	if (until >= 0) {
		char left[HUMAN_MAX], when[HUMAN_MAX];
		int64_t now = now_ms();

		printf(" for %s, until %s",
			human_duration(left, until > now ? (until - now + 500) / 1000 : 0),
			human_time(when, until));
	}
	puts(".");
	return EXIT_SUCCESS;
}

/* A verb whose one argument is an alarm. */
static int do_to_one(const struct ctl *ctl, int argc, char **argv, const char *done)
{
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (argc != 2)
		return ctl_misused("%s needs an alarm; wardgatectl alarms lists them", argv[0]);
	return do_it(ctl, argv[0], with_text("alarm", argv[1]), done);
}

int verb_acknowledge(const struct ctl *ctl, int argc, char **argv)
{
	return do_to_one(ctl, argc, argv, "is acknowledged");
}

int verb_reset(const struct ctl *ctl, int argc, char **argv)
{
	return do_to_one(ctl, argc, argv, "is reset");
}

struct pause_options {
	const char *bed, *kind, *done;
	bool end;
	long seconds;
};

/* At most one of the kinds; what is said afterwards. */
static int read_kind(int *argc, char **argv, struct pause_options *o)
{
	static const struct {
		const char *option, *kind, *done, *over;
	} kinds[] = {
		{ "--alarm", "alarm", "is paused", "is paused no longer" },
		{ "--audio-off", "audio-off", "has its audio off", "has its audio on again" },
		{ "--alarm-off", "alarm-off", "is off", "is on again" },
	};

	o->end = ctl_flag(argc, argv, "--end");
	o->done = o->end ? "has its audio again" : "has its audio paused";
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (ctl_flag(argc, argv, kinds[i].option)) {
			if (o->kind)
				return ctl_misused("pause takes one of --alarm, --audio-off and "
						   "--alarm-off");
			o->kind = kinds[i].kind;
			o->done = o->end ? kinds[i].over : kinds[i].done;
		}
	return 0;
}

static int read_seconds(const char *text, struct pause_options *o)
{
	char *end;

	if (o->end)
		return ctl_misused("--end takes no seconds: the pause is over at once");
	o->seconds = strtol(text, &end, 10);
	if (end == text || *end || o->seconds < 1 || o->seconds > OFF_MAX)
		return ctl_misused("\"%s\" is no number of seconds from 1 to %d", text, OFF_MAX);
	return 0;
}

int verb_pause(const struct ctl *ctl, int argc, char **argv)
{
	struct pause_options o = { .kind = NULL };
	cJSON *arguments;
	int r = ctl_option(&argc, argv, "--bed", &o.bed), next = 1;

	if (r == 0)
		r = read_kind(&argc, argv, &o);
	if (r == 0)
		r = ctl_arguments(argc, argv, o.bed ? 1 : 2);
	if (r == 0 && !o.bed && argc < 2)
		r = ctl_misused("pause needs an alarm or --bed BED; wardgatectl alarms lists them");
	if (r == 0 && !o.bed)
		next = 2;
	if (r == 0 && next < argc)
		r = read_seconds(argv[next], &o);
	if (r != 0)
		return r;
	arguments = o.bed ? with_text("bed", o.bed) : with_text("alarm", argv[1]);
	if (arguments && ((o.kind && !cJSON_AddStringToObject(arguments, "kind", o.kind)) ||
				 !cJSON_AddNumberToObject(
					 arguments, "seconds", o.end ? -1 : (double)o.seconds))) {
		cJSON_Delete(arguments);
		arguments = NULL;
	}
	return do_it(ctl, "pause", arguments, o.done);
}
