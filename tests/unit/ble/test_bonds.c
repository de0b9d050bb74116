/*
 * Bonds: what replaces what, limits, the text there and back, texts that
 * somebody else wrote or the card spoiled, and the file with its generations.
 */
#include "ble/bonds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/statefile.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/hash.h"

static const struct ble_address adapter = { BLE_ADDRESS_PUBLIC, { 0, 0, 1, 0xaa, 1, 0 } };
static const struct ble_address other_adapter = { BLE_ADDRESS_PUBLIC, { 9, 0, 1, 0xaa, 1, 0 } };

static struct ble_address device(unsigned n)
{
	return (struct ble_address){ BLE_ADDRESS_RANDOM,
		{ (uint8_t)n, (uint8_t)(n >> 8), 0, 0xee, 0xff, 0xc0 } };
}

static struct mgmt_ltk ltk(unsigned n, uint8_t type, uint8_t central, uint8_t fill)
{
	struct mgmt_ltk k = { .address = device(n), .type = type, .central = central, .size = 16 };

	k.ediv = type < MGMT_LTK_P256_UNAUTHENTICATED ? 0xbeef : 0;
	memset(k.rand, type < MGMT_LTK_P256_UNAUTHENTICATED ? fill ^ 0x5a : 0, sizeof(k.rand));
	memset(k.value, fill, sizeof(k.value));
	return k;
}

static struct mgmt_irk irk(unsigned n, uint8_t fill)
{
	struct mgmt_irk k = { .address = device(n) };

	memset(k.value, fill, sizeof(k.value));
	return k;
}

static int set_ltk(struct bonds *b, struct mgmt_ltk k)
{
	return bonds_set_ltk(b, &adapter, &k);
}

static int set_irk(struct bonds *b, struct mgmt_irk k)
{
	return bonds_set_irk(b, &adapter, &k);
}

static size_t count(const struct bonds *b)
{
	static struct mgmt_ltk list[MGMT_LTKS_MAX];

	return bonds_ltks(b, &adapter, list);
}

static struct bonds *fresh(void)
{
	struct bonds *b = NULL;

	assert_int_equal(bonds_new(&b), 0);
	return b;
}

static void test_home_is_where_most_keys_are(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	struct mgmt_ltk k = ltk(9, MGMT_LTK_P256_UNAUTHENTICATED, 0, 0x11);
	struct ble_address home;

	(void)state;
	assert_false(bonds_home(b, &home));
	assert_int_equal(bonds_set_ltk(b, &other_adapter, &k), 0);
	assert_true(bonds_home(b, &home));
	assert_true(ble_address_equal(&home, &other_adapter));
	for (unsigned i = 1; i <= 2; i++)
		assert_int_equal(set_ltk(b, ltk(i, MGMT_LTK_P256_UNAUTHENTICATED, 0, 0x22)), 0);
	assert_true(bonds_home(b, &home));
	assert_true(ble_address_equal(&home, &adapter));
}

static void test_octets_of_the_other_type_are_somebody_else(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	struct ble_address who = device(1);
	uint8_t type = 0;

	(void)state;
	assert_false(bonds_type(b, &who, &type));
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_P256_UNAUTHENTICATED, 0, 0x11)), 0);
	who.type = BLE_ADDRESS_PUBLIC;
	assert_null(bonds_find(b, &adapter, &who));
	assert_true(bonds_type(b, &who, &type));
	assert_int_equal(type, BLE_ADDRESS_RANDOM);
}

static void test_a_new_key_takes_the_place_of_the_old_one(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	const struct ble_address who = device(1);

	(void)state;
	assert_null(bonds_find(b, &adapter, &who));
	/* legacy pairing has a key for each role */
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 0, 0x11)), 0);
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 1, 0x22)), 0);
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 1, 0x22)), BONDS_E_SAME);
	assert_int_equal(count(b), 2);
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_AUTHENTICATED, 1, 0x33)), 0);
	assert_int_equal(count(b), 2);
	/* Secure Connections have one for both */
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_P256_AUTHENTICATED, 0, 0x44)), 0);
	assert_int_equal(count(b), 1);
	assert_int_equal(bonds_find(b, &adapter, &who)->value[0], 0x44);
	assert_null(bonds_find(b, &other_adapter, &who));
	/* and back: the device was reset and knows less now */
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 1, 0x55)), 0);
	assert_int_equal(count(b), 1);
	assert_int_equal(set_irk(b, irk(1, 0x66)), 0);
	assert_int_equal(set_irk(b, irk(1, 0x66)), BONDS_E_SAME);
	assert_int_equal(set_irk(b, irk(1, 0x77)), 0);
}

static void test_keys_that_are_none_are_not_kept(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	struct mgmt_ltk k = ltk(1, MGMT_LTK_P256_DEBUG, 0, 1);

	(void)state;
	assert_int_equal(bonds_set_ltk(b, &adapter, &k), BONDS_E_INVALID);
	k = ltk(1, MGMT_LTK_UNAUTHENTICATED, 1, 1);
	k.size = 6;
	assert_int_equal(bonds_set_ltk(b, &adapter, &k), BONDS_E_INVALID);
	k.size = 7;
	k.address.octets[5] = 0x40; /* a private address is no identity */
	assert_int_equal(bonds_set_ltk(b, &adapter, &k), BONDS_E_INVALID);
	assert_int_equal(count(b), 0);
}

static void test_forgetting_takes_all_keys_of_a_device_at_one_adapter(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	struct ble_address who = device(1);
	struct mgmt_ltk k = ltk(1, MGMT_LTK_P256_UNAUTHENTICATED, 0, 2);
	static struct mgmt_irk irks[MGMT_IRKS_MAX];

	(void)state;
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 0, 1)), 0);
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 1, 1)), 0);
	assert_int_equal(set_ltk(b, ltk(2, MGMT_LTK_UNAUTHENTICATED, 1, 1)), 0);
	assert_int_equal(set_irk(b, irk(1, 1)), 0);
	assert_int_equal(set_irk(b, irk(2, 2)), 0);
	assert_int_equal(bonds_set_ltk(b, &other_adapter, &k), 0);
	who.type = BLE_ADDRESS_ANY; /* as from the configuration */
	assert_true(bonds_forget(b, &adapter, &who));
	assert_false(bonds_forget(b, &adapter, &who));
	assert_int_equal(count(b), 1);
	assert_int_equal(bonds_irks(b, &adapter, irks), 1);
	assert_int_equal(irks[0].value[0], 2);
	assert_non_null(bonds_find(b, &other_adapter, &who));
}

static void test_limits(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	const struct ble_address third = device(5);
	struct mgmt_ltk k;

	(void)state;
	for (unsigned i = 0; i < MGMT_LTKS_MAX; i++) {
		assert_int_equal(set_ltk(b, ltk(i, MGMT_LTK_P256_UNAUTHENTICATED, 0, 1)), 0);
		assert_int_equal(set_irk(b, irk(i, 1)), 0);
		k = ltk(i, MGMT_LTK_P256_UNAUTHENTICATED, 0, 1);
		assert_int_equal(bonds_set_ltk(b, &other_adapter, &k), 0);
	}
	assert_int_equal(set_ltk(b, ltk(1000, MGMT_LTK_P256_UNAUTHENTICATED, 0, 1)), BONDS_E_FULL);
	assert_int_equal(set_irk(b, irk(1000, 1)), BONDS_E_FULL);
	/* one that is there may change for all that */
	assert_int_equal(set_ltk(b, ltk(7, MGMT_LTK_P256_UNAUTHENTICATED, 0, 9)), 0);
	assert_int_equal(set_irk(b, irk(7, 9)), 0);
	k = ltk(0, MGMT_LTK_P256_UNAUTHENTICATED, 0, 1);
	assert_int_equal(bonds_set_ltk(b, &third, &k), BONDS_E_FULL); /* of all adapters */
}

/* ---- the text ---- */

static void fill(struct bonds *b)
{
	struct mgmt_ltk k = ltk(3, MGMT_LTK_P256_AUTHENTICATED, 0, 0xf0);

	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 0, 0x11)), 0);
	assert_int_equal(set_ltk(b, ltk(1, MGMT_LTK_UNAUTHENTICATED, 1, 0x22)), 0);
	assert_int_equal(set_irk(b, irk(1, 0xab)), 0);
	assert_int_equal(bonds_set_ltk(b, &other_adapter, &k), 0);
}

static void test_the_text_says_all_of_it(void **state)
{
	_cleanup_(bonds_freep) struct bonds *a = fresh(), *b = fresh();
	const struct ble_address who = device(1);
	char *text, *again;
	size_t n, m;
	unsigned line;

	(void)state;
	fill(a);
	assert_int_equal(bonds_write(a, &text, &n), 0);
	assert_non_null(strstr(text, "generation 1\n"));
	assert_non_null(
		strstr(text, "ltk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random 0 0 16 48879 "
			     "4b4b4b4b4b4b4b4b 11111111111111111111111111111111\n"));
	assert_non_null(strstr(text, "irk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random "
				     "abababababababababababababababab\n"));
	assert_int_equal(bonds_read(b, text, n, &line), 0);
	assert_int_equal(bonds_write(b, &again, &m), 0);
	assert_int_equal(n, m);
	assert_non_null(strstr(again, "generation 2\n")); /* it goes on counting */
	assert_int_equal(count(b), 2);
	bonds_text_free(again, m);
	/* an empty one is one, too */
	assert_true(bonds_forget(a, &adapter, &who));
	bonds_text_free(text, n);
	assert_int_equal(bonds_write(a, &text, &n), 0);
	assert_int_equal(bonds_read(b, text, n, &line), 0);
	bonds_text_free(text, n);
	bonds_text_free(NULL, 0);
}

static void test_a_full_table_fits_into_the_text(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	char *text;
	size_t n;
	unsigned line;

	(void)state;
	for (unsigned i = 0; i < BONDS_MAX; i++) {
		struct mgmt_ltk k = ltk(i, MGMT_LTK_UNAUTHENTICATED, 1, 0xff);
		struct mgmt_irk r = irk(i, 0xff);
		const struct ble_address *a = i < MGMT_LTKS_MAX ? &adapter : &other_adapter;

		k.ediv = UINT16_MAX;
		assert_int_equal(bonds_set_ltk(b, a, &k), 0);
		assert_int_equal(bonds_set_irk(b, a, &r), 0);
	}
	assert_int_equal(bonds_write(b, &text, &n), 0);
	assert_int_equal(bonds_read(b, text, n, &line), 0);
	assert_int_equal(count(b), MGMT_LTKS_MAX);
	bonds_text_free(text, n);
}

static void test_no_prefix_and_no_altered_octet_is_believed(void **state)
{
	_cleanup_(bonds_freep) struct bonds *a = fresh(), *b = fresh();
	char *text;
	size_t n;
	unsigned line;

	(void)state;
	fill(a);
	assert_int_equal(bonds_write(a, &text, &n), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(bonds_read(b, text, i, &line), BONDS_E_MALFORMED);
	for (size_t i = 0; i < n; i++) {
		text[i] ^= 1;
		assert_int_equal(bonds_read(b, text, n, &line), BONDS_E_MALFORMED);
		assert_int_equal(count(b), 0);
		text[i] ^= 1;
	}
	assert_int_equal(bonds_read(b, text, n, &line), 0);
	bonds_text_free(text, n);
}

/* Reads lines after the head, with a checksum that holds. */
static int read_lines(struct bonds *b, const char *lines, unsigned *ret_line)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "wardgate-bonds 1\n%s", lines);

	n += snprintf(text + n, sizeof(text) - (size_t)n, "check %016llx\n",
		(unsigned long long)hash_bytes(&hash_key_fixed, text, (size_t)n));
	return bonds_read(b, text, (size_t)n, ret_line);
}

static void test_lines_that_somebody_else_wrote_are_named(void **state)
{
#define IRK_LINE                                                                                   \
	"irk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random abababababababababababababababab\n"
#define LTK_LINE(fields) "ltk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random " fields "\n"
	static const struct {
		const char *lines;
		unsigned line; /* 0: it is well */
	} rows[] = {
		{ "generation 5\n", 0 },
		{ "generation 5\n" IRK_LINE, 0 },
		{ "generation 5\n" LTK_LINE("2 0 16 0 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			0 },
		{ "", 2 },
		{ "generation\n", 2 },
		{ "generation 5 \n", 2 },
		{ "generation -1\n", 2 },
		{ "generation 18446744073709551616\n", 2 },
		{ IRK_LINE, 2 },
		{ "generation 5\n" IRK_LINE IRK_LINE, 4 }, /* twice is none of ours */
		{ "generation 5\nxyz 1\n", 3 },
		{ "generation 5\n\n", 3 },
		{ "generation 5\nirk\n", 3 },
		{ "generation 5\nirk 00:01:AA:01:00:00 public\n", 3 },
		{ "generation 5\nirk 00:01:AA:01:00:0 public C0:FF:EE:00:00:01 random "
		  "abababababababababababababababab\n",
			3 },
		{ "generation 5\nirk 00:01:AA:01:00:00 public 40:FF:EE:00:00:01 random "
		  "abababababababababababababababab\n",
			3 }, /* no identity */
		{ "generation 5\nirk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random "
		  "ababababababababababababababab\n",
			3 },
		{ "generation 5\nirk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random "
		  "gbababababababababababababababab\n",
			3 },
		{ "generation 5\nirk 00:01:AA:01:00:00 public C0:FF:EE:00:00:01 random "
		  "abababababababababababababababab more\n",
			3 },
		{ "generation 5\n" LTK_LINE("9 0 16 0 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 },
		{ "generation 5\n" LTK_LINE("4 0 16 0 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 },
		{ "generation 5\n" LTK_LINE("2 2 16 0 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 },
		{ "generation 5\n" LTK_LINE("2 257 16 0 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 }, /* 1, in its lowest byte */
		{ "generation 5\n" LTK_LINE("2 0 17 0 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 },
		{ "generation 5\n" LTK_LINE("0 0 16 65536 0000000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 },
		{ "generation 5\n" LTK_LINE("2 0 16 0 00000000000000 "
					    "0123456789abcdef0123456789abcdef"),
			3 },
	};
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	unsigned line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = read_lines(b, rows[i].lines, &line);

		if ((r != 0) != (rows[i].line != 0) || (r != 0 && line != rows[i].line))
			fail_msg("row %zu: %d at line %u", i, r, line);
	}
}

/* ---- the file ---- */

struct place {
	char path[64];
	int fd;
};

static struct place make_place(void)
{
	struct place p = { .path = "/tmp/wardgate-bonds-XXXXXX" };

	assert_non_null(mkdtemp(p.path));
	p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p.fd >= 0);
	return p;
}

static void remove_place(struct place *p)
{
	static const char *const names[] = { BONDS_FILE, BONDS_FORMER, BONDS_DAMAGED,
		BONDS_FILE ".new" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(p->fd, names[i], 0);
	close(p->fd);
	assert_int_equal(rmdir(p->path), 0);
}

static void save(const struct place *p, struct bonds *b)
{
	char *text;
	size_t n;

	assert_int_equal(bonds_write(b, &text, &n), 0);
	assert_int_equal(statefile_write(p->fd, STORE_BONDS, text, n), 0);
	bonds_text_free(text, n);
}

static void cut(const struct place *p, const char *name, off_t to)
{
	int fd = openat(p->fd, name, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, to), 0);
	close(fd);
}

static bool is_there(const struct place *p, const char *name)
{
	return faccessat(p->fd, name, F_OK, 0) == 0;
}

static void test_the_file_is_for_nobody_else_and_comes_back(void **state)
{
	_cleanup_(bonds_freep) struct bonds *a = fresh(), *b = fresh();
	struct place p = make_place();
	struct bonds_loaded loaded;
	struct stat st;

	(void)state;
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_string_equal(loaded.problem, ""); /* there is none yet */
	fill(a);
	save(&p, a);
	assert_int_equal(fstatat(p.fd, BONDS_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(is_there(&p, BONDS_FORMER));
	assert_int_equal(set_irk(a, irk(2, 2)), 0);
	save(&p, a);
	assert_true(is_there(&p, BONDS_FORMER));
	assert_int_equal(fstatat(p.fd, BONDS_FORMER, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_string_equal(loaded.problem, "");
	assert_false(loaded.former);
	assert_int_equal(count(b), 2);
	remove_place(&p);
}

static void test_a_torn_file_falls_back_to_the_former_one_and_says_so(void **state)
{
	_cleanup_(bonds_freep) struct bonds *a = fresh(), *b = fresh();
	struct place p = make_place();
	struct bonds_loaded loaded;

	(void)state;
	fill(a);
	save(&p, a);
	assert_int_equal(set_ltk(a, ltk(9, MGMT_LTK_P256_UNAUTHENTICATED, 0, 9)), 0);
	save(&p, a);
	cut(&p, BONDS_FILE, 100);
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_true(loaded.former);
	assert_non_null(strstr(loaded.problem, "bonds is damaged or cut off"));
	assert_non_null(strstr(loaded.problem, "the former one is used"));
	assert_int_equal(count(b), 2);
	assert_true(is_there(&p, BONDS_DAMAGED));
	assert_false(is_there(&p, BONDS_FILE));
	/* what is saved next does not take the only good one away */
	save(&p, b);
	assert_true(is_there(&p, BONDS_FORMER));
	assert_true(is_there(&p, BONDS_DAMAGED));
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_string_equal(loaded.problem, "");
	assert_int_equal(count(b), 2);
	remove_place(&p);
}

static void test_a_missing_file_and_both_damaged(void **state)
{
	_cleanup_(bonds_freep) struct bonds *a = fresh(), *b = fresh();
	struct place p = make_place();
	struct bonds_loaded loaded;

	(void)state;
	fill(a);
	save(&p, a);
	save(&p, a);
	assert_int_equal(unlinkat(p.fd, BONDS_FILE, 0), 0);
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_true(loaded.former);
	assert_non_null(strstr(loaded.problem, "bonds is missing"));
	assert_int_equal(count(b), 2);
	save(&p, b);
	cut(&p, BONDS_FILE, 3);
	cut(&p, BONDS_FORMER, 0);
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_false(loaded.former);
	assert_non_null(strstr(loaded.problem, "no keys are left"));
	assert_int_equal(count(b), 0);
	remove_place(&p);
}

static void test_what_is_no_file_is_not_opened(void **state)
{
	_cleanup_(bonds_freep) struct bonds *b = fresh();
	struct place p = make_place();
	struct bonds_loaded loaded;

	(void)state;
	assert_int_equal(symlinkat("/dev/zero", p.fd, BONDS_FILE), 0);
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_non_null(strstr(loaded.problem, "bonds cannot be read"));
	assert_int_equal(unlinkat(p.fd, BONDS_FILE, 0), 0);
	assert_int_equal(mkfifoat(p.fd, BONDS_FILE, 0600), 0);
	assert_int_equal(bonds_load(b, p.fd, &loaded), 0);
	assert_non_null(strstr(loaded.problem, "bonds cannot be read"));
	remove_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets_of_the_other_type_are_somebody_else),
		cmocka_unit_test(test_home_is_where_most_keys_are),
		cmocka_unit_test(test_a_new_key_takes_the_place_of_the_old_one),
		cmocka_unit_test(test_keys_that_are_none_are_not_kept),
		cmocka_unit_test(test_forgetting_takes_all_keys_of_a_device_at_one_adapter),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_the_text_says_all_of_it),
		cmocka_unit_test(test_a_full_table_fits_into_the_text),
		cmocka_unit_test(test_no_prefix_and_no_altered_octet_is_believed),
		cmocka_unit_test(test_lines_that_somebody_else_wrote_are_named),
		cmocka_unit_test(test_the_file_is_for_nobody_else_and_comes_back),
		cmocka_unit_test(test_a_torn_file_falls_back_to_the_former_one_and_says_so),
		cmocka_unit_test(test_a_missing_file_and_both_damaged),
		cmocka_unit_test(test_what_is_no_file_is_not_opened),
	};

	return RUN_TESTS(tests);
}
