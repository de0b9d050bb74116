/* JSON lines of what the simulated devices sent; see ble_log.h. */
#include "sim/ble_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/lines.h"
#include "util/text.h"

struct sble_log {
	struct lines lines;
	uint32_t next_pack;
};

#define LINE_MAX_BYTES 2048

int sble_log_new(struct sble_log **ret, const char *path, bool again)
{
	_cleanup_(sble_log_freep) struct sble_log *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->next_pack = 1;
	r = lines_open(&l->lines, path, again);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

bool sble_log_open(const struct sble_log *l)
{
	return l->lines.fd >= 0;
}

struct sble_log *sble_log_free(struct sble_log *l)
{
	if (!l)
		return NULL;
	lines_flush(&l->lines);
	lines_close(&l->lines);
	free(l);
	return NULL;
}

int sble_log_error(const struct sble_log *l)
{
	return l->lines.error;
}

void sble_log_flush(struct sble_log *l)
{
	lines_flush(&l->lines);
}

struct text sble_log_line(struct sble_log *l)
{
	if (sizeof(l->lines.at) - l->lines.used < LINE_MAX_BYTES)
		sble_log_flush(l);
	return text_init(l->lines.at + l->lines.used, LINE_MAX_BYTES);
}

void sble_log_keep(struct sble_log *l, struct text *t)
{
	ssize_t n;

	text_lit(t, "}\n");
	n = text_done(t);
	if (n > 0)
		l->lines.used += (size_t)n;
}

void sble_log_member(struct text *t, const char *name, const char *value)
{
	text_lit(t, ",\"");
	text_str(t, name);
	text_lit(t, "\":");
	text_json_string(t, value, strlen(value));
}

static void put_flags(struct text *t, const char *flags)
{
	text_lit(t, ",\"flags\":[");
	while (*flags) {
		size_t n = strcspn(flags, ",");

		text_json_string(t, flags, n);
		flags += n;
		if (*flags) {
			text_char(t, ',');
			flags++;
		}
	}
	text_char(t, ']');
}

static void put_value(struct text *t, const struct sble_value *v)
{
	text_lit(t, ",\"value\":");
	if (v->none)
		text_lit(t, "null");
	else if (v->word)
		text_str(t, v->word);
	else
		text_decimal(t, v->number);
	if (v->instance) {
		text_lit(t, ",\"instance\":");
		text_u64(t, v->instance);
	}
	if (v->validity)
		sble_log_member(t, "validity", v->validity);
	if (v->reason)
		sble_log_member(t, "reason", v->reason);
	if (*v->flags)
		put_flags(t, v->flags);
	if (*v->raw)
		sble_log_member(t, "raw", v->raw);
}

void sble_log_message(struct sble_log *l, const char *device, struct sble_message *m,
	bool acknowledged, const char *dropped)
{
	static const char *const ways[] = { [SBLE_NOTIFICATION] = "notification",
		[SBLE_INDICATION] = "indication",
		[SBLE_ADVERTISEMENT] = "advertisement",
		[SBLE_READ] = "read" };

	if (!m->pack)
		m->pack = l->next_pack++;
	if (l->lines.fd < 0)
		return;
	for (size_t i = 0; i < m->count; i++) {
		struct text t = sble_log_line(l);

		text_lit(&t, "{\"device\":");
		text_json_string(&t, device, strlen(device));
		sble_log_member(&t, "metric", m->values[i].metric);
		put_value(&t, &m->values[i]);
		text_lit(&t, ",\"time\":\"");
		text_time(&t, m->utc_ms * 1000);
		text_char(&t, '"');
		if (m->device_ms != INT64_MIN) {
			text_lit(&t, ",\"device_time\":\"");
			text_local_time(&t, m->device_ms * 1000);
			text_char(&t, '"');
		}
		text_lit(&t, ",\"acknowledged\":");
		text_str(&t, acknowledged ? "true" : "false");
		if (dropped)
			sble_log_member(&t, "dropped", dropped);
		sble_log_member(&t, "by", ways[m->way]);
		text_lit(&t, ",\"pack\":");
		text_u64(&t, m->pack);
		sble_log_keep(l, &t);
	}
}

void sble_log_event(
	struct sble_log *l, const char *event, const char *device, const char *more, ...)
{
	char members[512] = "";
	struct timespec now;
	struct text t;
	va_list ap;

	if (l->lines.fd < 0)
		return;
	t = sble_log_line(l);
	clock_gettime(CLOCK_REALTIME, &now);
	text_lit(&t, "{\"event\":");
	text_json_string(&t, event, strlen(event));
	if (device)
		sble_log_member(&t, "device", device);
	text_lit(&t, ",\"at\":\"");
	text_time(&t, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	text_char(&t, '"');
	if (more) {
		va_start(ap, more);
		vsnprintf(members, sizeof(members), more, ap);
		va_end(ap);
		text_char(&t, ',');
		text_str(&t, members);
	}
	sble_log_keep(l, &t);
}

struct sble_value *sble_message_add(
	struct sble_message *m, const char *metric, int64_t mantissa, int exponent)
{
	struct sble_value *v = &m->values[m->count++];

	assert(m->count <= SBLE_VALUES_MAX);
	*v = (struct sble_value){ .metric = metric,
		.number = { .mantissa = mantissa, .exponent = (int8_t)exponent } };
	return v;
}

void sble_value_flag(struct sble_value *v, const char *flag)
{
	size_t n = strlen(v->flags);

	if (strstr(v->flags, flag))
		return;
	snprintf(v->flags + n, sizeof(v->flags) - n, "%s%s", n ? "," : "", flag);
}

void sble_message_flag(struct sble_message *m, const char *flag)
{
	for (size_t i = 0; i < m->count; i++)
		sble_value_flag(&m->values[i], flag);
}
