/*
 * See drivers.h.
 */
#include "gateway/drivers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define LOG_MODULE "gateway"
#include "util/log.h"

struct running {
	const struct driver *driver;
	void *state;      /* NULL: it does not run */
	char failed[160]; /* why it did not start or take its new settings, "": it did */
};

struct drivers {
	sd_event *event;
	struct gateway *gateway;
	size_t count;
	struct running all[];
};

int drivers_new(
	struct drivers **ret, const struct driver *const *list, sd_event *e, struct gateway *g)
{
	struct drivers *d;
	size_t count = 0;

	while (list[count])
		count++;
	d = calloc(1, sizeof(*d) + count * sizeof(d->all[0]));
	if (!d)
		return -ENOMEM;
	d->event = e;
	d->gateway = g;
	d->count = count;
	for (size_t i = 0; i < count; i++)
		d->all[i].driver = list[i];
	*ret = d;
	return 0;
}

static void stop(struct running *x)
{
	if (x->state)
		x->driver->stop(x->state);
	x->state = NULL;
	x->failed[0] = 0;
}

static void fail(struct running *x, const char *what, int error)
{
	log_error(what, F_STR("DRIVER", x->driver->name), F_ERR(error));
	(void)snprintf(x->failed, sizeof(x->failed), "%s: %s; see the log", what, strerror(-error));
}

struct drivers *drivers_free(struct drivers *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->count; i++)
		stop(&d->all[i]);
	free(d);
	return NULL;
}

static void start(struct drivers *d, struct running *x, struct config *c)
{
	int r = x->driver->start(&x->state, d->event, d->gateway, c);

	if (r < 0) {
		x->state = NULL;
		fail(x, "the driver does not start", r);
	}
}

void drivers_apply(struct drivers *d, struct config *c)
{
	for (size_t i = 0; i < d->count; i++) {
		struct running *x = &d->all[i];
		int r;

		x->failed[0] = 0;
		if (!x->driver->wanted(c)) {
			stop(x);
		} else if (!x->state) {
			start(d, x, c);
		} else {
			r = x->driver->reload(x->state, c);
			if (r < 0)
				fail(x, "the driver keeps its old settings", r);
		}
	}
}

void drivers_forget(struct drivers *d, struct device *device)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->count; i++)
		if (d->all[i].state)
			d->all[i].driver->forget(d->all[i].state, device);
}

void drivers_look(struct drivers *d, int64_t until_us)
{
	for (size_t i = 0; d && i < d->count; i++)
		if (d->all[i].state && d->all[i].driver->look)
			d->all[i].driver->look(d->all[i].state, until_us);
}

const struct pairing *drivers_pairing(const struct drivers *d, void **ret_state)
{
	for (size_t i = 0; d && i < d->count; i++)
		if (d->all[i].state && d->all[i].driver->pairing) {
			*ret_state = d->all[i].state;
			return d->all[i].driver->pairing;
		}
	return NULL;
}

const struct joining *drivers_joining(const struct drivers *d, void **ret_state)
{
	for (size_t i = 0; d && i < d->count; i++)
		if (d->all[i].state && d->all[i].driver->joining) {
			*ret_state = d->all[i].state;
			return d->all[i].driver->joining;
		}
	return NULL;
}

void drivers_quiesce(struct drivers *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->all[i].state)
			d->all[i].driver->quiesce(d->all[i].state);
}

static struct driver_report report_of(const struct running *x)
{
	struct driver_report report = { 0 };

	if (x->state)
		x->driver->report(x->state, &report);
	if (!report.problem && x->failed[0])
		report.problem = x->failed;
	return report;
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

uint64_t drivers_condition(const struct drivers *d)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; d && i < d->count; i++) {
		struct driver_report report = report_of(&d->all[i]);

		hash = mix(hash, report.running);
		for (const char *p = report.problem ?: ""; *p; p++)
			hash = mix(hash, (unsigned char)*p);
		hash = mix(hash, 0);
	}
	return hash;
}

static void put_report(struct text *t, const struct running *x)
{
	struct driver_report report = report_of(x);

	text_printf(t,
		"\"%s\":{\"running\":%s,\"sessions\":%u,\"accepted\":%" PRIu64
		",\"refused\":%" PRIu64 ",\"dropped\":%" PRIu64,
		x->driver->name, report.running ? "true" : "false", report.sessions,
		report.accepted, report.refused, report.dropped);
	if (report.problem) {
		text_lit(t, ",\"problem\":");
		text_json_string(t, report.problem, strlen(report.problem));
	}
	text_char(t, '}');
}

void drivers_report(struct drivers *d, struct text *t)
{
	/* While stopping they are gone before the last status is. */
	if (!d)
		return;
	for (size_t i = 0; i < d->count; i++) {
		if (i)
			text_char(t, ',');
		put_report(t, &d->all[i]);
	}
}
