/*
 * Checks of [Store]: whether the disk can hold what it is asked to.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "config/check.h"
#include "config/schema.h"

/* The file system of the directory, or of the nearest one above that is there already. False: it
 * cannot be asked. */
static bool file_system_size(const char *directory, uint64_t *ret)
{
	_cleanup_(freep) char *path = strdup(directory);
	struct statvfs fs;

	for (char *slash; path && statvfs(path, &fs) < 0; *slash = 0) {
		slash = strrchr(path, '/');
		if (!slash || strcmp(path, "/") == 0)
			return false;
		if (slash == path)
			slash++;
	}
	if (!path)
		return false;
	*ret = (uint64_t)fs.f_blocks * fs.f_frsize;
	return true;
}

int config_check_store(struct check *k)
{
	struct config_section *s = config_single(k->c, GROUP_STORE);
	uint64_t max_size = k->c->store.max_size, keep_free = k->c->store.keep_free, size;
	const char *directory = k->c->gateway.state_directory;
	char max_text[32], keep_text[32];

	if (k->o->bytes_only || !directory || !file_system_size(directory, &size))
		return 0;
	if (max_size + keep_free <= size)
		return 0;
	config_format_size(max_size, max_text, sizeof(max_text));
	config_format_size(keep_free, keep_text, sizeof(keep_text));
	config_doubt(k, s, "MaxSize",
		"%s and KeepFree=%s together are more than the %" PRIu64
		"M of the file system that holds %s, so that KeepFree= alone will be the limit; "
		"lower one of the two",
		max_text, keep_text, size >> 20, directory);
	return 0;
}
