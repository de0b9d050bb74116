/*
 * What a person hands over: a coordinator's backup, the text of the network that
 * is kept, an install code. The first byte says which. What is taken is written
 * and read again, and is the same.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "zigbee/installcode.h"
#include "zigbee/netbackup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int draw(uint8_t *to, size_t size)
{
	memset(to, 0x77, size);
	return 0;
}

static void backup(const char *text, size_t size)
{
	char words[NETBACKUP_WORDS_SIZE], *again;
	struct netbackup b, c;
	size_t n;
	int r = netbackup_read(text, size, draw, &b, words);

	if (r != 0) {
		assert(r == -EBADMSG && words[0] && !b.devices);
		return;
	}
	assert(netstate_valid(&b.net) && b.net.eui64 != 0);
	assert(b.device_count <= NETBACKUP_DEVICES_MAX);
	r = netbackup_write(&b.net, b.devices, b.device_count, b.source, &again, &n);
	assert(r == 0);
	r = netbackup_read(again, n, draw, &c, words);
	assert(r == 0 && c.device_count >= b.device_count);
	b.net.generation = c.net.generation;
	assert(c.net.link_count == b.net.link_count && c.net.pan == b.net.pan &&
		c.net.eui64 == b.net.eui64 && c.net.counter == b.net.counter &&
		memcmp(c.net.network_key, b.net.network_key, sizeof(b.net.network_key)) == 0 &&
		memcmp(c.net.link_key, b.net.link_key, sizeof(b.net.link_key)) == 0);
	netstate_text_free(again, n);
	netbackup_wipe(&b);
	netbackup_wipe(&c);
}

/* With a checksum that holds, which no input would ever have. */
static void state(const char *text, size_t size)
{
	char *whole = malloc(size + 32), *again;
	struct netstate s, t;
	unsigned line;
	size_t n;

	if (!whole)
		return;
	if (size > 0)
		memcpy(whole, text, size);
	n = size + (size_t)snprintf(whole + size, 32, "check %016llx\n",
			   (unsigned long long)hash_bytes(&hash_key_fixed, whole, size));
	if (netstate_read(whole, n, &s, &line) == 0) {
		assert(netstate_valid(&s));
		assert(netstate_write(&s, &again, &n) == 0);
		assert(netstate_read(again, n, &t, &line) == 0);
		assert(memcmp(&s, &t, sizeof(s)) == 0);
		netstate_text_free(again, n);
	}
	(void)netstate_read(text, size, &s, &line);
	free(whole);
}

static void code(const char *bytes, size_t size)
{
	char *text = malloc(size + 1), words[160];
	uint8_t key[INSTALLCODE_KEY_SIZE];
	int r;

	if (!text)
		return;
	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = 0;
	r = installcode_key(text, key);
	assert(r >= 0 && r <= INSTALLCODE_E_CHECK &&
		installcode_words(text, r, words, sizeof(words))[0]);
	(void)installcode_key_of((const uint8_t *)bytes, size, key);
	(void)installcode_hash((const uint8_t *)bytes, size, key);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	if (size < 1)
		return 0;
	/* of its own length, so that a read past the end shows */
	copy = malloc(size > 1 ? size - 1 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		backup(copy, size - 1);
		break;
	case 1:
		state(copy, size - 1);
		break;
	default:
		code(copy, size - 1);
		break;
	}
	free(copy);
	return 0;
}
