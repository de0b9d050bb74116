/*
 * Runs a fuzz target over files and the files in directories, without
 * libFuzzer: for `make check`, coverage and debuggers. Fails when there is no
 * input, so that an empty corpus does not look like success.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned ran;

static bool replay_file(const char *path)
{
	FILE *f = fopen(path, "rbe");
	uint8_t *data = NULL;
	struct stat st;
	size_t size = 0;
	bool good = false;

	if (f && fstat(fileno(f), &st) == 0) {
		/* of the input's own size, so that a sanitizer sees a read behind its end */
		data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
		size = data ? fread(data, 1, (size_t)st.st_size, f) : 0;
		good = data && size == (size_t)st.st_size;
	}
	if (f)
		fclose(f);
	if (good) {
		(void)LLVMFuzzerTestOneInput(data, size);
		ran++;
	} else {
		fprintf(stderr, "%s: cannot be read\n", path);
	}
	free(data);
	return good;
}

static bool replay(const char *path);

static bool replay_directory(const char *path, DIR *d)
{
	const struct dirent *entry;
	bool good = true;

	while ((entry = readdir(d))) {
		char *inside;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&inside, "%s/%s", path, entry->d_name) < 0)
			return false;
		good = replay(inside) && good;
		free(inside);
	}
	return good;
}

static bool replay(const char *path)
{
	DIR *d = opendir(path);
	bool good;

	if (!d)
		return replay_file(path);
	good = replay_directory(path, d);
	closedir(d);
	return good;
}

int main(int argc, char **argv)
{
	bool good = true;

	for (int i = 1; i < argc; i++)
		good = replay(argv[i]) && good;
	printf("%u inputs\n", ran);
	if (ran == 0)
		fprintf(stderr, "usage: %s FILE|DIRECTORY...; there was nothing to replay\n",
			argv[0]);
	return good && ran > 0 ? 0 : 1;
}
