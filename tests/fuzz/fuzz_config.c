/*
 * Configuration: any bytes as wardgate.conf, a drop-in and an adopted device
 * (separated by form feeds), or, when the first byte is P, as a key file. No
 * file is touched. What reads well must print and read back to the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/ruleset.h"
#include "config/diff.h"
#include "config/print.h"
#include "config/psk.h"
#include "config/read.h"
#include "config/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct config_options options = {
	.host_name = "Host.example", .state_directory = "/var/lib/wardgate", .bytes_only = true
};

/* One line each, with a place in front. */
static void judge_problems(const struct config_problems *p, int result, const char *paths)
{
	assert((result == CONFIG_E_INVALID) == (p->error_count > 0));
	for (size_t i = 0; i < p->error_count; i++) {
		assert(strchr(paths, p->errors[i][0]) && p->errors[i][1] == '.');
		assert(!strchr(p->errors[i], '\n'));
		assert(strstr(p->errors[i], ": "));
	}
}

static void judge_keys(const uint8_t *data, size_t size)
{
	struct config_problems p = { 0 };
	struct psk_table *t = NULL;
	size_t length = 0;
	int r = psk_parse("k.psk", data, size, &t, &p);

	judge_problems(&p, r, "k");
	if (t) {
		const uint8_t *key = psk_find(t, data, size < 4 ? size : 4, &length);

		assert(psk_count(t) <= PSK_ENTRIES_MAX);
		assert(!key || (length >= PSK_KEY_MIN && length <= PSK_KEY_MAX));
	}
	psk_free(t);
	config_problems_done(&p);
}

static void judge_config(struct config *c)
{
	struct config_problems p = { 0 };
	struct config *again = NULL;
	struct ruleset *rules = NULL;
	char *text = NULL;
	size_t size;
	FILE *f;
	int r;

	for (size_t i = 1; i < c->device_count; i++)
		assert(strcmp(c->devices[i - 1].name, c->devices[i].name) < 0);
	assert(c->mqtt.broker_count > 0 && c->mqtt.payloads.count > 0);

	/* what passed the check, the alarm engine takes */
	r = config_ruleset(c, &rules);
	assert(r == 0);
	ruleset_free(rules);

	f = open_memstream(&text, &size);
	assert(f);
	r = config_print(c, f);
	fclose(f);
	assert(r == 0);
	r = config_read_bytes("a.conf", text, size, &options, &again, &p);
	assert(r == 0);
	assert(config_same(c, again));
	assert(config_same_session(c, again, "MQTT"));
	r = config_keep_running(again, c, &p);
	assert(r == 0);
	config_unref(again);
	config_problems_done(&p);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_text texts[3] = { { .path = "a.conf" }, { .path = "b.conf" },
		{ .path = "c.conf", .adopted = true } };
	struct config_problems p = { 0 };
	struct config *c = NULL;
	int r;

	if (size > 0 && *data == 'P') {
		judge_keys(data + 1, size - 1);
		return 0;
	}

	for (size_t i = 0; i < 3; i++) {
		const uint8_t *feed = size > 0 && i < 2 ? memchr(data, '\f', size) : NULL;

		texts[i].data = data;
		texts[i].size = feed ? (size_t)(feed - data) : size;
		data += texts[i].size + (feed != NULL);
		size -= texts[i].size + (feed != NULL);
	}
	r = config_read_texts(texts, 3, &options, &c, &p);
	judge_problems(&p, r, "abc");
	assert(r == 0 ? c != NULL : c == NULL);
	if (c)
		judge_config(c);
	config_unref(c);
	config_problems_done(&p);
	return 0;
}
