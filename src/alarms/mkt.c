/*
 * Mean kinetic temperature (USP <1079.2>), with delta H = 83.144 kJ/mol, so that
 * delta H / R is 10,000 K: see mkt.h.
 */
#include "alarms/mkt.h"

#include <math.h>
#include <string.h>

#include "util/decimal.h"

#define H_BY_R 10000.0
#define ZERO_CEL 273.15
/* Sums are kept relative to 5 Cel, so that they stay near the number of seconds. */
#define REFERENCE (H_BY_R / (ZERO_CEL + 5.0))
#define LOWEST -200.0
#define HIGHEST 200.0

union bits {
	double value;
	int64_t bits;
};

static double sum_of(const struct mkt *m)
{
	return (union bits){ .bits = m->sum }.value;
}

static void set_sum(struct mkt *m, double sum)
{
	m->sum = (union bits){ .value = sum }.bits;
}

void mkt_add(struct mkt *m, struct decimal temperature, int64_t us)
{
	double t = decimal_to_double(temperature);

	if (t < LOWEST || t > HIGHEST || us <= 0 || us > INT64_MAX / 4 - m->weight_us)
		return;
	set_sum(m, sum_of(m) + exp(REFERENCE - H_BY_R / (t + ZERO_CEL)) * ((double)us / 1e6));
	m->weight_us += us;
}

bool mkt_value(const struct mkt *m, struct decimal *ret)
{
	double mean;

	if (m->weight_us <= 0)
		return false;
	mean = sum_of(m) / ((double)m->weight_us / 1e6);
	mean = H_BY_R / (REFERENCE - log(mean)) - ZERO_CEL;
	*ret = (struct decimal){ (int64_t)lround(mean * 100), -2 };
	return true;
}

bool mkt_valid(const struct mkt *m)
{
	const struct mkt coldest = { 0 };
	double sum = sum_of(m), seconds = (double)m->weight_us / 1e6;

	if (memcmp(m, &coldest, sizeof(*m)) == 0)
		return true;
	return m->weight_us > 0 && m->weight_us <= INT64_MAX / 4 && isfinite(sum) &&
	       sum >= seconds * exp(REFERENCE - H_BY_R / (LOWEST + ZERO_CEL)) * 0.999 &&
	       sum <= seconds * exp(REFERENCE - H_BY_R / (HIGHEST + ZERO_CEL)) * 1.001;
}
