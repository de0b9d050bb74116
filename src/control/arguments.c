/*
 * See arguments.h.
 */
#include "control/arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "config/suggest.h"
#include "util/text.h"

#define SHOWN_MAX 60 /* bytes of a value in a sentence */

bool arguments_is_one(const char *name)
{
	return strcmp(name, "request") != 0 && strcmp(name, "by") != 0 &&
	       strcmp(name, "not_after") != 0;
}

static int refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int refuse(char *why, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(why, COMMAND_SENTENCE_MAX, format, list);
	va_end(list);
	return -EINVAL;
}

static const struct command_argument *find(const struct command_row *row, const char *name)
{
	for (const struct command_argument *a = row->arguments; a && a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

/* "device [bed]" */
ssize_t commands_usage(const struct command_row *row, char *buf, size_t size)
{
	struct text t = text_init(buf, size);

	for (const struct command_argument *a = row->arguments; a && a->name; a++)
		text_printf(&t, a->required ? "%s%s" : "%s[%s]", a == row->arguments ? "" : " ",
			a->name);
	if (t.at == t.start && size > 0) {
		*buf = 0;
		return 0;
	}
	return text_done(&t);
}

/* Printable, and short: it goes into a sentence. */
static void show(const cJSON *item, char buf[SHOWN_MAX + 4])
{
	char *text = cJSON_PrintUnformatted(item);
	size_t n = text ? strlen(text) : 0;

	if (n > SHOWN_MAX) {
		n = config_utf8_span(text, SHOWN_MAX);
		snprintf(buf, SHOWN_MAX + 4, "%.*s...", (int)n, text);
	} else {
		snprintf(buf, SHOWN_MAX + 4, "%s", text ?: "?");
	}
	cJSON_free(text);
}

/* --- one value --- */

static bool is_clean_text(const char *s, int64_t min, int64_t max)
{
	int64_t n = (int64_t)strlen(s);

	if (n < min || n > max || !text_utf8_valid(s, (size_t)n))
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static bool is_hex(const char *s, int64_t min, int64_t max)
{
	size_t n = strlen(s);

	return n % 2 == 0 && (int64_t)n / 2 >= min && (int64_t)n / 2 <= max &&
	       strspn(s, "0123456789abcdefABCDEF") == n;
}

static bool is_word(const char *s, const char *words)
{
	size_t n = strlen(s);

	for (const char *p = words; *p;) {
		size_t length = strcspn(p, " ");

		if (length == n && memcmp(p, s, n) == 0)
			return true;
		p += length + (p[length] == ' ');
	}
	return false;
}

static bool is_integer(const cJSON *item, int64_t min, int64_t max)
{
	double v = item->valuedouble;

	return cJSON_IsNumber(item) && v >= (double)min && v <= (double)max && v == floor(v);
}

static bool is_right(const struct command_argument *a, const cJSON *item, struct config_why *why)
{
	const char *s = cJSON_IsString(item) ? item->valuestring : NULL;
	int64_t us;

	switch (a->kind) {
	case ARGUMENT_TEXT:
		return s && is_clean_text(s, a->min, a->max);
	case ARGUMENT_DEVICE:
		return s && config_check_name(s, why) == 0;
	case ARGUMENT_BED:
		return s && config_check_place(s, why) == 0;
	case ARGUMENT_INTEGER:
		return is_integer(item, a->min, a->max);
	case ARGUMENT_NUMBER:
		return cJSON_IsNumber(item) && isfinite(item->valuedouble);
	case ARGUMENT_VALUE:
		return cJSON_IsBool(item) || (s && is_clean_text(s, 1, 64)) ||
		       (cJSON_IsNumber(item) && isfinite(item->valuedouble));
	case ARGUMENT_WORD:
		return s && is_word(s, a->words);
	case ARGUMENT_TIME:
		return s && command_time(s, &us) == 0;
	case ARGUMENT_HEX:
		return s && is_hex(s, a->min, a->max);
	case ARGUMENT_DOCUMENT:
		return s && strlen(s) >= (size_t)a->min && strlen(s) <= (size_t)a->max;
	}
	return false;
}

static int complain(const struct command_argument *a, const cJSON *item,
	const struct config_why *config_why, char *why)
{
	char shown[SHOWN_MAX + 4] = "***";

	if (!a->secret)
		show(item, shown);
	if (config_why->text[0])
		return refuse(why, "\"%s\": %s %s", a->name, shown, config_why->text);
	switch (a->kind) {
	case ARGUMENT_TEXT:
		return refuse(why,
			"\"%s\" is %s; give a text of %" PRId64 " to %" PRId64
			" bytes without control characters",
			a->name, shown, a->min, a->max);
	case ARGUMENT_INTEGER:
		return refuse(why, "\"%s\" is %s; give a whole number from %" PRId64 " to %" PRId64,
			a->name, shown, a->min, a->max);
	case ARGUMENT_WORD:
		return refuse(why, "\"%s\" is %s; give one of: %s", a->name, shown, a->words);
	case ARGUMENT_TIME:
		return refuse(why, "\"%s\" is %s; give a time such as 2026-11-21T10:00:00Z",
			a->name, shown);
	case ARGUMENT_HEX:
		return refuse(why,
			"\"%s\" is not what it has to be; give %" PRId64 " to %" PRId64
			" bytes as hexadecimal digits",
			a->name, a->min, a->max);
	case ARGUMENT_DOCUMENT:
		return refuse(why,
			"\"%s\" is not what it has to be; give a text of %" PRId64 " to %" PRId64
			" bytes",
			a->name, a->min, a->max);
	case ARGUMENT_DEVICE:
	case ARGUMENT_BED:
	case ARGUMENT_NUMBER:
	case ARGUMENT_VALUE:
		break;
	}
	return refuse(
		why, "\"%s\" is %s; give e.g. \"%s\":%s", a->name, shown, a->name, a->example);
}

/* --- all of them --- */

static int unknown(const struct command_row *row, const char *name, char *why)
{
	struct suggestion nearest = { 0 };
	char usage[COMMAND_SENTENCE_MAX / 2], shown[SHOWN_MAX + 4];
	cJSON text = { .type = cJSON_String, .valuestring = (char *)name };

	show(&text, shown);
	for (const struct command_argument *a = row->arguments; a && a->name; a++)
		suggestion_offer(&nearest, name, strlen(name), a->name);
	if (nearest.best)
		return refuse(why, "%s is no argument of %s; did you mean \"%s\"?", shown,
			row->verb, nearest.best);
	if (commands_usage(row, usage, sizeof(usage)) <= 0)
		return refuse(why, "%s is no argument of %s, which takes none; leave it out", shown,
			row->verb);
	return refuse(why, "%s is no argument of %s; it takes: %s", shown, row->verb, usage);
}

int arguments_check(
	const struct command_row *row, const cJSON *object, char why[COMMAND_SENTENCE_MAX])
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, object)
	{
		const struct command_argument *a;
		struct config_why config_why = { .text = "" };

		if (!arguments_is_one(item->string))
			continue;
		a = find(row, item->string);
		if (!a)
			return unknown(row, item->string, why);
		if (!is_right(a, item, &config_why))
			return complain(a, item, &config_why, why);
	}
	for (const struct command_argument *a = row->arguments; a && a->name; a++)
		if (a->required && !cJSON_GetObjectItemCaseSensitive(object, a->name))
			return refuse(why, "%s needs \"%s\"; give e.g. \"%s\":%s", row->verb,
				a->name, a->name, a->example);
	return 0;
}

char *arguments_for_audit(const struct command_row *row, const cJSON *object)
{
	cJSON *copy = cJSON_CreateObject(), *item;
	char *text = NULL;

	if (!copy)
		return NULL;
	cJSON_ArrayForEach(item, object)
	{
		const struct command_argument *a = row ? find(row, item->string) : NULL;
		bool shown = a && !a->secret;
		cJSON *value;

		if (!arguments_is_one(item->string))
			continue;
		value = shown ? cJSON_Duplicate(item, true) : cJSON_CreateString("***");
		if (!value || !cJSON_AddItemToObject(copy, item->string, value)) {
			cJSON_Delete(value);
			goto out;
		}
	}
	text = cJSON_PrintUnformatted(copy);
out:
	cJSON_Delete(copy);
	return text;
}
