/*
 * wardgatectl observe BED METRIC VALUE [--time T]: a value that somebody counted
 * or judged becomes a reading.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/run.h"
#include "ctl/term.h"
#include "wardgate/metric.h"

/* Of what kind the value is, its metric says; of an unknown one the daemon says more. */
static cJSON *value_of(const char *metric, const char *text)
{
	static const char *const yes[] = { "true", "yes", "on" }, *const no[] = { "false", "no",
		"off" };
	const struct metric_info *info = metric_info(metric_by_name(metric, strlen(metric)));
	double v;
	char *end;

	for (size_t i = 0; info->kind == METRIC_BOOLEAN && i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0)
			return cJSON_CreateTrue();
		if (strcmp(text, no[i]) == 0)
			return cJSON_CreateFalse();
	}
	v = strtod(text, &end);
	if (info->kind == METRIC_NUMBER && *text && !*end && !strpbrk(text, "xXnN"))
		return cJSON_CreateNumber(v);
	return cJSON_CreateString(text);
}

static cJSON *arguments_of(char **argv, const char *when)
{
	cJSON *object = cJSON_CreateObject(), *value = value_of(argv[2], argv[3]);

	if (object && value && cJSON_AddItemToObject(object, "value", value))
		value = NULL;
	if (value || !object || !cJSON_AddStringToObject(object, "bed", argv[1]) ||
		!cJSON_AddStringToObject(object, "metric", argv[2]) ||
		(when && !cJSON_AddStringToObject(object, "time", when))) {
		cJSON_Delete(value);
		cJSON_Delete(object);
		return NULL;
	}
	return object;
}

int verb_observe(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	const char *when = NULL;
	int r = ctl_option(&argc, argv, "--time", &when);

	if (r == 0)
		r = ctl_arguments(argc, argv, 3);
	if (r != 0)
		return r;
	if (argc != 4)
		return ctl_misused(
			"observe needs a bed, what was observed and its value, e.g. observe 3 "
			"respiratory-rate 18");
	r = ctl_do(ctl, "observe", arguments_of(argv, when), &answer);
	if (r != 0 || !answer)
		return r;
	fputs("Charted for bed ", stdout);
	term_print(json_text(answer, "bed", argv[1]));
	fputs(": ", stdout);
	term_print(argv[2]);
	putchar(' ');
	term_print(argv[3]);
	puts(".");
	return EXIT_SUCCESS;
}
