/*
 * wardgatectl permit-join, network: the Zigbee network. Who may come in, and
 * what is to become of a network that the radio has and the gateway does not
 * know.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/herdsman.h"
#include "ctl/json.h"
#include "ctl/prompt.h"
#include "ctl/run.h"
#include "ctl/term.h"
#include "util/file.h"
#include "util/text.h"
#include "wardgate/joining.h"

#define SECONDS 120
#define BACKUP_MAX (512 * 1024)

/* Text of several arguments; NULL ones are left out. NULL: out of memory. */
static cJSON *texts(const char *const *list)
{
	cJSON *o = cJSON_CreateObject();

	for (; o && *list; list += 2)
		if (list[1] && !cJSON_AddStringToObject(o, list[0], list[1])) {
			cJSON_Delete(o);
			o = NULL;
		}
	return o;
}

/* ---- permit-join ---- */

/* Where somebody sees that it has come: only who is configured is among the devices. */
static const char *list_of(const char *device)
{
	return device && strncmp(device, "0x", 2) != 0 ? "devices" : "discover";
}

static void tell_open(long seconds, const char *code, const char *device, bool anyone)
{
	if (seconds == 0)
		puts("The network is closed.");
	else if (code)
		printf("The network is open for %ld s, and the install code is known to it. Put "
		       "the device into\nits joining mode as its manual says; wardgatectl %s "
		       "shows it.\n",
			seconds, list_of(device));
	else
		printf("The network is open for %ld s, for devices %s. Put the device into its "
		       "joining mode\nas its manual says; wardgatectl devices shows it, or "
		       "discover where it is not configured.\n",
			seconds, anyone ? "of any kind" : "whose install code is known");
}

int verb_permit_join(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	const char *code = NULL, *device = NULL;
	bool anyone = ctl_flag(&argc, argv, "--anyone"), end = ctl_flag(&argc, argv, "--end");
	long seconds = SECONDS;
	char *rest = NULL;
	cJSON *o;
	int r = ctl_option(&argc, argv, "--install-code", &code);

	if (r == 0)
		r = ctl_option(&argc, argv, "--device", &device);
	if (r == 0)
		r = ctl_arguments(argc, argv, 1);
	if (r != 0)
		return r;
	if (argc > 1)
		seconds = strtol(argv[1], &rest, 10);
	if (argc > 1 && (*argv[1] == 0 || *rest || seconds < 1 || seconds > JOINING_SECONDS_MAX))
		return ctl_misused("\"%s\" is no time to be open; give 1 to %d seconds", argv[1],
			JOINING_SECONDS_MAX);
	if (!code != !device)
		return ctl_misused("an install code is of one device: give --install-code and "
				   "--device together");
	if (end)
		seconds = 0;
	o = texts((const char *const[]){ "install_code", code,
		device && strncmp(device, "0x", 2) == 0 ? "address" : "device", device, "anyone",
		anyone ? "yes" : NULL, NULL });
	if (o && !cJSON_AddNumberToObject(o, "seconds", (double)seconds)) {
		cJSON_Delete(o);
		o = NULL;
	}
	r = ctl_do(ctl, "permit-join", o, &answer);
	if (r == 0 && answer)
		tell_open(seconds, code, device, anyone);
	return r;
}

/* ---- network ---- */

/* What has gone amiss; nothing, as long as nothing has. */
static void tell_radio(const cJSON *radio)
{
	static const struct {
		const char *member, *one, *more;
	} rows[] = { { "resets", "reset by itself", "resets by itself" },
		{ "unplugged", "time unplugged", "times unplugged" },
		{ "damaged", "damaged frame", "damaged frames" },
		{ "lost", "time too full for messages", "times too full for messages" },
		{ "unknown", "frame that was not understood", "frames that were not understood" } };
	char line[224];
	struct text t = text_init(line, sizeof(line));

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t n = json_integer(radio, rows[i].member, 0);

		if (n <= 0)
			continue;
		text_printf(&t, "%s%" PRId64 " %s", t.at > line ? ", " : "", n,
			n == 1 ? rows[i].one : rows[i].more);
	}
	if (text_done(&t) > 0)
		term_line("radio", line);
}

static void tell_number(const char *what, const char *before, int64_t n, const char *after)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "%s%" PRId64 "%s", before, n, after);
	term_line(what, line);
}

static int show(const struct ctl *ctl)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	int64_t open;
	int r = ctl_do(ctl, "network", cJSON_CreateObject(), &answer);

	if (r != 0 || !answer)
		return r;
	term_line("state", json_text(answer, "state", "?"));
	if (json_integer(answer, "channel", 0) > 0)
		tell_number("channel", "", json_integer(answer, "channel", 0), "");
	if (*json_text(answer, "pan", ""))
		term_line("PAN", json_text(answer, "pan", ""));
	if (*json_text(answer, "coordinator", ""))
		term_line("radio", json_text(answer, "coordinator", ""));
	tell_number("devices", "", json_integer(answer, "devices", 0), "");
	if (json_integer(answer, "refused", 0) > 0)
		tell_number("refused", "", json_integer(answer, "refused", 0),
			" times: who may not join");
	open = json_integer(answer, "open_s", 0);
	if (open > 0)
		tell_number("open", "for ", open, " s");
	tell_radio(cJSON_GetObjectItemCaseSensitive(answer, "radio"));
	if (*json_text(answer, "problem", ""))
		term_line("problem", json_text(answer, "problem", ""));
	if (json_true(answer, "mismatch"))
		puts("\nNothing is done to the radio's network before somebody decides:\n"
		     "  wardgatectl network adopt    what the radio has is the gateway's from now "
		     "on\n"
		     "  wardgatectl network restore  the gateway's goes into the radio");
	return 0;
}

static bool sure(bool yes, const char *sentence, int *ret)
{
	if (yes)
		return true;
	if (!term_interactive()) {
		*ret = ctl_misused("network asks before it does it; say --yes without a terminal");
		return false;
	}
	puts(sentence);
	if (prompt_yes("Do it? [y/N] "))
		return true;
	*ret = ctl_fail("nothing was done");
	return false;
}

static int adopt(const struct ctl *ctl, bool yes)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	int r = 0;

	if (!sure(yes,
		    "The network that the radio has is the gateway's from now on. Devices of the "
		    "gateway's former\nnetwork are not heard any more, until they join anew.",
		    &r))
		return r;
	r = ctl_do(ctl, "network-adopt", cJSON_CreateObject(), &answer);
	if (r == 0 && answer)
		puts("It is being taken over; wardgatectl network says when it is up.");
	return r;
}

static char *read_backup(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = malloc(BACKUP_MAX + 1);
	struct stat st;
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0 || !text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		ctl_fail("%s cannot be read: %s", path,
			fd < 0 ? strerrordesc_np(errno) : "it is no regular file");
		free(text);
		return NULL;
	}
	while (n <= BACKUP_MAX && (got = read(fd, text + n, BACKUP_MAX + 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0 || n > BACKUP_MAX || strnlen(text, n) < n) {
		ctl_fail("%s is no backup of a network", path);
		explicit_bzero(text, n);
		free(text);
		return NULL;
	}
	text[n] = 0;
	return text;
}

static int restore(const struct ctl *ctl, const char *path, bool other, bool yes)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	char *text = NULL;
	cJSON *o;
	int r = 0;

	if (!sure(yes,
		    "What the radio has now is overwritten. The unit that had this network before "
		    "must never be\nswitched on again beside this one.",
		    &r))
		return r;
	if (path && !(text = read_backup(path)))
		return EXIT_FAILURE;
	o = texts(
		(const char *const[]){ "backup", text, "other_radio", other ? "yes" : NULL, NULL });
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	r = ctl_do(ctl, "network-restore", o, &answer);
	if (r == 0 && answer)
		puts("It is being restored; wardgatectl network says when it is up.");
	if (r == 0 && answer && *json_text(answer, "note", ""))
		ctl_note("%s", json_text(answer, "note", ""));
	return r;
}

/* In the place of a file that is there: whole, or that one stays. */
static int replace_backup(const char *path, const char *text)
{
	_cleanup_(closep) int fd = file_open_directory_of(path);
	const char *slash = strrchr(path, '/');

	return fd < 0 ? fd : file_replace(fd, slash ? slash + 1 : path, text, strlen(text), 0600);
}

/* It holds the keys: readable by nobody else, and no file is overwritten. */
static int write_backup(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, text, strlen(text));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlink(path);
	return r;
}

static int say_file(const struct ctl *ctl, const char *path)
{
	_cleanup_(cJSON_Deletep) cJSON *o = texts((const char *const[]){ "file", path, NULL });
	_cleanup_(freep) char *text = o ? cJSON_PrintUnformatted(o) : NULL;

	if (!ctl->json)
		printf("%s has the network with its keys: keep it where nobody else reads it.\n",
			path);
	else if (text)
		puts(text);
	else
		return ctl_fail("out of memory");
	return EXIT_SUCCESS;
}

/* The daemon's text, or what is made of it for another program. */
static int write_text(const char *path, const char *text, bool force, bool herdsman)
{
	bool keys = false;
	char *other;
	int r;

	if (!herdsman)
		return force ? replace_backup(path, text) : write_backup(path, text);
	other = herdsman_backup(text, &keys);
	if (!other)
		return -EBADMSG;
	r = force ? replace_backup(path, other) : write_backup(path, other);
	explicit_bzero(other, strlen(other));
	free(other);
	if (r == 0 && keys)
		fputs("wardgatectl: devices with keys of their own have to join anew there\n",
			stderr);
	return r;
}

static int backup(const struct ctl *ctl, const char *path, bool force, bool herdsman)
{
	_cleanup_(freep) char *document = NULL;
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	const char *text;
	int r = ctl_run(ctl, "network-backup", cJSON_CreateObject(), &document);

	if (r != 0)
		return r;
	answer = json_object(document);
	explicit_bzero(document, strlen(document));
	text = json_text(answer, "backup", "");
	if (!*text)
		return ctl_fail("wardgated's answer is no backup; is it as new as wardgatectl?");
	r = write_text(path, text, force, herdsman);
	if (r < 0)
		return ctl_fail("%s cannot be written: %s", path,
			r == -EEXIST ? "it is there already; give another name, or --force"
				     : strerrordesc_np(-r));
	return say_file(ctl, path);
}

static int remove_device(const struct ctl *ctl, const char *address, bool yes)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	int r = 0;

	if (!sure(yes,
		    "A device that is not configured is told to leave the network. To come back it "
		    "has "
		    "to join anew.",
		    &r))
		return r;
	r = ctl_do(ctl, "network-remove", texts((const char *const[]){ "address", address, NULL }),
		&answer);
	if (r == 0 && answer)
		printf("%s is told to leave; one that sleeps hears it when it next wakes.\n",
			address);
	return r;
}

int verb_network(const struct ctl *ctl, int argc, char **argv)
{
	bool yes = ctl_flag(&argc, argv, "--yes"), other = ctl_flag(&argc, argv, "--other-radio");
	bool force = ctl_flag(&argc, argv, "--force");
	bool herdsman = ctl_flag(&argc, argv, "--zigbee2mqtt");
	const char *what;
	int r = ctl_arguments(argc, argv, 2);

	if (r != 0)
		return r;
	what = argc > 1 ? argv[1] : "";
	if (herdsman && strcmp(what, "backup") != 0)
		return ctl_misused("--zigbee2mqtt is of network backup");
	if (argc == 1)
		return show(ctl);
	if (strcmp(what, "adopt") == 0 && argc == 2)
		return adopt(ctl, yes);
	if (strcmp(what, "restore") == 0)
		return restore(ctl, argc > 2 ? argv[2] : NULL, other, yes);
	if (strcmp(what, "backup") == 0 && argc == 3)
		return backup(ctl, argv[2], force, herdsman);
	if (strcmp(what, "backup") == 0)
		return ctl_misused("network backup needs the name of a file");
	if (strcmp(what, "remove") == 0 && argc == 3)
		return remove_device(ctl, argv[2], yes);
	if (strcmp(what, "remove") == 0)
		return ctl_misused(
			"network remove needs an address; wardgatectl discover lists them");
	return ctl_misused("network knows no \"%s\"; it is adopt, restore [FILE], backup FILE or "
			   "remove ADDRESS",
		what);
}
