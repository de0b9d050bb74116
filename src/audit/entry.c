/*
 * See entry.h.
 */
#include "audit/entry.h"

#include <inttypes.h>
#include <string.h>

#include "control/commands.h"
#include "publish/refusals.h"
#include "util/text.h"
#include "wardgate/alarm.h"

#define ARGUMENTS_MAX 1200
#define TEXT_MAX 400

static void put_time(struct text *t, const char *key, int64_t utc_us)
{
	text_printf(t, ",\"%s\":\"", key);
	text_time(t, utc_us);
	text_char(t, '"');
}

static void put_text(struct text *t, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	text_printf(t, ",\"%s\":", key);
	text_json_string(t, value, strnlen(value, TEXT_MAX));
}

static struct text begin(char *buf, size_t size, int64_t time_us, const char *kind)
{
	struct text t = text_init(buf, size);

	text_printf(&t, "\"kind\":\"%s\"", kind);
	put_time(&t, "time", time_us);
	return t;
}

ssize_t entry_command(char *buf, size_t size, const struct command_audit *a)
{
	struct text t = begin(buf, size, a->time_us, "command");

	text_printf(&t, ",\"way\":\"%s\"", a->way == COMMAND_BY_BUS ? "bus" : "mqtt");
	put_text(&t, "origin", a->origin);
	put_text(&t, "by", a->by);
	put_text(&t, "verb", a->verb);
	put_text(&t, "request", a->request);
	if (a->arguments && strlen(a->arguments) <= ARGUMENTS_MAX) {
		text_lit(&t, ",\"arguments\":");
		text_str(&t, a->arguments);
	} else if (a->arguments) {
		text_printf(&t, ",\"arguments_bytes\":%zu", strlen(a->arguments));
	}
	put_text(&t, "outcome", command_outcome_text(a->outcome));
	put_text(&t, "error", a->error);
	return text_done(&t);
}

ssize_t entry_refused(char *buf, size_t size, const struct publish_refusals *r)
{
	struct text t = begin(buf, size, r->last_us, "refused");

	text_printf(&t, ",\"count\":%" PRIu64, r->count);
	put_time(&t, "first", r->first_us);
	put_text(&t, "why", refusal_text(r->why));
	put_text(&t, "verbs", r->verbs);
	return text_done(&t);
}

static void put_limits(struct text *t, const char *key, const struct alarm_limits *l)
{
	text_printf(t, ",\"%s\":{", key);
	if (l->has_low) {
		text_lit(t, "\"low\":");
		text_decimal(t, l->low);
	}
	if (l->has_high) {
		text_str(t, l->has_low ? ",\"high\":" : "\"high\":");
		text_decimal(t, l->high);
	}
	text_char(t, '}');
}

ssize_t entry_limits(char *buf, size_t size, const struct limit_change *c)
{
	struct text t = begin(buf, size, c->time_us, "limits");

	put_text(&t, "rule", c->rule);
	put_text(&t, "level", limit_level_text(c->level));
	put_text(&t, "bed", c->bed);
	put_text(&t, "patient", c->patient);
	put_text(&t, "by", c->by);
	put_limits(&t, "before", &c->before);
	put_limits(&t, "now", &c->now);
	put_text(&t, "why", c->why);
	return text_done(&t);
}

ssize_t entry_reload(char *buf, size_t size, int64_t time_us, size_t errors)
{
	struct text t = begin(buf, size, time_us, "reload");

	put_text(&t, "origin", "SIGHUP");
	put_text(&t, "outcome", errors ? "Configuration" : "Done");
	if (errors)
		text_printf(&t, ",\"errors\":%zu", errors);
	return text_done(&t);
}

ssize_t entry_lost(char *buf, size_t size, int64_t time_us, uint64_t count)
{
	struct text t = begin(buf, size, time_us, "lost");

	text_printf(&t, ",\"count\":%" PRIu64, count);
	return text_done(&t);
}
