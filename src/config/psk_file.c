/*
 * The key file as such: who may read it, and its bytes, wiped afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "config/psk.h"

#define FILE_MAX (1024 * 1024)

/* Who may read the file: its owner (root or the service) and its group. */
static bool check_mode(const char *path, const struct stat *st, struct config_problems *p)
{
	if (!S_ISREG(st->st_mode)) {
		config_error(p, "%s: is %s; give a regular file", path,
			S_ISDIR(st->st_mode) ? "a directory" : "no regular file");
		return false;
	}
	if (st->st_mode & (S_IWGRP | S_IRWXO)) {
		config_error(p, "%s: has mode %04o, so that others can %s it; chmod 0640 %s", path,
			st->st_mode & 07777, st->st_mode & (S_IWGRP | S_IWOTH) ? "change" : "read",
			path);
		return false;
	}
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		config_error(p, "%s: belongs to the user %u, who could change it; chown root %s",
			path, (unsigned)st->st_uid, path);
		return false;
	}
	if (st->st_size > FILE_MAX) {
		config_error(p, "%s: is larger than %d KiB; no key file needs that", path,
			FILE_MAX / 1024);
		return false;
	}
	return true;
}

int psk_read(const char *path, struct psk_table **ret, struct config_problems *p)
{
	_cleanup_(closep) int fd = -1;
	size_t size, n = 0;
	struct stat st;
	ssize_t got;
	char *data;
	int r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		config_error(p, "%s: cannot be read: %s", path, strerror(errno));
		return CONFIG_E_INVALID;
	}
	if (!check_mode(path, &st, p))
		return CONFIG_E_INVALID;

	size = (size_t)st.st_size;
	data = malloc(size + 1);
	if (!data)
		return -ENOMEM;
	while (n < size && (got = read(fd, data + n, size - n)) > 0)
		n += (size_t)got;
	r = psk_parse(path, data, n, ret, p);
	explicit_bzero(data, size + 1);
	free(data);
	return r;
}

/* --- both files --- */

static int read_adopted(const struct config *c, struct psk_table **ret, struct config_problems *p)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/" PSK_ADOPTED_FILE, c->gateway.state_directory) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return access(path, F_OK) < 0 && errno == ENOENT ? 0 : psk_read(path, ret, p);
}

int psk_keys_read(const struct config *c, struct psk_keys *ret, struct config_problems *p)
{
	_cleanup_(psk_keys_done) struct psk_keys keys = { 0 };
	_cleanup_(freep) char *path = NULL;
	int r = 0;

	if (c->coap.psk_file)
		r = config_secret_path(c->coap.psk_file, &path);
	if (r == 0 && path)
		r = psk_read(path, &keys.own, p);
	if (r == 0)
		r = read_adopted(c, &keys.adopted, p);
	if (r != 0)
		return r;
	ret->own = TAKE_PTR(keys.own);
	ret->adopted = TAKE_PTR(keys.adopted);
	return 0;
}

void psk_keys_done(struct psk_keys *k)
{
	k->own = psk_free(k->own);
	k->adopted = psk_free(k->adopted);
}

const uint8_t *psk_keys_find(const struct psk_keys *k, const char *identity, size_t *ret_key_length)
{
	size_t n = strlen(identity);
	const uint8_t *key = k->own ? psk_find(k->own, identity, n, ret_key_length) : NULL;

	if (!key && k->adopted)
		key = psk_find(k->adopted, identity, n, ret_key_length);
	return key;
}

size_t psk_keys_count(const struct psk_keys *k)
{
	return (k->own ? psk_count(k->own) : 0) + (k->adopted ? psk_count(k->adopted) : 0);
}
