/* Walks of what scales, meters and weather stations measure; see ble_body.h. */
#include "sim/ble_body.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *name;
	int64_t base, sigma; /* thousandths */
} table[_SBLE_BODY_MAX] = {
	[SBLE_GLUCOSE] = { "glucose", 5600, 120 },
	[SBLE_WEIGHT] = { "weight", 74500, 60 },
	[SBLE_HEIGHT] = { "height", 172000, 0 },
	[SBLE_BODY_FAT] = { "body-fat", 24500, 150 },
	[SBLE_MUSCLE] = { "muscle", 41200, 150 },
	[SBLE_IMPEDANCE] = { "impedance", 489000, 1500 },
	[SBLE_PRESSURE] = { "pressure", 1013250, 40 },
	[SBLE_VOLTAGE] = { "battery-voltage", 2980, 1 },
	[SBLE_DUST] = { "pm2-5", 11200, 400 },
	[SBLE_CUFF] = { "cuff-pressure", 0, 0 },
};

enum sble_body sble_body_by_name(const char *name)
{
	int b;

	for (b = 0; b < _SBLE_BODY_MAX; b++)
		if (!strcmp(table[b].name, name))
			break;
	return (enum sble_body)b;
}

int sble_body_parse(const char *text, int64_t *ret_milli)
{
	bool negative = *text == '-';
	int64_t v = 0;
	int after = -1;

	if (negative)
		text++;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text; text++) {
		if (*text == '.' && after < 0) {
			after = 0;
			continue;
		}
		if (*text < '0' || *text > '9' || after == 3 || v > 1000000000)
			return -EINVAL;
		v = v * 10 + (*text - '0');
		if (after >= 0)
			after++;
	}
	for (after = after < 0 ? 0 : after; after < 3; after++)
		v *= 10;
	*ret_milli = negative ? -v : v;
	return 0;
}

void sble_body_init(struct sble_body_walk walks[static _SBLE_BODY_MAX], struct rng *r)
{
	for (int b = 0; b < _SBLE_BODY_MAX; b++) {
		walks[b].base = table[b].base + rng_bell(r, table[b].sigma * 4);
		walks[b].now = walks[b].base;
	}
}

int64_t sble_body_next(struct sble_body_walk *w, enum sble_body b, struct rng *r, int decimals)
{
	int64_t unit = decimals >= 3 ? 1 : decimals == 2 ? 10 : decimals == 1 ? 100 : 1000;

	w->now += (w->base - w->now) / 4 + rng_bell(r, table[b].sigma);
	return w->now >= 0 ? (w->now + unit / 2) / unit : -((-w->now + unit / 2) / unit);
}
