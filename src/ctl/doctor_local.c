/*
 * doctor: the configuration, the clock, the disk and the certificates.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "config/read.h"
#include "ctl/doctor.h"
#include "ctl/human.h"
#include "ctl/stored.h"

#define SOON_DAYS 30
#define MAX_ERROR_US 1000000 /* beyond it a clock does not count as synchronised */

/* --- configuration --- */

void doctor_configuration(struct doctor *d)
{
	static const char area[] = "config";
	const struct config_options options = { .payloads = ctl_payload_names };
	const struct config_options lenient = { .payloads = ctl_payload_names, .bytes_only = true };
	_cleanup_(config_problems_done) struct config_problems p = { 0 }, again = { 0 };
	int r = config_read(d->ctl->config_path, &options, &d->config, &p);

	for (size_t i = 0; i < p.error_count; i++)
		doctor_find(d, FINDING_WRONG, area,
			geteuid() != 0 && strstr(p.errors[i], strerror(EACCES))
				? "this user may not read it: run doctor as root"
				: "mend it; wardgatectl check-config says whether it is good then",
			"%s", p.errors[i]);
	for (size_t i = 0; i < p.warning_count; i++)
		doctor_find(d, FINDING_WARNING, area, NULL, "%s", p.warnings[i]);
	if (r == 0)
		doctor_find(d, FINDING_GOOD, area, NULL, "%s: gateway %s, %zu device%s",
			d->ctl->config_path, d->config->gateway.name, d->config->device_count,
			d->config->device_count == 1 ? "" : "s");
	else if (r < 0)
		doctor_find(d, FINDING_WRONG, area, NULL, "%s", strerror(-r));
	/* What only misses a file still tells where to look for the rest. */
	if (r > 0 && config_read(d->ctl->config_path, &lenient, &d->config, &again) != 0) {
		d->config = NULL;
		doctor_find(d, FINDING_NOTE, area, NULL,
			"without a good configuration most cannot be looked at");
	}
}

/* --- clock --- */

void doctor_clock(struct doctor *d)
{
	static const char area[] = "clock";
	struct timex t = { 0 };
	char since[HUMAN_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec < INT64_C(1700000000)) {
		doctor_find(d, FINDING_WRONG, area,
			"set it with timedatectl, and give the machine a time server",
			"it says %s, which is past", human_time(since, (int64_t)now.tv_sec * 1000));
		return;
	}
	if (adjtimex(&t) < 0)
		doctor_find(d, FINDING_NOTE, area, NULL, "the kernel does not say how it does: %m");
	else if ((t.status & STA_UNSYNC) || t.maxerror >= MAX_ERROR_US)
		doctor_find(d, FINDING_WARNING, area,
			"enable systemd-timesyncd or chrony and give it the hospital's time "
			"server; \"timedatectl\" shows how it does",
			"it is not synchronised; readings go out marked so");
	else
		doctor_find(d, FINDING_GOOD, area, NULL, "synchronised, at most %ld ms off",
			(t.maxerror + 999) / 1000);
}

/* --- disk --- */

bool doctor_service_may(uid_t uid, gid_t gid, mode_t mode)
{
	struct passwd pw, *found = NULL;
	gid_t groups[64];
	int count = ARRAY_SIZE(groups);
	char buf[4096];

	if (getpwnam_r(DOCTOR_SERVICE_USER, &pw, buf, sizeof(buf), &found) != 0 || !found) {
		if (geteuid() == 0 || geteuid() == uid)
			return true;
		return (mode & 0006) == 0006;
	}
	if (pw.pw_uid == uid)
		return (mode & 0600) == 0600;
	if (getgrouplist(pw.pw_name, pw.pw_gid, groups, &count) < 0)
		count = 0;
	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return (mode & 0060) == 0060;
	return (mode & 0006) == 0006;
}

/* Whether nothing can be written. After an error of its own a file system refuses every write and
 * yet may not say so in its flags; the file that is tried has no name. */
static bool is_read_only(const char *directory, const struct statvfs *fs)
{
	_cleanup_(closep) int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	return (fd < 0 && (errno == EROFS || errno == EIO)) || (fs->f_flag & ST_RDONLY);
}

static void look_at_room(struct doctor *d, const char *directory)
{
	char free_text[HUMAN_MAX], keep[HUMAN_MAX];
	struct statvfs fs;
	int64_t free_bytes, keep_free = (int64_t)d->config->store.keep_free;

	if (statvfs(directory, &fs) < 0)
		return;
	free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	human_size(free_text, free_bytes);
	human_size(keep, keep_free);
	if (is_read_only(directory, &fs))
		doctor_find(d, FINDING_WRONG, "disk",
			"a card that fails turns read-only: look into the kernel's log "
			"(journalctl -k), replace it; else mount it with rw",
			"the file system of %s is read-only: nothing can be stored", directory);
	else if (free_bytes < keep_free)
		doctor_find(d, FINDING_WRONG, "disk",
			"make room; \"du -xh --max-depth=2 /var\" shows who takes it",
			"%s free, and KeepFree=%s: the store does not grow, the oldest readings "
			"give way",
			free_text, keep);
	else if (fs.f_files > 0 && fs.f_favail == 0)
		doctor_find(d, FINDING_WRONG, "disk", "remove files that nobody needs",
			"no inode is free in the file system of %s", directory);
	else
		doctor_find(d, FINDING_GOOD, "disk", NULL, "%s free", free_text);
}

static void look_at_database(struct doctor *d, const char *directory)
{
	_cleanup_(freep) char *path = NULL, *pattern = NULL;
	struct stored s = { 0 };
	char why[STORED_WHY_MAX], count[HUMAN_MAX];
	glob_t found;
	int r;

	if (asprintf(&path, "%s/outbox.db", directory) < 0)
		path = NULL;
	if (asprintf(&pattern, "%s/outbox.db.*-[0-9]*", directory) < 0)
		pattern = NULL;
	if (!path || !pattern) {
		d->out_of_memory = true;
		return;
	}
	r = stored_read(path, &s, why);
	if (r == 0)
		doctor_find(d, s.asides ? FINDING_WARNING : FINDING_GOOD, "store",
			s.asides ? "wardgatectl outbox says why; then wardgatectl outbox retry or "
				   "drop"
				 : NULL,
			"%s readings and %" PRIu64 " records wait on the disk, %" PRIu64
			" messages are set aside",
			human_count(count, s.readings), s.events, s.asides);
	else if (r == -ENOENT)
		doctor_find(d, FINDING_NOTE, "store", NULL, "there is no database yet");
	else if (r == -EACCES)
		doctor_find(d, FINDING_NOTE, "store", "run doctor as root", "%s", why);
	else
		doctor_find(d, FINDING_WRONG, "store", NULL, "%s", why);
	stored_done(&s);
	if (glob(pattern, 0, NULL, &found) == 0) {
		doctor_find(d, FINDING_WARNING, "store",
			"look into docs/ledger.md what it is; delete it once nobody needs it",
			"%zu database%s lie%s aside, e.g. %s", found.gl_pathc,
			found.gl_pathc == 1 ? "" : "s", found.gl_pathc == 1 ? "s" : "",
			found.gl_pathv[0]);
		globfree(&found);
	}
}

void doctor_disk(struct doctor *d)
{
	const char *directory = d->config ? d->config->gateway.state_directory : NULL;
	struct stat st;

	if (!directory)
		return;
	if (stat(directory, &st) < 0) {
		if (errno == ENOENT)
			doctor_find(d, d->runs ? FINDING_WRONG : FINDING_NOTE, "state",
				"the service makes it at its start; elsewhere: mkdir it and give "
				"it "
				"to the user " DOCTOR_SERVICE_USER,
				"%s is not there", directory);
		else
			doctor_find(d, errno == EACCES ? FINDING_NOTE : FINDING_WRONG, "state",
				errno == EACCES ? "run doctor as root" : NULL,
				"%s cannot be looked at: %m", directory);
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_find(
			d, FINDING_WRONG, "state", "move it away", "%s is no directory", directory);
		return;
	}
	if (!doctor_service_may(st.st_uid, st.st_gid, st.st_mode)) {
		_cleanup_(freep) char *remedy = NULL;

		if (asprintf(&remedy, "chown -R " DOCTOR_SERVICE_USER ": %s", directory) < 0)
			remedy = NULL;
		doctor_find(d, FINDING_WRONG, "state", remedy,
			"the service's user may not write to %s", directory);
	} else if (st.st_mode & 0007) {
		doctor_find(d, FINDING_WARNING, "state",
			"chmod o-rwx it: there are keys and vital signs in it",
			"others than the service can look into %s", directory);
	} else {
		doctor_find(d, FINDING_GOOD, "state", NULL, "%s", directory);
	}
	look_at_room(d, directory);
	look_at_database(d, directory);
}

/* --- certificates --- */

static void look_at_certificate(struct doctor *d, const char *path, const char *what)
{
	FILE *f = fopen(path, "re");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	int days = 0, seconds = 0;
	struct tm tm = { 0 };
	char when[HUMAN_MAX];

	if (!f && errno == EACCES)
		doctor_find(d, FINDING_NOTE, "certificate", "run doctor as root", "%s %s: %m", what,
			path);
	else if (!x)
		doctor_find(d, FINDING_WRONG, "certificate",
			"put a PEM file there: -----BEGIN CERTIFICATE-----",
			"%s %s holds no certificate", what, path);
	if (f)
		fclose(f);
	ERR_clear_error();
	if (!x)
		return;
	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) != 1 ||
		ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)) != 1) {
		doctor_find(d, FINDING_WRONG, "certificate", NULL, "%s %s has no date", what, path);
		X509_free(x);
		return;
	}
	human_time(when, (int64_t)timegm(&tm) * 1000);
	if (days < 0 || seconds < 0)
		doctor_find(d, FINDING_WRONG, "certificate",
			"have the hospital's CA issue a new one; it is read at the next connection",
			"%s %s has ended: %s", what, path, when);
	else if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		doctor_find(d, FINDING_WRONG, "certificate", "is the clock right?",
			"%s %s is not valid yet", what, path);
	else if (days < SOON_DAYS)
		doctor_find(d, FINDING_WARNING, "certificate",
			"have the hospital's CA issue a new one; it is read at the next connection",
			"%s %s ends in %d days: %s", what, path, days, when);
	else
		doctor_find(
			d, FINDING_GOOD, "certificate", NULL, "%s %s until %s", what, path, when);
	X509_free(x);
}

void doctor_certificates(struct doctor *d)
{
	if (!d->config)
		return;
	if (d->config->mqtt.certificate_file)
		look_at_certificate(d, d->config->mqtt.certificate_file, "to the broker:");
	if (d->config->coap.enabled && d->config->coap.certificate_file)
		look_at_certificate(d, d->config->coap.certificate_file, "to devices:");
}
