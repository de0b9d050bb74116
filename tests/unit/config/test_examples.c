/*
 * conf/examples: each file is good as it is shipped and good with every line
 * enabled that it has commented out; rules on vital signs come disabled; each
 * type of rule is shown.
 */
#include <glob.h>

#include "alarms/ruleset.h"
#include "config/rules.h"
#include "config_test.h"
#include "wardgate/metric.h"

#define TOP                                                                                        \
	BASE "[CoAP]\nEnabled=yes\n[BLE]\nEnabled=yes\n"                                           \
	     "[Zigbee]\nEnabled=yes\nPort=/dev/serial/by-id/a-radio\n"

/* A setting or a section behind a #: prose has a blank there. */
static bool is_disabled(const char *line)
{
	return line[0] == '#' && (line[1] == '[' || (line[1] >= 'A' && line[1] <= 'Z'));
}

/* The file behind what every gateway has, as it is or with all enabled. */
static char *with_base(const char *path, bool enable, size_t *ret_enabled)
{
	char *sample = load_whole(path), *rest = sample, *line, *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs(TOP, f);
	*ret_enabled = 0;
	while ((line = strsep(&rest, "\n"))) {
		*ret_enabled += is_disabled(line);
		fprintf(f, "%s\n", line + (enable && is_disabled(line)));
	}
	assert_int_equal(fclose(f), 0);
	free(sample);
	return text;
}

static const char *item(const struct config_rule *r, const char *key)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->items[i].key, key) == 0)
			return r->items[i].value;
	return "";
}

/* Whether it judges a patient; combinations do by their members. */
static bool is_physiological(const struct config_rule *r)
{
	const char *metric = item(r, "Metric"), *type = item(r, "Type");
	enum metric m = metric_by_name(metric, strlen(metric));

	return strcmp(type, "score") == 0 || (m >= METRIC_HEART_RATE && m <= METRIC_NEWS2) ||
	       m == METRIC_FALL || m == METRIC_BED_EXIT;
}

static void each(void (*fn)(const char *path, void *userdata), void *userdata)
{
	glob_t g;

	assert_int_equal(glob("conf/examples/*.conf", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		fn(g.gl_pathv[i], userdata);
	assert_true(g.gl_pathc >= 7);
	globfree(&g);
}

static void try_shipped(const char *path, void *userdata)
{
	size_t disabled;
	char *text = with_base(path, false, &disabled);
	struct outcome o = read_good(text);

	for (size_t i = 0; i < o.config->rule_count; i++) {
		if (is_physiological(&o.config->rules[i]))
			print_message("%s: [Rule %s] is enabled\n", path, o.config->rules[i].name);
		assert_false(is_physiological(&o.config->rules[i]));
	}
	assert_int_equal(o.config->device_count, 0);
	assert_int_equal(o.config->tag_count, 0);
	/* these have nothing else, or none */
	if (strstr(path, "adult-ward") || strstr(path, "ble-ward"))
		assert_int_equal(o.config->rule_count, 0);
	else
		assert_true(o.config->rule_count > 0);
	outcome_done(&o);
	free(text);
}

static void shipped(void **state)
{
	each(try_shipped, NULL);
}

static void try_enabled(const char *path, void *userdata)
{
	bool *shown = userdata;
	size_t enabled;
	char *text = with_base(path, true, &enabled);
	struct outcome o = read_good(text);
	struct ruleset *set;

	if (o.problems.warning_count > 0) {
		print_message("%s:\n", path);
		print_all(&o);
	}
	assert_int_equal(o.problems.warning_count, 0);
	assert_true(enabled > 0);
	assert_true(o.config->rule_count > 0 || strstr(path, "ble-ward"));
	for (size_t i = 0; i < o.config->rule_count; i++)
		for (size_t t = 0; rule_type_at(t); t++)
			if (strcmp(item(&o.config->rules[i], "Type"), rule_type_at(t)->name) == 0)
				shown[t] = true;
	assert_int_equal(config_ruleset(o.config, &set), 0);
	ruleset_free(set);
	outcome_done(&o);
	free(text);
}

static void enabled(void **state)
{
	bool shown[64] = { false };

	each(try_enabled, shown);
	for (size_t t = 0; rule_type_at(t); t++) {
		if (!shown[t])
			print_message("no example of Type=%s\n", rule_type_at(t)->name);
		assert_true(shown[t]);
	}
}

/* A site may take them all. */
static void append(const char *path, void *userdata)
{
	size_t count;
	char *text = with_base(path, true, &count);

	fputs(text + strlen(TOP), userdata);
	free(text);
}

static void all_at_once(void **state)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct outcome o;

	assert_non_null(f);
	fputs(TOP, f);
	each(append, f);
	assert_int_equal(fclose(f), 0);
	o = read_good(text);
	assert_true(o.config->rule_count > 30);
	outcome_done(&o);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped),
		cmocka_unit_test(enabled),
		cmocka_unit_test(all_at_once),
	};

	return RUN_TESTS(tests);
}
