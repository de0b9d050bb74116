/*
 * wardgatectl pair, unpair: the dialogue that bonds a Bluetooth device. On a
 * terminal somebody is asked; with --json a program is: each step is a line, its
 * answer one of standard input. Whoever leaves ends it at the gateway, too.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/bus.h"
#include "ctl/json.h"
#include "ctl/prompt.h"
#include "ctl/run.h"
#include "ctl/term.h"

#define SECONDS 60
#define SECONDS_MIN 5
#define SECONDS_MAX 300
/* Beyond the time of waiting: connecting, and what the protocol takes at most for a step. */
#define STEP_US (90 * UINT64_C(1000000))

#define LEFT 1 /* the one at the terminal, or the program, goes no further */

struct dialogue {
	const struct ctl *ctl;
	struct bus *bus;
	struct bus_problem problem;
	const char *device, *address;
	long seconds;
	int64_t pairing; /* 0: not told yet */
};

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* --- a step --- */

struct reply {
	bool came;
	sd_bus_message *message;
};

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct reply *r = userdata;

	r->came = true;
	r->message = sd_bus_message_ref(m);
	return 0;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* Until there is something to do for the bus. */
static int wait_for_bus(sd_bus *bus, const sigset_t *mask)
{
	struct pollfd p = { .fd = sd_bus_get_fd(bus), .events = (short)sd_bus_get_events(bus) };
	struct timespec now, left = { .tv_sec = 60 };
	uint64_t until = UINT64_MAX;

	if (sd_bus_get_timeout(bus, &until) >= 0 && until != UINT64_MAX) {
		int64_t us;

		clock_gettime(CLOCK_MONOTONIC, &now);
		us = (int64_t)until - ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
		us = us < 0 ? 0 : us;
		left = (struct timespec){ us / 1000000, us % 1000000 * 1000 };
	}
	return ppoll(&p, 1, &left, mask) < 0 && errno != EINTR ? -errno : 0;
}

/* Waits for the answer or a signal, of which none is missed. */
static int wait_for(sd_bus *bus, const struct reply *r)
{
	sigset_t ours, mask;
	int k = 0;

	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&ours, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &ours, &mask);
	while (k >= 0 && !r->came && !caught) {
		k = sd_bus_process(bus, NULL);
		if (k == 0)
			k = wait_for_bus(bus, &mask);
	}
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	if (k < 0)
		return k;
	return r->came ? 0 : -EINTR;
}

/* The arguments of a step as text, NULL: out of memory. answer NULL: the first one. */
static char *step_arguments(const struct dialogue *d, const char *answer)
{
	_cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
	bool ok = o && cJSON_AddStringToObject(o, "device", d->device);

	if (ok && !answer)
		ok = cJSON_AddNumberToObject(o, "seconds", (double)d->seconds);
	if (ok && !answer && d->address)
		ok = cJSON_AddStringToObject(o, "address", d->address);
	if (ok && answer)
		ok = cJSON_AddStringToObject(o, "answer", answer);
	if (ok && answer && d->pairing)
		ok = cJSON_AddNumberToObject(o, "pairing", (double)d->pairing);
	return ok ? cJSON_PrintUnformatted(o) : NULL;
}

/* One that must not be cut short by the signal that led to it. */
static void cancel(struct dialogue *d)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	_cleanup_(bus_problem_done) struct bus_problem unheard = { 0 };
	char *text = step_arguments(d, "cancel");

	if (text && bus_message(d->bus, &unheard, &m, "Run") == 0 &&
		sd_bus_message_append(m, "ss", "pair", text) >= 0)
		(void)bus_send(d->bus, &unheard, m, BUS_TIMEOUT_US, NULL);
	cJSON_free(text);
}

static int send_step(struct dialogue *d, sd_bus_message *m, char **ret)
{
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	struct reply reply = { .came = false };
	const sd_bus_error *error;
	const char *text;
	int r = sd_bus_call_async(bus_connection(d->bus), &slot, m, on_reply, &reply,
		(uint64_t)d->seconds * 1000000 + STEP_US);

	if (r >= 0)
		r = wait_for(bus_connection(d->bus), &reply);
	if (r < 0)
		return r == -EINTR ? LEFT : -bus_failed(&d->problem, NULL, r);
	error = sd_bus_message_get_error(reply.message);
	if (error) {
		r = -bus_failed(&d->problem, error, -sd_bus_error_get_errno(error));
	} else {
		r = sd_bus_message_read(reply.message, "s", &text);
		*ret = r < 0 ? NULL : strdup(text);
		r = *ret ? 0 : -bus_failed(&d->problem, NULL, r < 0 ? r : -ENOMEM);
	}
	sd_bus_message_unref(reply.message);
	return r;
}

/* Returns 0 with *ret, LEFT, or the exit status below 0: the problem says why. */
static int step(struct dialogue *d, const char *answer, char **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	char *text = step_arguments(d, answer);
	int r;

	if (!text)
		return -bus_failed(&d->problem, NULL, -ENOMEM);
	if (bus_message(d->bus, &d->problem, &m, "Run") != 0) {
		cJSON_free(text);
		return -d->problem.status;
	}
	r = sd_bus_message_append(m, "ss", "pair", text);
	cJSON_free(text);
	if (r < 0)
		return -bus_failed(&d->problem, NULL, r);
	(void)sd_bus_message_sensitive(m);
	return send_step(d, m, ret);
}

/* --- what somebody is asked --- */

/* "123 456", as devices show it. */
static const char *spaced(const cJSON *o, char buf[16])
{
	const char *n = json_text(o, "number", "");

	if (strlen(n) == 6)
		snprintf(buf, 16, "%.3s %s", n, n + 3);
	else
		snprintf(buf, 16, "%.15s", n);
	return buf;
}

/* Whether there is something to read; a signal that came before the wait ends it, too. What is
 * typed is not read ahead, so that poll() sees all of it. */
static bool wait_for_answer(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t ours, mask;
	int r;

	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&ours, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &ours, &mask);
	r = caught ? -1 : ppoll(&p, 1, NULL, &mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return r > 0;
}

static int answer_program(char *buf, size_t size)
{
	size_t n;

	fflush(stdout);
	if (!wait_for_answer() || !fgets(buf, (int)size, stdin))
		return LEFT;
	n = strcspn(buf, "\r\n");
	buf[n] = 0;
	return n > 0 ? 0 : LEFT;
}

static int ask_line(const char *question, char *buf, size_t size)
{
	printf("%s", question);
	fflush(stdout);
	return wait_for_answer() ? prompt_line("", buf, size) : -ECANCELED;
}

/* Returns 0 with the answer to a step, or LEFT. */
static int ask(const struct dialogue *d, const cJSON *o, const char *what, char *buf, size_t size)
{
	char number[16], question[160];
	int n;

	if (strcmp(what, "show") == 0) {
		if (!d->ctl->json)
			printf("Type this at %s: %s\n", d->device, spaced(o, number));
		fflush(stdout);
		snprintf(buf, size, "wait");
		return 0;
	}
	if (d->ctl->json)
		return answer_program(buf, size);
	if (strcmp(what, "compare") == 0) {
		snprintf(question, sizeof(question), "Does %s show %s? [y/N] ", d->device,
			spaced(o, number));
		n = ask_line(question, buf, size);
		if (n >= 0)
			snprintf(buf, size, "%s", *buf == 'y' || *buf == 'Y' ? "yes" : "no");
		return n < 0 ? LEFT : 0;
	}
	snprintf(question, sizeof(question),
		"The six digits that %s shows or has on its label [Enter: leave]: ", d->device);
	return ask_line(question, buf, size) <= 0 ? LEFT : 0;
}

static void tell_done(const struct dialogue *d, const cJSON *o)
{
	bool secure = json_true(o, "secure_connections"), proven = json_true(o, "authenticated");

	printf("%s is paired: %s, %s.\n", d->device,
		secure ? "LE Secure Connections" : "legacy pairing, as the device has no better",
		proven ? "and the number proves that it is this device"
		       : "without a number to prove that it is this device");
}

/* From one step to the next. Returns as step(). */
static int go_on(struct dialogue *d, const cJSON *o, const char *what, char **document)
{
	char answer[32];

	for (;;) {
		int r = caught ? LEFT : ask(d, o, what, answer, sizeof(answer));

		if (r != 0 || caught)
			return LEFT;
		free(*document);
		*document = NULL;
		r = step(d, answer, document);
		if (r >= 0 || strcmp(d->problem.name, "InvalidArgument") != 0)
			return r;
		/* The question is still open. */
		(void)bus_complain(&d->problem);
		bus_problem_done(&d->problem);
	}
}

/* Steps until the end. Returns 0, LEFT or -status. */
static int talk(struct dialogue *d)
{
	_cleanup_(freep) char *document = NULL;
	int r = step(d, NULL, &document);

	while (r == 0) {
		_cleanup_(cJSON_Deletep) cJSON *o = json_object(document);
		const char *what = json_text(o, "step", "");

		d->pairing = json_integer(o, "pairing", 0);
		if (d->ctl->json)
			(void)ctl_print_answer(document);
		if (strcmp(what, "done") == 0) {
			if (!d->ctl->json)
				tell_done(d, o);
			return 0;
		}
		if (!d->ctl->json && !term_interactive() && strcmp(what, "show") != 0) {
			ctl_note("%s asks for a number: pair it on a terminal, or with --json",
				d->device);
			return LEFT;
		}
		r = go_on(d, o, what, &document);
	}
	return r;
}

static int run_dialogue(struct dialogue *d)
{
	struct sigaction act = { .sa_handler = on_signal };
	int r;

	(void)setvbuf(stdin, NULL, _IONBF, 0);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaction(signals[i], &act, NULL);
	r = talk(d);
	if (r == LEFT) {
		cancel(d);
		return ctl_fail("%s was not paired", d->device);
	}
	return r < 0 ? bus_complain(&d->problem) : EXIT_SUCCESS;
}

/* --- verbs --- */

static int run_cancel(const struct ctl *ctl, const char *device)
{
	cJSON *o = cJSON_CreateObject(), *answer = NULL;
	int r;

	if (o && (!cJSON_AddStringToObject(o, "device", device) ||
			 !cJSON_AddStringToObject(o, "answer", "cancel"))) {
		cJSON_Delete(o);
		o = NULL;
	}
	r = ctl_do(ctl, "pair", o, &answer);
	if (r == 0 && answer)
		printf("The pairing of %s is ended.\n", device);
	cJSON_Delete(answer);
	return r;
}

int verb_pair(const struct ctl *ctl, int argc, char **argv)
{
	struct dialogue d = { .ctl = ctl, .seconds = SECONDS };
	bool end = ctl_flag(&argc, argv, "--cancel");
	char *rest = NULL;
	int r = ctl_option(&argc, argv, "--address", &d.address);

	if (r == 0)
		r = ctl_arguments(argc, argv, 2);
	if (r != 0)
		return r;
	if (argc < 2)
		return ctl_misused("pair needs a name; wardgatectl devices lists them");
	d.device = argv[1];
	if (end)
		return run_cancel(ctl, d.device);
	if (argc > 2)
		d.seconds = strtol(argv[2], &rest, 10);
	if (argc > 2 &&
		(*argv[2] == 0 || *rest || d.seconds < SECONDS_MIN || d.seconds > SECONDS_MAX))
		return ctl_misused("\"%s\" is no time to wait for it; give %d to %d seconds",
			argv[2], SECONDS_MIN, SECONDS_MAX);
	if (bus_open(&d.bus, ctl, &d.problem) != 0)
		return bus_complain(&d.problem);
	if (!ctl->json && term_interactive()) {
		printf("Waiting up to %ld s for %s; switch it on, and put it into pairing mode as "
		       "its\nmanual says ...\n",
			d.seconds, d.device);
		fflush(stdout);
	}
	r = run_dialogue(&d);
	bus_free(d.bus);
	bus_problem_done(&d.problem);
	return r;
}

int verb_unpair(const struct ctl *ctl, int argc, char **argv)
{
	bool yes = ctl_flag(&argc, argv, "--yes");
	cJSON *o, *answer = NULL;
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (argc != 2)
		return ctl_misused("unpair needs a name; wardgatectl devices lists them");
	if (!yes && !term_interactive())
		return ctl_misused("unpair asks before it does it; say --yes without a terminal");
	if (!yes) {
		printf("Nothing is heard of %s any more, if it wants to be paired, until somebody "
		       "is at\nits side and pairs it anew.\n",
			argv[1]);
		if (!prompt_yes("Unpair it? [y/N] "))
			return ctl_fail("%s was not unpaired", argv[1]);
	}
	o = cJSON_CreateObject();
	if (o && !cJSON_AddStringToObject(o, "device", argv[1])) {
		cJSON_Delete(o);
		o = NULL;
	}
	r = ctl_do(ctl, "unpair", o, &answer);
	if (r == 0 && answer)
		printf("%s is unpaired.\n", argv[1]);
	cJSON_Delete(answer);
	return r;
}
