/*
 * The way to the daemon. See bus.h.
 */
#include "ctl/bus.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#define OWN_ERROR BUS_NAME ".Error."

struct bus {
	sd_bus *connection;
};

void bus_problem_done(struct bus_problem *p)
{
	free(p->text);
	*p = (struct bus_problem){ 0 };
}

int bus_complain(const struct bus_problem *p)
{
	return ctl_failed(p->status, p->text ?: "out of memory");
}

static int problem(struct bus_problem *p, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int problem(struct bus_problem *p, int status, const char *format, ...)
{
	va_list args;

	bus_problem_done(p);
	p->status = status;
	va_start(args, format);
	if (vasprintf(&p->text, format, args) < 0)
		p->text = NULL;
	va_end(args);
	return status;
}

struct bus *bus_free(struct bus *b)
{
	if (!b)
		return NULL;
	sd_bus_flush_close_unref(b->connection);
	free(b);
	return NULL;
}

sd_bus *bus_connection(struct bus *b)
{
	return b->connection;
}

/* --- where it is --- */

/* Bus= of [Control] in one file. Not by config/read.h: of a configuration with errors, which it
 * does not give, one still wants to reload it and to look at what runs. */
static void scan_file(const char *path, char **bus)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "re");
	_cleanup_(freep) char *line = NULL;
	bool control = false;
	size_t room = 0;
	ssize_t n;

	while (f && (n = getline(&line, &room, f)) >= 0) {
		while (n > 0 && strchr(" \t\r\n", line[n - 1]))
			line[--n] = 0;
		if (line[0] == '[') {
			control = strcmp(line, "[Control]") == 0;
		} else if (control && strncmp(line, "Bus", 3) == 0) {
			const char *at = line + 3 + strspn(line + 3, " \t");

			if (*at++ != '=')
				continue;
			free(*bus);
			*bus = strdup(at + strspn(at, " \t"));
		}
	}
}

/* What the configuration says; that this user may not read it is no hindrance. */
static char *configured(const struct ctl *ctl)
{
	const char *slash = strrchr(ctl->config_path, '/');
	_cleanup_(freep) char *pattern = NULL;
	char *bus = NULL;
	glob_t found;

	scan_file(ctl->config_path, &bus);
	if (asprintf(&pattern, "%.*sconf.d/*.conf", slash ? (int)(slash + 1 - ctl->config_path) : 0,
		    ctl->config_path) < 0) {
		pattern = NULL;
		return bus;
	}
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			scan_file(found.gl_pathv[i], &bus);
		globfree(&found);
	}
	if (!bus || !*bus) {
		free(bus);
		bus = strdup("system");
	}
	return bus;
}

static int connect_to(sd_bus **ret, const char *where)
{
	sd_bus *bus = NULL;
	int r;

	if (strcmp(where, "system") == 0)
		return sd_bus_open_system(ret);
	if (strcmp(where, "session") == 0)
		return sd_bus_open_user(ret);
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, where);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static int no_bus(struct bus_problem *p, const char *where, int r)
{
	const char *kind = strcmp(where, "system") == 0    ? "the system's D-Bus"
			   : strcmp(where, "session") == 0 ? "this session's D-Bus"
							   : where;

	if (r == -EACCES || r == -EPERM)
		return problem(p, EX_NOPERM,
			"%s lets nobody in but others: run it as root or as a member of the group "
			"wardgate",
			kind);
	if (r == -EINVAL)
		return problem(p, EX_USAGE,
			"\"%s\" is no D-Bus address; give system, session or e.g. "
			"unix:path=/run/dbus/system_bus_socket",
			where);
	return problem(p, EX_UNAVAILABLE,
		"%s cannot be reached: %s; is dbus running, and is %s right?", kind,
		r == -ENOMEDIUM ? "no address is set" : strerror(-r),
		strcmp(where, "system") == 0 ? "[Control] Bus=" : "the address");
}

int bus_open(struct bus **ret, const struct ctl *ctl, struct bus_problem *p)
{
	_cleanup_(freep) char *where = ctl->bus ? strdup(ctl->bus) : configured(ctl);
	_cleanup_(bus_freep) struct bus *b = calloc(1, sizeof(*b));
	int r;

	if (!where || !b)
		return problem(p, EXIT_FAILURE, "out of memory");
	if (strcmp(where, "off") == 0)
		return problem(p, EX_UNAVAILABLE,
			"wardgated is on no D-Bus: Bus=off in [Control] of %s; set Bus=system and "
			"restart it",
			ctl->config_path);
	r = connect_to(&b->connection, where);
	if (r < 0)
		return no_bus(p, where, r);
	*ret = TAKE_PTR(b);
	return 0;
}

/* --- what goes wrong --- */

static const char *own_error(const sd_bus_error *e)
{
	return strncmp(e->name, OWN_ERROR, strlen(OWN_ERROR)) == 0 ? e->name + strlen(OWN_ERROR)
								   : NULL;
}

static int daemon_says(struct bus_problem *p, const char *name, const char *message)
{
	int status = strcmp(name, "NotPermitted") == 0      ? EX_NOPERM
		     : strcmp(name, "InvalidArgument") == 0 ? EX_USAGE
							    : EXIT_FAILURE;

	problem(p, status, "%.*s", BUS_PROBLEM_MAX, message && *message ? message : name);
	snprintf(p->name, sizeof(p->name), "%s", name);
	return status;
}

int bus_failed(struct bus_problem *p, const sd_bus_error *e, int r)
{
	const char *own = e && e->name ? own_error(e) : NULL;

	if (own)
		return daemon_says(p, own, e->message);
	if (e && (sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
			 sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER)))
		return problem(p, EX_UNAVAILABLE,
			"wardgated is not on the bus: see \"systemctl status wardgated\", and "
			"[Control] Bus= if it runs");
	if (e && sd_bus_error_has_name(e, SD_BUS_ERROR_ACCESS_DENIED))
		return problem(p, EX_NOPERM,
			"only root and members of the group wardgate may talk to wardgated: "
			"\"adduser USER wardgate\", then log in anew");
	if (e && (sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_METHOD) ||
			 sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_INTERFACE) ||
			 sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_OBJECT)))
		return problem(p, EXIT_FAILURE,
			"this wardgated does not know it; is it as new as wardgatectl " WG_VERSION
			"? restart it after an upgrade");
	if (r == -ETIMEDOUT || (e && (sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) ||
					     sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT))))
		return problem(p, EX_UNAVAILABLE,
			"wardgated did not answer; look at \"journalctl -u wardgated\"");
	if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE)
		return problem(p, EX_UNAVAILABLE,
			"the D-Bus went away; look at \"systemctl status dbus\"");
	if (r == -EACCES || r == -EPERM)
		return problem(p, EX_NOPERM,
			"the D-Bus lets this user not in; run it as root or as a member of the "
			"group "
			"wardgate");
	return problem(p, EXIT_FAILURE, "wardgated cannot be asked: %s",
		e && e->message ? e->message : strerror(-r));
}

/* --- calls --- */

int bus_message(struct bus *b, struct bus_problem *p, sd_bus_message **ret, const char *method)
{
	int r = sd_bus_message_new_method_call(
		b->connection, ret, BUS_NAME, BUS_PATH, BUS_NAME, method);

	if (r >= 0)
		r = sd_bus_message_set_auto_start(*ret, false);
	return r < 0 ? bus_failed(p, NULL, r) : 0;
}

int bus_send(struct bus *b, struct bus_problem *p, sd_bus_message *m, uint64_t timeout_us,
	sd_bus_message **ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(b->connection, m, timeout_us, &error, ret);

	return r < 0 ? bus_failed(p, &error, r) : 0;
}

static int call(struct bus *b, struct bus_problem *p, sd_bus_message **ret, const char *method,
	const char *types, va_list args)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = bus_message(b, p, &m, method);

	if (r != 0)
		return r;
	if (types) {
		r = sd_bus_message_appendv(m, types, args);
		/* A text that is no UTF-8. */
		if (r == -EINVAL)
			return problem(p, EX_USAGE, "the argument is no UTF-8 text");
		if (r < 0)
			return bus_failed(p, NULL, r);
	}
	return bus_send(b, p, m, BUS_TIMEOUT_US, ret);
}

int bus_call(struct bus *b, struct bus_problem *p, sd_bus_message **ret, const char *method,
	const char *types, ...)
{
	va_list args;
	int r;

	va_start(args, types);
	r = call(b, p, ret, method, types, args);
	va_end(args);
	return r;
}

int bus_ask(struct bus *b, struct bus_problem *p, char **ret, const char *method, const char *types,
	...)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *text;
	va_list args;
	int r;

	va_start(args, types);
	r = call(b, p, &reply, method, types, args);
	va_end(args);
	if (r != 0)
		return r;
	r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return bus_failed(p, NULL, r);
	*ret = strdup(text);
	return *ret ? 0 : bus_failed(p, NULL, -ENOMEM);
}

/* The texts of an answer "as", which stay the message's. */
static int texts_of(sd_bus_message *reply, char ***ret, size_t *ret_count)
{
	_cleanup_(freep) char **texts = NULL;
	size_t count = 0, room = 0;
	const char *text;
	int r = sd_bus_message_enter_container(reply, 'a', "s");

	while (r >= 0 && (r = sd_bus_message_read_basic(reply, 's', &text)) > 0) {
		if (count == room) {
			char **grown = reallocarray(texts, room = room * 2 + 16, sizeof(*grown));

			if (!grown)
				return -ENOMEM;
			texts = grown;
		}
		memcpy(&texts[count++], &text, sizeof(text));
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(texts);
	*ret_count = count;
	return 0;
}

int bus_ask_list(struct bus *b, struct bus_problem *p, sd_bus_message **ret_reply, char ***ret,
	size_t *ret_count, const char *method)
{
	int r = bus_call(b, p, ret_reply, method, NULL);

	if (r != 0)
		return r;
	r = texts_of(*ret_reply, ret, ret_count);
	return r < 0 ? bus_failed(p, NULL, r) : 0;
}
