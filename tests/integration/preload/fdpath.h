/*
 * Which file a descriptor is of, for the libraries beside this.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static inline bool path_of(int fd, char path[static PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return false;
	path[n] = 0;
	return true;
}
