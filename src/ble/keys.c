/*
 * The bonds of the Bluetooth driver: keys into the adapters before they are
 * powered on, new ones to the disk before they are relied on.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>

#include "ble/driver_private.h"

/* What could not be written is tried again after this. */
#define AGAIN_US INT64_C(10000000)

int keys_load(struct ble *b)
{
	_cleanup_(closep) int directory =
		open(b->config->gateway.state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bonds_loaded loaded;
	int r = bonds_new(&b->bonds);

	if (r < 0)
		return r;
	if (directory < 0)
		return -errno;
	r = bonds_load(b->bonds, directory, &loaded);
	if (r < 0)
		return r;
	if (loaded.problem[0])
		log_error("the keys of Bluetooth devices: see REASON",
			F_STR("REASON", loaded.problem));
	return 0;
}

/* An identity that has a key is known by its private addresses. */
static void know_again(struct ble *b, const struct mgmt_irk *key)
{
	int r = rpa_set(b->rpa, &key->address, key->value);

	if (r < 0)
		log_warning("the private addresses of a device cannot be resolved", F_ERR(r));
}

void keys_free(struct ble *b)
{
	gateway_keep_forget(b->gateway, GATEWAY_BONDS);
	b->bonds = bonds_free(b->bonds);
	OPENSSL_cleanse(b->ltks, sizeof(b->ltks));
	OPENSSL_cleanse(b->irks, sizeof(b->irks));
}

size_t keys_ltks(struct adapter *a, const struct mgmt_ltk **ret)
{
	struct ble *b = radio_of(a)->ble;

	*ret = b->ltks;
	return bonds_ltks(b->bonds, &a->address, b->ltks);
}

size_t keys_irks(struct adapter *a, const struct mgmt_irk **ret)
{
	struct ble *b = radio_of(a)->ble;
	size_t n = bonds_irks(b->bonds, &a->address, b->irks);

	for (size_t i = 0; i < n; i++)
		know_again(b, &b->irks[i]);
	*ret = b->irks;
	return n;
}

bool keys_bonded(struct adapter *a, const struct ble_address *who)
{
	return bonds_find(radio_of(a)->ble->bonds, &a->address, who) != NULL;
}

/* ---- to the disk ---- */

static void write_keys(struct ble *b);

static void write_later(struct ble *b, int error)
{
	if (!b->bonds_failed)
		log_error("the keys of Bluetooth devices cannot be written; until they are, "
			  "devices that were paired since have to be paired again after a restart",
			F_ERR(error));
	b->bonds_failed = true;
	b->bonds_changed = true;
	b->bonds_due_us = boottime_us() + AGAIN_US;
}

static void on_written(int error, void *userdata)
{
	struct ble *b = userdata;
	int64_t now = boottime_us();

	b->bonds_writing = false;
	if (error < 0)
		write_later(b, error);
	for (size_t i = 0; i < ARRAY_SIZE(b->key_waits); i++) {
		struct key_wait w = b->key_waits[i];

		if (!w.adapter || (!w.given && error == 0))
			continue;
		b->key_waits[i] = (struct key_wait){ 0 };
		adapter_saved(w.adapter, &w.who, error, now);
	}
	if (error == 0) {
		if (b->bonds_failed)
			log_info("the keys of Bluetooth devices are written again");
		b->bonds_failed = false;
		if (b->bonds_changed)
			write_keys(b);
	}
	ble_settle(b);
}

static void write_keys(struct ble *b)
{
	char *text;
	size_t length;
	int r;

	if (b->bonds_writing)
		return;
	r = bonds_write(b->bonds, &text, &length);
	if (r == 0) {
		r = gateway_keep(b->gateway, GATEWAY_BONDS, text, length, on_written, b);
		bonds_text_free(text, length);
	}
	b->bonds_changed = false;
	b->bonds_writing = r == 0;
	if (r < 0) {
		write_later(b, r);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(b->key_waits); i++)
		b->key_waits[i].given = b->key_waits[i].adapter;
}

int64_t keys_deadline(const struct ble *b)
{
	return b->bonds_changed && !b->bonds_writing ? b->bonds_due_us : INT64_MAX;
}

void keys_due(struct ble *b, int64_t now_us)
{
	if (now_us >= keys_deadline(b))
		write_keys(b);
}

/* Returns what adapter_ops.save_... returns. */
static int keep(struct adapter *a, const struct ble_address *who, int outcome)
{
	struct ble *b = radio_of(a)->ble;

	if (outcome == BONDS_E_SAME)
		return 0;
	if (outcome != 0)
		return outcome == BONDS_E_FULL ? -ENOSPC : -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(b->key_waits); i++) {
		if (b->key_waits[i].adapter)
			continue;
		b->key_waits[i] = (struct key_wait){ .adapter = a, .who = *who };
		b->bonds_changed = true;
		write_keys(b);
		if (b->bonds_writing)
			return 1;
		b->key_waits[i] = (struct key_wait){ 0 };
		return -EIO;
	}
	return -ENOSPC;
}

int keys_save_ltk(struct adapter *a, const struct mgmt_ltk *key, int64_t now_us)
{
	return keep(a, &key->address, bonds_set_ltk(radio_of(a)->ble->bonds, &a->address, key));
}

int keys_save_irk(struct adapter *a, const struct mgmt_irk *key, int64_t now_us)
{
	know_again(radio_of(a)->ble, key);
	return keep(a, &key->address, bonds_set_irk(radio_of(a)->ble->bonds, &a->address, key));
}

void keys_forget(struct adapter *a, const struct ble_address *who)
{
	rpa_forget(radio_of(a)->ble->rpa, who);
	keys_drop(a, who);
}

void keys_drop(struct adapter *a, const struct ble_address *who)
{
	struct ble *b = radio_of(a)->ble;

	if (!bonds_forget(b->bonds, &a->address, who))
		return;
	b->bonds_changed = true;
	write_keys(b);
}
