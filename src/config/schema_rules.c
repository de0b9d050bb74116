/*
 * The rows of [Rule NAME]: made from the settings that the alarm engine's tables
 * have, those of all rules and those of each type, so that a new type or setting
 * stands in no table here. What values are good depends on a rule's Type=; as
 * rows of a section they are texts.
 */
#include "config/schema_rules.h"

#include <assert.h>
#include <string.h>
#include <threads.h>

#include "alarms/ruleset.h"
#include "alarms/settings.h"
#include "config/reader.h"

#define ROWS_MAX 128

/* What a row of a [Rule] section fills. */
union rule_value {
	char *text;
	struct config_list list;
};

static struct config_row rows[ROWS_MAX];
static struct config_group group = {
	.id = GROUP_RULE,
	.name = "Rule",
	.rows = rows,
	.instances_max = RULES_MAX,
	.example = "spo2-low",
	.help = "One section for each alarm rule; its name is the rule's. Rules on a patient's "
		"physiology are the responsible organisation's to enable.",
};

/* Types may share a key and mean different things by it. */
static void add_row(const struct rule_setting *s)
{
	struct config_row *row = (struct config_row *)config_row_by_key(&group, s->key);

	if (!row) {
		assert(group.count < ROWS_MAX);
		row = &rows[group.count];
		*row = (struct config_row){
			.key = s->key,
			.type = &config_type_text,
			.offset = group.count * sizeof(union rule_value),
			.standard = "",
			.standard_about = "by its type",
			.max = READER_LINE_MAX,
		};
		group.count++;
	}
	if (s->list)
		row->type = &config_type_texts;
}

static void make_rows(void)
{
	for (size_t i = 0; i < rule_common_setting_count; i++)
		add_row(&rule_common_settings[i]);
	for (size_t t = 0; rule_type_at(t); t++)
		for (size_t i = 0; i < rule_type_at(t)->setting_count; i++)
			add_row(&rule_type_at(t)->settings[i]);
	group.instance_size = group.count * sizeof(union rule_value);
}

const struct config_group *config_rule_group(void)
{
	static once_flag once = ONCE_FLAG_INIT;

	call_once(&once, make_rows);
	return &group;
}

static const struct config_type *text_type(const struct rule_setting *s)
{
	switch (s->names) {
	case SETTING_NAMES_BEDS:
		return s->list ? &config_type_places : &config_type_place;
	case SETTING_NAMES_DEVICES:
		return s->list ? &config_type_names : &config_type_name;
	case SETTING_NAMES_RULES:
		return s->list ? &config_type_rules : &config_type_name;
	case SETTING_NAMES_NOTHING:
		break;
	}
	return s->list ? &config_type_texts : &config_type_text;
}

static void add_word(struct config_typed_row *t, const char *text, size_t i)
{
	size_t n = 0;

	while (t->words[n].text)
		n++;
	assert(n + 1 < ARRAY_SIZE(t->words));
	if (*text)
		t->words[n] = (struct config_word){ text, (int)i };
	t->row.words = t->words;
}

void config_typed_row(const struct rule_setting *s, struct config_typed_row *ret)
{
	*ret = (struct config_typed_row){
		.row = { .key = s->key,
			.standard = s->standard,
			.min = s->min,
			.max = s->max ?: INT64_MAX,
			.example = s->example,
			.help = s->help,
			.flags = s->required ? ROW_REQUIRED : 0 },
	};
	switch (s->kind) {
	case SETTING_NUMBER:
		ret->row.type = &config_type_decimal;
		break;
	case SETTING_DURATION:
		ret->row.type = &config_type_duration;
		break;
	case SETTING_COUNT:
		ret->row.type = &config_type_number;
		if (ret->row.max > UINT32_MAX)
			ret->row.max = UINT32_MAX;
		break;
	case SETTING_SWITCH:
		ret->row.type = &config_type_switch;
		break;
	case SETTING_CHOICE:
		ret->row.type = &config_type_choice;
		for (size_t i = 0; s->words[i]; i++)
			add_word(ret, s->words[i], i);
		break;
	case SETTING_METRIC:
		ret->row.type = &config_type_metric;
		break;
	case SETTING_TEXT:
		ret->row.type = text_type(s);
		if (s->max == 0)
			ret->row.max = RULE_LIST_MAX;
		break;
	}
	/* the one text that is a word of a table that grows elsewhere */
	if (strcmp(s->key, "Type") == 0) {
		ret->row.type = &config_type_choice;
		for (size_t i = 0; rule_type_at(i); i++)
			add_word(ret, rule_type_at(i)->name, i);
	}
}

#define TYPES_MAX 32

static void add_type(struct config_word *words, size_t *count, const struct rule_type *t)
{
	assert(*count + 1 < TYPES_MAX);
	words[(*count)++] = (struct config_word){ t->name, 0 };
}

size_t config_types_with(const char *key, bool shared, char *buf, size_t size)
{
	struct config_word words[TYPES_MAX] = { { NULL, 0 } };
	size_t count = 0;

	for (size_t i = 0; rule_type_at(i); i++) {
		const struct rule_setting *s = rule_type_setting(rule_type_at(i), key);

		if (s && (!shared || s == rule_common_setting(key)))
			add_type(words, &count, rule_type_at(i));
	}
	config_list_words(words, buf, size);
	return count;
}

void config_types_without(const char *key, char *buf, size_t size)
{
	struct config_word words[TYPES_MAX] = { { NULL, 0 } };
	size_t count = 0;

	for (size_t i = 0; rule_type_at(i); i++)
		if (!rule_type_setting(rule_type_at(i), key))
			add_type(words, &count, rule_type_at(i));
	config_list_words(words, buf, size);
}
