/*
 * Fields of EZSP frames: tests/vectors/zigbee/ezsp.tsv, and for every frame of
 * every version that what was written is read back, and that no frame cut short
 * is taken for whole. From the top of the tree.
 */
#include "unit/codec/vector_file.h"
#include "unit/unit.h"

#include <errno.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "zigbee/ezsp_frame.h"
#include "zigbee/ezsp_layout.h"

/* Members with several forms on the wire are shown once. */
#define SHOWN_ALREADY " CONFIG_STATUS STATUS32 NUMBER16 NUMBER32 TAG16 RELAYS REST LONG_MESSAGE "

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t n = 0;

	for (; *hex; hex += 2)
		assert_int_equal(sscanf(hex, "%2hhx", &to[n++]), 1);
	return n;
}

static void show(char *to, size_t size, const struct ezsp_values *v, int r)
{
	struct text t = text_init(to, size);

	if (r == -EBADMSG)
		text_lit(&t, " short");
#define SHOW_U8(m) (v->m ? text_printf(&t, " " #m "=%02X", (unsigned)(uint8_t)v->m) : (void)0)
#define SHOW_U16(m) (v->m ? text_printf(&t, " " #m "=%04X", (unsigned)v->m) : (void)0)
#define SHOW_U32(m) (v->m ? text_printf(&t, " " #m "=%08X", (unsigned)v->m) : (void)0)
#define SHOW_U64(m) (v->m ? text_printf(&t, " " #m "=%016llX", (unsigned long long)v->m) : (void)0)
#define SHOW_N8(m) SHOW_U32(m)
#define SHOW_N16(m) SHOW_U32(m)
#define SHOW_N8_OF_16(m) SHOW_U16(m)
#define SHOW_NETWORK_STATUS(m) SHOW_U32(m)
#define SHOW_CONFIG_STATUS(m) SHOW_U32(m)
#define SHOW_KEY(m) (void)0
#define SHOW_IN_LIST(m) (void)0
#define SHOW_OUT_LIST(m) (void)0
#define SHOW_LIST16(m) (void)0
#define SHOW_REST(m) (void)0
#define SHOW_BYTES32(m) (void)0
#define SHOW_BYTES(m)                                                                              \
	do {                                                                                       \
		for (size_t i = 0; i < v->m##_length; i++)                                         \
			text_printf(&t, "%s%02X", i ? "" : " " #m "=", v->m[i]);                   \
	} while (0)
#define FIELD(name, member, kind)                                                                  \
	if (!strstr(SHOWN_ALREADY, " " #name " "))                                                 \
		SHOW_##kind(member);
#include "zigbee/ezsp_fields.def"
#undef FIELD
	if (v->trailing)
		text_printf(&t, " trailing=%zu", v->trailing);
	if (t.at == t.start)
		text_lit(&t, " -");
	assert_true(text_done(&t) > 0);
}

static void run_vector(char *line, void *userdata)
{
	char *name = strtok_r(line, "\t", &line), *version = strtok_r(NULL, "\t", &line);
	char *side = strtok_r(NULL, "\t", &line), *hex = strtok_r(NULL, "\t", &line);
	char *id = strtok_r(NULL, "\t", &line), *wanted = line;
	unsigned v = (unsigned)strtoul(version, NULL, 10);
	enum ezsp_side s = strcmp(side, "command") == 0 ? EZSP_SIDE_COMMAND : EZSP_SIDE_ANSWER;
	uint8_t bytes[300], again[300];
	size_t n = from_hex(hex, bytes), head, m = 0;
	struct ezsp_values values;
	struct ezsp_header h;
	char shown[1024];
	int r;

	if (s == EZSP_SIDE_COMMAND) {
		h.id = (uint16_t)strtoul(id, NULL, 16);
		head = ezsp_header_write(again, ezsp_form_of(v), bytes[0], h.id);
		if (memcmp(again, bytes, head) != 0)
			fail_msg("%s: other head", name);
	} else {
		struct cursor c = cursor_init(bytes, n);

		assert_int_equal(ezsp_form_guess(bytes, n), ezsp_form_of(v));
		assert_int_equal(ezsp_header_read(&c, ezsp_form_of(v), &h), 0);
		assert_int_equal(h.id, strtoul(id, NULL, 16));
		assert_int_equal(h.sequence, bytes[0]);
		head = n - cursor_remaining(&c);
	}
	r = ezsp_decode(v, h.id, s, bytes + head, n - head, &values);
	show(shown, sizeof(shown), &values, r);
	if (strcmp(shown + 1, wanted) != 0)
		fail_msg("%s:\nwanted %s\nfound  %s", name, wanted, shown + 1);
	if (r != 0)
		return;
	assert_int_equal(ezsp_encode(v, h.id, s, &values, again, sizeof(again), &m), 0);
	if (m != n - head - values.trailing || memcmp(again, bytes + head, m) != 0)
		fail_msg("%s: written otherwise", name);
}

static void test_vectors(void **state)
{
	(void)state;
	assert_int_equal(vector_lines("tests/vectors/zigbee/ezsp.tsv", run_vector, NULL), 19);
}

static uint64_t random_state;

static uint8_t random_byte(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint8_t)(random_state >> 56);
}

/* Bytes of any kind are read, written and read again: the same fields. A frame cut short never
 * counts as whole, unless it has no end of its own. */
static void round_trip(unsigned version, uint16_t id, enum ezsp_side side)
{
	static const uint16_t clusters[255];
	uint8_t bytes[256], again[256];
	struct ezsp_values v, w;
	size_t n, m;
	int r;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = random_byte() & (random_byte() & 1 ? 0xFF : 0x0F);
	r = ezsp_decode(version, id, side, bytes, sizeof(bytes), &v);
	if (r == -EBADMSG)
		return; /* a length beyond the end */
	assert_int_equal(r, 0);
	v.in_clusters = v.out_clusters = clusters;
	if (ezsp_encode(version, id, side, &v, again, sizeof(again), &n) < 0)
		fail_msg("%s: does not go back", ezsp_name(id));
	assert_int_equal(n + v.trailing, sizeof(bytes));
	if (!(id == EZSP_ADD_ENDPOINT && side == EZSP_SIDE_COMMAND) &&
		!(version < EZSP_VERSION_SL_STATUS && side == EZSP_SIDE_ANSWER))
		assert_memory_equal(again, bytes, n);
	assert_int_equal(ezsp_decode(version, id, side, again, n, &w), 0);
	assert_int_equal(w.trailing, 0);
	assert_int_equal(w.status, v.status);
	assert_true(w.eui64 == v.eui64 && w.node == v.node && w.message_length == v.message_length);
	for (size_t k = 0; k < n; k++) {
		r = ezsp_decode(version, id, side, again, k, &w);
		assert_true(r == -EBADMSG || v.message_length == n);
		assert_int_equal(ezsp_encode(version, id, side, &v, again, k, &m), -EMSGSIZE);
	}
}

static void test_every_frame(void **state)
{
	unsigned frames = 0;

	random_state = 7;
	printf("seed 7\n");
	for (unsigned version = 4; version <= 20; version++)
		for (unsigned id = 0; id < 0x200; id++) {
			struct ezsp_values v;

			if (ezsp_decode(version, (uint16_t)id, EZSP_SIDE_ANSWER, NULL, 0, &v) ==
				-EOPNOTSUPP)
				continue;
			assert_string_not_equal(ezsp_name((uint16_t)id), "unknown");
			for (unsigned i = 0; i < 20; i++) {
				round_trip(version, (uint16_t)id, EZSP_SIDE_COMMAND);
				round_trip(version, (uint16_t)id, EZSP_SIDE_ANSWER);
			}
			frames++;
		}
	assert_true(frames > 800);
	assert_string_equal(ezsp_name(0x1FF), "unknown");
}

/* Lengths of what has one length, as the reference gives them. */
static void test_lengths(void **state)
{
	static const struct {
		unsigned version;
		uint16_t id;
		enum ezsp_side side;
		size_t length;
	} rows[] = {
		{ 13, EZSP_FORM_NETWORK, EZSP_SIDE_COMMAND, 20 },
		{ 13, EZSP_SET_INITIAL_SECURITY, EZSP_SIDE_COMMAND, 43 },
		{ 13, EZSP_EXPORT_KEY, EZSP_SIDE_COMMAND, 18 },
		{ 13, EZSP_EXPORT_KEY, EZSP_SIDE_ANSWER, 20 },
		{ 14, EZSP_EXPORT_KEY, EZSP_SIDE_ANSWER, 38 },
		{ 13, EZSP_EXPORT_LINK_KEY, EZSP_SIDE_ANSWER, 8 + 16 + 12 + 4 },
		{ 14, EZSP_EXPORT_LINK_KEY, EZSP_SIDE_ANSWER, 4 + 18 + 16 + 12 },
		{ 13, EZSP_GET_NETWORK_KEY_INFO, EZSP_SIDE_ANSWER, 12 },
		{ 8, EZSP_GET_KEY, EZSP_SIDE_ANSWER, 37 },
		{ 13, EZSP_GET_NETWORK_PARAMETERS, EZSP_SIDE_ANSWER, 22 },
		{ 19, EZSP_GET_NETWORK_PARAMETERS, EZSP_SIDE_ANSWER, 25 },
		{ 13, EZSP_IMPORT_TRANSIENT_KEY, EZSP_SIDE_COMMAND, 25 },
		{ 14, EZSP_IMPORT_TRANSIENT_KEY, EZSP_SIDE_COMMAND, 24 },
		{ 8, EZSP_ADD_TRANSIENT_KEY, EZSP_SIDE_COMMAND, 24 },
		{ 13, EZSP_LEAVE_NETWORK, EZSP_SIDE_COMMAND, 0 },
		{ 14, EZSP_LEAVE_NETWORK, EZSP_SIDE_COMMAND, 1 },
		{ 8, EZSP_START_SCAN, EZSP_SIDE_ANSWER, 1 },
		{ 13, EZSP_START_SCAN, EZSP_SIDE_ANSWER, 4 },
		{ 13, EZSP_TRUST_CENTER_JOIN, EZSP_SIDE_ANSWER, 14 },
		{ 13, EZSP_CHILD_JOIN, EZSP_SIDE_ANSWER, 13 },
		{ 13, EZSP_SEND_BROADCAST, EZSP_SIDE_COMMAND, 2 + 11 + 1 + 1 + 1 },
		{ 14, EZSP_SEND_BROADCAST, EZSP_SIDE_COMMAND, 2 + 2 + 1 + 11 + 1 + 2 + 1 },
		{ 13, EZSP_SEND_MULTICAST, EZSP_SIDE_COMMAND, 11 + 1 + 1 + 1 + 1 },
		{ 14, EZSP_SEND_MULTICAST, EZSP_SIDE_COMMAND, 11 + 1 + 2 + 2 + 1 + 2 + 1 },
		{ 13, EZSP_GET_TOKEN_DATA, EZSP_SIDE_COMMAND, 8 },
		{ 13, EZSP_SET_TOKEN_DATA, EZSP_SIDE_COMMAND, 4 + 4 + 4 },
		{ 13, EZSP_GET_TOKEN_DATA, EZSP_SIDE_ANSWER, 1 + 4 },
		{ 14, EZSP_GET_TOKEN_DATA, EZSP_SIDE_ANSWER, 4 + 4 },
		{ 13, EZSP_REMOVE_DEVICE, EZSP_SIDE_COMMAND, 18 },
	};
	const struct ezsp_values none = { 0 };
	uint8_t bytes[300];
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(ezsp_encode(rows[i].version, rows[i].id, rows[i].side, &none,
					 bytes, sizeof(bytes), &n),
			0);
		if (n != rows[i].length)
			fail_msg("%s, version %u: %zu instead of %zu", ezsp_name(rows[i].id),
				rows[i].version, n, rows[i].length);
	}
}

static void test_what_there_is_not(void **state)
{
	const struct ezsp_values long_message = { .message = (const uint8_t[256]){ 0 },
		.message_length = 256 };
	struct ezsp_values v;
	uint8_t bytes[400];
	size_t n;

	assert_int_equal(ezsp_encode(14, EZSP_GET_KEY, EZSP_SIDE_COMMAND, &long_message, bytes,
				 sizeof(bytes), &n),
		-EOPNOTSUPP);
	assert_int_equal(ezsp_encode(8, EZSP_EXPORT_KEY, EZSP_SIDE_COMMAND, &long_message, bytes,
				 sizeof(bytes), &n),
		-EOPNOTSUPP);
	assert_int_equal(ezsp_encode(13, EZSP_SET_VALUE, EZSP_SIDE_COMMAND, &long_message, bytes,
				 sizeof(bytes), &n),
		-EMSGSIZE);
	/* 13 used this id for another command */
	assert_int_equal(ezsp_decode(13, EZSP_GET_ADDRESS_TABLE, EZSP_SIDE_ANSWER, bytes, 0, &v),
		-EOPNOTSUPP);
	assert_true(ezsp_is_callback(13, EZSP_INCOMING_MESSAGE));
	assert_false(ezsp_is_callback(13, EZSP_NOP));
	assert_true(ezsp_status_leads(14, EZSP_EXPORT_KEY));
	assert_false(ezsp_status_leads(13, EZSP_EXPORT_KEY));
	assert_false(ezsp_status_leads(13, EZSP_NOP));
}

static void test_statuses(void **state)
{
	static const struct {
		uint8_t old;
		uint32_t network, config;
	} rows[] = {
		{ 0x00, 0, 0 },
		{ 0x90, EZSP_STATUS_NETWORK_UP, 0x20090 },
		{ 0x93, EZSP_STATUS_NOT_JOINED, 0x20093 },
		{ 0x72, EZSP_STATUS_TOO_MANY_MESSAGES, 0x20072 },
		{ 0x35, 0x10035, 0x20035 },
	};
	struct ezsp_values v;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ezsp_decode(13, EZSP_NETWORK_INIT, EZSP_SIDE_ANSWER, &rows[i].old, 1, &v);
		assert_int_equal(v.status, rows[i].network);
		ezsp_decode(13, EZSP_SET_POLICY, EZSP_SIDE_ANSWER, &rows[i].old, 1, &v);
		assert_int_equal(v.status, rows[i].config);
	}
}

static void test_heads(void **state)
{
	static const struct {
		enum ezsp_form form;
		size_t n;
		uint8_t bytes[6];
	} bad[] = {
		{ EZSP_LEGACY, 2, { 0, 0x80 } },
		{ EZSP_LEGACY, 3, { 0, 0x00, 5 } },
		{ EZSP_MIDDLE, 5, { 0, 0x80, 0xFE, 0, 5 } },
		{ EZSP_MIDDLE, 5, { 0, 0x80, 0xFF, 1, 5 } },
		{ EZSP_EXTENDED, 4, { 0, 0x80, 1, 0 } },
		{ EZSP_EXTENDED, 5, { 0, 0x80, 0, 0, 0 } },
		{ EZSP_EXTENDED, 5, { 0, 0x80, 0x81, 0, 0 } },
		{ EZSP_EXTENDED, 5, { 0, 0x00, 1, 0, 0 } },
	};
	struct ezsp_header h;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct cursor c = cursor_init(bad[i].bytes, bad[i].n);

		assert_int_equal(ezsp_header_read(&c, bad[i].form, &h), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_frame),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_what_there_is_not),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_heads),
	};

	return RUN_TESTS(tests);
}
