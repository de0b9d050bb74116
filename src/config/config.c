/*
 * What rooms ask of a configuration beside its fields.
 */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int config_secret_path(const char *value, char **ret)
{
	static const char prefix[] = "credential:";
	const char *directory;
	char *path;

	if (strncmp(value, prefix, strlen(prefix)) != 0) {
		path = strdup(value);
	} else {
		directory = secure_getenv("CREDENTIALS_DIRECTORY");
		if (!directory || *directory != '/')
			return -ENXIO;
		if (asprintf(&path, "%s/%s", directory, value + strlen(prefix)) < 0)
			path = NULL;
	}
	if (!path)
		return -ENOMEM;
	*ret = path;
	return 0;
}
