/*
 * See epoch.h.
 */
#include "gateway/epoch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

void epoch_text(const struct epoch *e, char ret[static EPOCH_TEXT_MAX])
{
	(void)snprintf(ret, EPOCH_TEXT_MAX, "%" PRIu64 "-%08" PRIx32, e->counter, e->random);
}

int epoch_from_text(const char *text, struct epoch *ret)
{
	struct epoch e = { 0 };
	int hex = -1, end = -1;

	/* The widths keep sscanf() from wrapping around. */
	if (text[0] < '0' || text[0] > '9' ||
		sscanf(text, "%19" SCNu64 "-%n%*8[0-9a-f]%n", &e.counter, &hex, &end) != 1 ||
		end - hex != 8 || text[end] != 0)
		return -EINVAL;
	e.random = (uint32_t)strtoul(text + hex, NULL, 16);
	*ret = e;
	return 0;
}

static void put_span(struct text *t, const struct correction_span *s, bool open)
{
	text_printf(t, "stamps=%" PRIu64 "-%08" PRIx32 " %" PRIu64 " ", s->counter, s->random,
		s->first);
	if (open || s->last == 0)
		text_char(t, '-');
	else
		text_u64(t, s->last);
	text_printf(t, " %" PRId64 " %" PRId64 "\n", s->low_us, s->high_us);
}

size_t epoch_format(const struct epoch *e, char *buf, size_t size)
{
	struct text t = text_init(buf, size);
	const struct corrections *c = &e->corrections;
	ssize_t n;

	text_printf(&t,
		"counter=%" PRIu64 "\nrandom=%08" PRIx32 "\nclean=%s\npublished=%s\nlast=%" PRIu64
		"\n",
		e->counter, e->random, e->clean ? "yes" : "no", e->published ? "yes" : "no",
		e->last);
	if (e->ended.counter)
		text_printf(&t, "ended=%" PRIu64 "-%08" PRIx32 " %s %" PRIu64 "\n",
			e->ended.counter, e->ended.random, e->ended.published ? "yes" : "no",
			e->ended.last);
	if (e->boot[0] != 0) {
		text_printf(
			&t, "boot=%s\nsynchronised=%s\n", e->boot, e->synchronised ? "yes" : "no");
		for (size_t i = 0; i < c->count; i++)
			put_span(&t, &c->spans[i], c->open && !e->clean && i + 1 == c->count);
	}
	n = text_done(&t);
	return n < 0 ? 0 : (size_t)n;
}

/* "11-9f3a21c4 1 400 1700000000000000 1700000000000000", the end "-" when it is open */
static int parse_span(const char *text, struct correction_span *ret)
{
	struct correction_span s = { 0 };
	char last[21];
	int end = -1;

	if (sscanf(text,
		    "%19" SCNu64 "-%8" SCNx32 " %19" SCNu64 " %20[-0-9] %20" SCNd64 " %20" SCNd64
		    "%n",
		    &s.counter, &s.random, &s.first, last, &s.low_us, &s.high_us, &end) != 6 ||
		end < 0 || text[end] != 0)
		return -EBADMSG;
	if (strcmp(last, "-") != 0 &&
		(last[0] == '-' || sscanf(last, "%19" SCNu64 "%n", &s.last, &end) != 1 ||
			last[end] != 0 || s.last == 0))
		return -EBADMSG;
	if (!correction_is_sound(&s))
		return -EBADMSG;
	*ret = s;
	return 0;
}

/* "11-9f3a21c4 yes 400" */
static int parse_ended(const char *text, struct epoch_ended *ret)
{
	struct epoch_ended x = { 0 };
	char published[4];
	int end = -1;

	if (sscanf(text, "%19" SCNu64 "-%8" SCNx32 " %3[a-z] %19" SCNu64 "%n", &x.counter,
		    &x.random, published, &x.last, &end) != 4 ||
		end < 0 || text[end] != 0)
		return -EBADMSG;
	x.published = strcmp(published, "yes") == 0;
	*ret = x;
	return 0;
}

static bool is_boot_id(const char *text)
{
	return strlen(text) == EPOCH_BOOT_MAX - 1 &&
	       strspn(text, "0123456789abcdef-") == EPOCH_BOOT_MAX - 1;
}

/* What follows the lines that every version has. */
static void parse_rest(char *at, struct epoch *e)
{
	struct corrections *c = &e->corrections;
	char *line;

	while ((line = strsep(&at, "\n"))) {
		if (strncmp(line, "boot=", 5) == 0 && is_boot_id(line + 5))
			memcpy(e->boot, line + 5, EPOCH_BOOT_MAX);
		else if (strncmp(line, "ended=", 6) == 0)
			(void)parse_ended(line + 6, &e->ended);
		else if (strcmp(line, "synchronised=yes") == 0)
			e->synchronised = true;
		else if (strncmp(line, "stamps=", 7) == 0 && c->count < CORRECTIONS_MAX &&
			 parse_span(line + 7, &c->spans[c->count]) == 0)
			c->count++;
	}
	/* Without its boot what is of it means nothing. */
	if (e->boot[0] == 0) {
		e->synchronised = false;
		c->count = 0;
	}
}

int epoch_parse(const char *text, size_t length, struct epoch *ret)
{
	char copy[EPOCH_FILE_MAX], clean[4], published[4];
	struct epoch e = { 0 };
	int end = -1;

	if (length >= sizeof(copy) || memchr(text, 0, length))
		return -EBADMSG;
	memcpy(copy, text, length);
	copy[length] = 0;
	if (sscanf(copy,
		    "counter=%" SCNu64 "\nrandom=%8" SCNx32
		    "\nclean=%3[a-z]\npublished=%3[a-z]\nlast=%" SCNu64 "%n",
		    &e.counter, &e.random, clean, published, &e.last, &end) != 5 ||
		end < 0 || e.counter >= UINT64_MAX / 2)
		return -EBADMSG;
	e.clean = strcmp(clean, "yes") == 0;
	e.published = strcmp(published, "yes") == 0;
	parse_rest(copy + end, &e);
	*ret = e;
	return 0;
}

static struct epoch_ended ended_as(const struct epoch *e)
{
	return (struct epoch_ended){ e->counter, e->random, e->published, e->last };
}

struct epoch epoch_next(const struct epoch *previous, uint32_t random)
{
	struct epoch e = { .counter = 1, .random = random };

	if (previous) {
		e = *previous;
		if (previous->clean)
			e.ended = ended_as(previous);
		e.counter++;
		e.random = random;
		e.clean = e.published = false;
		e.last = 0;
		e.corrections.open = false;
	}
	return e;
}

bool epoch_ended_cleanly(const struct epoch *previous, const char *text, struct epoch_ended *ret)
{
	struct epoch_ended x = previous->clean ? ended_as(previous) : previous->ended;
	struct epoch e = { .counter = x.counter, .random = x.random };
	char own[EPOCH_TEXT_MAX];

	epoch_text(&e, own);
	if (x.counter == 0 || strcmp(own, text) != 0)
		return false;
	*ret = x;
	return true;
}
