/*
 * Values that no device measures: what rules work out (NEWS2, a mean kinetic
 * temperature) and what people chart. Both become readings like any other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "desk/private.h"
#include "gateway/registry.h"

/* The device that such values are said to come from. NULL without memory. */
static struct device *own_device(struct desk *d, const char *name)
{
	struct device *x, **more;

	for (size_t i = 0; i < d->own_count; i++)
		if (strcmp(d->own[i]->name->text, name) == 0)
			return d->own[i];
	more = realloc(d->own, (d->own_count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	d->own = more;
	x = calloc(1, sizeof(*x));
	if (!x || label_new(&x->name, name) < 0) {
		free(x);
		return NULL;
	}
	d->own[d->own_count++] = x;
	return x;
}

/* ---- computed ---- */

void desk_on_computed(void *userdata, const struct alarm_computed *c)
{
	struct desk *d = userdata;
	struct desk_computed *x = &d->computed[d->computed_count];
	char text[DETAIL_MAX + 1];
	ssize_t n = desk_components(text, sizeof(text), c);
	struct reading r = {
		.metric = (uint8_t)c->metric,
		.kind = c->complete ? VALUE_NUMBER : VALUE_NONE,
		.number = c->complete ? c->value : (struct decimal){ 0 },
		.validity = c->complete ? VALIDITY_VALID : VALIDITY_NOT_MEASURED,
		.reason = c->complete ? WORD_NONE : WORD_INCOMPLETE,
		.origin = ORIGIN_CALCULATED,
		.flags = c->flags & (FLAG_DEMO | FLAG_TEST),
	};
	struct desk_place *p = c->bed ? desk_place_find(d, PIECE_BED, c->bed) : NULL;

	/* So many wait only when the loop was held up. What is left out here the engine has judged;
	 * it gives the next one when that is due. */
	if (d->computed_count == DESK_COMPUTED_MAX || c->metric == METRIC_NONE) {
		d->computed_lost += c->metric != METRIC_NONE;
		return;
	}
	if (p)
		desk_touch(d, p, false);
	if (c->bed && label_new(&r.bed, c->bed) < 0)
		return;
	if (n > 0 && detail_new(&r.detail, text, (size_t)n) < 0)
		r.detail = NULL;
	*x = (struct desk_computed){ .reading = r };
	(void)snprintf(x->name, sizeof(x->name), "%s", c->device ?: c->rule);
	x->of_device = c->device;
	d->computed_count++;
	desk_wake(d);
}

void desk_submit_computed(struct desk *d)
{
	for (size_t i = 0; i < d->computed_count; i++) {
		struct desk_computed *x = &d->computed[i];
		struct device *device = x->of_device ? registry_by_name(d->registry, x->name)
						     : own_device(d, x->name);

		d->submitting = true;
		if (device && gateway_submit_own(
				      d->parts.gateway, device, &x->reading, NULL, NULL, NULL) < 0)
			log_error("a computed value cannot be kept", F_STR("RULE", x->name));
		d->submitting = false;
		x->reading.device = NULL;
		reading_release(&x->reading);
	}
	d->computed_count = 0;
	if (d->computed_lost)
		log_warning("more values were computed at once than can wait; those are left out",
			F_INT("COUNT", d->computed_lost));
	d->computed_lost = 0;
}

/* ---- charted ---- */

int desk_observe(struct desk *d, const struct desk_observation *o, receipt_fn done, void *userdata,
	struct receipt **ret)
{
	struct reading r = {
		.metric = (uint8_t)o->metric,
		.kind = (uint8_t)o->kind,
		.number = o->number,
		.boolean = o->boolean,
		.word = o->word,
		.origin = ORIGIN_MANUAL,
		.flags = FLAG_EPISODIC,
		.time_us = o->time_us,
		.time_source = o->time_us ? TIME_OPERATOR : TIME_GATEWAY,
	};
	struct device *device;
	int e;

	if (!desk_has_bed(d, o->bed))
		return DESK_E_UNKNOWN_BED;
	device = own_device(d, "charted");
	if (!device)
		return -ENOMEM;
	e = label_new(&r.bed, o->bed);
	if (e == 0 && o->by && *o->by)
		e = label_new(&r.by, o->by);
	if (e == 0) {
		d->charting = true;
		e = gateway_submit_own(d->parts.gateway, device, &r, done, userdata, ret);
		d->charting = false;
	}
	reading_release(&r);
	return e;
}

void desk_values_free(struct desk *d)
{
	for (size_t i = 0; i < d->computed_count; i++)
		reading_release(&d->computed[i].reading);
	free(d->computed);
	for (size_t i = 0; i < d->own_count; i++) {
		label_unref(d->own[i]->name);
		free(d->own[i]);
	}
	free(d->own);
}
