/*
 * Devices that were heard and are not configured. See unknown.h.
 */
#include "ctl/unknown.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl/human.h"
#include "ctl/table.h"
#include "ctl/term.h"

void unknown_done(struct unknown *u)
{
	for (size_t i = 0; u->objects && i < u->count; i++)
		cJSON_Delete(u->objects[i]);
	free(u->objects);
	free(u->documents);
	sd_bus_message_unref(u->message);
	*u = (struct unknown){ 0 };
}

int unknown_list(struct bus *b, struct bus_problem *p, struct unknown *ret)
{
	struct unknown u = { 0 };
	int r = bus_ask_list(b, p, &u.message, &u.documents, &u.count, "ListUnknown");

	if (r == 0) {
		u.objects = calloc(u.count + 1, sizeof(*u.objects));
		if (!u.objects)
			r = bus_failed(p, NULL, -ENOMEM);
	}
	if (r != 0) {
		unknown_done(&u);
		return r;
	}
	for (size_t i = 0; i < u.count; i++)
		u.objects[i] = json_object(u.documents[i]);
	*ret = u;
	return 0;
}

const cJSON *unknown_find(const struct unknown *u, const char *address, const char *transport)
{
	for (size_t i = 0; i < u->count; i++)
		if (strcmp(json_text(u->objects[i], "address", ""), address) == 0 &&
			(!transport ||
				strcmp(json_text(u->objects[i], "transport", ""), transport) == 0))
			return u->objects[i];
	return NULL;
}

static int row(struct table *t, const cJSON *o, size_t number, int64_t now_s)
{
	int64_t heard = json_time(o, "last_heard"), signal = json_integer(o, "signal", 0);
	char index[24] = "", strength[32] = "", ago[HUMAN_MAX] = "", times[HUMAN_MAX];
	const char *cells[] = { json_text(o, "transport", "?"), json_text(o, "address", "?"),
		json_text(o, "name", ""), json_text(o, "kind", ""), strength, ago, times };
	const char *numbered[] = { index, cells[0], cells[1], cells[2], cells[3], strength, ago,
		times };

	if (number)
		snprintf(index, sizeof(index), "%zu", number);
	if (signal)
		snprintf(strength, sizeof(strength), "%" PRId64 " dBm", signal);
	if (heard >= 0)
		human_duration(ago, now_s - heard / 1000);
	human_count(times, (uint64_t)json_integer(o, "times", 0));
	return table_row(t, number ? numbered : cells);
}

int unknown_print(const struct unknown *u, bool numbered)
{
	static const struct table_column columns[] = {
		{ .title = "NO", .right = true },
		{ .title = "LINK" },
		{ .title = "ADDRESS", .shrink = true },
		{ .title = "NAME", .shrink = true },
		{ .title = "GUESS", .shrink = true },
		{ .title = "SIGNAL", .right = true },
		{ .title = "HEARD AGO", .right = true },
		{ .title = "TIMES", .right = true },
	};
	_cleanup_(table_freep) struct table *t = NULL;
	int r = table_new(&t, columns + !numbered, ARRAY_SIZE(columns) - !numbered);
	int64_t now_s = (int64_t)time(NULL);

	for (size_t i = 0; r == 0 && i < u->count; i++)
		r = row(t, u->objects[i], numbered ? i + 1 : 0, now_s);
	if (r == 0)
		table_print(t, stdout, term_width(stdout), 0);
	return r;
}

/* --- looking --- */

static int on_heard(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	*(unsigned *)userdata += 1;
	return 0;
}

static int64_t boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_for(sd_bus *bus, int64_t until_ms, const unsigned *heard, bool until_first)
{
	int r = 0;

	while (r >= 0 && !(until_first && *heard)) {
		int64_t left = until_ms - boottime_ms();

		r = sd_bus_process(bus, NULL);
		if (r != 0)
			continue;
		if (left <= 0)
			return 0;
		r = sd_bus_wait(bus, (uint64_t)left * 1000);
		if (r == -EINTR)
			r = 0;
	}
	return r;
}

int unknown_look(struct bus *b, struct bus_problem *p, unsigned seconds, bool until_first)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	unsigned heard = 0;
	uint32_t granted;
	int r = sd_bus_match_signal(bus_connection(b), &slot, BUS_NAME, BUS_PATH, BUS_NAME,
		"UnknownHeard", on_heard, &heard);

	if (r < 0)
		return bus_failed(p, NULL, r);
	if (bus_call(b, p, &reply, "Discover", "u", (uint32_t)seconds) != 0)
		return p->status;
	r = sd_bus_message_read(reply, "u", &granted);
	if (r >= 0)
		r = wait_for(bus_connection(b),
			boottime_ms() + (int64_t)(granted < seconds ? granted : seconds) * 1000,
			&heard, until_first);
	return r < 0 ? bus_failed(p, NULL, r) : 0;
}
