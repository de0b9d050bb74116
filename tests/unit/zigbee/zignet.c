/*
 * The driver's side of a network under test: see zignet.h.
 */
#include <errno.h>

#include "unit/zigbee/zignet.h"

static int on_send(struct network *n, const uint8_t *frame, size_t length, int64_t now_us)
{
	struct zignet *z = (struct zignet *)n;

	if (z->deaf)
		return -ENOBUFS;
	zignet_ncp_take(&z->ncp, frame, length);
	return 0;
}

static void on_reset(struct network *n, int64_t now_us)
{
	struct zignet *z = (struct zignet *)n;

	z->resets++;
	zignet_ncp_boot(&z->ncp);
	z->boots = true;
}

static int on_random(struct network *n, uint8_t *to, size_t size)
{
	struct zignet *z = (struct zignet *)n;

	for (size_t i = 0; i < size; i++)
		to[i] = ++z->random;
	return z->random_error;
}

static int on_keep(struct network *n, const struct netstate *s, int64_t now_us)
{
	struct zignet *z = (struct zignet *)n;

	assert_true(netstate_valid(s));
	z->kept = *s;
	z->keeps++;
	return z->keep_result;
}

static void on_notice(struct network *n, const struct network_notice *notice, int64_t now_us)
{
	struct zignet *z = (struct zignet *)n;
	unsigned at = z->notice_count++ % 256;

	z->notices[at] = *notice;
	snprintf(z->texts[at], sizeof(z->texts[at]), "%s", notice->text);
	if (z->stop_on_up && notice->kind == NETWORK_NOTICE_UP)
		network_stop(n, now_us);
}

static void on_heard(struct network *n, const struct zigbee_heard *h, int64_t now_us)
{
	struct zignet *z = (struct zignet *)n;

	z->heard = *h;
	assert_true(h->length <= sizeof(z->heard_bytes));
	memcpy(z->heard_bytes, h->bytes, h->length);
	z->heard_count++;
}

static void on_fate(struct network *n, uint32_t ticket, enum zigbee_fate fate, int64_t now_us)
{
	struct zignet *z = (struct zignet *)n;

	z->tickets[z->fate_count % 256] = ticket;
	z->fates[z->fate_count++ % 256] = fate;
	if (z->stop_on_fate)
		network_stop(n, now_us);
}

static const struct network_ops ops = {
	.send = on_send,
	.reset = on_reset,
	.random = on_random,
	.keep = on_keep,
	.notice = on_notice,
	.heard = on_heard,
	.fate = on_fate,
};

struct zignet *zignet_new(unsigned version, const struct network_config *config)
{
	const struct network_config usual = { 0 };
	struct zignet *z = calloc(1, sizeof(*z));

	assert_non_null(z);
	z->now_us = 1000 * ZIGNET_S;
	z->command_us = 1000;
	zignet_ncp_init(&z->ncp, version);
	network_init(&z->n, &ops, config ? config : &usual);
	return z;
}

void zignet_free(struct zignet *z)
{
	network_wipe(&z->n);
	free(z);
}

struct netstate zignet_state(const struct zignet_ncp *ncp)
{
	struct netstate s = { .generation = 7,
		.eui64 = ncp->eui64,
		.extended_pan = 0x00124b0009d69f77,
		.pan = 0x1a62,
		.channel = 15,
		.counter = 40000,
		.formed = true };

	memset(s.network_key, 0x4b, 16);
	memset(s.link_key, 0x7c, 16);
	return s;
}

struct zignet *zignet_up(unsigned version, const struct network_config *config)
{
	struct zignet *z = zignet_new(version, config);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	return z;
}

bool zignet_step(struct zignet *z)
{
	struct zignet_ncp *ncp = &z->ncp;
	uint8_t *copy;
	unsigned at;

	if (z->boots) {
		z->boots = false;
		network_link_up(&z->n, z->now_us);
	}
	if (ncp->out_count == 0)
		return false;
	at = ncp->out_first;
	ncp->out_first = (at + 1) % ZIGNET_OUT_MAX;
	ncp->out_count--;
	if (!(ncp->out[at][1] & 0x10))
		z->now_us += z->command_us;
	/* of its own length, so that a read past the end shows */
	copy = malloc(ncp->lengths[at]);
	assert_non_null(copy);
	memcpy(copy, ncp->out[at], ncp->lengths[at]);
	network_receive(&z->n, copy, ncp->lengths[at], z->now_us);
	free(copy);
	return true;
}

void zignet_run(struct zignet *z)
{
	while (zignet_step(z))
		;
}

void zignet_pass(struct zignet *z, int64_t us)
{
	int64_t end_us = z->now_us + us;
	unsigned idle = 0;

	zignet_run(z);
	while (network_deadline(&z->n) <= end_us) {
		int64_t at_us = network_deadline(&z->n);

		/* a deadline that stays in the past would keep the driver busy */
		idle = at_us > z->now_us ? 0 : idle + 1;
		assert_true(idle < 100);
		if (at_us > z->now_us)
			z->now_us = at_us;
		network_tick(&z->n, z->now_us);
		zignet_run(z);
	}
	if (z->now_us < end_us)
		z->now_us = end_us;
}

void zignet_start(struct zignet *z)
{
	network_begin(&z->n, z->now_us);
	zignet_run(z);
}

const struct network_notice *zignet_notice(const struct zignet *z, enum network_kind kind)
{
	assert_true(z->notice_count <= 256);
	for (unsigned i = z->notice_count; i-- > 0;)
		if (z->notices[i].kind == kind)
			return &z->notices[i];
	return NULL;
}

unsigned zignet_notices(const struct zignet *z, enum network_kind kind)
{
	unsigned n = 0;

	assert_true(z->notice_count <= 256);
	for (unsigned i = 0; i < z->notice_count; i++)
		n += z->notices[i].kind == kind;
	return n;
}

const char *zignet_text(const struct zignet *z, enum network_kind kind)
{
	const struct network_notice *notice = zignet_notice(z, kind);

	return notice ? z->texts[notice - z->notices] : "";
}
