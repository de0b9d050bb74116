/*
 * Checks of [BLE], [Zigbee] and [CoAP].
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "config/psk.h"

static void check_ble(struct check *k)
{
	struct config_section *s = config_single(k->c, GROUP_BLE);
	const struct config_list *l = &k->c->ble.adapters;

	for (size_t i = 0; i < l->count && l->count > 1; i++)
		if (strcmp(l->items[i], "auto") == 0)
			config_blame_item(k, s, "Adapter", i,
				"stands alone or not at all; name each adapter, or give auto only");
}

/* The link in directory whose target is named name. */
static bool find_by_id(const char *directory, const char *name, char *ret, size_t size)
{
	DIR *d = opendir(directory);
	bool found = false;
	struct dirent *e;

	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		char target[PATH_MAX];
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		const char *base;

		if (n < 0)
			continue;
		target[n] = 0;
		base = strrchr(target, '/');
		if (strcmp(base ? base + 1 : target, name) == 0) {
			snprintf(ret, size, "%s/%s", directory, e->d_name);
			found = true;
		}
	}
	closedir(d);
	return found;
}

static void check_port(struct check *k, struct config_section *s)
{
	const char *directory = k->o->serial_directory ?: "/dev/serial/by-id";
	const char *port = k->c->zigbee.port, *base;
	char right[PATH_MAX + NAME_MAX + 2];

	if (!port)
		return;
	base = strrchr(port, '/') + 1;
	if (strncmp(base, "ttyUSB", 6) != 0 && strncmp(base, "ttyACM", 6) != 0)
		return;
	if (!k->o->bytes_only && find_by_id(directory, base, right, sizeof(right)))
		config_blame(k, s, "Port",
			"changes its number when radios are plugged in anew; give %s", right);
	else
		config_blame(k, s, "Port",
			"changes its number when radios are plugged in anew; give the radio's "
			"name in %s, or where it has none there, a link that a udev rule makes",
			directory);
}

static int check_zigbee(struct check *k)
{
	struct config_section *s = config_single(k->c, GROUP_ZIGBEE);

	check_port(k, s);
	if (!k->c->zigbee.enabled)
		return 0;
	if (!config_is_given(s, "Port"))
		config_blame(
			k, s, "Enabled", "needs Port=; give the radio's name in /dev/serial/by-id");
	return strcmp(k->c->zigbee.network_key, "auto") == 0
		       ? 0
		       : config_check_file(k, s, "NetworkKey");
}

static void check_listen(struct check *k, struct config_section *s)
{
	const char *plain = k->c->coap.plaintext_listen;
	struct config_why why;
	bool loopback;

	if (!plain)
		return;
	if (config_check_listen(plain, &loopback, &why) == 0 && !loopback &&
		!k->c->mqtt.allow_plaintext)
		config_blame(k, s, "PlaintextListen",
			"is open to others without encryption; give 127.0.0.1 or [::1], or for "
			"tests set AllowPlaintext=yes in [MQTT]");
	if (strcmp(plain, k->c->coap.listen) == 0)
		config_blame(k, s, "PlaintextListen",
			"is the same as Listen=; give another port, usually 5683");
}

/* Devices that have no key. */
static void check_identities(struct check *k, const struct psk_keys *keys)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_DEVICE];

	for (size_t i = 0; i < l->count; i++) {
		const struct config_device *d = l->at[i]->base;
		size_t length;

		/* A test device on the plaintext port has its address for an identity, and no key.
		 */
		if (d->transport == TRANSPORT_COAP && d->address &&
			strncmp(d->address, "plaintext:", 10) != 0 &&
			!psk_keys_find(keys, d->address, &length))
			config_doubt(k, l->at[i], "Address",
				"has no key in %s, so that the device cannot get in; add its line "
				"there",
				k->c->coap.psk_file);
	}
}

static int check_psk(struct check *k, struct config_section *s)
{
	_cleanup_(psk_keys_done) struct psk_keys keys = { 0 };
	_cleanup_(freep) char *path = NULL;
	int r;

	if (k->o->bytes_only)
		return 0;
	r = config_secret_path(k->c->coap.psk_file, &path);
	if (r == 0 && access(path, F_OK) < 0 && errno == ENOENT) {
		/* Where one begins: with no key, and devices to adopt. */
		config_blame(k, s, "PSKFile",
			"%s is not there; it may be empty while all devices are adopted: "
			"install -m 0640 -g wardgate /dev/null %s",
			path, path);
		return 0;
	}
	if (r < 0 || access(path, F_OK) < 0)
		return config_check_file(k, s, "PSKFile");
	r = psk_keys_read(k->c, &keys, k->p);
	if (r == 0 && !k->c->coap.certificate_file)
		check_identities(k, &keys);
	return r < 0 ? r : 0;
}

static int check_coap_files(struct check *k, struct config_section *s)
{
	static const char *const keys[] = { "CertificateFile", "PrivateKeyFile", "CAFile" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = config_check_file(k, s, keys[i]);
	if (r == 0 && k->c->coap.psk_file)
		r = check_psk(k, s);
	return r;
}

static int check_coap(struct check *k)
{
	struct config_section *s = config_single(k->c, GROUP_COAP);

	check_listen(k, s);
	if (config_is_given(s, "CertificateFile") && !config_is_given(s, "PrivateKeyFile"))
		config_blame(
			k, s, "CertificateFile", "needs PrivateKeyFile=, too; give both or none");
	if (config_is_given(s, "PrivateKeyFile") && !config_is_given(s, "CertificateFile"))
		config_blame(
			k, s, "PrivateKeyFile", "needs CertificateFile=, too; give both or none");
	if (config_is_given(s, "CertificateFile") && !config_is_given(s, "CAFile"))
		config_blame(k, s, "CertificateFile",
			"needs CAFile=, too, or no device's certificate could be trusted");
	if (k->c->coap.max_device_sessions > k->c->coap.max_sessions)
		config_blame(k, s, "MaxDeviceSessions", "is more than MaxSessions=%u; give less",
			k->c->coap.max_sessions);
	if (!k->c->coap.enabled)
		return 0;
	if (!k->c->coap.psk_file && !k->c->coap.certificate_file)
		config_blame(k, s, "Enabled",
			"needs PSKFile= or CertificateFile=, or no device could get in; give e.g. "
			"PSKFile=/etc/wardgate/coap.psk");
	return check_coap_files(k, s);
}

int config_check_drivers(struct check *k)
{
	int r;

	check_ble(k);
	r = check_zigbee(k);
	return r == 0 ? check_coap(k) : r;
}
