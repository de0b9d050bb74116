/* See ram_place.h. */
#include "unit/ble/ram_place.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

void ram_place_make(struct ram_place *p)
{
	(void)snprintf(p->directory, sizeof(p->directory), "/dev/shm/wardgate-test-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	(void)snprintf(p->state, sizeof(p->state), "%s/state", p->directory);
	assert_int_equal(mkdir(p->state, 0700), 0);
}

void ram_place_file(const struct ram_place *p, char path[static 400])
{
	DIR *d = opendir(p->directory);
	struct dirent *e;

	assert_non_null(d);
	path[0] = 0;
	while ((e = readdir(d)))
		if (strncmp(e->d_name, "wardgate-", 9) == 0)
			(void)snprintf(path, 400, "%s/%s", p->directory, e->d_name);
	closedir(d);
}

struct counters *ram_place_counters(const struct ram_place *p)
{
	struct counters *c = NULL;

	assert_int_equal(counters_new(&c, p->directory, p->state, "gw"), 0);
	assert_true(counters_tie(c) != 0);
	return c;
}

void ram_place_leave(const struct ram_place *p)
{
	char path[400];

	ram_place_file(p, path);
	if (path[0])
		assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(p->state), 0);
	assert_int_equal(rmdir(p->directory), 0);
}

const uint8_t *ram_place_nth(uint32_t n, uint8_t to[static BLE_ADDRESS_SIZE])
{
	for (unsigned i = 0; i < BLE_ADDRESS_SIZE; i++)
		to[i] = (uint8_t)(i < 4 ? n >> (8 * i) : 0x5a);
	return to;
}
