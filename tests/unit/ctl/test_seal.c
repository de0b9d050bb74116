/*
 * Locking by a passphrase: what another implementation locked is opened, every
 * byte counts, and each way to be wrong has its name.
 */
#include "ctl/seal.h"

#include "unit/unit.h"
#include "util/cleanup.h"

#define PASSPHRASE "correct horse"
#define LOG_N 1

static uint8_t plain[3 * SEAL_PIECE];

static int open_it(const uint8_t *data, size_t n, const char *passphrase)
{
	uint8_t *out = NULL;
	size_t size = 0;
	int r = seal_open(data, n, passphrase, LOG_N, &out, &size);

	assert_int_equal(r == SEAL_GOOD, out != NULL);
	seal_wipe(out, size);
	return r;
}

static void test_all_sizes_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, SEAL_PIECE - 1, SEAL_PIECE, SEAL_PIECE + 1,
		2 * SEAL_PIECE, 3 * SEAL_PIECE };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t *sealed = NULL, *out = NULL;
		size_t n = 0, m = 0;

		assert_int_equal(seal(plain, sizes[i], PASSPHRASE, LOG_N, &sealed, &n), 0);
		assert_int_equal(seal_open(sealed, n, PASSPHRASE, LOG_N, &out, &m), SEAL_GOOD);
		assert_int_equal(m, sizes[i]);
		assert_memory_equal(out, plain, m);
		seal_wipe(out, m);
		assert_int_equal(open_it(sealed, n, "correct hors"), SEAL_WRONG);
		assert_int_equal(open_it(sealed, n, ""), SEAL_WRONG);
		free(sealed);
	}
}

static void test_every_byte_counts(void **state)
{
	uint8_t *sealed = NULL;
	size_t n = 0;

	assert_int_equal(seal(plain, 100, PASSPHRASE, LOG_N, &sealed, &n), 0);
	for (size_t i = 0; i < n; i++) {
		int r;

		sealed[i] ^= 0x40;
		r = open_it(sealed, n, PASSPHRASE);
		if (i < 16)
			assert_int_equal(r, SEAL_NOT_OURS);
		else if (i < SEAL_HEADER)
			assert_int_equal(r, SEAL_HEADER_WRONG);
		else
			assert_true(r == SEAL_DAMAGED || (i < SEAL_HEADER + 4 && r == SEAL_CUT));
		sealed[i] ^= 0x40;
		r = open_it(sealed, i, PASSPHRASE);
		assert_int_equal(r, i < 16 ? SEAL_NOT_OURS : SEAL_CUT);
	}
	assert_int_equal(open_it(sealed, n, PASSPHRASE), SEAL_GOOD);
	free(sealed);
}

static void test_pieces_have_their_place(void **state)
{
	enum { PIECE = SEAL_PIECE + 20 };
	uint8_t *sealed = NULL, *other = NULL;
	size_t n = 0, m = 0;

	assert_int_equal(seal(plain, sizeof(plain), PASSPHRASE, LOG_N, &sealed, &n), 0);
	assert_int_equal(n, SEAL_HEADER + 3 * PIECE);
	/* the second in place of the first, the end missing, a piece too few */
	other = malloc(n);
	assert_non_null(other);
	memcpy(other, sealed, n);
	memcpy(other + SEAL_HEADER, sealed + SEAL_HEADER + PIECE, PIECE);
	assert_int_equal(open_it(other, n, PASSPHRASE), SEAL_DAMAGED);
	assert_int_equal(open_it(sealed, n - PIECE, PASSPHRASE), SEAL_CUT);
	memcpy(other, sealed, n);
	memmove(other + SEAL_HEADER + PIECE, sealed + SEAL_HEADER + 2 * PIECE, PIECE);
	assert_int_equal(open_it(other, n - PIECE, PASSPHRASE), SEAL_DAMAGED);
	free(other);
	/* of another file with the same passphrase and contents */
	assert_int_equal(seal(plain, sizeof(plain), PASSPHRASE, LOG_N, &other, &m), 0);
	memcpy(other + SEAL_HEADER, sealed + SEAL_HEADER, PIECE);
	assert_int_equal(open_it(other, m, PASSPHRASE), SEAL_DAMAGED);
	free(other);
	free(sealed);
}

static void test_it_never_looks_the_same_twice(void **state)
{
	uint8_t *a = NULL, *b = NULL;
	size_t n = 0, m = 0;

	assert_int_equal(seal(plain, 100, PASSPHRASE, LOG_N, &a, &n), 0);
	assert_int_equal(seal(plain, 100, PASSPHRASE, LOG_N, &b, &m), 0);
	assert_int_equal(n, m);
	assert_memory_not_equal(a + 24, b + 24, 32);
	assert_memory_not_equal(a + SEAL_HEADER + 4, b + SEAL_HEADER + 4, 100);
	free(a);
	free(b);
}

static void test_what_costs_too_much_is_refused(void **state)
{
	uint8_t *sealed = NULL;
	size_t n = 0;

	assert_int_equal(seal(plain, 10, PASSPHRASE, LOG_N + 1, &sealed, &n), 0);
	assert_int_equal(open_it(sealed, n, PASSPHRASE), SEAL_NEWER);
	free(sealed);
}

static void read_corpus(const char *name, uint8_t *buf, size_t size, size_t *ret)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/backup/%s", name);
	f = fopen(path, "re");
	assert_non_null(f);
	/* its first byte is for the fuzzer */
	assert_int_equal(fgetc(f), 'S');
	*ret = fread(buf, 1, size, f);
	(void)fclose(f);
}

/* Locked by Python's cryptography and hashlib, after what seal.h says of the format. */
static void test_what_others_lock_is_opened(void **state)
{
	uint8_t sealed[4096], *out = NULL;
	size_t n, m = 0;

	read_corpus("sealed-good", sealed, sizeof(sealed), &n);
	assert_int_equal(seal_open(sealed, n, PASSPHRASE, LOG_N, &out, &m), SEAL_GOOD);
	assert_true(m > 20);
	assert_memory_equal(out, "wardgate-archive 1\n", 19);
	seal_wipe(out, m);
	assert_int_equal(open_it(sealed, n, "another"), SEAL_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes_come_back),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_pieces_have_their_place),
		cmocka_unit_test(test_it_never_looks_the_same_twice),
		cmocka_unit_test(test_what_costs_too_much_is_refused),
		cmocka_unit_test(test_what_others_lock_is_opened),
	};

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 31 + (i >> 8));
	return RUN_TESTS(tests);
}
