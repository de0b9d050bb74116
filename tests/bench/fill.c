/*
 * Fills a state directory with stored readings, through the store's own
 * interface: the rows that the daemon would have written during an outage of
 * the broker, ended by kill -9. The daemon opens it as its own.
 *
 *   fill directory=DIR rows=N [devices=100] [batch=10000] [marks=10]
 *
 * All readings have the bed "old" but a few, evenly spread, the first and the
 * last among them: those have the bed "live" and the values 60.000000,
 * 60.000001, ..., so that a subscriber can time the drain without receiving it.
 * Prints one line of JSON.
 */
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "bench/bench.h"
#include "gateway/epoch.h"
#include "outbox/store.h"
#include "wardgate/reading.h"

#define NAMES_MAX 200
#define PATIENCE_US INT64_C(600000000)

enum { NAME_EPOCH = 1, NAME_OLD, NAME_MARK, NAME_METRIC, NAME_DEVICE };

struct fill {
	sd_event *event;
	struct store *store;
	struct store_name names[NAMES_MAX];
	struct store_row *rows;
	int64_t total, given, batch, marks, marked, devices;
	int64_t began_ms, cpu_us, begin_ns;
};

static int64_t boot_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void name(struct fill *f, uint32_t id, const char *text)
{
	struct store_name *n = &f->names[id - 1];

	n->id = id;
	(void)snprintf(n->text, sizeof(n->text), "%s", text);
}

/* Whether this row is the next of those that are marked. */
static bool is_mark(struct fill *f, int64_t i)
{
	int64_t last = f->marks - 1;

	if (f->marked == f->marks || i != f->marked * (f->total - 1) / (last ? last : 1))
		return false;
	f->marked++;
	return true;
}

/* As from a CoAP device that sends a time with its values. */
static struct store_row row(struct fill *f, int64_t i)
{
	bool mark = is_mark(f, i);
	int64_t at_ms = f->began_ms + i / 10;

	return (struct store_row){
		.id = i + 1,
		.sequence = (uint64_t)i + 1,
		.device_sequence = (uint64_t)(i / f->devices) + 1,
		.source_key = (uint64_t)(i + 1) * UINT64_C(0x9e3779b97f4a7c15),
		.value = 60000000 + (mark ? f->marked - 1 : i % BENCH_READINGS_MAX),
		.exponent = -6,
		.received_ms = at_ms + 27,
		.time_ms = at_ms,
		.boot_us = boot_us(),
		.epoch = NAME_EPOCH,
		.device = NAME_DEVICE + (uint32_t)(i % f->devices),
		.bed = mark ? NAME_MARK : NAME_OLD,
		.metric = NAME_METRIC,
		.kind = VALUE_NUMBER,
		.time_source = TIME_DEVICE,
	};
}

static void submit(struct fill *f)
{
	struct store_batch b = { .rows = f->rows, .own_epoch = NAME_EPOCH };

	if (f->given == 0) {
		b.names = f->names;
		b.name_count = (size_t)(NAME_DEVICE - 1 + f->devices);
	}
	for (; f->given < f->total && (int64_t)b.row_count < f->batch; f->given++)
		f->rows[b.row_count++] = row(f, f->given);
	store_submit(f->store, &b);
}

static void on_opened(const struct store_opened *opened, void *userdata)
{
	struct fill *f = userdata;

	if (!opened->fresh || opened->last != 0)
		bench_die("something is stored there already");
	f->cpu_us = bench_cpu_us();
	f->begin_ns = bench_now_ns();
	submit(f);
}

static void on_done(const struct store_result *result, void *userdata)
{
	struct fill *f = userdata;

	if (result->error)
		bench_die("a batch was not written: %s", strerror(-result->error));
	if (f->given < f->total)
		submit(f);
	else
		(void)sd_event_exit(f->event, 0);
}

static void on_saved(enum store_file file, int result, void *userdata)
{
	if (result < 0)
		bench_die("the epoch was not written: %s", strerror(-result));
}

static void on_dropped(const struct store_owed *owed, size_t count, void *userdata)
{
	bench_die("the store gave rows up for a limit");
}

static void on_salvaged(int64_t from, uint64_t readings, uint64_t events, void *userdata)
{
	bench_die("the store salvaged something");
}

static void on_scanned(
	uint32_t epoch, const struct store_range *ranges, size_t count, bool last, void *userdata)
{
}

static void on_changed(const struct store_figures *figures, void *userdata)
{
	if (figures->state == STORE_FAILING)
		bench_die("the store fails: %s", figures->problem);
}

static void start(struct fill *f, const char *directory)
{
	struct store_limits limits = { INT64_C(1) << 40, 0, INT64_MAX };
	struct store_hooks hooks = {
		.saved = on_saved,
		.opened = on_opened,
		.done = on_done,
		.dropped = on_dropped,
		.salvaged = on_salvaged,
		.scanned = on_scanned,
		.changed = on_changed,
		.userdata = f,
	};
	struct epoch epoch = { .counter = 1, .random = 0x0badcafe };
	char text[256], epoch_name[EPOCH_TEXT_MAX];
	int holder, r;

	epoch_text(&epoch, epoch_name);
	name(f, NAME_EPOCH, epoch_name);
	name(f, NAME_OLD, "old");
	name(f, NAME_MARK, "live");
	name(f, NAME_METRIC, "heart-rate");
	for (int64_t i = 0; i < f->devices; i++) {
		char device[32];

		(void)snprintf(device, sizeof(device), "bench-%03" PRId64, i);
		name(f, NAME_DEVICE + (uint32_t)i, device);
	}
	r = sd_event_new(&f->event);
	if (r == 0)
		r = store_new(&f->store, f->event, directory, &limits, &hooks, &holder);
	if (r == 0)
		r = store_save(
			f->store, STORE_EPOCH, text, epoch_format(&epoch, text, sizeof(text)));
	if (r < 0)
		bench_die("%s: %s", directory, strerror(-r));
}

static int64_t file_bytes(const char *directory, const char *file)
{
	char path[512];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, file);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int main(int argc, char **argv)
{
	const char *directory = bench_need(argc, argv, "directory");
	struct fill f = {
		.total = bench_number(argc, argv, "rows", 10000),
		.batch = bench_number(argc, argv, "batch", 10000),
		.marks = bench_number(argc, argv, "marks", 10),
		.devices = bench_number(argc, argv, "devices", 100),
	};
	double seconds;
	struct timespec now;
	int64_t cpu_us;

	if (f.devices < 1 || NAME_DEVICE - 1 + f.devices > NAMES_MAX || f.batch < 1 ||
		f.marks < 1 || f.total < f.marks)
		bench_die("an argument is out of range");
	clock_gettime(CLOCK_REALTIME, &now);
	f.began_ms = (int64_t)now.tv_sec * 1000 - f.total / 10 - 1000;
	f.rows = calloc((size_t)f.batch, sizeof(*f.rows));
	if (!f.rows)
		bench_die("no memory");
	start(&f, directory);
	if (sd_event_loop(f.event) < 0)
		bench_die("the loop failed");
	seconds = (double)(bench_now_ns() - f.begin_ns) / 1e9;
	cpu_us = bench_cpu_us() - f.cpu_us;
	store_free(f.store, boot_us() + PATIENCE_US);
	printf("{\"rows\":%" PRId64 ",\"seconds\":%.3f,\"cpu_us\":%.3f,\"file_per_row\":%.2f}\n",
		f.total, seconds, (double)cpu_us / (double)f.total,
		(double)(file_bytes(directory, "outbox.db") +
			 file_bytes(directory, "outbox.db-wal")) /
			(double)f.total);
	free(f.rows);
	(void)sd_event_unref(f.event);
	return 0;
}
