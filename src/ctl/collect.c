/*
 * Which files a gateway is made of. See backup.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "config/read.h"
#include "ctl/backup.h"
#include "util/text.h"

#define DEPTH_MAX 4
#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

struct collector {
	struct archive *a;
	const char *config_directory, *state_directory; /* "" the present one */
	size_t config_length;
};

static int cannot_read(const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return ctl_failed(EX_NOPERM, "a backup holds keys; run it as root");
	return ctl_fail("%s cannot be read: %s; nothing was written", path, strerror(error));
}

static int read_all(int fd, size_t size, uint8_t **ret, size_t *ret_size)
{
	uint8_t *data = malloc(size + 1);
	size_t n = 0;

	if (!data)
		return -ENOMEM;
	while (n <= size) {
		ssize_t got = read(fd, data + n, size + 1 - n);

		if (got < 0) {
			int error = errno;

			seal_wipe(data, n);
			return -error;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret = data;
	*ret_size = n;
	return n > size ? -EAGAIN : 0;
}

int backup_load(const char *path, size_t max, uint8_t **ret, size_t *ret_size)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return ctl_fail("%s cannot be read: %m", path);
	if (!S_ISREG(st.st_mode))
		return ctl_fail("%s is no regular file", path);
	if ((uint64_t)st.st_size > max)
		return ctl_fail("%s is too large for a backup", path);
	r = read_all(fd, (size_t)st.st_size, ret, ret_size);
	return r < 0 && r != -EAGAIN ? ctl_fail("%s cannot be read: %s", path, strerror(-r)) : 0;
}

static void name_owner(const struct stat *st, struct archive_file *f)
{
	struct passwd pw, *user = NULL;
	struct group gr, *group = NULL;
	char buf[4096];

	(void)getpwuid_r(st->st_uid, &pw, buf, sizeof(buf), &user);
	if (user)
		snprintf(f->owner, sizeof(f->owner), "%s", user->pw_name);
	else
		snprintf(f->owner, sizeof(f->owner), "%u", st->st_uid);
	(void)getgrgid_r(st->st_gid, &gr, buf, sizeof(buf), &group);
	if (group)
		snprintf(f->group, sizeof(f->group), "%s", group->gr_name);
	else
		snprintf(f->group, sizeof(f->group), "%u", st->st_gid);
}

/* One file; it may be replaced while we look, and then its newer self is taken. */
static int add(struct collector *c, enum archive_place place, const char *path, const char *name)
{
	struct archive_file f = { .place = place };
	int r = -EAGAIN, tries = 0;
	struct stat st;

	while (r == -EAGAIN && tries++ < 5) {
		_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		seal_wipe(f.data, f.size);
		f.data = NULL;
		if (fd < 0 || fstat(fd, &st) < 0)
			return cannot_read(path, errno);
		if (!S_ISREG(st.st_mode))
			return ctl_fail("%s is no regular file; nothing was written", path);
		if (st.st_size > ARCHIVE_FILE_MAX)
			return ctl_fail("%s is too large for a backup; nothing was written", path);
		r = read_all(fd, (size_t)st.st_size, &f.data, &f.size);
	}
	if (r == 0) {
		name_owner(&st, &f);
		f.mode = st.st_mode & 0777;
		f.name = strdup(name);
		r = f.name ? archive_add(c->a, &f) : -ENOMEM;
	}
	seal_wipe(f.data, f.size);
	free(f.name);
	if (r == -EINVAL)
		return ctl_fail(
			"a backup cannot hold %s: its name or its owner's; nothing was written",
			path);
	if (r == -EFBIG)
		return ctl_fail(
			"these are too many or too large files for a backup, at %s; nothing was "
			"written",
			path);
	return r < 0 ? cannot_read(path, -r) : 0;
}

/* --- configuration --- */

static int add_config(struct collector *c, const char *config_path)
{
	const char *slash = strrchr(config_path, '/');
	_cleanup_(freep) char *pattern = NULL;
	glob_t found;
	int r = add(c, PLACE_CONFIG, config_path, slash ? slash + 1 : config_path);

	if (r != 0)
		return r;
	if (asprintf(&pattern, "%sconf.d/*.conf", c->config_directory) < 0) {
		pattern = NULL;
		return ctl_fail("out of memory");
	}
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		r = add(c, PLACE_CONFIG, found.gl_pathv[i], found.gl_pathv[i] + c->config_length);
	globfree(&found);
	return r;
}

/* A file that a key names. */
static int add_named(struct collector *c, const char *path)
{
	enum archive_place place = PLACE_PATH;
	const char *name = path;
	size_t n = strlen(c->state_directory);

	if (!path || *path != '/' || strcmp(path, SYSTEM_BUNDLE) == 0)
		return 0;
	if (c->config_length > 0 && strncmp(path, c->config_directory, c->config_length) == 0) {
		place = PLACE_CONFIG;
		name = path + c->config_length;
	} else if (strncmp(path, c->state_directory, n) == 0 && path[n] == '/') {
		place = PLACE_STATE;
		name = path + n + 1;
	}
	if (archive_find(c->a, place, name))
		return 0;
	return add(c, place, path, name);
}

/* What the configuration names; each is a path, credential:NAME, a word or NULL. */
static size_t named(const struct config *c, const char *ret[], const char *ret_keys[], size_t max)
{
	const struct {
		const char *key, *value;
	} fixed[] = {
		{ "CAFile", c->mqtt.ca_file },
		{ "CertificateFile", c->mqtt.certificate_file },
		{ "PrivateKeyFile", c->mqtt.private_key_file },
		{ "PasswordFile", c->mqtt.password_file },
		{ "NetworkKey", c->zigbee.network_key },
		{ "PSKFile", c->coap.enabled ? c->coap.psk_file : NULL },
		{ "CertificateFile", c->coap.certificate_file },
		{ "PrivateKeyFile", c->coap.private_key_file },
		{ "CAFile", c->coap.ca_file },
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && n < max; i++, n++) {
		ret_keys[n] = fixed[i].key;
		ret[n] = fixed[i].value;
	}
	for (size_t i = 0; i < c->device_count && n + 2 <= max; i++) {
		ret_keys[n] = "BindKey";
		ret[n++] = c->devices[i].bind_key;
		ret_keys[n] = "InstallCode";
		ret[n++] = c->devices[i].install_code;
	}
	return n;
}

static size_t named_max(const struct config *c)
{
	return 16 + 2 * c->device_count;
}

void backup_credentials(const struct config *c, void (*note)(const char *key, const char *value))
{
	const char **values = calloc(named_max(c), sizeof(*values));
	const char **keys = calloc(named_max(c), sizeof(*keys));
	size_t n = values && keys ? named(c, values, keys, named_max(c)) : 0;

	for (size_t i = 0; i < n; i++)
		if (values[i] && strncmp(values[i], "credential:", 11) == 0)
			note(keys[i], values[i]);
	free(values);
	free(keys);
}

static int add_all_named(struct collector *c, const struct config *config)
{
	const char **values = calloc(named_max(config), sizeof(*values));
	const char **keys = calloc(named_max(config), sizeof(*keys));
	int r = values && keys ? 0 : ctl_fail("out of memory");
	size_t n = r == 0 ? named(config, values, keys, named_max(config)) : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_named(c, values[i]);
	free(values);
	free(keys);
	return r;
}

/* --- state --- */

bool backup_stays_behind(const char *name)
{
	static const char *const own[] = { "epoch", "lock", BACKUP_ALARMS };
	/* Files on their way, and what a restore put aside (install.c). */
	static const char *const ends[] = { ".new", ".before-restore", ".restore-new",
		".restore-old" };
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(name, own[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	return name[0] == '.' || strncmp(name, BACKUP_DATABASE, strlen(BACKUP_DATABASE)) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct collector *c, const char *below, unsigned depth);

static int add_entry(struct collector *c, const char *below, const char *entry, unsigned depth)
{
	_cleanup_(freep) char *name = NULL, *path = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s%s", below, *below ? "/" : "", entry) < 0)
		name = NULL;
	if (!name || asprintf(&path, "%s/%s", c->state_directory, name) < 0) {
		path = NULL;
		return ctl_fail("out of memory");
	}
	if (lstat(path, &st) < 0)
		/* Gone meanwhile. */
		return errno == ENOENT ? 0 : cannot_read(path, errno);
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? add_directory(c, name, depth + 1) : 0;
	if (!S_ISREG(st.st_mode) || archive_find(c->a, PLACE_STATE, name))
		return 0;
	return add(c, PLACE_STATE, path, name);
}

static int add_directory(struct collector *c, const char *below, unsigned depth)
{
	_cleanup_(freep) char *path = NULL;
	struct dirent **entries = NULL;
	int n, r = 0;

	if (asprintf(&path, "%s/%s", c->state_directory, below) < 0) {
		path = NULL;
		return ctl_fail("out of memory");
	}
	n = scandir(path, &entries, NULL, by_name);
	if (n < 0)
		return errno == ENOENT && depth == 0 ? 0 : cannot_read(path, errno);
	for (int i = 0; i < n; i++) {
		if (r == 0 && !backup_stays_behind(entries[i]->d_name))
			r = add_entry(c, below, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int backup_collect(const struct ctl *ctl, const struct config *config, struct archive *a)
{
	const char *slash = strrchr(ctl->config_path, '/');
	_cleanup_(freep) char *directory = NULL;
	struct collector c = { .a = a, .state_directory = config->gateway.state_directory };
	struct text made = text_init(a->made, sizeof(a->made));
	struct timespec now;
	int r;

	c.config_length = slash ? (size_t)(slash + 1 - ctl->config_path) : 0;
	directory = strndup(ctl->config_path, c.config_length);
	if (!directory)
		return ctl_fail("out of memory");
	c.config_directory = directory;
	clock_gettime(CLOCK_REALTIME, &now);
	text_time(&made, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	(void)text_done(&made);
	snprintf(a->gateway, sizeof(a->gateway), "%s", config->gateway.name);
	snprintf(a->by, sizeof(a->by), "wardgatectl %s", WG_VERSION);
	r = add_config(&c, ctl->config_path);
	if (r == 0)
		r = add_all_named(&c, config);
	if (r == 0)
		r = add_directory(&c, "", 0);
	return r;
}

/* --- what stands in an archive --- */

int backup_config(const struct archive *a, const struct config_options *wanted, struct config **ret)
{
	const struct config_options options = { .payloads = ctl_payload_names, .bytes_only = true };
	_cleanup_(config_problems_done) struct config_problems p = { 0 };
	struct config_text *texts = calloc(a->count, sizeof(*texts));
	size_t n = 0;
	int r;

	if (!texts)
		return ctl_fail("out of memory");
	/* In the archive they stand in the order in which they are read. */
	for (int adopted = 0; adopted < 2; adopted++)
		for (size_t i = 0; i < a->count; i++) {
			const struct archive_file *f = &a->files[i];
			const char *below = adopted ? "devices.d/" : "conf.d/";
			size_t length = strlen(f->name);

			if (i > 0 || adopted)
				if (f->place != (adopted ? PLACE_STATE : PLACE_CONFIG) ||
					strncmp(f->name, below, strlen(below)) != 0 || length < 5 ||
					strcmp(f->name + length - 5, ".conf") != 0)
					continue;
			texts[n++] = (struct config_text){ .path = f->name,
				.data = f->data,
				.size = f->size,
				.adopted = adopted };
		}
	r = config_read_texts(texts, n, wanted ?: &options, ret, &p);
	free(texts);
	if (r < 0)
		return ctl_fail("cannot read the backup's configuration: %s", strerror(-r));
	if (r > 0)
		return ctl_fail("the backup's configuration is none for this version "
				"(wardgatectl " WG_VERSION "): %s; nothing was changed",
			p.errors[0]);
	return 0;
}
