/*
 * See ramfile.h.
 */
#include "gateway/ramfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/hash.h"

#define TMPFS 0x01021994 /* statfs(2) */
#define RAMFS 0x858458f6

static bool is_ram(const char *directory)
{
	struct statfs s;

	return statfs(directory, &s) == 0 &&
	       ((uint32_t)s.f_type == TMPFS || (uint32_t)s.f_type == RAMFS);
}

int ramfile_directory(char *ret, size_t size)
{
	const char *runtime = getenv("RUNTIME_DIRECTORY");
	size_t n = runtime ? strcspn(runtime, ":") : 0;

	if (n > 0 && n < size) {
		memcpy(ret, runtime, n);
		ret[n] = 0;
		if (ret[0] == '/' && is_ram(ret))
			return 0;
	}
	(void)snprintf(ret, size, "/dev/shm");
	return is_ram(ret) ? 0 : -EOPNOTSUPP;
}

int ramfile_identify(const char *state_directory, const char *gateway, uint64_t ret[2])
{
	static const struct hash_key other = { 1, 2 };
	_cleanup_(freep) char *path = realpath(state_directory, NULL), *text = NULL;
	int n;

	if (!path)
		return -errno;
	n = asprintf(&text, "%s\n%s", gateway, path);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	ret[0] = hash_bytes(&hash_key_fixed, text, (size_t)n);
	ret[1] = hash_bytes(&other, text, (size_t)n);
	return 0;
}

bool ramfile_is_private(int fd, off_t *ret_size)
{
	struct stat s;

	if (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode) || s.st_uid != geteuid() ||
		(s.st_mode & 077) != 0 || s.st_nlink != 1)
		return false;
	*ret_size = s.st_size;
	return true;
}
