/*
 * wardgatectl backup FILE: everything that a spare unit needs to take over, in
 * one file that a passphrase locks. Without the readings that wait: see
 * wardgatectl(1) for why.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/backup.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "util/file.h"
#include "util/text.h"

static void note_credential(const char *key, const char *value)
{
	ctl_note("note: %s=%s is the unit's and is not in the backup: give the spare's unit the "
		 "same",
		key, value);
}

/* Name= left to the host name makes the spare another gateway, unless it has the same. */
static void note_name(const struct archive *a, const struct config *config)
{
	const struct config_options elsewhere = {
		.payloads = ctl_payload_names, .bytes_only = true, .host_name = "another-machine"
	};
	_cleanup_(config_unrefp) struct config *there = NULL;

	if (backup_config(a, &elsewhere, &there) == 0 &&
		strcmp(there->gateway.name, config->gateway.name) != 0)
		ctl_note("note: Name= is left to the host name: give the spare this one's, or set "
			 "Name=%s before the backup",
			config->gateway.name);
}

/* A name of its own until it is whole; never over one that is there. */
static int write_file(const char *path, const uint8_t *data, size_t n)
{
	_cleanup_(freep) char *temporary = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	if (asprintf(&temporary, "%s.new", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && link(temporary, path) < 0)
		/* FAT on a USB stick has no links. */
		r = errno == EEXIST               ? -EEXIST
		    : access(path, F_OK) == 0     ? -EEXIST
		    : rename(temporary, path) < 0 ? -errno
						  : 0;
	(void)unlink(temporary);
	return r;
}

static void tell(const struct ctl *ctl, const char *path, const struct archive *a)
{
	char size[HUMAN_MAX];

	if (ctl->json) {
		fputs("{\"file\":", stdout);
		text_print_json(stdout, path);
		fputs(",\"gateway\":", stdout);
		text_print_json(stdout, a->gateway);
		printf(",\"files\":%zu,\"bytes\":%zu}\n", a->count, a->bytes);
		return;
	}
	printf("%s: the gateway %s in %zu files, %s.\n", path, a->gateway, a->count,
		human_size(size, (int64_t)a->bytes));
	puts("Not in it: readings that wait for the broker, the audit trail, and what was\n"
	     "acknowledged, paused or set per bed of alarms. Nobody can open it without the\n"
	     "passphrase: keep that elsewhere.");
}

static int lock_and_write(const struct archive *a, const char *path, const char *passphrase)
{
	uint8_t *plain = NULL, *sealed = NULL;
	size_t n = 0, size = 0;
	int r = archive_write(a, &plain, &n);

	if (r == 0)
		r = seal(plain, n, passphrase, SEAL_LOG_N, &sealed, &size);
	seal_wipe(plain, n);
	if (r == 0)
		r = write_file(path, sealed, size);
	free(sealed);
	if (r == -EEXIST)
		return ctl_fail("%s is there already; give another name", path);
	return r < 0 ? ctl_fail("%s cannot be written: %s", path, strerror(-r)) : 0;
}

/* What cannot be read is said before anybody thinks of a passphrase. */
static int make(const struct ctl *ctl, const char *path, const char *passphrase_file)
{
	_cleanup_(archive_done) struct archive a = { 0 };
	_cleanup_(config_unrefp) struct config *config = NULL;
	char passphrase[SEAL_PASSPHRASE_MAX + 1] = "";
	int r = ctl_config(ctl, &config);

	if (r == 0)
		r = backup_collect(ctl, config, &a);
	if (r == 0)
		r = backup_passphrase(passphrase_file, true, passphrase);
	if (r == 0)
		r = lock_and_write(&a, path, passphrase);
	OPENSSL_cleanse(passphrase, sizeof(passphrase));
	if (r != 0)
		return r;
	backup_credentials(config, note_credential);
	note_name(&a, config);
	tell(ctl, path, &a);
	return EXIT_SUCCESS;
}

int verb_backup(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(freep) char *config_path = NULL;
	const char *file = NULL;
	struct ctl absolute = *ctl;
	int r = ctl_option(&argc, argv, "--passphrase-file", &file);

	if (r == 0)
		r = ctl_arguments(argc, argv, 1);
	if (r != 0)
		return r;
	if (argc != 2)
		return ctl_misused("backup needs the file to write, e.g. wardgatectl backup "
				   "ward7-gw1.backup");
	if (access(argv[1], F_OK) == 0)
		return ctl_fail("%s is there already; give another name", argv[1]);
	if (*ctl->config_path != '/') {
		config_path = realpath(ctl->config_path, NULL);
		if (!config_path)
			return ctl_fail("%s cannot be read: %m", ctl->config_path);
		absolute.config_path = config_path;
	}
	return make(&absolute, argv[1], file);
}
