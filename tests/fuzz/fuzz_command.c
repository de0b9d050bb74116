/*
 * Commands from afar: any bytes as payload; what is taken must be within its
 * caps and its answer must be JSON. The first byte chooses the verb and the
 * flags, the rest is the payload; it also serves as a time and as a response
 * topic.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "publish/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const verbs[] = { "pause", "reset", "observe", "explode" };
static char *const allowed[] = { (char *)"pause", (char *)"observe" };

static void judge(const struct command *c, uint8_t choice, int parsed, char *why)
{
	const struct command_verb *verb = NULL;
	char answer[1024];
	ssize_t n;
	cJSON *object;

	if (parsed == 0) {
		assert(strlen(c->request) <= COMMAND_NAME_MAX && *c->request && *c->by);
		parsed = command_admit(c, verbs[choice & 3], allowed, 2, choice & 4,
			INT64_C(1795255200000000), why, &verb);
		assert(parsed < 0 || verb);
	}
	n = command_answer(answer, sizeof(answer), c->request, parsed < 0 ? why : NULL);
	assert(n > 0);
	object = cJSON_Parse(answer);
	assert(object);
	cJSON_Delete(object);
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
