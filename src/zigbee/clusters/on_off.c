/*
 * On/Off 0x0006 (ZCL revision 8, 3.8): what a button sends, whose commands come
 * from the client's side; and whether a plug or a lamp is on. Some devices report
 * a button or a door as if it were a lamp.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define STATE 0x0000
#define CLICKS 0x8000 /* Xiaomi: pressed that many times */

#define OFF 0x00
#define ON 0x01
#define TOGGLE 0x02
#define OFF_WITH_EFFECT 0x40
#define ON_WITH_RECALL 0x41
#define ON_FOR_A_WHILE 0x42
#define TUYA_PRESS 0xfd

#define LONG_US INT64_C(1000000) /* so long a press is long */
#define LONGEST_US INT64_C(60000000)

static const struct cluster_attribute on_off_attributes[] = {
	{ STATE, ZCL_TYPE_BOOLEAN, CLUSTER_READ | CLUSTER_REPORT, METRIC_SWITCH, 0, NULL, 0, 600,
		0 },
};

static void press(const struct cluster_call *c, enum word word)
{
	struct measure m = cluster_moment(c);

	measure_word(&m, METRIC_BUTTON, word);
}

/* Off when it goes down, on when it comes up again. */
static void button_moved(const struct cluster_call *c, bool down)
{
	struct cluster_memory *m = cluster_memory(c);
	int64_t held_us = m && m->moment_us != 0 ? c->now.boot_us - m->moment_us : 0;

	if (down && c->out->repeated)
		return;
	/* who presses again has let go before, though that was not heard */
	if (down && m && m->moment_us != 0 && held_us < LONGEST_US)
		press(c, WORD_SINGLE);
	if (m)
		m->moment_us = down ? c->now.boot_us : 0;
	if (!down)
		press(c, held_us >= LONG_US && held_us < LONGEST_US ? WORD_LONG : WORD_SINGLE);
}

static int button_attribute(const struct cluster_call *c, uint16_t id, const struct zcl_value *v)
{
	if (!zcl_is_general(c->frame, ZCL_REPORT))
		return 0; /* a state that was asked for is no press */
	if (id == STATE)
		button_moved(c, v->word == 0);
	else if (v->word >= 1)
		press(c, v->word == 1 ? WORD_SINGLE : v->word == 2 ? WORD_DOUBLE : WORD_TRIPLE);
	return 0;
}

static int on_off_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);
	bool door = cluster_has_quirk(c, QUIRK_SWITCH_IS_DOOR);
	enum metric metric = door ? METRIC_CONTACT : METRIC_SWITCH;

	if (id != STATE && !(id == CLICKS && cluster_has_quirk(c, QUIRK_SWITCH_IS_BUTTON)))
		return CLUSTER_E_UNKNOWN;
	if (v->form != ZCL_FORM_BOOLEAN && v->form != ZCL_FORM_UNSIGNED)
		return CLUSTER_E_MALFORMED;
	if (cluster_has_quirk(c, QUIRK_SWITCH_IS_BUTTON))
		return v->unknown ? 0 : button_attribute(c, id, v);
	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (v->unknown)
		measure_none(&m, metric, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
	else
		measure_boolean(&m, metric, (v->word != 0) != door);
	c->out->event = door;
	return 0;
}

static int on_off_command(const struct cluster_call *c)
{
	if (c->frame->header.control & ZCL_FROM_SERVER)
		return CLUSTER_E_UNKNOWN;
	switch (c->frame->header.command) {
	case OFF:
	case ON:
	case TOGGLE:
	case OFF_WITH_EFFECT:
	case ON_WITH_RECALL:
	case ON_FOR_A_WHILE:
		cluster_press(c, cluster_argument(c), WORD_SINGLE);
		return 0;
	case TUYA_PRESS:
		cluster_press(c, cluster_argument(c), WORD_NONE);
		return c->out->event ? 0 : CLUSTER_E_UNKNOWN;
	default:
		return CLUSTER_E_UNKNOWN;
	}
}

const struct zcl_cluster cluster_on_off = {
	.name = "on-off",
	.id = 0x0006,
	.bind = CLUSTER_OF_SERVER | CLUSTER_OF_CLIENT,
	.attributes = on_off_attributes,
	.attribute_count = ARRAY_SIZE(on_off_attributes),
	.attribute = on_off_attribute,
	.command = on_off_command,
};
