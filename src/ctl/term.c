/*
 * What goes to a terminal. See term.h.
 */
#include "ctl/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/text.h"

#define LABEL 13 /* columns of term_line()'s first part, the blanks before it not counted */
#define TEXT_MIN 24

size_t term_character(const char *s)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0x20 || c == 0x7f || strnlen(s, n) < n || !text_utf8_valid(s, n))
		return 0;
	/* U+0080 to U+009F are control characters, too. */
	if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
		return 0;
	return n;
}

size_t term_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_part(const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		size_t n = term_character(text);

		if (n)
			(void)fwrite(text, 1, n, stdout);
		else
			putchar('?');
		text += n ?: 1;
	}
}

void term_print(const char *text)
{
	print_part(text, strlen(text));
}

/* Bytes of the first words that fit into so many columns; a word that does not is not cut. */
static size_t words(const char *text, size_t columns)
{
	size_t length = 0;

	for (;;) {
		size_t end = length + strspn(text + length, " ");
		size_t used = 0;

		end += strcspn(text + end, " ");
		for (size_t i = 0; i < end; i++)
			used += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (length > 0 && used > columns)
			return length;
		length = end;
		if (!text[length])
			return length;
	}
}

void term_line_behind(unsigned before, const char *what, const char *text)
{
	unsigned width = term_width(stdout), taken = LABEL + 2 + before;
	size_t columns = width > taken + TEXT_MIN ? width - taken : width > 0 ? TEXT_MIN : 0;

	printf("  ");
	term_print(what);
	for (size_t n = term_columns(what); n < LABEL - 1; n++)
		putchar(' ');
	putchar(' ');
	do {
		size_t n = columns > 0 ? words(text, columns) : strlen(text);

		print_part(text, n);
		putchar('\n');
		text += n;
		text += strspn(text, " ");
		if (*text)
			printf("%*s", (int)taken, "");
	} while (*text);
}

void term_line(const char *what, const char *text)
{
	term_line_behind(0, what, text);
}

unsigned term_width(FILE *f)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long n;

	if (ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	n = columns ? strtol(columns, NULL, 10) : 0;
	return n > 0 && n < 10000 ? (unsigned)n : 0;
}

unsigned term_height(FILE *f)
{
	struct winsize size;

	return ioctl(fileno(f), TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

bool term_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

bool term_moves(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && term && *term && strcmp(term, "dumb") != 0;
}

bool term_has_colours(FILE *f)
{
	/* The few of today's that have none; a database of terminals for them is too much. */
	static const char *const plain[] = { "vt52", "vt100", "vt102", "vt220", "vt320" };
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (!term_moves(f) || (no && *no))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (strcmp(term, plain[i]) == 0)
			return false;
	return !strstr(term, "mono") && !strstr(term, "-m");
}
