/*
 * wardgatectl limits, set-limit, set-spo2-scale: what is in force where and why,
 * and what is set.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/run.h"
#include "ctl/table.h"
#include "ctl/term.h"

/* --- the table --- */

/* "configuration", "bed, anna, 2 h 5 min ago" */
static void put_source(const cJSON *side, char *buf, size_t size)
{
	const char *level = json_text(side, "level", "?"), *by = json_text(side, "by", "");
	int64_t since = json_time(side, "since");
	char who[CTL_WHO_MAX], ago[HUMAN_MAX] = "";

	if (strcmp(level, "rule") == 0) {
		snprintf(buf, size, "configuration");
		return;
	}
	if (since >= 0) {
		int64_t now = (int64_t)time(NULL) * 1000;

		human_duration(ago, now > since ? (now - since) / 1000 : 0);
	}
	snprintf(buf, size, "%s%s%s%s%s%s", level, *by ? ", " : "", ctl_who(who, by),
		*ago ? ", " : "", ago, *ago ? " ago" : "");
}

static void put_why(const cJSON *low, const cJSON *high, char *buf, size_t size)
{
	char a[160] = "", b[160] = "";

	if (low)
		put_source(low, a, sizeof(a));
	if (high)
		put_source(high, b, sizeof(b));
	if (!low || !high || strcmp(a, b) == 0)
		snprintf(buf, size, "%s", low ? a : b);
	else
		snprintf(buf, size, "below: %s; above: %s", a, b);
}

static void put_value(const cJSON *side, char *buf, size_t size)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(side, "value");

	*buf = 0;
	if (cJSON_IsNumber(value))
		snprintf(buf, size, "%.15g", value->valuedouble);
}

static int print_limits(const cJSON *list)
{
	static const struct table_column columns[] = {
		{ .title = "BED", .shrink = true },
		{ .title = "RULE", .shrink = true },
		{ .title = "METRIC", .shrink = true },
		{ .title = "BELOW", .right = true },
		{ .title = "ABOVE", .right = true },
		{ .title = "UNIT" },
		{ .title = "SET BY", .shrink = true },
	};
	_cleanup_(table_freep) struct table *t = NULL;
	int r = table_new(&t, columns, ARRAY_SIZE(columns));
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		const cJSON *low = cJSON_GetObjectItemCaseSensitive(item, "low"),
			    *high = cJSON_GetObjectItemCaseSensitive(item, "high");
		char below[40], above[40], why[400];
		const char *bed = json_text(item, "bed", "-");
		const char *cells[] = { strcmp(bed, "-") == 0 ? "(ward)" : bed,
			json_text(item, "rule", "?"), json_text(item, "metric", "?"), below, above,
			json_text(item, "unit", ""), why };

		put_value(low, below, sizeof(below));
		put_value(high, above, sizeof(above));
		put_why(low, high, why, sizeof(why));
		if (r == 0)
			r = table_row(t, cells);
	}
	if (r == 0)
		table_print(t, stdout, term_width(stdout), 0);
	return r < 0 ? ctl_fail("out of memory") : EXIT_SUCCESS;
}

static int run_and_print(const struct ctl *ctl, const char *verb, cJSON *arguments)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	const cJSON *list;
	int r = ctl_do(ctl, verb, arguments, &answer);

	if (r != 0 || !answer)
		return r;
	list = cJSON_GetObjectItemCaseSensitive(answer, "limits");
	if (!cJSON_IsArray(list))
		return ctl_fail("wardgated's answer has no limits in it; is it as new as "
				"wardgatectl " WG_VERSION "?");
	if (cJSON_GetArraySize(list) > 0)
		return print_limits(list);
	puts("There is no rule with limits here; see [Rule] in wardgate.conf(5).");
	return EXIT_SUCCESS;
}

int verb_limits(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *arguments = NULL;
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	arguments = cJSON_CreateObject();
	if (!arguments || (argc > 1 && !cJSON_AddStringToObject(arguments, "bed", argv[1])))
		return ctl_fail("out of memory");
	return run_and_print(ctl, "limits", TAKE_PTR(arguments));
}

/* --- setting one --- */

struct limit_options {
	const char *rule, *bed, *patient, *below, *above;
	bool ward, clear;
};

static int read_options(int *argc, char **argv, struct limit_options *o)
{
	const struct {
		const char *name, **ret;
	} options[] = {
		{ "--bed", &o->bed },
		{ "--patient", &o->patient },
		{ "--below", &o->below },
		{ "--above", &o->above },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(options); i++)
		r = ctl_option(argc, argv, options[i].name, options[i].ret);
	if (r != 0)
		return r;
	o->ward = ctl_flag(argc, argv, "--ward");
	o->clear = ctl_flag(argc, argv, "--clear");
	r = ctl_arguments(*argc, argv, 1);
	if (r != 0)
		return r;
	if (*argc != 2)
		return ctl_misused("set-limit needs a rule; wardgatectl limits lists them");
	o->rule = argv[1];
	if (!!o->bed + !!o->patient + o->ward != 1)
		return ctl_misused("say for whom: --bed BED, --patient BED (whoever lies there "
				   "now) or --ward");
	if (o->clear && (o->below || o->above))
		return ctl_misused("--clear takes the limits back; it goes without --below and "
				   "--above");
	if (!o->clear && !o->below && !o->above)
		return ctl_misused("give --below NUMBER, --above NUMBER or both; --clear takes "
				   "back what was set");
	return 0;
}

/* Returns 0, EX_USAGE after a line, or -ENOMEM. */
static int add_number(cJSON *object, const char *name, const char *text)
{
	char *end;
	double v;

	if (!text)
		return 0;
	v = strtod(text, &end);
	if (!*text || *end || !strpbrk(text, "0123456789") || strpbrk(text, "xXnN"))
		return ctl_misused("--%s=%s: give a number such as 90 or 37.5", name, text);
	return cJSON_AddNumberToObject(object, name, v) ? 0 : -ENOMEM;
}

static int add_texts(cJSON *object, const struct limit_options *o)
{
	const char *bed = o->bed ?: o->patient;
	const char *level = o->bed ? "bed" : o->patient ? "patient" : "ward";

	return cJSON_AddStringToObject(object, "rule", o->rule) &&
			       (!bed || cJSON_AddStringToObject(object, "bed", bed)) &&
			       cJSON_AddStringToObject(object, "level", level)
		       ? 0
		       : -ENOMEM;
}

int verb_set_limit(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *arguments = NULL;
	struct limit_options o = { .rule = NULL };
	int r = read_options(&argc, argv, &o);

	if (r != 0)
		return r;
	arguments = cJSON_CreateObject();
	r = arguments ? add_texts(arguments, &o) : -ENOMEM;
	if (r == 0)
		r = add_number(arguments, "below", o.below);
	if (r == 0)
		r = add_number(arguments, "above", o.above);
	if (r != 0)
		return r < 0 ? ctl_fail("out of memory") : r;
	return run_and_print(ctl, "set-limit", TAKE_PTR(arguments));
}

int verb_set_spo2_scale(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *arguments = NULL, *answer = NULL;
	int r = ctl_arguments(argc, argv, 2);

	if (r != 0)
		return r;
	if (argc != 3 || (strcmp(argv[2], "1") != 0 && strcmp(argv[2], "2") != 0))
		return ctl_misused("set-spo2-scale needs a bed and the scale, 1 or 2");
	arguments = cJSON_CreateObject();
	if (!arguments || !cJSON_AddStringToObject(arguments, "bed", argv[1]) ||
		!cJSON_AddNumberToObject(arguments, "scale", argv[2][0] - '0'))
		return ctl_fail("out of memory");
	r = ctl_do(ctl, "set-spo2-scale", TAKE_PTR(arguments), &answer);
	if (r != 0 || !answer)
		return r;
	fputs("Bed ", stdout);
	term_print(json_text(answer, "bed", argv[1]));
	printf(": scores use SpO2 scale %s.\n", argv[2]);
	return EXIT_SUCCESS;
}
