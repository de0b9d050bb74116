/*
 * Every order of events: what devices, radio, ledger and people do comes in any
 * order, by a seed that is printed; what must hold at all times does. SEED=n and
 * ROUNDS=n in the environment for others.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

static uint64_t state_of_chance;

static unsigned chance(unsigned below)
{
	/* xorshift64*, Vigna */
	state_of_chance ^= state_of_chance >> 12;
	state_of_chance ^= state_of_chance << 25;
	state_of_chance ^= state_of_chance >> 27;
	return (unsigned)((state_of_chance * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static const struct node_kind *const kinds[] = { &node_fridge, &node_contact, &node_plug,
	&node_button, &node_lumi, &node_pair };

/* ---- what must hold ---- */

static void check_table(void)
{
	unsigned count = 0, configured = 0, asking = 0, work = 0;

	for (unsigned i = 0; i < NODES_SLOTS; i++) {
		const struct node *node = wing.nodes.slots[i];

		if (!node)
			continue;
		count++;
		configured += node->configured;
		asking += node->asking;
		work += node->work;
		assert_int_equal(node->slot, i);
		assert_ptr_equal(nodes_find(&wing.nodes, node->eui64), node);
		if (node->node != ZIGBEE_NODE_NONE)
			assert_ptr_equal(nodes_by_node(&wing.nodes, node->node), node);
		assert_true(node->work <= NODES_WORK_EACH);
		assert_true(node->requests <= node->work);
		assert_true(i < wing.nodes.end);
		assert_true(!node->silent || node->joined);
	}
	assert_int_equal(count, wing.nodes.count);
	assert_int_equal(configured, wing.nodes.configured);
	assert_int_equal(asking, wing.nodes.flying);
	assert_int_equal(work, wing.nodes.work_count);
	assert_true(wing.nodes.flying <= NODES_FLIGHT_MAX);
}

/* ---- what happens ---- */

/* Nobody else has it. */
static uint16_t free_address(void)
{
	for (;;) {
		uint16_t a = (uint16_t)(0x1000 + chance(24));
		bool taken = false;

		for (unsigned i = 0; i < wing.device_count; i++)
			taken = taken || wing.devices[i].node == a;
		if (!taken)
			return a;
	}
}

static void moves(struct node_device *d)
{
	d->node = free_address();
	if (chance(2))
		nodes_joined(&wing.nodes, d->eui64, d->node,
			chance(4) == 0 ? NODES_JOINED : NODES_REJOINED, &wing.now);
	node_announces(&wing, d);
}

/* Both say so. */
static void swap(struct node_device *a, struct node_device *b)
{
	uint16_t node = a->node;

	if (a == b)
		return;
	a->node = b->node;
	b->node = node;
	node_announces(&wing, a);
	node_announces(&wing, b);
}

static void talks(struct node_device *d)
{
	static const char digits[] = "0123456789ABCDEF";
	char report[] = "18 00 0A 00 00 29 00 08", alarm[] = "09 00 00 0100 00 FF 0000",
	     press[] = "01 00 02";
	char *hex = chance(3) == 0 ? report : chance(2) ? alarm : press;
	uint16_t cluster = hex == report ? 0x0402 : hex == alarm ? 0x0500 : 0x0006;

	d->sequence++;
	hex[3] = digits[d->sequence >> 4];
	hex[4] = digits[d->sequence & 15];
	/* who it is, so that it can be seen whose it is taken for */
	report[18] = digits[d - wing.devices];
	wing.reading_count = 0;
	for (unsigned i = 0; i < 1 + chance(2); i++)
		node_says(&wing, d, d->kind == &node_pair ? 3 : 1, cluster, hex);
	for (unsigned i = 0; hex == report && i < wing.reading_count; i++)
		if (wing.readings[i].metric == METRIC_AMBIENT_TEMPERATURE &&
			wing.readings[i].number.mantissa >> 8 == 8 &&
			wing.reading_of[i] != d->eui64 && !wing.says_eui64)
			fail_msg("a value of device %u under another's name",
				(unsigned)(d - wing.devices));
}

static void manner(struct node_device *d)
{
	d->gone = chance(6) == 0;
	d->lose = chance(4);
	d->lose_answers = chance(3);
	d->awake_us = chance(2) ? INT64_MAX : wing.now.boot_us;
	d->listens_us = S / 4 + chance(4) * S;
	d->bind_status = chance(4) == 0 ? 0x8c : 0;
	d->configure_status = chance(4) == 0 ? 0x8c : 0;
	d->configure_default = chance(4) == 0 && d->configure_status;
	d->zone_asks = chance(2);
	d->zone_never = chance(5) == 0;
	d->max_s = chance(4) == 0 ? 7200 : 0;
	d->deaf_to = chance(4) == 0 ? (uint16_t)chance(6) : WARD_NONE;
}

static void safe(void)
{
	if (wing.token_count > 32)
		while (wing.token_count > 0)
			node_ward_safe(&wing, chance(4) > 0);
	else if (wing.token_count > 0)
		node_ward_safe(&wing, chance(4) > 0);
}

static void radio(void)
{
	if (wing.nodes.up) {
		nodes_down(&wing.nodes);
		wing.send_count = 0;
	} else {
		nodes_up(&wing.nodes, &wing.now);
	}
}

static void configuration(struct node_device *d)
{
	switch (chance(5)) {
	case 0:
		nodes_unconfigure(&wing.nodes, d->eui64);
		return;
	case 1:
		nodes_forget(&wing.nodes, d->eui64);
		return;
	default:
		assert_int_equal(nodes_configure(&wing.nodes, d->eui64, NULL, &wing.now), 0);
		return;
	}
}

static void happen(void)
{
	struct node_device *d = &wing.devices[chance(wing.device_count)],
			   *e = &wing.devices[chance(wing.device_count)];

	switch (chance(20)) {
	case 0:
		moves(d);
		return;
	case 1:
		swap(d, e);
		return;
	case 2:
		nodes_left(&wing.nodes, d->eui64, &wing.now);
		return;
	case 3:
		nodes_conflict(&wing.nodes, d->node, &wing.now);
		return;
	case 4:
		manner(d);
		return;
	case 5:
		if (chance(4) == 0)
			radio();
		return;
	case 6:
		wing.radio_full = chance(3) == 0;
		return;
	case 7:
		if (wing.nodes.up && chance(4) == 0)
			node_ward_restart(&wing);
		return;
	case 8:
		configuration(d);
		return;
	case 9:
		nodes_paired(&wing.nodes, d->eui64, d->node, &wing.now);
		return;
	case 10:
		if (nodes_dismiss(&wing.nodes, d->eui64, &wing.now) == 0)
			d->left = false;
		return;
	case 11:
		(void)nodes_interview(&wing.nodes, d->eui64, &wing.now);
		return;
	case 12:
		safe();
		return;
	case 13:
		wing.verdict = (enum nodes_taken)chance(3);
		return;
	case 14:
		node_announces(&wing, d);
		return;
	default:
		talks(d);
		return;
	}
}

/* Whatever has been: with time and devices that answer all are set up in the end. */
static void settle(void)
{
	if (!wing.nodes.up)
		nodes_up(&wing.nodes, &wing.now);
	wing.radio_full = false;
	wing.verdict = NODES_TAKEN_SAFE;
	wing.send_count = 0; /* among them what tells somebody to leave */
	for (unsigned i = 0; i < wing.device_count; i++) {
		struct node_device *d = &wing.devices[i];

		d->gone = d->left = d->configure_default = d->zone_never = false;
		d->lose = d->lose_answers = d->max_s = 0;
		d->awake_us = INT64_MAX;
		d->bind_status = d->configure_status = 0;
		d->deaf_to = WARD_NONE;
		assert_int_equal(nodes_configure(&wing.nodes, d->eui64, NULL, &wing.now), 0);
		node_joins(&wing, d);
	}
	for (unsigned i = 0; i < wing.device_count; i++) {
		struct node_device *d = &wing.devices[i];

		wing.reading_count = 0;
		if (!node_ward_interview(&wing, d, 400 * S))
			fail_msg("device %u is never through: the %s", i,
				interview_step_text(node_of(&wing, d)->interview.step));
		assert_int_equal(node_of(&wing, d)->node, d->node);
		assert_false(interview_has_missed(&node_of(&wing, d)->interview));
		assert_true(d->kind != &node_contact || d->enrolled);
	}
	check_table();
}

static void test_every_order(void **state)
{
	const char *seed = getenv("SEED"), *rounds = getenv("ROUNDS");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
	uint64_t count = rounds ? strtoull(rounds, NULL, 10) : 40;

	(void)state;
	for (uint64_t round = first; round < first + count; round++) {
		print_message("seed %llu\n", (unsigned long long)round);
		state_of_chance = round * UINT64_C(0x9e3779b97f4a7c15) + 1;
		node_ward_init(&wing);
		wing.says_eui64 = round % 3 == 0;
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			struct node_device *d = node_ward_add(&wing, kinds[i], chance(4) > 0);

			node_joins(&wing, d);
		}
		for (unsigned i = 0; i < 400; i++) {
			wing.reading_count = 0;
			happen();
			check_table();
			if (chance(3) == 0)
				safe();
			wing.reading_count = 0;
			node_ward_pass(&wing, chance(8) == 0 ? chance(600) * S : chance(2000000));
			check_table();
		}
		settle();
		node_ward_done(&wing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),
	};

	return RUN_TESTS(tests);
}
