/*
 * Ties the ledger's parts together: the run's epoch, the gateway, the outbox
 * and the disk, and the records that consumers are owed of what was dropped and
 * of runs that ended.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "daemon_private.h"
#include "desk/desk.h"
#include "publish/publish.h"

/* What memory holds while neither broker nor disk takes it: about 8 MB. */
#define OUTBOX_MESSAGES 20000
#define OUTBOX_TRIES 5
#define OUTBOX_ASIDE 1000

/* --- the epoch --- */

void ledger_save_epoch(struct daemon *d)
{
	char buf[EPOCH_FILE_MAX];
	size_t n;
	int r;

	if (d->gateway)
		gateway_fill_epoch(d->gateway, &d->epoch);
	n = epoch_format(&d->epoch, buf, sizeof(buf));
	r = store_save(ledger_disk_store(d->ledger), STORE_EPOCH, buf, n);
	if (r < 0)
		log_error("cannot remember the epoch", F_ERR(r));
}

void ledger_choose_epoch(struct daemon *d)
{
	_cleanup_(freep) char *text = NULL;
	ssize_t n = store_load(d->config->gateway.state_directory, STORE_EPOCH, &text);
	uint32_t random = 0;

	if (n >= 0 && epoch_parse(text, (size_t)n, &d->previous) == 0)
		d->has_previous = true;
	else if (n != -ENOENT)
		log_warning("the epoch file cannot be read; counting from 1 again, ids stay unique "
			    "by their random part",
			F_ERR(n < 0 ? (int)n : -EBADMSG));
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint32_t)realtime_us();
	d->epoch = epoch_next(d->has_previous ? &d->previous : NULL, random);
}

/* --- what the disk has to say --- */

static const enum store_file driver_files[_GATEWAY_FILE_MAX] = {
	[GATEWAY_BONDS] = STORE_BONDS,
	[GATEWAY_BLE] = STORE_BLE,
	[GATEWAY_ZIGBEE_NETWORK] = STORE_ZIGBEE_NETWORK,
	[GATEWAY_ZIGBEE] = STORE_ZIGBEE,
};

static int on_keep(enum gateway_file file, const char *text, size_t length, void *userdata)
{
	struct daemon *d = userdata;

	return store_save(ledger_disk_store(d->ledger), driver_files[file], text, length);
}

static void on_saved(enum store_file file, int result, void *userdata)
{
	struct daemon *d = userdata;

	if (file == STORE_ALARMS) {
		if (d->desk)
			desk_kept(d->desk, result);
		return;
	}
	for (int i = 0; i < _GATEWAY_FILE_MAX; i++) {
		if (driver_files[i] != file)
			continue;
		if (d->gateway)
			gateway_kept(d->gateway, (enum gateway_file)i, result);
		return;
	}
	if (result < 0)
		log_error("cannot write to the state directory; going on without it",
			F_STR("FILE", file == STORE_EPOCH ? "epoch" : "retained-topics"),
			F_ERR(result));
}

static void on_gap(const struct gap *gap, void *userdata)
{
	struct daemon *d = userdata;

	(void)gateway_gap(d->gateway, gap);
}

static void on_epoch(const struct epoch_end *e, void *userdata)
{
	struct daemon *d = userdata;
	struct epoch_ended ended;
	struct epoch_end end = *e;

	end.clean = d->has_previous && epoch_ended_cleanly(&d->previous, e->epoch, &ended);
	if (!end.clean) {
		(void)gateway_record_epoch(d->gateway, &end);
	} else if (!ended.published) {
		end.last = ended.last;
		(void)gateway_record_epoch(d->gateway, &end);
	} else if (!e->more) {
		/* It said its last number itself, and that is safe. */
		ledger_disk_settle(d->ledger, e->owed);
	}
}

static void on_known(const char *device, uint64_t source_key, const char *epoch, uint64_t sequence,
	void *userdata)
{
	struct daemon *d = userdata;

	if (d->recall)
		(void)recall_add_stored(d->recall, device, source_key, epoch, sequence);
}

static void on_opened(void *userdata)
{
	struct daemon *d = userdata;
	char previous[EPOCH_TEXT_MAX];

	if (!d->has_previous)
		return;
	epoch_text(&d->previous, previous);
	if (!ledger_disk_owes_epoch(d->ledger, previous))
		(void)gateway_record_previous(d->gateway, &d->previous);
}

static void on_ready(void *userdata)
{
	daemon_ledger_ready(userdata);
}

static void on_changed(const struct store_figures *figures, void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_status_changed(d->publish);
	if (d->desk)
		desk_store_changed(d->desk, figures->state);
}

/* --- what the outbox has to say --- */

static void on_outbox_wake(void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_pump(d->publish);
}

static void on_outbox_dropped(const struct message *m, const char *reason, void *userdata)
{
	struct daemon *d = userdata;

	/* If its device says it again it must be taken again. */
	if (m->kind == MESSAGE_READING)
		gateway_forget(d->gateway, &m->reading);
}

static void on_outbox_gap(const struct outbox_gap *gap, void *userdata)
{
	struct daemon *d = userdata;
	struct gap told = { .epoch = label_text(gap->epoch, NULL),
		.first = gap->first,
		.last = gap->last,
		.count = gap->count,
		.reason = gap->reason };

	gateway_gap(d->gateway, &told);
}

/* --- life --- */

static struct store_limits limits_of(const struct config *c)
{
	return (struct store_limits){
		.max_size = (int64_t)c->store.max_size,
		.keep_free = (int64_t)c->store.keep_free,
		.max_age_us = c->store.max_age_us,
	};
}

int ledger_open(struct daemon *d)
{
	struct outbox_limits outbox_limits = { OUTBOX_MESSAGES, OUTBOX_TRIES, OUTBOX_ASIDE };
	struct store_limits limits = limits_of(d->config);
	struct ledger_disk_hooks hooks = {
		.gap = on_gap,
		.epoch = on_epoch,
		.known = on_known,
		.opened = on_opened,
		.ready = on_ready,
		.changed = on_changed,
		.chain = audit_on_chain,
		.audits = audit_on_audits,
		.audited = audit_on_audited,
		.saved = on_saved,
		.userdata = d,
	};
	const char *directory = d->config->gateway.state_directory;
	char epoch[EPOCH_TEXT_MAX];
	int holder = 0, r;

	epoch_text(&d->epoch, epoch);
	r = outbox_new(&d->outbox, &outbox_limits);
	if (r < 0)
		return r;
	outbox_set_now(d->outbox, boottime_us());
	r = ledger_disk_new(&d->ledger, d->event, d->outbox, directory, epoch, &limits,
		d->config->store.commit_interval_us, &hooks, &holder);
	if (r == -EBUSY)
		log_error("another wardgated uses this state directory; stop it, or give this one "
			  "a StateDirectory= of its own",
			F_STR("STATE_DIRECTORY", directory), F_INT("PID", holder));
	else if (r < 0)
		log_error("cannot use the state directory", F_STR("STATE_DIRECTORY", directory),
			F_ERR(r));
	return r;
}

static void on_epoch_changed(void *userdata)
{
	ledger_save_epoch(userdata);
}

int ledger_wire(struct daemon *d)
{
	struct ledger ledger = outbox_ledger(d->outbox);
	char epoch[EPOCH_TEXT_MAX];
	int r;

	gateway_set_ledger(d->gateway, &ledger);
	outbox_set_wake(d->outbox, on_outbox_wake, d);
	outbox_set_dropped(d->outbox, on_outbox_dropped, d);
	outbox_set_gap(d->outbox, on_outbox_gap, d);
	epoch_text(&d->epoch, epoch);
	r = recall_new(&d->recall, NULL, d->config->gateway.state_directory,
		d->config->gateway.name, epoch);
	if (r < 0)
		log_warning("what devices repeat after a crash will not be recognised", F_ERR(r));
	gateway_use_recall(d->gateway, d->recall);
	gateway_set_keeper(d->gateway, on_keep, d);
	gateway_on_epoch(d->gateway, on_epoch_changed, d);
	if (d->has_previous)
		gateway_take_over(d->gateway, &d->previous);
	return 0;
}

void ledger_remember_topics(const char *topics, void *userdata)
{
	struct daemon *d = userdata;
	struct store *store = ledger_disk_store(d->ledger);
	int r = store_save(store, STORE_RETAINED, topics, strlen(topics));

	if (r < 0)
		log_error("cannot remember the retained topics", F_ERR(r));
}

void ledger_reload(struct daemon *d)
{
	struct store_limits limits = limits_of(d->config);

	ledger_disk_adjust(d->ledger, &limits, d->config->store.commit_interval_us);
}

void ledger_finish(struct daemon *d)
{
	outbox_tell_gap(d->outbox);
	d->epoch.last = gateway_record_end(d->gateway, ledger_disk_own_owed(d->ledger));
	ledger_disk_hurry(d->ledger);
}

void ledger_close_epoch(struct daemon *d)
{
	d->epoch.clean = true;
	d->epoch.published = outbox_settled(d->outbox);
	ledger_save_epoch(d);
}
