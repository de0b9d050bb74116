/*
 * Checks of [Device NAME] and [Rule NAME].
 */
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "wardgate/metric.h"

/* Whether the driver of that transport is to run. */
static bool is_enabled(const struct config *c, enum transport t)
{
	switch (t) {
	case TRANSPORT_BLE:
		return c->ble.enabled;
	case TRANSPORT_ZIGBEE:
		return c->zigbee.enabled;
	case TRANSPORT_COAP:
		return c->coap.enabled;
	case _TRANSPORT_MAX:
		break;
	}
	return false;
}

static const char *transport_word(enum transport t)
{
	const struct config_row *row = config_row_by_key(&config_groups[GROUP_DEVICE], "Transport");

	return config_word_text(row->words, (int)t);
}

/* Keys of another transport than the device's. */
static void check_transport_keys(struct check *k, struct config_section *s, enum transport t)
{
	for (size_t i = 0; i < s->group->count; i++) {
		const struct config_row *row = &s->group->rows[i];
		enum transport right =
			row->transports ? (enum transport)__builtin_ctz(row->transports) : t;

		if (row->transports && !(row->transports & (1u << t)) && s->values[i].given)
			config_blame(k, s, row->key,
				"is for Transport=%s, and this device has Transport=%s; leave it "
				"out",
				transport_word(right), transport_word(t));
	}
}

static int check_device(struct check *k, struct config_section *s)
{
	const struct config_row *transport = config_row_by_key(s->group, "Transport");
	const struct config_device *d = s->base;
	int r;

	if (d->bed && d->use != USE_FIXED)
		config_blame(k, s, "Bed",
			"goes with Use=fixed only; a worn device follows its patient, a shared "
			"one its assignment");
	if (!config_is_given(s, "Transport") || config_value(s, transport)->bad)
		return 0;

	check_transport_keys(k, s, d->transport);
	if (!is_enabled(k->c, d->transport)) {
		config_doubt(k, s, "Transport",
			"is not enabled, so that nothing will be heard of the device; set "
			"Enabled=yes in [%s]",
			d->transport == TRANSPORT_BLE      ? "BLE"
			: d->transport == TRANSPORT_ZIGBEE ? "Zigbee"
							   : "CoAP");
		return 0;
	}
	r = config_check_file(k, s, "BindKey");
	return r == 0 ? config_check_file(k, s, "InstallCode") : r;
}

int config_check_devices(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_DEVICE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->count; i++)
		r = check_device(k, l->at[i]);
	return r;
}

/* -1, 0, 1 as a is below, at or above b; both texts were checked. */
static int compare(const char *a, const char *b)
{
	struct decimal x = { 0 }, y = { 0 };
	struct config_why why;

	config_parse_decimal(a, &x, &why);
	config_parse_decimal(b, &y, &why);
	return config_compare_decimals(x, y);
}

static void check_limits(struct check *k, struct config_section *s)
{
	const struct config_rule_fields *f = s->base;

	if (!config_is_given(s, "Below") && !config_is_given(s, "Above"))
		config_blame(k, s, "Type", "needs Below= or Above=; give e.g. Below=90");
	if (f->below && f->above && compare(f->below, f->above) >= 0)
		config_blame(k, s, "Below",
			"is not below Above=%s, so that every value would alarm; give limits that "
			"leave room between them",
			f->above);
	if (!f->clear_at)
		return;
	if (f->below && f->above)
		config_blame(k, s, "ClearAt",
			"is ambiguous with both Below= and Above=; make two rules");
	else if (f->below && compare(f->clear_at, f->below) < 0)
		config_blame(k, s, "ClearAt",
			"is below Below=%s, where the alarm would never rest; give %s or more",
			f->below, f->below);
	else if (f->above && compare(f->clear_at, f->above) > 0)
		config_blame(k, s, "ClearAt",
			"is above Above=%s, where the alarm would never rest; give %s or less",
			f->above, f->above);
}

static void check_alone(
	struct check *k, struct config_section *s, const char *key, const struct config_list *l)
{
	for (size_t i = 0; i < l->count && l->count > 1; i++)
		if (strcmp(l->items[i], "*") == 0)
			config_blame_item(k, s, key, i, "means all; give it alone, or only names");
}

static void check_rule(struct check *k, struct config_section *s)
{
	const struct config_rule_fields *f = s->base;
	const struct config_row *priority = config_row_by_key(s->group, "Priority");

	if (f->metric &&
		metric_info(metric_by_name(f->metric, strlen(f->metric)))->kind != METRIC_NUMBER)
		config_blame(
			k, s, "Metric", "has no numbers to compare with a limit; give another");
	check_limits(k, s);
	if (strcmp(config_word_text(priority->words, f->priority), "high") == 0 &&
		!config_is_given(s, "Latching"))
		config_blame(k, s, "Priority",
			"needs Latching=yes or Latching=no: whether a high-priority alarm stays "
			"after its cause is gone must be said");
	check_alone(k, s, "Beds", &f->beds);
	check_alone(k, s, "Devices", &f->devices);
	for (size_t i = 0; i < f->devices.count; i++)
		if (strcmp(f->devices.items[i], "*") != 0 &&
			!config_section_find(
				k->c, &config_groups[GROUP_DEVICE], f->devices.items[i]))
			config_doubt(k, s, "Devices",
				"names %s, of which there is no [Device] section",
				f->devices.items[i]);
}

int config_check_rules(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_RULE];

	for (size_t i = 0; i < l->count; i++)
		check_rule(k, l->at[i]);
	return 0;
}
