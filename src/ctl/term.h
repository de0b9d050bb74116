/*
 * What goes to a terminal: text whose control characters and broken UTF-8 stay
 * out, lines that fit it, and whether it has colours. Tables are table.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of the character at s, 0 when it is none that may go to a terminal. */
size_t term_character(const char *s);
/* Prints to standard output; what may not go there becomes a question mark. */
void term_print(const char *text);
/* "  what          text", wrapped between words so that it fits the terminal. */
void term_line(const char *what, const char *text);
/* The same behind so many columns that stand on the line already. */
void term_line_behind(unsigned before, const char *what, const char *text);
/* Columns that a text takes: one for each character. */
size_t term_columns(const char *text);
/* Columns of the terminal behind f, else $COLUMNS, else 0. */
unsigned term_width(FILE *f);
/* Rows of the terminal behind f, 0 unknown. */
unsigned term_height(FILE *f);

/* Both ends are a terminal: somebody can be asked. */
bool term_interactive(void);
/* f is a terminal that can move its cursor. */
bool term_moves(FILE *f);
/* And has colours, and nobody set NO_COLOR (no-color.org). */
bool term_has_colours(FILE *f);
