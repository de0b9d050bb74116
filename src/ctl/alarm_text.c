/*
 * An alarm in words. See alarm_text.h.
 */
#include "ctl/alarm_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/run.h"
#include "ctl/table.h"
#include "ctl/term.h"

#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define TEXT_BELOW "          " /* as wide as the first column */

int alarm_urgency(const cJSON *alarm)
{
	const char *priority = json_text(alarm, "priority", "");

	return strcmp(priority, "high") == 0     ? 3
	       : strcmp(priority, "medium") == 0 ? 2
	       : strcmp(priority, "low") == 0    ? 1
						 : 0;
}

const char *alarm_colour(const char *priority)
{
	return strcmp(priority, "high") == 0     ? RED
	       : strcmp(priority, "medium") == 0 ? YELLOW
						 : CYAN;
}

/* --- its state --- */

static bool is_inactivated(const cJSON *alarm)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(alarm, "inactivation");
	const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(list, 0));

	return first && strcmp(first, "enabled") != 0;
}

static const char *word_of(const char *inactivation)
{
	static const struct {
		const char *word, *text;
	} words[] = {
		{ "audio-paused", "audio paused" },
		{ "audio-off", "audio off" },
		{ "alarm-paused", "paused" },
		{ "alarm-off", "off" },
		{ "alert-acknowledged", "acknowledged" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, inactivation) == 0)
			return words[i].text;
	return inactivation;
}

struct joined {
	char *buf;
	size_t size, used;
};

static void join(struct joined *j, const char *word)
{
	int n = snprintf(j->buf + j->used, j->size - j->used, "%s%s", j->used ? ", " : "", word);

	if (n > 0)
		j->used += (size_t)n < j->size - j->used ? (size_t)n : j->size - j->used - 1;
}

void alarm_state_words(const cJSON *alarm, int64_t now_ms, char *buf, size_t size)
{
	const char *state = json_text(alarm, "state", "?");
	int64_t until = json_time(alarm, "inactivated_until");
	struct joined j = { .buf = buf, .size = size };
	bool inactivated = is_inactivated(alarm);
	char word[96], left[HUMAN_MAX];
	const cJSON *item;

	*buf = 0;
	if (strcmp(state, "active") != 0 || !inactivated)
		join(&j, strcmp(state, "inactive") == 0 ? "over" : state);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(alarm, "inactivation"))
	{
		const char *text = cJSON_GetStringValue(item);

		if (!inactivated || !text)
			continue;
		snprintf(word, sizeof(word), "%s", word_of(text));
		/* An acknowledgement lasts; what ends is the other. */
		if (until > now_ms && strcmp(text, "alert-acknowledged") != 0) {
			human_duration(left, (until - now_ms + 999) / 1000);
			snprintf(word, sizeof(word), "%s for %s", word_of(text), left);
		}
		join(&j, word);
	}
	if (json_true(alarm, "stale"))
		join(&j, "no value");
}

/* --- all of them --- */

int alarm_compare(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;
	int r = alarm_urgency(*y) - alarm_urgency(*x);
	int64_t since_x, since_y;

	if (r == 0)
		r = is_inactivated(*x) - is_inactivated(*y);
	if (r)
		return r;
	since_x = json_time(*x, "onset");
	since_y = json_time(*y, "onset");
	return (since_x < since_y) - (since_x > since_y);
}

static const struct table_column columns[] = {
	{ .title = "PRIORITY" }, { .title = "BED", .shrink = true },
	{ .title = "SINCE", .right = true }, { .title = "STATE", .shrink = true },
	{ .title = "BY", .shrink = true }, { .title = "ALARM" },
	{ .title = "TEXT" }, /* not in narrow tables */
};

static int add_row(struct table *t, const cJSON *alarm, int64_t now_ms)
{
	int64_t onset = json_time(alarm, "onset");
	char since[HUMAN_MAX] = "?", state[160], who[CTL_WHO_MAX];
	const char *cells[] = { json_text(alarm, "priority", "?"), json_text(alarm, "bed", "-"),
		since, state, ctl_who(who, json_text(alarm, "by", "")),
		json_text(alarm, "key", json_text(alarm, "alarm", "?")),
		json_text(alarm, "text", json_text(alarm, "rule", "?")) };

	if (onset >= 0)
		human_duration(since, now_ms > onset ? (now_ms - onset) / 1000 : 0);
	alarm_state_words(alarm, now_ms, state, sizeof(state));
	return table_row(t, cells);
}

/* The table as text; its widest line. */
static int make_table(const cJSON *const *alarms, size_t count, unsigned width, size_t shown,
	int64_t now_ms, char **ret, size_t *ret_widest)
{
	_cleanup_(table_freep) struct table *t = NULL;
	size_t size = 0;
	int r = table_new(&t, columns, shown);
	FILE *f;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_row(t, alarms[i], now_ms);
	if (r < 0)
		return r;
	f = open_memstream(ret, &size);
	if (!f)
		return -ENOMEM;
	table_print(t, f, width, 0);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret_widest = 0;
	for (char *at = *ret, *end; (end = strchr(at, '\n')); at = end + 1) {
		size_t n;

		*end = 0;
		n = term_columns(at);
		*end = '\n';
		if (n > *ret_widest)
			*ret_widest = n;
	}
	return 0;
}

static void put_below(const char *text, FILE *f, unsigned width)
{
	size_t room = width > strlen(TEXT_BELOW) + 10 ? width - strlen(TEXT_BELOW) : 10;

	fputs(TEXT_BELOW, f);
	for (size_t used = 0; *text && used < room; used++) {
		size_t n = term_character(text);

		if (n)
			(void)fwrite(text, 1, n, f);
		else
			putc('?', f);
		text += n ?: 1;
	}
	putc('\n', f);
}

int alarm_print_table(const cJSON *const *alarms, size_t count, FILE *f, unsigned width,
	bool colours, int64_t now_ms)
{
	_cleanup_(freep) char *text = NULL;
	size_t widest, line = 0;
	bool below;
	int r = make_table(alarms, count, 0, ARRAY_SIZE(columns), now_ms, &text, &widest);

	below = r == 0 && width > 0 && widest > width;
	if (below) {
		free(TAKE_PTR(text));
		r = make_table(
			alarms, count, width, ARRAY_SIZE(columns) - 1, now_ms, &text, &widest);
	}
	if (r < 0)
		return r;
	for (const char *at = text; *at; line++) {
		size_t n = strcspn(at, "\n");
		const cJSON *alarm = line > 0 ? alarms[line - 1] : NULL;
		const char *colour = colours && alarm && !is_inactivated(alarm)
					     ? alarm_colour(json_text(alarm, "priority", ""))
					     : NULL;

		fprintf(f, "%s%.*s%s\n", colour ?: "", (int)n, at, colour ? ALARM_COLOUR_END : "");
		if (below && alarm)
			put_below(
				json_text(alarm, "text", json_text(alarm, "rule", "?")), f, width);
		at += n + 1;
	}
	return 0;
}
