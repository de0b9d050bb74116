/*
 * Questions to the one at the terminal. Only when term_interactive().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A line, without blanks around it. Returns its length, or -ECANCELED at its end of file (Ctrl-D),
 * -EINTR after Ctrl-C. A longer one is asked for again. */
int prompt_line(const char *question, char *buf, size_t size);
/* Yes only for "y" or "yes". */
bool prompt_yes(const char *question);
/* A line that does not show, from the terminal even when standard input is none; the terminal is as
 * before afterwards, whatever ended it. Returns its length, -ENXIO when there is no terminal,
 * -E2BIG, -ECANCELED, or a negative errno. */
int prompt_secret(const char *question, char *buf, size_t size);
