/*
 * wardgatectl outbox with the daemon. See outbox_daemon.h.
 */
#include "ctl/outbox_daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/asides.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/prompt.h"
#include "ctl/term.h"

static int print_asides(const cJSON *list, int64_t all)
{
	_cleanup_(asides_freep) struct asides *asides = NULL;
	const cJSON *a;
	int r = asides_new(&asides);

	cJSON_ArrayForEach(a, list)
	{
		if (r < 0)
			break;
		r = asides_add(
			asides, &(struct aside_line){
					.id = json_text(a, "id", "?"),
					.what = json_text(a, "what", "?"),
					.since_ms = json_time(a, "since"),
					.tries = (uint64_t)json_integer(a, "tries", 0),
					.reason_code = (uint8_t)json_integer(a, "reason_code", 0),
					.reason = json_text(a, "reason", ""),
				});
	}
	if (r < 0)
		return r;
	asides_print(asides, (uint64_t)all);
	puts("wardgatectl outbox retry offers them to the broker again, drop gives them up.");
	return 0;
}

int outbox_print_daemon(const char *document)
{
	_cleanup_(cJSON_Deletep) cJSON *o = json_object(document);
	int64_t aside = json_integer(o, "aside", 0), oldest = json_integer(o, "oldest_seconds", -1);
	char text[400], a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX];

	snprintf(text, sizeof(text), "%s not confirmed: %s in flight, %s backlog",
		human_count(a, (uint64_t)json_integer(o, "depth", 0)),
		human_count(b, (uint64_t)json_integer(o, "in_flight", 0)),
		human_count(c, (uint64_t)json_integer(o, "backlog", 0)));
	term_line("in all", text);
	if (oldest >= 0) {
		snprintf(text, sizeof(text), "for %s", human_duration(a, oldest));
		term_line("oldest waits", text);
	}
	snprintf(text, sizeof(text), "%s taken, %s delivered, %s given up",
		human_count(a, (uint64_t)json_integer(o, "taken", 0)),
		human_count(b, (uint64_t)json_integer(o, "delivered", 0)),
		human_count(c, (uint64_t)json_integer(o, "dropped", 0)));
	term_line("since start", text);
	snprintf(text, sizeof(text), "%s; store %s",
		json_true(o, "connected") ? "connected" : "NOT CONNECTED",
		json_text(o, "store", "unknown"));
	term_line("broker", text);
	if (aside > 0)
		return print_asides(cJSON_GetObjectItemCaseSensitive(o, "set_aside"), aside);
	return 0;
}

static int one(
	struct bus *bus, struct bus_problem *p, const char *method, const char *id, uint64_t *count)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	uint32_t n;
	int r;

	if (bus_call(bus, p, &reply, method, "s", id) != 0)
		return p->status;
	r = sd_bus_message_read(reply, "u", &n);
	if (r < 0)
		return bus_failed(p, NULL, r);
	*count += n;
	return 0;
}

int outbox_aside(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	bool drop = strcmp(argv[0], "drop") == 0, yes = ctl_flag(&argc, argv, "--yes");
	const char *method = drop ? "DropAside" : "RetryAside";
	uint64_t count = 0;
	int r = ctl_arguments(argc, argv, argc);

	if (r != 0)
		return r;
	if (drop && !yes && !term_interactive())
		return ctl_misused("drop gives readings up for good; say --yes with it");
	if (drop && !yes &&
		!prompt_yes(argc > 1 ? "Give these messages up for good? [y/N] "
				     : "Give ALL set-aside messages up for good? [y/N] "))
		return ctl_fail("nothing was given up");
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	for (int i = 1; i < argc || i == 1; i++)
		if (one(bus, &p, method, argc > 1 ? argv[i] : "", &count) != 0)
			return bus_complain(&p);
	if (ctl->json)
		printf("{\"count\":%" PRIu64 "}\n", count);
	else
		printf("%" PRIu64 " message%s %s.\n", count, count == 1 ? "" : "s",
			drop ? "given up; a gap record says so" : "offered to the broker again");
	return EXIT_SUCCESS;
}
