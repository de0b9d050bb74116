/*
 * See adoption.h.
 */
#include "control/adoption.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "config/parse.h"
#include "config/psk.h"
#include "config/record.h"
#include "control/files.h"

struct adoption *adoption_free(struct adoption *a)
{
	if (!a)
		return NULL;
	if (a->key)
		explicit_bzero(a->key, strlen(a->key));
	free(a->config_path);
	free(a->state_directory);
	free(a->device);
	free(a->address);
	free(a->settings);
	free(a->key);
	free(a->why);
	free(a->file);
	free(a);
	return NULL;
}

static void fail(struct adoption *a, enum command_outcome o, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fail(struct adoption *a, enum command_outcome o, const char *format, ...)
{
	va_list list;

	free(a->why);
	a->outcome = o;
	va_start(list, format);
	if (vasprintf(&a->why, format, list) < 0)
		a->why = NULL;
	va_end(list);
}

static void fail_errno(struct adoption *a, const char *what, const char *path, int error)
{
	fail(a, COMMAND_FAILED, "cannot %s %s: %s", what, path, strerror(-error));
}

static int section_path(struct adoption *a)
{
	if (asprintf(&a->file, "%s/devices.d/%s.conf", a->state_directory, a->device) < 0) {
		a->file = NULL;
		fail(a, COMMAND_FAILED, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

static int bind_key_path(const struct adoption *a, char **ret)
{
	if (asprintf(ret, "%s/devices.d/%s" ADOPTION_BIND_KEY_FILE, a->state_directory, a->device) <
		0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* --- the section --- */

static char *section_text(const struct adoption *a)
{
	_cleanup_(freep) char *path = NULL, *line = NULL;
	char *text;

	if (a->key && a->transport == TRANSPORT_BLE &&
		(bind_key_path(a, &path) < 0 || asprintf(&line, "BindKey=%s\n", path) < 0)) {
		line = NULL;
		return NULL;
	}
	if (asprintf(&text,
		    "# Written by wardgated when the device was adopted.\n[Device %s]\n"
		    "Transport=%s\nAddress=%s\n%s%s",
		    a->device, transport_text(a->transport), a->address, a->settings,
		    line ?: "") < 0)
		return NULL;
	return text;
}

static bool is_ours(const struct adoption *a, const char *line)
{
	return strncmp(line, a->file, strlen(a->file)) == 0;
}

/* The first line about the section is the answer; others are not the asker's fault. */
static void fail_config(struct adoption *a, const struct config_problems *p)
{
	for (size_t i = 0; i < p->error_count; i++)
		if (is_ours(a, p->errors[i])) {
			/* "path:3: [Device x] Bed=a b: what is wrong": the path says nothing yet.
			 */
			const char *rest = strstr(p->errors[i], ": ");

			fail(a, COMMAND_INVALID_ARGUMENT, "%s", rest ? rest + 2 : p->errors[i]);
			return;
		}
	fail(a, COMMAND_CONFIGURATION,
		"the configuration has errors, so that no device can be added: %s",
		p->error_count > 0 ? p->errors[0] : "out of memory");
}

/* Whether the device would be what was asked for. */
static bool check_device(struct adoption *a, const struct config *c)
{
	for (size_t i = 0; i < c->device_count; i++) {
		const struct config_device *d = &c->devices[i];

		if (strcmp(d->name, a->device) != 0)
			continue;
		if (!d->adopted) {
			fail(a, COMMAND_REFUSED,
				"the configuration in /etc has a device %s already; choose another "
				"name",
				a->device);
			return false;
		}
		if (strcmp(d->address, a->address) != 0 && a->transport == TRANSPORT_COAP) {
			fail(a, COMMAND_INVALID_ARGUMENT,
				"\"address\" cannot stand in a configuration file as it is; no "
				"blanks at its ends, no control characters");
			return false;
		}
		return true;
	}
	fail(a, COMMAND_FAILED, "the device is not found in its own section");
	return false;
}

/* The configuration as it would be. NULL: it may not be; a says why. */
static struct config *check_section(struct adoption *a, const char *text)
{
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	_cleanup_(config_unrefp) struct config *c = NULL;
	struct config_text extra = {
		.path = a->file, .data = text, .size = strlen(text), .adopted = true
	};
	struct config_options options = a->options;
	int r;

	options.extra = &extra;
	r = config_read(a->config_path, &options, &c, &problems);
	if (r < 0)
		fail(a, COMMAND_FAILED, "cannot read the configuration: %s", strerror(-r));
	else if (r > 0)
		fail_config(a, &problems);
	else if (check_device(a, c))
		return TAKE_PTR(c);
	return NULL;
}

/* --- keys --- */

static int key_path(const struct adoption *a, char **ret)
{
	if (asprintf(ret, "%s/" PSK_ADOPTED_FILE, a->state_directory) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* The file without the device's line, and with another if there is a key. */
static int write_keys(struct adoption *a, const char *key)
{
	static const char head[] = "# Keys of adopted devices, written by wardgated.\n";
	_cleanup_(freep) char *path = NULL;
	char *old = NULL, *text = NULL, why[256];
	size_t old_size = 0, size, length = strlen(a->address);
	FILE *f;
	int r = key_path(a, &path);

	if (r < 0)
		return r;
	if (access(path, F_OK) == 0 &&
		config_load_file(path, CONFIG_FILE_MAX, &old, &old_size, why) != 0)
		return -EIO;
	if (!old && !key)
		return 0;
	f = open_memstream(&text, &size);
	if (!f) {
		free(old);
		return -ENOMEM;
	}
	if (!old)
		fputs(head, f);
	for (char *p = old; p && *p;) {
		size_t n = strcspn(p, "\n");
		const char *colon = memrchr(p, ':', n);

		if (!colon || (size_t)(colon - p) != length || memcmp(p, a->address, length) != 0)
			fprintf(f, "%.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
	if (key)
		fprintf(f, "%s:%s\n", a->address, key);
	r = fclose(f) == 0 ? files_write(path, text, size, 0600) : -ENOMEM;
	wipe_free(old, old_size);
	wipe_free(text, size);
	return r;
}

static int generate_key(struct adoption *a)
{
	uint8_t bytes[ADOPTION_KEY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	a->key = malloc(2 * sizeof(bytes) + 1);
	if (!a->key)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(a->key + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
	a->generated = true;
	return 0;
}

static bool same_key(const char *hex, const uint8_t *key, size_t length)
{
	bool same = strlen(hex) == 2 * length;

	for (size_t i = 0; same && i < length; i++) {
		char pair[3];

		snprintf(pair, sizeof(pair), "%02x", key[i]);
		same = strncasecmp(hex + 2 * i, pair, 2) == 0;
	}
	return same;
}

/* Whether a key is to be written. Returns 0 or 1, or -EINVAL: a says why. */
static int choose_key(struct adoption *a, const struct config *c)
{
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	_cleanup_(psk_keys_done) struct psk_keys keys = { 0 };
	size_t length = 0;
	const uint8_t *own;
	int r;

	if (a->transport != TRANSPORT_COAP)
		return 0;
	r = psk_keys_read(c, &keys, &problems);
	if (r != 0) {
		fail(a, COMMAND_CONFIGURATION, "%s",
			problems.error_count > 0 ? problems.errors[0]
						 : "the keys of CoAP devices cannot be read");
		return -EINVAL;
	}
	own = keys.own ? psk_find(keys.own, a->address, strlen(a->address), &length) : NULL;
	if (own && a->key && !same_key(a->key, own, length)) {
		fail(a, COMMAND_REFUSED,
			"%s has another key for %s, which counts; leave the key out, or change it "
			"there",
			c->coap.psk_file, a->address);
		return -EINVAL;
	}
	if (own)
		return 0;
	r = a->key ? 0 : generate_key(a);
	if (r < 0) {
		fail(a, COMMAND_FAILED, "cannot make a key: %s", strerror(-r));
		return -EINVAL;
	}
	return 1;
}

static int make_directory(const struct adoption *a)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/devices.d", a->state_directory) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* A sensor's key in a file of its own, with key NULL: none. */
static int write_bind_key(const struct adoption *a, const char *key)
{
	_cleanup_(freep) char *path = NULL;
	char text[2 * PSK_KEY_MAX + 2];
	int r = bind_key_path(a, &path);

	if (r < 0)
		return r;
	if (!key)
		return access(path, F_OK) < 0 && errno == ENOENT ? 0 : files_remove(path);
	r = make_directory(a);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "%s\n", key);
	r = files_write(path, text, strlen(text), 0600);
	explicit_bzero(text, sizeof(text));
	return r;
}

/* --- both --- */

static void take_back(struct adoption *a)
{
	if (a->wrote_key && a->transport == TRANSPORT_BLE)
		(void)write_bind_key(a, NULL);
	else if (a->wrote_key)
		(void)write_keys(a, NULL);
	a->wrote_key = false;
}

/* The section with the whole configuration, and its keys. Returns whether all is well. */
static bool prepare(struct adoption *a, const char *text)
{
	_cleanup_(config_unrefp) struct config *c = NULL;
	int r = 0;

	/* It is looked at with the section, whose file is the last to come. */
	if (a->key && a->transport == TRANSPORT_BLE) {
		a->wrote_key = true;
		r = write_bind_key(a, a->key);
	}
	if (r == 0) {
		c = check_section(a, text);
		if (!c)
			return false;
		r = choose_key(a, c);
		if (r < 0)
			return false;
	}
	if (r > 0) {
		a->wrote_key = true;
		r = write_keys(a, a->key);
	}
	if (r < 0)
		fail_errno(a, "write the key into", a->state_directory, r);
	return r == 0;
}

void adoption_write(struct adoption *a)
{
	_cleanup_(freep) char *text = NULL;
	int r;

	if (section_path(a) < 0)
		return;
	text = section_text(a);
	if (!text) {
		fail(a, COMMAND_FAILED, "out of memory");
		return;
	}
	if (access(a->file, F_OK) == 0) {
		fail(a, COMMAND_REFUSED,
			"%s is there already; forget the device first, or choose "
			"another name",
			a->file);
		return;
	}
	if (!prepare(a, text)) {
		take_back(a);
		return;
	}
	r = make_directory(a);
	if (r == 0)
		r = files_write(a->file, text, strlen(text), 0600);
	if (r < 0) {
		take_back(a);
		fail_errno(a, "write", a->file, r);
		return;
	}
	a->outcome = COMMAND_DONE;
}

/* Others in the same file would go with it. */
static bool is_alone(struct adoption *a)
{
	_cleanup_(freep) char *text = NULL;
	size_t size, sections = 0;
	char why[256];

	if (access(a->file, F_OK) < 0) {
		fail(a, COMMAND_REFUSED,
			"%s has no file of its own in devices.d; remove its section where it "
			"stands, and reload",
			a->device);
		return false;
	}
	if (config_load_file(a->file, CONFIG_FILE_MAX, &text, &size, why) != 0) {
		fail(a, COMMAND_FAILED, "%s %s", a->file, why);
		return false;
	}
	for (char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		sections += *p == '[';
	if (sections > 1)
		fail(a, COMMAND_REFUSED,
			"%s has other devices as well; remove the section there, and reload",
			a->file);
	return sections <= 1;
}

void adoption_remove(struct adoption *a)
{
	int r;

	if (!a->file && section_path(a) < 0)
		return;
	if (!is_alone(a))
		return;
	r = files_remove(a->file);
	if (r < 0) {
		fail_errno(a, "remove", a->file, r);
		return;
	}
	a->removed = true;
	r = a->transport == TRANSPORT_COAP  ? write_keys(a, NULL)
	    : a->transport == TRANSPORT_BLE ? write_bind_key(a, NULL)
					    : 0;
	if (r < 0) {
		fail(a, COMMAND_FAILED, "%s is forgotten, but its key stays in %s%s: %s", a->device,
			a->state_directory,
			a->transport == TRANSPORT_BLE ? "/devices.d" : "/" PSK_ADOPTED_FILE,
			strerror(-r));
		return;
	}
	a->outcome = COMMAND_DONE;
}
