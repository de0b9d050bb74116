/*
 * Commands from afar. See command.h.
 */
#include "publish/command.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "publish/topic.h"
#include "util/cleanup.h"
#include "util/text.h"

static int refuse(char *why, const char *sentence)
{
	snprintf(why, COMMAND_WHY_MAX, "%s", sentence);
	return -EBADMSG;
}

/* --- time --- */

/* Two digits at p in *ret; p stays within the string since no digit is a 0 byte. */
static bool two(const char *p, int low, int high, int *ret)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret = (p[0] - '0') * 10 + p[1] - '0';
	return *ret >= low && *ret <= high;
}

/* The fraction of a second behind the point, in microseconds; returns the character after it. */
static const char *fraction(const char *p, int64_t *ret_us)
{
	int64_t unit = 100000;
	const char *first = p;

	*ret_us = 0;
	for (; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*ret_us += (*p - '0') * unit;
	return p == first ? NULL : p;
}

/* "Z" or "+hh:mm" to the end. */
static bool offset(const char *p, int64_t *ret_s)
{
	int hours, minutes;

	*ret_s = 0;
	if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
		return true;
	if ((*p != '+' && *p != '-') || !two(p + 1, 0, 23, &hours) || p[3] != ':' ||
		!two(p + 4, 0, 59, &minutes) || p[6] != 0)
		return false;
	*ret_s = hours * 3600 + minutes * 60;
	if (*p == '-')
		*ret_s = -*ret_s;
	return true;
}

int command_time(const char *text, int64_t *ret_us)
{
	struct tm tm = { 0 };
	int century, year;
	int64_t us = 0, zone;
	time_t s;

	if (!two(text, 0, 99, &century) || !two(text + 2, 0, 99, &year) || text[4] != '-' ||
		!two(text + 5, 1, 12, &tm.tm_mon) || text[7] != '-' ||
		!two(text + 8, 1, 31, &tm.tm_mday) || (text[10] != 'T' && text[10] != 't') ||
		!two(text + 11, 0, 23, &tm.tm_hour) || text[13] != ':' ||
		!two(text + 14, 0, 59, &tm.tm_min) || text[16] != ':' ||
		!two(text + 17, 0, 60, &tm.tm_sec))
		return -EINVAL;
	text += 19;
	if (*text == '.') {
		text = fraction(text + 1, &us);
		if (!text)
			return -EINVAL;
	}
	if (!offset(text, &zone))
		return -EINVAL;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon--;
	s = timegm(&tm);
	*ret_us = ((int64_t)s - zone) * 1000000 + us;
	return 0;
}

/* --- reading --- */

/* The parser recurses: what is nested too deeply does not get there. */
static bool too_deep(const char *p, size_t n)
{
	unsigned depth = 0;
	bool string = false;

	for (size_t i = 0; i < n; i++) {
		if (string) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				string = false;
			continue;
		}
		if (p[i] == '"')
			string = true;
		else if (p[i] == '{' || p[i] == '[')
			depth++;
		else if ((p[i] == '}' || p[i] == ']') && depth > 0)
			depth--;
		if (depth > COMMAND_DEPTH_MAX)
			return true;
	}
	return false;
}

/* Two values of one key: which counts would be a matter of taste. */
static bool ambiguous(const cJSON *object)
{
	unsigned members = 0;

	for (const cJSON *a = object->child; a; a = a->next) {
		if (++members > COMMAND_MEMBERS_MAX)
			return true;
		for (const cJSON *b = a->next; b; b = b->next)
			if (strcmp(a->string, b->string) == 0)
				return true;
	}
	return false;
}

/* A text of 1 to COMMAND_NAME_MAX bytes without control characters. */
static bool read_name(const cJSON *object, const char *key, char ret[COMMAND_NAME_MAX + 1])
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	size_t n;

	if (!cJSON_IsString(item))
		return false;
	n = strlen(item->valuestring);
	if (n == 0 || n > COMMAND_NAME_MAX)
		return false;
	for (const char *p = item->valuestring; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	memcpy(ret, item->valuestring, n + 1);
	return true;
}

static int parse_object(
	const void *payload, size_t size, struct cJSON **ret, char why[COMMAND_WHY_MAX])
{
	const char *text = payload, *end = NULL;
	cJSON *object;

	if (size > COMMAND_SIZE_MAX)
		return refuse(why, "the command is longer than 4096 bytes");
	if (size == 0)
		return refuse(why, "the command is empty");
	if (memchr(text, 0, size))
		return refuse(why, "the command has a byte 0 in it");
	if (too_deep(text, size))
		return refuse(why, "the command is nested too deeply");
	object = cJSON_ParseWithLengthOpts(text, size, &end, 0);
	if (!object)
		return refuse(why, "the command is not JSON");
	*ret = object;
	for (; end < text + size; end++)
		if (!strchr(" \t\r\n", *end))
			return refuse(why, "the command has something behind its JSON object");
	if (!cJSON_IsObject(object))
		return refuse(why, "the command is not a JSON object");
	if (ambiguous(object))
		return refuse(why, "the command has a key twice, or more than 32 keys");
	return 0;
}

/* Takes what is there; what was read stays when the rest is wrong. */
static int read_frame(struct command *c, bool required, char *why)
{
	const cJSON *not_after;

	if ((required || cJSON_HasObjectItem(c->object, "request")) &&
		!read_name(c->object, "request", c->request))
		return refuse(why, "\"request\" has to be a text of 1 to 64 bytes");
	if ((required || cJSON_HasObjectItem(c->object, "by")) &&
		!read_name(c->object, "by", c->by))
		return refuse(why, "\"by\" has to be a text of 1 to 64 bytes");
	not_after = cJSON_GetObjectItemCaseSensitive(c->object, "not_after");
	if (not_after && (!cJSON_IsString(not_after) ||
				 command_time(not_after->valuestring, &c->not_after_us) < 0))
		return refuse(why, "\"not_after\" has to be a time such as 2026-11-21T10:00:00Z");
	return 0;
}

static int parse(struct command *c, const void *payload, size_t size, bool required, char *why)
{
	int r;

	*c = (struct command){ .not_after_us = INT64_MAX };
	r = parse_object(payload, size, &c->object, why);
	return r < 0 ? r : read_frame(c, required, why);
}

int command_parse(struct command *c, const void *payload, size_t size, char why[COMMAND_WHY_MAX])
{
	return parse(c, payload, size, true, why);
}

int command_parse_local(
	struct command *c, const void *payload, size_t size, char why[COMMAND_WHY_MAX])
{
	return parse(c, payload, size, false, why);
}

void command_done(struct command *c)
{
	cJSON_Delete(c->object);
	c->object = NULL;
}

/* --- judging --- */

int command_admit(const struct command *c, const char *verb, enum command_existence existence,
	char *const *allowed, size_t allowed_count, bool retained, int64_t now_us,
	char why[COMMAND_WHY_MAX])
{
	bool named = false;

	for (size_t i = 0; i < allowed_count; i++)
		named |= strcmp(allowed[i], verb) == 0;
	if (existence == COMMAND_UNKNOWN)
		snprintf(why, COMMAND_WHY_MAX, "there is no command of that name");
	else if (!named)
		snprintf(why, COMMAND_WHY_MAX,
			"%s is not among the commands that this gateway obeys from afar", verb);
	else if (retained)
		snprintf(why, COMMAND_WHY_MAX, "a retained command is not obeyed");
	else if (now_us > c->not_after_us)
		snprintf(why, COMMAND_WHY_MAX, "the command came after its not_after");
	else if (existence == COMMAND_NOT_YET)
		snprintf(why, COMMAND_WHY_MAX, "this version cannot %s", verb);
	else
		return 0;
	return -EPERM;
}

ssize_t command_answer(
	char *buf, size_t size, const char *request, const char *error, const char *result)
{
	struct text t = text_init(buf, size);

	text_lit(&t, "{\"request\":");
	if (request && *request)
		text_json_string(&t, request, strlen(request));
	else
		text_lit(&t, "null");
	if (error) {
		text_lit(&t, ",\"ok\":false,\"error\":");
		text_json_string(&t, error, strlen(error));
	} else {
		text_lit(&t, ",\"ok\":true");
		if (result) {
			text_lit(&t, ",\"result\":");
			text_str(&t, result);
		}
	}
	text_char(&t, '}');
	return text_done(&t);
}

bool command_response_allowed(const char *topic, const char *prefix)
{
	size_t n = strlen(prefix);
	const char *rest;

	if (strnlen(topic, COMMAND_RESPONSE_TOPIC_MAX + 1) > COMMAND_RESPONSE_TOPIC_MAX ||
		!topic_publishable(topic))
		return false;
	if (strncmp(topic, prefix, n) != 0 || (topic[n] != '/' && topic[n] != 0))
		return true;
	topic += n;
	if (strstr(topic, "/beds") || strncmp(topic, "/alarms", 7) == 0)
		return false;
	if (strncmp(topic, "/gateways", 9) != 0)
		return true;
	if (topic[9] != '/')
		return false;
	rest = strchr(topic + 10, '/');
	return rest && (strcmp(rest, "/responses") == 0 || strncmp(rest, "/responses/", 11) == 0);
}

bool command_rate_take(struct command_rate *r, int64_t boot_us)
{
	const int64_t full = 1000000, each = full / COMMAND_RATE;

	/* Time itself is the token: a second of it pays for COMMAND_RATE of them. */
	if (r->last_us == 0)
		r->tokens_us = full;
	else
		r->tokens_us += boot_us - r->last_us;
	r->last_us = boot_us;
	if (r->tokens_us > full)
		r->tokens_us = full;
	if (r->tokens_us < each)
		return false;
	r->tokens_us -= each;
	return true;
}
