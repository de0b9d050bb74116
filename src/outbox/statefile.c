/*
 * See statefile.h; store_load() of store.h is here, too.
 */
#include "outbox/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/file.h"

static const char *const file_names[_STORE_FILE_MAX] = {
	[STORE_EPOCH] = "epoch",
	[STORE_RETAINED] = "retained-topics",
	[STORE_ALARMS] = "alarms",
	[STORE_BONDS] = "bonds",
	[STORE_BLE] = "ble",
	[STORE_ZIGBEE_NETWORK] = "zigbee-network",
	[STORE_ZIGBEE] = "zigbee-devices",
};

int statefile_write(int directory_fd, enum store_file file, const char *text, size_t length)
{
	/* Of what cannot be found out again: the former generation stays. */
	static const char *const formers[_STORE_FILE_MAX] = {
		[STORE_BONDS] = "bonds.former",
		[STORE_ZIGBEE_NETWORK] = "zigbee-network.former",
	};
	int r = 0;

	if (formers[file])
		r = file_keep_former(directory_fd, file_names[file], formers[file]);
	if (r < 0)
		return r;
	return file_replace(directory_fd, file_names[file], text, length, 0600);
}

ssize_t store_load(const char *directory, enum store_file file, char **ret)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", directory, file_names[file]) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return file_load(AT_FDCWD, path, STORE_FILE_MAX, ret);
}

int store_set_aside(const char *directory, enum store_file file)
{
	_cleanup_(freep) char *path = NULL, *aside = NULL;

	if (asprintf(&path, "%s/%s", directory, file_names[file]) < 0)
		path = NULL;
	if (asprintf(&aside, "%s/%s.refused", directory, file_names[file]) < 0)
		aside = NULL;
	if (!path || !aside)
		return -ENOMEM;
	return rename(path, aside) < 0 ? -errno : 0;
}
