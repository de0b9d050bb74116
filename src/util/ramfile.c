/*
 * See ramfile.h.
 */
#include "util/ramfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* ---- mapped ---- */

static int map(const struct ramfile_kind *k, int fd, void **ret)
{
	void *p = mmap(NULL, k->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	/* A huge page would count in full as soon as one byte of it is used. */
	(void)madvise(p, k->size, MADV_NOHUGEPAGE);
	*ret = p;
	return 0;
}

/* The file that an earlier run left. Returns 0, -ENOENT, -EBADMSG when it is not a good one, or
 * another negative errno. */
static int map_left(
	const struct ramfile_kind *k, const char *path, const uint64_t identity[2], void **ret)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	off_t size;
	void *p;
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENOMEM || errno == EMFILE ? -errno : -EBADMSG;
	if (!ramfile_is_private(fd, &size) || size != (off_t)k->size)
		return -EBADMSG;
	r = map(k, fd, &p);
	if (r < 0)
		return r;
	if (!k->is_good(p, identity)) {
		(void)munmap(p, k->size);
		return -EBADMSG;
	}
	*ret = p;
	return 0;
}

/* Its pages are reserved at once: in a file system that is full, a store into a hole would be a
 * SIGBUS. They count in nobody's resident size until they are used. */
static int map_new(
	const struct ramfile_kind *k, const char *path, const uint64_t identity[2], void **ret)
{
	_cleanup_(closep) int fd =
		open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	void *p;
	int r;

	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0600) < 0 ? -errno : -posix_fallocate(fd, 0, (off_t)k->size);
	if (r == 0)
		r = map(k, fd, &p);
	if (r == 0) {
		r = k->fill(p, identity);
		if (r < 0)
			(void)munmap(p, k->size);
	}
	if (r < 0) {
		(void)unlink(path);
		return r;
	}
	*ret = p;
	return 0;
}

int ramfile_map(const struct ramfile_kind *k, const char *directory, const char *state_directory,
	const char *gateway, void **ret)
{
	char found[PATH_MAX / 2], path[PATH_MAX];
	uint64_t identity[2] = { 0 };
	int r = ramfile_identify(state_directory, gateway, identity);

	if (r == 0 && !directory) {
		r = ramfile_directory(found, sizeof(found));
		directory = found;
	}
	if (r < 0)
		return r;
	if (snprintf(path, sizeof(path), "%s/wardgate-%016" PRIx64 "%s", directory, identity[0],
		    k->suffix) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = map_left(k, path, identity, ret);
	if (r == -EBADMSG && unlink(path) < 0)
		return -errno;
	return r == -EBADMSG || r == -ENOENT ? map_new(k, path, identity, ret) : r;
}
