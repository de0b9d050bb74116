/*
 * Checks of [Rule NAME]. What the settings of rules mean is the alarm engine's
 * to judge, alone and together; before it come the faults of single values,
 * told as those of other sections are, and names of what is configured
 * elsewhere.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alarms/ruleset.h"
#include "config/check.h"
#include "config/schema_rules.h"
#include "config/suggest.h"

/* Under which the values appear that people chart. */
#define CHARTED "charted"
/* The rule of test alarms, as their topics and documents say. */
#define TEST "test"

/* A fault of the section as such. */
static void blame_section(struct check *k, const struct config_section *s, const char *sentence)
{
	char place[CONFIG_PLACE_MAX];

	config_place(place, k->c->record, s, NULL, NULL, s->origin);
	config_error(k->p, "%s: %s", place, sentence);
}

/* ---- single values ---- */

/* A key that other types have: "is for Type=a or b, and this rule has Type=c; leave it out" */
static void blame_key(
	struct check *k, struct config_section *s, const char *key, const struct rule_type *t)
{
	char types[256];

	config_types_with(key, false, types, sizeof(types));
	config_blame(k, s, key, "is for Type=%s, and this rule has Type=%s; leave it out", types,
		t->name);
}

/* Fields of all types that single values have. */
union scratch {
	int choice;
	unsigned number;
	int64_t duration;
	bool on;
	char *text;
	struct config_list list;
};

/* The type's own reader has a look at the value. Returns 0 or -ENOMEM. */
static int check_value(struct check *k, struct config_section *s, const struct config_row *row,
	const struct rule_setting *setting)
{
	const struct config_value *v = config_value(s, row);
	struct config_typed_row typed;
	char value[CONFIG_VALUE_MAX];
	struct config_why why;
	bool bad = false;

	config_typed_row(setting, &typed);
	for (size_t i = 0; i < row->type->count(row, config_field(s, row)); i++) {
		union scratch field = { .list = { 0 } };
		int r;

		row->type->format(row, config_field(s, row), i, value);
		r = typed.row.type->parse(&typed.row, value, &field, &why);
		if (r == 0)
			typed.row.type->clear(&field);
		if (r < 0)
			return r;
		if (r > 0 && row->type->list)
			config_blame_item(k, s, row->key, i, "%s", why.text);
		else if (r > 0)
			config_blame(k, s, row->key, "%s", why.text);
		bad = bad || r > 0;
	}
	config_value(s, row)->bad = v->bad || bad;
	return 0;
}

/* ---- names of others ---- */

/* Bed 4 is no slip for bed 3. */
#define NEAR_MIN 4
/* Looking for near names takes its time. */
#define HINTS_MAX 20

/* A name that is looked for: first as it is, then for what is near. */
struct names {
	const char *name;
	bool found;
	bool near;
	struct suggestion nearest;
};

static void offer(struct names *n, const char *candidate)
{
	if (n->near)
		suggestion_offer(&n->nearest, n->name, strlen(n->name), candidate);
	else
		n->found = n->found || strcmp(n->name, candidate) == 0;
}

/* A tag, or any of a group's. */
static void offer_tag(const struct config_tag *t, struct names *n)
{
	size_t length = strlen(t->name);

	if (t->whole)
		offer(n, t->name);
	else if (!n->near && strncmp(n->name, t->name, length) == 0 && n->name[length] == '-')
		n->found = true;
}

/* All that there is of what the setting names. */
static void offer_all(const struct check *k, enum setting_names what, struct names *n)
{
	const struct config_sections *rules = &k->c->record->groups[GROUP_RULE];

	for (size_t i = 0; what != SETTING_NAMES_RULES && i < k->c->device_count; i++) {
		const struct config_device *d = &k->c->devices[i];

		if (what == SETTING_NAMES_DEVICES)
			offer(n, d->name);
		else if (d->bed)
			offer(n, d->bed);
	}
	for (size_t i = 0; what != SETTING_NAMES_RULES && i < k->c->tag_count; i++) {
		const struct config_tag *t = &k->c->tags[i];

		if (what == SETTING_NAMES_BEDS && t->bed)
			offer(n, t->bed);
		else if (what == SETTING_NAMES_DEVICES)
			offer_tag(t, n);
	}
	for (size_t i = 0; what != SETTING_NAMES_BEDS && i < rules->count; i++) {
		const struct rule_type *t = config_rule_type(rules->at[i]);

		/* what a rule works out has a device's place */
		if (what == SETTING_NAMES_RULES || (t && t->flags & RULE_COMPUTES))
			offer(n, rules->at[i]->name);
	}
	if (what == SETTING_NAMES_DEVICES)
		offer(n, CHARTED);
}

static void look_up(struct check *k, enum setting_names what, struct names *n)
{
	offer_all(k, what, n);
	if (n->found || strlen(n->name) < NEAR_MIN || k->hints >= HINTS_MAX)
		return;
	k->hints++;
	n->near = true;
	offer_all(k, what, n);
}

static void say_unknown(struct check *k, struct config_section *s, const struct config_row *row,
	size_t i, enum setting_names what, const struct names *n)
{
	static const char *const of[] = {
		[SETTING_NAMES_BEDS] = "at which no [Device] section has its Bed=",
		[SETTING_NAMES_DEVICES] = "of which there is no [Device] section",
		[SETTING_NAMES_RULES] = "of which there is no [Rule] section",
	};
	bool hint = n->nearest.best != NULL;
	const char *ask = hint ? "; did you mean " : "", *best = n->nearest.best ?: "",
		   *mark = hint ? "?" : "";

	if (what == SETTING_NAMES_RULES) {
		config_blame_item(k, s, row->key, i, "names %s, %s%s%s%s", n->name, of[what], ask,
			best, mark);
		config_value(s, row)->bad = true;
	} else {
		config_doubt_item(k, s, row->key, i, "names %s, %s%s%s%s", n->name, of[what], ask,
			best, mark);
	}
}

/* Rules that are not there are errors. Devices and beds are doubts only: they come and go by
 * adoption and assignment, and the start must not hang on that. */
static void check_names(struct check *k, struct config_section *s, const struct config_row *row,
	enum setting_names what)
{
	size_t count = row->type->count(row, config_field(s, row));
	char name[CONFIG_VALUE_MAX];

	if (config_value(s, row)->bad)
		return;
	for (size_t i = 0; i < count; i++) {
		struct names n = { .name = name };

		row->type->format(row, config_field(s, row), i, name);
		if (strcmp(name, "*") != 0)
			look_up(k, what, &n);
		else if (count > 1)
			config_blame_item(
				k, s, row->key, i, "means all; give it alone, or only names");
		if (strcmp(name, "*") != 0 && !n.found)
			say_unknown(k, s, row, i, what, &n);
	}
}

static int check_values(struct check *k, struct config_section *s)
{
	const struct rule_type *t = config_rule_type(s);

	for (size_t i = 0; i < s->group->count; i++) {
		const struct config_row *row = &s->group->rows[i];
		const struct rule_setting *setting =
			t ? rule_type_setting(t, row->key) : rule_common_setting(row->key);
		int r = 0;

		if (!s->values[i].given)
			continue;
		if (t && !setting)
			blame_key(k, s, row->key, t);
		else if (setting)
			r = check_value(k, s, row, setting);
		if (r < 0)
			return r;
		if (setting && setting->names)
			check_names(k, s, row, setting->names);
	}
	return 0;
}

/* ---- all together ---- */

static void on_fault(void *userdata, size_t rule, const char *key, const char *sentence)
{
	struct check *k = userdata;
	struct config_section *s = k->c->record->groups[GROUP_RULE].at[rule];

	if (key)
		config_blame(k, s, key, "%s", sentence);
	else
		blame_section(k, s, sentence);
}

/* Names that values which no device measured have. */
static void check_device_names(struct check *k, enum config_group_id group)
{
	const struct config_sections *l = &k->c->record->groups[group];

	for (size_t i = 0; i < l->count; i++) {
		struct config_section *rule =
			config_section_find(k->c, config_group(GROUP_RULE), l->at[i]->name);
		const struct rule_type *t = rule ? config_rule_type(rule) : NULL;
		char where[512], sentence[1024];

		if (strcmp(l->at[i]->name, CHARTED) == 0)
			blame_section(k, l->at[i],
				"is the name under which charted values are published; choose "
				"another");
		if (!t || !(t->flags & RULE_COMPUTES))
			continue;
		config_where(k, rule, "Type", where, sizeof(where));
		snprintf(sentence, sizeof(sentence),
			"is the name under which [Rule %s] (%s) publishes what it works out; "
			"rename one of the two",
			rule->name, where);
		blame_section(k, l->at[i], sentence);
	}
}

int config_check_rules(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_RULE];
	_cleanup_(ruleset_freep) struct ruleset *set = NULL;
	size_t errors = k->p->error_count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->count; i++) {
		if (strcmp(l->at[i]->name, TEST) == 0)
			blame_section(k, l->at[i],
				"is the name of the test alarm's rule; choose another");
		r = check_values(k, l->at[i]);
	}
	if (r < 0)
		return r;
	check_device_names(k, GROUP_DEVICE);
	check_device_names(k, GROUP_TAG);
	r = config_judge_rules(k->c, &set, on_fault, k);
	/* What nobody has blamed in words must not pass all the same. */
	if (r == RULESET_E_FAULTY && k->p->error_count == errors && k->p->unsaid == 0 &&
		!k->p->out_of_memory)
		config_error(k->p, "%s: [Rule] sections are refused by the alarm engine",
			config_origin_path(k->c->record, l->at[0]->origin));
	return r < 0 ? r : 0;
}
