/*
 * wardgatectl outbox as it is called: what people see, what programs get, and
 * the exit status. The numbers behind it are test_stored.c's and
 * test_forecast.c's.
 */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "outbox/schema.h"
#include "unit/unit.h"
#include "util/cleanup.h"

static char directory[64], config_path[128], database_path[128], output_path[128];
static char output[65536];

static void write_config(const char *more)
{
	_cleanup_(fclosep) FILE *f = fopen(config_path, "we");

	assert_non_null(f);
	fprintf(f,
		"[Gateway]\nName=ward7-gw1\nSite=s\nWard=7\nStateDirectory=%s\n"
		"[MQTT]\nBroker=mqtts://broker.example\nCAFile=/only/the/service/sees/it\n%s",
		directory, more);
}

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static void write_database(const char *sql)
{
	char identity[128];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database_path, &db), SQLITE_OK);
	snprintf(identity, sizeof(identity), "PRAGMA application_id=%d;PRAGMA user_version=%d",
		SCHEMA_APPLICATION_ID, schema_version(&schema_current));
	run(db, identity);
	for (size_t i = 0; i < schema_current.count; i++)
		run(db, schema_current.migrations[i].sql);
	run(db, sql);
	sqlite3_close(db);
}

/* One reading and one record, both refused; the first is of a device with a name to beware of. */
static const char aside[] =
	"INSERT INTO name(id,text) VALUES(1,'12-9f3a21c4'),(2,'bed3' || char(27,34)),(3,'spo2');"
	"INSERT INTO reading(id,epoch,sequence,device,metric,received) "
	"VALUES(1,1,7,2,3,1795255200123);"
	"INSERT INTO event(id,epoch,sequence,kind,topic) VALUES(2,1,8,1,'gateways/gw/records');"
	"INSERT INTO aside VALUES(1,1795255300000,5,0x87),(2,1795255300000,5,0x95);"
	"UPDATE ledger SET readings=1,events=1,asides=2";

static int set_up(void **state)
{
	snprintf(directory, sizeof(directory), "%s/wardgatectl-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	assert_non_null(mkdtemp(directory));
	snprintf(config_path, sizeof(config_path), "%s/wardgate.conf", directory);
	snprintf(database_path, sizeof(database_path), "%s/outbox.db", directory);
	snprintf(output_path, sizeof(output_path), "%s/output", directory);
	write_config("");
	return 0;
}

static int tear_down(void **state)
{
	(void)unlink(config_path);
	(void)unlink(database_path);
	(void)unlink(output_path);
	return rmdir(directory);
}

/* Puts what the verb writes to descriptor number into output. */
static int call(int number, bool json, int argc, char **argv)
{
	FILE *stream = number == STDOUT_FILENO ? stdout : stderr;
	_cleanup_(closep) int fd = open(output_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	_cleanup_(closep) int before = dup(number);
	const struct ctl ctl = { .config_path = config_path, .json = json };
	ssize_t n;
	int r;

	assert_true(fd >= 0 && before >= 0);
	fflush(stream);
	assert_true(dup2(fd, number) >= 0);
	r = verb_outbox(&ctl, argc, argv);
	fflush(stream);
	assert_true(dup2(before, number) >= 0);
	n = pread(fd, output, sizeof(output) - 1, 0);
	assert_true(n >= 0);
	output[n] = 0;
	return r;
}

static int call_plainly(int number, bool json)
{
	char name[] = "outbox", *argv[] = { name, NULL };

	return call(number, json, 1, argv);
}

static void expect_lines(const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strstr(output, lines[i]))
			fail_msg("no \"%s\" in:\n%s", lines[i], output);
}

static void test_for_people(void **state)
{
	static const char *const lines[] = {
		"ward7-gw1: ",
		"/outbox.db\n",
		"\n  waiting      1 reading, 1 record or alarm event\n",
		"\n  oldest       2026-11-21 10:00:00 UTC, ",
		"\n  set aside    2 of these",
		"; MaxSize=1G\n",
		"; KeepFree=512M",
		"\n  a reading    takes at most 120 bytes (too few are stored to measure)\n",
		"\n  full ward    ",
		" 1 device at 1.0 readings/s each, assumed\n",
		"\nSet aside:\n  ID ",
		"\n  ward7-gw1:12-9f3a21c4:7  bed3?\" spo2 ",
		"  0x87 not authorised\n",
		"\n  ward7-gw1:12-9f3a21c4:8  gateways/gw/records  2026-11-21 10:01:40 UTC ",
		"     5  0x95 packet too large\n",
	};

	write_config("[Device bed3]\nTransport=coap\nAddress=a\n");
	write_database(aside);
	assert_int_equal(call_plainly(STDOUT_FILENO, false), 0);
	expect_lines(lines, ARRAY_SIZE(lines));
}

static void test_nothing_waits(void **state)
{
	static const char *const lines[] = { "\n  waiting      nothing on disk\n" };

	write_database("");
	assert_int_equal(call_plainly(STDOUT_FILENO, false), 0);
	expect_lines(lines, ARRAY_SIZE(lines));
	assert_null(strstr(output, "oldest"));
	assert_null(strstr(output, "et aside"));
	assert_null(strstr(output, "full ward"));
}

static double number(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	if (!cJSON_IsNumber(v))
		fail_msg("%s is no number in %s", key, output);
	return v->valuedouble;
}

static const char *string(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	if (!cJSON_IsString(v))
		fail_msg("%s is no string in %s", key, output);
	return v->valuestring;
}

/* What programs rely on: keys stay, further ones may come. */
static void test_for_programs(void **state)
{
	static const char *const numbers[] = { "readings", "events", "aside", "file_bytes",
		"used_bytes", "limit_bytes", "max_size", "keep_free", "free_bytes",
		"bytes_per_reading" };
	cJSON *o, *owed, *ward, *first;

	write_database(aside);
	assert_int_equal(call_plainly(STDOUT_FILENO, true), 0);
	assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
	o = cJSON_Parse(output);
	assert_non_null(o);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)number(o, numbers[i]);
	assert_string_equal(string(o, "gateway"), "ward7-gw1");
	assert_string_equal(string(o, "database"), database_path);
	assert_string_equal(string(o, "oldest"), "2026-11-21T10:00:00.123Z");
	assert_string_equal(string(o, "newest"), "2026-11-21T10:00:00.123Z");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(o, "bytes_per_reading_measured")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "readings_per_second")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "full_in_seconds")));
	owed = cJSON_GetObjectItem(o, "owed");
	assert_int_equal(
		number(owed, "gaps") + number(owed, "numbers") + number(owed, "epochs"), 0);
	ward = cJSON_GetObjectItem(o, "ward");
	assert_int_equal(number(ward, "devices"), 1);
	assert_int_equal(number(ward, "readings_per_second_each"), 1);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(ward, "measured")));
	assert_true(number(ward, "fits_seconds") > 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "set_aside")), 2);
	first = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "set_aside"), 0);
	assert_string_equal(string(first, "id"), "ward7-gw1:12-9f3a21c4:7");
	assert_string_equal(string(first, "what"), "bed3\033\" spo2");
	assert_string_equal(string(first, "since"), "2026-11-21T10:01:40.000Z");
	assert_int_equal(number(first, "tries"), 5);
	assert_int_equal(number(first, "reason_code"), 0x87);
	assert_string_equal(string(first, "reason"), "not authorised");
	cJSON_Delete(o);
}

static void test_unknown_is_null(void **state)
{
	cJSON *o;

	write_database("");
	assert_int_equal(call_plainly(STDOUT_FILENO, true), 0);
	o = cJSON_Parse(output);
	assert_non_null(o);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "oldest")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "newest")));
	assert_true(
		cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "ward"), "fits_seconds")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "set_aside")), 0);
	cJSON_Delete(o);
}

static void expect_one_line(int is, int status, const char *words)
{
	assert_int_equal(is, status);
	assert_int_equal(strncmp(output, "wardgatectl: ", 13), 0);
	assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
	if (!strstr(output, words))
		fail_msg("no \"%s\" in: %s", words, output);
}

static void test_what_goes_wrong_is_one_line(void **state)
{
	char name[] = "outbox", more[] = "all", *argv[] = { name, more, NULL };

	expect_one_line(call_plainly(STDERR_FILENO, false), EXIT_FAILURE, "is not there; ");
	expect_one_line(call(STDERR_FILENO, false, 2, argv), EX_USAGE, "got \"all\"");
	write_config("[Store]\nMaxSize=0\n[Coap]\n");
	expect_one_line(call_plainly(STDERR_FILENO, false), EXIT_FAILURE, " (and 1 more; ");
	write_config("[Store]\nMaxSize=0\n");
	expect_one_line(call_plainly(STDERR_FILENO, false), EXIT_FAILURE, "MaxSize=0: ");
	assert_int_equal(unlink(config_path), 0);
	expect_one_line(call_plainly(STDERR_FILENO, false), EXIT_FAILURE, "wardgate.conf: ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_for_people),
		TEST(test_nothing_waits),
		TEST(test_for_programs),
		TEST(test_unknown_is_null),
		TEST(test_what_goes_wrong_is_one_line),
	};

	return RUN_TESTS(tests);
}
