/*
 * Scripts of vectors. See cluster_script.h.
 */
#include "unit/zigbee/cluster_script.h"

#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

/* 2026-11-21T10:00:00Z */
#define START_US (INT64_C(1795255200) * 1000000)
#define BOOT_US (INT64_C(3600) * 1000000)
#define BYTES_MAX 255
#define KEYS_MAX 16

struct scene {
	struct cluster_device device;
	struct decode_time now;
	struct decoded readings;
	struct text out;
	bool first;
	uint16_t cluster;
	uint8_t endpoint, instance;
	/* of messages that were new */
	uint64_t keys[KEYS_MAX];
	unsigned key_count;
};

static void part(struct scene *s)
{
	if (!s->first)
		text_lit(&s->out, " | ");
	s->first = false;
}

static void show_request(struct scene *s, const struct cluster_request *r)
{
	part(s);
	text_char(&s->out, '>');
	if (r->cluster != s->cluster)
		text_printf(&s->out, "%04X:", r->cluster);
	line_hex(&s->out, r->bytes, r->length);
	if (r->delay_ms != 0)
		text_printf(&s->out, "@%u", r->delay_ms);
	if (!r->numbered) {
		struct zcl_frame f;

		text_char(&s->out, '?');
		assert_int_equal(zcl_read_frame(&f, r->bytes, r->length), 0);
		assert_int_equal(f.header.sequence, 0);
	}
	if (r->settles)
		text_char(&s->out, '!');
}

static void show_facts(struct scene *s)
{
	static const char *const supplies[] = { "unknown", "mains", "battery" };

	for (int i = 0; i < _FACT_MAX; i++)
		if (s->device.facts[i][0] != 0) {
			part(s);
			text_printf(&s->out, "%s=%s", device_fact_text((enum device_fact)i),
				s->device.facts[i]);
		}
	if (s->device.supply != CLUSTER_SUPPLY_UNKNOWN) {
		part(s);
		text_printf(&s->out, "supply=%s", supplies[s->device.supply]);
	}
}

static const char *note_word(unsigned note)
{
	static const char *const words[_CLUSTER_NOTE_MAX] = {
		[CLUSTER_NOTE_ENROLLED] = "enrolled",
		[CLUSTER_NOTE_NOT_ENROLLED] = "not-enrolled",
		[CLUSTER_NOTE_CHECKED_IN] = "checked-in",
		[CLUSTER_NOTE_REFUSED] = "refused",
	};

	assert_true(cluster_note_text((enum cluster_note)note)[0] != 0);
	return words[note];
}

static void show(struct scene *s, int r, const struct cluster_result *out)
{
	static const char *const outcomes[_CLUSTER_E_MAX] = { "", "malformed", "incomplete",
		"overflow", "unknown" };

	for (size_t i = 0; i < s->readings.count; i++) {
		part(s);
		line_reading(&s->out, &s->readings.list[i]);
	}
	if (r != 0) {
		part(s);
		text_printf(&s->out, "!%s", outcomes[r]);
		assert_true(cluster_outcome_text(r)[0] != 0);
	}
	if (out->note != 0) {
		part(s);
		text_printf(&s->out, "!%s", note_word(out->note));
		if (out->status != 0)
			text_printf(&s->out, " %02X", out->status);
	}
	if (out->repeated) {
		part(s);
		text_lit(&s->out, "repeated");
	}
	if (out->event) {
		part(s);
		text_lit(&s->out, "event");
	}
	if (out->battery_percent >= 0) {
		part(s);
		text_printf(&s->out, "battery=%d", out->battery_percent);
	}
	if (out->facts_changed)
		show_facts(s);
	if (out->memory_changed) {
		part(s);
		text_lit(&s->out, "saved");
	}
	for (unsigned i = 0; i < out->request_count; i++)
		show_request(s, &out->requests[i]);
}

/* A message that is repeated has the keys of the first one, any other has new ones. */
static void check_keys(struct scene *s, bool repeated)
{
	for (size_t i = 0; i < s->readings.count; i++) {
		uint64_t key = s->readings.list[i].source_key;
		bool known = false;

		assert_int_not_equal(key, 0);
		for (unsigned j = 0; j < s->key_count; j++)
			known = known || s->keys[j] == key;
		assert_int_equal(known, repeated);
		if (!repeated && s->key_count < KEYS_MAX)
			s->keys[s->key_count++] = key;
	}
}

static bool heard(struct scene *s, const char *hex, bool unicast)
{
	struct cluster_message m = { .cluster = s->cluster,
		.endpoint = s->endpoint,
		.instance = s->instance,
		.unicast = unicast };
	struct cluster_result out;
	uint8_t bytes[BYTES_MAX], *own;
	int r;

	if (!line_read_hex(hex, bytes, sizeof(bytes), &m.length))
		return false;
	/* a block of its own size: a sanitizer sees each byte read beyond the message */
	own = malloc(m.length > 0 ? m.length : 1);
	assert_non_null(own);
	memcpy(own, bytes, m.length);
	m.bytes = own;
	r = cluster_heard(&s->device, &m, &s->now, &s->readings, &out);
	free(own);
	check_keys(s, out.repeated);
	show(s, r, &out);
	return true;
}

static bool asks(struct scene *s, const char *step)
{
	const struct zcl_cluster *row = cluster_find(s->cluster);
	size_t (*ask)(const struct zcl_cluster *, size_t *, void *, size_t);
	uint8_t bytes[CLUSTER_FRAME_MAX];
	size_t at = 0, n;

	if (strcmp(step, "reads") == 0)
		ask = cluster_ask_reads;
	else if (strcmp(step, "reporting") == 0)
		ask = cluster_ask_reporting;
	else if (strcmp(step, "check") == 0)
		ask = cluster_ask_check;
	else
		return false;
	while ((n = ask(row, &at, bytes, sizeof(bytes))) > 0) {
		part(s);
		text_printf(&s->out, "%s=", step);
		line_hex(&s->out, bytes, n);
	}
	return true;
}

static void fact(struct scene *s, enum device_fact f, const char *text)
{
	snprintf(s->device.facts[f], sizeof(s->device.facts[f]), "%s", text);
	for (char *c = s->device.facts[f]; *c; c++)
		if (*c == '+')
			*c = ' ';
	cluster_restored(&s->device);
}

static bool setting(struct scene *s, const char *step)
{
	unsigned number;

	if (strncmp(step, "maker=", 6) == 0)
		fact(s, FACT_MAKER, step + 6);
	else if (strncmp(step, "model=", 6) == 0)
		fact(s, FACT_MODEL, step + 6);
	else if (sscanf(step, "eui=%llx", (unsigned long long *)&s->device.our_eui64) == 1)
		return true;
	else if (strcmp(step, "poll") == 0)
		s->device.wants_poll = true;
	else if (sscanf(step, "c=%x", &number) == 1)
		s->cluster = (uint16_t)number;
	else if (sscanf(step, "ep=%u", &number) == 1)
		s->endpoint = (uint8_t)number;
	else if (sscanf(step, "in=%u", &number) == 1)
		s->instance = (uint8_t)number;
	else
		return false;
	return true;
}

static bool step_of(struct scene *s, const char *step)
{
	struct cluster_result out;
	unsigned seconds;
	int r;

	if (setting(s, step) || asks(s, step))
		return true;
	if (sscanf(step, "t+%u", &seconds) == 1) {
		s->now.boot_us += seconds * INT64_C(1000000);
		s->now.utc_us += seconds * INT64_C(1000000);
		return true;
	}
	if (strcmp(step, "begin") == 0) {
		r = cluster_begin(&s->device, s->cluster, s->endpoint, s->instance, &s->now,
			&s->readings, &out);
		show(s, r, &out);
		return true;
	}
	if (strncmp(step, "m=", 2) == 0 || strncmp(step, "g=", 2) == 0)
		return heard(s, step + 2, step[0] == 'm');
	return false;
}

static const struct zcl_cluster *row_by_file(const char *file)
{
	static const char *const ids[] = {
#define CLUSTER(id) #id,
#include "zigbee/clusters/clusters.def"
#undef CLUSTER
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++)
		if (strcmp(ids[i], file) == 0)
			return cluster_row(i);
	fail_msg("no cluster %s", file);
	return NULL;
}

bool cluster_script(const char *id, char *steps, char *ret, size_t size)
{
	static struct scene s;
	char *save = NULL;

	memset(&s, 0, sizeof(s));
	s.first = true;
	s.now = (struct decode_time){ .boot_us = BOOT_US, .utc_us = START_US };
	s.out = text_init(ret, size);
	s.cluster = row_by_file(id)->id;
	s.endpoint = 1;
	for (char *step = strtok_r(steps, " ", &save); step; step = strtok_r(NULL, " ", &save))
		if (!step_of(&s, step)) {
			print_error("step %s is not understood\n", step);
			return false;
		}
	if (s.first) /* nothing came of it */
		text_lit(&s.out, "-");
	return text_done(&s.out) >= 0;
}
