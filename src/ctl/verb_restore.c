/*
 * wardgatectl restore FILE: makes this unit the one that was backed up. All of
 * it or nothing, and never under a daemon that runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>

#include "config/read.h"
#include "ctl/backup.h"
#include "ctl/install.h"
#include "ctl/json.h"
#include "ctl/prompt.h"
#include "ctl/stored.h"
#include "ctl/table.h"
#include "ctl/term.h"
#include "util/text.h"

static int open_backup(const char *path, const char *passphrase, struct archive *a)
{
	static const char *const what[_SEAL_OUTCOME_MAX] = {
		[SEAL_NOT_OURS] = "is no backup of wardgate",
		[SEAL_NEWER] = "was made by a later version; install that one here first",
		[SEAL_HEADER_WRONG] = "is damaged at its beginning; use another copy",
		[SEAL_WRONG] = "has another passphrase",
		[SEAL_DAMAGED] = "is damaged, though the passphrase is right; use another copy",
		[SEAL_CUT] = "is not whole: its end is missing; use another copy",
	};
	uint8_t *data = NULL, *plain = NULL;
	char why[ARCHIVE_WHY_MAX];
	size_t n = 0, size = 0;
	int r = backup_load(path, SEAL_PLAIN_MAX + SEAL_PLAIN_MAX / 1024, &data, &n);

	if (r == 0) {
		r = seal_open(data, n, passphrase, SEAL_LOG_N_MAX, &plain, &size);
		if (r < 0)
			r = ctl_fail("%s cannot be opened: %s", path, strerror(-r));
		else if (r > 0)
			r = ctl_fail("%s %s; nothing was changed", path, what[r]);
	}
	free(data);
	if (r != 0)
		return r;
	r = archive_read(plain, size, a, why);
	seal_wipe(plain, size);
	if (r == -ENOMEM)
		return ctl_fail("out of memory");
	return r < 0 ? ctl_fail("%s holds no archive of this version: %s; nothing was changed",
			       path, why)
		     : 0;
}

/* --- what forbids it --- */

/* Held until the end, so that none starts meanwhile. Returns 0 with *ret (-1: the directory is not
 * there), or the exit status after a line. */
static int lock_state(const char *directory, int *ret)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return ctl_failed(EX_NOPERM, "the state directory may not be read; run it as root");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return ctl_fail(
			"wardgated runs with %s; systemctl stop wardgated, restore, start it "
			"again; nothing was changed",
			directory);
	}
	*ret = fd;
	return 0;
}

/* Readings of another gateway that wait here would go out under the restored one's name. */
static int judge_waiting(const char *directory, const char *present, const struct archive *a)
{
	_cleanup_(freep) char *path = NULL;
	struct stored s = { 0 };
	char why[STORED_WHY_MAX];
	uint64_t waiting = 0;

	if (asprintf(&path, "%s/" BACKUP_DATABASE, directory) < 0) {
		path = NULL;
		return ctl_fail("out of memory");
	}
	if (access(path, F_OK) < 0)
		return 0;
	if (stored_read(path, &s, why) == 0)
		waiting = s.readings + s.events;
	stored_done(&s);
	if (waiting == 0 || (present && strcmp(present, a->gateway) == 0))
		return 0;
	return ctl_fail("%" PRIu64
			" messages of this unit wait in %s, and would go out as %s's; let "
			"it deliver them first, or move %s away; nothing was changed",
		waiting, path, a->gateway, path);
}

static int judge_name(const struct config *restored, const struct archive *a)
{
	if (strcmp(restored->gateway.name, a->gateway) == 0)
		return 0;
	return ctl_fail("the backup is of %s, which has its name from its machine, and would be %s "
			"here: \"hostnamectl set-hostname %s\" first; nothing was changed",
		a->gateway, restored->gateway.name, a->gateway);
}

/* The configuration that is here now, NULL when there is none that can be read. */
static struct config *present_config(const struct ctl *ctl)
{
	const struct config_options options = { .payloads = ctl_payload_names, .bytes_only = true };
	_cleanup_(config_problems_done) struct config_problems p = { 0 };
	struct config *c = NULL;

	return config_read(ctl->config_path, &options, &c, &p) == 0 ? c : NULL;
}

/* --- the operator's word --- */

static bool is_touchy(const struct install_step *s)
{
	return s->state == INSTALL_REPLACE || s->state == INSTALL_EXTRA ||
	       (s->file && s->file->place == PLACE_PATH && s->state == INSTALL_NEW);
}

static int ask(const struct install *in, bool yes)
{
	static const char *const what[] = { [INSTALL_NEW] = "write",
		[INSTALL_REPLACE] = "replace",
		[INSTALL_EXTRA] = "set aside" };
	size_t count = 0;

	for (size_t i = 0; i < in->count; i++)
		count += is_touchy(&in->steps[i]);
	if (count == 0 || yes)
		return 0;
	if (!term_interactive())
		return ctl_misused(
			"the restore would write over %zu file%s of this unit; say --yes, or "
			"run it on a terminal to see which",
			count, count == 1 ? "" : "s");
	for (size_t i = 0; i < in->count; i++)
		if (is_touchy(&in->steps[i]))
			term_line(what[in->steps[i].state], in->steps[i].path);
	return prompt_yes("Do it? [y/N] ") ? 0 : ctl_fail("nothing was changed");
}

/* --- */

static int list(const struct ctl *ctl, const struct archive *a)
{
	static const struct table_column columns[] = {
		{ .title = "PLACE" },
		{ .title = "MODE" },
		{ .title = "OWNER", .shrink = true },
		{ .title = "BYTES", .right = true },
		{ .title = "NAME", .shrink = true },
	};
	_cleanup_(table_freep) struct table *t = NULL;
	int r = table_new(&t, columns, ARRAY_SIZE(columns));

	if (ctl->json) {
		fputs("{\"gateway\":", stdout);
		text_print_json(stdout, a->gateway);
		fputs(",\"made\":", stdout);
		text_print_json(stdout, a->made);
		fputs(",\"files\":[", stdout);
		for (size_t i = 0; i < a->count; i++) {
			printf("%s{\"place\":\"%s\",\"name\":", i ? "," : "",
				archive_place_text(a->files[i].place));
			text_print_json(stdout, a->files[i].name);
			printf(",\"bytes\":%zu}", a->files[i].size);
		}
		puts("]}");
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; r == 0 && i < a->count; i++) {
		const struct archive_file *f = &a->files[i];
		char mode[8], owner[2 * ARCHIVE_OWNER_MAX + 2], size[24];
		const char *cells[] = { archive_place_text(f->place), mode, owner, size, f->name };

		snprintf(mode, sizeof(mode), "%04o", (unsigned)f->mode);
		snprintf(owner, sizeof(owner), "%s:%s", f->owner, f->group);
		snprintf(size, sizeof(size), "%zu", f->size);
		r = table_row(t, cells);
	}
	if (r < 0)
		return ctl_fail("out of memory");
	printf("%s, made %s\n", a->gateway, a->made);
	table_print(t, stdout, term_width(stdout), 0);
	return EXIT_SUCCESS;
}

static int install(
	const struct ctl *ctl, const struct archive *a, const struct config *restored, bool yes)
{
	_cleanup_(install_done) struct install in = { 0 };
	int r = install_plan(&in, a, ctl->config_path, restored->gateway.state_directory);

	if (r == 0)
		r = ask(&in, yes);
	if (r == 0)
		r = install_run(&in);
	if (r != 0)
		return r;
	if (ctl->json) {
		fputs("{\"gateway\":", stdout);
		text_print_json(stdout, a->gateway);
		printf(",\"files\":%zu}\n", a->count);
		return EXIT_SUCCESS;
	}
	printf("This unit is now %s, as of %s: %zu files.\n", a->gateway, a->made, a->count);
	puts("Start it: systemctl start wardgated. The old unit has to stay off: two gateways of\n"
	     "one name throw each other off the broker. Alarms begin anew, with the limits of the\n"
	     "configuration.");
	return EXIT_SUCCESS;
}

static int restore(const struct ctl *ctl, const struct archive *a, bool yes)
{
	_cleanup_(config_unrefp) struct config *restored = NULL, *present = NULL;
	_cleanup_(closep) int lock = -1, other_lock = -1;
	int r = backup_config(a, NULL, &restored);

	if (r == 0)
		r = judge_name(restored, a);
	if (r == 0)
		r = lock_state(restored->gateway.state_directory, &lock);
	if (r != 0)
		return r;
	present = present_config(ctl);
	if (present &&
		strcmp(present->gateway.state_directory, restored->gateway.state_directory) != 0)
		r = lock_state(present->gateway.state_directory, &other_lock);
	if (r == 0)
		r = judge_waiting(restored->gateway.state_directory,
			present ? present->gateway.name : NULL, a);
	if (r == 0)
		r = install(ctl, a, restored, yes);
	return r;
}

int verb_restore(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(archive_done) struct archive a = { 0 };
	char passphrase[SEAL_PASSPHRASE_MAX + 1] = "";
	bool yes = ctl_flag(&argc, argv, "--yes"), only_list = ctl_flag(&argc, argv, "--list");
	const char *file = NULL;
	int r = ctl_option(&argc, argv, "--passphrase-file", &file);

	if (r == 0)
		r = ctl_arguments(argc, argv, 1);
	if (r != 0)
		return r;
	if (argc != 2)
		return ctl_misused("restore needs the backup's file");
	if (*ctl->config_path != '/')
		return ctl_misused("restore needs the whole path of --config");
	if (access(argv[1], R_OK) < 0)
		return ctl_fail("%s cannot be read: %m", argv[1]);
	r = backup_passphrase(file, false, passphrase);
	if (r == 0)
		r = open_backup(argv[1], passphrase, &a);
	OPENSSL_cleanse(passphrase, sizeof(passphrase));
	if (r != 0)
		return r;
	return only_list ? list(ctl, &a) : restore(ctl, &a, yes);
}
