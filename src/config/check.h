/*
 * What several settings say together, and what they name outside the
 * configuration: run once all files are read. For config/read.c.
 */
#pragma once

#include "alarms/ruleset.h"
#include "config/config.h"
#include "config/problems.h"
#include "config/read.h"
#include "config/record.h"

struct check {
	struct config *c;
	const struct config_options *o;
	struct config_problems *p;
	unsigned hints; /* names that near ones were looked for */
};

/* Works out what is left to a default that depends on other settings, drops adopted devices that
 * /etc has, and fills c->devices and c->rules. Returns 0 or -ENOMEM. */
int config_finish(struct check *k);
/* TopicPrefix= filled in and ClientId= when nobody set it; also after Name= was put back. Returns 0
 * or -ENOMEM. */
int config_derive(struct config *c);
/* Adds an error or a warning for each thing that does not go together. Returns 0 or -ENOMEM. */
int config_check(struct check *k);

/* Works out who the tags are, and fills c->tags. Returns 0 or -ENOMEM. */
int config_make_tags(struct check *k);
/* Gives settings of rules that nobody wrote the default of the rule's type. Returns 0 or -ENOMEM.
 */
int config_fill_rules(struct config *c);
/* Fills c->rules. Returns 0 or -ENOMEM. */
int config_make_rules(struct config *c);
/* Has the engine check c->rules: rule is the index of the section. Returns as ruleset_new(). */
int config_judge_rules(
	const struct config *c, struct ruleset **ret, rule_fault_fn fault, void *userdata);

/* The parts of config_check(), by file. */
int config_check_mqtt(struct check *k);
int config_check_store(struct check *k);
int config_check_drivers(struct check *k);
int config_check_annunciator(struct check *k);
int config_check_devices(struct check *k);
void config_check_tags(struct check *k);
int config_check_rules(struct check *k);

/* Adds an error about a setting, at the line that sets it, else at its section; nothing when the
 * value was refused already. */
void config_blame(struct check *k, struct config_section *s, const char *key, const char *format,
	...) __attribute__((format(printf, 4, 5)));
/* The same as a warning. */
void config_doubt(struct check *k, struct config_section *s, const char *key, const char *format,
	...) __attribute__((format(printf, 4, 5)));
/* The same about one item of a list. */
void config_blame_item(struct check *k, struct config_section *s, const char *key, size_t item,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
void config_doubt_item(struct check *k, struct config_section *s, const char *key, size_t item,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Whether a file sets the key to something, be it good or bad. */
bool config_is_given(struct config_section *s, const char *key);
/* "path:line" of where a key is set, else of its section. */
void config_where(
	const struct check *k, struct config_section *s, const char *key, char *buf, size_t size);
/* Whether the file that the key names is there and can be read. */
int config_check_file(struct check *k, struct config_section *s, const char *key);
