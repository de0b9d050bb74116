/*
 * The ledger with the real store, run after run on one state directory, and no
 * broker but the test: what was stored comes back, all of it, once, in order
 * and as it was.
 */
#include "outbox/ledger_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define WAIT_US (30 * SECOND)

struct run {
	sd_event *event;
	struct outbox *outbox;
	struct ledger ledger;
	struct ledger_disk *disk;
	struct label *device;
	uint64_t sequence;
	bool ready;
	int opened, safe, gaps, known;
	char epochs[256];
	int audits, audited; /* how many wait to be written; were written */
};

static char directory[32];

static void on_gap(const struct gap *gap, void *userdata)
{
	((struct run *)userdata)->gaps++;
}

static void on_epoch(const struct epoch_end *e, void *userdata)
{
	struct run *r = userdata;
	size_t n = strlen(r->epochs);

	snprintf(r->epochs + n, sizeof(r->epochs) - n, "%s:", e->epoch);
	for (size_t i = 0; i < e->count; i++) {
		n = strlen(r->epochs);
		snprintf(r->epochs + n, sizeof(r->epochs) - n, "%d-%d,", (int)e->ranges[i].first,
			(int)e->ranges[i].last);
	}
	if (!e->more)
		(void)r->ledger.record(r->outbox, ++r->sequence, "records", "{}", e->owed);
}

static void on_known(const char *device, uint64_t source_key, const char *epoch, uint64_t sequence,
	void *userdata)
{
	((struct run *)userdata)->known++;
}

static void on_opened(void *userdata)
{
	((struct run *)userdata)->opened++;
}

static void on_ready(void *userdata)
{
	((struct run *)userdata)->ready = true;
}

static void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	((struct run *)userdata)->safe += outcome == RECEIPT_SAFE;
}

static size_t on_audits(struct store_audit *ret, size_t count, void *userdata)
{
	struct run *r = userdata;

	if (r->audits == 0 || count == 0)
		return 0;
	r->audits--;
	*ret = (struct store_audit){ .number = (uint64_t)r->audited + 1, .entry = strdup("{}") };
	assert_non_null(ret->entry);
	snprintf(ret->hash, sizeof(ret->hash), "%064d", r->audited + 1);
	if (r->audited > 0)
		snprintf(ret->previous, sizeof(ret->previous), "%064d", r->audited);
	/* as does whatever changes the outbox */
	ledger_disk_pump(r->disk);
	return 1;
}

static void on_audited(int error, int64_t owed, void *userdata)
{
	struct run *r = userdata;

	assert_int_equal(error, 0);
	r->audited++;
	ledger_disk_pump(r->disk);
}

/* Turns the loop until the condition holds. */
#define UNTIL(r, condition)                                                                        \
	do {                                                                                       \
		int64_t _limit = boottime_us() + WAIT_US;                                          \
		while (!(condition)) {                                                             \
			assert_true(boottime_us() < _limit);                                       \
			assert_true(sd_event_run((r)->event, 100000) >= 0);                        \
		}                                                                                  \
	} while (0)

static void begin(struct run *r, const char *epoch)
{
	struct outbox_limits limits = { .messages = 20000, .tries = 3, .aside = 10 };
	struct store_limits store_limits = { INT64_C(1) << 30, 0, INT64_C(86400) * SECOND };
	struct ledger_disk_hooks hooks = {
		.gap = on_gap,
		.epoch = on_epoch,
		.known = on_known,
		.opened = on_opened,
		.ready = on_ready,
		.audits = on_audits,
		.audited = on_audited,
		.userdata = r,
	};
	int holder;

	memset(r, 0, sizeof(*r));
	assert_true(sd_event_new(&r->event) >= 0);
	assert_int_equal(outbox_new(&r->outbox, &limits), 0);
	outbox_set_now(r->outbox, boottime_us());
	r->ledger = outbox_ledger(r->outbox);
	assert_int_equal(label_new(&r->device, "bed3-oximeter"), 0);
	assert_int_equal(ledger_disk_new(&r->disk, r->event, r->outbox, directory, epoch,
				 &store_limits, 20000, &hooks, &holder),
		0);
	UNTIL(r, r->ready);
	assert_int_equal(r->opened, 1);
}

static void end(struct run *r)
{
	ledger_disk_free(r->disk, boottime_us() + WAIT_US);
	outbox_free(r->outbox);
	label_unref(r->device);
	sd_event_unref(r->event);
}

static void put(struct run *r, int count)
{
	for (int i = 0; i < count; i++) {
		uint64_t sequence = ++r->sequence;
		struct reading reading = {
			.sequence = sequence,
			.device_sequence = sequence,
			.source_key = sequence * 7919,
			.metric = METRIC_SPO2,
			.kind = VALUE_NUMBER,
			.number = { (int64_t)sequence, 0 },
			.received_us = INT64_C(1764000000000000),
			.received_boot_us = boottime_us(),
			.device = r->device,
		};
		struct receipt *receipt;

		assert_int_equal(r->ledger.reserve(r->outbox, 1, true, boottime_us()), 0);
		assert_int_equal(r->ledger.receipt(r->outbox, on_receipt, r, &receipt), 0);
		r->ledger.append(r->outbox, &reading, receipt);
	}
	r->ledger.flush(r->outbox);
}

static void store_all(struct run *r)
{
	UNTIL(r, !outbox_lacking(r->outbox) && ledger_disk_idle(r->disk));
}

/* A broker that confirms all: "<epoch>/<first number>-<last>" runs of readings, 'r' a record. */
static void drain(struct run *r, char *text, size_t size, size_t readings)
{
	const char *last_epoch = NULL;
	uint64_t last = 0;
	size_t count = 0;

	text[0] = 0;
	outbox_connected(r->outbox, 100);
	UNTIL(r, ({
		struct outbox_entry *e;

		while ((e = outbox_next(r->outbox))) {
			const struct message *m = outbox_entry_message(e);
			const struct label *l = message_epoch(m);
			const char *epoch = l ? l->text : "now";
			size_t n = strlen(text);

			if (m->kind != MESSAGE_READING) {
				snprintf(text + n, size - n, "r ");
			} else {
				assert_int_equal(m->reading.number.mantissa, m->sequence);
				assert_int_equal(m->reading.device_sequence, m->sequence);
				assert_string_equal(m->reading.device->text, "bed3-oximeter");
				if (m->sequence != last + 1 || !last_epoch ||
					strcmp(last_epoch, epoch) != 0)
					snprintf(text + n, size - n, "%s/%d%s ", epoch,
						(int)m->sequence, m->backfill ? "b" : "");
				last = m->sequence;
				last_epoch = epoch;
				count++;
			}
			outbox_sent(r->outbox, e);
			outbox_confirmed(r->outbox, e);
		}
		count >= readings;
	}));
	assert_int_equal(count, readings);
	store_all(r);
}

static void set_up_directory(void)
{
	memcpy(directory, "/tmp/wardgate-XXXXXX", sizeof("/tmp/wardgate-XXXXXX"));
	assert_non_null(mkdtemp(directory));
}

static void remove_directory(void)
{
	DIR *d = opendir(directory);
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), entry->d_name, 0), 0);
	closedir(d);
	assert_int_equal(rmdir(directory), 0);
}

static void test_run_after_run(void **state)
{
	char text[256];
	struct run r;

	set_up_directory();
	begin(&r, "1-0000000a");
	put(&r, 10);
	store_all(&r);
	assert_int_equal(r.safe, 10);
	assert_int_equal(outbox_counters(r.outbox).depth, 0);
	assert_int_equal(outbox_counters(r.outbox).waiting, 10);
	end(&r);

	/* The first of the next run does not take the place of the last of this one. */
	begin(&r, "2-0000000b");
	assert_int_equal(r.known, 10);
	UNTIL(&r, r.epochs[0]);
	assert_string_equal(r.epochs, "1-0000000a:1-10,");
	put(&r, 5);
	store_all(&r);
	assert_int_equal(r.safe, 5);
	assert_int_equal(outbox_counters(r.outbox).waiting, 15);
	assert_int_equal(outbox_counters(r.outbox).depth, 1); /* the record stays at hand */
	end(&r);

	begin(&r, "3-0000000c");
	assert_int_equal(r.known, 15);
	UNTIL(&r, r.epochs[0]);
	/* The first run's end was told by the second, whose own is due. */
	assert_string_equal(r.epochs, "2-0000000b:1-6,");
	drain(&r, text, sizeof(text), 15);
	assert_string_equal(text, "r 1-0000000a/1b r 2-0000000b/2b ");
	assert_int_equal(outbox_counters(r.outbox).waiting, 0);
	end(&r);

	begin(&r, "4-0000000d");
	drain(&r, text, sizeof(text), 0);
	assert_string_equal(r.epochs, "");
	assert_int_equal(r.known, 0);
	end(&r);
	remove_directory();
}

static void test_what_a_crash_leaves_comes_with_the_rest(void **state)
{
	char text[256];
	struct run r;

	set_up_directory();
	begin(&r, "1-0000000a");
	put(&r, 20000);
	store_all(&r);
	put(&r, 3); /* not written: as if the process had been killed */
	end(&r);
	begin(&r, "2-0000000b");
	UNTIL(&r, r.epochs[0]);
	assert_string_equal(r.epochs, "1-0000000a:1-20000,");
	UNTIL(&r, r.known == STORE_KEYS_MAX);
	outbox_connected(r.outbox, 100);
	put(&r, 1);
	outbox_disconnected(r.outbox);
	drain(&r, text, sizeof(text), 20001);
	assert_string_equal(text, "r 1-0000000a/1b now/2b ");
	end(&r);
	remove_directory();
}

static void test_a_connection_lost_while_it_drains(void **state)
{
	struct outbox_entry *e;
	char text[256];
	struct run r;

	set_up_directory();
	begin(&r, "1-0000000a");
	put(&r, 9000);
	store_all(&r);
	outbox_connected(r.outbox, 100);
	for (int i = 0; i < 1000; i++) {
		UNTIL(&r, (e = outbox_next(r.outbox)));
		outbox_sent(r.outbox, e);
		outbox_confirmed(r.outbox, e);
	}
	for (int i = 0; i < 4; i++) {
		UNTIL(&r, (e = outbox_next(r.outbox)));
		outbox_sent(r.outbox, e);
	}
	outbox_disconnected(r.outbox);
	assert_int_equal(outbox_counters(r.outbox).depth, 0);
	put(&r, 2);
	drain(&r, text, sizeof(text), 8002);
	assert_string_equal(text, "now/1001b ");
	end(&r);
	remove_directory();
}

/* What is told of a batch asks for the next one, while stored rows are wanted back all the time. */
static void test_a_batch_is_asked_for_while_one_ends(void **state)
{
	struct run r;
	char text[256];

	set_up_directory();
	begin(&r, "1-0000000a");
	put(&r, 9000);
	store_all(&r);
	outbox_connected(r.outbox, 100);
	for (int i = 0; i < 3000; i++) {
		struct outbox_entry *e;

		if (i % 100 == 0) {
			r.audits++;
			ledger_disk_audit(r.disk);
		}
		UNTIL(&r, (e = outbox_next(r.outbox)));
		outbox_sent(r.outbox, e);
		outbox_confirmed(r.outbox, e);
	}
	UNTIL(&r, ({
		if (r.audits > 0)
			ledger_disk_audit(r.disk);
		r.audits == 0;
	}));
	drain(&r, text, sizeof(text), 6000);
	UNTIL(&r, r.audited == 30);
	assert_string_equal(text, "now/3001b ");
	end(&r);
	remove_directory();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_after_run),
		cmocka_unit_test(test_what_a_crash_leaves_comes_with_the_rest),
		cmocka_unit_test(test_a_connection_lost_while_it_drains),
		cmocka_unit_test(test_a_batch_is_asked_for_while_one_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
