/*
 * Type=event: a switch that is in the state it should not be in, or a word
 * that was said (a button pressed). A state lasts until the next reading; a
 * moment lasts for Hold=.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alarms/settings.h"
#include "alarms/type.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

struct params {
	bool is;
	const char *words, *until;
	int64_t hold_us;
};

struct state {
	bool on;
	int64_t until_us; /* boot; 0: until something else is said */
};

static const struct rule_setting settings[] = {
	{ "Is", SETTING_SWITCH, offsetof(struct params, is), "yes",
		.help = "The state of the switch that alarms: yes for true, no for false." },
	{ "Words", SETTING_TEXT, offsetof(struct params, words), "", .example = "single long",
		.help = "The words that alarm, for a metric that has words.", .list = true },
	{ "Until", SETTING_TEXT, offsetof(struct params, until), "", .example = "double",
		.help = "The words that end it; without them every other word does.",
		.list = true },
	{ "Hold", SETTING_DURATION, offsetof(struct params, hold_us), "0", 0,
		INT64_C(86400) * 1000000, .example = "5min",
		.help = "How long it lasts; 0: until the next reading says otherwise." },
};

static const struct rule_field fields[] = {
	RULE_FIELD(struct state, "on", FIELD_BOOL, on),
	RULE_FIELD(struct state, "until", FIELD_TIME, until_us),
};

static bool check_words(struct rule_prepare *p, const char *key, const char *list)
{
	const struct metric_info *info = metric_info(p->metric);
	char sentence[RULE_WHY_MAX];
	const char *word;
	size_t n;

	for (unsigned i = 0; (n = setting_word(list, i, &word)) > 0; i++)
		if (!metric_takes_word(p->metric, word_by_text(word, n))) {
			snprintf(sentence, sizeof(sentence),
				"has a word that %s does not say; give some of: %s", info->name,
				info->words);
			p->blame(p, key, sentence);
			return false;
		}
	return true;
}

static int prepare(struct rule_prepare *p)
{
	const struct params *own = p->params;
	bool words = metric_info(p->metric)->kind == METRIC_WORD;

	if (words != (own->words[0] != 0))
		return rule_refuse(p, "Words", "%s",
			words ? "is missing; give the words that alarm"
			      : "goes with a metric that has words; give Is= instead");
	if (!words)
		return 0;
	words = check_words(p, "Words", own->words);
	return check_words(p, "Until", own->until) && words ? 0 : -EINVAL;
}

static bool list_holds(const char *list, enum word w)
{
	const char *text = word_text(w), *word;
	size_t n;

	for (unsigned i = 0; (n = setting_word(list, i, &word)) > 0; i++)
		if (n == strlen(text) && memcmp(text, word, n) == 0)
			return true;
	return false;
}

static enum rule_side crosses(const struct rule_call *c)
{
	const struct params *p = c->params;
	const struct reading *r = c->reading;

	if (r->kind == VALUE_BOOLEAN)
		return r->boolean == p->is ? SIDE_PRESENT : SIDE_NORMAL;
	if (r->kind != VALUE_WORD)
		return SIDE_UNKNOWN;
	if (list_holds(p->words, (enum word)r->word))
		return SIDE_PRESENT;
	return !p->until[0] || list_holds(p->until, (enum word)r->word) ? SIDE_NORMAL
									: SIDE_UNKNOWN;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;

	if (c->cause == CAUSE_UNMEASURED) {
		if (s->on && s->until_us > c->now_us)
			v->deadline_us = s->until_us;
		return;
	}
	if (c->cause == CAUSE_READING) {
		enum rule_side side = crosses(c);

		if (side == SIDE_PRESENT)
			s->until_us = p->hold_us ? c->now_us + p->hold_us : 0;
		if (side != SIDE_UNKNOWN) /* a word that is not for us changes nothing */
			s->on = side == SIDE_PRESENT;
	}
	if (s->on && s->until_us && s->until_us <= c->now_us)
		s->on = false;
	v->side = s->on ? SIDE_PRESENT : SIDE_NORMAL;
	if (s->on && s->until_us)
		v->deadline_us = s->until_us;
}

const struct rule_type rule_event = {
	.name = "event",
	.help = "A switch in a state that it should not be in, or a word that was said.",
	.flags = RULE_SWITCHES | RULE_WORDS | RULE_KEEPS_ALARM,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.crosses = crosses,
};
