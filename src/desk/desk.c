/*
 * The desk's life, its deadlines, and the readings that it is shown. See desk.h.
 */
#include "desk/desk.h"

#include <errno.h>
#include <stdlib.h>

#include "config/config.h"
#include "gateway/gateway.h"

struct desk {
	struct desk_parts parts;
	struct alarms *engine;
};

int desk_new(struct desk **ret, const struct desk_parts *parts)
{
	_cleanup_(desk_freep) struct desk *d = calloc(1, sizeof(*d));
	struct alarms_options options = { .epoch = gateway_epoch(parts->gateway) };
	int r;

	if (!d)
		return -ENOMEM;
	d->parts = *parts;
	r = alarms_new(&d->engine, &options);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

struct desk *desk_free(struct desk *d)
{
	if (!d)
		return NULL;
	alarms_free(d->engine);
	free(d);
	return NULL;
}

int desk_apply(struct desk *d, struct config *c)
{
	return 0;
}

void desk_finish(struct desk *d)
{
}

struct alarms *desk_engine(struct desk *d)
{
	return d->engine;
}

void desk_now(const struct desk *d, struct alarm_now *ret)
{
	struct stamp now = clock_now(gateway_clock(d->parts.gateway));

	*ret = (struct alarm_now){ .boot_us = now.boot_us, .utc_us = now.realtime_us };
}

void desk_changed(struct desk *d)
{
}

int desk_when_kept(struct desk *d, desk_kept_fn done, void *userdata)
{
	return -EOPNOTSUPP;
}

void desk_forget(struct desk *d, void *userdata)
{
}

void desk_kept(struct desk *d, int error)
{
}

void desk_each(const struct desk *d,
	void (*fn)(const char *key, const char *document, void *userdata), void *userdata)
{
}

const char *desk_find(const struct desk *d, const char *name)
{
	return NULL;
}

bool desk_has_bed(const struct desk *d, const char *bed)
{
	return false;
}

int desk_observe(struct desk *d, const struct desk_observation *o, receipt_fn done, void *userdata,
	struct receipt **ret)
{
	return -EOPNOTSUPP;
}

void desk_condition(struct desk *d, enum alarm_condition condition, const char *device,
	bool present, const char *text)
{
}

void desk_config_rejected(struct desk *d, const char *first_error)
{
}
