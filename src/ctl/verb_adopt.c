/*
 * wardgatectl adopt: takes a device into the configuration. With arguments at
 * once; on a terminal without them, one guided step.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "ctl/adopt_zigbee.h"
#include "ctl/prompt.h"
#include "ctl/term.h"
#include "ctl/unknown.h"

#define LOOK_SECONDS 60
#define SETTINGS_MAX 16
#define KEY_FILE_MAX 256
#define TEXT_MAX 128

struct wish {
	const char *address, *device, *transport;
	bool joins; /* it has to be let into the network */
	struct {
		char name[40];
		const char *value;
	} settings[SETTINGS_MAX];
	size_t count;
};

/* ExpectEvery= as in wardgate.conf, or expect_every. */
static void snake(char *to, size_t size, const char *from, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n + 2 < size; i++) {
		if (isupper((unsigned char)from[i]) && i > 0 && islower((unsigned char)from[i - 1]))
			to[n++] = '_';
		to[n++] = (char)tolower((unsigned char)from[i]);
	}
	to[n] = 0;
}

static int add(struct wish *w, const char *name, size_t length, const char *value)
{
	if (w->count == SETTINGS_MAX)
		return ctl_misused("these are more than %d settings", SETTINGS_MAX);
	snake(w->settings[w->count].name, sizeof(w->settings[0].name), name, length);
	if (strcmp(w->settings[w->count].name, "key") == 0)
		return ctl_misused("a key on the command line shows to all; give --key-file FILE");
	w->settings[w->count++].value = value;
	return 0;
}

static int load_key(const char *path, char key[KEY_FILE_MAX])
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return ctl_fail("the key file %s cannot be read: %m", path);
	n = S_ISREG(st.st_mode) ? read(fd, key, KEY_FILE_MAX - 1) : -1;
	while (n > 0 && isspace((unsigned char)key[n - 1]))
		n--;
	if (n <= 0 || n == KEY_FILE_MAX - 1)
		return ctl_fail("%s holds no key; wanted are 16 to 64 bytes in hexadecimal", path);
	key[n] = 0;
	return 0;
}

static int ask_daemon(
	struct bus *b, struct bus_problem *p, const struct wish *w, const char *key, char **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
	const char *text;
	int r = bus_message(b, p, &m, "Adopt");

	if (r != 0)
		return r;
	r = sd_bus_message_append(m, "sss", w->device, w->transport, w->address);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{ss}");
	for (size_t i = 0; r >= 0 && i < w->count; i++)
		r = sd_bus_message_append(m, "{ss}", w->settings[i].name, w->settings[i].value);
	if (r >= 0 && key && *key)
		r = sd_bus_message_append(m, "{ss}", "key", key);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return bus_failed(p, NULL, r);
	if (key)
		(void)sd_bus_message_sensitive(m);
	if (bus_send(b, p, m, BUS_TIMEOUT_US, &reply) != 0)
		return p->status;
	(void)sd_bus_message_sensitive(reply);
	r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return bus_failed(p, NULL, r);
	*ret = strdup(text);
	return *ret ? 0 : bus_failed(p, NULL, -ENOMEM);
}

static int tell(const struct ctl *ctl, const char *document, const struct wish *w)
{
	_cleanup_(cJSON_Deletep) cJSON *o = json_object(document);

	if (ctl->json) {
		json_put_document(stdout, document);
		putchar('\n');
		return EXIT_SUCCESS;
	}
	printf("%s is adopted; its configuration is ", w->device);
	term_print(json_text(o, "file", "in devices.d"));
	puts(".");
	if (*json_text(o, "key", "")) {
		puts("\nIts new key, told only now. Enter both into the device:");
		fputs("  identity  ", stdout);
		term_print(w->address);
		fputs("\n  key       ", stdout);
		term_print(json_text(o, "key", ""));
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

/* --- with arguments --- */

/* What was heard says by which link, and that it was heard at all. */
static int find_transport(struct bus *b, struct bus_problem *p, struct wish *w, struct unknown *u)
{
	const cJSON *found;

	if (unknown_list(b, p, u) != 0)
		return bus_complain(p);
	found = unknown_find(u, w->address, NULL);
	if (!found)
		return ctl_fail(
			"%s was not heard; wardgatectl discover lists who was, or say how it "
			"is linked: --transport coap, ble or zigbee",
			w->address);
	w->transport = json_text(found, "transport", "?");
	return 0;
}

static int adopt_given(const struct ctl *ctl, struct wish *w, const char *key)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(unknown_done) struct unknown u = { 0 };
	_cleanup_(freep) char *document = NULL;
	int r;

	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	if (!w->transport) {
		r = find_transport(bus, &p, w, &u);
		if (r != 0)
			return r;
	}
	if (ask_daemon(bus, &p, w, key, &document) != 0)
		return bus_complain(&p);
	r = tell(ctl, document, w);
	explicit_bzero(document, strlen(document));
	return r;
}

/* --- guided --- */

static bool name_is_good(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= 40 && name[n] == 0 && name[0] != '-';
}

enum choice { CHOICE_LISTED, CHOICE_NEW, CHOICE_ZIGBEE, CHOICE_AGAIN };

/* Returns an enum choice, or -ECANCELED. */
static int choose(const struct unknown *u, const cJSON **ret)
{
	for (;;) {
		char answer[16], *end;
		unsigned long n;
		int r = prompt_line(
			u->count > 0 ? "\nWhich one? [number; n: a new CoAP device; z: a new "
				       "Zigbee device;\nEnter: look again; q: leave] "
				     : "\n[Enter: listen for 60 s; n: a new CoAP device; z: a "
				       "new Zigbee device;\nq: leave] ",
			answer, sizeof(answer));

		if (r < 0 || strcmp(answer, "q") == 0)
			return -ECANCELED;
		if (r == 0)
			return CHOICE_AGAIN;
		if (strcmp(answer, "n") == 0)
			return CHOICE_NEW;
		if (strcmp(answer, "z") == 0)
			return CHOICE_ZIGBEE;
		n = strtoul(answer, &end, 10);
		if (*end == 0 && n >= 1 && n <= u->count && u->objects[n - 1]) {
			*ret = u->objects[n - 1];
			return CHOICE_LISTED;
		}
		if (u->count > 0)
			printf("Give a number from 1 to %zu, n, z or q.\n", u->count);
	}
}

/* Without a key nobody can be heard by CoAP: a new device is known by what stands on it. */
static int ask_identity(char *identity, size_t size)
{
	int r;

	do
		r = prompt_line(
			"Its identity, as it is set in the device, e.g. ox-9: ", identity, size);
	while (r == 0);
	return r < 0 ? -ECANCELED : 0;
}

/* Shows who is there until one is chosen; w gets its address and link, lent by u or identity.
 * Returns 0, -ECANCELED or p->status. */
static int pick(struct bus *b, struct bus_problem *p, struct unknown *u, struct wish *w,
	char *identity, size_t size, char *code)
{
	const cJSON *chosen = NULL;
	int r;

	/* So that the drivers look meanwhile; the list is shown at once. */
	if (unknown_look(b, p, 1, true) != 0)
		return p->status;
	for (;;) {
		unknown_done(u);
		if (unknown_list(b, p, u) != 0)
			return p->status;
		if (u->count == 0)
			puts("No unknown device was heard yet. Switch it on, and have it send.");
		else if (unknown_print(u, true) < 0)
			return bus_failed(p, NULL, -ENOMEM);
		r = choose(u, &chosen);
		if (r != CHOICE_AGAIN)
			break;
		if (unknown_look(b, p, u->count > 0 ? 2 : LOOK_SECONDS, true) != 0)
			return p->status;
	}
	if (r == CHOICE_NEW) {
		w->address = identity;
		w->transport = "coap";
		return ask_identity(identity, size);
	}
	if (r == CHOICE_ZIGBEE) {
		w->address = identity;
		w->transport = "zigbee";
		w->joins = true;
		return adopt_zigbee_ask(identity, size, code);
	}
	w->address = json_text(chosen, "address", "");
	w->transport = json_text(chosen, "transport", "");
	return r;
}

static int ask_name(char *name, size_t size)
{
	for (;;) {
		int r = prompt_line("Name of the device, e.g. bed3-oximeter: ", name, size);

		if (r < 0)
			return r;
		if (name_is_good(name))
			return 0;
		puts("A name has 1 to 40 lower-case letters, digits and hyphens, a hyphen not "
		     "first.");
	}
}

/* What cannot be refused later without somebody at its side. */
static int offer_to_pair(const struct ctl *ctl, const struct wish *w)
{
	char *argv[] = { (char *)"pair", (char *)w->device, NULL };

	puts("\nMost devices that measure patients want to be paired, sensors that only broadcast "
	     "do "
	     "not.");
	if (prompt_yes("Pair it now? [y/N] "))
		return verb_pair(ctl, 2, argv);
	printf("wardgatectl pair %s does it later.\n", w->device);
	return EXIT_SUCCESS;
}

static int guide(const struct ctl *ctl, struct bus *b, struct wish *w, const char *key)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(unknown_done) struct unknown u = { 0 };
	_cleanup_(freep) char *document = NULL;
	char name[TEXT_MAX], bed[TEXT_MAX], identity[TEXT_MAX], code[ADOPT_CODE_MAX] = "";
	size_t given = w->count;
	int r = pick(b, &p, &u, w, identity, sizeof(identity), code);

	if (r == -ECANCELED)
		return ctl_fail("nothing was adopted");
	if (r != 0)
		return bus_complain(&p);
	for (;;) {
		if (ask_name(name, sizeof(name)) < 0 ||
			prompt_line("Bed [Enter: none]: ", bed, sizeof(bed)) < 0)
			return ctl_fail("nothing was adopted");
		w->device = name;
		w->count = given;
		if (*bed && add(w, "bed", 3, bed) != 0)
			return EX_USAGE;
		if (ask_daemon(b, &p, w, key, &document) == 0)
			break;
		/* Another name or bed may do; what else there is will not mend itself. */
		if (strcmp(p.name, "Refused") != 0 && strcmp(p.name, "InvalidArgument") != 0)
			return bus_complain(&p);
		(void)bus_complain(&p);
		bus_problem_done(&p);
	}
	r = tell(ctl, document, w);
	explicit_bzero(document, strlen(document));
	if (r == EXIT_SUCCESS && !ctl->json && !*key && strcmp(w->transport, "ble") == 0)
		r = offer_to_pair(ctl, w);
	if (r == EXIT_SUCCESS && w->joins)
		r = adopt_zigbee_let_in(ctl, b, w->device, code);
	explicit_bzero(code, sizeof(code));
	return r;
}

static int adopt_guided(const struct ctl *ctl, struct wish *w, const char *key)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;

	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	return guide(ctl, bus, w, key);
}

/* --- */

int verb_adopt(const struct ctl *ctl, int argc, char **argv)
{
	struct wish w = { 0 };
	const char *key_file = NULL;
	char key[KEY_FILE_MAX] = "";
	int places = 1, r = ctl_option(&argc, argv, "--transport", &w.transport);

	if (r == 0)
		r = ctl_option(&argc, argv, "--key-file", &key_file);
	if (r == 0)
		r = ctl_arguments(argc, argv, argc);
	for (int i = 1; r == 0 && i < argc; i++) {
		const char *equal = strchr(argv[i], '=');

		/* An address may hold one, a name and a bed may not. */
		if (equal && places > 1)
			r = add(&w, argv[i], (size_t)(equal - argv[i]), equal + 1);
		else if (places == 1)
			w.address = argv[i];
		else if (places == 2)
			w.device = argv[i];
		else if (places == 3)
			r = add(&w, "bed", 3, argv[i]);
		else
			r = ctl_misused("adopt does not know what to do with \"%s\"", argv[i]);
		places += !(equal && places > 1);
	}
	if (r == 0 && w.address && !w.device)
		r = ctl_misused("adopt needs an address and a name: wardgatectl adopt ox-9 "
				"bed3-oximeter 3");
	if (r == 0 && !w.address && !term_interactive())
		r = ctl_misused("without a terminal adopt needs an address and a name; wardgatectl "
				"discover lists addresses");
	if (r == 0 && key_file)
		r = load_key(key_file, key);
	if (r != 0)
		return r;
	r = w.address ? adopt_given(ctl, &w, key) : adopt_guided(ctl, &w, key);
	explicit_bzero(key, sizeof(key));
	return r;
}
