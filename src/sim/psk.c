/* Reads IDENTITY:HEXKEY lines; see psk.h. */
#include "sim/psk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hex.h"

/* Returns what is wrong with the line, or NULL. */
static const char *parse_line(char *line, struct psk *p)
{
	char *colon = strrchr(line, ':');
	const char *hex;

	if (!colon || colon == line)
		return "not IDENTITY:HEXKEY";
	*colon = 0;
	hex = colon + 1;
	if (strlen(line) > 128)
		return "the identity is longer than 128 bytes";
	if (!*hex || strlen(hex) % 2 || strlen(hex) > 2 * (size_t)PSK_KEY_MAX)
		return "the key is not 1 to 64 bytes of hexadecimal digits in pairs";
	for (p->key_length = 0; *hex; hex += 2) {
		if (!hex_read(hex, &p->key[p->key_length], 1))
			return "the key has a character that is no hexadecimal digit";
		p->key_length++;
	}
	p->identity = strdup(line);
	return p->identity ? NULL : "out of memory";
}

int psk_read(struct psk_file **ret, const char *path)
{
	_cleanup_(psk_freep) struct psk_file *f = calloc(1, sizeof(*f));
	_cleanup_(fclosep) FILE *in = fopen(path, "re");
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;
	int number = 0, problems = 0, r = in ? 0 : -errno;

	if (!in) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return r;
	}
	if (!f)
		return -ENOMEM;
	while (getline(&line, &size, in) > 0) {
		struct psk entry = { 0 }, *p;
		const char *why;

		number++;
		line[strcspn(line, "\r\n")] = 0;
		if (!*line || *line == '#')
			continue;
		why = f->count < PSK_ENTRIES_MAX ? parse_line(line, &entry) : "too many lines";
		p = why ? NULL : reallocarray(f->entries, f->count + 1, sizeof(*p));
		if (!p) {
			fprintf(stderr, "%s:%d: %s\n", path, number, why ?: "out of memory");
			free(entry.identity);
			problems++;
			continue;
		}
		f->entries = p;
		f->entries[f->count++] = entry;
	}
	explicit_bzero(line, size);
	if (problems)
		return -EBADMSG;
	*ret = TAKE_PTR(f);
	return 0;
}

struct psk_file *psk_free(struct psk_file *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < f->count; i++)
		free(f->entries[i].identity);
	if (f->entries)
		explicit_bzero(f->entries, f->count * sizeof(*f->entries));
	free(f->entries);
	free(f);
	return NULL;
}

const struct psk *psk_find(const struct psk_file *f, const char *identity)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->entries[i].identity, identity))
			return &f->entries[i];
	return NULL;
}
