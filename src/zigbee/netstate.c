/*
 * A line for each value, in one order, and a checksum at the end: see
 * netstate.h.
 */
#include "zigbee/netstate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/checked.h"
#include "util/hex.h"
#include "util/text.h"

#define HEAD "wardgate-zigbee 1\n"
#define CHECK "check"

static bool is_blank(const uint8_t key[static NETSTATE_KEY_SIZE])
{
	uint8_t all = 0, both = 0xff;

	for (size_t i = 0; i < NETSTATE_KEY_SIZE; i++) {
		all |= key[i];
		both &= key[i];
	}
	return all == 0 || both == 0xff;
}

static bool is_eui64(uint64_t v)
{
	return v != 0 && v != UINT64_MAX;
}

static bool links_valid(const struct netstate *s)
{
	if (s->link_count > NETSTATE_LINKS_MAX)
		return false;
	for (unsigned i = 0; i < s->link_count; i++) {
		if (!is_eui64(s->links[i].eui64) || is_blank(s->links[i].key))
			return false;
		for (unsigned k = 0; k < i; k++)
			if (s->links[k].eui64 == s->links[i].eui64)
				return false;
	}
	return true;
}

bool netstate_valid(const struct netstate *s)
{
	return s->channel >= 11 && s->channel <= 26 && s->pan < 0xfffe &&
	       is_eui64(s->extended_pan) && s->eui64 != UINT64_MAX && !is_blank(s->network_key) &&
	       !is_blank(s->link_key) && links_valid(s);
}

void netstate_wipe(struct netstate *s)
{
	explicit_bzero(s, sizeof(*s));
}

void netstate_text_free(char *text, size_t length)
{
	if (!text)
		return;
	explicit_bzero(text, length);
	free(text);
}

/* ---- writing ---- */

static void write_key(struct text *t, const char *name, const uint8_t *key)
{
	text_str(t, name);
	hex_write(t, key, NETSTATE_KEY_SIZE);
	text_char(t, '\n');
}

int netstate_write(const struct netstate *s, char **ret, size_t *ret_length)
{
	struct text t;
	char *buffer;
	ssize_t n;

	if (!netstate_valid(s))
		return -EINVAL;
	buffer = malloc(NETSTATE_TEXT_MAX);
	if (!buffer)
		return -ENOMEM;
	t = text_init(buffer, NETSTATE_TEXT_MAX);
	text_printf(&t,
		HEAD "generation %llu\ncoordinator %016llx\nextended-pan %016llx\npan %04x\n"
		     "channel %u\nupdate-id %u\nkey-sequence %u\ncounter %lu\nlink-counter "
		     "%lu\nformed %u\n",
		(unsigned long long)s->generation, (unsigned long long)s->eui64,
		(unsigned long long)s->extended_pan, s->pan, s->channel, s->update_id,
		s->key_sequence, (unsigned long)s->counter, (unsigned long)s->link_counter,
		s->formed);
	write_key(&t, "network-key ", s->network_key);
	write_key(&t, "link-key ", s->link_key);
	for (unsigned i = 0; i < s->link_count; i++) {
		text_printf(&t, "link %016llx ", (unsigned long long)s->links[i].eui64);
		write_key(&t, "", s->links[i].key);
	}
	checked_seal(&t, CHECK);
	n = text_done(&t);
	if (n < 0) { /* NETSTATE_TEXT_MAX has room for NETSTATE_LINKS_MAX */
		netstate_text_free(buffer, NETSTATE_TEXT_MAX);
		return (int)n;
	}
	*ret = buffer;
	*ret_length = (size_t)n;
	return 0;
}

/* ---- reading; what cannot be read sticks in failed ---- */

struct reader {
	const char *at, *end;
	unsigned line;
	bool failed;
};

static bool take(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->failed || (size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) {
		r->failed = true;
		return false;
	}
	r->at += n;
	return true;
}

static void end_line(struct reader *r)
{
	if (take(r, "\n"))
		r->line++;
}

static uint64_t decimal(struct reader *r, const char *name, uint64_t max)
{
	const char *start;
	uint64_t v = 0;

	if (!take(r, name))
		return 0;
	for (start = r->at; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		unsigned digit = (unsigned)(*r->at - '0');

		if (digit > max || v > (max - digit) / 10) {
			r->failed = true;
			return 0;
		}
		v = v * 10 + digit;
	}
	r->failed = r->failed || r->at == start;
	end_line(r);
	return v;
}

static void digits(struct reader *r, uint8_t *to, size_t n)
{
	if (r->failed || (size_t)(r->end - r->at) < 2 * n || !hex_read(r->at, to, n)) {
		r->failed = true;
		return;
	}
	r->at += 2 * n;
}

static uint64_t number(struct reader *r, const char *name, size_t n)
{
	uint8_t bytes[8] = { 0 };
	uint64_t v = 0;

	(void)take(r, name);
	digits(r, bytes, n);
	for (size_t i = 0; i < n; i++)
		v = v << 8 | bytes[i];
	return v;
}

static void key(struct reader *r, const char *name, uint8_t *to)
{
	(void)take(r, name);
	digits(r, to, NETSTATE_KEY_SIZE);
	end_line(r);
}

static void read_links(struct reader *r, struct netstate *s)
{
	while (!r->failed && r->at < r->end) {
		struct netstate_link *link = &s->links[s->link_count];

		if (s->link_count == NETSTATE_LINKS_MAX) {
			r->failed = true;
			return;
		}
		link->eui64 = number(r, "link ", 8);
		key(r, " ", link->key);
		s->link_count++;
	}
}

static void read_all(struct reader *r, struct netstate *s)
{
	s->generation = decimal(r, "generation ", UINT64_MAX - 1);
	s->eui64 = number(r, "coordinator ", 8);
	end_line(r);
	s->extended_pan = number(r, "extended-pan ", 8);
	end_line(r);
	s->pan = (uint16_t)number(r, "pan ", 2);
	end_line(r);
	s->channel = (uint8_t)decimal(r, "channel ", UINT8_MAX);
	s->update_id = (uint8_t)decimal(r, "update-id ", UINT8_MAX);
	s->key_sequence = (uint8_t)decimal(r, "key-sequence ", UINT8_MAX);
	s->counter = (uint32_t)decimal(r, "counter ", UINT32_MAX);
	s->link_counter = (uint32_t)decimal(r, "link-counter ", UINT32_MAX);
	s->formed = decimal(r, "formed ", 1) == 1;
	key(r, "network-key ", s->network_key);
	key(r, "link-key ", s->link_key);
	read_links(r, s);
}

int netstate_read(const char *text, size_t length, struct netstate *ret, unsigned *ret_line)
{
	struct reader r = { .at = text, .end = text + length, .line = 1 };

	*ret = (struct netstate){ 0 };
	*ret_line = 1;
	if (!take(&r, HEAD))
		return -EBADMSG;
	*ret_line = 0;
	length = length > NETSTATE_TEXT_MAX ? 0 : checked_body(text, length, CHECK);
	if (length < sizeof(HEAD) - 1)
		return -EBADMSG;
	r.end = text + length;
	r.line = 2;
	read_all(&r, ret);
	*ret_line = r.line;
	if (!r.failed && netstate_valid(ret))
		return 0;
	netstate_wipe(ret);
	return -EBADMSG;
}
