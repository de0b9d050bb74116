/*
 * The reader of lines. Each line is judged here first; libinih sees only lines
 * that it reads the way systemd's users expect, and empty ones in place of
 * the others, so that its count of lines is ours.
 *
 * libinih 55 as Debian builds it cuts lines at 199 bytes and section names at
 * 49, takes ':' for '=', joins indented lines to the value above, cuts a value
 * at " ;", and says nothing of sections without a key.
 */
#include "config/reader.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "config/parse.h"
#include "util/cleanup.h"

struct reader {
	const char *path;
	const char *at, *end;
	unsigned line;
	bool in_section; /* some section began */
	bool skip;       /* until the next one */
	int error;       /* negative errno of an event */
	const struct reader_events *events;
	struct config_problems *problems;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Says what is wrong with the present line. What stands in it is not repeated: it may be a key that
 * went astray. */
static void complain(struct reader *r, const char *sentence)
{
	config_error(r->problems, "%s:%u: %s", r->path, r->line, sentence);
}

/* The next line, without its end; false at the end of the text. */
static bool next_line(struct reader *r, const char **ret, size_t *ret_length)
{
	const char *newline;
	size_t n;

	if (r->at >= r->end)
		return false;
	newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*ret = r->at;
	n = (size_t)((newline ?: r->end) - r->at);
	r->at = newline ? newline + 1 : r->end;
	r->line++;
	if (n > 0 && (*ret)[n - 1] == '\r') /* files from Windows */
		n--;
	*ret_length = n;
	return true;
}

/* C0 but the tab, DEL, and C1 in UTF-8. */
static bool is_control(const char *s, size_t n)
{
	return (iscntrl((unsigned char)*s) && *s != '\t') ||
	       (n > 1 && *s == '\xc2' && (unsigned char)s[1] < 0xa0);
}

/* Whether the bytes are text at all. */
static bool check_bytes(struct reader *r, const char *s, size_t n)
{
	if (memchr(s, 0, n)) {
		complain(r, "holds a NUL byte, so this is no text file; save it as UTF-8 text");
		r->at = r->end; /* what follows makes no more sense */
		return false;
	}
	if (config_utf8_span(s, n) < n) {
		complain(r, "is not valid UTF-8; save the file as UTF-8 text");
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (is_control(s + i, n - i)) {
			complain(r, "holds a control character; delete it");
			return false;
		}
	return true;
}

static void begin_section(struct reader *r, char *s, size_t n)
{
	int q;

	r->in_section = true;
	r->skip = true;

	if (s[n - 1] != ']') {
		complain(r,
			"begins a section that does not end with ]; write [Section] alone on its "
			"line");
		return;
	}
	if (n - 2 > READER_SECTION_MAX) {
		complain(r, "has a section name of more than 49 characters; names of devices and "
			    "rules have at most 40");
		return;
	}
	s[n - 1] = 0;
	if (strpbrk(s + 1, "[];#") || n == 2) {
		complain(r, "is no section; write [Section] or [Section name] alone on its line");
		return;
	}
	q = r->events->section(s + 1, r->line, r->events->userdata);
	if (q < 0)
		r->error = q;
	r->skip = q != 0;
	s[n - 1] = ']';
}

/* Looks for a comment behind the value, which libinih would cut off (;) or keep (#). */
static bool has_inline_comment(const char *s, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if ((s[i] == ';' || s[i] == '#') && is_blank(s[i - 1]))
			return true;
	return false;
}

static bool is_key(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return n > 0;
}

/* Whether libinih may have the assignment in s. */
static bool check_assignment(struct reader *r, const char *s, size_t n)
{
	size_t key = strcspn(s, "=:");

	if (!r->in_section) {
		complain(r, "stands before the first section; begin with a line like [Gateway]");
		r->skip = true; /* once is enough */
		r->in_section = true;
		return false;
	}
	if (r->skip)
		return false;
	if (!s[key]) {
		complain(r,
			"is no [Section], no Key=value and no comment; comments begin with # or ;");
		return false;
	}
	if (s[key] == ':') {
		complain(r, "has : after the key; write Key=value");
		return false;
	}
	while (key > 0 && is_blank(s[key - 1]))
		key--;
	if (!is_key(s, key)) {
		complain(r, "has no proper key in front of =; write Key=value");
		return false;
	}
	if (n > READER_LINE_MAX) {
		complain(r,
			"is longer than 199 bytes; shorten it, or repeat the key if it is a list");
		return false;
	}
	if (has_inline_comment(s, n)) {
		complain(r, "has a comment behind the value; put it on a line of its own");
		return false;
	}
	if (s[n - 1] == '\\') {
		complain(r,
			"ends with a backslash; lines cannot be continued, repeat the key if it "
			"is a list");
		return false;
	}
	return true;
}

/* Judges one line. Returns whether libinih is to have s, which has room for READER_LINE_MAX + 1. */
static bool judge(struct reader *r, const char *line, size_t n, char *s)
{
	/* Longest line to be kept whole: beyond, only its beginning is looked at. */
	char copy[1024];
	size_t kept;

	if (!check_bytes(r, line, n))
		return false;
	while (n > 0 && is_blank(line[n - 1]))
		n--;
	for (kept = 0; kept < n && is_blank(line[kept]); kept++)
		;
	if (kept == n || line[kept] == '#' || line[kept] == ';')
		return false;
	if (kept > 0) {
		if (!r->skip)
			complain(r, "is indented; begin it in the first column");
		return false;
	}

	kept = n < sizeof(copy) ? n : sizeof(copy) - 1;
	for (size_t i = 0; i < kept; i++)
		copy[i] = line[i] == '\t' ? ' ' : line[i];
	copy[kept] = 0;
	if (*copy == '[') {
		begin_section(r, copy, kept);
		/* libinih need not know: the section's name would come back with each key. */
		return false;
	}
	if (!check_assignment(r, copy, kept))
		return false;
	memcpy(s, copy, kept + 1);
	return true;
}

/* Stands in for fgets() in libinih. */
static char *feed(char *buf, int size, void *userdata)
{
	char line[READER_LINE_MAX + 1];
	struct reader *r = userdata;
	const char *text;
	size_t n;

	if (r->error < 0 || !next_line(r, &text, &n))
		return NULL;
	*buf = 0;
	if (judge(r, text, n, line)) {
		n = strlen(line);
		/* Another build of libinih may have less room. */
		if (size > 0 && n < (size_t)size)
			memcpy(buf, line, n + 1);
		else
			complain(r, "is too long; shorten it, or repeat the key if it is a list");
	}
	return buf;
}

static int on_value(void *userdata, const char *section, const char *name, const char *value)
{
	struct reader *r = userdata;

	if (r->error == 0)
		r->error = r->events->assign(name, value, r->line, r->events->userdata);
	return 1;
}

int reader_run(const char *path, const void *data, size_t size, const struct reader_events *events,
	struct config_problems *p)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct reader r = { .path = path,
		.at = data,
		.end = (const char *)data + size,
		.events = events,
		.problems = p };
	int q;

	if (size == 0) /* data may be NULL */
		return 0;
	if (size >= 3 && memcmp(data, bom, 3) == 0)
		r.at += 3;

	q = ini_parse_stream(feed, &r, on_value, &r);
	if (r.error < 0)
		return r.error;
	if (q == -2)
		return -ENOMEM;
	if (q != 0) /* a line that we thought good */
		config_error(p, "%s:%d: is not understood; write Key=value", path, q);
	return 0;
}
