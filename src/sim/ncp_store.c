/* See ncp_store.h. */
#include "sim/ncp_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/ble_crypto.h"
#include "sim/ini.h"
#include "util/cleanup.h"

struct reading {
	struct ncp_tokens *tokens;
	ncp_store_read_fn more;
	void *arg;
	size_t keys;
};

static void take_link_key(struct reading *r, struct ini *i, const char *value)
{
	struct ncp_link_key *k = &r->tokens->keys[r->keys];
	char eui[17];

	if (r->keys == NCP_LINK_KEYS_MAX || strlen(value) != 16 + 1 + 32) {
		ini_problem(i, "LinkKey=%s: not an address and a key", value);
		return;
	}
	memcpy(eui, value, 16);
	eui[16] = 0;
	if (sble_unhex(eui, k->eui, 8) < 0 || sble_unhex(value + 17, k->key, 16) < 0)
		ini_problem(i, "LinkKey=%s: not an address and a key", value);
	else {
		k->used = true;
		r->keys++;
	}
}

static bool take_hex(struct ini *i, struct ncp_tokens *t, const char *key, const char *value)
{
	const struct {
		const char *key;
		uint8_t *to;
		size_t n;
	} texts[] = { { "EUI64", t->eui, 8 }, { "ExtendedPan", t->ext_pan, 8 },
		{ "NetworkKey", t->network_key, 16 }, { "TrustCenterKey", t->tc_key, 16 } };

	for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
		if (strcmp(texts[k].key, key) != 0)
			continue;
		if (sble_unhex(value, texts[k].to, texts[k].n) < 0)
			ini_problem(i, "%s=%s: not %zu hex digits", key, value, 2 * texts[k].n);
		return true;
	}
	return false;
}

static void take_ncp(struct reading *r, struct ini *i, const char *key, const char *value)
{
	struct ncp_tokens *t = r->tokens;
	int64_t v = 0;

	if (take_hex(i, t, key, value))
		return;
	if (!strcmp(key, "LinkKey")) {
		take_link_key(r, i, value);
		return;
	}
	if (ini_number(value, -128, UINT32_MAX, &v) < 0)
		ini_problem(i, "%s=%s: not a number", key, value);
	else if (!strcmp(key, "Network"))
		t->has_network = v;
	else if (!strcmp(key, "Pan"))
		t->pan = (uint16_t)v;
	else if (!strcmp(key, "Manager"))
		t->manager = (uint16_t)v;
	else if (!strcmp(key, "Power"))
		t->power = (int8_t)v;
	else if (!strcmp(key, "Channel"))
		t->channel = (uint8_t)v;
	else if (!strcmp(key, "UpdateId"))
		t->update_id = (uint8_t)v;
	else if (!strcmp(key, "JoinMethod"))
		t->join_method = (uint8_t)v;
	else if (!strcmp(key, "Channels"))
		t->channels = (uint32_t)v;
	else if (!strcmp(key, "KeySequence"))
		t->key_seq = (uint8_t)v;
	else if (!strcmp(key, "Bitmask"))
		t->bitmask = (uint16_t)v;
	else if (!strcmp(key, "Counter"))
		t->counter = (uint32_t)v;
	else
		ini_problem(i, "[Ncp] has no %s=", key);
}

static void on_item(struct ini *i, const char *kind, const char *name, const char *key,
	const char *value, void *userdata)
{
	struct reading *r = userdata;

	if (!strcmp(kind, "Ncp")) {
		if (key)
			take_ncp(r, i, key, value);
	} else if (r->more)
		r->more(r->arg, i, name, key, value);
}

int ncp_store_read(const char *path, struct ncp_tokens *t, ncp_store_read_fn more, void *arg)
{
	struct reading r = { t, more, arg, 0 };
	struct ini i = { 0 };
	int e = ini_read(&i, path, on_item, &r);

	if (e < 0)
		return e;
	return i.problems ? -EBADMSG : 0;
}

static void put_hex(FILE *f, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02X", p[i]);
}

void ncp_store_hex(FILE *f, const char *name, const uint8_t *p, size_t n)
{
	fprintf(f, "%s=", name);
	put_hex(f, p, n);
	fputc('\n', f);
}

static void write_tokens(FILE *f, const struct ncp_tokens *t)
{
	fputs("# What the simulated NCP has in flash, and who is a member; wardsim writes it.\n"
	      "[Ncp]\n",
		f);
	ncp_store_hex(f, "EUI64", t->eui, 8);
	fprintf(f, "Network=%d\n", t->has_network);
	ncp_store_hex(f, "ExtendedPan", t->ext_pan, 8);
	fprintf(f,
		"Pan=%u\nManager=%u\nPower=%d\nChannel=%u\nUpdateId=%u\nJoinMethod=%u\n"
		"Channels=%lu\nKeySequence=%u\nBitmask=%u\nCounter=%lu\n",
		t->pan, t->manager, t->power, t->channel, t->update_id, t->join_method,
		(unsigned long)t->channels, t->key_seq, t->bitmask, (unsigned long)t->counter);
	ncp_store_hex(f, "NetworkKey", t->network_key, 16);
	ncp_store_hex(f, "TrustCenterKey", t->tc_key, 16);
	for (size_t k = 0; k < NCP_LINK_KEYS_MAX; k++) {
		if (!t->keys[k].used)
			continue;
		fputs("LinkKey=", f);
		put_hex(f, t->keys[k].eui, 8);
		fputc(' ', f);
		put_hex(f, t->keys[k].key, 16);
		fputc('\n', f);
	}
}

int ncp_store_write(
	const char *path, const struct ncp_tokens *t, void (*more)(void *arg, FILE *f), void *arg)
{
	char beside[PATH_MAX];
	FILE *f;
	int fd;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	write_tokens(f, t);
	if (more)
		more(arg, f);
	if (ferror(f) | fclose(f))
		return -EIO;
	return rename(beside, path) < 0 ? -errno : 0;
}
