/*
 * The lines of a key file and the table that they make. The file itself is
 * config/psk_file.c's.
 */
#include "config/psk.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "config/parse.h"
#include "util/hex.h"

struct psk_entry {
	char identity[PSK_IDENTITY_MAX];
	uint8_t key[PSK_KEY_MAX];
	uint8_t identity_length, key_length;
	unsigned line;
};

struct psk_table {
	size_t count;
	struct psk_entry *entries; /* as they came */
	uint16_t *order;           /* indices of entries, by identity */
};

struct psk_table *psk_free(struct psk_table *t)
{
	if (!t)
		return NULL;
	if (t->entries)
		explicit_bzero(t->entries, t->count * sizeof(*t->entries));
	free(t->entries);
	free(t->order);
	free(t);
	return NULL;
}

static int compare(const struct psk_entry *e, const void *identity, size_t length)
{
	size_t common = e->identity_length < length ? e->identity_length : length;
	int order = memcmp(e->identity, identity, common);

	return order ?: (e->identity_length > length) - (e->identity_length < length);
}

/* Where in the order an identity is, or would be. */
static size_t search(
	const struct psk_table *t, const void *identity, size_t length, bool *ret_found)
{
	size_t low = 0, high = t->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&t->entries[t->order[middle]], identity, length);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const uint8_t *psk_find(
	const struct psk_table *t, const void *identity, size_t length, size_t *ret_key_length)
{
	bool found;
	size_t i = search(t, identity, length, &found);

	if (!found)
		return NULL;
	*ret_key_length = t->entries[t->order[i]].key_length;
	return t->entries[t->order[i]].key;
}

size_t psk_count(const struct psk_table *t)
{
	return t->count;
}

/* The sentence when s is no key, NULL when *e has it. */
static const char *parse_key(const char *s, size_t n, struct psk_entry *e)
{
	for (size_t i = 0; i < n; i++)
		if (hex_digit(s[i]) < 0)
			return "the key has something other than hex digits; make one with "
			       "`openssl rand -hex 16`";
	if (n % 2)
		return "the key has an odd number of hex digits; a digit is missing or too many";
	if (n < 2 * PSK_KEY_MIN)
		return "the key is shorter than 16 bytes; make one with `openssl rand -hex 16`";
	if (n > 2 * PSK_KEY_MAX)
		return "the key is longer than 64 bytes; make one with `openssl rand -hex 16`";
	(void)hex_read(s, e->key, n / 2);
	e->key_length = (uint8_t)(n / 2);
	return NULL;
}

static bool has_control(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)s[i]))
			return true;
	return false;
}

/* The sentence when the line is no entry; NULL when *e has it. */
static const char *parse_line(const char *s, size_t n, struct psk_entry *e)
{
	const char *colon = memrchr(s, ':', n);
	size_t length = colon ? (size_t)(colon - s) : 0;

	if (!colon)
		return "is no IDENTITY:HEXKEY; the colon is missing";
	if (length == 0)
		return "has no identity in front of the colon";
	if (length > PSK_IDENTITY_MAX)
		return "has an identity of more than 128 bytes";
	if (has_control(s, length) || config_utf8_span(s, length) < length)
		return "has an identity that is not printable UTF-8";
	memcpy(e->identity, s, length);
	e->identity_length = (uint8_t)length;
	return parse_key(colon + 1, n - length - 1, e);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void insert(struct psk_table *t, size_t at, const struct psk_entry *e)
{
	memmove(t->order + at + 1, t->order + at, (t->count - at) * sizeof(*t->order));
	t->order[at] = (uint16_t)t->count;
	t->entries[t->count++] = *e;
}

/* One line without its end. Returns false when the table is full. */
static bool take_line(struct psk_table *t, const char *path, unsigned line, const char *s, size_t n,
	struct config_problems *p)
{
	struct psk_entry e = { .line = line };
	const char *sentence;
	bool found, room = true;
	size_t at;

	while (n > 0 && is_blank(*s))
		s++, n--;
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	if (n == 0 || *s == '#' || *s == ';')
		return true;

	sentence = parse_line(s, n, &e);
	if (sentence) {
		/* Nothing of the line is repeated: its parts may have changed places. */
		config_error(p, "%s:%u: %s", path, line, sentence);
	} else {
		at = search(t, e.identity, e.identity_length, &found);
		room = t->count < PSK_ENTRIES_MAX;
		if (found)
			config_error(p,
				"%s:%u: \"%.*s\" has a key in line %u already; keep one of the two",
				path, line, (int)e.identity_length, e.identity,
				t->entries[t->order[at]].line);
		else if (!room)
			config_error(p,
				"%s:%u: is one more than the %d keys that one gateway takes", path,
				line, PSK_ENTRIES_MAX);
		else
			insert(t, at, &e);
	}
	explicit_bzero(&e, sizeof(e));
	return room;
}

int psk_parse(const char *path, const void *data, size_t size, struct psk_table **ret,
	struct config_problems *p)
{
	_cleanup_(psk_freep) struct psk_table *t = NULL;
	const char *at = data, *end = size > 0 ? at + size : at;
	size_t lines = 1, before = p->error_count + p->unsaid;
	unsigned line = 0;

	for (const char *s = at; s < end; s++)
		lines += *s == '\n';
	if (lines > PSK_ENTRIES_MAX)
		lines = PSK_ENTRIES_MAX;

	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	/* At once, so that no copy of a key is left where realloc() was. */
	t->entries = calloc(lines, sizeof(*t->entries));
	t->order = calloc(lines, sizeof(*t->order));
	if (!t->entries || !t->order)
		return -ENOMEM;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)) ?: end;

		if (!take_line(t, path, ++line, at, (size_t)(newline - at), p))
			break;
		at = newline < end ? newline + 1 : end;
	}
	if (p->error_count + p->unsaid > before)
		return CONFIG_E_INVALID;
	*ret = TAKE_PTR(t);
	return 0;
}
