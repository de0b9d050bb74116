/*
 * What is kept of the network as text, the open coordinator backup, and install
 * codes.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdbool.h>

#include "util/cleanup.h"
#include "zigbee/installcode.h"
#include "zigbee/message.h"
#include "zigbee/netbackup.h"

static struct netstate sample(unsigned links)
{
	struct netstate s = { .generation = 41,
		.eui64 = 0x00124b0009d80ba7,
		.extended_pan = 0x00124b0009d69f77,
		.counter = 4000000000,
		.link_counter = 35830,
		.pan = 0x0a62,
		.channel = 21,
		.update_id = 4,
		.key_sequence = 1,
		.formed = true,
		.link_count = links };

	for (unsigned i = 0; i < 16; i++) {
		s.network_key[i] = (uint8_t)(0x10 + i);
		s.link_key[i] = (uint8_t)(0xf0 - i);
	}
	for (unsigned i = 0; i < links; i++) {
		s.links[i].eui64 = 0x00158d0000000001 + i;
		memset(s.links[i].key, 1 + (int)i, 16);
	}
	return s;
}

/* ---- the text ---- */

static void test_round(void **state)
{
	static const unsigned links[] = { 0, 1, NETSTATE_LINKS_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct netstate s = sample(links[i]), t;
		unsigned line;
		size_t n;
		char *text;

		assert_int_equal(netstate_write(&s, &text, &n), 0);
		assert_int_equal(strlen(text), n);
		assert_int_equal(netstate_read(text, n, &t, &line), 0);
		assert_memory_equal(&s, &t, sizeof(s));
		netstate_text_free(text, n);
	}
	netstate_text_free(NULL, 0);
}

static void test_spelling(void **state)
{
	struct netstate s = sample(1);
	size_t n;
	char *text;

	assert_int_equal(netstate_write(&s, &text, &n), 0);
	assert_memory_equal(text,
		"wardgate-zigbee 1\ngeneration 41\ncoordinator 00124b0009d80ba7\n"
		"extended-pan 00124b0009d69f77\npan 0a62\nchannel 21\nupdate-id 4\n"
		"key-sequence 1\ncounter 4000000000\nlink-counter 35830\nformed 1\n"
		"network-key 101112131415161718191a1b1c1d1e1f\n"
		"link-key f0efeeedecebeae9e8e7e6e5e4e3e2e1\n"
		"link 00158d0000000001 01010101010101010101010101010101\ncheck ",
		n - 17);
	netstate_text_free(text, n);
}

/* Cut anywhere, or with any byte changed: it is not taken for whole, and nothing is left of it. */
static void test_damaged(void **state)
{
	struct netstate s = sample(2), t;
	const struct netstate none = { 0 };
	unsigned line;
	char *text;
	size_t n;

	assert_int_equal(netstate_write(&s, &text, &n), 0);
	for (size_t i = 0; i < n; i++) {
		char *copy = malloc(i ? i : 1), was = text[i];

		memcpy(copy, text, i);
		assert_int_equal(netstate_read(copy, i, &t, &line), -EBADMSG);
		assert_memory_equal(&t, &none, sizeof(t));
		free(copy);
		text[i] ^= 1;
		assert_int_equal(netstate_read(text, n, &t, &line), -EBADMSG);
		assert_memory_equal(&t, &none, sizeof(t));
		assert_int_equal(line, i < 18 ? 1 : 0);
		text[i] = was;
	}
	netstate_text_free(text, n);
}

static void test_valid(void **state)
{
	struct netstate s = sample(2), good = s;
	size_t n;
	char *text;

	assert_true(netstate_valid(&s));
#define BAD(change)                                                                                \
	do {                                                                                       \
		change;                                                                            \
		assert_false(netstate_valid(&s));                                                  \
		assert_int_equal(netstate_write(&s, &text, &n), -EINVAL);                          \
		s = good;                                                                          \
	} while (0)
	BAD(s.channel = 10);
	BAD(s.channel = 27);
	BAD(s.pan = 0xffff);
	BAD(s.pan = 0xfffe);
	BAD(s.extended_pan = 0);
	BAD(s.extended_pan = UINT64_MAX);
	BAD(s.eui64 = UINT64_MAX);
	BAD(memset(s.network_key, 0, 16));
	BAD(memset(s.network_key, 0xff, 16));
	BAD(memset(s.link_key, 0, 16));
	BAD(s.link_count = NETSTATE_LINKS_MAX + 1);
	BAD(s.links[1].eui64 = s.links[0].eui64);
	BAD(s.links[1].eui64 = 0);
	BAD(memset(s.links[0].key, 0, 16));
#undef BAD
	netstate_wipe(&s);
	assert_false(netstate_valid(&s));
}

/* ---- backups ---- */

static int draw(uint8_t *to, size_t size)
{
	memset(to, 0x77, size);
	return 0;
}

static int draw_nothing(uint8_t *to, size_t size)
{
	memset(to, 0, size);
	return -EIO;
}

static int read_text(const char *text, struct netbackup *b, char words[NETBACKUP_WORDS_SIZE])
{
	/* of its own length, so that a read past the end shows */
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);
	int r;

	memcpy(copy, text, n);
	r = netbackup_read(copy, n, draw, b, words);
	free(copy);
	return r;
}

static void test_backup_round(void **state)
{
	const struct netbackup_device devices[] = { { 0x00158d0000000002, 0x1234 },
		{ 0x00158d0000000077, ZIGBEE_NODE_NONE } };
	struct netstate s = sample(3);
	struct netbackup b;
	char words[NETBACKUP_WORDS_SIZE], *text;
	size_t n;

	assert_int_equal(netbackup_write(&s, devices, 2, "2026-11-21T10:00:00.000Z", &text, &n), 0);
	assert_int_equal(netbackup_read(text, n, draw, &b, words), 0);
	assert_int_equal(b.device_count, 4);
	assert_int_equal(b.devices[0].eui64, devices[0].eui64);
	assert_int_equal(b.devices[0].node, 0x1234);
	assert_int_equal(b.devices[1].node, ZIGBEE_NODE_NONE);
	assert_true(b.link_key_known);
	assert_string_equal(b.words, "");
	assert_int_equal(strncmp(b.source, "wardgate@", 9), 0);
	assert_int_equal(b.net.eui64, s.eui64);
	assert_int_equal(b.net.extended_pan, s.extended_pan);
	assert_int_equal(b.net.pan, s.pan);
	assert_int_equal(b.net.channel, s.channel);
	assert_int_equal(b.net.update_id, s.update_id);
	assert_int_equal(b.net.key_sequence, s.key_sequence);
	assert_int_equal(b.net.counter, s.counter);
	assert_int_equal(b.net.link_counter, s.link_counter);
	assert_memory_equal(b.net.network_key, s.network_key, 16);
	assert_memory_equal(b.net.link_key, s.link_key, 16);
	assert_int_equal(b.net.link_count, 3);
	assert_int_equal(b.net.links[0].eui64, 0x00158d0000000002);
	netbackup_wipe(&b);
	assert_null(b.devices);
	netstate_text_free(text, n);
	/* none, and as many as there may be */
	assert_int_equal(netbackup_write(&s, NULL, 0, NULL, &text, &n), 0);
	assert_int_equal(netbackup_read(text, n, draw, &b, words), 0);
	assert_int_equal(b.device_count, 3);
	netbackup_wipe(&b);
	netstate_text_free(text, n);
	s.eui64 = 0;
	assert_int_equal(netbackup_write(&s, NULL, 0, NULL, &text, &n), -EINVAL);
}

static void test_backup_many(void **state)
{
	struct netbackup_device *devices = calloc(NETBACKUP_DEVICES_MAX, sizeof(*devices));
	struct netstate s = sample(NETSTATE_LINKS_MAX);
	struct netbackup b;
	char words[NETBACKUP_WORDS_SIZE], *text;
	size_t n;

	for (unsigned i = 0; i < NETBACKUP_DEVICES_MAX; i++)
		devices[i] = (struct netbackup_device){ 0x00158d0000000001 + i, (uint16_t)(i + 1) };
	assert_int_equal(netbackup_write(&s, devices, NETBACKUP_DEVICES_MAX, NULL, &text, &n), 0);
	assert_true(n < NETBACKUP_TEXT_MAX);
	assert_int_equal(netbackup_read(text, n, draw, &b, words), 0);
	assert_int_equal(b.device_count, NETBACKUP_DEVICES_MAX);
	assert_int_equal(b.net.link_count, NETSTATE_LINKS_MAX);
	netbackup_wipe(&b);
	netstate_text_free(text, n);
	assert_int_equal(
		netbackup_write(&s, devices, NETBACKUP_DEVICES_MAX + 1, NULL, &text, &n), -EINVAL);
	free(devices);
}

/* A radio of another maker's stack, by zigbee2mqtt; the keys of single devices are of use. */
static const char zstack[] =
	"{\"metadata\": {\"format\": \"zigpy/open-coordinator-backup\", \"version\": \"0.0.1\","
	"\"source\": \"zigbee-herdsman@0.13.65\", \"internal\": {\"znpVersion\": 2}},"
	"\"stack_specific\": {\"zstack\": {\"tclk_seed\": \"4973f5450493c3cd90552c5f1d388a12\"}},"
	"\"coordinator_ieee\": \"00124b0009d80ba7\", \"pan_id\": \"cd0a\","
	"\"extended_pan_id\": \"00124b0009d69f77\", \"nwk_update_id\": 0, \"security_level\": 5,"
	"\"channel\": 21, \"channel_mask\": [21], \"network_key\": {\"key\":"
	"\"1A0355FD7ABB5DC588A34998F8EE1233\", \"sequence_number\": 0, \"frame_counter\": 108522},"
	"\"devices\": [{\"nwk_address\": \"1ad9\", \"ieee_address\": \"04cf8cdf3c79455f\", "
	"\"link_key\":"
	"{\"key\": \"9c88e969f3d3d23cd557304f2ac9cb97\", \"rx_counter\": 6, \"tx_counter\": "
	"10098}},"
	"{\"nwk_address\": \"1ea2\", \"ieee_address\": \"00158d0002ec571d\"}]}\n";

/* The same maker's, by zigbee2mqtt: what is a EUI-64 is written the other way round, the PAN
 * without its zeros. */
static const char ember[] =
	"{\"metadata\": {\"format\": \"zigpy/open-coordinator-backup\", \"version\": 1,"
	"\"source\": \"zigbee-herdsman@10.9.2\", \"internal\": {\"ezspVersion\": 13}},"
	"\"stack_specific\": {\"ezsp\": {\"hashed_tclk\": \"e9bd3ac165233d95923613c608beb147\"}},"
	"\"coordinator_ieee\": \"a70bd809004b1200\", \"pan_id\": \"a62\","
	"\"extended_pan_id\": \"779fd609004b1200\", \"nwk_update_id\": 7, \"security_level\": 5,"
	"\"channel\": 11, \"channel_mask\": [11, 12], \"network_key\": {\"key\":"
	"\"01030507090b0d0f00020406080a0c0d\", \"sequence_number\": 2, \"frame_counter\": 0},"
	"\"devices\": [{\"nwk_address\": null, \"ieee_address\": \"5f45793cdf8ccf04\"}]}";

/* zigpy's. */
static const char zigpy[] =
	"{\"metadata\": {\"version\": 1, \"format\": \"zigpy/open-coordinator-backup\","
	"\"source\": \"bellows@0.34.2\", \"internal\": {}}, \"stack_specific\": {\"ezsp\":"
	"{\"hashed_tclk\": \"e9bd3ac165233d95923613c608beb147\"}}, \"coordinator_ieee\":"
	"\"84ba20fffe59f5ff\", \"pan_id\": \"1A62\", \"extended_pan_id\": \"dddddddddddddddd\","
	"\"nwk_update_id\": null, \"security_level\": 5, \"channel\": 15, \"channel_mask\": [],"
	"\"network_key\": {\"key\": \"01030507090b0d0f00020406080a0c0d\", \"sequence_number\": 0,"
	"\"frame_counter\": 66781}, \"devices\": []}";

static void test_migration(void **state)
{
	struct netbackup b;
	char words[NETBACKUP_WORDS_SIZE];

	assert_int_equal(read_text(zstack, &b, words), 0);
	assert_int_equal(b.net.eui64, 0x00124b0009d80ba7);
	assert_int_equal(b.net.extended_pan, 0x00124b0009d69f77);
	assert_int_equal(b.net.pan, 0xcd0a);
	assert_int_equal(b.net.channel, 21);
	assert_int_equal(b.net.counter, 108522);
	assert_int_equal(b.net.network_key[15], 0x33);
	assert_int_equal(b.net.link_key[0], 0x77);
	assert_false(b.link_key_known);
	assert_non_null(strstr(b.words, "no trust centre's key"));
	assert_int_equal(b.net.link_count, 1);
	assert_int_equal(b.net.links[0].eui64, 0x04cf8cdf3c79455f);
	assert_int_equal(b.net.links[0].key[15], 0x97);
	assert_int_equal(b.net.link_counter, 10098);
	assert_int_equal(b.device_count, 2);
	assert_int_equal(b.devices[1].node, 0x1ea2);
	netbackup_wipe(&b);

	assert_int_equal(read_text(ember, &b, words), 0);
	assert_int_equal(b.net.eui64, 0x00124b0009d80ba7);
	assert_int_equal(b.net.extended_pan, 0x00124b0009d69f77);
	assert_int_equal(b.net.pan, 0x0a62);
	assert_int_equal(b.net.update_id, 7);
	assert_int_equal(b.net.key_sequence, 2);
	assert_int_equal(b.net.link_key[0], 0xe9);
	assert_true(b.link_key_known);
	assert_string_equal(b.words, "");
	assert_int_equal(b.devices[0].eui64, 0x04cf8cdf3c79455f);
	assert_int_equal(b.devices[0].node, ZIGBEE_NODE_NONE);
	netbackup_wipe(&b);

	assert_int_equal(read_text(zigpy, &b, words), 0);
	assert_int_equal(b.net.eui64, 0x84ba20fffe59f5ff);
	assert_int_equal(b.net.pan, 0x1a62);
	assert_int_equal(b.net.update_id, 0);
	netbackup_wipe(&b);
}

/* zigpy's text with one place changed, and what is said then. */
static const struct {
	const char *from, *to, *words;
} faults[] = {
	{ "zigpy/open", "zigpy/closed", "not of the format" },
	{ "\"version\": 1", "\"version\": 2", "another version" },
	{ "84ba20fffe59f5ff", "84ba20fffe59f5f", "\"coordinator_ieee\" has to be 16 hex digits" },
	{ "84ba20fffe59f5ff", "84ba20fffe59f5fg", "\"coordinator_ieee\"" },
	{ "84ba20fffe59f5ff", "0000000000000000", "blank" },
	{ "\"84ba20fffe59f5ff\"", "7", "\"coordinator_ieee\"" },
	{ "\"1A62\"", "\"1A623\"", "\"pan_id\" has to be 4 hex digits" },
	{ "\"1A62\"", "\"\"", "\"pan_id\"" },
	{ "dddddddddddddddd", "ddd", "\"extended_pan_id\"" },
	{ "\"channel\": 15", "\"channel\": 27", "\"channel\" has to be a whole number up to 26" },
	{ "\"channel\": 15", "\"channel\": 9", "from 11 to 26" },
	{ "\"channel\": 15", "\"channel\": 15.5", "whole number" },
	{ "\"channel\": 15", "\"channel\": -1", "whole number" },
	{ "\"nwk_update_id\": null", "\"nwk_update_id\": 256", "\"nwk_update_id\"" },
	{ "\"security_level\": 5", "\"security_level\": 4", "security level is 4" },
	{ "\"network_key\"", "\"network_kez\"", "\"network_key\" is missing" },
	{ "\"key\": \"01", "\"key\": \"0x", "the key of the network has to be 32 hex digits" },
	{ "\"key\": \"01030507090b0d0f00020406080a0c0d\"", "\"key\": null", "32 hex digits" },
	{ "\"sequence_number\": 0", "\"sequence_number\": \"0\"", "\"sequence_number\"" },
	{ "66781", "4294967296", "\"frame_counter\"" },
	{ "66781", "1e99", "\"frame_counter\"" },
	{ "\"devices\": []", "\"devices\": 3", "\"devices\" has to be a list" },
	{ "\"devices\": []", "\"devices\": [3]", "no object" },
	{ "\"devices\": []", "\"devices\": [{}]", "\"ieee_address\"" },
	{ "\"devices\": []",
		"\"devices\": [{\"ieee_address\": \"0000000000000001\", \"nwk_address\": \"z\"}]",
		"\"nwk_address\"" },
	{ "\"devices\": []",
		"\"devices\": [{\"ieee_address\": \"0000000000000001\", \"link_key\": {\"key\": "
		"\"1\"}}]",
		"the key of 0000000000000001" },
	{ "\"devices\": []",
		"\"devices\": [{\"ieee_address\": \"0000000000000001\", \"link_key\": {\"key\":"
		"\"01030507090b0d0f00020406080a0c0d\", \"tx_counter\": -5}}]",
		"\"tx_counter\"" },
	{ "\"devices\": []",
		"\"devices\": [{\"ieee_address\": \"0000000000000001\", \"link_key\": {\"key\":"
		"\"01030507090b0d0f00020406080a0c0d\"}}, {\"ieee_address\": \"0000000000000001\","
		"\"link_key\": {\"key\": \"01030507090b0d0f00020406080a0c0d\"}}]",
		"0000000000000001 is there twice" },
	{ "e9bd3ac1", "e9bd3ac", "\"hashed_tclk\"" },
	{ "\"devices\": []}", "\"devices\": [", "not JSON: fault near byte" },
	{ "\"devices\": []}", "\"devices\": []} x", "something follows" },
	{ "\"internal\": {}", "\"internal\": [[[[[[[[[[]]]]]]]]]]", "not a backup" },
};

static void test_backup_faults(void **state)
{
	struct netbackup b;
	char words[NETBACKUP_WORDS_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const char *at = strstr(zigpy, faults[i].from);
		char text[2048];

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - zigpy), zigpy, faults[i].to,
			at + strlen(faults[i].from));
		if (read_text(text, &b, words) != -EBADMSG || !strstr(words, faults[i].words))
			fail_msg("%s -> %s: %s", faults[i].from, faults[i].to, words);
		assert_null(b.devices);
	}
	assert_int_equal(read_text("", &b, words), -EBADMSG);
	assert_int_equal(read_text("[]", &b, words), -EBADMSG);
	assert_int_equal(read_text("{}", &b, words), -EBADMSG);
	assert_int_equal(
		read_text("{\"adapterType\": \"zStack\", \"data\": {}}", &b, words), -EBADMSG);
	assert_non_null(strstr(words, "old backup of zigbee2mqtt"));
	assert_int_equal(netbackup_read("{}\0", 3, draw, &b, words), -EBADMSG);
	assert_int_equal(netbackup_read(zigpy, NETBACKUP_TEXT_MAX + 1, draw, &b, words), -EBADMSG);
	assert_int_equal(netbackup_read(zstack, strlen(zstack), draw_nothing, &b, words), -EIO);
}

/* More keys of their own than can be kept. */
static void test_links_left_out(void **state)
{
	size_t size = 256 * 200, n;
	char *text = malloc(size), words[NETBACKUP_WORDS_SIZE];
	const char *at = strstr(zigpy, "\"devices\": [") + strlen("\"devices\": [");
	struct netbackup b;

	n = (size_t)snprintf(text, size, "%.*s", (int)(at - zigpy), zigpy);
	for (unsigned i = 0; i < 70; i++)
		n += (size_t)snprintf(text + n, size - n,
			"%s{\"ieee_address\": \"%016x\", \"link_key\": {\"key\": "
			"\"01030507090b0d0f00020406080a0c%02x\"}}",
			i ? ", " : "", i + 1, i);
	snprintf(text + n, size - n, "]}");
	assert_int_equal(read_text(text, &b, words), 0);
	assert_int_equal(b.net.link_count, NETSTATE_LINKS_MAX);
	assert_int_equal(b.links_left_out, 6);
	assert_int_equal(b.device_count, 70);
	assert_int_equal(strncmp(b.words, "70 devices have keys of their own; only 64", 42), 0);
	netbackup_wipe(&b);
	free(text);
}

/* ---- install codes ---- */

static const struct {
	const char *code;
	int outcome;
	const char *key; /* NULL: not known */
} codes[] = {
	/* of the base device behaviour */
	{ "83FED3407A939723A5C639B26916D505C3B5", 0, "66b6900981e1ee3ca4206b6b861c02bb" },
	{ "83FE D340 7A93 9723 A5C6 39B2 6916 D505 B5C3", 0, "66b6900981e1ee3ca4206b6b861c02bb" },
	{ "83:fe:d3:40-7a939723a5c639b26916d505c3b5", 0, "66b6900981e1ee3ca4206b6b861c02bb" },
	/* of all lengths; the keys by another program */
	{ "31323334353672E6", 0, "bbfda089ac2a78801cf7fcbda6533974" },
	{ "31323334353637386A08", 0, "d2b70622326e018b9c224aaa37e06b0d" },
	{ "3132333435363738393A3B3CF696", 0, "bed8b2eaa201986030a7f39e9bb3457a" },
	{ "3132333435363738393A3B3C3D3E3F4069B9", 0, "46433cab8ae38df6103dd9f5875821e5" },
	/* printed with its check the other way round */
	{ "F6F1913D834A08D6ADAF1F91BAF4052D7316", 0, NULL },
	{ "F6F1913D834A08D6ADAF1F91BAF4052D1673", 0, NULL },
	{ "83FED3407A939723A5C639B26916D505C3B4", INSTALLCODE_E_CHECK, NULL },
	{ "83FED3407A939723A5C639B26916D504C3B5", INSTALLCODE_E_CHECK, NULL },
	{ "83FED3407A939723A5C639B26916D505C3", INSTALLCODE_E_LENGTH, NULL },
	{ "83FED3407A939723A5C639B26916D505C3B", INSTALLCODE_E_LENGTH, NULL },
	{ "83FED3407A939723A5C639B26916D505C3B500", INSTALLCODE_E_LENGTH, NULL },
	{ "", INSTALLCODE_E_LENGTH, NULL },
	{ "83FED3407A939723A5C639B26916D505C3BO", INSTALLCODE_E_DIGIT, NULL },
};

static void test_codes(void **state)
{
	uint8_t key[16], wanted[16], other[16];
	char words[160];

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		int r = installcode_key(codes[i].code, key);

		if (r != codes[i].outcome)
			fail_msg("%s: %s", codes[i].code,
				installcode_words(codes[i].code, r, words, sizeof(words)));
		assert_true(strlen(installcode_words(codes[i].code, r, words, sizeof(words))) > 5);
		if (!codes[i].key)
			continue;
		for (unsigned k = 0; k < 16; k++)
			assert_int_equal(sscanf(codes[i].key + 2 * k, "%2hhx", &wanted[k]), 1);
		assert_memory_equal(key, wanted, 16);
	}
	/* both orders are one code */
	assert_int_equal(installcode_key("F6F1913D834A08D6ADAF1F91BAF4052D7316", key), 0);
	assert_int_equal(installcode_key("F6F1913D834A08D6ADAF1F91BAF4052D1673", other), 0);
	assert_memory_equal(key, other, 16);
	assert_true(strlen(installcode_words("", -ENOMEM, words, sizeof(words))) > 5);
	assert_string_equal(installcode_words("83FED3407A939723A5C639B26916D505C3B4",
				    INSTALLCODE_E_CHECK, words, sizeof(words)),
		"has C3B4 at its end; to the digits before belongs C3B5 or B5C3, so that one of "
		"them is mistyped");
}

/* The shorter lengths, with a check that is computed here bit by bit (CRC-16/X-25). */
static void test_lengths(void **state)
{
	static const size_t lengths[] = { 6, 8, 12, 16 };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint8_t code[18], key[16];
		unsigned crc = 0xffff;

		for (size_t k = 0; k < lengths[i]; k++) {
			code[k] = (uint8_t)(17 * k + 3);
			crc ^= code[k];
			for (unsigned bit = 0; bit < 8; bit++)
				crc = crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1;
		}
		crc ^= 0xffff;
		code[lengths[i]] = (uint8_t)crc;
		code[lengths[i] + 1] = (uint8_t)(crc >> 8);
		assert_int_equal(installcode_key_of(code, lengths[i] + 2, key), 0);
		assert_int_equal(
			installcode_key_of(code, lengths[i] + 1, key), INSTALLCODE_E_LENGTH);
		code[lengths[i]] ^= 1;
		assert_int_equal(
			installcode_key_of(code, lengths[i] + 2, key), INSTALLCODE_E_CHECK);
	}
}

/* Two vectors of the specification (Zigbee PRO C.5): one byte, and two blocks. */
static void test_hash(void **state)
{
	uint8_t hash[16], bytes[INSTALLCODE_HASHED_MAX + 1];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(0xc0 + i);
	assert_int_equal(installcode_hash(bytes, 1, hash), 0);
	assert_memory_equal(
		hash, "\xae\x3a\x10\x2a\x28\xd4\x3e\xe0\xd4\xa0\x9e\x22\x78\x8b\x20\x6c", 16);
	assert_int_equal(installcode_hash(bytes, 16, hash), 0);
	assert_memory_equal(
		hash, "\xa7\x97\x7e\x88\xbc\x0b\x61\xe8\x21\x08\x27\x10\x9a\x22\x8f\x2d", 16);
	assert_int_equal(installcode_hash(bytes, INSTALLCODE_HASHED_MAX, hash), 0);
	assert_int_equal(installcode_hash(bytes, INSTALLCODE_HASHED_MAX + 1, hash), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_backup_round),
		cmocka_unit_test(test_backup_many),
		cmocka_unit_test(test_migration),
		cmocka_unit_test(test_backup_faults),
		cmocka_unit_test(test_links_left_out),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_hash),
	};

	return RUN_TESTS(tests);
}
