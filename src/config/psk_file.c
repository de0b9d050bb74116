/*
 * The key file as such: who may read it, and its bytes, wiped afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

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
