/*
 * Ties the audit trail to what it is about (commands, limits), to the ledger
 * that keeps it and to the records that publish it.
 */
#include "audit/entry.h"
#include "audit/trail.h"
#include "control/control.h"
#include "daemon_private.h"
#include "util/text.h"

/* --- what goes in --- */

static void add(struct daemon *d, const char *members, ssize_t length)
{
	if (length < 0) {
		log_error("something happened that does not fit into the audit trail");
		return;
	}
	if (d->trail)
		trail_add(d->trail, members, boottime_us(), realtime_us());
}

void audit_on_command(const struct command_audit *a, void *userdata)
{
	char members[ENTRY_MEMBERS_MAX + 1];

	add(userdata, members, entry_command(members, sizeof(members), a));
}

void audit_on_refused(const struct publish_refusals *r, void *userdata)
{
	char members[ENTRY_MEMBERS_MAX + 1];

	add(userdata, members, entry_refused(members, sizeof(members), r));
}

void audit_on_limits(const struct limit_change *c, void *userdata)
{
	char members[ENTRY_MEMBERS_MAX + 1];

	add(userdata, members, entry_limits(members, sizeof(members), c));
}

void audit_on_hangup(struct daemon *d, size_t errors)
{
	char members[ENTRY_MEMBERS_MAX + 1];

	add(d, members, entry_reload(members, sizeof(members), realtime_us(), errors));
}

/* --- where it goes --- */

static void on_write(void *userdata)
{
	struct daemon *d = userdata;

	ledger_disk_audit(d->ledger);
}

static void on_publish(const struct store_audit *a, int64_t owed, void *userdata)
{
	struct daemon *d = userdata;
	struct ledger ledger = outbox_ledger(d->outbox);
	struct audit_record record = {
		.number = a->number,
		.entry = a->entry,
		.previous = a->previous,
		.hash = a->hash,
		.owed = owed,
	};

	/* This run has said its last number: the next one has it owed. */
	if (d->stopping)
		return;
	outbox_set_now(d->outbox, boottime_us());
	if (gateway_record_audit(d->gateway, &record) == 0)
		ledger.flush(ledger.object);
}

int audit_wire(struct daemon *d)
{
	struct trail_hooks hooks = {
		.write = on_write,
		.publish = on_publish,
		.userdata = d,
	};

	return trail_new(&d->trail, &hooks);
}

void audit_on_chain(
	const struct store_chain *end, struct store_audit *audits, size_t count, void *userdata)
{
	struct daemon *d = userdata;

	for (size_t i = 0; d->control && i < count; i++)
		control_recall(d->control, audits[i].entry);
	trail_opened(d->trail, end, audits, count);
}

size_t audit_on_audits(struct store_audit *ret, size_t count, void *userdata)
{
	struct daemon *d = userdata;

	return trail_take(d->trail, ret, count);
}

void audit_on_audited(int error, int64_t owed, void *userdata)
{
	struct daemon *d = userdata;

	trail_written(d->trail, error, owed);
}

const char *audit_entry(size_t i, void *userdata)
{
	struct daemon *d = userdata;

	return trail_recent(d->trail, i);
}
