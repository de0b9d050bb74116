/* See patient.h. */
#include "sim/patient.h"

#include <errno.h>
#include <stdio.h>

int patient_open(struct patient *p, const char *name, uint64_t seed, uint64_t part,
	const struct signal_base *bases, const char *replay, int64_t speed)
{
	char why[512];

	signals_init(&p->signals, seed, part);
	signals_set_bases(&p->signals, bases);
	p->speed = speed;
	if (replay && replay_new(&p->replay, replay, why, sizeof(why)) < 0) {
		fprintf(stderr, "wardsim: [Patient %s] Replay=: %s\n", name, why);
		return -EBADMSG;
	}
	return 0;
}

void patient_close(struct patient *p)
{
	p->replay = replay_free(p->replay);
}

bool patient_take_base(struct ini *i, const char *key, const char *value, struct signal_base *bases)
{
	static const int64_t milli[] = { 1000, 100, 10, 1 };
	enum quantity q = quantity_by_name(key);
	int32_t steps;

	if (q == _Q_MAX)
		return false;
	if (quantity_parse(q, value, &steps) < 0)
		ini_wrong(i, key, value, "not a value of this quantity");
	else
		bases[q] = (struct signal_base){ true, steps * milli[quantity_info(q)->decimals] };
	return true;
}
