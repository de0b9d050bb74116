/*
 * wardgatectl watch: live readings and alarms. On a terminal a table that is
 * redrawn, elsewhere one line for each event. The daemon ends the watch when we
 * leave the bus.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-event.h>
#include <termios.h>
#include <time.h>

#include "ctl/alarm_text.h"
#include "ctl/bus.h"
#include "ctl/json.h"
#include "ctl/term.h"
#include "ctl/watch_table.h"
#include "util/text.h"

#define REDRAW_US UINT64_C(200000)
#define AGES_US UINT64_C(1000000)

struct watch {
	const struct ctl *ctl;
	struct bus *bus;
	sd_event *event;
	struct bus_problem problem;
	char **devices;            /* NULL-terminated; lent */
	struct watch_table *table; /* NULL: lines */
	sd_event_source *redraw, *ages, *renewal;
	struct termios before;
	bool termios_changed;
	uint32_t lease_s;
	char title[64];
};

static int64_t boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t realtime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void leave(struct watch *w, int r)
{
	if (r < 0 && w->problem.status == 0)
		(void)bus_failed(&w->problem, NULL, r);
	(void)sd_event_exit(w->event, w->problem.status);
}

/* --- the terminal --- */

static int on_redraw(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct watch *w = userdata;
	struct watch_size size = { .width = term_width(stdout),
		.height = term_height(stdout),
		.colours = term_has_colours(stdout) };
	int r;

	if (size.width == 0)
		size.width = 80;
	if (size.height == 0)
		size.height = 24;
	fputs("\033[H", stdout);
	r = watch_table_print(w->table, stdout, &size, w->title, boottime_ms(), realtime_ms());
	if (r < 0 || fflush(stdout) != 0)
		leave(w, r < 0 ? r : -EPIPE);
	return 0;
}

/* Soon, and once for all that comes until then. */
static void changed(struct watch *w)
{
	int enabled = SD_EVENT_ON;

	(void)sd_event_source_get_enabled(w->redraw, &enabled);
	if (enabled == SD_EVENT_OFF) {
		(void)sd_event_source_set_time_relative(w->redraw, REDRAW_US);
		(void)sd_event_source_set_enabled(w->redraw, SD_EVENT_ONESHOT);
	}
}

static int on_ages(sd_event_source *s, uint64_t usec, void *userdata)
{
	(void)sd_event_source_set_time_relative(s, AGES_US);
	return on_redraw(s, usec, userdata);
}

static int on_resized(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	return on_redraw(s, 0, userdata);
}

static int on_key(sd_event_source *s, int fd, uint32_t events, void *userdata)
{
	struct watch *w = userdata;
	char c = 0;
	ssize_t n = read(fd, &c, 1);

	if (n <= 0 || c == 'q' || c == 'Q')
		leave(w, 0);
	return 0;
}

static void terminal_begin(struct watch *w)
{
	struct termios quiet;

	if (tcgetattr(STDIN_FILENO, &w->before) == 0) {
		quiet = w->before;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		/* A stop would leave the other screen on. */
		quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
		w->termios_changed = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
		(void)sd_event_add_io(w->event, NULL, STDIN_FILENO, EPOLLIN, on_key, w);
	}
	/* The other screen, so that what stood on this one comes back; no cursor. */
	fputs("\033[?1049h\033[?25l\033[H\033[J", stdout);
}

static void terminal_end(struct watch *w)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (w->termios_changed)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &w->before);
}

/* --- lines --- */

static void put_clock(void)
{
	char text[16];
	struct tm tm;
	time_t now = time(NULL);

	if (gmtime_r(&now, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm) > 0)
		printf("%s  ", text);
}

static void tell_reading(struct watch *w, const char *document, uint32_t left_out)
{
	char text[400];

	if (w->ctl->json) {
		printf("{\"event\":\"reading\",\"left_out\":%" PRIu32 ",\"reading\":", left_out);
		json_put_document(stdout, document);
		puts("}");
		return;
	}
	if (left_out) {
		put_clock();
		printf("%" PRIu32 " readings left out\n", left_out);
	}
	if (watch_line(document, text, sizeof(text))) {
		put_clock();
		term_print(text);
		putchar('\n');
	}
}

static void tell_alarm(struct watch *w, const char *document)
{
	_cleanup_(cJSON_Deletep) cJSON *o = NULL;
	char state[160], text[640];

	if (w->ctl->json) {
		fputs("{\"event\":\"alarm\",\"alarm\":", stdout);
		json_put_document(stdout, document);
		puts("}");
		return;
	}
	o = json_object(document);
	alarm_state_words(o, realtime_ms(), state, sizeof(state));
	watch_alarm_line(o, state, text, sizeof(text));
	put_clock();
	fputs("ALARM  ", stdout);
	term_print(text);
	putchar('\n');
}

static void tell_device(struct watch *w, const char *name, const char *document)
{
	_cleanup_(cJSON_Deletep) cJSON *o = NULL;

	if (w->ctl->json) {
		fputs("{\"event\":\"device\",\"name\":", stdout);
		text_print_json(stdout, name);
		fputs(",\"device\":", stdout);
		json_put_document(stdout, document);
		puts("}");
		return;
	}
	o = json_object(document);
	put_clock();
	fputs("device ", stdout);
	term_print(name);
	fputs(" is ", stdout);
	term_print(*document ? json_text(o, "state", "?") : "gone");
	putchar('\n');
}

static void tell_outbox(struct watch *w, uint64_t depth, uint64_t aside, uint64_t oldest)
{
	if (w->ctl->json) {
		printf("{\"event\":\"outbox\",\"depth\":%" PRIu64 ",\"aside\":%" PRIu64
		       ",\"oldest_seconds\":%" PRIu64 "}\n",
			depth, aside, oldest);
		return;
	}
	put_clock();
	printf("outbox: %" PRIu64 " wait, %" PRIu64 " set aside\n", depth, aside);
}

/* --- what comes --- */

/* Whether the caller asked for it: DeviceChanged goes to all. */
static bool wanted(const struct watch *w, const char *name)
{
	for (char **d = w->devices; *d; d++)
		if (strcmp(*d, name) == 0)
			return true;
	return !*w->devices;
}

static int take_reading(struct watch *w, sd_bus_message *m)
{
	const char *document;
	uint32_t left_out;
	int r = sd_bus_message_read(m, "su", &document, &left_out);

	if (r < 0)
		return r;
	if (!w->table) {
		tell_reading(w, document, left_out);
		return 0;
	}
	watch_table_left_out(w->table, left_out);
	return watch_table_reading(w->table, document, boottime_ms());
}

static int take_alarm(struct watch *w, sd_bus_message *m)
{
	const char *document;
	int r = sd_bus_message_read(m, "s", &document);

	if (r < 0)
		return r;
	if (w->table)
		watch_table_alarm(w->table, document);
	else
		tell_alarm(w, document);
	return 0;
}

static int take_device(struct watch *w, sd_bus_message *m)
{
	const char *name, *document;
	int r = sd_bus_message_read(m, "ss", &name, &document);

	if (r < 0 || !wanted(w, name))
		return r;
	if (!w->table)
		tell_device(w, name, document);
	else if (!*document)
		watch_table_gone(w->table, name);
	return 0;
}

static int take_outbox(struct watch *w, sd_bus_message *m)
{
	uint64_t depth, aside, oldest;
	int r = sd_bus_message_read(m, "ttt", &depth, &aside, &oldest);

	if (r < 0)
		return r;
	if (w->table)
		watch_table_outbox(w->table, depth, aside);
	else
		tell_outbox(w, depth, aside, oldest);
	return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	static const struct {
		const char *member;
		int (*take)(struct watch *w, sd_bus_message *m);
	} takers[] = {
		{ "Reading", take_reading },
		{ "Alarm", take_alarm },
		{ "DeviceChanged", take_device },
		{ "OutboxChanged", take_outbox },
	};
	struct watch *w = userdata;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		if (sd_bus_message_is_signal(m, BUS_NAME, takers[i].member))
			r = takers[i].take(w, m);
	if (r == -ENOMEM)
		leave(w, r);
	if (w->table)
		changed(w);
	else if (fflush(stdout) != 0)
		leave(w, -EPIPE);
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;
	struct watch *w = userdata;

	if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0 &&
		strcmp(name, BUS_NAME) == 0 && !*after) {
		_cleanup_(sd_bus_error_free) sd_bus_error e =
			SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_SERVICE_UNKNOWN, "it left the bus");

		(void)bus_failed(&w->problem, &e, -EIO);
		leave(w, 0);
	}
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	leave(userdata, -ECONNRESET);
	return 0;
}

/* --- the watch --- */

static int watch_message(struct watch *w, sd_bus_message **ret)
{
	int r = bus_message(w->bus, &w->problem, ret, "Watch");

	if (r != 0)
		return r;
	r = sd_bus_message_append_strv(*ret, w->devices);
	return r < 0 ? bus_failed(&w->problem, NULL, r) : 0;
}

static int on_renewed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct watch *w = userdata;

	if (sd_bus_message_is_method_error(m, NULL)) {
		(void)bus_failed(&w->problem, sd_bus_message_get_error(m), -EIO);
		leave(w, 0);
	}
	return 0;
}

/* Called again in time. */
static uint64_t half(uint32_t lease)
{
	return (lease > 1 ? (uint64_t)lease : 2) * 500000;
}

static int on_lease(sd_event_source *s, uint64_t usec, void *userdata)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct watch *w = userdata;
	int r = watch_message(w, &m);

	if (r == 0 && sd_bus_call_async(
			      bus_connection(w->bus), NULL, m, on_renewed, w, BUS_TIMEOUT_US) < 0)
		(void)bus_failed(&w->problem, NULL, -ENOTCONN);
	if (w->problem.status)
		leave(w, 0);
	(void)sd_event_source_set_time_relative(s, half(w->lease_s));
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

static int begin(struct watch *w)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
	sd_bus *bus = bus_connection(w->bus);
	int r = sd_bus_add_match(bus, NULL,
		"type='signal',sender='" BUS_NAME "',path='" BUS_PATH "',interface='" BUS_NAME "'",
		on_signal, w);

	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			"org.freedesktop.DBus", "NameOwnerChanged", on_owner, w);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus.Local",
			"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
			on_disconnected, w);
	if (r < 0)
		return bus_failed(&w->problem, NULL, r);
	if (watch_message(w, &m) != 0 ||
		bus_send(w->bus, &w->problem, m, BUS_TIMEOUT_US, &reply) != 0)
		return w->problem.status;
	r = sd_bus_message_read(reply, "u", &w->lease_s);
	return r < 0 ? bus_failed(&w->problem, NULL, r) : 0;
}

static int on_end(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	leave(userdata, 0);
	return 0;
}

static int add_sources(struct watch *w)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t mask;
	int r = 0;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&mask, ends[i]);
	sigaddset(&mask, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(ends); i++)
		r = sd_event_add_signal(w->event, NULL, ends[i], on_end, w);
	if (r >= 0)
		r = sd_event_add_time_relative(
			w->event, &w->renewal, CLOCK_BOOTTIME, half(w->lease_s), 0, on_lease, w);
	if (r < 0 || !w->table)
		return r;
	r = sd_event_add_signal(w->event, NULL, SIGWINCH, on_resized, w);
	if (r >= 0)
		r = sd_event_add_time_relative(
			w->event, &w->redraw, CLOCK_BOOTTIME, 0, 0, on_redraw, w);
	if (r >= 0)
		r = sd_event_add_time_relative(
			w->event, &w->ages, CLOCK_BOOTTIME, AGES_US, 0, on_ages, w);
	if (r >= 0)
		r = sd_event_source_set_enabled(w->ages, SD_EVENT_ON);
	return r;
}

/* What the head of the table says before anything comes; a daemon that does not answer to it is no
 * hindrance. */
static void begin_table(struct watch *w)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(cJSON_Deletep) cJSON *status = NULL;
	_cleanup_(freep) char *document = NULL;
	const cJSON *outbox;

	if (bus_ask(w->bus, &p, &document, "GetStatus", NULL) != 0)
		return;
	status = json_object(document);
	outbox = cJSON_GetObjectItemCaseSensitive(status, "outbox");
	snprintf(w->title, sizeof(w->title), "%s", json_text(status, "gateway", "wardgate"));
	if (outbox)
		watch_table_outbox(w->table, (uint64_t)json_integer(outbox, "depth", 0),
			(uint64_t)json_integer(outbox, "aside", 0));
}

/* The alarms that there are already; what changes meanwhile comes behind it. */
static void begin_alarms(struct watch *w)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	_cleanup_(freep) char *document = NULL;
	const cJSON *alarm;

	if (bus_ask(w->bus, &p, &document, "Run", "ss", "alarms", "") != 0)
		return;
	answer = json_object(document);
	cJSON_ArrayForEach(alarm, cJSON_GetObjectItemCaseSensitive(answer, "alarms"))
	{
		char *text = cJSON_PrintUnformatted(alarm);

		if (text)
			watch_table_alarm(w->table, text);
		cJSON_free(text);
	}
}

static int run(struct watch *w)
{
	int r = begin(w);

	if (r != 0)
		return r;
	r = sd_event_default(&w->event);
	if (r >= 0)
		r = sd_bus_attach_event(bus_connection(w->bus), w->event, 0);
	if (r >= 0)
		r = add_sources(w);
	if (r < 0)
		return bus_failed(&w->problem, NULL, r);
	if (w->table) {
		begin_table(w);
		begin_alarms(w);
		terminal_begin(w);
	}
	r = sd_event_loop(w->event);
	if (w->table)
		terminal_end(w);
	if (r < 0)
		return bus_failed(&w->problem, NULL, r);
	return w->problem.status;
}

static void watch_done(struct watch *w)
{
	w->redraw = sd_event_source_unref(w->redraw);
	w->ages = sd_event_source_unref(w->ages);
	w->renewal = sd_event_source_unref(w->renewal);
	if (w->bus && w->event)
		(void)sd_bus_detach_event(bus_connection(w->bus));
	w->event = sd_event_unref(w->event);
	watch_table_free(w->table);
	bus_free(w->bus);
	bus_problem_done(&w->problem);
}

int verb_watch(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(watch_done) struct watch w = { .ctl = ctl, .title = "wardgate" };
	int r = ctl_arguments(argc, argv, argc);

	if (r != 0)
		return r;
	/* argv ends with NULL, and so does its rest. */
	w.devices = argv + 1;
	if (bus_open(&w.bus, ctl, &w.problem) != 0)
		return bus_complain(&w.problem);
	if (!ctl->json && term_moves(stdout) && watch_table_new(&w.table) < 0)
		return ctl_fail("out of memory");
	if (run(&w) != 0)
		return bus_complain(&w.problem);
	return EXIT_SUCCESS;
}
