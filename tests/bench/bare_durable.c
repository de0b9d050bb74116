/*
 * The floor of being durable: a bare loop on SQLite and libmosquitto, one
 * thread, that knows neither devices nor readings. Its queue is a table in the
 * order of the rowid (WAL, synchronous=FULL, no index) of rows as long as they
 * are told to be; what it publishes are the bytes of a reading, as bare_mqtt
 * does.
 *
 *   bare_durable drain directory=DIR rows=N port= ca= cert= key= [bytes=245] [window=100]
 *                [tick=125]
 *       Fills the table, then publishes what stands in it, oldest first, at most window
 *       unacknowledged; what was acknowledged is deleted in one transaction per tick (ms).
 *       Measured from the first publish to the last PUBACK.
 *   bare_durable insert directory=DIR [rate=20000] [count=100000] [bytes=245] [tick=125]
 *       Takes rows at an even pace and commits those of a tick together.
 *
 * Prints one line of JSON.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "bench/bench.h"
#include "bench/bench_mqtt.h"

#define FILL_ROWS 10000
#define READ_ROWS 1000
#define ROW_MAX 1024

struct durable {
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *insert, *select, *delete;
	char directory[256];
	unsigned char row[ROW_MAX];
	int bytes;
	int64_t read_to; /* id of the last row that was read */
	int64_t deleted; /* id of the last row that is gone */
	int64_t commits;
};

static void check(struct durable *d, int rc, const char *what)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		bench_die("%s: %s", what, sqlite3_errmsg(d->db));
}

static void execute(struct durable *d, const char *sql)
{
	check(d, sqlite3_exec(d->db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(struct durable *d, const char *sql)
{
	sqlite3_stmt *s;

	check(d, sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL), sql);
	return s;
}

static void step(struct durable *d, sqlite3_stmt *s)
{
	check(d, sqlite3_step(s), "a statement");
	(void)sqlite3_reset(s);
}

static int64_t file_bytes(const struct durable *d, const char *suffix)
{
	char path[300];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/queue.db%s", d->directory, suffix);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void durable_open(struct durable *d, int argc, char **argv)
{
	char path[300];

	memset(d, 0, sizeof(*d));
	d->bytes = (int)bench_number(argc, argv, "bytes", 245);
	if (d->bytes < 1 || d->bytes > ROW_MAX)
		bench_die("bytes= is out of range");
	for (int i = 0; i < d->bytes; i++)
		d->row[i] = (unsigned char)(i * 37 + 11);
	(void)snprintf(
		d->directory, sizeof(d->directory), "%s", bench_need(argc, argv, "directory"));
	(void)snprintf(path, sizeof(path), "%s/queue.db", d->directory);
	check(d, sqlite3_open(path, &d->db), path);
	execute(d,
		"pragma journal_mode=wal; pragma synchronous=full; pragma locking_mode=exclusive;"
		"create table queue(id integer primary key, message blob not null)");
	d->begin = prepare(d, "begin immediate");
	d->commit = prepare(d, "commit");
	d->insert = prepare(d, "insert into queue(message) values(?1)");
	d->select = prepare(d, "select id, message from queue where id > ?1 order by id limit ?2");
	d->delete = prepare(d, "delete from queue where id between ?1 and ?2");
	check(d, sqlite3_bind_blob(d->insert, 1, d->row, d->bytes, SQLITE_STATIC), "bind");
}

static void durable_close(struct durable *d)
{
	sqlite3_stmt *all[] = { d->begin, d->commit, d->insert, d->select, d->delete };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)sqlite3_finalize(all[i]);
	(void)sqlite3_close(d->db);
}

static void insert_rows(struct durable *d, int64_t count)
{
	step(d, d->begin);
	for (int64_t i = 0; i < count; i++)
		step(d, d->insert);
	step(d, d->commit);
	d->commits++;
}

static void fill(struct durable *d, int64_t rows)
{
	for (int64_t left = rows; left > 0; left -= FILL_ROWS)
		insert_rows(d, left < FILL_ROWS ? left : FILL_ROWS);
	execute(d, "pragma wal_checkpoint(truncate)");
	d->commits = 0;
}

/* --- drain --- */

/* Publishes the next rows; each is copied out of the database, as it must be to be sent. */
static void publish_rows(struct durable *d, struct bench_mqtt *b, int window)
{
	static unsigned char rows[READ_ROWS][ROW_MAX];
	static int count, at;

	while (b->in_flight < window) {
		if (at == count) {
			int rc;

			count = at = 0;
			(void)sqlite3_bind_int64(d->select, 1, d->read_to);
			(void)sqlite3_bind_int(d->select, 2, READ_ROWS);
			while ((rc = sqlite3_step(d->select)) == SQLITE_ROW) {
				d->read_to = sqlite3_column_int64(d->select, 0);
				memcpy(rows[count++], sqlite3_column_blob(d->select, 1),
					(size_t)sqlite3_column_bytes(d->select, 1));
			}
			check(d, rc, "reading");
			(void)sqlite3_reset(d->select);
			if (count == 0)
				return;
		}
		if (rows[at++][0] != d->row[0])
			bench_die("a row is not what was written");
		bench_mqtt_publish(b, b->payload, b->length);
	}
}

static void delete_acknowledged(struct durable *d, int64_t up_to)
{
	if (up_to == d->deleted)
		return;
	(void)sqlite3_bind_int64(d->delete, 1, d->deleted + 1);
	(void)sqlite3_bind_int64(d->delete, 2, up_to);
	step(d, d->begin);
	step(d, d->delete);
	step(d, d->commit);
	d->deleted = up_to;
	d->commits++;
}

static int drain(struct durable *d, int argc, char **argv)
{
	int64_t rows = bench_number(argc, argv, "rows", 10000), cpu_us, begin_ns, took_ns = 0;
	int window = (int)bench_number(argc, argv, "window", BENCH_WINDOW);
	struct epoll_event ev = { .events = EPOLLIN }, events[4];
	int64_t tick_ms = bench_number(argc, argv, "tick", 125), file;
	struct itimerspec every = { { 0, tick_ms * 1000000 }, { 0, tick_ms * 1000000 } };
	struct bench_mqtt b;

	fill(d, rows);
	file = file_bytes(d, "") + file_bytes(d, "-wal");
	bench_mqtt_open(&b, epoll_create1(EPOLL_CLOEXEC), "bare-durable", argc, argv);
	bench_mqtt_reading(&b);
	ev.data.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (ev.data.fd < 0 || timerfd_settime(ev.data.fd, 0, &every, NULL) < 0 ||
		epoll_ctl(b.epoll, EPOLL_CTL_ADD, ev.data.fd, &ev) < 0)
		bench_die("timerfd: %s", strerror(errno));
	cpu_us = bench_cpu_us();
	begin_ns = bench_now_ns();
	while (d->deleted < rows) {
		int n;

		publish_rows(d, &b, window);
		bench_mqtt_watch(&b);
		n = epoll_wait(b.epoll, events, 4, 10000);
		if (n < 1)
			bench_die("nothing happens any more");
		for (int i = 0; i < n; i++) {
			uint64_t ticks;

			if (events[i].data.fd != ev.data.fd)
				bench_mqtt_event(&b, events[i].events);
			else if (read(ev.data.fd, &ticks, sizeof(ticks)) == sizeof(ticks))
				delete_acknowledged(d, b.acked);
		}
		if (b.acked == rows && !took_ns)
			took_ns = bench_now_ns() - begin_ns;
	}
	printf("{\"rows\":%" PRId64 ",\"seconds\":%.6f,\"rate\":%.1f,\"cpu_us\":%.3f,"
	       "\"commits\":%" PRId64 ",\"file_per_row\":%.2f,\"refused\":%d,\"unheard\":%" PRId64
	       "}\n",
		rows, (double)took_ns / 1e9, (double)rows * 1e9 / (double)took_ns,
		(double)(bench_cpu_us() - cpu_us) / (double)rows, d->commits,
		(double)file / (double)rows, b.refused, b.unheard);
	bench_mqtt_close(&b);
	return 0;
}

/* --- insert --- */

static int insert(struct durable *d, int argc, char **argv)
{
	int64_t count = bench_number(argc, argv, "count", 100000), pending = 0, done = 0, cpu_us;
	int64_t tick_ns = bench_number(argc, argv, "tick", 125) * 1000000, next_ns;
	struct bench_pace pace;

	insert_rows(d, FILL_ROWS); /* the first pages of the file */
	d->commits = 0;
	bench_pace_open(&pace);
	if (fcntl(pace.timer, F_SETFL, 0) < 0)
		bench_die("fcntl: %s", strerror(errno));
	cpu_us = bench_cpu_us();
	bench_pace_start(&pace, bench_number(argc, argv, "rate", 20000), count);
	next_ns = pace.start_ns + tick_ns;
	while (done < count) {
		if (pace.given < count)
			pending += bench_pace_due(&pace);
		if (bench_now_ns() < next_ns && pace.given < count)
			continue;
		insert_rows(d, pending);
		done += pending;
		pending = 0;
		next_ns += tick_ns;
	}
	cpu_us = bench_cpu_us() - cpu_us;
	printf("{\"rows\":%" PRId64 ",\"cpu_us\":%.3f,\"commits\":%" PRId64 "}\n", count,
		(double)cpu_us / (double)count, d->commits);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct durable d;
	int r;

	durable_open(&d, argc, argv);
	if (strcmp(what, "drain") == 0)
		r = drain(&d, argc, argv);
	else if (strcmp(what, "insert") == 0)
		r = insert(&d, argc, argv);
	else
		bench_die("drain or insert?");
	durable_close(&d);
	return r;
}
