/*
 * Reading the settings of rules: see ruleset.h. What they mean together is in
 * check.c.
 */
#include "alarms/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/ruleset_private.h"
#include "util/hash.h"
#include "util/text.h"

#define RULE(id) extern const struct rule_type rule_##id;
#include "alarms/rules/rules.def"
#undef RULE

static const struct rule_type *const types[] = {
#define RULE(id) &rule_##id,
#include "alarms/rules/rules.def"
#undef RULE
};

const struct rule_type *rule_type_at(size_t n)
{
	return n < ARRAY_SIZE(types) ? types[n] : NULL;
}

const struct rule_type *rule_type_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}

/* What the type's flags say of the shared settings. */
static bool takes_common(const struct rule_type *t, const char *key)
{
	static const char *const limits[] = { "Below", "Above", "ClearAt", "Hysteresis" };

	if (strcmp(key, "Metric") == 0)
		return !(t->flags & RULE_NO_METRIC);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (strcmp(key, limits[i]) == 0)
			return t->flags & RULE_LIMITS;
	return true;
}

const struct rule_setting *rule_common_setting(const char *key)
{
	return setting_find(rule_common_settings, rule_common_setting_count, key);
}

const struct rule_setting *rule_type_setting(const struct rule_type *t, const char *key)
{
	const struct rule_setting *own = setting_find(t->settings, t->setting_count, key);

	if (own || !takes_common(t, key))
		return own;
	return rule_common_setting(key);
}

struct rule *ruleset_find(const struct ruleset *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->rules[i].name, name) == 0)
			return &s->rules[i];
	return NULL;
}

bool list_names(const char *list, const char *name)
{
	const char *word;
	size_t length = strlen(name), n;

	for (unsigned i = 0; (n = setting_word(list, i, &word)) > 0; i++)
		if (n == length && memcmp(word, name, n) == 0)
			return true;
	return false;
}

bool list_has(const char *list, const char *name)
{
	return strcmp(list, "*") == 0 || list_names(list, name);
}

void ruleset_blame(
	struct ruleset_check *k, const struct rule *r, const char *key, const char *format, ...)
{
	char sentence[2 * RULE_WHY_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	k->faulty = true;
	if (k->fault)
		k->fault(k->userdata, r->index, key, sentence);
}

static bool name_is_good(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= RULE_NAME_MAX && name[n] == 0 && name[0] != '-';
}

static void blame_type(struct ruleset_check *k, const struct rule *r)
{
	char words[RULE_WHY_MAX];
	struct text t = text_init(words, sizeof(words) - 1);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		text_char(&t, ' ');
		text_str(&t, types[i]->name);
	}
	*t.at = 0;
	ruleset_blame(k, r, "Type", "is no type of rule; give one of%s", words);
}

static const struct rule_item *find_item(const struct rule_settings *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].key, key) == 0 && s->items[i].value[0])
			return &s->items[i];
	return NULL;
}

/* The text that a setting has, copied for the rule to own. NULL without memory. */
static const char *keep_value(struct rule *r, const char *value)
{
	char *copy = strdup(value);

	if (copy)
		r->values[r->value_count++] = copy;
	return copy;
}

struct type_check {
	struct ruleset_check *k;
	struct rule *r;
};

/* Bits by row: what somebody wrote, and what could not be read or is missing. */
struct rows_read {
	uint64_t given, bad;
};

/* Reads the rows of one table. Returns 0 or -ENOMEM. */
static int read_rows(struct ruleset_check *k, struct rule *r, const struct rule_settings *s,
	const struct rule_setting *rows, size_t count, void *params, struct rows_read *ret)
{
	for (size_t i = 0; i < count; i++) {
		const struct rule_item *item = find_item(s, rows[i].key);
		const char *value = item ? item->value : rows[i].standard;
		char why[RULE_WHY_MAX];

		if (rows == rule_common_settings && r->type &&
			setting_find(r->type->settings, r->type->setting_count, rows[i].key))
			continue; /* the type's own row of that name counts */
		if (item && !item->standard)
			ret->given |= UINT64_C(1) << i;
		if (!item && rows[i].required) {
			ruleset_blame(k, r, rows[i].key, "is missing; give e.g. %s=%s", rows[i].key,
				rows[i].example);
			ret->bad |= UINT64_C(1) << i;
			continue;
		}
		if (!value[0] && rows[i].kind != SETTING_TEXT)
			continue;
		value = keep_value(r, value);
		if (!value)
			return -ENOMEM;
		if (setting_read(&rows[i], value, params, why) < 0) {
			ruleset_blame(k, r, rows[i].key, "%s", why);
			ret->bad |= UINT64_C(1) << i;
		}
	}
	return 0;
}

static void check_keys(struct ruleset_check *k, struct rule *r, const struct rule_settings *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!rule_common_setting(s->items[i].key) &&
			!setting_find(r->type->settings, r->type->setting_count, s->items[i].key) &&
			!s->items[i].standard && s->items[i].value[0])
			ruleset_blame(k, r, s->items[i].key,
				"is no setting of a rule with Type=%s; leave it out",
				r->type->name);
}

static uint64_t fingerprint(const struct rule_settings *s)
{
	uint64_t sum = 0;

	/* the order of the keys does not matter */
	for (size_t i = 0; i < s->count; i++) {
		uint64_t pair[2] = {
			hash_bytes(&hash_key_fixed, s->items[i].key, strlen(s->items[i].key)),
			hash_bytes(&hash_key_fixed, s->items[i].value, strlen(s->items[i].value)),
		};

		if (s->items[i].value[0])
			sum += hash_bytes(&hash_key_fixed, pair, sizeof(pair));
	}
	return sum;
}

/* A type tells several faults by this. */
static void blame_by_type(struct rule_prepare *p, const char *key, const char *sentence)
{
	const struct type_check *t = p->engine;

	ruleset_blame(t->k, t->r, key, "%s", sentence);
}

/* Has the type check its own settings. Returns the most urgent that the rule can get. */
static enum alarm_priority prepare(struct ruleset_check *k, struct rule *r)
{
	char why[RULE_WHY_MAX] = "";
	struct type_check of = { k, r };
	struct rule_prepare p = {
		.params = r->params,
		.metric = r->common.metric,
		.why = why,
		.why_key = "Type",
		.highest = (enum alarm_priority)r->common.priority,
		.blame = blame_by_type,
		.engine = &of,
	};

	if (r->type->prepare && r->type->prepare(&p) < 0 && why[0])
		ruleset_blame(k, r, p.why_key, "%s", why);
	r->members = p.members;
	r->listen_device = p.listen_device;
	r->listen_metric = p.listen_metric;
	r->inputs[0] = p.input_metrics[0];
	r->inputs[1] = p.input_metrics[1];
	r->computes = p.computes;
	if (r->common.metric == METRIC_NONE)
		r->common.metric = p.computes;
	return p.highest;
}

/* What the settings that could be read say together. */
static void check_read(
	struct ruleset_check *k, struct rule *r, struct rows_read common, struct rows_read own)
{
	enum alarm_priority highest = (enum alarm_priority)r->common.priority;
	bool metric = ruleset_check_rule(k, r, common.given, common.bad);

	if (metric && own.bad == 0)
		highest = prepare(k, r);
	ruleset_check_high(k, r, common.given, highest);
}

/* Returns 0 or -ENOMEM. */
static int read_rule(struct ruleset_check *k, struct rule *r, const struct rule_settings *s)
{
	const struct rule_item *type = find_item(s, "Type");
	struct rows_read common = { 0 }, own = { 0 };
	int e;

	if (!name_is_good(s->name))
		ruleset_blame(k, r, NULL, "is no name; use a-z, 0-9 and -, at most %d characters",
			RULE_NAME_MAX);
	else
		memcpy(r->name, s->name, strlen(s->name) + 1);
	if (condition_by_name(s->name) != CONDITION_NONE)
		ruleset_blame(k, r, NULL, "is the name of a technical condition; choose another");
	r->fingerprint = fingerprint(s);
	r->type = type ? rule_type_by_name(type->value) : NULL;
	if (type && !r->type)
		blame_type(k, r);
	r->values = calloc(
		rule_common_setting_count + (r->type ? r->type->setting_count : 0), sizeof(char *));
	if (!r->values)
		return -ENOMEM;
	e = read_rows(
		k, r, s, rule_common_settings, rule_common_setting_count, &r->common, &common);
	if (e < 0 || !r->type)
		return e;
	assert(r->type->params_size <= RULE_PARAMS_MAX && r->type->state_size <= RULE_STATE_MAX);
	assert(r->type->setting_count <= 64);
	r->params = calloc(1, r->type->params_size ?: 1);
	if (!r->params)
		return -ENOMEM;
	e = read_rows(k, r, s, r->type->settings, r->type->setting_count, r->params, &own);
	if (e < 0)
		return e;
	check_keys(k, r, s);
	check_read(k, r, common, own);
	return 0;
}

int ruleset_new(struct ruleset **ret, const struct rule_settings *settings, size_t count,
	rule_fault_fn fault, void *userdata)
{
	_cleanup_(ruleset_freep) struct ruleset *s = calloc(1, sizeof(*s));
	struct ruleset_check k = { .set = s, .fault = fault, .userdata = userdata };
	bool any = false;
	int e;

	if (!s)
		return -ENOMEM;
	s->rules = calloc(count ?: 1, sizeof(*s->rules));
	if (!s->rules)
		return -ENOMEM;
	if (count > RULES_MAX) {
		struct rule last = { .index = RULES_MAX };

		ruleset_blame(&k, &last, NULL, "is one rule too many; there may be %d", RULES_MAX);
		return RULESET_E_FAULTY;
	}
	for (size_t i = 0; i < count; i++) {
		struct rule *r = &s->rules[i];

		r->index = i;
		s->count = i + 1;
		k.faulty = false;
		e = read_rule(&k, r, &settings[i]);
		if (e < 0)
			return e;
		r->faulty = k.faulty;
		any = any || k.faulty;
	}
	k.faulty = any;
	e = ruleset_check_all(&k);
	if (e < 0)
		return e;
	if (k.faulty)
		return RULESET_E_FAULTY;
	*ret = TAKE_PTR(s);
	return 0;
}

struct ruleset *ruleset_free(struct ruleset *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->count; i++) {
		struct rule *r = &s->rules[i];

		for (size_t j = 0; j < r->value_count; j++)
			free(r->values[j]);
		free(r->values);
		free(r->params);
		free(r->dependents);
	}
	free(s->rules);
	free(s);
	return NULL;
}
