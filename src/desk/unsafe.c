/*
 * Events that neither the disk nor the broker has yet. The state that is kept
 * must not be ahead of them, or a kill would take an event with it that nobody
 * says again: so they are kept with it, and given to the outbox once more by the
 * next run, under their own ids. Who has one already gets it a second time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "desk/private.h"
#include "outbox/outbox.h"

/* Beyond it an event is left to the outbox alone. */
#define UNSAFE_MAX 4096

struct desk_unsafe {
	struct desk_unsafe *next;
	struct label *epoch; /* NULL: this run's */
	uint64_t sequence, serial;
	bool lasting; /* it stands in the durable state as that was given last */
	char *text;   /* "<epoch>\t<sequence>\t<topic>\t<body>\n" */
};

static void piece_name(const struct desk_unsafe *u, char ret[static JOURNAL_NAME_MAX + 1])
{
	/* In order of age, which the next run is to keep. */
	(void)snprintf(ret, JOURNAL_NAME_MAX + 1, "%c%020" PRIu64, DESK_UNSAFE, u->serial);
}

static void write_piece(struct desk *d, const struct desk_unsafe *u, bool there)
{
	char name[JOURNAL_NAME_MAX + 1];

	if (!d->journal || !d->restored)
		return;
	piece_name(u, name);
	desk_say_journal(d, journal_write(d->journal, name, u->text, there ? strlen(u->text) : 0));
}

static void unsafe_free(struct desk_unsafe *u)
{
	label_unref(u->epoch);
	free(u->text);
	free(u);
}

static void add(
	struct desk *d, struct label *epoch, uint64_t sequence, const char *topic, const char *body)
{
	struct desk_unsafe *u = d->unsafe_count < UNSAFE_MAX ? calloc(1, sizeof(*u)) : NULL;

	if (!u)
		return;
	if (asprintf(&u->text, "%s\t%" PRIu64 "\t%s\t%s\n",
		    label_text(epoch, gateway_epoch(d->parts.gateway)), sequence, topic,
		    body) < 0) {
		free(u);
		return;
	}
	u->epoch = label_ref(epoch);
	u->sequence = sequence;
	u->serial = ++d->unsafe_serial;
	*d->last_unsafe = u;
	d->last_unsafe = &u->next;
	d->unsafe_count++;
	write_piece(d, u, true);
}

void desk_unsafe_add(struct desk *d, uint64_t sequence, const char *topic, const char *body)
{
	add(d, NULL, sequence, topic, body);
}

void desk_unsafe_look(struct desk *d)
{
	struct desk_unsafe **at = &d->unsafe, *u;

	while ((u = *at)) {
		if (outbox_fate(d->parts.outbox, u->epoch, u->sequence) == OUTBOX_UNSAFE) {
			at = &u->next;
			continue;
		}
		write_piece(d, u, false);
		/* Else a power cut in a year's time would bring it back. */
		if (u->lasting)
			desk_note_change(d);
		*at = u->next;
		d->unsafe_count--;
		unsafe_free(u);
	}
	d->last_unsafe = at;
}

void desk_unsafe_renew(struct desk *d)
{
	for (const struct desk_unsafe *u = d->unsafe; u; u = u->next)
		write_piece(d, u, true);
}

void desk_unsafe_put(struct desk *d, FILE *f)
{
	for (struct desk_unsafe *u = d->unsafe; u; u = u->next) {
		(void)fputs(u->text, f);
		u->lasting = true;
	}
}

/* One line; the bytes may be anything. */
static void take(struct desk *d, char *line)
{
	char *sequence = strchr(line, '\t'), *topic = sequence ? strchr(sequence + 1, '\t') : NULL,
	     *body = topic ? strchr(topic + 1, '\t') : NULL, *end;
	struct label *epoch = NULL;
	unsigned long long n;

	if (!body)
		return;
	*sequence++ = *topic++ = *body++ = 0;
	n = strtoull(sequence, &end, 10);
	if (*end || n == 0 || *body != '{' || label_new(&epoch, line) < 0)
		return;
	if (outbox_append_earlier(d->parts.outbox, MESSAGE_ALARM, epoch, n, topic, body) == 0) {
		d->appended = true;
		add(d, epoch, n, topic, body);
	}
	label_unref(epoch);
}

void desk_unsafe_restore(struct desk *d, const char *text, size_t length)
{
	const char *end = text + length, *eol;

	for (; text < end && (eol = memchr(text, '\n', (size_t)(end - text))); text = eol + 1) {
		char *line = memchr(text, 0, (size_t)(eol - text))
				     ? NULL
				     : strndup(text, (size_t)(eol - text));

		if (line)
			take(d, line);
		free(line);
	}
}

void desk_unsafe_free(struct desk *d)
{
	while (d->unsafe) {
		struct desk_unsafe *u = d->unsafe;

		d->unsafe = u->next;
		unsafe_free(u);
	}
}
