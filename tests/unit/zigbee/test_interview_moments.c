/*
 * Whatever happens to a device at whichever moment of its interview: it is set up
 * in the end, once, and gives its values. A table of what can happen, by moment.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

#define PLACES 36
#define ELSEWHERE 0x7788

static void forgets(struct node_device *d)
{
	d->enrolled = d->zone_owned = false;
	d->reporting_count = d->bound = 0;
}

/* ---- what happens ---- */

static void leaves_and_joins(struct node_device *d)
{
	nodes_left(&wing.nodes, d->eui64, &wing.now);
	node_ward_pass(&wing, 5 * S);
	forgets(d);
	d->node = ELSEWHERE;
	node_joins(&wing, d);
}

static void joins_anew(struct node_device *d)
{
	forgets(d);
	d->node = ELSEWHERE;
	node_joins(&wing, d);
}

static void rejoins(struct node_device *d)
{
	d->node = ELSEWHERE;
	nodes_joined(&wing.nodes, d->eui64, d->node, NODES_REJOINED_UNSECURED, &wing.now);
}

static void announces_itself(struct node_device *d)
{
	node_announces(&wing, d);
}

static void radio_is_reset(struct node_device *d)
{
	(void)d;
	nodes_down(&wing.nodes);
	wing.send_count = 0;
	node_ward_pass(&wing, 2 * S);
	nodes_up(&wing.nodes, &wing.now);
}

static void gateway_restarts(struct node_device *d)
{
	(void)d;
	node_ward_restart(&wing);
}

static void is_renamed(struct node_device *d)
{
	nodes_unconfigure(&wing.nodes, d->eui64);
	node_ward_pass(&wing, S);
	assert_int_equal(nodes_configure(&wing.nodes, d->eui64, d, &wing.now), 0);
}

static void somebody_wants_it_anew(struct node_device *d)
{
	assert_int_equal(nodes_interview(&wing.nodes, d->eui64, &wing.now), 0);
}

static void its_address_is_doubted(struct node_device *d)
{
	nodes_conflict(&wing.nodes, d->node, &wing.now);
}

static void another_takes_its_address(struct node_device *d)
{
	struct node_device *other = node_ward_add(&wing, &node_button, true);

	other->node = d->node;
	d->node = ELSEWHERE;
	node_joins(&wing, other);
}

static void asks_to_be_enrolled(struct node_device *d)
{
	node_says(&wing, d, 1, 0x0500, "09 70 01 15 00 0B 12");
}

static void gives_an_alarm(struct node_device *d)
{
	node_says(&wing, d, 1, 0x0500, "09 71 00 01 00 00 FF 00 00");
}

static void answers_what_nobody_asked(struct node_device *d)
{
	uint8_t other = (uint8_t)(node_of(&wing, d)->asked_sequence + 1) & 0x7f;
	static const char digits[] = "0123456789ABCDEF";
	static const uint16_t clusters[] = { 0x0000, 0x0001, 0x0020, 0x0500, 0x0006, 0x0b04 };

	for (size_t i = 0; i < ARRAY_SIZE(clusters); i++)
		for (unsigned command = 0; command < 16; command++) {
			char refusal[] = "18 00 0B 00 86";

			refusal[3] = digits[other >> 4];
			refusal[4] = digits[other & 15];
			refusal[10] = digits[command];
			node_says(&wing, d, 1, clusters[i], refusal);
		}
}

static void answers_too_late(struct node_device *d)
{
	d->lose_answers = 1;
}

static void hears_nothing_for_a_while(struct node_device *d)
{
	d->lose = 4;
}

static const struct {
	const char *text;
	void (*happens)(struct node_device *d);
} events[] = {
	{ "leaves and joins", leaves_and_joins },
	{ "joins anew", joins_anew },
	{ "rejoins", rejoins },
	{ "announces itself", announces_itself },
	{ "radio is reset", radio_is_reset },
	{ "gateway restarts", gateway_restarts },
	{ "is renamed", is_renamed },
	{ "somebody wants it anew", somebody_wants_it_anew },
	{ "its address is doubted", its_address_is_doubted },
	{ "another takes its address", another_takes_its_address },
	{ "asks to be enrolled", asks_to_be_enrolled },
	{ "gives an alarm", gives_an_alarm },
	{ "answers what nobody asked", answers_what_nobody_asked },
	{ "answers too late", answers_too_late },
	{ "hears nothing for a while", hears_nothing_for_a_while },
};

/* ---- what has come of it ---- */

static void check(struct node_device *d, const char *text, unsigned place)
{
	const struct node *node = node_of(&wing, d);

	if (!node_ward_interview(&wing, d, 300 * S))
		fail_msg("%s at %u: not over", text, place);
	node_ward_pass(&wing, 30 * S);
	node = node_of(&wing, d);
	if (!node->joined || node->node != d->node || node->doubtful)
		fail_msg("%s at %u: nobody knows where it is", text, place);
	if (d->reporting_count == 0 || d->bound == 0)
		fail_msg("%s at %u: it was not told what to report", text, place);
	if (d->kind == &node_contact && !d->enrolled)
		fail_msg("%s at %u: not enrolled", text, place);
	if (interview_has_missed(&node->interview) || wing.notes[NODES_NOTE_NO_ANSWER] > 0)
		fail_msg("%s at %u: something is left out", text, place);
	if (wing.nodes.flying != 0 || wing.nodes.work_count != 0)
		fail_msg("%s at %u: something is left", text, place);
	if (node->expect_us == 0)
		fail_msg("%s at %u: nobody knows when it is silent", text, place);
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0006, "18 7F 0A 00 00 10 01");
	node_says(&wing, d, 1, 0x0500, "19 7E 00 01 00 00 FF 00 00");
	if (wing.reading_count < 2)
		fail_msg("%s at %u: its values do not come", text, place);
}

static void test_every_event_at_every_moment(void **state)
{
	for (size_t e = 0; e < ARRAY_SIZE(events); e++)
		for (unsigned place = 0; place < 3 * PLACES; place++) {
			struct node_device *d;

			node_ward_tear_down(state);
			node_ward_set_up(state);
			d = node_ward_add(&wing, place % 3 == 2 ? &node_plug : &node_contact, true);
			d->zone_asks = place % 3;
			node_joins(&wing, d);
			while (d->asked < place / 3 &&
				!interview_is_over(&node_of(&wing, d)->interview, false))
				node_ward_pass(&wing, S / 20);
			events[e].happens(d);
			check(d, events[e].text, place);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_every_event_at_every_moment, node_ward_set_up, node_ward_tear_down),
	};

	return RUN_TESTS(tests);
}
