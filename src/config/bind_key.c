/*
 * See bind_key.h.
 */
#include "config/bind_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "config/problems.h"
#include "util/hex.h"

#define FILE_MAX 256
#define WANTED "wanted are 16 bytes as 32 hex digits"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int config_parse_bind_key(
	const char *text, size_t size, uint8_t ret[static ADVERT_KEY_SIZE], struct config_why *why)
{
	uint8_t key[ADVERT_KEY_SIZE] = { 0 };
	size_t digits = 0;
	int r = 0;

	while (size > 0 && is_blank(text[size - 1]))
		size--;
	for (size_t i = 0; r == 0 && i < size; i++) {
		int d = hex_digit(text[i]);
		bool between = digits % 2 == 0;

		if (d < 0 && between && (is_blank(text[i]) || text[i] == ':' || text[i] == '-'))
			continue;
		if (d < 0)
			r = config_refuse(why, "holds something other than hex digits; " WANTED);
		else if (digits / 2 < sizeof(key))
			key[digits / 2] |= (uint8_t)(between ? d << 4 : d);
		digits++;
	}
	if (r == 0 && digits != 2 * sizeof(key))
		r = config_refuse(
			why, "holds %zu hex digit%s; " WANTED, digits, digits == 1 ? "" : "s");
	if (r == 0)
		memcpy(ret, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return r;
}

int config_bind_key(const char *value, uint8_t ret[static ADVERT_KEY_SIZE], struct config_why *why)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	char text[FILE_MAX + 1];
	size_t n = 0;
	ssize_t got = 0;
	struct stat st;
	int r = config_secret_path(value, &path);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return config_refuse(why, "%s cannot be read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return config_refuse(why, "%s is no regular file", path);
	while (n < sizeof(text) && (got = read(fd, text + n, sizeof(text) - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		r = config_refuse(why, "%s cannot be read: %s", path, strerror(errno));
	else if (n > FILE_MAX)
		r = config_refuse(why, "%s is larger than a key; " WANTED, path);
	else
		r = config_parse_bind_key(text, n, ret, why);
	explicit_bzero(text, sizeof(text));
	return r;
}
