/*
 * Names, places, paths, zones, topic prefixes, metrics and device addresses.
 */
#include "config/parse.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/senml_units.h"
#include "config/problems.h"
#include "config/suggest.h"
#include "wardgate/metric.h"

#define PREFIX_MAX 100 /* bytes of TopicPrefix= as written */
#define ZONE_MAX 64
#define UNIT_MAX 16
#define CREDENTIAL "credential:"

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool config_is_name(const char *text)
{
	size_t n = 0;

	if (*text == '-')
		return false;
	while (is_name_char(text[n]))
		n++;
	return !text[n] && n >= 1 && n <= CONFIG_NAME_MAX;
}

static bool is_place_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

bool config_is_place(const char *text)
{
	size_t n = 0;

	while (is_place_char(text[n]))
		n++;
	return !text[n] && n >= 1 && n <= CONFIG_NAME_MAX;
}

void config_sanitise_name(const char *text, char ret[CONFIG_NAME_MAX + 1])
{
	size_t n = 0;

	for (; *text && *text != '.' && n < CONFIG_NAME_MAX; text++) {
		char c = (char)tolower((unsigned char)*text);

		if (!is_name_char(c))
			c = '-';
		if (n > 0 || c != '-')
			ret[n++] = c;
	}
	ret[n] = 0;
	if (n == 0)
		snprintf(ret, CONFIG_NAME_MAX + 1, "wardgate");
}

/* Length of the UTF-8 sequence at p, 0 when there is none (RFC 3629 section 4). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;

	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t config_utf8_span(const void *text, size_t length)
{
	const unsigned char *p = text;
	size_t at = 0, n;

	while (at < length && (n = utf8_sequence(p + at, length - at)) > 0)
		at += n;
	return at;
}

int config_check_name(const char *text, struct config_why *why)
{
	char fit[CONFIG_NAME_MAX + 1];

	if (config_is_name(text))
		return 0;
	config_sanitise_name(text, fit);
	return config_refuse(why,
		"is no name; give 1 to %d of a-z, 0-9 and -, not beginning with -, e.g. %s",
		CONFIG_NAME_MAX, fit);
}

int config_check_place(const char *text, struct config_why *why)
{
	if (config_is_place(text))
		return 0;
	return config_refuse(why,
		"is no name of a bed, ward or site; give 1 to %d of A-Z, a-z, 0-9, ., _ and -, "
		"without blanks",
		CONFIG_NAME_MAX);
}

int config_check_path(const char *text, struct config_why *why)
{
	size_t n = strlen(text);

	if (*text == '"' || *text == '\'')
		return config_refuse(why, "stands in quotes; write the path without them");
	if (*text != '/')
		return config_refuse(why, "is no absolute path; begin it with /");
	if (n >= PATH_MAX)
		return config_refuse(why, "is longer than a path can be (%d bytes)", PATH_MAX - 1);
	return 0;
}

int config_check_secret(const char *text, struct config_why *why)
{
	const char *name;

	if (*text == '/')
		return config_check_path(text, why);
	if (strncmp(text, CREDENTIAL, strlen(CREDENTIAL)) != 0)
		return config_refuse(why,
			"is neither an absolute path nor credential:NAME; put the secret into a "
			"file and name that here");
	name = text + strlen(CREDENTIAL);
	/* systemd.exec(5): a credential's name is a file name. */
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		strlen(name) > NAME_MAX)
		return config_refuse(why, "names no credential; give credential:NAME as in "
					  "LoadCredential=NAME:...");
	return 0;
}

/* Whether the tz database has the zone: its files begin with "TZif" (RFC 8536 section 3.1). */
static bool zone_exists(const char *zone)
{
	const char *dir = secure_getenv("TZDIR");
	_cleanup_(closep) int fd = -1;
	char path[PATH_MAX], magic[4];
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", zone);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "TZif", sizeof(magic)) == 0;
}

int config_check_zone(const char *text, bool look, struct config_why *why)
{
	size_t n = strlen(text);
	bool good = n <= ZONE_MAX && isalpha((unsigned char)*text) && !strstr(text, "..");

	for (size_t i = 0; i < n; i++)
		good = good && (isalnum((unsigned char)text[i]) || strchr("_+-/", text[i]));
	if (!good || (look && !zone_exists(text)))
		return config_refuse(why,
			"is no zone of the tz database; give its name as `timedatectl "
			"list-timezones` prints it, e.g. Europe/London");
	return 0;
}

/* One {word} of a prefix; returns its length, 0 when it is unknown. */
static size_t prefix_word(const char *text)
{
	static const char *const words[] = { "{site}", "{ward}", "{gateway}" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return strlen(words[i]);
	return 0;
}

int config_check_prefix(const char *text, struct config_why *why)
{
	size_t n = strlen(text);

	if (n > PREFIX_MAX)
		return config_refuse(why, "is longer than %d bytes", PREFIX_MAX);
	if (*text == '/' || text[n - 1] == '/' || strstr(text, "//"))
		return config_refuse(
			why, "has an empty level; put one / between levels and none at the ends");
	if (*text == '$')
		return config_refuse(why,
			"begins with $, which brokers keep for themselves; begin with another "
			"character");

	for (const char *p = text; *p; p++) {
		if (*p == '+' || *p == '#')
			return config_refuse(why,
				"holds the wildcard %c; it names one place, so leave it out", *p);
		if (*p == ' ')
			return config_refuse(why, "holds a blank; use - or _");
		if (*p == '{') {
			size_t length = prefix_word(p);

			if (length == 0)
				return config_refuse(why,
					"holds an unknown {word}; known are {site}, {ward} and "
					"{gateway}");
			p += length - 1;
		} else if (*p == '}') {
			return config_refuse(why,
				"holds a } without its {; known are {site}, {ward} and {gateway}");
		}
	}
	return 0;
}

int config_check_metric(const char *text, size_t length, struct config_why *why)
{
	struct suggestion nearest = { 0 };

	if (metric_by_name(text, length) != METRIC_NONE)
		return 0;
	for (enum metric m = METRIC_NONE + 1; m < _METRIC_MAX; m++)
		suggestion_offer(&nearest, text, length, metric_info(m)->name);
	if (nearest.best)
		return config_refuse(
			why, "names no metric that is known; did you mean %s?", nearest.best);
	return config_refuse(why, "names no metric that is known; give one of wardgate.conf(5), "
				  "METRICS, e.g. spo2");
}

int config_check_unit_pair(const char *text, struct config_why *why)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? strlen(colon + 1) : 0;
	char expected[128];
	enum metric m;
	int r;

	if (length < 1 || length > UNIT_MAX)
		return config_refuse(why, "is no METRIC:UNIT; give e.g. body-temperature:Cel");
	r = config_check_metric(text, (size_t)(colon - text), why);
	if (r != 0)
		return r;
	m = metric_by_name(text, (size_t)(colon - text));
	if (senml_unit_known(m, colon + 1))
		return 0;
	senml_units_expected(m, expected, sizeof(expected));
	return *expected ? config_refuse(why, "names no unit of %s; give %s", metric_info(m)->name,
				   expected)
			 : config_refuse(why, "names a unit, and %s has none; leave it out",
				   metric_info(m)->name);
}

/* Exactly n hex digit pairs, separated by colons if separated. */
static bool hex_pairs(const char *text, size_t n, bool separated, uint8_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		unsigned v;

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		sscanf(text, "%2x", &v);
		ret[i] = (uint8_t)v;
		text += 2;
		if (separated && i + 1 < n && *text++ != ':')
			return false;
	}
	return !*text;
}

static int parse_coap_identity(const char *text, char *ret, struct config_why *why)
{
	size_t n = strlen(text);

	/* The reader let no control characters and only UTF-8 through. */
	if (n > DEVICE_ADDRESS_MAX)
		return config_refuse(why, "is longer than %d bytes", DEVICE_ADDRESS_MAX);
	memcpy(ret, text, n + 1);
	return 0;
}

int config_parse_address(enum transport t, const char *text, char *ret, struct config_why *why)
{
	uint8_t b[8];

	switch (t) {
	case TRANSPORT_BLE:
		if (!hex_pairs(text, 6, true, b))
			return config_refuse(why,
				"is no Bluetooth address; give six pairs of hex digits, e.g. "
				"C0:FF:EE:00:00:01");
		snprintf(ret, DEVICE_ADDRESS_MAX + 1, "%02X:%02X:%02X:%02X:%02X:%02X", b[0], b[1],
			b[2], b[3], b[4], b[5]);
		return 0;
	case TRANSPORT_ZIGBEE:
		if (!hex_pairs(text, 8, true, b) &&
			(strncmp(text, "0x", 2) != 0 || !hex_pairs(text + 2, 8, false, b)))
			return config_refuse(why,
				"is no EUI-64; give eight pairs of hex digits, e.g. "
				"00:12:4b:00:01:02:03:04 or 0x00124b0001020304");
		snprintf(ret, DEVICE_ADDRESS_MAX + 1, "0x%02x%02x%02x%02x%02x%02x%02x%02x", b[0],
			b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
		return 0;
	case TRANSPORT_COAP:
		return parse_coap_identity(text, ret, why);
	case _TRANSPORT_MAX:
		break;
	}
	return config_refuse(why, "belongs to no transport; set Transport= first");
}
