/*
 * Checks of [Device NAME].
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/bind_key.h"
#include "config/check.h"
#include "config/install_code.h"

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

static int judge_bind_key(const char *value, struct config_why *why)
{
	uint8_t key[ADVERT_KEY_SIZE];
	int r = config_bind_key(value, key, why);

	explicit_bzero(key, sizeof(key));
	return r;
}

static int judge_install_code(const char *value, struct config_why *why)
{
	uint8_t code[INSTALLCODE_MAX];
	size_t length;
	int r = config_install_code(value, code, &length, why);

	explicit_bzero(code, sizeof(code));
	return r;
}

/* That the file of a key is there and holds what it should. judge returns as config_bind_key();
 * more is what else is to be said when it does not. */
static int check_secret(struct check *k, struct config_section *s, const char *key,
	int (*judge)(const char *value, struct config_why *why), const char *more)
{
	const struct config_row *row = config_row_by_key(s->group, key);
	const char *value = *(char **)config_field(s, row);
	size_t before = k->p->error_count + k->p->unsaid;
	struct config_why why;
	int r = config_check_file(k, s, key);

	if (r < 0 || !value || k->o->bytes_only || config_value(s, row)->bad ||
		k->p->error_count + k->p->unsaid > before)
		return r;
	r = judge(value, &why);
	if (r > 0)
		config_blame(k, s, key, "%s%s", why.text, more);
	/* -ENXIO: only the service has its credentials, which was said. */
	return r == -ENXIO || r > 0 ? 0 : r;
}

/* What a device that broadcasts, and one that is connected, do not have in common. */
static void check_ble(struct check *k, struct config_section *s)
{
	const struct config_device *d = s->base;

	if (d->bind_key && d->bonding == BONDING_YES)
		config_doubt(k, s, "Bonding",
			"is of no use with BindKey=: a sensor that broadcasts is not connected; "
			"leave out one of the two");
	if (d->bind_key && d->delete_stored)
		config_doubt(k, s, "DeleteStored",
			"is of no use with BindKey=: a sensor that broadcasts has no records to "
			"delete; leave out one of the two");
	if (d->delete_stored && d->bonding == BONDING_NO)
		config_doubt(k, s, "DeleteStored",
			"deletes records over a link that nobody has proven to be the device's; "
			"set Bonding=yes");
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
	if (d->transport == TRANSPORT_BLE)
		check_ble(k, s);
	r = check_secret(k, s, "BindKey", judge_bind_key,
		"; only sensors that broadcast sealed BTHome v2, ATC or pvvx frames need one");
	return r == 0 ? check_secret(k, s, "InstallCode", judge_install_code, "") : r;
}

int config_check_devices(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_DEVICE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->count; i++)
		r = check_device(k, l->at[i]);
	return r;
}
