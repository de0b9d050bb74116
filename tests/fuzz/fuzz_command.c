/*
 * Commands from afar and their arguments: any bytes as payload; what is taken
 * must be within its caps, arguments that pass must be what their row says, and
 * every answer must be JSON. The first byte chooses the verb and the flags, the
 * rest is the payload; it also serves as a time and as a response topic.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/arguments.h"
#include "publish/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct command_argument every_kind[] = {
	{ "text", ARGUMENT_TEXT, .min = 1, .max = 40, .example = "\"x\"" },
	{ "device", ARGUMENT_DEVICE, .required = true, .example = "\"bed3\"" },
	{ "bed", ARGUMENT_BED, .example = "\"3\"" },
	{ "seconds", ARGUMENT_INTEGER, .min = 1, .max = 300, .example = "60" },
	{ "number", ARGUMENT_NUMBER, .example = "36.6" },
	{ "value", ARGUMENT_VALUE, .example = "true" },
	{ "use", ARGUMENT_WORD, .words = "fixed worn shared", .example = "\"fixed\"" },
	{ "time", ARGUMENT_TIME, .example = "\"2026-11-21T10:00:00Z\"" },
	{ "key", ARGUMENT_HEX, .secret = true, .min = 16, .max = 64, .example = "\"00\"" },
	{ .name = NULL },
};
static const struct command_row rows[] = {
	{ .verb = "pause", .arguments = every_kind, .afar = true },
	{ .verb = "reset" },
	{ .verb = "observe", .arguments = every_kind + 1 },
	{ .verb = "explode" },
};
static char *const allowed[] = { (char *)"pause", (char *)"observe" };

static void must_be_json(const char *text)
{
	cJSON *object = cJSON_Parse(text);

	assert(object);
	cJSON_Delete(object);
}

static void judge_arguments(const struct command_row *row, const cJSON *object)
{
	const cJSON *key = cJSON_GetObjectItemCaseSensitive(object, "key");
	char why[COMMAND_SENTENCE_MAX] = "", *text;
	int r = arguments_check(row, object, why);

	assert((r < 0) == (why[0] != 0));
	if (r == 0 && row->arguments) {
		const cJSON *device = cJSON_GetObjectItemCaseSensitive(object, "device");

		assert(cJSON_IsString(device) && strlen(device->valuestring) <= 40);
	}
	text = arguments_for_audit(row, object);
	assert(text);
	must_be_json(text);
	if (cJSON_IsString(key) && strlen(key->valuestring) > 40)
		assert(!strstr(text, key->valuestring));
	cJSON_free(text);
}

static void judge(const struct command *c, uint8_t choice, int parsed, char *why)
{
	const struct command_row *row = &rows[choice & 3];
	char answer[1024];

	if (parsed == 0) {
		assert(strlen(c->request) <= COMMAND_NAME_MAX && *c->request && *c->by);
		judge_arguments(row, c->object);
		parsed = command_admit(c, row->verb, (enum command_existence)((choice >> 3) % 3),
			allowed, 2, choice & 4, INT64_C(1795255200000000), why);
	}
	assert(command_answer(answer, sizeof(answer), c->request, parsed < 0 ? why : NULL, NULL) >
		0);
	must_be_json(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command_rate rate = { 0 };
	struct command c;
	char why[COMMAND_WHY_MAX] = "", *text;
	int64_t us;

	if (size == 0)
		return 0;
	judge(&c, data[0], command_parse(&c, data + 1, size - 1, why), why);
	command_done(&c);
	if (command_parse_local(&c, data + 1, size - 1, why) == 0)
		judge_arguments(&rows[data[0] & 3], c.object);
	command_done(&c);

	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	(void)command_time(text, &us);
	(void)command_response_allowed(text, "p");
	(void)command_rate_take(&rate, (int64_t)size);
	free(text);
	return 0;
}
