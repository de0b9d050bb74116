/*
 * The audit trail in the database: kept, read back, owed, forgotten when old,
 * carried over into a new file; and broken at any byte, which
 * wardgated --verify-audit has to find. Details of readings, which came with
 * the same version of the schema, are here, too.
 */
#include <fcntl.h>

#include "audit/chain.h"
#include "outbox/verify.h"
#include "store_room.h"

static struct store_audit last; /* entry is not used */

static void make(struct store_audit *a, const char *what)
{
	char entry[200];

	snprintf(entry, sizeof(entry), "{\"number\":%llu,\"kind\":\"command\",\"verb\":\"%s\"}",
		(unsigned long long)last.number + 1, what);
	*a = (struct store_audit){ .number = last.number + 1, .entry = strdup(entry), .owe = true };
	memcpy(a->previous, last.number ? last.hash : chain_zeros, STORE_HASH_MAX);
	assert_int_equal(chain_hash(a->previous, a->entry, strlen(a->entry), a->hash), 0);
	last = *a;
}

/* Writes so many in one batch. */
static void write_some(struct room *m, size_t count, bool owe)
{
	struct store_audit *audits = calloc(count, sizeof(*audits));
	struct store_batch b = { .audits = audits, .audit_count = count };

	for (size_t i = 0; i < count; i++) {
		make(&audits[i], "pause");
		audits[i].owe = owe;
	}
	room_batch(m, &b);
	assert_int_equal(m->result.error, 0);
	for (size_t i = 0; i < count; i++)
		store_audit_done(&audits[i]);
	free(audits);
}

static struct room *begin(void)
{
	last = (struct store_audit){ 0 };
	return room_new();
}

static int verify(const struct room *m)
{
	char path[200], *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int r;

	room_path(m, "outbox.db", path);
	r = verify_audit(path, f);
	fclose(f);
	if (r == VERIFY_WHOLE)
		assert_non_null(strstr(text, last.number ? last.hash : "empty"));
	free(text);
	return r;
}

static void test_kept_and_owed(void **state)
{
	struct room *m = begin();
	struct store_batch settle = { 0 };
	int64_t owed;

	room_start(m);
	assert_int_equal(m->chain.number, 0);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	write_some(m, 3, true);
	owed = m->result.audit_owed;
	assert_true(owed > 0);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	/* The first two were published. */
	settle.settled = (int64_t[]){ owed, owed + 1 };
	settle.settled_count = 2;
	room_batch(m, &settle);
	room_stop(m);

	room_start(m);
	assert_int_equal(m->chain.number, 3);
	assert_string_equal(m->chain.hash, last.hash);
	assert_int_equal(m->audit_count, 3);
	for (size_t i = 0; i < 3; i++) {
		char hash[CHAIN_HASH_MAX];

		assert_int_equal(m->audits[i].number, i + 1);
		assert_int_equal(m->audits[i].owed, i == 2 ? owed + 2 : 0);
		if (i == 0)
			continue;
		assert_int_equal(chain_hash(m->audits[i].previous, m->audits[i].entry,
					 strlen(m->audits[i].entry), hash),
			0);
		assert_string_equal(hash, m->audits[i].hash);
	}
	write_some(m, 1, false);
	assert_int_equal(m->result.audit_owed, 0);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	room_free(m);
}

static void test_the_oldest_are_forgotten(void **state)
{
	struct room *m = begin();

	room_start(m);
	for (int i = 0; i < 2 * STORE_AUDITS_KEPT / 1000; i++)
		write_some(m, 1000, false);
	assert_int_equal(room_number(m, "SELECT count(*) FROM audit"), 2 * STORE_AUDITS_KEPT);
	write_some(m, 1, false);
	assert_int_equal(room_number(m, "SELECT count(*) FROM audit"), STORE_AUDITS_KEPT);
	assert_int_equal(room_number(m, "SELECT min(number) FROM audit"), STORE_AUDITS_KEPT + 2);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	room_stop(m);
	room_start(m);
	assert_int_equal(m->chain.number, 2 * STORE_AUDITS_KEPT + 1);
	assert_int_equal(m->audit_count, STORE_AUDITS_RECENT + 1);
	room_free(m);
}

/* A file that is made in the middle of a run goes on where the run is. */
static void test_a_new_file(void **state)
{
	struct room *m = begin();
	char path[200];

	room_start(m);
	write_some(m, 5, false);
	room_stop(m);
	room_path(m, "outbox.db", path);
	assert_int_equal(unlink(path), 0);
	room_start(m);
	assert_int_equal(m->chain.number, 0);
	write_some(m, 2, false);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	assert_int_equal(room_number(m, "SELECT min(number) FROM audit"), 6);
	room_free(m);
}

/* Of a damaged file the trail is carried over, with what it owes, also when nothing else is in it.
 */
static void test_salvaged(void **state)
{
	struct room *m = begin();
	char path[200];
	int fd;

	room_start(m);
	write_some(m, 40, true);
	room_stop(m);
	/* The first page of the table aside: what reads it finds the damage. */
	room_path(m, "outbox.db", path);
	{
		char sql[200];
		int64_t page;

		snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name='aside'");
		page = room_number(m, sql);
		fd = open(path, O_WRONLY);
		assert_true(pwrite(fd, "damage", 6, (page - 1) * 4096) == 6);
		close(fd);
	}
	room_start(m);
	assert_true(m->fresh);
	assert_int_equal(m->chain.number, 40);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	assert_int_equal(m->audit_count, 40);
	assert_true(m->audits[0].owed > 0);
	write_some(m, 1, true);
	assert_int_equal(verify(m), VERIFY_WHOLE);
	assert_int_equal(room_number(m, "SELECT count(*) FROM audit"), 41);
	room_free(m);
}

/* --- broken --- */

static void run_sql(const struct room *m, const char *sql)
{
	char path[200];
	sqlite3 *db;

	room_path(m, "outbox.db", path);
	assert_int_equal(sqlite3_open(path, &db), 0);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_broken_by_sql(void **state)
{
	static const char *const breaks[] = {
		"DELETE FROM audit WHERE number=1",
		"DELETE FROM audit WHERE number=3",
		"DELETE FROM audit WHERE number=5",
		"DELETE FROM audit",
		"DELETE FROM chain",
		"UPDATE audit SET number=7 WHERE number=5",
		"UPDATE audit SET entry=CAST(entry AS BLOB) WHERE number=2",
		"UPDATE audit SET entry=NULL WHERE number=2",
		"UPDATE audit SET hash=NULL WHERE number=2",
		"UPDATE audit SET hash=hash||'0' WHERE number=5",
		"UPDATE audit SET entry=(SELECT entry FROM audit WHERE number=3) WHERE number=2",
		"UPDATE audit SET entry=entry||x'00' WHERE number=5",
		"INSERT INTO audit SELECT 6,entry,hash FROM audit WHERE number=5",
		"INSERT INTO audit SELECT 0,entry,hash FROM audit WHERE number=5",
		"INSERT INTO audit SELECT -1,entry,hash FROM audit WHERE number=5",
		"UPDATE chain SET head=4",
		"UPDATE chain SET head=6",
		"UPDATE chain SET base=1",
		"UPDATE chain SET base_hash='0'",
		"UPDATE chain SET head_hash=upper(head_hash)",
		"UPDATE chain SET head_hash=NULL",
		/* All of it made anew from the third on would need its hashes, too. */
		"UPDATE audit SET entry=replace(entry,'pause','reset') WHERE number>=3",
	};
	struct room *m = begin();
	char path[200], copy[208], command[600];

	room_start(m);
	write_some(m, 5, false);
	room_stop(m);
	room_path(m, "outbox.db", path);
	snprintf(copy, sizeof(copy), "%s.copy", path);
	assert_int_equal(rename(path, copy), 0);
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		snprintf(command, sizeof(command), "VACUUM INTO '%s'", path);
		(void)unlink(path);
		{
			sqlite3 *db;

			assert_int_equal(sqlite3_open(copy, &db), 0);
			assert_int_equal(sqlite3_exec(db, command, NULL, NULL, NULL), SQLITE_OK);
			sqlite3_close(db);
		}
		assert_int_equal(verify(m), VERIFY_WHOLE);
		run_sql(m, breaks[i]);
		if (verify(m) != VERIFY_BROKEN)
			fail_msg("%s is not found", breaks[i]);
	}
	room_free(m);
}

/* Every byte of the pages that hold the trail and its ends. What lies in no cell is free space,
 * which is no part of it: a change there that SQLite does not mind changes nothing. */
static void test_broken_at_any_byte(void **state)
{
	static const char *const tables[] = { "audit", "chain" };
	struct room *m = begin();
	unsigned bits = 0;
	char path[200], sql[200];
	int fd;

	room_start(m);
	write_some(m, 12, false);
	room_stop(m);
	room_path(m, "outbox.db", path);
	for (size_t t = 0; t < 2; t++) {
		unsigned char page[4096];
		unsigned content;
		int64_t at;

		snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name='%s'",
			tables[t]);
		at = (room_number(m, sql) - 1) * 4096;
		fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, page, sizeof(page), at), sizeof(page));
		assert_int_equal(page[0], 0x0a); /* a leaf without row ids: all rows are on it */
		content = (unsigned)page[5] << 8 | page[6];
		for (unsigned bit = content * 8; bit < sizeof(page) * 8; bit++) {
			unsigned i = bit / 8;
			unsigned char changed = page[i] ^ (unsigned char)(1u << (bit % 8));
			int r;

			assert_int_equal(pwrite(fd, &changed, 1, at + i), 1);
			r = verify(m);
			assert_int_equal(pwrite(fd, &page[i], 1, at + i), 1);
			bits++;
			if (r == VERIFY_WHOLE)
				fail_msg("bit %u of byte %u of the page of %s is not found",
					bit % 8, i, tables[t]);
		}
		close(fd);
	}
	assert_int_equal(verify(m), VERIFY_WHOLE);
	print_message("%u bits\n", bits);
	assert_true(bits > 8 * 1400);
	room_free(m);
}

static void test_no_trail(void **state)
{
	struct room *m = begin();
	char path[200];
	FILE *f;

	assert_int_equal(verify(m), -ENOENT);
	room_path(m, "outbox.db", path);
	f = fopen(path, "w");
	fputs("this is no database, but it is long enough to be taken for one", f);
	fclose(f);
	assert_true(verify(m) < 0);
	assert_int_equal(unlink(path), 0);
	run_sql(m, "CREATE TABLE other(x)");
	assert_true(verify(m) < 0);
	room_free(m);
}

/* --- details of readings --- */

static void test_details(void **state)
{
	static char components[] = "\"components\":[{\"metric\":\"spo2\",\"points\":2}]";
	struct store_row rows[] = { room_row(1), room_row(2), room_row(3) };
	struct store_batch b = { .rows = rows, .row_count = 3 };
	struct store_batch look = { .rows_from = 1, .rows_wanted = 10 };
	struct store_batch drop = { .deletes = (struct store_range[]){ { 1, 2 } },
		.delete_count = 1 };
	struct room *m = begin();

	rows[1].detail = components;
	rows[2].detail = components;
	rows[2].instance = 3;
	room_start(m);
	room_batch(m, &b);
	room_stop(m);
	room_start(m);
	room_batch(m, &look);
	assert_int_equal(m->result.row_count, 3);
	assert_string_equal(m->detail, components);
	assert_int_equal(m->rows[2].instance, 3);
	/* They go with their readings. */
	room_batch(m, &drop);
	assert_int_equal(room_number(m, "SELECT count(*) FROM detail"), 1);
	/* A detail that was changed is a reading that was changed: it is not given out. */
	run_sql(m, "UPDATE detail SET text=replace(text,'2','0')");
	m->detail[0] = 0;
	room_batch(m, &look);
	assert_int_equal(m->result.row_count, 0);
	assert_string_equal(m->detail, "");
	assert_int_equal(room_number(m, "SELECT count(*) FROM detail"), 0);
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_and_owed),
		cmocka_unit_test(test_the_oldest_are_forgotten),
		cmocka_unit_test(test_a_new_file),
		cmocka_unit_test(test_salvaged),
		cmocka_unit_test(test_broken_by_sql),
		cmocka_unit_test(test_broken_at_any_byte),
		cmocka_unit_test(test_no_trail),
		cmocka_unit_test(test_details),
	};

	return RUN_TESTS(tests);
}
