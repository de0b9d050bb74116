/*
 * Every order of events: what devices, radio, ledger and people do comes in any
 * order, by a seed that is printed; what must hold at all times does. SEED=n and
 * ROUNDS=n in the environment for others.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

static struct node_ward ward;
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
		const struct node *node = ward.nodes.slots[i];

		if (!node)
			continue;
		count++;
		configured += node->configured;
		asking += node->asking;
		work += node->work;
		assert_int_equal(node->slot, i);
		assert_ptr_equal(nodes_find(&ward.nodes, node->eui64), node);
		if (node->node != ZIGBEE_NODE_NONE)
			assert_ptr_equal(nodes_by_node(&ward.nodes, node->node), node);
		assert_true(node->work <= NODES_WORK_EACH);
		assert_true(node->requests <= node->work);
		assert_true(i < ward.nodes.end);
		assert_true(!node->silent || node->joined);
	}
	assert_int_equal(count, ward.nodes.count);
	assert_int_equal(configured, ward.nodes.configured);
	assert_int_equal(asking, ward.nodes.flying);
	assert_int_equal(work, ward.nodes.work_count);
	assert_true(ward.nodes.flying <= NODES_FLIGHT_MAX);
}

/* ---- what happens ---- */

/* Nobody else has it. */
static uint16_t free_address(void)
{
	for (;;) {
		uint16_t a = (uint16_t)(0x1000 + chance(24));
		bool taken = false;

		for (unsigned i = 0; i < ward.device_count; i++)
			taken = taken || ward.devices[i].node == a;
		if (!taken)
			return a;
	}
}

static void moves(struct node_device *d)
{
	d->node = free_address();
	if (chance(2))
		nodes_joined(&ward.nodes, d->eui64, d->node,
			chance(4) == 0 ? NODES_JOINED : NODES_REJOINED, &ward.now);
	node_announces(&ward, d);
}

/* Both say so. */
static void swap(struct node_device *a, struct node_device *b)
{
	uint16_t node = a->node;

	if (a == b)
		return;
	a->node = b->node;
	b->node = node;
	node_announces(&ward, a);
	node_announces(&ward, b);
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
	report[18] = digits[d - ward.devices];
	ward.reading_count = 0;
	for (unsigned i = 0; i < 1 + chance(2); i++)
		node_says(&ward, d, d->kind == &node_pair ? 3 : 1, cluster, hex);
	for (unsigned i = 0; hex == report && i < ward.reading_count; i++)
		if (ward.readings[i].metric == METRIC_AMBIENT_TEMPERATURE &&
			ward.readings[i].number.mantissa >> 8 == 8 &&
			ward.reading_of[i] != d->eui64 && !ward.says_eui64)
			fail_msg("a value of device %u under another's name",
				(unsigned)(d - ward.devices));
}

static void manner(struct node_device *d)
{
	d->gone = chance(6) == 0;
	d->lose = chance(4);
	d->lose_answers = chance(3);
	d->awake_us = chance(2) ? INT64_MAX : ward.now.boot_us;
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
	if (ward.token_count > 32)
		while (ward.token_count > 0)
			node_ward_safe(&ward, chance(4) > 0);
	else if (ward.token_count > 0)
		node_ward_safe(&ward, chance(4) > 0);
}

static void radio(void)
{
	if (ward.nodes.up) {
		nodes_down(&ward.nodes);
		ward.send_count = 0;
	} else {
		nodes_up(&ward.nodes, &ward.now);
	}
}

static void configuration(struct node_device *d)
{
	switch (chance(5)) {
	case 0:
		nodes_unconfigure(&ward.nodes, d->eui64);
		return;
	case 1:
		nodes_forget(&ward.nodes, d->eui64);
		return;
	default:
		assert_int_equal(nodes_configure(&ward.nodes, d->eui64, NULL, &ward.now), 0);
		return;
	}
}

static void happen(void)
{
	struct node_device *d = &ward.devices[chance(ward.device_count)],
			   *e = &ward.devices[chance(ward.device_count)];

	switch (chance(20)) {
	case 0:
		moves(d);
		return;
	case 1:
		swap(d, e);
		return;
	case 2:
		nodes_left(&ward.nodes, d->eui64, &ward.now);
		return;
	case 3:
		nodes_conflict(&ward.nodes, d->node, &ward.now);
		return;
	case 4:
		manner(d);
		return;
	case 5:
		if (chance(4) == 0)
			radio();
		return;
	case 6:
		ward.radio_full = chance(3) == 0;
		return;
	case 7:
		if (ward.nodes.up && chance(4) == 0)
			node_ward_restart(&ward);
		return;
	case 8:
		configuration(d);
		return;
	case 9:
		nodes_paired(&ward.nodes, d->eui64, d->node, &ward.now);
		return;
	case 10:
		if (nodes_dismiss(&ward.nodes, d->eui64, &ward.now) == 0)
			d->left = false;
		return;
	case 11:
		(void)nodes_interview(&ward.nodes, d->eui64, &ward.now);
		return;
	case 12:
		safe();
		return;
	case 13:
		ward.verdict = (enum nodes_taken)chance(3);
		return;
	case 14:
		node_announces(&ward, d);
		return;
	default:
		talks(d);
		return;
	}
}

/* Whatever has been: with time and devices that answer all are set up in the end. */
static void settle(void)
{
	if (!ward.nodes.up)
		nodes_up(&ward.nodes, &ward.now);
	ward.radio_full = false;
	ward.verdict = NODES_TAKEN_SAFE;
	ward.send_count = 0; /* among them what tells somebody to leave */
	for (unsigned i = 0; i < ward.device_count; i++) {
		struct node_device *d = &ward.devices[i];

		d->gone = d->left = d->configure_default = d->zone_never = false;
		d->lose = d->lose_answers = d->max_s = 0;
		d->awake_us = INT64_MAX;
		d->bind_status = d->configure_status = 0;
		d->deaf_to = WARD_NONE;
		assert_int_equal(nodes_configure(&ward.nodes, d->eui64, NULL, &ward.now), 0);
		node_joins(&ward, d);
	}
	for (unsigned i = 0; i < ward.device_count; i++) {
		struct node_device *d = &ward.devices[i];

		ward.reading_count = 0;
		if (!node_ward_interview(&ward, d, 400 * S))
			fail_msg("device %u is never through: the %s", i,
				interview_step_text(node_of(&ward, d)->interview.step));
		assert_int_equal(node_of(&ward, d)->node, d->node);
		assert_false(interview_has_missed(&node_of(&ward, d)->interview));
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
		node_ward_init(&ward);
		ward.says_eui64 = round % 3 == 0;
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			struct node_device *d = node_ward_add(&ward, kinds[i], chance(4) > 0);

			node_joins(&ward, d);
		}
		for (unsigned i = 0; i < 400; i++) {
			ward.reading_count = 0;
			happen();
			check_table();
			if (chance(3) == 0)
				safe();
			ward.reading_count = 0;
			node_ward_pass(&ward, chance(8) == 0 ? chance(600) * S : chance(2000000));
			check_table();
		}
		settle();
		node_ward_done(&ward);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),
	};

	return RUN_TESTS(tests);
}
