/*
 * See secret.h.
 */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "util/cleanup.h"

int config_secret_read(
	const char *value, const char *kind, char *buf, size_t size, struct config_why *why)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	size_t n = 0;
	ssize_t got = 0;
	struct stat st;
	int r = config_secret_path(value, &path);

	if (r < 0)
		return r;
	/* A FIFO or a terminal would let us wait. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return config_refuse(why, "%s cannot be read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return config_refuse(why, "%s is no regular file", path);
	while (n < size && (got = read(fd, buf + n, size - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return config_refuse(why, "%s cannot be read: %s", path, strerror(errno));
	if (n == size)
		return config_refuse(why, "%s is larger than %s", path, kind);
	if (memchr(buf, 0, n))
		return config_refuse(why, "%s is no text: it holds a byte of 0", path);
	while (n > 0 && strchr(" \t\r\n", buf[n - 1]))
		n--;
	buf[n] = 0;
	return 0;
}
