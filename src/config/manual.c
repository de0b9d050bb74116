/*
 * The writers of wardgate.conf(5) and conf/wardgate.conf.
 */
#include "config/manual.h"

#include <inttypes.h>
#include <string.h>

#include "alarms/ruleset.h"
#include "alarms/settings.h"
#include "config/schema_rules.h"
#include "wardgate/metric.h"

#define TEXT_MAX 1024
#define SAMPLE_WIDTH 98

/* What values there are, as a sentence without its full stop. */
static void describe_values(const struct config_row *row, char *buf, size_t size)
{
	char min[32], max[32];
	size_t n = 0;

	*buf = 0;
	if (row->type == &config_type_switch) {
		if (row->words)
			config_list_words(row->words, buf, size);
		else
			snprintf(buf, size, "yes or no");
	} else if (row->type == &config_type_number) {
		if (row->words) {
			n = config_list_words(row->words, buf, size);
			n += (size_t)snprintf(buf + n, size - n, ", or ");
		}
		snprintf(buf + n, size - n, "%" PRId64 " to %" PRId64 "%s%s", row->min, row->max,
			row->unit ? " " : "", row->unit ?: "");
	} else if (row->type == &config_type_duration) {
		config_format_duration(row->min, min, sizeof(min));
		config_format_duration(row->max, max, sizeof(max));
		snprintf(buf, size, "a duration of %s to %s", min, max);
	} else if (row->type == &config_type_signal) {
		snprintf(buf, size, "%" PRId64 " to %" PRId64 " dBm", row->min, row->max);
	} else if (row->type == &config_type_size) {
		config_format_size((uint64_t)row->min, min, sizeof(min));
		config_format_size((uint64_t)row->max, max, sizeof(max));
		snprintf(buf, size, "a size of %s to %s", min, max);
	} else if (row->type == &config_type_text || row->type == &config_type_address) {
		snprintf(buf, size, "text of at most %" PRId64 " bytes", row->max);
	} else if (row->words && row->type == &config_type_secret) {
		n = config_list_words(row->words, buf, size);
		snprintf(buf + n, size - n, ", or a secret");
	} else if (row->words) {
		if (row->type->list)
			n = (size_t)snprintf(buf, size, "any of ");
		config_list_words(row->words, buf + n, size - n);
	} else {
		snprintf(buf, size, "a %s", row->type->name);
	}
}

static void describe_default(const struct config_row *row, char *buf, size_t size)
{
	if (row->standard_about)
		snprintf(buf, size, "%s", row->standard_about);
	else if (*row->standard)
		snprintf(buf, size, "%s", row->standard);
	else
		snprintf(buf, size, "%s",
			row->flags & ROW_REQUIRED ? "none, it must be given" : "none");
}

/* --- roff --- */

/* Text with roff's own characters escaped; each sentence begins a line. */
static void roff_text(FILE *f, const char *text)
{
	bool start = true;

	for (const char *p = text; *p; p++) {
		if (start && (*p == '.' || *p == '\''))
			fputs("\\&", f);
		start = false;
		if (*p == '\\')
			fputs("\\e", f);
		else if (*p == '-')
			fputs("\\-", f);
		else if (*p == ' ' && p > text && p[-1] == '.') {
			putc('\n', f);
			start = true;
		} else
			putc(*p, f);
	}
	putc('\n', f);
}

static void roff_row(FILE *f, const struct config_row *row)
{
	char values[TEXT_MAX], text[TEXT_MAX + 2];

	fputs(".TP\n.B ", f);
	snprintf(text, sizeof(text), "%s=", row->key);
	roff_text(f, text);
	roff_text(f, row->help);
	describe_values(row, values, sizeof(values));
	snprintf(text, sizeof(text), "%s.", values);
	fputs(".br\nTakes ", f);
	roff_text(f, text);
	describe_default(row, values, sizeof(values));
	snprintf(text, sizeof(text), "%s.", values);
	fputs("Default: ", f);
	roff_text(f, text);
	if (row->type->list)
		fputs("The key may repeat and adds up.\n", f);
	if (row->apply == APPLY_SESSION)
		fputs("A change ends the sessions that it was used for, at a reload.\n", f);
	else if (row->apply == APPLY_RESTART)
		fputs("A change needs a restart.\n", f);
}

/* What a type says by its flags. */
static void describe_flags(const struct rule_type *t, char *buf, size_t size)
{
	const struct {
		unsigned flag;
		const char *sentence;
	} rows[] = {
		{ RULE_NO_METRIC, "It has no Metric=." },
		{ RULE_METRIC_OPTIONAL, "Metric= may be left out." },
		{ RULE_LIMITS,
			"Its limits are those of the ward; other ones may be set for a bed and for "
			"a patient." },
		{ RULE_BED, "It is judged for each bed." },
		{ RULE_FROM_START,
			"Devices that Devices= names, and beds that Beds= names, are waited for "
			"from the start." },
		{ RULE_TECHNICAL, "Its alarms are technical unless Kind= says otherwise." },
		{ RULE_COMPUTES,
			"What it works out is published as if a device of the rule's name had "
			"measured it: no [Device] may have that name." },
	};
	bool numbers = t->flags & RULE_NUMBERS, switches = t->flags & RULE_SWITCHES,
	     words = t->flags & RULE_WORDS;
	size_t n = 0;

	*buf = 0;
	if (!(t->flags & RULE_NO_METRIC))
		n = (size_t)snprintf(buf, size, "For metrics that are %s%s%s%s%s.",
			numbers ? "numbers" : "", numbers && (switches || words) ? " or " : "",
			switches ? "true or false" : "", switches && words ? " or " : "",
			words ? "words" : "");
	for (size_t i = 0; i < ARRAY_SIZE(rows) && n < size; i++)
		if (t->flags & rows[i].flag)
			n += (size_t)snprintf(
				buf + n, size - n, "%s%s", n ? " " : "", rows[i].sentence);
}

/* The row of a setting, with the types that have it where not all do. */
static void rule_row(const struct rule_setting *s, struct config_typed_row *ret, char *help)
{
	char with[TEXT_MAX / 2], without[TEXT_MAX / 2];
	size_t count, all = 0;

	while (rule_type_at(all))
		all++;
	config_typed_row(s, ret);
	if (s != rule_common_setting(s->key))
		return;
	count = config_types_with(s->key, true, with, sizeof(with));
	config_types_without(s->key, without, sizeof(without));
	if (count == all)
		return;
	if (2 * count < all)
		snprintf(help, TEXT_MAX, "%s With Type=%s only.", s->help, with);
	else
		snprintf(help, TEXT_MAX, "%s Not with Type=%s.", s->help, without);
	ret->row.help = help;
}

static void roff_settings(FILE *f, const struct rule_setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config_typed_row typed;
		char help[TEXT_MAX];

		rule_row(&settings[i], &typed, help);
		roff_row(f, &typed.row);
	}
}

static void roff_rule_types(FILE *f)
{
	const struct rule_type *t;
	char text[TEXT_MAX];

	for (size_t i = 0; (t = rule_type_at(i)); i++) {
		fprintf(f, ".SS [Rule NAME] with Type=%s\n", t->name);
		roff_text(f, t->help);
		describe_flags(t, text, sizeof(text));
		roff_text(f, text);
		roff_settings(f, t->settings, t->setting_count);
	}
}

static void roff_group(FILE *f, const struct config_group *g)
{
	char text[TEXT_MAX];

	fprintf(f, ".SS [%s%s]\n", g->name, g->instance_size ? " NAME" : "");
	roff_text(f, g->help);
	if (g->instances_max) {
		snprintf(text, sizeof(text), "There may be %zu.", g->instances_max);
		roff_text(f, text);
	}
	if (g->id == GROUP_RULE) {
		roff_settings(f, rule_common_settings, rule_common_setting_count);
		roff_rule_types(f);
		return;
	}
	for (size_t i = 0; i < g->count; i++)
		roff_row(f, &g->rows[i]);
}

/* The types that rows use, each once. */
struct seen {
	FILE *f;
	const struct config_type *types[64];
	size_t count;
};

static void roff_type(struct seen *seen, const struct config_type *t)
{
	bool known = !t->about;

	for (size_t k = 0; k < seen->count; k++)
		known = known || seen->types[k] == t;
	if (known || seen->count == ARRAY_SIZE(seen->types))
		return;
	seen->types[seen->count++] = t;
	fprintf(seen->f, ".TP\n.I %s\n", t->name);
	roff_text(seen->f, t->about);
}

static void roff_setting_types(struct seen *seen, const struct rule_setting *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config_typed_row typed;

		config_typed_row(&s[i], &typed);
		roff_type(seen, typed.row.type);
	}
}

static void roff_types(FILE *f)
{
	struct seen seen = { .f = f };

	for (size_t g = 0; g < GROUP_RULE; g++)
		for (size_t i = 0; i < config_group((enum config_group_id)g)->count; i++)
			roff_type(&seen, config_group((enum config_group_id)g)->rows[i].type);
	roff_setting_types(&seen, rule_common_settings, rule_common_setting_count);
	for (size_t t = 0; rule_type_at(t); t++)
		roff_setting_types(
			&seen, rule_type_at(t)->settings, rule_type_at(t)->setting_count);
}

static void roff_metrics(FILE *f)
{
	for (enum metric m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		const struct metric_info *info = metric_info(m);
		char text[TEXT_MAX];

		fputs(".TP\n.B ", f);
		roff_text(f, info->name);
		snprintf(text, sizeof(text), "%s%s%s%s.",
			info->kind == METRIC_NUMBER    ? "number"
			: info->kind == METRIC_BOOLEAN ? "true or false"
						       : "word",
			*info->unit ? " in " : "", info->unit,
			info->kind == METRIC_NUMBER && !*info->unit ? " without a unit" : "");
		roff_text(f, text);
		if (info->note && *info->note) {
			snprintf(text, sizeof(text), "%s.", info->note);
			roff_text(f, text);
		}
	}
}

static const char manual_head[] =
	".\\\" Generated from the schema in src/config; change it there and run `make docs`.\n"
	".TH WARDGATE.CONF 5 \"\" \"wardgate\" \"wardgate\"\n"
	".SH NAME\n"
	"wardgate.conf \\- configuration of the ward gateway\n"
	".SH SYNOPSIS\n"
	".I /etc/wardgate/wardgate.conf\n"
	".br\n"
	".I /etc/wardgate/conf.d/*.conf\n"
	".br\n"
	".I /var/lib/wardgate/devices.d/*.conf\n"
	".SH DESCRIPTION\n"
	"The main file is read first, then those of\n"
	".I conf.d\n"
	"beside it in the order of their names, then the devices that were adopted through the "
	"daemon,\n"
	"in\n"
	".I devices.d\n"
	"of the state directory, which may hold [Device] sections only.\n"
	"A later file overrides an earlier one, but a device of\n"
	".I /etc\n"
	"counts, not an adopted one of the same name or address.\n"
	"A file has at most 1 MiB.\n"
	".PP\n"
	"The files are UTF\\-8 text: sections\n"
	".RB ( [Section] \" or \" \"[Section NAME]\" ),\n"
	"settings\n"
	".RB ( Key=value ),\n"
	"each on a line of its own that begins in the first column and has at most 199 bytes, and\n"
	"comments, which begin with # or ; and have lines of their own, too.\n"
	"A section may come several times and is one.\n"
	"A key may stand once in a section and file.\n"
	"Keys that take a list may repeat, in one file and in several, and add up.\n"
	"A key with nothing behind the = goes back to its default; a list is emptied by it, and is "
	"at its\n"
	"default when nothing is added again.\n"
	".PP\n"
	"Every fault is reported, with file and line, in one pass.\n"
	"At the start any fault refuses the start, with exit status 78; at a reload the running\n"
	"configuration stays in force.\n"
	".B wardgated \\-\\-check\\-config\n"
	"checks and exits;\n"
	".B wardgated \\-\\-print\\-config\n"
	"prints what is in effect, with the origin of each value.\n"
	".SH SETTINGS\n";

static const char manual_types[] = ".SH VALUES\n"
				   "Names of sections, keys and words are case\\-sensitive.\n";

static const char manual_metrics[] = ".SH METRICS\n"
				     "What can be measured, as it stands in Metric= and Units=, "
				     "with the UCUM unit in which it is\n"
				     "published.\n";

static const char manual_tail[] =
	".SH EXAMPLES\n"
	"A gateway for CoAP devices:\n"
	".PP\n"
	".EX\n"
	"[Gateway]\n"
	"Site=st\\-elsewhere\n"
	"Ward=7\n"
	"\n"
	"[MQTT]\n"
	"Broker=mqtts://broker.hospital.example\n"
	"CAFile=/etc/wardgate/hospital\\-ca.pem\n"
	"CertificateFile=/etc/wardgate/gateway.pem\n"
	"PrivateKeyFile=credential:gateway.key\n"
	"\n"
	"[CoAP]\n"
	"Enabled=yes\n"
	"\n"
	"[Device bed3\\-oximeter]\n"
	"Transport=coap\n"
	"Address=oximeter\\-7741\n"
	"Bed=3\n"
	"ExpectEvery=5s\n"
	".EE\n"
	".PP\n"
	"A rule for low saturation, and one that adds up to an alarm only\n"
	"together with another:\n"
	".PP\n"
	".EX\n"
	"[Rule spo2\\-low]\n"
	"Type=limit\n"
	"Metric=spo2\n"
	"Below=90\n"
	"ClearAt=92\n"
	"For=15s\n"
	"Priority=medium\n"
	"\n"
	"[Rule breathing\\-fast]\n"
	"Type=limit\n"
	"Metric=respiratory\\-rate\n"
	"Above=24\n"
	"Priority=none\n"
	"\n"
	"[Rule deteriorating]\n"
	"Type=combination\n"
	"Rules=spo2\\-low breathing\\-fast\n"
	"Within=5min\n"
	"Priority=high\n"
	"Latching=yes\n"
	".EE\n"
	".PP\n"
	"Whole files for a ward of adults, cold chain, call buttons and "
	"equipment are in\n"
	".IR /usr/share/doc/wardgate/examples .\n"
	".SH SEE ALSO\n"
	".BR wardgated (8),\n"
	".BR wardsim (1),\n"
	".BR systemd.exec (5)\n";

void config_write_manual(FILE *f)
{
	fputs(manual_head, f);
	for (size_t g = 0; g < _GROUP_MAX; g++)
		roff_group(f, config_group((enum config_group_id)g));
	fputs(manual_types, f);
	roff_types(f);
	fputs(manual_metrics, f);
	roff_metrics(f);
	fputs(manual_tail, f);
}

/* --- the sample --- */

/* Text as comment lines. */
static void comment(FILE *f, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column == 0 || column + 1 + n > SAMPLE_WIDTH) {
			fputs(column ? "\n#" : "#", f);
			column = 1;
		}
		fprintf(f, " %.*s", (int)n, text);
		column += 1 + n;
		text += n + strspn(text + n, " ");
	}
	putc('\n', f);
}

static void sample_row(FILE *f, const struct config_row *row)
{
	char values[TEXT_MAX], text[2 * TEXT_MAX];

	describe_values(row, values, sizeof(values));
	snprintf(text, sizeof(text), "%s Takes %s%s%s%s%s.", row->help, values,
		row->standard_about ? "; default: " : "", row->standard_about ?: "",
		row->flags & ROW_REQUIRED ? "; must be given" : "",
		row->apply == APPLY_RESTART ? "; a change needs a restart" : "");
	comment(f, text);
	if (!*row->standard && row->example)
		fprintf(f, "# e.g. %s=%s\n", row->key, row->example);
	fprintf(f, "#%s=%s\n", row->key, row->standard);
}

static void sample_settings(FILE *f, const struct rule_setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config_typed_row typed;
		char help[TEXT_MAX];

		rule_row(&settings[i], &typed, help);
		sample_row(f, &typed.row);
	}
}

static void sample_rules(FILE *f)
{
	const struct rule_type *t;
	char text[2 * TEXT_MAX], flags[TEXT_MAX];

	sample_settings(f, rule_common_settings, rule_common_setting_count);
	for (size_t i = 0; (t = rule_type_at(i)); i++) {
		describe_flags(t, flags, sizeof(flags));
		snprintf(text, sizeof(text), "With Type=%s. %s %s%s", t->name, t->help, flags,
			t->setting_count > 0 ? " Its own settings:" : "");
		fputs("#\n", f);
		comment(f, text);
		sample_settings(f, t->settings, t->setting_count);
	}
}

void config_write_sample(FILE *f)
{
	comment(f,
		"Configuration of wardgate; see wardgate.conf(5). Every setting stands here, "
		"commented out, at its default. Site=, Ward= and Broker= are what a gateway needs "
		"at least. Files in conf.d beside this one are read after it and survive its "
		"upgrade.");
	for (size_t g = 0; g < _GROUP_MAX; g++) {
		const struct config_group *group = config_group((enum config_group_id)g);

		putc('\n', f);
		comment(f, group->help);
		if (group->instance_size)
			fprintf(f, "#[%s %s]\n", group->name, group->example);
		else
			fprintf(f, "[%s]\n", group->name);
		if (group->id == GROUP_RULE) {
			sample_rules(f);
			continue;
		}
		for (size_t i = 0; i < group->count; i++)
			sample_row(f, &group->rows[i]);
	}
}
