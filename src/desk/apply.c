/*
 * The configuration as the engine sees it: rules, devices, beds, the mode. What
 * disappears from it ends with its reason.
 */
#include <errno.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/rules.h"
#include "desk/private.h"
#include "gateway/registry.h"
#include "util/text.h"

/* ---- beds ---- */

static void know_bed(struct desk *d, const char *name)
{
	struct desk_place *p = desk_place_get(d, PIECE_BED, name);

	if (p)
		p->known = true;
}

/* The words of Beds= and the like. */
static void know_beds(struct desk *d, const char *list)
{
	while (*list) {
		char name[LABEL_MAX + 1];
		size_t n = strcspn(list, " ");

		if (n > 0 && n < sizeof(name) && *list != '*') {
			memcpy(name, list, n);
			name[n] = 0;
			know_bed(d, name);
		}
		list += n + strspn(list + n, " ");
	}
}

static void forget_beds(struct desk *d, const struct alarm_now *now)
{
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == PIECE_BED && !p->known) {
		alarms_bed_remove(d->engine, p->name, now);
		desk_place_drop(d, p);
	}
}

static void apply_beds(struct desk *d, const struct config *c)
{
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == PIECE_BED)
		p->known = false;
	for (size_t i = 0; i < c->device_count; i++)
		if (c->devices[i].bed)
			know_bed(d, c->devices[i].bed);
	for (size_t i = 0; i < c->rule_count; i++)
		for (size_t k = 0; k < c->rules[i].count; k++)
			if (strcmp(c->rules[i].items[k].key, "Beds") == 0)
				know_beds(d, c->rules[i].items[k].value);
}

bool desk_has_bed(const struct desk *d, const char *bed)
{
	const struct desk_place *p = desk_place_find(d, PIECE_BED, bed);

	return p && p->known;
}

/* ---- devices ---- */

static void add_device(struct desk *d, const struct device *device, const struct alarm_now *now)
{
	struct desk_place *p = desk_place_get(d, PIECE_DEVICE, device->name->text);
	const char *bed = device->bed ? device->bed->text : NULL;
	int r = p ? 0 : -ENOMEM;

	if (p && !p->added_us)
		p->added_us = now->boot_us;
	if (p && strcmp(p->bed, bed ?: "") != 0) {
		(void)snprintf(p->bed, sizeof(p->bed), "%s", bed ?: "");
		d->heard_changed |= p->heard;
		desk_wake(d);
	}
	if (p && bed && !desk_place_get(d, PIECE_BED, bed))
		r = -ENOMEM;
	if (r == 0)
		r = alarms_device(d->engine, device->name->text, bed, now);
	if (r != 0)
		log_error("a device is not watched by any rule",
			F_STR("WARDGATE_DEVICE", device->name->text),
			F_STR("REASON", r == ALARMS_E_FULL ? "more devices or beds than can be"
							   : "out of memory"));
	if (p)
		desk_touch(d, p, true);
}

static void stand(
	struct desk *d, const struct desk_place *p, const char *bed, const struct alarm_now *now)
{
	/* Its place, so that it is forgotten if the configuration has it no more. */
	if (*bed && !desk_place_get(d, PIECE_BED, bed))
		return;
	if (alarms_device(d->engine, p->name, *bed ? bed : NULL, now) != 0)
		log_error("alarms of a device that was moved may go on at its new bed",
			F_STR("WARDGATE_DEVICE", p->name));
}

void desk_stand_as_then(struct desk *d, const struct alarm_now *now)
{
	FOR_EACH_PLACE(d, i, p)
	if (p->has_former)
		stand(d, p, p->former, now);
}

void desk_stand_as_now(struct desk *d, const struct alarm_now *now)
{
	FOR_EACH_PLACE(d, i, p)
	if (p->has_former) {
		stand(d, p, p->bed, now);
		p->has_former = false;
	}
}

static void remove_device(struct desk *d, const struct device *device, const struct alarm_now *now)
{
	struct desk_place *p = desk_place_find(d, PIECE_DEVICE, device->name->text);

	alarms_device_remove(d->engine, device->name->text, now);
	if (!p)
		return;
	d->heard_changed |= p->heard;
	desk_place_drop(d, p);
	desk_wake(d);
}

void desk_on_device(struct device *device, enum device_event event, void *userdata)
{
	struct desk *d = userdata;
	struct alarm_now now;

	/* The first configuration comes whole, with desk_apply(). */
	if (event == DEVICE_HEARD || !d->restored || d->finished)
		return;
	desk_now(d, &now);
	d->latest_us = now.boot_us;
	switch (event) {
	case DEVICE_ADDED:
		add_device(d, device, &now);
		break;
	case DEVICE_CHANGED:
		add_device(d, device, &now); /* to another bed */
		desk_look_at(d, device, &now);
		break;
	case DEVICE_REMOVED:
		remove_device(d, device, &now);
		break;
	case DEVICE_HEARD:
		break;
	}
	desk_settle(d);
}

/* ---- all of it ---- */

static int apply_rules(struct desk *d, const struct config *c, const struct alarm_now *now)
{
	struct ruleset *rules;
	int r = config_ruleset(c, &rules);

	if (r == 0 && alarms_set_rules(d->engine, rules, now) == -ENOMEM)
		log_error("out of memory: some sensors are not judged by some rules yet");
	return r;
}

int desk_apply(struct desk *d, struct config *c)
{
	bool first = !d->restored;
	struct alarm_now now;
	int r;

	desk_now(d, &now);
	config_unref(d->config);
	d->config = config_ref(c);
	apply_beds(d, c);
	alarms_mode(d->engine, c->gateway.mode == MODE_TRAINING, c->alarms.enabled, &now);
	r = apply_rules(d, c, &now);
	for (size_t i = 0; first && i < registry_count(d->registry); i++)
		add_device(d, registry_at(d->registry, i), &now);
	if (first)
		desk_restore(d, &now);
	forget_beds(d, &now);
	if (first) {
		alarms_continue(d->engine, &now);
	} else {
		/* Limits, pauses and what a bed or rule had may have gone with it. */
		desk_conditions_again(d);
		FOR_EACH_PLACE(d, i, p)
		desk_touch(d, p, false);
	}
	desk_changed(d);
	return r;
}
