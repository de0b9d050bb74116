/*
 * A new network's channel, numbers and keys; and whether the radio's network is
 * the one that is kept. See network_private.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "zigbee/network_private.h"

/* Between and beyond the channels 1, 6 and 11 that Wi-Fi uses most, the preferred one first. Not
 * 26: many devices send weakly there, or not at all. */
static const uint8_t channels[] = { 15, 20, 25, 11 };
#define ALIKE_DB 3 /* a difference that says nothing */

/* ---- choosing ---- */

uint32_t network_scan_mask(void)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		mask |= UINT32_C(1) << channels[i];
	return mask;
}

void network_scan_result(struct network *n, const struct ezsp_values *v)
{
	if (n->step != STEP_SCAN || v->channel >= ARRAY_SIZE(n->energy))
		return;
	if (!n->measured[v->channel] || v->rssi > n->energy[v->channel])
		n->energy[v->channel] = v->rssi;
	n->measured[v->channel] = true;
}

/* A PAN that another network has there, too, would have to be given up later. */
void network_found(struct network *n, const struct ezsp_values *v)
{
	if (n->step != STEP_LOOK || n->pan_count == NETWORK_PANS_MAX)
		return;
	n->pans[n->pan_count++] = v->pan;
}

static bool is_taken(const struct network *n, uint16_t pan)
{
	for (unsigned i = 0; i < n->pan_count; i++)
		if (n->pans[i] == pan)
			return true;
	return false;
}

uint8_t network_quietest(const struct network *n, char *why, size_t size)
{
	struct text t = text_init(why, size);
	uint8_t best = 0;

	if (n->config.channel != 0) {
		text_printf(&t, "channel %u, as configured", n->config.channel);
		(void)text_done(&t);
		return n->config.channel;
	}
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		if (n->measured[channels[i]] &&
			(best == 0 || n->energy[channels[i]] + ALIKE_DB <= n->energy[best]))
			best = channels[i];
	if (best == 0) {
		text_printf(&t, "channel %u, as the radio could not measure which is the quietest",
			channels[0]);
		(void)text_done(&t);
		return channels[0];
	}
	text_printf(&t, "channel %u, the quietest of", best);
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		if (n->measured[channels[i]])
			text_printf(&t, " %u (%d dBm)", channels[i], n->energy[channels[i]]);
	(void)text_done(&t);
	return best;
}

static int random_number(struct network *n, size_t size, uint64_t *ret)
{
	uint8_t bytes[8];
	int r = n->ops->random(n, bytes, size);

	*ret = 0;
	for (size_t i = 0; i < size; i++)
		*ret = *ret << 8 | bytes[i];
	return r;
}

int network_make(struct network *n, uint8_t channel)
{
	struct netstate s = {
		.generation = n->net.generation, .eui64 = n->eui64, .channel = channel
	};
	uint64_t pan = 0;
	int r;

	r = random_number(n, 8, &s.extended_pan);
	if (r == 0)
		r = random_number(n, 2, &pan);
	/* FFFE and FFFF mean none; 0 and 1 are what others choose who do not draw lots */
	s.pan = (uint16_t)(2 + pan % 0xfffc);
	while (is_taken(n, s.pan))
		s.pan = s.pan == 0xfffd ? 2 : (uint16_t)(s.pan + 1);
	if (r == 0)
		r = n->ops->random(n, s.link_key, sizeof(s.link_key));
	if (r == 0 && n->config.has_key)
		memcpy(s.network_key, n->config.key, sizeof(s.network_key));
	else if (r == 0)
		r = n->ops->random(n, s.network_key, sizeof(s.network_key));
	if (r == 0) {
		if (netstate_valid(&s))
			n->net = s;
		else
			r = -EBADMSG;
	}
	n->kept = r == 0;
	netstate_wipe(&s);
	return r;
}

/* ---- comparing ---- */

static bool same_key(const uint8_t *a, const uint8_t *b)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < NETSTATE_KEY_SIZE; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

bool network_is_place(const struct ezsp_values *v)
{
	return v->channel >= 11 && v->channel <= 26 && v->pan < 0xfffe;
}

uint32_t network_compare(const struct network *n)
{
	const struct ezsp_values *found = &n->found;
	const struct netstate *s = &n->net;
	uint32_t differs = 0;
	uint8_t newer;

	if (!n->kept)
		return NETWORK_UNKNOWN | (n->lost ? NETWORK_LOST : 0);
	newer = (uint8_t)(found->update_id - s->update_id);
	if (s->eui64 != n->eui64)
		differs |= NETWORK_DIFFERS_EUI64;
	if (s->extended_pan != found->extended_pan)
		differs |= NETWORK_DIFFERS_EXTENDED_PAN;
	/* one that was another and cannot be read now is another still */
	if (n->found_key_known ? !same_key(s->network_key, n->found_key)
			       : n->mismatched && (n->differs & NETWORK_DIFFERS_KEY))
		differs |= NETWORK_DIFFERS_KEY;
	if (n->config.has_key && !same_key(s->network_key, n->config.key))
		differs |= NETWORK_DIFFERS_CONFIGURED;
	if (found->type != NODE_TYPE_COORDINATOR)
		differs |= NETWORK_DIFFERS_ROLE;
	/* a network that moves counts that up; if all else is right it is ours, and has moved */
	if (differs == 0 && newer > 0 && newer < 128 && network_is_place(found))
		return 0;
	if (s->pan != found->pan)
		differs |= NETWORK_DIFFERS_PAN;
	if (s->channel != found->channel)
		differs |= NETWORK_DIFFERS_CHANNEL;
	return differs;
}

static void list(struct text *t, uint32_t differs)
{
	static const char *const words[] = { "the EUI-64", "the extended PAN", "the PAN",
		"the channel", "the network key" };
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (differs & UINT32_C(1) << i) {
			text_printf(t, "%s%s", between, words[i]);
			between = ", ";
		}
}

void network_differs_words(const struct network *n, uint32_t differs, char *to, size_t size)
{
	struct text t = text_init(to, size);

	if (differs & NETWORK_DIFFERS_CONFIGURED)
		text_str(&t, "NetworkKey= is not the key of the network that is kept; remove the "
			     "setting, for a network's key cannot be changed by it");
	else if (differs & NETWORK_DIFFERS_EUI64)
		text_printf(&t,
			"this is another radio (%016llx) than the network's (%016llx); plug that "
			"one in, or write the network into this one: " REMEDY_RESTORE,
			(unsigned long long)n->eui64, (unsigned long long)n->net.eui64);
	else if (differs & NETWORK_BLANK)
		text_str(&t, "the radio has forgotten its network; write the one that is kept into "
			     "it: " REMEDY_RESTORE);
	else if (differs == NETWORK_LOST)
		text_str(&t, "what was kept of the network cannot be read, and the radio has none; "
			     "restore a backup: " REMEDY_RESTORE " FILE");
	else if (differs & NETWORK_UNKNOWN)
		text_printf(&t,
			"the radio has a network (channel %u, PAN %04x) of which nothing is "
			"kept%s; "
			"take it over: " REMEDY_ADOPT ", or restore a backup: " REMEDY_RESTORE
			" FILE",
			n->found.channel, n->found.pan,
			differs & NETWORK_LOST ? " that can be read" : "");
	else if (differs & NETWORK_DIFFERS_ROLE)
		text_str(&t, "the radio is in a network of another coordinator; write the one that "
			     "is kept into it: " REMEDY_RESTORE);
	else {
		text_str(&t, "the radio has another network than the one that is kept: ");
		list(&t, differs);
		text_str(&t, "; take it over: " REMEDY_ADOPT
			     ", or write the one that is kept into it: " REMEDY_RESTORE);
	}
	if (text_done(&t) < 0)
		to[size - 1] = 0;
}

/* ---- what people decided ---- */

bool network_take_over(struct network *n)
{
	struct netstate s = {
		.generation = n->net.generation,
		.eui64 = n->eui64,
		.extended_pan = n->found.extended_pan,
		.pan = n->found.pan,
		.channel = n->found.channel,
		.update_id = n->found.update_id,
		.key_sequence = n->found.key_sequence,
		.counter = n->found.out_counter,
		.formed = true,
	};
	bool good;

	memcpy(s.network_key, n->found_key, sizeof(s.network_key));
	memcpy(s.link_key, n->found_link_key, sizeof(s.link_key));
	good = netstate_valid(&s);
	if (good) {
		n->net = s;
		n->kept = true;
		n->lost = false;
	}
	netstate_wipe(&s);
	return good;
}

static uint32_t advanced(uint32_t counter)
{
	return counter > UINT32_MAX - NETSTATE_COUNTER_MARGIN ? UINT32_MAX
							      : counter + NETSTATE_COUNTER_MARGIN;
}

static void at_least(uint32_t *counter, uint32_t seen)
{
	if (*counter < seen)
		*counter = seen;
}

/* A backup may be old, and its network have gone on since: it must not count backwards. */
static void catch_up(struct network *n, uint32_t counted)
{
	struct netstate *s = &n->target;

	if (n->kept && n->net.extended_pan == s->extended_pan &&
		same_key(n->net.network_key, s->network_key)) {
		at_least(&s->counter, n->net.counter);
		at_least(&s->link_counter, n->net.link_counter);
	}
	if (counted > 0 && n->found.extended_pan == s->extended_pan &&
		(!n->found_key_known || same_key(n->found_key, s->network_key)))
		at_least(&s->counter, counted);
}

void network_take_target(struct network *n, uint32_t counted)
{
	uint64_t generation = n->net.generation;

	catch_up(n, counted);
	n->net = n->target;
	n->net.generation = generation > n->target.generation ? generation : n->target.generation;
	n->net.eui64 = n->eui64;
	n->net.counter = advanced(n->target.counter);
	n->net.link_counter = advanced(n->target.link_counter);
	n->net.formed = false;
	n->kept = true;
	n->lost = false;
	n->restoring = n->token_written = false;
	n->restored = n->unwritten = true;
	netstate_wipe(&n->target);
}
