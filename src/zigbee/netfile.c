/*
 * The network's file: keys and counters from the disk before the radio is spoken
 * to, and on the disk before the radio is told new ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "config/bind_key.h"
#include "util/file.h"
#include "zigbee/driver_private.h"

_Static_assert(NETSTATE_KEY_SIZE == ADVERT_KEY_SIZE, "read by the same function");

#define DAMAGED NETSTATE_FILE ".damaged"

/* 0; -ENOENT; -EBADMSG: it is there and cannot be used. */
static int read_file(const char *directory, const char *name, struct netstate *ret)
{
	_cleanup_(freep) char *path = NULL;
	char *text = NULL;
	unsigned line;
	ssize_t n;
	int r;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	n = file_load(AT_FDCWD, path, NETSTATE_TEXT_MAX, &text);
	if (n < 0)
		return n == -ENOENT ? -ENOENT : -EBADMSG;
	r = netstate_read(text, (size_t)n, ret, &line);
	netstate_text_free(text, (size_t)n);
	return r;
}

/* Lest the next writing makes it the former one, in place of the good one. */
static void set_aside(const char *directory)
{
	_cleanup_(closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (renameat(fd, NETSTATE_FILE, fd, DAMAGED) < 0 && errno != ENOENT))
		log_warning("a damaged file cannot be renamed", F_STR("FILE", NETSTATE_FILE),
			F_ERR(-errno));
}

/* The configured key; a file that cannot be read is as no radio at all. */
static int take_config(const struct config *c, struct network_config *ret)
{
	struct config_why why = { 0 };
	int r;

	*ret = (struct network_config){ .channel = (uint8_t)c->zigbee.channel,
		.well_known = c->zigbee.allow_well_known_key };
	if (strcmp(c->zigbee.network_key, "auto") == 0)
		return 0;
	r = config_bind_key(c->zigbee.network_key, ret->key, &why);
	if (r != 0) {
		log_error("NetworkKey= cannot be used", F_STR("REASON", why.text));
		return -EINVAL;
	}
	ret->has_key = true;
	return 0;
}

int netfile_load(struct zigbee *z, bool devices_known)
{
	const char *directory = z->config->gateway.state_directory;
	struct network_config config;
	struct netstate s = { 0 };
	int r = take_config(z->config, &config), former;

	if (r < 0)
		return r;
	network_init(&z->network, zigbee_network_ops(), &config);
	OPENSSL_cleanse(&config, sizeof(config));
	r = read_file(directory, NETSTATE_FILE, &s);
	if (r < 0) {
		former = read_file(directory, NETSTATE_FORMER, &s);
		if (former == 0) {
			log_warning("what is kept of the Zigbee network cannot be read; the former "
				    "generation is taken");
			set_aside(directory);
		}
		/* Neither there: there never was one, unless devices are known. */
		r = former == -ENOENT ? r : former;
	}
	network_keep(&z->network, r == 0 ? &s : NULL, r < 0 && (r != -ENOENT || devices_known));
	netstate_wipe(&s);
	return 0;
}

int netfile_again(struct zigbee *z)
{
	struct network_config config;
	int r = take_config(z->config, &config);

	if (r == 0) {
		line_stop(&z->line);
		network_change(&z->network, &config, boottime_us());
	}
	OPENSSL_cleanse(&config, sizeof(config));
	return r;
}

static void on_written(int error, void *userdata)
{
	struct zigbee *z = userdata;

	if (error < 0)
		log_error("the keys of the Zigbee network cannot be written; see that the disk has "
			  "room and is writable",
			F_ERR(error));
	network_kept(&z->network, error, boottime_us());
	zigbee_settle(z);
}

int netfile_keep(struct network *n, const struct netstate *s, int64_t now_us)
{
	struct zigbee *z = zigbee_of_network(n);
	char *text = NULL;
	size_t length;
	int r = netstate_write(s, &text, &length);

	if (r == 0)
		r = gateway_keep(z->gateway, GATEWAY_ZIGBEE_NETWORK, text, length, on_written, z);
	netstate_text_free(text, length);
	return r < 0 ? r : 1;
}
