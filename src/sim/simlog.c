/* JSON lines of what was sent; see simlog.h for the format. */
#include "sim/simlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/lines.h"
#include "util/text.h"

struct simlog {
	struct lines lines;
};

int simlog_new(struct simlog **ret, const char *path)
{
	_cleanup_(simlog_freep) struct simlog *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	r = lines_open(&l->lines, path, false);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

struct simlog *simlog_free(struct simlog *l)
{
	if (!l)
		return NULL;
	lines_close(&l->lines);
	free(l);
	return NULL;
}

int simlog_error(const struct simlog *l)
{
	return l->lines.error;
}

/* A JSON string of any bytes: what is not plain ASCII becomes "?", since the log is for machines.
 */
static void put_string(struct text *t, const char *s, size_t n)
{
	text_char(t, '"');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"' || s[i] == '\\')
			text_char(t, '\\');
		text_char(t, s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '?');
	}
	text_char(t, '"');
}

static void put_number(struct text *t, uint64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	text_str(t, digits);
}

ssize_t simlog_line(char *buf, size_t size, const char *device, uint32_t pack,
	const struct sample *s, enum simlog_fate fate, unsigned attempts, const char *detail,
	const char *diagnostic, size_t diagnostic_length)
{
	struct text t = text_init(buf, size);
	char value[32] = "", when[25];

	pack_value_text(s, value, sizeof(value));
	pack_time_text(s->time_ms, when);
	text_lit(&t, "{\"device\":");
	put_string(&t, device, strlen(device));
	text_lit(&t, ",\"metric\":\"");
	text_str(&t, quantity_info(s->quantity)->name);
	text_lit(&t, "\",\"value\":");
	text_str(&t, value);
	if (s->sensor_off)
		text_lit(&t, ",\"validity\":\"sensor-off\"");
	text_lit(&t, ",\"time\":\"");
	text_str(&t, when);
	text_lit(&t, "\",\"acknowledged\":");
	text_str(&t, fate == FATE_ACKNOWLEDGED ? "true" : "false");
	text_lit(&t, ",\"pack\":");
	put_number(&t, pack);
	if (fate != FATE_SENT) {
		text_lit(&t, ",\"attempts\":");
		put_number(&t, attempts);
	}
	if (detail) {
		text_str(&t, fate == FATE_REFUSED ? ",\"refused\":" : ",\"dropped\":");
		put_string(&t, detail, strlen(detail));
	}
	if (diagnostic) {
		text_lit(&t, ",\"diagnostic\":");
		put_string(&t, diagnostic, diagnostic_length < 256 ? diagnostic_length : 256);
	}
	text_lit(&t, "}\n");
	return text_done(&t) < 0 ? -ENOBUFS : t.at - t.start;
}

void simlog_samples(struct simlog *l, const char *device, uint32_t pack,
	const struct sample *samples, size_t count, enum simlog_fate fate, unsigned attempts,
	const char *detail, const char *diagnostic, size_t diagnostic_length)
{
	if (l->lines.fd < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		ssize_t n = simlog_line(l->lines.at + l->lines.used,
			sizeof(l->lines.at) - l->lines.used, device, pack, &samples[i], fate,
			attempts, detail, diagnostic, diagnostic_length);

		if (n < 0 && l->lines.used) {
			lines_flush(&l->lines);
			i--;
			continue;
		}
		l->lines.used += n < 0 ? 0 : (size_t)n;
	}
	lines_flush(&l->lines);
}

void simlog_event(struct simlog *l, const char *event, const char *device, const char *more)
{
	struct text t = text_init(l->lines.at, sizeof(l->lines.at));
	struct timespec now;
	char when[25];

	if (l->lines.fd < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	pack_time_text((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, when);
	text_lit(&t, "{\"event\":");
	put_string(&t, event, strlen(event));
	if (device) {
		text_lit(&t, ",\"device\":");
		put_string(&t, device, strlen(device));
	}
	text_lit(&t, ",\"at\":\"");
	text_str(&t, when);
	text_char(&t, '"');
	if (*more) {
		text_char(&t, ',');
		text_str(&t, more);
	}
	text_lit(&t, "}\n");
	l->lines.used = text_done(&t) < 0 ? 0 : (size_t)(t.at - t.start);
	lines_flush(&l->lines);
}
