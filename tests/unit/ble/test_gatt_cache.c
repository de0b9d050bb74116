/*
 * The table as text and back, and text that is not to be believed.
 */
#include "att_belt.h"
#include "ble/gatt_cache.h"
#include "unit/unit.h"

static char text[GATT_CACHE_TEXT_MAX];
static struct gatt_table table;

static int read_text(const char *s, size_t length)
{
	/* of its own length, so that a read past the end shows */
	char *copy = malloc(length > 0 ? length : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, s, length);
	r = gatt_cache_read(copy, length, &table);
	free(copy);
	return r;
}

static size_t belt_text(struct host *h)
{
	belt_discover(h);
	return gatt_cache_write(&h->gatt.table, text);
}

static void test_a_table_is_written_and_read_back(void **state)
{
	struct host *h = *state;
	size_t n = belt_text(h);
	char again[GATT_CACHE_TEXT_MAX];

	assert_int_equal(read_text(text, n), 0);
	belt_expect_table(&table);
	assert_true(table.has_hash);
	assert_memory_equal(table.hash, h->gatt.table.hash, GATT_HASH_SIZE);
	assert_int_equal(gatt_cache_write(&table, again), n);
	assert_memory_equal(again, text, n);
	assert_memory_equal(text, "wardgate-gatt 1 ", 16);
	assert_memory_not_equal(text + 16, "00000000\n", 9);
	assert_memory_equal(text + 25,
		"hash 00112233445566778899AABBCCDDEEFF\n"
		"service 1801 0001 0006\n"
		"value 2A05 0003 20 0004\n"
		"value 2B2A 0006 02 0000\n"
		"service 180D 0010 0016\n"
		"value 2A37 0012 10 0013\n"
		"value 2A38 0015 02 0000\n"
		"service 180F 0040 0043\n"
		"value 2A19 0042 12 0043\n"
		"end\n",
		n - 25);
}

static void test_what_was_read_is_used_for_the_next_connection(void **state)
{
	struct host *h = *state;
	size_t n = belt_text(h);

	assert_int_equal(read_text(text, n), 0);
	host_init(h);
	assert_int_equal(gatt_start(&h->gatt, &table, false, h->now_us), 0);
	host_talk(h, "08 01 00 FF FF 2A 2B", "09 12 06 00 " BELT_HASH);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
}

static void test_the_fullest_table_has_room(void **state)
{
	static struct gatt_table full;
	size_t n;

	memset(full.hash, 0xFF, sizeof(full.hash));
	full.has_hash = full.truncated = true;
	full.service_count = GATT_SERVICES_MAX;
	for (size_t i = 0; i < GATT_SERVICES_MAX; i++)
		full.services[i] = (struct gatt_service){ .uuid = 0x180D,
			.start = (uint16_t)(1 + i * 100),
			.end = (uint16_t)(100 + i * 100),
			.included = true };
	for (; full.count < SESSION_ATTRIBUTES_MAX; full.count++) {
		const struct gatt_service *s = &full.services[full.count / 4];

		full.attributes[full.count] = (struct session_attribute){ .service = s->uuid,
			.service_handle = s->start,
			.characteristic = 0x2A37,
			.handle = (uint16_t)(s->start + 2 + full.count % 4 * 3),
			.properties = 0xFF };
		full.cccds[full.count] = (uint16_t)(full.attributes[full.count].handle + 1);
	}
	n = gatt_cache_write(&full, text);
	assert_int_equal(read_text(text, n), 0);
	assert_memory_equal(&table, &full, sizeof(full));
	/* one of either more is too many */
	assert_memory_equal(text + n - 4, "end\n", 4);
	memcpy(text + n - 4, "value 2A37 FFFF 00 0000\nend\n", 28);
	assert_int_equal(read_text(text, n + 24), GATT_CACHE_E_MALFORMED);
	memcpy(text + n - 4, "service 180D FFFE FFFF\nend\n", 27);
	assert_int_equal(read_text(text, n + 23), GATT_CACHE_E_MALFORMED);
}

static void test_every_torn_text_is_refused(void **state)
{
	size_t n = belt_text(*state);

	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(read_text(text, i), 0);
	text[n] = '\n';
	assert_int_equal(read_text(text, n + 1), GATT_CACHE_E_MALFORMED);
}

static void test_every_changed_byte_is_refused_or_consistent(void **state)
{
	size_t n = belt_text(*state);
	unsigned taken = 0;

	for (size_t i = 0; i < n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] ^= (char)(1 << bit);
			if (read_text(text, n) == 0) {
				taken++;
				for (size_t k = 0; k < table.count; k++) {
					const struct session_attribute *a = &table.attributes[k];

					assert_true(a->handle > a->service_handle);
					assert_true(
						table.cccds[k] == 0 || table.cccds[k] > a->handle);
					assert_ptr_equal(gatt_attribute(&table, a->handle), a);
				}
			}
			text[i] ^= (char)(1 << bit);
		}
	assert_true(taken > 0); /* UUIDs and properties may be any */
}

static void test_other_versions_and_other_profiles_are_outdated(void **state)
{
	size_t n = belt_text(*state);

	text[23] = text[23] == '0' ? '1' : '0';
	assert_int_equal(read_text(text, n), GATT_CACHE_E_OUTDATED);
	assert_int_equal(table.count, 0);
	assert_int_equal(read_text("wardgate-gatt 2 \n", 17), GATT_CACHE_E_OUTDATED);
	assert_int_equal(read_text("wardgate-gatt 1 12\n", 19), GATT_CACHE_E_MALFORMED);
	assert_int_equal(read_text("", 0), GATT_CACHE_E_MALFORMED);
	assert_int_equal(read_text("{}", 2), GATT_CACHE_E_MALFORMED);
}

static void test_texts_that_contradict_themselves(void **state)
{
	static const char *const bodies[] = {
		"",
		"value 2A37 0012 10 0013\nend\n", /* of no service */
		"service 0000 0010 0016\nend\n",  /* no UUID */
		"service 180D 0000 0016\nend\n",  /* handle 0 */
		"service 180D 0016 0010\nend\n",  /* backwards */
		"service 180D 0010 0016 \nend\n", /* a blank */
		"service 180D 0010 0016 excluded\nend\n",
		"service 180d 0010 0016\nend\n", /* lower case */
		"service 180D 10 16\nend\n",
		"service 180D 0010 0016\nservice 180F 0016 0020\nend\n", /* overlap */
		"service 180D 0020 0026\nservice 180F 0010 0016\nend\n", /* order */
		"service 180D 0010 0016 included\nservice 180F 0020 0026\nend\n",
		"service 180D 0010 0016\nvalue 0000 0012 10 0013\nend\n",
		"service 180D 0010 0016\nvalue 2A37 0010 10 0013\nend\n", /* the service */
		"service 180D 0010 0016\nvalue 2A37 0017 10 0000\nend\n", /* behind it */
		"service 180D 0010 0016\nvalue 2A37 0012 10 0012\nend\n", /* itself */
		"service 180D 0010 0016\nvalue 2A37 0012 10 0017\nend\n", /* behind it */
		"service 180D 0010 0016\nvalue 2A37 0012 10 0014\nvalue 2A38 0013 02 0000\nend\n",
		"service 180D 0010 0016\nvalue 2A37 0012 10 0000\nvalue 2A37 0012 10 0000\nend\n",
		"service 180D 0010 0016\n2A37 0012 10 0013\nend\n",
		"service 180D 0010 0016\nvalue 2A37 001210 0013\nend\n", /* no blank */
		"service 180D 00100016\nend\n",
		"service 180D 0010 0016\nservice 181B 0005 0010 included\nend\n",
		"hash 00\nend\n",
		"truncated\nhash 00112233445566778899AABBCCDDEEFF\nend\n",
		"truncated\ntruncated\nend\n",
		"end",
		"\nend\n",
	};
	char whole[256];
	size_t n = belt_text(*state);

	assert_true(n > 25);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		n = strlen(bodies[i]);
		memcpy(whole, text, 25);
		memcpy(whole + 25, bodies[i], n);
		assert_int_equal(read_text(whole, 25 + n), GATT_CACHE_E_MALFORMED);
	}
	/* a service may be its declaration alone */
	memcpy(whole + 25, "service 180D 0010 0010\nend\n", 27);
	assert_int_equal(read_text(whole, 25 + 27), 0);
	memcpy(whole + 25, "end\n", 4);
	assert_int_equal(read_text(whole, 29), 0);
	assert_int_equal(table.service_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(test_a_table_is_written_and_read_back),
		WITH_HOST(test_what_was_read_is_used_for_the_next_connection),
		cmocka_unit_test(test_the_fullest_table_has_room),
		WITH_HOST(test_every_torn_text_is_refused),
		WITH_HOST(test_every_changed_byte_is_refused_or_consistent),
		WITH_HOST(test_other_versions_and_other_profiles_are_outdated),
		WITH_HOST(test_texts_that_contradict_themselves),
	};

	return RUN_TESTS(tests);
}
