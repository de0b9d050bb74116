/*
 * wardgatectl outbox: what waits for the broker. What the daemon holds in memory
 * it says itself, when it runs; what is on the disk is read from the database
 * with or without it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>

#include "config/config.h"
#include "ctl/asides.h"
#include "ctl/bus.h"
#include "ctl/forecast.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/outbox_daemon.h"
#include "ctl/stored.h"
#include "ctl/term.h"
#include "util/cleanup.h"
#include "util/reasons.h"
#include "util/text.h"

#define DATABASE "outbox.db"

struct outbox_view {
	const struct config *config;
	const char *path;
	struct stored stored;
	struct forecast_bounds bounds;
	struct forecast forecast;
	const char *daemon; /* its document; NULL: it does not run */
};

/* --- for people --- */

__attribute__((format(printf, 2, 3))) static void line(const char *what, const char *format, ...)
{
	va_list args;

	printf("  %-13s", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_waiting(const struct outbox_view *v)
{
	const struct stored *s = &v->stored;
	char readings[HUMAN_MAX], events[HUMAN_MAX], when[HUMAN_MAX], age[HUMAN_MAX];

	if (s->readings + s->events == 0)
		line("waiting", "nothing on disk");
	else
		line("waiting", "%s reading%s, %s record%s or alarm event%s",
			human_count(readings, s->readings), plural(s->readings),
			human_count(events, s->events), plural(s->events), plural(s->events));
	if (s->oldest_ms)
		line("oldest", "%s, %s ago", human_time(when, s->oldest_ms),
			human_duration(age, (v->bounds.now_ms - s->oldest_ms) / 1000));
	if (s->newest_ms)
		line("newest", "%s, %s ago", human_time(when, s->newest_ms),
			human_duration(age, (v->bounds.now_ms - s->newest_ms) / 1000));
	if (s->asides)
		line("set aside", "%" PRIu64 " of these, which are no longer tried", s->asides);
	if (s->owed_gaps)
		line("gaps", "%" PRIu64 " record%s still to be published, of %s given up",
			s->owed_gaps, plural(s->owed_gaps), human_count(readings, s->owed_numbers));
}

static void print_room(const struct outbox_view *v)
{
	const struct stored *s = &v->stored;
	const struct forecast *f = &v->forecast;
	char a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX];

	line("file", "%s, %s of it in use; MaxSize=%s", human_size(a, s->file_bytes + s->log_bytes),
		human_size(b, s->used_bytes), human_size(c, v->bounds.max_size));
	if (v->bounds.free_bytes >= 0)
		line("disk", "%s free; KeepFree=%s%s", human_size(a, v->bounds.free_bytes),
			human_size(b, v->bounds.keep_free),
			f->by_keep_free ? ", which is the nearer limit" : "");
	if (f->measured)
		line("a reading", "takes %.0f bytes", f->bytes_per_reading);
	else
		line("a reading", "takes at most %d bytes (too few are stored to measure)",
			FORECAST_BYTES);
	if (f->rate > 0)
		line("rate", "%s readings/s (%s stored since %s)", human_rate(a, f->rate),
			human_count(b, s->sample), human_time(c, s->sample_ms));
	if (f->full)
		line("full", "now: the oldest readings give way to the newest");
	else if (f->full_s >= 0)
		line("full in", "%s at this rate", human_duration(a, f->full_s));
	if (f->ward_s >= 0)
		line("full ward", "%s until %s: %" PRIu64 " device%s at %s readings/s each, %s",
			human_duration(a, f->ward_s),
			f->ward_by_age ? "MaxAge=" : "MaxSize=", f->ward_devices,
			plural(f->ward_devices), human_rate(b, f->ward_each),
			f->ward_measured ? "as heard" : "assumed");
}

static int print_asides(const struct outbox_view *v)
{
	const struct stored *s = &v->stored;
	_cleanup_(asides_freep) struct asides *asides = NULL;
	int r = asides_new(&asides);

	for (size_t i = 0; r == 0 && i < s->aside_count; i++) {
		const struct stored_aside *a = &s->aside[i];
		char id[160];

		snprintf(id, sizeof(id), "%s:%s", v->config->gateway.name, a->id);
		r = asides_add(asides, &(struct aside_line){ id, a->what, a->since_ms, a->tries,
					       a->reason, reason_text(a->reason) });
	}
	if (r < 0)
		return r;
	asides_print(asides, s->asides);
	return 0;
}

static int print_for_people(const struct outbox_view *v)
{
	printf("%s: %s\n", v->config->gateway.name, v->path);
	if (!v->daemon)
		line("wardgated", "is not there to ask: as it lies on the disk");
	print_waiting(v);
	print_room(v);
	if (v->daemon)
		return outbox_print_daemon(v->daemon);
	return v->stored.aside_count > 0 ? print_asides(v) : 0;
}

/* --- for programs --- */

static void put_time(const char *key, int64_t utc_ms)
{
	char buf[32];
	struct text t = text_init(buf, sizeof(buf));

	text_time(&t, utc_ms * 1000);
	if (utc_ms && text_done(&t) > 0)
		printf(",\"%s\":\"%s\"", key, buf);
	else
		printf(",\"%s\":null", key);
}

/* null for what is unknown, here below 0 */
static void put_seconds(const char *key, int64_t seconds)
{
	if (seconds < 0)
		printf(",\"%s\":null", key);
	else
		printf(",\"%s\":%" PRId64, key, seconds);
}

static void put_asides(const struct outbox_view *v)
{
	fputs(",\"set_aside\":[", stdout);
	for (size_t i = 0; i < v->stored.aside_count; i++) {
		const struct stored_aside *a = &v->stored.aside[i];
		char id[160];

		snprintf(id, sizeof(id), "%s:%s", v->config->gateway.name, a->id);
		fputs(i ? ",{\"id\":" : "{\"id\":", stdout);
		text_print_json(stdout, id);
		fputs(",\"what\":", stdout);
		text_print_json(stdout, a->what);
		put_time("since", a->since_ms);
		printf(",\"tries\":%" PRIu64 ",\"reason_code\":%u,\"reason\":", a->tries,
			a->reason);
		text_print_json(stdout, reason_text(a->reason));
		putchar('}');
	}
	putchar(']');
}

static void print_for_programs(const struct outbox_view *v)
{
	const struct stored *s = &v->stored;
	const struct forecast *f = &v->forecast;

	fputs("{\"gateway\":", stdout);
	text_print_json(stdout, v->config->gateway.name);
	fputs(",\"database\":", stdout);
	text_print_json(stdout, v->path);
	printf(",\"readings\":%" PRIu64 ",\"events\":%" PRIu64 ",\"aside\":%" PRIu64, s->readings,
		s->events, s->asides);
	put_time("oldest", s->oldest_ms);
	put_time("newest", s->newest_ms);
	printf(",\"owed\":{\"gaps\":%" PRIu64 ",\"numbers\":%" PRIu64 ",\"epochs\":%" PRIu64 "}",
		s->owed_gaps, s->owed_numbers, s->owed_epochs);
	printf(",\"file_bytes\":%" PRId64 ",\"used_bytes\":%" PRId64 ",\"limit_bytes\":%" PRId64
	       ",\"max_size\":%" PRId64 ",\"keep_free\":%" PRId64,
		s->file_bytes + s->log_bytes, s->used_bytes, f->limit_bytes, v->bounds.max_size,
		v->bounds.keep_free);
	put_seconds("free_bytes", v->bounds.free_bytes);
	printf(",\"bytes_per_reading\":%.1f,\"bytes_per_reading_measured\":%s",
		f->bytes_per_reading, f->measured ? "true" : "false");
	if (f->rate > 0)
		printf(",\"readings_per_second\":%.3f", f->rate);
	else
		fputs(",\"readings_per_second\":null", stdout);
	put_seconds("full_in_seconds", f->full_s);
	printf(",\"ward\":{\"devices\":%" PRIu64 ",\"readings_per_second_each\":%.3f"
	       ",\"measured\":%s",
		f->ward_devices, f->ward_each, f->ward_measured ? "true" : "false");
	put_seconds("fits_seconds", f->ward_s);
	putchar('}');
	put_asides(v);
	fputs(",\"daemon\":", stdout);
	json_put_document(stdout, v->daemon ?: "");
	puts("}");
}

/* --- */

static struct forecast_bounds bounds_of(const struct config *c)
{
	struct forecast_bounds b = {
		.max_size = (int64_t)c->store.max_size,
		.keep_free = (int64_t)c->store.keep_free,
		.max_age_us = c->store.max_age_us,
		.free_bytes = -1,
		.devices = c->device_count,
	};
	struct timespec now;
	struct statvfs fs;

	clock_gettime(CLOCK_REALTIME, &now);
	b.now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (statvfs(c->gateway.state_directory, &fs) == 0)
		b.free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	return b;
}

/* What the daemon says, NULL when it cannot be asked: then the disk is all there is. */
static char *ask_daemon(const struct ctl *ctl)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	char *document = NULL;

	if (bus_open(&bus, ctl, &p) != 0 || bus_ask(bus, &p, &document, "GetOutbox", NULL) != 0)
		return NULL;
	return document;
}

/* The disk cannot be read, but the daemon speaks: members of the group may ask it and not look. */
static int print_daemon_alone(const struct ctl *ctl, const char *document, const char *why)
{
	if (ctl->json) {
		fputs("{\"daemon\":", stdout);
		json_put_document(stdout, document);
		puts("}");
		return EXIT_SUCCESS;
	}
	if (outbox_print_daemon(document) < 0)
		return ctl_fail("out of memory");
	line("disk", "not shown: %s", why);
	return EXIT_SUCCESS;
}

int verb_outbox(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(config_unrefp) struct config *config = NULL;
	_cleanup_(freep) char *path = NULL, *document = NULL;
	struct outbox_view v = { 0 };
	char why[STORED_WHY_MAX];
	int r;

	if (argc > 1 && (strcmp(argv[1], "retry") == 0 || strcmp(argv[1], "drop") == 0))
		return outbox_aside(ctl, argc - 1, argv + 1);
	if (argc > 1)
		return ctl_misused(
			"outbox takes retry or drop and no other argument, and got \"%s\"",
			argv[1]);
	document = ask_daemon(ctl);
	if (document && access(ctl->config_path, R_OK) < 0)
		return print_daemon_alone(ctl, document, "the configuration cannot be read");
	r = ctl_config(ctl, &config);
	if (r != 0)
		return r;
	if (asprintf(&path, "%s/" DATABASE, config->gateway.state_directory) < 0) {
		path = NULL;
		return ctl_fail("out of memory");
	}
	r = stored_read(path, &v.stored, why);
	if (r < 0 && document)
		return print_daemon_alone(ctl, document, why);
	if (r < 0)
		return ctl_failed(r == -EACCES ? EX_NOPERM : EXIT_FAILURE, why);
	v.config = config;
	v.path = path;
	v.bounds = bounds_of(config);
	v.daemon = document;
	forecast(&v.stored, &v.bounds, &v.forecast);
	if (ctl->json)
		print_for_programs(&v);
	else
		r = print_for_people(&v);
	stored_done(&v.stored);
	return r < 0 ? ctl_fail("out of memory") : EXIT_SUCCESS;
}
