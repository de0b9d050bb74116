/*
 * The operator's keys and those of adopted devices, side by side.
 */
#include <sys/stat.h>

#include "config/config.h"
#include "config/psk.h"
#include "unit/unit.h"

static char directory[] = "/tmp/wg-psk-XXXXXX";

static void put(const char *name, const char *text, mode_t mode)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void take(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
}

static int set_up(void **state)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	take("own");
	take(PSK_ADOPTED_FILE);
	return rmdir(directory);
}

#define KEY_A "000102030405060708090a0b0c0d0e0f"
#define KEY_B "101112131415161718191a1b1c1d1e1f"

static void test_both(void **state)
{
	char own[64];
	struct config c = { .gateway.state_directory = directory, .coap.psk_file = own };
	struct config_problems p = { 0 };
	struct psk_keys k;
	const uint8_t *key;
	size_t length;

	snprintf(own, sizeof(own), "%s/own", directory);
	put("own", "a:" KEY_A "\nboth:" KEY_A "\n", 0600);
	assert_int_equal(psk_keys_read(&c, &k, &p), 0);
	assert_int_equal(psk_keys_count(&k), 2);
	assert_null(psk_keys_find(&k, "b", &length));
	psk_keys_done(&k);

	put(PSK_ADOPTED_FILE, "# adopted\nb:" KEY_B "\nboth:" KEY_B "\n", 0600);
	assert_int_equal(psk_keys_read(&c, &k, &p), 0);
	assert_int_equal(psk_keys_count(&k), 4);
	assert_int_equal(psk_keys_find(&k, "a", &length)[15], 0x0f);
	assert_int_equal(psk_keys_find(&k, "b", &length)[15], 0x1f);
	key = psk_keys_find(&k, "both", &length);
	assert_int_equal(key[15], 0x0f); /* the operator's counts */
	assert_int_equal(length, 16);
	assert_null(psk_keys_find(&k, "c", &length));
	psk_keys_done(&k);
	assert_null(psk_keys_find(&k, "a", &length));

	/* Without PSKFile=. */
	c.coap.psk_file = NULL;
	assert_int_equal(psk_keys_read(&c, &k, &p), 0);
	assert_int_equal(psk_keys_count(&k), 2);
	psk_keys_done(&k);
	assert_int_equal(p.error_count, 0);
}

static void test_others_may_not_read_it(void **state)
{
	struct config c = { .gateway.state_directory = directory };
	struct config_problems p = { 0 };
	struct psk_keys k;

	put(PSK_ADOPTED_FILE, "b:" KEY_B "\n", 0644);
	assert_int_equal(psk_keys_read(&c, &k, &p), CONFIG_E_INVALID);
	assert_int_equal(p.error_count, 1);
	assert_non_null(strstr(p.errors[0], "so that others can read it"));
	config_problems_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_others_may_not_read_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
