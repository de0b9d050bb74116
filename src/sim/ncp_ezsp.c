/* The NCP's frames: headers, versions, who answers a command, and what the host is told unasked.
 * See ncp.h. */
#include "sim/ncp.h"

#include <errno.h>
#include <string.h>

#define FRAME_MAX_13 202 /* newer firmware has NCP_DATA_MAX */
#define ASYNC 0x90
#define RESPONSE 0x80
#define OVERFLOW 0x01
#define EXTENDED 0x01

#define ID_VERSION 0x0000
#define ID_STACK_STATUS 0x0019
#define ID_INVALID 0x0058

static const struct {
	uint8_t narrow;
	uint32_t wide;
} statuses[_NCP_STATUS_MAX] = {
	[NCP_OK] = { 0x00, 0x00 },
	[NCP_BAD_ARGUMENT] = { 0x02, 0x21 },
	[NCP_NO_BUFFERS] = { 0x18, 0x19 },
	[NCP_DELIVERY_FAILED] = { 0x66, 0x0c02 },
	[NCP_INVALID_CALL] = { 0x70, 0x02 },
	[NCP_MAX_MESSAGES] = { 0x72, 0x0c03 },
	[NCP_TOO_LONG] = { 0x74, 0x38 },
	[NCP_NETWORK_UP] = { 0x90, 0x15 },
	[NCP_NETWORK_DOWN] = { 0x91, 0x16 },
	[NCP_NOT_JOINED] = { 0x93, 0x17 },
	[NCP_CHANNEL_CHANGED] = { 0x9b, 0x0c17 },
	[NCP_OPENED] = { 0x9c, 0x0c18 },
	[NCP_CLOSED] = { 0x9d, 0x0c19 },
	[NCP_BUSY] = { 0xa1, 0x04 },
	[NCP_NO_SECURITY] = { 0xa8, 0x02 },
	[NCP_INDEX] = { 0xb1, 0x27 },
	[NCP_NOT_FOUND] = { 0xb2, 0x1d },
	[NCP_EZSP_VALUE] = { 0x36, 0x21 },
	[NCP_EZSP_ID] = { 0x37, 0x21 },
	[NCP_EZSP_CALL] = { 0x38, 0x02 },
};

void ncp_put_wide(struct octets *o, enum ncp_status s)
{
	octets_le(o, statuses[s].wide, 4);
}

void ncp_put_status(const struct ncp *n, struct octets *o, enum ncp_status s)
{
	if (ncp_wide(n))
		ncp_put_wide(o, s);
	else
		octets_u8(o, statuses[s].narrow);
}

static size_t frame_max(const struct ncp *n)
{
	return ncp_wide(n) ? NCP_DATA_MAX : FRAME_MAX_13;
}

/* Real firmware adds bytes behind the last field now and then. */
static void put_trailing(const struct ncp *n, struct octets *o)
{
	for (unsigned i = 0; i < n->options.trailing && o->n < frame_max(n); i++)
		octets_u8(o, 2 + i);
}

/* ---- what it says unasked */

static bool overflow(struct ncp *n, const char **why, const char *reason)
{
	if (why)
		*why = reason;
	if (n->ash.state == NCP_ASH_CONNECTED && n->version_set && !n->overflow) {
		n->overflow = true;
		n->air->event(n->arg, "callbacks-lost", 0);
	}
	return false;
}

bool ncp_emit(struct ncp *n, uint16_t id, const struct octets *body, void *tag, const char **why)
{
	struct octets o = { 0 };

	if (n->ash.state != NCP_ASH_CONNECTED || !n->version_set) {
		if (why)
			*why = n->ash.state == NCP_ASH_OFF      ? "ncp-off"
			       : n->ash.state == NCP_ASH_FAILED ? "ncp-failed"
								: "no-host";
		return false;
	}
	if (n->faults.lose_callbacks) {
		n->faults.lose_callbacks--;
		return overflow(n, why, "overflow");
	}
	octets_u8(&o, n->sequence);
	octets_u8(&o, ASYNC | (n->overflow ? OVERFLOW : 0));
	octets_u8(&o, EXTENDED);
	octets_le(&o, id, 2);
	octets_bytes(&o, body->at, body->n);
	put_trailing(n, &o);
	if (o.n > frame_max(n)) {
		if (why)
			*why = "too-long";
		return false;
	}
	if (!ncp_ash_callback(&n->ash, o.at, o.n, tag))
		return overflow(n, why, "overflow");
	return true;
}

void ncp_strange(struct ncp *n, uint16_t id)
{
	struct octets o = { 0 };

	octets_le(&o, 0x01020304, 4);
	(void)ncp_emit(n, id, &o, NULL, NULL);
}

void ncp_stack_status(struct ncp *n, enum ncp_status s)
{
	struct octets o = { 0 };

	ncp_put_status(n, &o, s);
	(void)ncp_emit(n, ID_STACK_STATUS, &o, NULL, NULL);
}

/* ---- commands and their answers */

struct heading {
	uint8_t sequence;
	uint16_t id;
	bool extended, middle; /* middle: versions 5 to 7, FF 00 before the id */
};

static bool read_heading(struct cursor *in, struct heading *h)
{
	const uint8_t *p = in->at;
	size_t n = cursor_remaining(in);

	h->sequence = cursor_u8(in);
	cursor_skip(in, 1);
	if (n >= 5 && p[2] == 0xff) {
		h->middle = true;
		cursor_skip(in, 2);
		h->id = cursor_u8(in);
	} else if (n >= 5 && (p[2] & 3) == EXTENDED) {
		h->extended = true;
		cursor_skip(in, 1);
		h->id = cursor_le16(in);
	} else
		h->id = cursor_u8(in);
	return !in->failed && !(p[1] & RESPONSE);
}

static void begin_answer(struct ncp *n, struct octets *o, const struct heading *h, uint16_t id)
{
	octets_u8(o, h->sequence);
	octets_u8(o, RESPONSE | (n->overflow ? OVERFLOW : 0));
	if (h->extended) {
		octets_u8(o, EXTENDED);
		octets_le(o, id, 2);
	} else {
		if (h->middle)
			octets_le(o, 0x00ff, 2);
		octets_u8(o, id);
	}
}

static void answer_invalid(struct ncp *n, struct octets *o, const struct heading *h, uint8_t reason)
{
	o->n = 0;
	begin_answer(n, o, h, ID_INVALID);
	octets_u8(o, reason);
	n->air->event(n->arg, "invalid-command", h->id);
}

static const struct ncp_command *find(const struct ncp *n, uint16_t id)
{
	static const struct ncp_command *const tables[] = { ncp_config_commands,
		ncp_network_commands, ncp_key_commands, ncp_message_commands };

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct ncp_command *c = tables[t]; c->fn; c++)
			if (c->id == id && n->options.version >= c->from &&
				(!c->to || n->options.version <= c->to))
				return c;
	return NULL;
}

/* The first frame after a reset, in the oldest format, and again in its own when the host wanted
 * another version (2.2 of the facts). */
static void on_version(struct ncp *n, const struct heading *h, struct cursor *in, struct octets *o)
{
	uint8_t wanted = cursor_u8(in);

	n->version_set = wanted == n->options.version || n->version_set;
	octets_u8(o, n->options.version);
	octets_u8(o, 2); /* a mesh */
	octets_le(o, n->options.stack, 2);
}

static uint8_t refusal(struct ncp *n, const struct heading *h, const struct ncp_command *c,
	const struct cursor *in)
{
	if (n->faults.refuse && (!n->faults.refuse_id || n->faults.refuse_id == h->id)) {
		n->faults.refuse--;
		return n->faults.refuse_reason;
	}
	if (!n->version_set)
		return NCP_NO_VERSION;
	if (!c || !h->extended)
		return NCP_NO_SUCH_FRAME;
	return cursor_remaining(in) < c->least ? NCP_TRUNCATED : 0;
}

static void on_late(void *arg)
{
	struct ncp *n = arg;

	(void)ncp_ash_respond(&n->ash, n->late.at, n->late.n);
	n->air->event(n->arg, "late-answer", n->late.at[0]);
}

static void answer(struct ncp *n, const struct octets *o)
{
	if (n->faults.dumb)
		return;
	if (n->faults.late && !n->late_timer.place) {
		n->faults.late--;
		n->late = *o;
		sble_timer_arm(n->timers, &n->late_timer, n->now_us + n->faults.late_us);
		return;
	}
	n->overflow = false;
	(void)ncp_ash_respond(&n->ash, o->at, o->n);
}

void ncp_frame(struct ncp *n, const uint8_t *p, size_t length)
{
	struct cursor in = cursor_init(p, length);
	struct heading h = { 0 };
	struct octets o = { 0 };
	const struct ncp_command *c;
	uint8_t reason;

	if (!read_heading(&in, &h))
		return;
	n->sequence = h.sequence;
	n->air->command(n->arg, h.id);
	begin_answer(n, &o, &h, h.id);
	if (h.id == ID_VERSION && cursor_remaining(&in)) {
		on_version(n, &h, &in, &o);
		answer(n, &o);
		return;
	}
	c = find(n, h.id);
	reason = refusal(n, &h, c, &in);
	if (!reason) {
		c->fn(n, &in, &o);
		if (in.failed)
			reason = NCP_TRUNCATED;
		else
			put_trailing(n, &o);
	}
	if (reason)
		answer_invalid(n, &o, &h, reason);
	answer(n, &o);
}

/* ---- life */

static void on_ash_frame(void *arg, const uint8_t *p, size_t n)
{
	ncp_frame(arg, p, n);
}

static void on_ash_reset(void *arg)
{
	struct ncp *n = arg;

	ncp_reset(n, NCP_BY_SOFTWARE, n->now_us);
}

static void on_ash_failed(void *arg, uint8_t code)
{
	struct ncp *n = arg;

	n->air->event(n->arg, "failed", code);
}

static void on_ash_sent(void *arg, void *tag)
{
	struct ncp *n = arg;

	n->air->sent(n->arg, tag);
}

static void on_ash_acked(void *arg, void *tag)
{
	struct ncp *n = arg;

	n->air->acked(n->arg, tag);
}

static void on_ash_lost(void *arg, void *tag, const char *why)
{
	struct ncp *n = arg;

	n->air->lost(n->arg, tag, why);
}

static void on_ash_wire(void *arg, uint8_t control, const uint8_t *p, size_t count)
{
	struct ncp *n = arg;

	n->air->wire(n->arg, control, p, count);
}

static const struct ncp_ash_ops ash_ops = {
	.wire = on_ash_wire,
	.frame = on_ash_frame,
	.reset = on_ash_reset,
	.failed = on_ash_failed,
	.sent = on_ash_sent,
	.acked = on_ash_acked,
	.lost = on_ash_lost,
};

static void on_boot(void *arg)
{
	struct ncp *n = arg;

	n->air->event(n->arg, "boot", n->reason);
	ncp_ash_boot(&n->ash, n->reason);
}

int ncp_init(struct ncp *n, const struct ncp_options *o, const struct ncp_air *air, void *arg,
	struct sble_timers *timers, uint64_t seed)
{
	*n = (struct ncp){ .options = *o, .air = air, .arg = arg, .timers = timers };
	n->rng = rng_fork(seed, 0x6e6370);
	n->boot_timer = (struct sble_timer){ .fn = on_boot, .arg = n };
	n->late_timer = (struct sble_timer){ .fn = on_late, .arg = n };
	return ncp_ash_init(&n->ash, &ash_ops, n, o->window, o->queue);
}

void ncp_done(struct ncp *n)
{
	ncp_power_off(n);
	ncp_ash_done(&n->ash);
}

void ncp_power_off(struct ncp *n)
{
	ncp_ash_off(&n->ash, "reset");
	sble_timer_stop(n->timers, &n->boot_timer);
	sble_timer_stop(n->timers, &n->late_timer);
	n->version_set = n->overflow = false;
	n->sequence = 0;
	ncp_config_reset(n);
	ncp_network_reset(n);
}

void ncp_power_on(struct ncp *n, int64_t now_us)
{
	n->now_us = now_us;
	ncp_power_off(n);
	n->reason = NCP_BY_POWER_ON;
	on_boot(n);
}

void ncp_reset(struct ncp *n, uint8_t reason, int64_t now_us)
{
	n->now_us = now_us;
	ncp_power_off(n);
	n->reason = reason;
	n->air->event(n->arg, "reset", reason);
	sble_timer_arm(n->timers, &n->boot_timer, now_us + n->options.boot_us);
}
