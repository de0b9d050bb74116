/*
 * [Rule NAME] sections between the reader and the alarm engine: the defaults of
 * a rule's type, c->rules, and the engine's own check of them all.
 */
#include "config/rules.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alarms/ruleset.h"
#include "config/check.h"
#include "config/schema_rules.h"

const struct rule_type *config_rule_type(const struct config_section *s)
{
	const char *type = *(char **)config_field(s, config_row_by_key(s->group, "Type"));

	return type ? rule_type_by_name(type) : NULL;
}

bool config_rule_takes(const struct config_section *s, const struct config_row *row)
{
	const struct rule_type *t = config_rule_type(s);

	return !t || rule_type_setting(t, row->key);
}

int config_fill_rules(struct config *c)
{
	const struct config_sections *l = &c->record->groups[GROUP_RULE];

	for (size_t i = 0; i < l->count; i++) {
		struct config_section *s = l->at[i];
		const struct rule_type *t = config_rule_type(s);

		for (size_t k = 0; t && k < s->group->count; k++) {
			const struct config_row *row = &s->group->rows[k];
			const struct rule_setting *setting = rule_type_setting(t, row->key);
			int r = 0;

			if (setting && row->type->count(row, config_field(s, row)) == 0)
				r = config_set_default(s, row, setting->standard);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_item(struct config *c, struct config_rule *rule, struct config_section *s,
	const struct config_row *row)
{
	struct config_rule_item *item = &rule->items[rule->count];
	struct config_origin o = config_value(s, row)->origin;
	char value[CONFIG_VALUE_MAX];

	config_format_all(s, row, value);
	item->key = strdup(row->key);
	item->value = strdup(value);
	item->standard = !config_value(s, row)->given;
	if (item->standard)
		item->origin = strdup("default");
	else if (asprintf(&item->origin, "%s:%u", config_origin_path(c->record, o), o.line) < 0)
		item->origin = NULL;
	rule->count++;
	return item->key && item->value && item->origin ? 0 : -ENOMEM;
}

static int make_rule(struct config *c, struct config_rule *rule, struct config_section *s)
{
	rule->name = strdup(s->name);
	rule->items = calloc(s->group->count, sizeof(*rule->items));
	if (!rule->name || !rule->items)
		return -ENOMEM;
	for (size_t i = 0; i < s->group->count; i++) {
		const struct config_row *row = &s->group->rows[i];
		int r;

		if (!config_rule_takes(s, row) || row->type->count(row, config_field(s, row)) == 0)
			continue;
		r = add_item(c, rule, s, row);
		if (r < 0)
			return r;
	}
	return 0;
}

int config_make_rules(struct config *c)
{
	const struct config_sections *l = &c->record->groups[GROUP_RULE];
	int r = 0;

	if (l->count == 0)
		return 0;
	c->rules = calloc(l->count, sizeof(*c->rules));
	if (!c->rules)
		return -ENOMEM;
	while (r == 0 && c->rule_count < l->count) {
		c->rule_count++;
		r = make_rule(c, &c->rules[c->rule_count - 1], l->at[c->rule_count - 1]);
	}
	return r;
}

int config_judge_rules(
	const struct config *c, struct ruleset **ret, rule_fault_fn fault, void *userdata)
{
	_cleanup_(freep) struct rule_settings *settings = NULL;
	_cleanup_(freep) struct rule_item *items = NULL;
	size_t count = 0;

	for (size_t i = 0; i < c->rule_count; i++)
		count += c->rules[i].count;
	settings = calloc(c->rule_count + 1, sizeof(*settings));
	items = calloc(count + 1, sizeof(*items));
	if (!settings || !items)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < c->rule_count; i++) {
		const struct config_rule *rule = &c->rules[i];
		struct rule_settings *s = &settings[i];

		*s = (struct rule_settings){ .name = rule->name, .items = items + count };
		for (size_t k = 0; k < rule->count; k++)
			if (!rule->items[k].standard)
				items[count + s->count++] =
					(struct rule_item){ .key = rule->items[k].key,
						.value = rule->items[k].value };
		count += s->count;
	}
	return ruleset_new(ret, settings, c->rule_count, fault, userdata);
}

int config_ruleset(const struct config *c, struct ruleset **ret)
{
	int r = config_judge_rules(c, ret, NULL, NULL);

	assert(r <= 0); /* it was checked */
	return r;
}
