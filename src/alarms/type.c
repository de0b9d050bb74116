/*
 * What rule types share: see type.h.
 */
#include "alarms/type.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int rule_refuse(struct rule_prepare *p, const char *key, const char *format, ...)
{
	va_list ap;

	p->why_key = key;
	va_start(ap, format);
	vsnprintf(p->why, RULE_WHY_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

static bool check_move(struct rule_prepare *p, const char *key, const struct setting_number *amount,
	const char *how)
{
	char sentence[RULE_WHY_MAX];

	if (!amount->given || amount->value.mantissa > 0)
		return true;
	snprintf(sentence, sizeof(sentence), "is not above 0; give %s", how);
	p->blame(p, key, sentence);
	return false;
}

int rule_check_moves(struct rule_prepare *p, const struct setting_number *rise,
	const struct setting_number *fall, const char *example, const char *how)
{
	bool good;

	if (!rise->given && !fall->given)
		return rule_refuse(p, "Type", "needs Rise= or Fall=; give e.g. Rise=%s", example);
	good = check_move(p, "Rise", rise, how);
	return check_move(p, "Fall", fall, how) && good ? 0 : -EINVAL;
}

enum rule_side rule_extreme_side(const struct rule_call *c)
{
	if (c->extreme == SIDE_BELOW)
		return c->limits.has_low ? SIDE_BELOW : SIDE_NORMAL;
	return c->limits.has_high ? SIDE_ABOVE : SIDE_NORMAL;
}
