/*
 * Checks of [Device NAME].
 */
#include <stdio.h>
#include <string.h>

#include "config/check.h"

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
	const struct config_row *row = config_row_by_key(config_group(GROUP_DEVICE), "Transport");

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
