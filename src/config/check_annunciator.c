/*
 * Checks of [Annunciator]: no output is asked to say two things at once.
 */
#include "config/check.h"
#include "config/output.h"
#include "config/schema.h"

/* Of which one at a time is shown, so that they may share lamps. */
#define LIGHTS 3

struct place {
	const struct config_row *row;
	size_t item;
	struct config_output output;
};

/* The i-th output of the section. False: there are not so many. */
static bool get(struct config_section *s, size_t i, struct place *ret)
{
	for (size_t j = 0; j < s->group->count; j++) {
		const struct config_row *row = &s->group->rows[j];
		const struct config_list *l = config_field(s, row);
		struct config_why why;

		if (i < l->count) {
			*ret = (struct place){ .row = row, .item = i };
			/* It was parsed before. */
			(void)config_parse_output(l->items[i], &ret->output, &why);
			return true;
		}
		i -= l->count;
	}
	return false;
}

static void compare(struct check *k, struct config_section *s, const struct place *one,
	const struct place *other)
{
	size_t i = config_row_index(s->group, one->row), j = config_row_index(s->group, other->row);

	if (!config_same_output(&one->output, &other->output))
		return;
	if (i != j && (i >= LIGHTS || j >= LIGHTS))
		config_blame_item(k, s, other->row->key, other->item,
			"is in %s=, too; only High=, Medium= and Low= may share an output",
			one->row->key);
	else if (one->output.active_low != other->output.active_low)
		config_blame_item(k, s, other->row->key, other->item,
			"is active-low at one place and not at another (%s=); write it the same",
			one->row->key);
}

int config_check_annunciator(struct check *k)
{
	struct config_section *s = config_single(k->c, GROUP_ANNUNCIATOR);
	struct place one, other;

	for (size_t i = 0; get(s, i, &other); i++) {
		if (i >= CONFIG_OUTPUTS_MAX) {
			config_blame_item(k, s, other.row->key, other.item,
				"makes more than %d outputs; give fewer", CONFIG_OUTPUTS_MAX);
			break;
		}
		for (size_t j = 0; j < i && get(s, j, &one); j++)
			compare(k, s, &one, &other);
	}
	if (!k->c->annunciator.high.count &&
		(k->c->annunciator.medium.count || k->c->annunciator.low.count ||
			k->c->annunciator.sound.count))
		config_doubt(k, s, "High",
			"is not given: the most urgent alarms are not seen here; name a red lamp");
	return 0;
}
