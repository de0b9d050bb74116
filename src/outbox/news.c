/*
 * See news.h.
 */
#include "outbox/news.h"

#include <stdlib.h>

#include "outbox/rows.h"

void news_tell(const struct news *n, const struct store_hooks *h)
{
	switch (n->kind) {
	case NEWS_OPENED:
		if (h->opened)
			h->opened(&n->opened, h->userdata);
		break;
	case NEWS_KEYS:
		if (h->keys)
			h->keys(n->keys.keys, n->keys.count, h->userdata);
		break;
	case NEWS_DROPPED:
		if (h->dropped)
			h->dropped(n->dropped.owed, n->dropped.count, h->userdata);
		break;
	case NEWS_SALVAGED:
		if (h->salvaged)
			h->salvaged(n->salvaged.from, n->salvaged.readings, n->salvaged.events,
				h->userdata);
		break;
	case NEWS_SCANNED:
		if (h->scanned)
			h->scanned(n->scanned.epoch, n->scanned.ranges, n->scanned.count,
				n->scanned.last, h->userdata);
		break;
	case NEWS_CHANGED:
		if (h->changed)
			h->changed(&n->changed, h->userdata);
		break;
	case NEWS_DONE:
		if (h->done)
			h->done(&n->done, h->userdata);
		break;
	}
}

static void free_events(struct store_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store_event_done(&events[i]);
	free(events);
}

static void free_audits(struct store_audit *audits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store_audit_done(&audits[i]);
	free(audits);
}

static void free_rows(struct store_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store_row_done(&rows[i]);
	free(rows);
}

void news_clear(struct news *n)
{
	switch (n->kind) {
	case NEWS_OPENED:
		free((void *)n->opened.names);
		free((void *)n->opened.owed);
		free((void *)n->opened.asides);
		free_rows((struct store_row *)n->opened.aside_rows, n->opened.aside_row_count);
		free_events(n->opened.aside_events, n->opened.aside_event_count);
		free((void *)n->opened.keys);
		free_audits(n->opened.audits, n->opened.audit_count);
		n->opened = (struct store_opened){ 0 };
		break;
	case NEWS_DONE:
		free_rows((struct store_row *)n->done.rows, n->done.row_count);
		free_events(n->done.events, n->done.event_count);
		n->done = (struct store_result){ 0 };
		break;
	case NEWS_KEYS:
		free(n->keys.keys);
		n->keys.keys = NULL;
		break;
	case NEWS_DROPPED:
		free(n->dropped.owed);
		n->dropped.owed = NULL;
		break;
	case NEWS_SCANNED:
		free(n->scanned.ranges);
		n->scanned.ranges = NULL;
		break;
	case NEWS_SALVAGED:
	case NEWS_CHANGED:
		break;
	}
}

struct news *news_free(struct news *n)
{
	if (n) {
		news_clear(n);
		free(n);
	}
	return NULL;
}
