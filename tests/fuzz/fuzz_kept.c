/*
 * What the Bluetooth driver keeps over a restart, as somebody may have spoiled
 * it: the text of bonds, and that of what is known of devices. The first byte
 * says which. They get the sum that they must have, since nobody guesses it, and
 * are read without it, too. What is taken is written and read again, and is the
 * same; of bonds all or nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ble/driver_private.h"
#include "ble/memory.h"
#include "util/checked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ble_address adapter = { BLE_ADDRESS_PUBLIC, { 0, 0x71, 0xda, 0x7d, 0x1a, 0 } };

/* ---- bonds ---- */

static void check_keys(const struct bonds *b)
{
	static struct mgmt_ltk ltks[MGMT_LTKS_MAX];
	static struct mgmt_irk irks[MGMT_IRKS_MAX];
	size_t n = bonds_ltks(b, &adapter, ltks);
	uint8_t type;

	for (size_t i = 0; i < n; i++) {
		assert(mgmt_ltk_valid(&ltks[i]) && ltks[i].type != MGMT_LTK_P256_DEBUG);
		assert(bonds_find(b, &adapter, &ltks[i].address));
		assert(bonds_type(b, &ltks[i].address, &type) && type != BLE_ADDRESS_ANY);
	}
	n = bonds_irks(b, &adapter, irks);
	for (size_t i = 0; i < n; i++)
		assert(mgmt_irk_valid(&irks[i]));
}

static void check_empty(struct bonds *b)
{
	struct ble_address home;

	assert(!bonds_home(b, &home));
	check_keys(b);
}

/* Behind the line of the generation, without the sum. */
static const char *keys_of(const char *text, size_t length, size_t *ret)
{
	const char *end = text + checked_body(text, length, "check");
	const char *at = memchr(text, '\n', length);

	assert(end > text && at);
	at = memchr(at + 1, '\n', (size_t)(end - at - 1));
	assert(at);
	*ret = (size_t)(end - at);
	return at;
}

static void bonds(const char *text, size_t length)
{
	char *first, *second;
	size_t n, m, first_length, keys, more_keys;
	const char *a, *c;
	struct bonds *b;
	unsigned line;

	if (bonds_new(&b) < 0)
		return;
	if (bonds_read(b, text, length, &line) != 0) {
		check_empty(b);
		bonds_free(b);
		return;
	}
	check_keys(b);
	assert(bonds_write(b, &first, &first_length) == 0);
	assert(bonds_read(b, first, first_length, &line) == 0);
	assert(bonds_write(b, &second, &m) == 0);
	a = keys_of(first, first_length, &keys);
	c = keys_of(second, m, &more_keys);
	assert(keys == more_keys && memcmp(a, c, keys) == 0);
	/* all of an adapter's go, by any of them */
	for (struct ble_address home; bonds_home(b, &home);) {
		static struct mgmt_ltk ltks[MGMT_LTKS_MAX];

		n = bonds_ltks(b, &home, ltks);
		assert(n > 0 && bonds_forget(b, &home, &ltks[0].address));
	}
	bonds_text_free(first, first_length);
	bonds_text_free(second, m);
	bonds_free(b);
}

/* ---- what is known of devices ---- */

#define DEVICES 3

struct bay {
	struct ble ble;
	struct peer peers[DEVICES];
};

static unsigned place_of(const struct ble_address *a)
{
	return (unsigned)hash_bytes(&hash_key_fixed, a->octets, BLE_ADDRESS_SIZE) &
	       (PEER_BUCKETS - 1);
}

static void begin(struct bay *w)
{
	memset(w, 0, sizeof(*w));
	for (unsigned i = 0; i < DEVICES; i++) {
		struct peer *p = &w->peers[i];

		p->ble = &w->ble;
		p->identity = (struct ble_address){ BLE_ADDRESS_ANY, { (uint8_t)(i + 1) } };
		p->next = w->ble.peers[place_of(&p->identity)];
		w->ble.peers[place_of(&p->identity)] = p;
	}
}

static void end(struct bay *w)
{
	for (unsigned i = 0; i < DEVICES; i++)
		free(w->peers[i].table);
}

static void memory(const char *text, size_t length)
{
	static struct bay one, two;
	char *first, *second;
	size_t n, m;

	begin(&one);
	begin(&two);
	if (memory_read(&one.ble, text, length) == 0) {
		for (unsigned i = 0; i < DEVICES; i++)
			assert(one.peers[i].saved_exact <= one.peers[i].saved_counter);
		assert(memory_write(&one.ble, true, &first, &n) == 0);
		assert(memory_read(&two.ble, first, n) == 0);
		assert(memory_write(&two.ble, true, &second, &m) == 0);
		assert(n == m && memcmp(first, second, n) == 0);
		free(second);
		/* ahead is ahead */
		assert(memory_write(&one.ble, false, &second, &m) == 0);
		assert(memory_read(&two.ble, second, m) == 0);
		for (unsigned i = 0; i < DEVICES; i++)
			assert(two.peers[i].advert.counter >= one.peers[i].advert.counter);
		free(first);
		free(second);
	} else {
		assert(memory_write(&one.ble, true, &first, &n) == 0);
		assert(memory_write(&two.ble, true, &second, &m) == 0);
		assert(n == m && memcmp(first, second, n) == 0);
		free(first);
		free(second);
	}
	end(&one);
	end(&two);
}

/* ---- both ---- */

static void read_it(bool of_bonds, const char *bytes, size_t length)
{
	/* of its own length, so that a read past the end shows */
	char *copy = malloc(length > 0 ? length : 1);

	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, bytes, length);
	if (of_bonds)
		bonds(copy, length);
	else
		memory(copy, length);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole = malloc(size + CHECKED_LINE_MAX), line[CHECKED_LINE_MAX];
	bool of_bonds;

	if (!whole || size < 1) {
		free(whole);
		return 0;
	}
	of_bonds = data[0] & 1;
	size--;
	memcpy(whole, data + 1, size);
	read_it(of_bonds, whole, size);
	(void)checked_line(of_bonds ? "check" : "sum", whole, size, line);
	memcpy(whole + size, line, strlen(line));
	read_it(of_bonds, whole, size + strlen(line));
	free(whole);
	return 0;
}
