/*
 * See receipt.h. A receipt ends exactly once: all safe, one lost, too late or
 * cancelled; after that its messages only drop their references.
 */
#include "outbox/receipt.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static void unlink_receipt(struct receipt *r)
{
	struct receipt_list *list = r->list;

	if (r->previous)
		r->previous->next = r->next;
	else
		list->first = r->next;
	if (r->next)
		r->next->previous = r->previous;
	else
		list->last = r->previous;
	r->list = NULL;
}

static void drop_reference(struct receipt *r)
{
	assert(r->refs > 0);
	if (--r->refs == 0)
		free(r);
}

static void finish(struct receipt *r, enum receipt_outcome outcome)
{
	receipt_fn done = r->done;
	void *userdata = r->userdata;

	unlink_receipt(r);
	drop_reference(r); /* the waiter's */
	done(outcome, userdata);
}

int receipt_new(struct receipt **ret, struct receipt_list *list, receipt_fn done, void *userdata,
	int64_t deadline_boot_us)
{
	struct receipt *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = (struct receipt){
		.previous = list->last,
		.list = list,
		.done = done,
		.userdata = userdata,
		.deadline_boot_us = deadline_boot_us,
		.refs = 1,
	};
	if (list->last)
		list->last->next = r;
	else
		list->first = r;
	list->last = r;
	*ret = r;
	return 0;
}

struct receipt *receipt_attach(struct receipt *r)
{
	r->refs++;
	r->pending++;
	return r;
}

void receipt_settle(struct receipt *r)
{
	assert(r->pending > 0);
	if (--r->pending == 0 && r->list)
		finish(r, RECEIPT_SAFE);
	drop_reference(r);
}

void receipt_fail(struct receipt *r)
{
	r->pending--;
	if (r->list)
		finish(r, RECEIPT_NOT_SAFE);
	drop_reference(r);
}

void receipt_cancel(struct receipt *r)
{
	if (!r)
		return;
	unlink_receipt(r);
	drop_reference(r);
}

int64_t receipt_expire(struct receipt_list *list, int64_t boot_us)
{
	while (list->first && list->first->deadline_boot_us <= boot_us)
		finish(list->first, RECEIPT_NOT_SAFE);
	return list->first ? list->first->deadline_boot_us : INT64_MAX;
}
