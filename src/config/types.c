/*
 * The types of settings: how each parser of config/parse.h fills a field, and
 * how a field is written again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/output.h"
#include "config/problems.h"
#include "config/schema.h"
#include "config/suggest.h"

#define LIST_MAX 256 /* items of one list */
#define BROKERS_MAX 8

static const struct config_word yes_no[] = { { "no", 0 }, { "yes", 1 }, { NULL, 0 } };

const char *config_word_text(const struct config_word *words, int value)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return "";
}

size_t config_list_words(const struct config_word *words, char *buf, size_t size)
{
	size_t n = 0;

	*buf = 0;
	for (const struct config_word *w = words; w->text && n < size; w++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s",
			w == words  ? ""
			: w[1].text ? ", "
				    : " or ",
			w->text);
	return n;
}

/* NULL when the table has none. */
static const struct config_word *find_word(const struct config_word *words, const char *text)
{
	for (; words->text; words++)
		if (strcmp(words->text, text) == 0)
			return words;
	return NULL;
}

static bool is_word(const struct config_row *row, const char *text)
{
	return row->words && find_word(row->words, text);
}

/* "is not known; did you mean b? (a, b or c)" */
static int refuse_word(const struct config_word *words, const char *text, struct config_why *why)
{
	struct suggestion nearest = { 0 };
	char all[256];

	for (const struct config_word *w = words; w->text; w++)
		suggestion_offer(&nearest, text, strlen(text), w->text);
	config_list_words(words, all, sizeof(all));
	if (nearest.best)
		return config_refuse(why, "is not known; did you mean %s? (%s)", nearest.best, all);
	return config_refuse(why, "is not known; give %s", all);
}

/* switch */

static int parse_switch(
	const struct config_row *row, const char *value, void *field, struct config_why *why)
{
	const struct config_word *words = row->words ?: yes_no, *w = find_word(words, value);
	static const char *const truths[] = { "true", "on", "1", "y", "YES", "Yes" };
	static const char *const lies[] = { "false", "off", "0", "n", "NO", "No" };

	if (!w && !row->words) {
		for (size_t i = 0; i < ARRAY_SIZE(truths); i++)
			if (strcmp(value, truths[i]) == 0)
				return config_refuse(why, "is neither yes nor no; write yes");
		for (size_t i = 0; i < ARRAY_SIZE(lies); i++)
			if (strcmp(value, lies[i]) == 0)
				return config_refuse(why, "is neither yes nor no; write no");
		return config_refuse(why, "is neither yes nor no; give one of the two");
	}
	if (!w)
		return refuse_word(words, value, why);
	*(bool *)field = w->value != 0;
	return 0;
}

static void format_switch(const struct config_row *row, const void *field, size_t i, char *buf)
{
	snprintf(buf, CONFIG_VALUE_MAX, "%s",
		config_word_text(row->words ?: yes_no, *(const bool *)field));
}

static size_t count_one(const struct config_row *row, const void *field)
{
	return 1;
}

static void clear_switch(void *field)
{
	*(bool *)field = false;
}

/* choice */

static int parse_choice(
	const struct config_row *row, const char *value, void *field, struct config_why *why)
{
	const struct config_word *w = find_word(row->words, value);

	if (!w)
		return refuse_word(row->words, value, why);
	/* Enumerations without negative values are unsigned to the compiler. */
	memcpy(field, &w->value, sizeof(w->value));
	return 0;
}

static void format_choice(const struct config_row *row, const void *field, size_t i, char *buf)
{
	int v;

	memcpy(&v, field, sizeof(v));
	snprintf(buf, CONFIG_VALUE_MAX, "%s", config_word_text(row->words, v));
}

static void clear_int(void *field)
{
	memset(field, 0, sizeof(int));
}

/* number */

static int parse_number(
	const struct config_row *row, const char *value, void *field, struct config_why *why)
{
	const struct config_word *w = row->words ? find_word(row->words, value) : NULL;
	uint64_t v;
	int r;

	if (w) {
		*(unsigned *)field = (unsigned)w->value;
		return 0;
	}
	r = config_parse_unsigned(value, &v, why);
	if (r == 0 && (v < (uint64_t)row->min || v > (uint64_t)row->max))
		r = config_refuse(why, "is out of range");
	if (r != 0) {
		size_t n = strlen(why->text);

		snprintf(why->text + n, sizeof(why->text) - n, "; give %s%s%" PRId64 " to %" PRId64,
			row->words ? row->words->text : "", row->words ? " or " : "", row->min,
			row->max);
		return r;
	}
	*(unsigned *)field = (unsigned)v;
	return 0;
}

static void format_number(const struct config_row *row, const void *field, size_t i, char *buf)
{
	unsigned v = *(const unsigned *)field;

	for (const struct config_word *w = row->words; w && w->text; w++)
		if ((unsigned)w->value == v) {
			snprintf(buf, CONFIG_VALUE_MAX, "%s", w->text);
			return;
		}
	snprintf(buf, CONFIG_VALUE_MAX, "%u", v);
}

/* signal */

static int parse_signal(
	const struct config_row *row, const char *value, void *field, struct config_why *why)
{
	bool negative = *value == '-';
	struct config_why unused;
	uint64_t v;
	int64_t n;

	if (config_parse_unsigned(value + negative, &v, &unused) != 0 || v > 1000)
		return config_refuse(why,
			"is no strength in dBm; give %" PRId64 " to %" PRId64 ", e.g. -75",
			row->min, row->max);
	n = negative ? -(int64_t)v : (int64_t)v;
	if (n < row->min || n > row->max)
		return config_refuse(why,
			"is out of range; give %" PRId64 " to %" PRId64
			", e.g. -75: a larger number is nearer",
			row->min, row->max);
	*(int *)field = (int)n;
	return 0;
}

static void format_signal(const struct config_row *row, const void *field, size_t i, char *buf)
{
	snprintf(buf, CONFIG_VALUE_MAX, "%d", *(const int *)field);
}

/* duration and size */

static int parse_duration(
	const struct config_row *row, const char *value, void *field, struct config_why *why)
{
	char min[32], max[32];
	int64_t us;
	int r;

	r = config_parse_duration(value, &us, why);
	if (r != 0)
		return r;
	if (us < row->min || us > row->max) {
		config_format_duration(row->min, min, sizeof(min));
		config_format_duration(row->max, max, sizeof(max));
		return config_refuse(why, "is out of range; give %s to %s%s%s%s", min, max,
			*row->standard ? " (default " : "", row->standard,
			*row->standard ? ")" : "");
	}
	*(int64_t *)field = us;
	return 0;
}

/* 0 without a default is "not set": the row has no other way to say so. */
static size_t count_duration(const struct config_row *row, const void *field)
{
	return *row->standard || *(const int64_t *)field != 0;
}

static void format_duration(const struct config_row *row, const void *field, size_t i, char *buf)
{
	config_format_duration(*(const int64_t *)field, buf, CONFIG_VALUE_MAX);
}

static void clear_int64(void *field)
{
	memset(field, 0, sizeof(int64_t));
}

static int parse_size(
	const struct config_row *row, const char *value, void *field, struct config_why *why)
{
	char min[32], max[32];
	uint64_t bytes;
	int r;

	r = config_parse_size(value, &bytes, why);
	if (r != 0)
		return r;
	if (bytes < (uint64_t)row->min || bytes > (uint64_t)row->max) {
		config_format_size((uint64_t)row->min, min, sizeof(min));
		config_format_size((uint64_t)row->max, max, sizeof(max));
		return config_refuse(why, "is out of range; give %s to %s (default %s)", min, max,
			row->standard);
	}
	*(uint64_t *)field = bytes;
	return 0;
}

static void format_size(const struct config_row *row, const void *field, size_t i, char *buf)
{
	config_format_size(*(const uint64_t *)field, buf, CONFIG_VALUE_MAX);
}

/* strings */

static int set_string(void *field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return 0;
}

static size_t count_string(const struct config_row *row, const void *field)
{
	return *(char *const *)field != NULL;
}

static void format_string(const struct config_row *row, const void *field, size_t i, char *buf)
{
	snprintf(buf, CONFIG_VALUE_MAX, "%s", *(char *const *)field);
}

static void clear_string(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

#define STRING_PARSER(name, check)                                                                 \
	static int name(const struct config_row *row, const char *value, void *field,              \
		struct config_why *why)                                                            \
	{                                                                                          \
		int r = (check);                                                                   \
                                                                                                   \
		return r != 0 ? r : set_string(field, value);                                      \
	}

static int check_text(const char *value, size_t max, struct config_why *why)
{
	if (strlen(value) > max)
		return config_refuse(why, "is longer than %zu bytes", max);
	return 0;
}

static int check_decimal(const char *value, struct config_why *why)
{
	struct decimal d;

	return config_parse_decimal(value, &d, why);
}

STRING_PARSER(parse_name, config_check_name(value, why))
STRING_PARSER(parse_place, config_check_place(value, why))
STRING_PARSER(parse_path, config_check_path(value, why))
STRING_PARSER(parse_secret, is_word(row, value) ? 0 : config_check_secret(value, why))
STRING_PARSER(parse_text, check_text(value, (size_t)row->max, why))
STRING_PARSER(parse_zone, config_check_zone(value, false, why))
STRING_PARSER(parse_prefix, config_check_prefix(value, why))
STRING_PARSER(parse_listen, config_check_listen(value, NULL, why))
STRING_PARSER(parse_bus, config_check_bus(value, why))
STRING_PARSER(parse_metric, config_check_metric(value, strlen(value), why))
STRING_PARSER(parse_decimal, check_decimal(value, why))

/* lists */

static bool list_has(const struct config_list *l, const char *item)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i], item) == 0)
			return true;
	return false;
}

static int list_add(void *field, const char *item, struct config_why *why)
{
	struct config_list *l = field;
	char **grown, *copy;

	if (list_has(l, item))
		return 0;
	if (l->count >= LIST_MAX)
		return config_refuse(why, "makes the list longer than %d; give fewer", LIST_MAX);
	copy = strdup(item);
	grown = reallocarray(l->items, l->count + 1, sizeof(*grown));
	if (grown)
		l->items = grown;
	if (!copy || !grown) {
		free(copy);
		return -ENOMEM;
	}
	l->items[l->count++] = copy;
	return 0;
}

static size_t count_list(const struct config_row *row, const void *field)
{
	return ((const struct config_list *)field)->count;
}

static void format_list(const struct config_row *row, const void *field, size_t i, char *buf)
{
	snprintf(buf, CONFIG_VALUE_MAX, "%s", ((const struct config_list *)field)->items[i]);
}

static void clear_list(void *field)
{
	struct config_list *l = field;

	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct config_list){ 0 };
}

#define LIST_PARSER(name, check)                                                                   \
	static int name(const struct config_row *row, const char *item, void *field,               \
		struct config_why *why)                                                            \
	{                                                                                          \
		int r = (check);                                                                   \
                                                                                                   \
		return r != 0 ? r : list_add(field, item, why);                                    \
	}

LIST_PARSER(parse_words, find_word(row->words, item) ? 0 : refuse_word(row->words, item, why))
LIST_PARSER(parse_payloads, config_check_name(item, why))
LIST_PARSER(parse_adapters, config_check_adapter(item, why))
LIST_PARSER(parse_units, config_check_unit_pair(item, why))
LIST_PARSER(parse_outputs, config_parse_output(item, &(struct config_output){ .path = "" }, why))
LIST_PARSER(parse_places, strcmp(item, "*") == 0 ? 0 : config_check_place(item, why))
LIST_PARSER(parse_rules, config_check_name(item, why))
LIST_PARSER(parse_texts, 0)
LIST_PARSER(parse_names, strcmp(item, "*") == 0 ? 0 : config_check_name(item, why))

/* flags */

static int parse_flags(
	const struct config_row *row, const char *item, void *field, struct config_why *why)
{
	const struct config_word *w = find_word(row->words, item);

	if (!w)
		return refuse_word(row->words, item, why);
	*(unsigned *)field |= (unsigned)w->value;
	return 0;
}

static size_t count_flags(const struct config_row *row, const void *field)
{
	return (size_t)__builtin_popcount(*(const unsigned *)field);
}

static void format_flags(const struct config_row *row, const void *field, size_t i, char *buf)
{
	for (const struct config_word *w = row->words; w->text; w++)
		if ((*(const unsigned *)field & (unsigned)w->value) && i-- == 0) {
			snprintf(buf, CONFIG_VALUE_MAX, "%s", w->text);
			return;
		}
	*buf = 0;
}

/* brokers */

/* The field is struct config.mqtt's brokers; broker_count follows it. */
struct brokers {
	struct config_broker *at;
	size_t count;
};
_Static_assert(offsetof(struct config, mqtt.broker_count) - offsetof(struct config, mqtt.brokers) ==
		       offsetof(struct brokers, count),
	"brokers and broker_count belong together");

static int parse_brokers(
	const struct config_row *row, const char *item, void *field, struct config_why *why)
{
	struct brokers *l = field;
	struct config_broker broker, *grown;
	int r;

	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->at[i].uri, item) == 0)
			return 0;
	r = config_parse_broker(item, &broker, why);
	if (r != 0)
		return r;
	if (l->count >= BROKERS_MAX) {
		config_broker_done(&broker);
		return config_refuse(why, "makes more than %d brokers; give fewer", BROKERS_MAX);
	}
	grown = reallocarray(l->at, l->count + 1, sizeof(*grown));
	if (!grown) {
		config_broker_done(&broker);
		return -ENOMEM;
	}
	l->at = grown;
	l->at[l->count++] = broker;
	return 0;
}

static size_t count_brokers(const struct config_row *row, const void *field)
{
	return ((const struct brokers *)field)->count;
}

static void format_brokers(const struct config_row *row, const void *field, size_t i, char *buf)
{
	snprintf(buf, CONFIG_VALUE_MAX, "%s", ((const struct brokers *)field)->at[i].uri);
}

static void clear_brokers(void *field)
{
	struct brokers *l = field;

	for (size_t i = 0; i < l->count; i++)
		config_broker_done(&l->at[i]);
	free(l->at);
	*l = (struct brokers){ 0 };
}

#define TYPE(id, name_, parse_, count_, format_, clear_, about_)                                   \
	const struct config_type config_type_##id = { .name = (name_),                             \
		.about = (about_),                                                                 \
		.parse = (parse_),                                                                 \
		.count = (count_),                                                                 \
		.format = (format_),                                                               \
		.clear = (clear_) };
#define STRING_TYPE(id, name_, parse_, about_)                                                     \
	TYPE(id, name_, parse_, count_string, format_string, clear_string, about_)
#define LIST_TYPE(id, name_, parse_, count_, format_, clear_, about_)                              \
	const struct config_type config_type_##id = { .name = (name_),                             \
		.about = (about_),                                                                 \
		.list = true,                                                                      \
		.parse = (parse_),                                                                 \
		.count = (count_),                                                                 \
		.format = (format_),                                                               \
		.clear = (clear_) };

TYPE(switch, "switch", parse_switch, count_one, format_switch, clear_switch, NULL)
TYPE(choice, "choice", parse_choice, count_one, format_choice, clear_int, NULL)
TYPE(number, "number", parse_number, count_one, format_number, clear_int, NULL)
TYPE(signal, "signal", parse_signal, count_one, format_signal, clear_int,
	"A strength in dBm, which is negative: -60 is near, -95 is at the limit of what is heard.")
TYPE(duration, "duration", parse_duration, count_duration, format_duration, clear_int64,
	"Numbers with a unit, added up: 250ms, 15s, 5min, 1h, 30d, \"1h 30min\".")
TYPE(size, "size", parse_size, count_one, format_size, clear_int64,
	"A number of bytes, or of K, M, G or T in powers of 1024: 512M, 1G.")
STRING_TYPE(name, "name", parse_name, "1 to 40 of a-z, 0-9 and -, not beginning with -.")
STRING_TYPE(place, "place", parse_place,
	"The name of a bed, ward or site: 1 to 40 of A-Z, a-z, 0-9, ., _ and -.")
STRING_TYPE(path, "path", parse_path, "Absolute.")
STRING_TYPE(file, "file", parse_path, "The absolute path of a file that the service can read.")
STRING_TYPE(secret, "secret", parse_secret,
	"Never the secret itself but where it is: the absolute path of a file, or credential:NAME "
	"for the file NAME in $CREDENTIALS_DIRECTORY, which systemd fills at the start of the "
	"service only: a changed credential needs a restart.")
STRING_TYPE(text, "text", parse_text, NULL)
STRING_TYPE(address, "address", parse_text, NULL)
STRING_TYPE(octets, "row of bytes", parse_text,
	"Two hex digits for each, with or without colons or hyphens between them.")
STRING_TYPE(zone, "time zone", parse_zone, "A name in the tz database: Europe/London.")
STRING_TYPE(prefix, "topic prefix", parse_prefix,
	"Levels of an MQTT topic with / between them; {site}, {ward} and {gateway} stand for "
	"Site=, Ward= and Name= of [Gateway].")
STRING_TYPE(listen, "listen address", parse_listen,
	"A numeric address and a port, IPv6 in brackets: [::]:5684, 192.0.2.7:5684.")
STRING_TYPE(bus, "message bus", parse_bus,
	"system, session, off, or a D-Bus address; one with tcp: has a numeric host.")
STRING_TYPE(metric, "metric", parse_metric, "One of those under METRICS.")
STRING_TYPE(decimal, "decimal", parse_decimal, "A plain number, with decimals or without.")
LIST_TYPE(brokers, "list of brokers", parse_brokers, count_brokers, format_brokers, clear_brokers,
	"mqtts://HOST or mqtts://HOST:PORT, IPv6 in brackets, separated by blanks.")
LIST_TYPE(words, "list of words", parse_words, count_list, format_list, clear_list, NULL)
LIST_TYPE(payloads, "list of payloads", parse_payloads, count_list, format_list, clear_list, NULL)
LIST_TYPE(adapters, "list of adapters", parse_adapters, count_list, format_list, clear_list,
	"auto, hciN, an adapter's address, or sim:DIRECTORY for simulated ones, of which names "
	"beside it choose.")
LIST_TYPE(units, "list of METRIC:UNIT", parse_units, count_list, format_list, clear_list, NULL)
LIST_TYPE(outputs, "list of outputs", parse_outputs, count_list, format_list, clear_list,
	"led:NAME for one of /sys/class/leds, led:/DIRECTORY for one by its path, gpio:CHIP:LINE "
	"for "
	"a line of a GPIO chip by its offset or name, gpio:CHIP:LINE:active-low for one that is on "
	"at "
	"the low level; separated by blanks.")
LIST_TYPE(places, "list of beds", parse_places, count_list, format_list, clear_list,
	"Names of beds separated by blanks, or * for all.")
LIST_TYPE(names, "list of devices", parse_names, count_list, format_list, clear_list,
	"Names of devices separated by blanks, or * for all.")
LIST_TYPE(rules, "list of rules", parse_rules, count_list, format_list, clear_list,
	"Names of [Rule] sections separated by blanks.")
LIST_TYPE(texts, "list of words", parse_texts, count_list, format_list, clear_list, NULL)
LIST_TYPE(flags, "list of words", parse_flags, count_flags, format_flags, clear_int, NULL)
