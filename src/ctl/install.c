/*
 * Puts an archive's files in place. See install.h.
 *
 * All are written under temporary names and synced first; what is there already
 * is linked under a second name; then all are renamed. What fails on the way is
 * undone from the second names. A power cut amid the renames leaves some files
 * old and some new: the same restore again completes it.
 */
#include "ctl/install.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/backup.h"
#include "util/file.h"

#define TEMPORARY ".restore-new"
#define BEFORE ".restore-old"
#define ASIDE ".before-restore"

void install_done(struct install *in)
{
	for (size_t i = 0; i < in->count; i++) {
		free(in->steps[i].path);
		free(in->steps[i].temporary);
		free(in->steps[i].before);
	}
	free(in->steps);
	free(in->state_directory);
	*in = (struct install){ 0 };
}

/* --- the plan --- */

static int add_step(struct install *in, enum install_state state, char *take_path,
	const struct archive_file *file)
{
	if (in->count == in->room) {
		struct install_step *grown =
			reallocarray(in->steps, in->room * 2 + 32, sizeof(*grown));

		if (!grown) {
			free(take_path);
			return ctl_fail("out of memory");
		}
		in->steps = grown;
		in->room = in->room * 2 + 32;
	}
	in->steps[in->count++] =
		(struct install_step){ .state = state, .path = take_path, .file = file };
	return 0;
}

/* What is there now: INSTALL_NEW, SAME or REPLACE, or -1 after a line. */
static int compare(const char *path, const struct archive_file *f)
{
	uint8_t *data = NULL;
	struct stat st;
	size_t size;
	int same;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return INSTALL_NEW;
		(void)ctl_fail(
			"%s cannot be looked at: %m; run it as root; nothing was changed", path);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)ctl_fail(
			"%s is there and is no regular file; move it away; nothing was changed",
			path);
		return -1;
	}
	if ((size_t)st.st_size != f->size)
		return INSTALL_REPLACE;
	if (backup_load(path, ARCHIVE_FILE_MAX, &data, &size) != 0)
		return -1;
	same = size == f->size && memcmp(data, f->data, size) == 0;
	seal_wipe(data, size);
	return same ? INSTALL_SAME : INSTALL_REPLACE;
}

static int is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".conf") == 0;
}

/* Files that are read like those of the archive and are not of it: the gateway would not be the one
 * that was backed up. */
static int plan_extras(struct install *in, const struct archive *a, const char *directory,
	enum archive_place place, const char *below)
{
	_cleanup_(freep) char *path = NULL;
	struct dirent **entries = NULL;
	int n, r = 0;

	if (asprintf(&path, "%s/%s", directory, below) < 0) {
		path = NULL;
		return ctl_fail("out of memory");
	}
	n = scandir(path, &entries, is_conf, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0
				       : ctl_fail("%s cannot be read: %m; run it as root", path);
	for (int i = 0; i < n; i++) {
		_cleanup_(freep) char *name = NULL;
		char *whole = NULL;

		if (r == 0 && (asprintf(&name, "%s/%s", below, entries[i]->d_name) < 0 ||
				      asprintf(&whole, "%s/%s", directory, name) < 0)) {
			whole = NULL;
			r = ctl_fail("out of memory");
		}
		if (r == 0 && !archive_find(a, place, name))
			r = add_step(in, INSTALL_EXTRA, whole, NULL);
		else
			free(whole);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* Single files that the daemon would read beside what was restored: keys of devices that are set
 * aside, and the state of alarms, which was that of another time or unit. */
static int plan_leftovers(struct install *in, const struct archive *a, const char *state_directory)
{
	static const char *const names[] = { "coap.psk", BACKUP_ALARMS };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", state_directory, names[i]) < 0)
			return ctl_fail("out of memory");
		if (!archive_find(a, PLACE_STATE, names[i]) && access(path, F_OK) == 0)
			r = add_step(in, INSTALL_EXTRA, path, NULL);
		else
			free(path);
	}
	return r;
}

int install_plan(struct install *in, const struct archive *a, const char *config_path,
	const char *state_directory)
{
	const char *slash = strrchr(config_path, '/');
	_cleanup_(freep) char *directory = NULL;
	int r = 0;

	directory = slash == config_path ? strdup("")
					 : strndup(config_path, (size_t)(slash - config_path));
	in->state_directory = strdup(state_directory);
	if (!directory || !in->state_directory)
		return ctl_fail("out of memory");
	for (size_t i = 0; r == 0 && i < a->count; i++) {
		const struct archive_file *f = &a->files[i];
		const char *top = f->place == PLACE_CONFIG  ? directory
				  : f->place == PLACE_STATE ? state_directory
							    : "";
		char *path = NULL;
		int state;

		/* The first is wardgate.conf, whatever its name here. */
		if (i == 0)
			path = strdup(config_path);
		else if (asprintf(&path, "%s%s%s", top, f->place == PLACE_PATH ? "" : "/",
				 f->name) < 0)
			path = NULL;
		if (!path)
			return ctl_fail("out of memory");
		state = compare(path, f);
		if (state < 0) {
			free(path);
			return EXIT_FAILURE;
		}
		r = add_step(in, (enum install_state)state, path, f);
	}
	if (r == 0)
		r = plan_extras(in, a, directory, PLACE_CONFIG, "conf.d");
	if (r == 0)
		r = plan_extras(in, a, state_directory, PLACE_STATE, "devices.d");
	if (r == 0)
		r = plan_leftovers(in, a, state_directory);
	return r;
}

/* --- the work --- */

/* Whose it becomes; -1: as it is. */
static void find_owner(
	const struct install *in, const struct archive_file *f, uid_t *uid, gid_t *gid)
{
	struct passwd pw, *user = NULL;
	struct group gr, *group = NULL;
	struct stat st;
	char buf[4096];

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (geteuid() != 0)
		return;
	(void)getpwnam_r(f->owner, &pw, buf, sizeof(buf), &user);
	if (user)
		*uid = pw.pw_uid;
	(void)getgrnam_r(f->group, &gr, buf, sizeof(buf), &group);
	if (group)
		*gid = gr.gr_gid;
	/* Another machine's numbers mean nothing here: in the state directory its owner has to read
	 * what there is. */
	if (f->place == PLACE_STATE && stat(in->state_directory, &st) == 0) {
		if (!user)
			*uid = st.st_uid;
		if (!group)
			*gid = st.st_gid;
	}
}

static int make_directories(const struct install *in, const struct install_step *s)
{
	bool state = s->file->place == PLACE_STATE;
	char *path = s->path, *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		int r;

		*slash = 0;
		r = mkdir(path, state ? 0750 : 0755) == 0 ? 1 : errno == EEXIST ? 0 : -errno;
		if (r > 0 && state && geteuid() == 0) {
			uid_t uid;
			gid_t gid;

			find_owner(in, s->file, &uid, &gid);
			(void)!chown(path, uid, gid);
		}
		*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_temporary(struct install *in, struct install_step *s)
{
	_cleanup_(closep) int fd = -1;
	uid_t uid;
	gid_t gid;
	int r = make_directories(in, s);

	if (r < 0)
		return r;
	if (asprintf(&s->temporary, "%s" TEMPORARY, s->path) < 0) {
		s->temporary = NULL;
		return -ENOMEM;
	}
	/* One that a cut left behind. */
	(void)unlink(s->temporary);
	fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		r = -errno;
		free(s->temporary);
		s->temporary = NULL;
		return r;
	}
	find_owner(in, s->file, &uid, &gid);
	r = file_write_all(fd, s->file->data, s->file->size);
	if (r == 0 && fchown(fd, uid, gid) < 0)
		r = -errno;
	if (r == 0 && (fchmod(fd, s->file->mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

/* A second name for what is there, for the way back. What is set aside keeps it: no earlier one
 * gives way to it. */
static int keep_before(struct install_step *s)
{
	bool extra = s->state == INSTALL_EXTRA;
	int r = -EEXIST;

	if (s->state == INSTALL_NEW)
		return 0;
	for (unsigned n = 1; r == -EEXIST && n < 100; n++) {
		free(s->before);
		if (asprintf(&s->before, extra && n > 1 ? "%s%s-%u" : "%s%s", s->path,
			    extra ? ASIDE : BEFORE, n) < 0) {
			s->before = NULL;
			return -ENOMEM;
		}
		if (!extra)
			(void)unlink(s->before);
		r = link(s->path, s->before) < 0 ? -errno : 0;
	}
	if (r < 0) {
		free(s->before);
		s->before = NULL;
	}
	return r;
}

static int put(struct install_step *s)
{
	int r = s->state == INSTALL_EXTRA ? unlink(s->path) : rename(s->temporary, s->path);

	if (r < 0)
		return -errno;
	s->done = true;
	if (s->temporary) {
		free(s->temporary);
		s->temporary = NULL;
	}
	return file_sync_directory_of(s->path);
}

static void undo(struct install *in)
{
	for (size_t i = in->count; i-- > 0;) {
		struct install_step *s = &in->steps[i];

		if (s->done && s->before)
			(void)rename(s->before, s->path);
		else if (s->done)
			(void)unlink(s->path);
		else if (s->before)
			(void)unlink(s->before);
		if (s->temporary)
			(void)unlink(s->temporary);
	}
}

/* Each of the three passes over all steps; *ret_at is where it failed. */
static int pass(
	struct install *in, size_t *ret_at, int (*act)(struct install *, struct install_step *))
{
	for (size_t i = 0; i < in->count; i++) {
		int r;

		*ret_at = i;
		r = act(in, &in->steps[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Also what is the same: its owner and mode may not be. */
static int pass_write(struct install *in, struct install_step *s)
{
	return s->file ? write_temporary(in, s) : 0;
}

static int pass_keep(struct install *in, struct install_step *s)
{
	return keep_before(s);
}

static int pass_put(struct install *in, struct install_step *s)
{
	return put(s);
}

int install_run(struct install *in)
{
	size_t at = 0;
	int r = pass(in, &at, pass_write);

	if (r == 0)
		r = pass(in, &at, pass_keep);
	if (r == 0)
		r = pass(in, &at, pass_put);
	if (r < 0) {
		undo(in);
		return ctl_fail("%s cannot be written: %s; nothing was changed", in->steps[at].path,
			strerror(-r));
	}
	for (size_t i = 0; i < in->count; i++)
		if (in->steps[i].before && in->steps[i].state != INSTALL_EXTRA)
			(void)unlink(in->steps[i].before);
	return 0;
}
