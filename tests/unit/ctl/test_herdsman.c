/*
 * What the daemon's backup becomes for zigbee2mqtt; whether that program takes
 * it is tests/interop's.
 */
#include "ctl/herdsman.h"

#include <cjson/cJSON.h>

#include "unit/unit.h"
#include "util/cleanup.h"

static const char backup[] =
	"{\"metadata\": {\"format\": \"zigpy/open-coordinator-backup\", \"version\": 1,"
	" \"source\": \"wardgate@0.1.0\", \"internal\": {\"creation_time\": \"x\"}},"
	" \"stack_specific\": {\"ezsp\": {\"hashed_tclk\": \"00112233445566778899aabbccddeeff\"}},"
	" \"coordinator_ieee\": \"00124b0001020304\", \"pan_id\": \"1a62\","
	" \"extended_pan_id\": \"0123456789abcdef\", \"nwk_update_id\": 0, \"security_level\": 5,"
	" \"channel\": 15, \"channel_mask\": [15],"
	" \"network_key\": {\"key\": \"000102030405060708090a0b0c0d0e0f\", \"sequence_number\": 0,"
	" \"frame_counter\": %s}, \"devices\": [%s]}";

static cJSON *made(const char *counter, const char *devices, bool *ret_keys)
{
	char text[2048], *s;
	cJSON *json;

	(void)snprintf(text, sizeof(text), backup, counter, devices);
	s = herdsman_backup(text, ret_keys);
	assert_non_null(s);
	json = cJSON_Parse(s);
	assert_non_null(json);
	free(s);
	return json;
}

static const char *at(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, name));
}

static double counter_of(const cJSON *json)
{
	return cJSON_GetObjectItem(cJSON_GetObjectItem(json, "network_key"), "frame_counter")
		->valuedouble;
}

static void test_orders(void **state)
{
	bool keys = true;
	cJSON *json = made("4096",
		"{\"nwk_address\": \"1234\", \"ieee_address\": \"00124b0001020305\"}", &keys);
	const cJSON *meta = cJSON_GetObjectItem(json, "metadata");

	assert_string_equal(at(json, "coordinator_ieee"), "04030201004b1200");
	assert_string_equal(at(json, "extended_pan_id"), "efcdab8967452301");
	assert_string_equal(at(json, "pan_id"), "1a62");
	assert_ptr_equal(strstr(at(meta, "source"), "zigbee-herdsman@"), at(meta, "source"));
	assert_int_equal(
		cJSON_GetObjectItem(cJSON_GetObjectItem(meta, "internal"), "ezspVersion")->valueint,
		13);
	assert_true(counter_of(json) == 1004096);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "devices")), 0);
	assert_false(keys);
	cJSON_Delete(json);
}

static void test_limits(void **state)
{
	bool keys = false;
	cJSON *json = made(
		"4294967000", "{\"ieee_address\": \"00124b0001020305\", \"link_key\": {}}", &keys);

	assert_true(counter_of(json) == 4294967295.0);
	assert_true(keys);
	cJSON_Delete(json);
}

static void test_no_backups(void **state)
{
	static const char no_address[] = "{\"metadata\": {\"source\": \"x\", \"internal\": {}}, "
					 "\"coordinator_ieee\": \"00\"}";
	static const char *const rows[] = { "", "{}", "[]", "x", "{\"metadata\": {\"source\": 1}}",
		no_address };
	bool keys;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_null(herdsman_backup(rows[i], &keys));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_backups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
