/*
 * Files of vectors. See vector_file.h.
 */
#include "unit/codec/vector_file.h"

#include "unit/unit.h"

#define COLUMNS 4 /* name, where from, steps, expected */

static char shown[65536];

unsigned vector_lines(const char *path, vector_line_fn each, void *userdata)
{
	char *line = NULL;
	unsigned count = 0;
	size_t room = 0;
	ssize_t n;
	FILE *f = fopen(path, "re");

	if (!f)
		fail_msg("%s: cannot be opened; run this from the top of the tree", path);
	while ((n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (line[0] == '#')
			continue;
		each(line, userdata);
		count++;
	}
	free(line);
	fclose(f);
	return count;
}

struct run {
	const char *row;
	vector_play_fn play;
	unsigned bad;
};

static bool run_line(const char *row, vector_play_fn play, char *line)
{
	char *column[COLUMNS], *rest = line;

	for (int i = 0; i < COLUMNS; i++)
		column[i] = strsep(&rest, "\t");
	if (!column[COLUMNS - 1]) {
		print_error("%s: %s: too few columns\n", row, column[0]);
		return false;
	}
	shown[0] = 0;
	if (!play(row, column[2], shown, sizeof(shown))) {
		print_error("%s: %s\n", row, column[0]);
		return false;
	}
	if (strcmp(shown, column[3]) == 0)
		return true;
	print_error("%s: %s\n  expected %s\n  got      %s\n", row, column[0], column[3], shown);
	return false;
}

static void run_vector(char *line, void *userdata)
{
	struct run *r = userdata;

	r->bad += !run_line(r->row, r->play, line);
}

unsigned vector_file_run(const char *directory, const char *row, vector_play_fn play)
{
	struct run r = { row, play, 0 };
	char path[128];
	unsigned ran;

	snprintf(path, sizeof(path), "tests/vectors/%s/%s.tsv", directory, row);
	ran = vector_lines(path, run_vector, &r);
	if (ran < 3)
		fail_msg("%s: %u vectors are no test", path, ran);
	return r.bad;
}
