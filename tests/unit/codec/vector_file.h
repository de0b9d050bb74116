/*
 * Runs files of vectors: a line each, but for comments. Those of decoders that are
 * tables of rows have four columns: what it shows, where it is from, the steps, and
 * what has to come of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef void (*vector_line_fn)(char *line, void *userdata);

/* Gives each line, without its end, of a file named from the top of the tree. Returns how many
 * there were; fails when there is no such file. */
unsigned vector_lines(const char *path, vector_line_fn each, void *userdata);

/* Plays the steps (changed in place) against the row and writes down what came of them. False,
 * having said why, when it does not understand them. */
typedef bool (*vector_play_fn)(const char *row, char *steps, char *ret, size_t size);

/* Runs tests/vectors/<directory>/<row>.tsv, from the top of the tree, and prints what differs.
 * Returns how many lines do; fails when there is no such file, or next to nothing in it. */
unsigned vector_file_run(const char *directory, const char *row, vector_play_fn play);
