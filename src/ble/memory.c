/*
 * See memory.h.
 */
#include "ble/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ble/counters.h"
#include "ble/driver_private.h"
#include "ble/gatt_cache.h"
#include "util/checked.h"
#include "util/file.h"

#define FIRST "wardgate-ble 1\n"
#define CHECK "sum"
#define SOON_US INT64_C(1000000)
#define EVERY_US INT64_C(10000000)
#define STEP_MAX 4

static void hurry(struct ble *b);

/* ---- out ---- */

/* Connection parameters are loaded by it before the device is heard. */
static const struct {
	uint8_t type; /* enum ble_address_type */
	const char *word;
} type_words[] = { { BLE_ADDRESS_ANY, "any" }, { BLE_ADDRESS_PUBLIC, "public" },
	{ BLE_ADDRESS_RANDOM, "random" } };

static size_t type_word(uint8_t type)
{
	for (size_t i = 1; i < ARRAY_SIZE(type_words); i++)
		if (type_words[i].type == type)
			return i;
	return 0;
}

static bool is_worth_a_line(const struct peer *p)
{
	for (unsigned i = 0; i < _PROFILE_MAX; i++)
		if (p->profile.memory[i].known)
			return true;
	return p->table || p->advert.counter_known;
}

/* As far ahead as it will get before the next writing, if it goes on as it does. */
static uint32_t reserve(const struct peer *p)
{
	uint32_t ahead = 2 * p->advanced;

	if (ahead < MEMORY_COUNTER_AHEAD)
		ahead = MEMORY_COUNTER_AHEAD;
	if (ahead > MEMORY_COUNTER_AHEAD_MAX)
		ahead = MEMORY_COUNTER_AHEAD_MAX;
	return p->advert.counter < UINT32_MAX - ahead ? p->advert.counter + ahead : UINT32_MAX;
}

static void write_peer(const struct peer *p, bool exact, FILE *f)
{
	char address[BLE_ADDRESS_TEXT_SIZE], table[GATT_CACHE_TEXT_MAX];

	if (!is_worth_a_line(p))
		return;
	fprintf(f, "device %s %s\n", ble_address_format(&p->identity, address),
		type_words[type_word(p->identity.type)].word);
	if (p->advert.counter_known)
		fprintf(f, "counter %" PRIu32 " %" PRIu32 "\n",
			exact ? p->advert.counter : reserve(p), p->advert.counter);
	for (unsigned i = 0; i < _PROFILE_MAX; i++) {
		const struct profile_memory *m = &p->profile.memory[i];

		if (m->known)
			fprintf(f, "memory %s %" PRIu32 " %016" PRIx64 "\n", profile_row(i)->name,
				m->mark, m->fingerprint);
	}
	if (p->table) {
		size_t n = gatt_cache_write(p->table, table);

		fprintf(f, "table %zu\n", n);
		(void)fwrite(table, 1, n, f);
	}
}

int memory_write(const struct ble *b, bool exact, char **ret, size_t *ret_length)
{
	char *text = NULL, line[CHECKED_LINE_MAX];
	size_t length = 0;
	FILE *f = open_memstream(&text, &length);

	if (!f)
		return -ENOMEM;
	(void)fputs(FIRST, f);
	if (counters_tie(b->counters) != 0)
		fprintf(f, "tie %016" PRIx64 "\n", counters_tie(b->counters));
	FOR_EACH_PEER(b, i, p)
	write_peer(p, exact, f);
	if (fflush(f) == 0)
		(void)fputs(checked_line(CHECK, text, length, line), f);
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	*ret_length = length;
	return 0;
}

/* ---- in ---- */

static struct peer *read_peer(struct ble *b, char *line)
{
	char *word = strchr(line, ' ');
	struct ble_address who;
	struct peer *p;

	if (word)
		*word++ = 0;
	if (!ble_address_parse(line, BLE_ADDRESS_ANY, &who))
		return NULL;
	p = peer_find(b, &who);
	for (size_t i = 0; p && word && i < ARRAY_SIZE(type_words); i++)
		if (strcmp(type_words[i].word, word) == 0)
			p->identity.type = type_words[i].type;
	return p;
}

static void read_memory(struct peer *p, const char *line)
{
	struct profile_memory m = { .known = true };
	char name[32];
	int end = -1;

	if (sscanf(line, "memory %31[a-z-] %10" SCNu32 " %16" SCNx64 "%n", name, &m.mark,
		    &m.fingerprint, &end) != 3 ||
		end < 0 || line[end] != 0)
		return;
	for (unsigned i = 0; i < _PROFILE_MAX; i++)
		if (strcmp(profile_row(i)->name, name) == 0)
			p->profile.memory[i] = m;
}

static void read_counter(struct peer *p, const char *line)
{
	uint32_t counter, exact;
	int n = sscanf(line, "counter %10" SCNu32 " %10" SCNu32, &counter, &exact);

	if (n < 1)
		return;
	p->advert.counter_known = true;
	p->advert.counter = counter;
	p->saved_counter = counter;
	p->saved_exact = n == 2 && exact < counter ? exact : counter;
}

/* Returns how many bytes belong to it, which are there. */
static size_t read_table(struct peer *p, const char *line, const char *rest, size_t left)
{
	size_t n;

	if (sscanf(line, "table %5zu", &n) != 1 || n > left || n > GATT_CACHE_TEXT_MAX)
		return 0;
	if (!p)
		return n;
	p->table = p->table ?: malloc(sizeof(*p->table));
	if (p->table && gatt_cache_read(rest, n, p->table) != 0) {
		free(p->table); /* of another version: it is discovered again */
		p->table = NULL;
	}
	return n;
}

/* The text without its sum, as that says. Returns its length, 0 when it is not whole. */
static size_t check_sum(const char *text, size_t length)
{
	size_t body = checked_body(text, length, CHECK);

	return body >= sizeof(FIRST) - 1 && memcmp(text, FIRST, sizeof(FIRST) - 1) == 0 ? body : 0;
}

int memory_read(struct ble *b, const char *text, size_t length)
{
	size_t end = check_sum(text, length), at = sizeof(FIRST) - 1;
	struct peer *p = NULL;

	if (end == 0)
		return -EBADMSG;
	while (at < end) {
		const char *eol = memchr(text + at, '\n', end - at);
		char line[128];
		size_t n;

		if (!eol)
			break;
		n = (size_t)(eol - text) - at;
		if (n >= sizeof(line))
			n = sizeof(line) - 1;
		memcpy(line, text + at, n);
		line[n] = 0;
		at = (size_t)(eol - text) + 1;
		if (strncmp(line, "device ", 7) == 0)
			p = read_peer(b, line + 7);
		else if (strncmp(line, "tie ", 4) == 0)
			b->tie = strtoull(line + 4, NULL, 16);
		else if (strncmp(line, "table ", 6) == 0)
			at += read_table(p, line, text + at, end - at);
		else if (p && strncmp(line, "memory ", 7) == 0)
			read_memory(p, line);
		else if (p && strncmp(line, "counter ", 8) == 0)
			read_counter(p, line);
	}
	return 0;
}

/* ---- the counters ---- */

static bool is_known(const uint8_t octets[static BLE_ADDRESS_SIZE], void *userdata)
{
	struct ble_address who = { BLE_ADDRESS_ANY, { 0 } };

	memcpy(who.octets, octets, BLE_ADDRESS_SIZE);
	return peer_find(userdata, &who) != NULL;
}

/* What is in RAM is exact if the text was written by runs that had the same file in RAM, and is not
 * ahead of it. Otherwise some run may have taken more without saying so there: the higher of the
 * two. */
static void recall_counter(struct ble *b, struct peer *p, bool same)
{
	struct advert_device *d = &p->advert;
	uint32_t counter;

	if (counters_find(b->counters, p->identity.octets, &counter) &&
		(!d->counter_known || (same && counter >= p->saved_exact) ||
			counter > d->counter)) {
		d->counter_known = true;
		d->counter = counter;
	}
	if (d->counter_known)
		counters_set(b->counters, p->identity.octets, d->counter, &p->counter_place);
}

void memory_recall(struct ble *b)
{
	bool same = b->tie != 0 && b->tie == counters_tie(b->counters);

	/* A device that was taken out of the configuration begins anew. */
	counters_drop_others(b->counters, is_known, b);
	FOR_EACH_PEER(b, i, p)
	recall_counter(b, p, same);
	/* From now on what is in RAM falls behind, wherever it is. */
	if (!b->counters && b->tie != 0)
		hurry(b);
}

void memory_counted(struct peer *p, uint32_t before)
{
	struct ble *b = p->ble;
	uint32_t counter = p->advert.counter, step = counter - before;
	uint32_t left = p->saved_counter > counter ? p->saved_counter - counter : 0;

	counters_set(b->counters, p->identity.octets, counter, &p->counter_place);
	/* One that was out of reach has not become faster by it. */
	p->advanced += step < STEP_MAX ? step : STEP_MAX;
	if (left == 0)
		hurry(b);
	else if (left <= MEMORY_COUNTER_AHEAD / 2 || left <= p->advanced)
		memory_changed(b);
}

void memory_forget(struct peer *p)
{
	counters_drop(p->ble->counters, p->identity.octets);
	if (is_worth_a_line(p))
		memory_changed(p->ble);
}

/* ---- the file ---- */

static void read_file(struct ble *b)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	ssize_t n;

	if (asprintf(&path, "%s/ble", b->config->gateway.state_directory) < 0) {
		path = NULL;
		return;
	}
	n = file_load(AT_FDCWD, path, MEMORY_TEXT_MAX, &text);
	if (n == -ENOENT)
		return;
	if (n < 0 || memory_read(b, text, (size_t)n) < 0)
		log_warning("what was known of Bluetooth devices cannot be read; they are "
			    "discovered again",
			F_STR("FILE", path));
}

/* Without them some messages are refused after a kill. */
static void use_counters(struct ble *b)
{
	int r = counters_new(
		&b->counters, NULL, b->config->gateway.state_directory, b->config->gateway.name);

	if (r < 0)
		log_warning("the counters of sealed broadcasts are not in RAM; after a kill of the "
			    "gateway some messages are taken for recordings",
			F_ERR(r));
}

void memory_load(struct ble *b)
{
	use_counters(b);
	read_file(b);
	memory_recall(b);
}

static void on_written(int error, void *userdata)
{
	struct ble *b = userdata;

	b->memory_writing = false;
	if (error < 0 && !b->memory_failed)
		log_warning("what is known of Bluetooth devices cannot be written; it is found "
			    "out again after a restart",
			F_ERR(error));
	b->memory_failed = error < 0;
	if (error < 0) { /* again, after a while */
		b->memory_dirty = true;
		b->memory_due_us = boottime_us() + EVERY_US;
	}
	ble_settle(b);
}

/* Once nothing new is taken in, the counters are exact. */
static void write_all(struct ble *b)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = memory_write(b, b->quiet, &text, &length);

	if (r == 0)
		r = gateway_keep(b->gateway, GATEWAY_BLE, text, length, on_written, b);
	if (r == -EBUSY && b->quiet) {
		/* What is under way has them ahead; this goes behind it, and nobody waits. */
		gateway_keep_forget(b->gateway, GATEWAY_BLE);
		r = gateway_keep(b->gateway, GATEWAY_BLE, text, length, NULL, NULL);
		b->memory_writing = false;
	} else {
		b->memory_writing = r == 0;
	}
	b->memory_dirty = r < 0;
	b->memory_written_us = boottime_us();
	if (r < 0)
		return;
	FOR_EACH_PEER(b, i, p)
	{
		p->saved_counter = b->quiet ? p->advert.counter : reserve(p);
		p->advanced = 0;
	}
}

void memory_changed(struct ble *b)
{
	if (b->memory_dirty)
		return;
	b->memory_dirty = true;
	b->memory_due_us = boottime_us() + SOON_US;
	if (b->memory_due_us < b->memory_written_us + EVERY_US && b->memory_written_us)
		b->memory_due_us = b->memory_written_us + EVERY_US;
}

/* Now, or a second after the last time. */
static void hurry(struct ble *b)
{
	int64_t due = boottime_us();

	if (b->memory_failed) {
		memory_changed(b);
		return;
	}
	if (b->memory_written_us && due < b->memory_written_us + SOON_US)
		due = b->memory_written_us + SOON_US;
	if (b->memory_dirty && b->memory_due_us < due)
		return;
	b->memory_dirty = true;
	b->memory_due_us = due;
}

int64_t memory_deadline(const struct ble *b)
{
	return b->memory_dirty && !b->memory_writing ? b->memory_due_us : INT64_MAX;
}

void memory_due(struct ble *b, int64_t now_us)
{
	if (now_us < memory_deadline(b))
		return;
	b->memory_due_us = now_us + EVERY_US; /* should it fail */
	write_all(b);
}

void memory_finish(struct ble *b)
{
	write_all(b);
}
