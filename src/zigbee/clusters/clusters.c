/*
 * A message to its row, and back what it is answered. See clusters.h.
 */
#include "zigbee/clusters/clusters.h"

#include <string.h>

#include "util/cleanup.h"

#define REPEAT_US INT64_C(30000000) /* so late a message is still sent again */
#define COUNTED_ON_MAX 16           /* messages between one and its repetition */

static const struct zcl_cluster *const rows[_CLUSTER_MAX] = {
#define CLUSTER(id) &cluster_##id,
#include "zigbee/clusters/clusters.def"
#undef CLUSTER
};

const struct zcl_cluster *cluster_row(unsigned number)
{
	return number < _CLUSTER_MAX ? rows[number] : NULL;
}

const struct zcl_cluster *cluster_find(uint16_t id)
{
	for (unsigned i = 0; i < _CLUSTER_MAX; i++)
		if (rows[i]->id == id)
			return rows[i];
	return NULL;
}

const char *cluster_note_text(enum cluster_note n)
{
	static const char *const texts[_CLUSTER_NOTE_MAX] = {
		[CLUSTER_NOTE_NONE] = "",
		[CLUSTER_NOTE_ENROLLED] = "its alarm zone is enrolled",
		[CLUSTER_NOTE_NOT_ENROLLED] = "its alarm zone does not take the enrolment",
		[CLUSTER_NOTE_CHECKED_IN] = "it has checked in",
		[CLUSTER_NOTE_REFUSED] = "it refused what was asked",
	};

	return n < _CLUSTER_NOTE_MAX ? texts[n] : "";
}

const char *cluster_outcome_text(int outcome)
{
	static const char *const texts[_CLUSTER_E_MAX] = {
		[_CLUSTER_E_OK] = "taken",
		[CLUSTER_E_MALFORMED] = "malformed",
		[CLUSTER_E_INCOMPLETE] = "taken up to something unknown",
		[CLUSTER_E_OVERFLOW] = "more readings than fit",
		[CLUSTER_E_UNKNOWN] = "of a kind not known here",
	};

	return outcome >= 0 && outcome < _CLUSTER_E_MAX ? texts[outcome] : "";
}

void cluster_restored(struct cluster_device *d)
{
	struct quirk q = quirk_find(
		d->facts[FACT_MAKER], d->facts[FACT_MODEL], d->facts[FACT_FIRMWARE]);

	d->quirks = q.flags;
	d->quirk_zone = q.zone_type;
	d->quirk_every_s = q.every_s;
}

/* ---- repetitions ---- */

/* The bytes of a frame that are the same when it is sent again. */
static size_t telling(const struct cluster_call *c)
{
	const struct cluster_message *m = c->message;

	if (!(c->frame->header.control & ZCL_OF_CLUSTER) || !c->row || c->row->tells == 0 ||
		c->frame->length < c->row->tells)
		return m->length;
	return m->length - c->frame->length + c->row->tells;
}

/* A new battery has a device count from the beginning: what it says then has a number that was had,
 * and is new all the same. One that has only come back to the network counts on. */
static bool is_repeated(const struct cluster_call *c, const struct cluster_recent *r, uint64_t hash)
{
	uint8_t on = (uint8_t)(c->message->counter - r->counter);

	return r->hash == hash && c->now.boot_us - r->boot_us <= REPEAT_US &&
	       (!r->before || (on > 0 && on <= COUNTED_ON_MAX));
}

void cluster_started(struct cluster_device *d)
{
	for (size_t i = 0; i < CLUSTER_RECENT_MAX; i++)
		d->recent[i].before = true;
}

static struct cluster_recent *next_recent(struct cluster_device *d)
{
	struct cluster_recent *r = &d->recent[d->recent_next];

	d->recent_next = (uint8_t)((d->recent_next + 1u) % CLUSTER_RECENT_MAX);
	return r;
}

void cluster_recall(struct cluster_device *d, const struct cluster_recent *recent)
{
	for (size_t i = 0; i < CLUSTER_RECENT_MAX; i++)
		if (d->recent[i].hash == recent->hash) {
			d->recent[i] = *recent;
			return;
		}
	*next_recent(d) = *recent;
}

static bool waits(const struct cluster_call *c)
{
	return zcl_wants_default(c->frame, c->message->unicast, ZCL_SUCCESS);
}

/* What tells a message from those with its number before and after: the time. A command that waits
 * for its answer may come again to a gateway that has been killed since, and where nothing was kept
 * knows nothing of it; its key is the same again for a while. known: this gateway knows that
 * number. */
static int64_t moment_of(const struct cluster_call *c, bool known)
{
	bool is_command = c->frame->header.control & ZCL_OF_CLUSTER;

	return is_command && waits(c) && !known ? c->now.utc_us / REPEAT_US : c->now.utc_us;
}

/* A device that gets no answer sends the same frame again, under the same number; whatever is new
 * has another. Both are the same message. */
static struct cluster_recent *recent_of(const struct cluster_call *c)
{
	const struct cluster_message *m = c->message;
	uint64_t hash = measure_key(m->bytes, telling(c), m->cluster, m->endpoint), key;
	struct cluster_recent *r;
	bool known = false;

	for (size_t i = 0; i < CLUSTER_RECENT_MAX; i++) {
		r = &c->device->recent[i];
		known |= r->hash == hash;
		if (!is_repeated(c, r, hash))
			continue;
		c->out->repeated = true;
		r->counter = m->counter;
		return r;
	}
	key = measure_key(NULL, 0, hash, (uint64_t)moment_of(c, known));
	r = next_recent(c->device);
	*r = (struct cluster_recent){ hash, key, c->now.boot_us, m->counter, false };
	return r;
}

/* ---- attributes ---- */

static const struct cluster_attribute *attribute_of(
	const struct zcl_cluster *row, uint16_t id, uint16_t maker)
{
	if (maker != 0 && maker != row->maker)
		return NULL; /* under its number the maker has something of its own */
	for (size_t i = 0; i < row->attribute_count; i++)
		if (row->attributes[i].id == id)
			return &row->attributes[i];
	return NULL;
}

static int attribute(const struct cluster_call *c, const struct zcl_record *record)
{
	const struct cluster_attribute *row =
		attribute_of(c->row, record->attribute, c->frame->header.maker);

	if (c->row->attribute)
		return c->row->attribute(c, record->attribute, row, &record->value);
	if (!row)
		return CLUSTER_E_UNKNOWN;
	return row->metric != METRIC_NONE ? cluster_plain(c, row, &record->value) : 0;
}

/* Of several outcomes of one frame the one that says most. */
static int worse(int a, int b)
{
	static const uint8_t rank[_CLUSTER_E_MAX] = {
		[CLUSTER_E_UNKNOWN] = 1,
		[CLUSTER_E_INCOMPLETE] = 2,
		[CLUSTER_E_MALFORMED] = 3,
		[CLUSTER_E_OVERFLOW] = 4,
	};

	return rank[b] > rank[a] ? b : a;
}

/* A string that says to be longer than the frame is: some of Aqara's do. What is there counts. */
static bool is_cut_lump(
	const struct cluster_call *c, const struct zcl_record *record, const struct zcl_records *at)
{
	return record->value.form == ZCL_FORM_TEXT && record->attribute == 0xff01 &&
	       cursor_remaining(&at->cursor) == 0 && record->value.bytes != NULL;
}

static int attributes(const struct cluster_call *c)
{
	struct zcl_records at = zcl_records(c->frame);
	struct zcl_record record;
	int outcome = 0, r;

	while ((r = zcl_next(&at, &record)) == 0)
		if (record.status == ZCL_SUCCESS)
			outcome = worse(outcome, attribute(c, &record));
	if (r == ZCL_E_CUT && is_cut_lump(c, &record, &at))
		return worse(outcome, attribute(c, &record));
	if (r == ZCL_E_CUT)
		return worse(outcome, CLUSTER_E_MALFORMED);
	return worse(outcome, r == ZCL_E_TYPE ? CLUSTER_E_INCOMPLETE : 0);
}

/* ---- what is answered ---- */

struct cluster_request *cluster_request(const struct cluster_call *c)
{
	struct cluster_request *r;

	if (c->out->request_count == CLUSTER_REQUESTS_MAX)
		return NULL;
	r = &c->out->requests[c->out->request_count];
	*r = (struct cluster_request){ .cluster = c->row ? c->row->id : c->message->cluster };
	return r;
}

void cluster_request_end(
	const struct cluster_call *c, struct cluster_request *r, const struct zcl_writer *w)
{
	ssize_t n = zcl_end(w);

	if (n < 0)
		return;
	r->length = (uint8_t)n;
	c->out->request_count++;
}

void cluster_request_read(
	const struct cluster_call *c, const uint16_t *ids, size_t count, uint16_t delay_ms)
{
	struct cluster_request *r = cluster_request(c);
	struct zcl_writer w;

	if (!r)
		return;
	r->delay_ms = delay_ms;
	w = zcl_ask(r->bytes, sizeof(r->bytes), 0, c->row->maker, ZCL_READ);
	for (size_t i = 0; i < count; i++)
		zcl_put_record(&w, &(struct zcl_record){ .attribute = ids[i] });
	cluster_request_end(c, r, &w);
}

/* We serve no attributes: who reads or writes one is told so, for each. */
static void refuse_attributes(const struct cluster_call *c)
{
	bool reads = c->frame->header.command == ZCL_READ;
	struct zcl_records at = zcl_records(c->frame);
	struct cluster_request *r = c->message->unicast ? cluster_request(c) : NULL;
	struct zcl_record record;
	struct zcl_writer w;

	if (!r)
		return;
	r->numbered = true;
	w = zcl_answer(r->bytes, sizeof(r->bytes), c->frame, 0,
		reads ? ZCL_READ_RESPONSE : ZCL_WRITE_RESPONSE);
	while (zcl_next(&at, &record) == 0)
		zcl_put_record(&w, &(struct zcl_record){ .attribute = record.attribute,
					   .status = ZCL_UNSUPPORTED_ATTRIBUTE });
	cluster_request_end(c, r, &w);
}

static void writes_answered(const struct cluster_call *c)
{
	struct zcl_records at = zcl_records(c->frame);
	struct zcl_record record;

	while (zcl_next(&at, &record) == 0) {
		if (record.status != ZCL_SUCCESS) {
			c->out->note = CLUSTER_NOTE_REFUSED;
			c->out->status = record.status;
		}
		if (c->row && c->row->wrote)
			c->row->wrote(c, record.attribute, record.status);
	}
}

static void default_response_came(const struct cluster_call *c)
{
	struct zcl_records at = zcl_records(c->frame);
	struct zcl_record record;

	if (zcl_next(&at, &record) != 0 || record.status == ZCL_SUCCESS)
		return;
	c->out->note = CLUSTER_NOTE_REFUSED;
	c->out->status = record.status;
}

/* A command that all clusters share; *ret_answered: it has had its own answer, or wants none. */
static int general(const struct cluster_call *c, bool *ret_answered)
{
	*ret_answered = true;
	switch (c->frame->header.command) {
	case ZCL_REPORT:
		*ret_answered = false;
		return c->row ? attributes(c) : CLUSTER_E_UNKNOWN;
	case ZCL_READ_RESPONSE:
		return c->row ? attributes(c) : CLUSTER_E_UNKNOWN;
	case ZCL_READ:
	case ZCL_WRITE:
	case ZCL_WRITE_UNDIVIDED:
		refuse_attributes(c);
		return 0;
	case ZCL_WRITE_RESPONSE:
		writes_answered(c);
		return 0;
	case ZCL_DEFAULT_RESPONSE:
		default_response_came(c);
		return 0;
	case ZCL_WRITE_QUIET:
	case ZCL_CONFIGURE_RESPONSE:
	case ZCL_READ_REPORTING_RESPONSE:
	case ZCL_DISCOVER_RESPONSE:
		return 0;
	default:
		*ret_answered = false;
		return CLUSTER_E_UNKNOWN;
	}
}

static uint8_t status_of(const struct cluster_call *c, int outcome)
{
	if (outcome == CLUSTER_E_MALFORMED)
		return ZCL_MALFORMED_COMMAND;
	/* a report has arrived, whatever it is about: who is told otherwise sends it again */
	if (outcome != CLUSTER_E_UNKNOWN || zcl_is_general(c->frame, ZCL_REPORT))
		return ZCL_SUCCESS;
	if (!c->row && c->frame->header.control & ZCL_OF_CLUSTER)
		return ZCL_UNSUPPORTED_CLUSTER;
	return ZCL_UNSUPPORTED_COMMAND;
}

static void answer(const struct cluster_call *c, int outcome)
{
	uint8_t status = status_of(c, outcome);
	struct cluster_request *r;
	ssize_t n;

	if (!zcl_wants_default(c->frame, c->message->unicast, status))
		return;
	r = cluster_request(c);
	if (!r)
		return;
	r->numbered = true;
	r->settles = c->out->readings->count > 0;
	n = zcl_default_response(r->bytes, sizeof(r->bytes), c->frame, status);
	if (n < 0)
		return;
	r->length = (uint8_t)n;
	c->out->request_count++;
}

static bool has_answer(const struct cluster_call *c)
{
	for (unsigned i = 0; i < c->out->request_count; i++)
		if (c->out->requests[i].numbered)
			return true;
	return false;
}

/* ---- the two calls ---- */

static void clear(struct cluster_result *out, struct decoded *readings)
{
	readings->count = 0;
	readings->overflow = false;
	out->readings = readings;
	out->request_count = 0;
	out->note = CLUSTER_NOTE_NONE;
	out->status = 0;
	out->keep = NULL;
	out->repeated = out->event = out->facts_changed = out->memory_changed = false;
	out->battery_percent = -1;
}

int cluster_heard(struct cluster_device *d, const struct cluster_message *m,
	const struct decode_time *now, struct decoded *readings, struct cluster_result *out)
{
	struct cluster_call c = {
		.device = d, .now = *now, .row = cluster_find(m->cluster), .message = m, .out = out
	};
	const struct cluster_recent *recent;
	struct zcl_frame frame;
	bool answered = false;
	int outcome;

	clear(out, readings);
	if (zcl_read_frame(&frame, m->bytes, m->length) < 0)
		return CLUSTER_E_MALFORMED;
	c.frame = &frame;
	recent = recent_of(&c);
	c.key = recent->key;
	if (waits(&c))
		out->keep = recent;
	if (!(frame.header.control & ZCL_OF_CLUSTER))
		outcome = general(&c, &answered);
	else
		outcome = c.row && c.row->command ? c.row->command(&c) : CLUSTER_E_UNKNOWN;
	if (c.row && c.row->ended)
		outcome = worse(outcome, c.row->ended(&c));
	if (readings->overflow)
		outcome = CLUSTER_E_OVERFLOW;
	if (!answered && !has_answer(&c))
		answer(&c, outcome);
	return outcome;
}

int cluster_begin(struct cluster_device *d, uint16_t cluster, uint8_t endpoint, uint8_t instance,
	const struct decode_time *now, struct decoded *readings, struct cluster_result *out)
{
	struct cluster_message m = {
		.cluster = cluster, .endpoint = endpoint, .instance = instance
	};
	struct cluster_call c = {
		.device = d, .now = *now, .row = cluster_find(cluster), .message = &m, .out = out
	};

	clear(out, readings);
	if (!c.row)
		return CLUSTER_E_UNKNOWN;
	return c.row->begin ? c.row->begin(&c) : 0;
}
