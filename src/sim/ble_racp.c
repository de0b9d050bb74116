/* See ble_racp.h. */
#include "sim/ble_racp.h"

#include <stdlib.h>

#define REPORT 1
#define DELETE 2
#define ABORT 3
#define COUNT 4
#define COUNT_RESPONSE 5
#define RESPONSE 6

#define SUCCESS 1
#define OPCODE_NOT_SUPPORTED 2
#define INVALID_OPERATOR 3
#define OPERATOR_NOT_SUPPORTED 4
#define INVALID_OPERAND 5
#define NO_RECORDS 6
#define ABORT_UNSUCCESSFUL 7
#define OPERAND_NOT_SUPPORTED 9

#define AT_ONCE 4      /* records in one turn */
#define PAUSE_US 10000 /* between turns, as a connection interval would have it */

struct sble_record *sble_record_add(struct sble_device *d)
{
	if (!d->records)
		d->records = calloc(SBLE_RECORDS_MAX, sizeof(*d->records));
	if (!d->records)
		return NULL;
	if (d->record_count == SBLE_RECORDS_MAX)
		memmove(d->records, d->records + 1, --d->record_count * sizeof(*d->records));
	d->records[d->record_count] = (struct sble_record){ 0 };
	return &d->records[d->record_count++];
}

uint8_t sble_racp_write(struct sble_device *d, const uint8_t *p, size_t n)
{
	if (!sble_att_subscribed(&d->link.att, SBLE_RACP, true))
		return ATT_CCCD_IMPROPER;
	if (!n || n > 20)
		return ATT_INVALID_LENGTH;
	if (p[0] == ABORT) {
		d->aborted = true;
	} else if (d->serving || d->racp.n) {
		return ATT_IN_PROGRESS;
	} else {
		d->racp.n = 0;
		octets_bytes(&d->racp, p, n);
	}
	sble_link_turn(d);
	return 0;
}

static void answer(struct sble_device *d, unsigned opcode, unsigned a, unsigned b)
{
	struct sble_message *m = sble_message_new(d, SBLE_RACP, SBLE_INDICATION);

	if (!m)
		return;
	octets_u8(&m->bytes, opcode);
	octets_u8(&m->bytes, 0);
	octets_u8(&m->bytes, a);
	octets_u8(&m->bytes, b);
	sble_device_say(d, m);
}

/* The numbers that operator and operand mean. Returns SUCCESS or why not. */
static unsigned take_filter(const struct sble_device *d, uint16_t *from, uint16_t *to)
{
	const uint8_t *p = d->racp.at;
	size_t n = d->racp.n;
	uint16_t a = n >= 5 ? (uint16_t)(p[3] | p[4] << 8) : 0;

	*from = 0;
	*to = UINT16_MAX;
	if (n < 2 || p[1] > 6)
		return n < 2 ? INVALID_OPERATOR : OPERATOR_NOT_SUPPORTED;
	if (!p[1])
		return INVALID_OPERATOR;
	if (p[1] >= 2 && p[1] <= 4) {
		if (n < 5 || n != (p[1] == 4 ? 7u : 5u))
			return INVALID_OPERAND;
		if (p[2] != 1)
			return OPERAND_NOT_SUPPORTED;
		if (p[1] == 2)
			*to = a;
		else
			*from = a;
		if (p[1] == 4)
			*to = (uint16_t)(p[5] | p[6] << 8);
		return *from > *to ? INVALID_OPERAND : SUCCESS;
	}
	if (n != 2)
		return INVALID_OPERAND;
	if (p[1] >= 5 && d->record_count)
		*from = *to = d->records[p[1] == 5 ? 0 : d->record_count - 1].sequence;
	return SUCCESS;
}

static size_t count(const struct sble_device *d, uint16_t from, uint16_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < d->record_count; i++)
		n += d->records[i].sequence >= from && d->records[i].sequence <= to;
	return n;
}

static void delete (struct sble_device *d, uint16_t from, uint16_t to)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->record_count; i++)
		if (d->records[i].sequence < from || d->records[i].sequence > to)
			d->records[kept++] = d->records[i];
	sble_log_event(d->ble->log, "deleted", d->config->name,
		"\"records\":%zu,\"from\":%u,\"to\":%u", d->record_count - kept, from, to);
	d->record_count = kept;
}

static void begin(struct sble_device *d)
{
	uint8_t opcode = d->racp.at[0];
	uint16_t from, to;
	unsigned r = take_filter(d, &from, &to);
	size_t n = r == SUCCESS ? count(d, from, to) : 0;

	d->racp.n = 0;
	if (opcode != REPORT && opcode != DELETE && opcode != COUNT)
		r = OPCODE_NOT_SUPPORTED;
	else if (r == SUCCESS && !n && opcode != COUNT)
		r = NO_RECORDS;
	if (r != SUCCESS) {
		answer(d, RESPONSE, opcode, r);
	} else if (opcode == COUNT) {
		answer(d, COUNT_RESPONSE, n & 0xff, (unsigned)n >> 8);
	} else if (opcode == DELETE) {
		delete (d, from, to);
		answer(d, RESPONSE, opcode, SUCCESS);
	} else {
		d->serving = true;
		d->serve_next = from;
		d->serve_to = to;
	}
}

/* The first that is due; NULL: all are told. */
static struct sble_record *next_record(struct sble_device *d)
{
	for (size_t i = 0; i < d->record_count; i++)
		if (d->records[i].sequence >= d->serve_next &&
			d->records[i].sequence <= d->serve_to)
			return &d->records[i];
	return NULL;
}

void sble_racp_serve(struct sble_device *d, sble_tell_fn tell)
{
	if (d->aborted) {
		d->aborted = false;
		answer(d, RESPONSE, ABORT, d->serving ? SUCCESS : ABORT_UNSUCCESSFUL);
		d->serving = false;
	}
	if (d->racp.n && !d->serving)
		begin(d);
	for (int i = 0; d->serving && i < AT_ONCE; i++) {
		struct sble_record *r = next_record(d);

		if (!r) {
			d->serving = false;
			answer(d, RESPONSE, REPORT, SUCCESS);
			return;
		}
		d->serve_next = r->sequence + 1u;
		tell(d, r);
		if (!d->link.adapter)
			return; /* a rule has ended it */
	}
	if (d->serving)
		sble_timer_arm(&d->ble->timers, &d->link.turn,
			sble_now(d->ble) + sble_real(d->ble, PAUSE_US));
}
