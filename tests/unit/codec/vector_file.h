/*
 * Runs a file of vectors whose lines have four columns: what it shows, where it is
 * from, the steps, and what has to come of them. For decoders that are tables of
 * rows, with a file each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Plays the steps (changed in place) against the row and writes down what came of them. False,
 * having said why, when it does not understand them. */
typedef bool (*vector_play_fn)(const char *row, char *steps, char *ret, size_t size);

/* Runs tests/vectors/<directory>/<row>.tsv, from the top of the tree, and prints what differs.
 * Returns how many lines do; fails when there is no such file, or next to nothing in it. */
unsigned vector_file_run(const char *directory, const char *row, vector_play_fn play);
