/* Keys and tokens of the NCP: transient keys for those who join, link keys, what a backup reads.
 * See ncp.h. */
#include "sim/ncp.h"

#include <string.h>

/* Types of the security manager. */
#define KEY_NETWORK 1
#define KEY_TC_LINK 2

#define CONFIG_TRANSIENT_S 0x36
#define JOINS_USE_INSTALL_CODE 0x10 /* of policy 00 */

static const uint8_t anybody[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void forget_old(struct ncp *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->transient_count; i++)
		if (n->transients[i].until_us > n->now_us)
			n->transients[kept++] = n->transients[i];
	n->transient_count = kept;
}

static struct ncp_transient *find_transient(struct ncp *n, const uint8_t *eui)
{
	forget_old(n);
	for (size_t i = 0; i < n->transient_count; i++)
		if (!memcmp(n->transients[i].eui, eui, 8))
			return &n->transients[i];
	return NULL;
}

const uint8_t *ncp_joining_key(struct ncp *n, const uint8_t eui[static 8])
{
	struct ncp_transient *t = find_transient(n, eui);

	if (!t && !(n->policies[0] & JOINS_USE_INSTALL_CODE))
		t = find_transient(n, anybody);
	return t ? t->key : NULL;
}

static enum ncp_status add_transient(struct ncp *n, struct cursor *in)
{
	const uint8_t *eui = cursor_bytes(in, 8), *key = cursor_bytes(in, 16);
	struct ncp_transient *t;

	if (!eui || !key)
		return NCP_BAD_ARGUMENT;
	t = find_transient(n, eui);
	if (!t && n->transient_count == NCP_TRANSIENTS_MAX)
		return NCP_NO_BUFFERS;
	if (!t)
		t = &n->transients[n->transient_count++];
	memcpy(t->eui, eui, 8);
	memcpy(t->key, key, 16);
	t->until_us = n->now_us + n->configs[CONFIG_TRANSIENT_S] * INT64_C(1000000);
	return NCP_OK;
}

static void on_add_transient(struct ncp *n, struct cursor *in, struct octets *out)
{
	ncp_put_status(n, out, add_transient(n, in));
}

static void on_import_transient(struct ncp *n, struct cursor *in, struct octets *out)
{
	ncp_put_wide(out, add_transient(n, in));
}

static void on_clear_transients(struct ncp *n, struct cursor *in, struct octets *out)
{
	n->transient_count = 0;
}

static void on_clear_keys(struct ncp *n, struct cursor *in, struct octets *out)
{
	memset(n->tokens.keys, 0, sizeof(n->tokens.keys));
	n->air->keep(n->arg);
	ncp_put_status(n, out, NCP_OK);
}

static bool in_table(const struct ncp *n, uint8_t index)
{
	return index < n->configs[0x1e] && index < NCP_LINK_KEYS_MAX;
}

static void on_import_link_key(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t index = cursor_u8(in);
	const uint8_t *eui = cursor_bytes(in, 8), *key = cursor_bytes(in, 16);

	if (!in_table(n, index) || !eui || !key) {
		ncp_put_wide(out, NCP_INDEX);
		return;
	}
	n->tokens.keys[index].used = true;
	memcpy(n->tokens.keys[index].eui, eui, 8);
	memcpy(n->tokens.keys[index].key, key, 16);
	n->air->keep(n->arg);
	ncp_put_wide(out, NCP_OK);
}

static void on_erase_key(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t index = cursor_u8(in);

	if (!in_table(n, index)) {
		ncp_put_status(n, out, NCP_INDEX);
		return;
	}
	n->tokens.keys[index] = (struct ncp_link_key){ 0 };
	n->air->keep(n->arg);
	ncp_put_status(n, out, NCP_OK);
}

static void put_context(struct octets *out, uint8_t type, uint8_t index, const uint8_t *eui)
{
	octets_u8(out, type);
	octets_u8(out, index);
	octets_le(out, 0, 2);
	octets_bytes(out, eui, 8);
	octets_le(out, 0, 6); /* network, flags, algorithm */
}

static void put_metadata(struct octets *out)
{
	octets_le(out, 0, 12);
}

static void on_export_link_key(struct ncp *n, struct cursor *in, struct octets *out)
{
	static const struct ncp_link_key none;
	uint8_t index = cursor_u8(in);
	enum ncp_status s = !in_table(n, index)          ? NCP_INDEX
			    : n->tokens.keys[index].used ? NCP_OK
							 : NCP_NOT_FOUND;
	const struct ncp_link_key *k = s == NCP_OK ? &n->tokens.keys[index] : &none;

	if (ncp_wide(n)) {
		ncp_put_wide(out, s);
		put_context(out, 4, index, k->eui);
	} else
		octets_bytes(out, k->eui, 8);
	octets_bytes(out, k->key, 16);
	put_metadata(out);
	if (!ncp_wide(n))
		ncp_put_wide(out, s);
}

static void on_export_key(struct ncp *n, struct cursor *in, struct octets *out)
{
	static const uint8_t nothing[16];
	struct cursor context = *in;
	uint8_t echo[18];
	uint8_t type = cursor_u8(in);
	const uint8_t *key = type == KEY_NETWORK   ? n->tokens.network_key
			     : type == KEY_TC_LINK ? n->tokens.tc_key
						   : NULL;
	enum ncp_status s = !n->tokens.has_network ? NCP_NOT_FOUND
			    : key                  ? NCP_OK
						   : NCP_BAD_ARGUMENT;

	cursor_skip(in, 17);
	cursor_copy(&context, echo, sizeof(echo));
	if (s != NCP_OK || !key)
		key = nothing;
	if (ncp_wide(n))
		ncp_put_wide(out, s);
	octets_bytes(out, key, 16);
	if (ncp_wide(n))
		octets_bytes(out, echo, sizeof(echo));
	else
		ncp_put_wide(out, s);
}

static void on_key_info(struct ncp *n, struct cursor *in, struct octets *out)
{
	ncp_put_wide(out, n->up ? NCP_OK : NCP_NOT_JOINED);
	octets_u8(out, n->up);
	octets_u8(out, 0); /* no other key is being spread */
	octets_u8(out, n->tokens.key_seq);
	octets_u8(out, 0);
	octets_le(out, ncp_counter_of(n), 4);
}

/* Before the security manager: type 1 is the trust center's link key, 3 the network's. */
static void on_get_key(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t type = cursor_u8(in);
	bool network = type == 3, there = n->tokens.has_network && (network || type == 1);

	ncp_put_status(n, out, there ? NCP_OK : NCP_NOT_FOUND);
	octets_le(out, there ? network ? 0x0007 : 0x0018 : 0, 2);
	octets_u8(out, type);
	octets_bytes(out, network ? n->tokens.network_key : n->tokens.tc_key, 16);
	octets_le(out, network ? ncp_counter_of(n) : 0, 4);
	octets_le(out, 0, 4);
	octets_u8(out, network ? n->tokens.key_seq : 0);
	octets_bytes(out, n->tokens.eui, 8);
}

/* Firmware answers short when the entry is empty. */
static void on_key_entry(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t index = cursor_u8(in);
	const struct ncp_link_key *k = in_table(n, index) ? &n->tokens.keys[index] : NULL;

	if (!k || !k->used) {
		ncp_put_status(n, out, k ? NCP_NOT_FOUND : NCP_INDEX);
		return;
	}
	ncp_put_status(n, out, NCP_OK);
	octets_le(out, 0x000b, 2);
	octets_u8(out, 5);
	octets_bytes(out, k->key, 16);
	octets_le(out, 0, 8);
	octets_u8(out, 0);
	octets_bytes(out, k->eui, 8);
}

/* ---- tokens */

#define TOKEN_EUI 0x0c              /* the address that its owner has given it, once */
#define TOKEN_RESTORED_EUI 0x00e12a /* the one that a backup has given it */

static void on_get_mfg_token(struct ncp *n, struct cursor *in, struct octets *out)
{
	static const uint8_t lengths[] = { 2, 16, 16, 2, 2, 16, 40, 8, 2, 92, 20, 2, 8, 2 };
	uint8_t id = cursor_u8(in), length = id < sizeof(lengths) ? lengths[id] : 0;

	octets_u8(out, length);
	for (uint8_t i = 0; i < length; i++)
		octets_u8(out, id == TOKEN_EUI ? n->tokens.eui[i] : 0xff);
}

static void on_set_mfg_token(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in), length = cursor_u8(in);

	if (id != TOKEN_EUI || length != 8 || n->up) {
		cursor_skip(in, cursor_remaining(in));
		ncp_put_status(n, out, NCP_INVALID_CALL);
		return;
	}
	cursor_copy(in, n->tokens.eui, 8);
	n->air->keep(n->arg);
	ncp_put_status(n, out, NCP_OK);
}

static void on_get_token(struct ncp *n, struct cursor *in, struct octets *out)
{
	bool known = cursor_le32(in) == TOKEN_RESTORED_EUI;

	cursor_skip(in, 4);
	ncp_put_status(n, out, known ? NCP_OK : NCP_NOT_FOUND);
	octets_le(out, known ? 8 : 0, 4);
	octets_bytes(out, n->tokens.eui, known ? 8 : 0);
}

static void on_set_token(struct ncp *n, struct cursor *in, struct octets *out)
{
	bool known = cursor_le32(in) == TOKEN_RESTORED_EUI;
	uint32_t length;

	cursor_skip(in, 4);
	length = cursor_le32(in);
	if (!known || length != 8 || n->up) {
		cursor_skip(in, cursor_remaining(in));
		ncp_put_status(n, out, known ? NCP_INVALID_CALL : NCP_NOT_FOUND);
		return;
	}
	cursor_copy(in, n->tokens.eui, 8);
	n->air->keep(n->arg);
	ncp_put_status(n, out, NCP_OK);
}

/* As new, but for the addresses; it wants a reset afterwards. */
static void on_factory_reset(struct ncp *n, struct cursor *in, struct octets *out)
{
	struct ncp_tokens t = { 0 };
	bool keep_counter = cursor_u8(in);

	(void)cursor_u8(in);
	memcpy(t.eui, n->tokens.eui, 8);
	t.counter = keep_counter ? ncp_counter_of(n) : 0;
	n->tokens = t;
	n->air->keep(n->arg);
}

const struct ncp_command ncp_key_commands[] = {
	{ 0x000b, 0, 0, 1, on_get_mfg_token },
	{ 0x000c, 0, 0, 2, on_set_mfg_token },
	{ 0x006a, 0, 12, 1, on_get_key },
	{ 0x006b, 0, 0, 0, on_clear_transients },
	{ 0x0071, 0, 12, 1, on_key_entry },
	{ 0x0076, 0, 0, 1, on_erase_key },
	{ 0x0077, 10, 0, 2, on_factory_reset },
	{ 0x00af, 0, 12, 24, on_add_transient },
	{ 0x00b1, 0, 0, 0, on_clear_keys },
	{ 0x0102, 10, 0, 8, on_get_token },
	{ 0x0103, 10, 0, 12, on_set_token },
	{ 0x010e, 12, 0, 25, on_import_link_key },
	{ 0x010f, 12, 0, 1, on_export_link_key },
	{ 0x0111, 12, 13, 25, on_import_transient },
	{ 0x0111, 14, 0, 24, on_import_transient },
	{ 0x0114, 12, 0, 18, on_export_key },
	{ 0x0116, 12, 0, 0, on_key_info },
	{ 0 },
};
