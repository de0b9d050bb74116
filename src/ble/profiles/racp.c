/*
 * Operation codes and operators of the Record Access Control Point (GLS 3.4,
 * CGMS 3.9, PLXS 3.4). See racp.h.
 */
#include "ble/profiles/racp.h"

#define OP_REPORT 1
#define OP_DELETE 2
#define OP_ABORT 3
#define OP_COUNT 4
#define OP_COUNT_RESPONSE 5
#define OP_RESPONSE 6

#define OPERATOR_NULL 0
#define OPERATOR_ALL 1
#define OPERATOR_UP_TO 2
#define OPERATOR_FROM 3

#define FILTER_RECORD 1 /* by sequence number or time offset, as the service has it */

#define RESPONSE_SUCCESS 1
#define RESPONSE_NO_RECORDS 6
#define RESPONSE_ABORT_UNSUCCESSFUL 7
#define RESPONSE_NOT_COMPLETED 8

/* Codes of the services themselves, and those that the core specification took over. */
#define ATT_BUSY_OLD 0x80
#define ATT_BUSY 0xfe

/* As long as ATT waits for a confirmation; from the last sign of life. */
#define PATIENCE_US INT64_C(30000000)

static void start(const struct profile_call *c, struct racp *r, enum racp_doing doing,
	const uint8_t *bytes, size_t n)
{
	if (!profile_write(c, RACP_CHARACTERISTIC, bytes, n))
		return;
	r->doing = (uint8_t)doing;
	*c->deadline_us = c->now.boot_us + PATIENCE_US;
}

static void start_report(
	const struct profile_call *c, struct racp *r, const uint8_t *bytes, size_t n)
{
	/* what came before goes on being waited for */
	r->complete = r->any = false;
	r->received = 0;
	r->last = 0;
	start(c, r, RACP_REPORTING, bytes, n);
}

void racp_report_all(const struct profile_call *c, struct racp *r)
{
	start_report(c, r, (const uint8_t[]){ OP_REPORT, OPERATOR_ALL }, 2);
}

void racp_report_from(const struct profile_call *c, struct racp *r, uint16_t record)
{
	start_report(c, r,
		(const uint8_t[]){ OP_REPORT, OPERATOR_FROM, FILTER_RECORD, record & 0xff,
			(uint8_t)(record >> 8) },
		5);
}

void racp_count(const struct profile_call *c, struct racp *r)
{
	start(c, r, RACP_COUNTING, (const uint8_t[]){ OP_COUNT, OPERATOR_ALL }, 2);
}

void racp_delete_all(const struct profile_call *c, struct racp *r)
{
	start(c, r, RACP_DELETING, (const uint8_t[]){ OP_DELETE, OPERATOR_ALL }, 2);
}

void racp_delete_to(const struct profile_call *c, struct racp *r, uint16_t record)
{
	start(c, r, RACP_DELETING,
		(const uint8_t[]){ OP_DELETE, OPERATOR_UP_TO, FILTER_RECORD, record & 0xff,
			(uint8_t)(record >> 8) },
		5);
}

static enum racp_event finish(const struct profile_call *c, struct racp *r, enum racp_event e)
{
	r->doing = RACP_IDLE;
	*c->deadline_us = PROFILE_NEVER;
	return e;
}

static enum racp_event answered(
	const struct profile_call *c, struct racp *r, uint8_t op, uint8_t response)
{
	enum racp_doing doing = (enum racp_doing)r->doing;

	if (op == OP_ABORT)
		return doing != RACP_ABORTING                    ? RACP_NOTHING
		       : response == RESPONSE_ABORT_UNSUCCESSFUL ? finish(c, r, RACP_FAILED)
								 : finish(c, r, RACP_ABORTED);
	/* of something that was not asked, or not any more */
	if (!((op == OP_REPORT && doing == RACP_REPORTING) ||
		    (op == OP_DELETE && doing == RACP_DELETING) ||
		    (op == OP_COUNT && doing == RACP_COUNTING)))
		return RACP_NOTHING;
	switch (response) {
	case RESPONSE_SUCCESS:
	case RESPONSE_NO_RECORDS: /* to report, or left to delete; a count of them has its own */
		if (doing == RACP_REPORTING)
			r->complete = true;
		return finish(c, r,
			doing == RACP_REPORTING  ? RACP_REPORTED
			: doing == RACP_DELETING ? RACP_DELETED
						 : RACP_FAILED);
	case RESPONSE_ABORT_UNSUCCESSFUL:
	case RESPONSE_NOT_COMPLETED:
		return finish(c, r, RACP_FAILED);
	default: /* an operation, operator or operand that it does not have */
		return finish(c, r, RACP_REFUSED);
	}
}

enum racp_event racp_heard(const struct profile_call *c, struct racp *r,
	const struct profile_value *v, uint16_t *ret_count)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	uint8_t op = cursor_u8(&cur), operator_ = cursor_u8(&cur);
	uint16_t operand = cursor_le16(&cur);

	if (cursor_done(&cur) < 0 || operator_ != OPERATOR_NULL)
		return RACP_MALFORMED;
	switch (op) {
	case OP_COUNT_RESPONSE:
		if (r->doing != RACP_COUNTING)
			return RACP_NOTHING;
		*ret_count = operand;
		return finish(c, r, RACP_COUNTED);
	case OP_RESPONSE:
		return answered(c, r, operand & 0xff, (uint8_t)(operand >> 8));
	default:
		return RACP_MALFORMED;
	}
}

enum racp_event racp_wrote(const struct profile_call *c, struct racp *r, uint8_t att_error)
{
	if (att_error == 0 || r->doing == RACP_IDLE)
		return RACP_NOTHING;
	return finish(
		c, r, att_error == ATT_BUSY || att_error == ATT_BUSY_OLD ? RACP_BUSY : RACP_FAILED);
}

enum racp_event racp_tick(const struct profile_call *c, struct racp *r)
{
	*c->deadline_us = PROFILE_NEVER;
	if (r->doing == RACP_IDLE)
		return RACP_NOTHING;
	if (r->doing == RACP_ABORTING)
		return finish(c, r, RACP_TIMED_OUT);
	start(c, r, RACP_ABORTING, (const uint8_t[]){ OP_ABORT, OPERATOR_NULL }, 2);
	return RACP_NOTHING;
}

void racp_record(const struct profile_call *c, struct racp *r, uint16_t record)
{
	c->out->ask_safe = true;
	c->out->cookie = record;
	r->received++;
	r->pending++;
	if (!r->any || record > r->last)
		r->last = record;
	r->any = true;
	if (r->doing == RACP_REPORTING)
		*c->deadline_us = c->now.boot_us + PATIENCE_US;
}

void racp_unreadable(const struct profile_call *c, struct racp *r)
{
	r->broken = true;
	if (r->doing == RACP_REPORTING)
		*c->deadline_us = c->now.boot_us + PATIENCE_US;
}

bool racp_all_safe(const struct racp *r)
{
	return r->complete && r->pending == 0 && !r->broken;
}

bool racp_safe(struct racp *r, bool is_safe)
{
	if (r->pending > 0)
		r->pending--;
	if (!is_safe)
		r->broken = true;
	return racp_all_safe(r);
}

static enum profile_note note_of(enum racp_event e)
{
	switch (e) {
	case RACP_REPORTED:
		return PROFILE_NOTE_STORED_DONE;
	case RACP_DELETED:
		return PROFILE_NOTE_STORED_DELETED;
	case RACP_REFUSED:
		return PROFILE_NOTE_STORED_REFUSED;
	case RACP_FAILED:
		return PROFILE_NOTE_STORED_FAILED;
	case RACP_ABORTED:
		return PROFILE_NOTE_STORED_ABORTED;
	case RACP_BUSY:
		return PROFILE_NOTE_STORED_BUSY;
	case RACP_TIMED_OUT:
		return PROFILE_NOTE_STORED_TIMEOUT;
	case RACP_NOTHING:
	case RACP_COUNTED:
	case RACP_MALFORMED:
		break;
	}
	return PROFILE_NOTE_NONE;
}

int racp_told(const struct profile_call *c, enum racp_event e)
{
	c->out->note = (uint8_t)note_of(e);
	return e == RACP_MALFORMED ? PROFILE_E_MALFORMED : 0;
}
