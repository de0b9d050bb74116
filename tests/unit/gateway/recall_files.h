/*
 * For tests of gateway/recall.h: a directory of their own, and values made
 * from a number, so that each entry found can be judged by itself.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/recall.h"
#include "unit/unit.h"

struct place {
	char directory[64], state[80];
};

static inline void place_begin(struct place *p)
{
	(void)snprintf(p->directory, sizeof(p->directory), "/dev/shm/wardgate-test-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	(void)snprintf(p->state, sizeof(p->state), "%s/state", p->directory);
	assert_int_equal(mkdir(p->state, 0700), 0);
}

/* Sets ret to the path of the only ring there; "" when there is none. */
static inline void place_file(const struct place *p, char ret[512])
{
	DIR *d = opendir(p->directory);
	struct dirent *e;

	assert_non_null(d);
	ret[0] = 0;
	while ((e = readdir(d)))
		if (strstr(e->d_name, ".recall"))
			(void)snprintf(ret, 512, "%s/%s", p->directory, e->d_name);
	closedir(d);
}

static inline void place_end(struct place *p)
{
	char path[512];

	for (place_file(p, path); path[0]; place_file(p, path))
		assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(p->state), 0);
	assert_int_equal(rmdir(p->directory), 0);
}

static inline struct recall *open_as(const struct place *p, const char *gateway, const char *epoch)
{
	struct recall *r = NULL;

	assert_int_equal(recall_new(&r, p->directory, p->state, gateway, epoch), 0);
	return r;
}

/* What belongs to the i-th value, by arithmetic. */
static inline uint64_t value_key(uint64_t i)
{
	return i * UINT64_C(0x9E3779B97F4A7C15) | 1;
}

static inline uint64_t value_sequence(uint64_t i)
{
	return i * 3 + 1;
}

static inline uint64_t value_device_sequence(uint64_t i)
{
	return i ^ 0x5555;
}

static inline const char *value_device(uint64_t i)
{
	static const char *const names[] = { "bed1-oximeter", "bed2-thermometer", "fridge", "d" };

	return names[i % 4];
}

static inline void value_add(struct recall *r, uint64_t i)
{
	recall_add(r, value_device(i), value_key(i), NULL, value_sequence(i),
		value_device_sequence(i));
}

/* Whether it is found; if so, it is what was written. epoch NULL: this run's. */
static inline bool value_found(struct recall *r, uint64_t i, const char *epoch)
{
	struct recalled got;
	int n = recall_find(r, value_device(i), value_key(i), &got);

	if (n == 0)
		return false;
	assert_int_equal(n, 1);
	assert_int_equal(got.sequence, value_sequence(i));
	assert_int_equal(got.device_sequence, value_device_sequence(i));
	assert_false(got.stored);
	if (epoch)
		assert_string_equal(label_text(got.epoch, "this run"), epoch);
	else
		assert_null(got.epoch);
	return true;
}
