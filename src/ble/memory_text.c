/*
 * The text of what is remembered of Bluetooth devices, out and in:
 *
 *	wardgate-ble 1
 *	tie 0123456789abcdef
 *	device C0:FF:EE:00:00:01 random
 *	counter 116 100
 *	memory glucose 17 0123456789abcdef
 *	table 123
 *	(so many bytes: gatt_cache.h)
 *	sum 0123456789abcdef
 *
 * counter: ahead, and as it is. Lines that are not known are passed over. See
 * memory.h.
 */
#include "ble/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ble/driver_private.h"
#include "ble/gatt_cache.h"
#include "util/checked.h"

#define FIRST "wardgate-ble 1\n"
#define CHECK "sum"

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

uint32_t memory_reserve(const struct peer *p)
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
			exact ? p->advert.counter : memory_reserve(p), p->advert.counter);
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
