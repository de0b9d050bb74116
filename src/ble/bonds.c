/*
 * Two tables and their text, a line for each key and a checksum at the end. The
 * file is bonds_file.c's. See bonds.h.
 */
#include "ble/bonds.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "util/checked.h"
#include "util/hex.h"
#include "util/text.h"

#define HEAD "wardgate-bonds 1\n"
#define CHECK "check"
#define GENERATION_MAX (UINT64_MAX - 1)
#define WORD_MAX 40 /* longest word of a line, with its 0 */

struct ltk_row {
	struct ble_address adapter;
	struct mgmt_ltk key;
};

struct irk_row {
	struct ble_address adapter;
	struct mgmt_irk key;
};

struct bonds {
	uint64_t generation; /* of the last text */
	size_t ltk_count, irk_count;
	struct ltk_row ltks[BONDS_MAX];
	struct irk_row irks[BONDS_MAX];
};

int bonds_new(struct bonds **ret)
{
	struct bonds *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	*ret = b;
	return 0;
}

struct bonds *bonds_free(struct bonds *b)
{
	if (!b)
		return NULL;
	OPENSSL_cleanse(b, sizeof(*b));
	free(b);
	return NULL;
}

/* ---- the table ---- */

static bool is_p256(const struct mgmt_ltk *k)
{
	return k->type >= MGMT_LTK_P256_UNAUTHENTICATED;
}

static bool ltk_equal(const struct mgmt_ltk *a, const struct mgmt_ltk *b)
{
	return ble_address_equal(&a->address, &b->address) && a->type == b->type &&
	       a->central == b->central && a->size == b->size && a->ediv == b->ediv &&
	       memcmp(a->rand, b->rand, sizeof(a->rand)) == 0 &&
	       CRYPTO_memcmp(a->value, b->value, sizeof(a->value)) == 0;
}

static void drop_ltk(struct bonds *b, size_t at)
{
	b->ltks[at] = b->ltks[--b->ltk_count];
	OPENSSL_cleanse(&b->ltks[b->ltk_count], sizeof(b->ltks[0]));
}

static void drop_irk(struct bonds *b, size_t at)
{
	b->irks[at] = b->irks[--b->irk_count];
	OPENSSL_cleanse(&b->irks[b->irk_count], sizeof(b->irks[0]));
}

/* A key of Secure Connections is for both roles, one of legacy pairing for one. */
static bool replaces(const struct mgmt_ltk *k, const struct mgmt_ltk *former)
{
	return ble_address_equal(&former->address, &k->address) &&
	       (is_p256(former) || is_p256(k) || former->central == k->central);
}

int bonds_set_ltk(struct bonds *b, const struct ble_address *adapter, const struct mgmt_ltk *key)
{
	size_t of_adapter = 0, replaced = 0;

	if (!ble_address_is_identity(adapter) || !mgmt_ltk_valid(key) ||
		key->type == MGMT_LTK_P256_DEBUG)
		return BONDS_E_INVALID;
	for (size_t i = 0; i < b->ltk_count; i++) {
		const struct ltk_row *row = &b->ltks[i];

		if (!ble_address_equal(&row->adapter, adapter))
			continue;
		if (ltk_equal(&row->key, key))
			return BONDS_E_SAME;
		of_adapter++;
		replaced += replaces(key, &row->key);
	}
	if (replaced == 0 && (b->ltk_count == BONDS_MAX || of_adapter == MGMT_LTKS_MAX))
		return BONDS_E_FULL;
	for (size_t i = b->ltk_count; replaced > 0 && i-- > 0;)
		if (ble_address_equal(&b->ltks[i].adapter, adapter) &&
			replaces(key, &b->ltks[i].key))
			drop_ltk(b, i);
	b->ltks[b->ltk_count++] = (struct ltk_row){ *adapter, *key };
	return 0;
}

int bonds_set_irk(struct bonds *b, const struct ble_address *adapter, const struct mgmt_irk *key)
{
	size_t of_adapter = 0;

	if (!ble_address_is_identity(adapter) || !mgmt_irk_valid(key))
		return BONDS_E_INVALID;
	for (size_t i = 0; i < b->irk_count; i++) {
		struct irk_row *row = &b->irks[i];

		if (!ble_address_equal(&row->adapter, adapter))
			continue;
		of_adapter++;
		if (!ble_address_equal(&row->key.address, &key->address))
			continue;
		if (CRYPTO_memcmp(row->key.value, key->value, sizeof(key->value)) == 0)
			return BONDS_E_SAME;
		row->key = *key;
		return 0;
	}
	if (b->irk_count == BONDS_MAX || of_adapter == MGMT_IRKS_MAX)
		return BONDS_E_FULL;
	b->irks[b->irk_count++] = (struct irk_row){ *adapter, *key };
	return 0;
}

bool bonds_forget(
	struct bonds *b, const struct ble_address *adapter, const struct ble_address *identity)
{
	bool any = false;

	for (size_t i = b->ltk_count; i-- > 0;)
		if (ble_address_equal(&b->ltks[i].adapter, adapter) &&
			ble_address_same(&b->ltks[i].key.address, identity)) {
			drop_ltk(b, i);
			any = true;
		}
	for (size_t i = b->irk_count; i-- > 0;)
		if (ble_address_equal(&b->irks[i].adapter, adapter) &&
			ble_address_same(&b->irks[i].key.address, identity)) {
			drop_irk(b, i);
			any = true;
		}
	return any;
}

const struct mgmt_ltk *bonds_find(const struct bonds *b, const struct ble_address *adapter,
	const struct ble_address *identity)
{
	for (size_t i = 0; i < b->ltk_count; i++)
		if (ble_address_equal(&b->ltks[i].adapter, adapter) &&
			ble_address_same(&b->ltks[i].key.address, identity))
			return &b->ltks[i].key;
	return NULL;
}

bool bonds_type(const struct bonds *b, const struct ble_address *who, uint8_t *ret_type)
{
	for (size_t i = 0; i < b->ltk_count; i++)
		if (memcmp(b->ltks[i].key.address.octets, who->octets, BLE_ADDRESS_SIZE) == 0) {
			*ret_type = b->ltks[i].key.address.type;
			return true;
		}
	return false;
}

bool bonds_home(const struct bonds *b, struct ble_address *ret_adapter)
{
	size_t most = 0;

	for (size_t i = 0; i < b->ltk_count; i++) {
		size_t n = 0;

		for (size_t k = i; k < b->ltk_count; k++)
			n += ble_address_equal(&b->ltks[k].adapter, &b->ltks[i].adapter);
		if (n > most) {
			most = n;
			*ret_adapter = b->ltks[i].adapter;
		}
	}
	return most > 0;
}

size_t bonds_ltks(const struct bonds *b, const struct ble_address *adapter,
	struct mgmt_ltk to[static MGMT_LTKS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < b->ltk_count && n < MGMT_LTKS_MAX; i++)
		if (ble_address_equal(&b->ltks[i].adapter, adapter))
			to[n++] = b->ltks[i].key;
	return n;
}

size_t bonds_irks(const struct bonds *b, const struct ble_address *adapter,
	struct mgmt_irk to[static MGMT_IRKS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < b->irk_count && n < MGMT_IRKS_MAX; i++)
		if (ble_address_equal(&b->irks[i].adapter, adapter))
			to[n++] = b->irks[i].key;
	return n;
}

/* ---- writing ---- */

static void write_who(struct text *t, const char *kind, const struct ble_address *adapter,
	const struct ble_address *identity)
{
	char a[BLE_ADDRESS_TEXT_SIZE], i[BLE_ADDRESS_TEXT_SIZE];

	text_printf(t, "%s %s %s %s %s", kind, ble_address_format(adapter, a),
		adapter->type == BLE_ADDRESS_PUBLIC ? "public" : "random",
		ble_address_format(identity, i),
		identity->type == BLE_ADDRESS_PUBLIC ? "public" : "random");
}

int bonds_write(struct bonds *b, char **ret, size_t *ret_length)
{
	char *buffer = malloc(BONDS_TEXT_MAX);
	struct text t = text_init(buffer, BONDS_TEXT_MAX);
	ssize_t n;

	if (!buffer)
		return -ENOMEM;
	if (b->generation < GENERATION_MAX)
		b->generation++;
	text_printf(&t, HEAD "generation %llu\n", (unsigned long long)b->generation);
	for (size_t i = 0; i < b->ltk_count; i++) {
		const struct mgmt_ltk *k = &b->ltks[i].key;

		write_who(&t, "ltk", &b->ltks[i].adapter, &k->address);
		text_printf(&t, " %u %u %u %u ", k->type, k->central, k->size, k->ediv);
		hex_write(&t, k->rand, sizeof(k->rand));
		text_char(&t, ' ');
		hex_write(&t, k->value, sizeof(k->value));
		text_char(&t, '\n');
	}
	for (size_t i = 0; i < b->irk_count; i++) {
		write_who(&t, "irk", &b->irks[i].adapter, &b->irks[i].key.address);
		text_char(&t, ' ');
		hex_write(&t, b->irks[i].key.value, sizeof(b->irks[i].key.value));
		text_char(&t, '\n');
	}
	checked_seal(&t, CHECK);
	n = text_done(&t);
	if (n < 0) { /* BONDS_TEXT_MAX has room for BONDS_MAX lines of each kind */
		bonds_text_free(buffer, BONDS_TEXT_MAX);
		return (int)n;
	}
	*ret = buffer;
	*ret_length = (size_t)n;
	return 0;
}

void bonds_text_free(char *text, size_t length)
{
	if (!text)
		return;
	OPENSSL_cleanse(text, length);
	free(text);
}

/* ---- reading; what cannot be read sticks in failed ---- */

struct line {
	const char *at, *end;
	bool failed;
};

/* The next word, with a 0 behind it. */
static void next_word(struct line *l, char to[static WORD_MAX])
{
	size_t n = 0;

	while (l->at < l->end && *l->at != ' ' && n < WORD_MAX - 1)
		to[n++] = *l->at++;
	to[n] = 0;
	/* no word, too long a one, or a blank at the end */
	if (n == 0 || (l->at < l->end && (*l->at != ' ' || ++l->at == l->end)))
		l->failed = true;
}

static uint64_t next_number(struct line *l, uint64_t max)
{
	char w[WORD_MAX];
	uint64_t v = 0;

	next_word(l, w);
	for (const char *p = w; *p; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9 || digit > max || v > (max - digit) / 10) {
			l->failed = true;
			return 0;
		}
		v = v * 10 + digit;
	}
	return v;
}

static void next_hex(struct line *l, uint8_t *to, size_t n)
{
	char w[WORD_MAX];

	next_word(l, w);
	if (strlen(w) != 2 * n) {
		l->failed = true;
		memset(to, 0, n);
		return;
	}
	if (!hex_read(w, to, n))
		l->failed = true;
	OPENSSL_cleanse(w, sizeof(w));
}

static struct ble_address next_address(struct line *l)
{
	struct ble_address a = { 0 };
	char w[WORD_MAX], type[WORD_MAX];

	next_word(l, w);
	next_word(l, type);
	if (strcmp(type, "public") != 0 && strcmp(type, "random") != 0)
		l->failed = true;
	if (strlen(w) != BLE_ADDRESS_TEXT_SIZE - 1 ||
		!ble_address_parse(w, type[0] == 'p' ? BLE_ADDRESS_PUBLIC : BLE_ADDRESS_RANDOM, &a))
		l->failed = true;
	return a;
}

static int read_ltk(struct bonds *b, struct line *l)
{
	struct ble_address adapter = next_address(l);
	struct mgmt_ltk k = { .address = next_address(l) };
	int r;

	k.type = (uint8_t)next_number(l, UINT8_MAX);
	k.central = (uint8_t)next_number(l, 1);
	k.size = (uint8_t)next_number(l, MGMT_KEY_SIZE);
	k.ediv = (uint16_t)next_number(l, UINT16_MAX);
	next_hex(l, k.rand, sizeof(k.rand));
	next_hex(l, k.value, sizeof(k.value));
	r = l->failed || l->at != l->end ? BONDS_E_MALFORMED : bonds_set_ltk(b, &adapter, &k);
	OPENSSL_cleanse(&k, sizeof(k));
	return r;
}

static int read_irk(struct bonds *b, struct line *l)
{
	struct ble_address adapter = next_address(l);
	struct mgmt_irk k = { .address = next_address(l) };
	int r;

	next_hex(l, k.value, sizeof(k.value));
	r = l->failed || l->at != l->end ? BONDS_E_MALFORMED : bonds_set_irk(b, &adapter, &k);
	OPENSSL_cleanse(&k, sizeof(k));
	return r;
}

/* A line without its line break. Any outcome but 0 makes the whole malformed: what was written was
 * valid, and once. */
static int read_line(struct bonds *b, struct line *l, unsigned number)
{
	char w[WORD_MAX];

	next_word(l, w);
	if (l->failed)
		return BONDS_E_MALFORMED;
	if (number == 2) {
		b->generation = next_number(l, GENERATION_MAX);
		return strcmp(w, "generation") != 0 || l->failed || l->at != l->end
			       ? BONDS_E_MALFORMED
			       : 0;
	}
	if (strcmp(w, "ltk") == 0)
		return read_ltk(b, l);
	return strcmp(w, "irk") == 0 ? read_irk(b, l) : BONDS_E_MALFORMED;
}

static void clear(struct bonds *b)
{
	OPENSSL_cleanse(b, sizeof(*b));
}

int bonds_read(struct bonds *b, const char *text, size_t length, unsigned *ret_line)
{
	const char *end, *at;
	unsigned number = 2;

	clear(b);
	*ret_line = 1;
	if (length < sizeof(HEAD) - 1 || memcmp(text, HEAD, sizeof(HEAD) - 1) != 0)
		return BONDS_E_MALFORMED;
	*ret_line = 0; /* the whole: cut off, or altered */
	length = length > BONDS_TEXT_MAX ? 0 : checked_body(text, length, CHECK);
	if (length < sizeof(HEAD) - 1)
		return BONDS_E_MALFORMED;
	end = text + length;
	for (at = text + sizeof(HEAD) - 1; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct line l = { .at = at, .end = stop ? stop : end };

		*ret_line = number;
		if (!stop || read_line(b, &l, number) != 0) {
			clear(b);
			return BONDS_E_MALFORMED;
		}
		at = stop + 1;
	}
	if (number == 2) { /* no generation */
		*ret_line = number;
		return BONDS_E_MALFORMED;
	}
	return 0;
}
