/*
 * Files, in their order, into a struct config. What stands in them is
 * config/load.c's.
 */
#include "config/read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/load.h"

int config_load_file(const char *path, size_t max, char **ret, size_t *ret_size, char *ret_why)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(freep) char *data = NULL;
	struct stat st;
	size_t n = 0;

	/* O_NONBLOCK: a FIFO must not make us wait before we see that it is one. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(ret_why, 256, "cannot be read: %s", strerror(errno));
		return CONFIG_E_INVALID;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(ret_why, 256, "is %s; give a regular file",
			S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
		return CONFIG_E_INVALID;
	}

	data = malloc(max + 2);
	if (!data)
		return -ENOMEM;
	while (n <= max) {
		ssize_t got = read(fd, data + n, max + 1 - n);

		if (got < 0) {
			snprintf(ret_why, 256, "cannot be read: %s", strerror(errno));
			return CONFIG_E_INVALID;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n > max) {
		snprintf(ret_why, 256, "is larger than %zu KiB; no such file needs that",
			max / 1024);
		return CONFIG_E_INVALID;
	}
	data[n] = 0;
	*ret_size = n;
	*ret = TAKE_PTR(data);
	return 0;
}

/* Returns 0, CONFIG_E_INVALID when the file as such could not be read (which p says), or a negative
 * errno. */
static int read_file(struct loader *l, const char *path)
{
	_cleanup_(freep) char *data = NULL;
	char why[256];
	size_t size;
	int r;

	r = config_load_file(path, CONFIG_FILE_MAX, &data, &size, why);
	if (r < 0)
		return r;
	if (r > 0) {
		config_error(l->p, "%s: %s", path, why);
		return CONFIG_E_INVALID;
	}
	return loader_text(l, path, data, size);
}

static int is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All of a directory that may be missing. */
static int read_directory(struct loader *l, const char *directory)
{
	struct dirent **entries = NULL;
	int n, r = 0;

	n = scandir(directory, &entries, is_conf, by_name);
	if (n < 0) {
		if (errno == ENOMEM)
			return -ENOMEM;
		if (errno != ENOENT)
			config_error(l->p, "%s: cannot be read: %s", directory, strerror(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_(freep) char *path = NULL;

		if (r >= 0 && asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
		}
		if (r >= 0)
			r = read_file(l, path);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : 0;
}

static int read_drop_ins(struct loader *l, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *directory = NULL;

	if (asprintf(&directory, "%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	return read_directory(l, directory);
}

static int read_adopted(struct loader *l)
{
	_cleanup_(freep) char *directory = NULL;

	if (asprintf(&directory, "%s/devices.d", l->c->gateway.state_directory) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	l->adopted = true;
	return read_directory(l, directory);
}

int config_read(const char *path, const struct config_options *options, struct config **ret,
	struct config_problems *problems)
{
	const struct config_options none = { 0 }, *o = options ?: &none;
	_cleanup_(config_unrefp) struct config *c = NULL;
	struct loader l = { .p = problems };
	int r;

	r = config_new(&c);
	if (r < 0)
		return r;
	l.c = c;
	r = read_file(&l, path);
	if (r == 0)
		r = read_drop_ins(&l, path);
	if (r == 0)
		r = loader_state_directory(&l, o);
	if (r == 0)
		r = read_adopted(&l);
	if (r == 0 && o->extra) {
		l.adopted = o->extra->adopted;
		r = loader_text(&l, o->extra->path, o->extra->data, o->extra->size);
	}
	if (r == 0)
		r = loader_complete(&l, o);
	if (r == 0)
		*ret = TAKE_PTR(c);
	return r;
}
