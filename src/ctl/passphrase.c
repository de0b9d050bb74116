/*
 * A backup's passphrase. See backup.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/backup.h"
#include "ctl/prompt.h"

static int judge(const char *text, bool is_new)
{
	if (is_new && strlen(text) < SEAL_PASSPHRASE_MIN)
		return ctl_fail(
			"the passphrase needs at least %d characters; several words are good",
			SEAL_PASSPHRASE_MIN);
	if (*text == 0)
		return ctl_fail("the passphrase is empty");
	return 0;
}

static int load(const char *path, char *buf)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t n = 0;
	size_t length = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return ctl_fail("the passphrase file %s cannot be read: %m", path);
	if (S_ISREG(st.st_mode) && (st.st_mode & 0077))
		ctl_note("warning: others can read %s; chmod 600 it", path);
	while (length <= SEAL_PASSPHRASE_MAX &&
		(n = read(fd, buf + length, SEAL_PASSPHRASE_MAX + 1 - length)) > 0)
		length += (size_t)n;
	if (n < 0)
		return ctl_fail("the passphrase file %s cannot be read: %m", path);
	if (length > SEAL_PASSPHRASE_MAX)
		length = SEAL_PASSPHRASE_MAX;
	buf[length] = 0;
	/* the first line, without its end */
	length = strcspn(buf, "\r\n");
	OPENSSL_cleanse(buf + length, SEAL_PASSPHRASE_MAX - length);
	return 0;
}

static int ask(const char *question, char *buf)
{
	int n = prompt_secret(question, buf, SEAL_PASSPHRASE_MAX + 1);

	if (n == -ENXIO)
		return ctl_misused("there is no terminal to ask for the passphrase; give "
				   "--passphrase-file FILE");
	if (n == -E2BIG)
		return ctl_fail("the passphrase is longer than %d characters", SEAL_PASSPHRASE_MAX);
	if (n < 0)
		return ctl_fail("no passphrase was given");
	return 0;
}

int backup_passphrase(const char *file, bool is_new, char buf[SEAL_PASSPHRASE_MAX + 1])
{
	char again[SEAL_PASSPHRASE_MAX + 1] = "";
	int r;

	if (file) {
		r = load(file, buf);
		return r ? r : judge(buf, is_new);
	}
	r = ask(is_new ? "New passphrase of the backup: " : "Passphrase of the backup: ", buf);
	if (r == 0)
		r = judge(buf, is_new);
	if (r == 0 && is_new) {
		r = ask("The same again: ", again);
		if (r == 0 && strcmp(buf, again) != 0)
			r = ctl_fail("the two are not the same; nothing was written");
		OPENSSL_cleanse(again, sizeof(again));
	}
	return r;
}
