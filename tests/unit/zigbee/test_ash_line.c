/*
 * ASH over a line that loses, garbles, doubles and stalls: what either side
 * sent arrives once and in order, or the link says that it is down. Both sides
 * run on a clock of the test's own. ASH_SEEDS says how many runs, ASH_SEED the
 * first; each failure prints its seed.
 *
 * The line never makes an error that a checksum of 16 bits cannot see: it throws
 * such a one away and makes another. It never changes the order of bytes, and
 * it leaves a reset (RST) whole or takes it away whole: a second one would be a
 * reset that nobody asked for.
 */
#include "ash_peer.h"
#include "unit/unit.h"

#include <stdbool.h>

#include "zigbee/ash.h"

#define MS INT64_C(1000)
#define PIECES 256
#define RECENT 32

struct piece {
	int64_t at;
	size_t n;
	uint8_t bytes[700];
};

/* One direction. */
struct line {
	struct piece pieces[PIECES];
	unsigned first, count;
	int64_t last_us;       /* when the last of them arrives: the order of bytes is kept */
	struct peer_wire wire; /* what its receiver makes of the bytes */
	uint8_t recent[RECENT][ASH_PEER_FRAME]; /* frames that were really sent */
	size_t recent_n[RECENT];
	unsigned recents;
};

/* Faults in thousandths of frames, and what else is wrong. */
struct weather {
	const char *name;
	unsigned drop, garble, doubled, substitute;
	unsigned stall; /* of host turns: it sleeps for up to stall_ms, and the line goes on */
	unsigned stall_ms;
	unsigned mute; /* of pieces: the line is cut for up to mute_ms, and what is said is lost */
	unsigned mute_ms;
	unsigned watchdog; /* of messages: the radio fails instead */
	unsigned host_window, radio_window;
	bool may_fail;
};

struct run {
	struct ash ash;       /* first */
	struct ash_peer peer; /* its deliver() finds us by offset */
	const struct weather *weather;
	uint64_t seed, state;
	int64_t now_us, mute_until_us, host_wakes_us;
	struct line to_host, to_radio;

	uint32_t host_life, radio_life; /* ups, boots */
	uint32_t host_sent, radio_sent; /* numbers within these */
	uint32_t host_got, radio_got;   /* next expected */
	uint32_t host_from, radio_from; /* the other's life that these are of */
	unsigned downs, ups, delivered, messages;
	unsigned garbled;
	bool quiet; /* no faults any more */
};

static uint32_t dice(struct run *r, uint32_t below)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)((r->state >> 16) % below);
}

static bool chance(struct run *r, unsigned thousandths)
{
	return !r->quiet && thousandths > 0 && dice(r, 1000) < thousandths;
}

/* A message: who, life, number, and bytes that follow from these. */
static size_t compose(uint8_t *to, char who, uint32_t life, uint32_t number)
{
	size_t n = 9 + number * 37 % 90;

	to[0] = (uint8_t)who;
	memcpy(to + 1, &life, 4);
	memcpy(to + 5, &number, 4);
	for (size_t i = 9; i < n; i++)
		to[i] = (uint8_t)(number * 7 + i * (number % 5 ? 3 : 0) + 0x10);
	return n;
}

static void check(
	struct run *r, const uint8_t *data, size_t n, char who, uint32_t *from, uint32_t *next)
{
	uint8_t wanted[ASH_PEER_FRAME];
	uint32_t life, number;

	assert_true(n >= 9);
	memcpy(&life, data + 1, 4);
	memcpy(&number, data + 5, 4);
	if (life > *from && *next == 0)
		*from = life; /* the first of its life */
	if (life != *from || number != *next || compose(wanted, who, life, number) != n ||
		memcmp(wanted, data, n) != 0)
		fail_msg("seed %llu, %s, %lld us: from %c came %u/%u instead of %u/%u",
			(unsigned long long)r->seed, r->weather->name, (long long)r->now_us, who,
			life, number, *from, *next);
	(*next)++;
	r->delivered++;
}

static void on_up(struct ash *a, int64_t now_us)
{
	struct run *r = (struct run *)a;

	r->ups++;
	r->host_life++;
	r->host_sent = r->host_got = 0;
}

static void on_data(struct ash *a, const uint8_t *data, size_t length, int64_t now_us)
{
	struct run *r = (struct run *)a;

	check(r, data, length, 'r', &r->host_from, &r->host_got);
}

static void on_down(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us)
{
	struct run *r = (struct run *)a;

	r->downs++;
	if (!r->weather->may_fail)
		fail_msg("seed %llu, %s: down, %d %02X", (unsigned long long)r->seed,
			r->weather->name, reason, code);
	ash_reset(a, now_us);
}

static const struct ash_ops ops = { .up = on_up, .data = on_data, .down = on_down };

static struct run *run_of(struct ash_peer *p)
{
	return (struct run *)(void *)((char *)p - offsetof(struct run, peer));
}

static void on_deliver(struct ash_peer *p, const uint8_t *data, size_t n)
{
	struct run *r = run_of(p);

	check(r, data, n, 'h', &r->radio_from, &r->radio_got);
}

static void on_reboot(struct ash_peer *p)
{
	struct run *r = run_of(p);

	r->radio_life++;
	r->radio_sent = r->radio_got = 0;
}

/* Whether the receiver would take something from these bytes that nobody sent. */
static bool deceives(struct line *l, const uint8_t *bytes, size_t n)
{
	struct peer_wire w = l->wire;
	uint8_t f[ASH_PEER_FRAME];
	size_t length;
	bool bad;

	for (size_t i = 0; i < n; i++) {
		bool known = false;

		if (!ash_peer_wire_take(&w, bytes[i], f, &length, &bad))
			continue;
		for (unsigned k = 0; k < RECENT; k++)
			known = known ||
				(l->recent_n[k] == length && memcmp(l->recent[k], f, length) == 0);
		if (!known)
			return true;
	}
	l->wire = w;
	return false;
}

static size_t garble(struct run *r, uint8_t *to, const uint8_t *bytes, size_t n)
{
	size_t at;

	memcpy(to, bytes, n);
	for (unsigned k = 1 + dice(r, 3); k > 0; k--) {
		at = dice(r, (uint32_t)n);
		switch (dice(r, 4)) {
		case 0:
			to[at] ^= (uint8_t)(1u << dice(r, 8));
			break;
		case 1:
			to[at] = (uint8_t)dice(r, 256);
			break;
		case 2: /* a byte lost */
			memmove(to + at, to + at + 1, --n - at);
			if (n == 0)
				return 0;
			break;
		default: /* a byte from nowhere */
			memmove(to + at + 1, to + at, n++ - at);
			to[at] = (uint8_t)dice(r, 256);
			break;
		}
	}
	r->garbled++;
	return n;
}

static void lay(struct run *r, struct line *l, const uint8_t *bytes, size_t n)
{
	struct piece *p;
	int64_t at = r->now_us + 1000 + dice(r, 3000);

	if (n == 0)
		return;
	assert_true(l->count < PIECES);
	p = &l->pieces[(l->first + l->count++) % PIECES];
	p->at = at > l->last_us ? at : l->last_us;
	l->last_us = p->at;
	p->n = n;
	memcpy(p->bytes, bytes, n);
}

/* One frame as it was written, through the weather. */
static void carry(struct run *r, struct line *l, const uint8_t *bytes, size_t n)
{
	struct peer_wire whole = { 0 };
	uint8_t changed[700], f[ASH_PEER_FRAME] = { 0 };
	size_t length = 0, m;
	bool bad, reset;

	for (size_t i = 0; i < n; i++)
		if (ash_peer_wire_take(&whole, bytes[i], f, &length, &bad)) {
			memcpy(l->recent[l->recents % RECENT], f, length);
			l->recent_n[l->recents++ % RECENT] = length;
		}
	reset = length == 1 && f[0] == 0xC0;

	if (r->now_us < r->mute_until_us || chance(r, r->weather->drop))
		return;
	if (chance(r, r->weather->mute)) {
		r->mute_until_us = r->now_us + dice(r, r->weather->mute_ms) * MS;
		return;
	}
	if (!reset && chance(r, r->weather->garble)) {
		do {
			m = garble(r, changed, bytes, n);
		} while (deceives(l, changed, m));
		lay(r, l, changed, m);
		return;
	}
	memcpy(changed, bytes, n);
	if (!reset && chance(r, r->weather->substitute))
		changed[dice(r, (uint32_t)n - 1)] = 0x18;
	if (deceives(l, changed, n))
		return; /* glued to what a garbled flag left behind: 2 in 100,000 */
	lay(r, l, changed, n);
	if (!reset && chance(r, r->weather->doubled) && !deceives(l, changed, n))
		lay(r, l, changed, n);
}

/* What one side wrote, frame by frame. */
static void carry_all(struct run *r, struct line *l, const uint8_t *bytes, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++)
		if (bytes[i] == 0x7E) {
			carry(r, l, bytes + from, i + 1 - from);
			from = i + 1;
		}
	assert_int_equal(from, n);
}

static void turn_host(struct run *r)
{
	static uint8_t out[16384];
	uint8_t in[8192];
	struct line *l = &r->to_host;
	size_t n = 0;

	if (r->now_us < r->host_wakes_us)
		return;
	if (chance(r, r->weather->stall)) {
		r->host_wakes_us = r->now_us + dice(r, r->weather->stall_ms) * MS;
		return;
	}
	while (l->count > 0 && l->pieces[l->first].at <= r->now_us &&
		n + l->pieces[l->first].n <= sizeof(in)) {
		memcpy(in + n, l->pieces[l->first].bytes, l->pieces[l->first].n);
		n += l->pieces[l->first].n;
		l->first = (l->first + 1) % PIECES;
		l->count--;
	}
	/* one read: a random cut in it changes nothing but the number of acknowledgements */
	if (n > 1) {
		size_t cut = dice(r, (uint32_t)n);

		ash_receive(&r->ash, in, cut, r->now_us);
		ash_receive(&r->ash, in + cut, n - cut, r->now_us);
	} else {
		ash_receive(&r->ash, in, n, r->now_us);
	}
	ash_tick(&r->ash, r->now_us);
	while ((n = ash_output(&r->ash, out, sizeof(out), r->now_us)) > 0)
		carry_all(r, &r->to_radio, out, n);
	/* nothing that the radio waits for is ever held back */
	assert_false(r->ash.owes_ack || r->ash.owes_nak || r->ash.repeating);
}

static void turn_radio(struct run *r)
{
	struct line *l = &r->to_radio;

	while (l->count > 0 && l->pieces[l->first].at <= r->now_us) {
		ash_peer_receive(
			&r->peer, l->pieces[l->first].bytes, l->pieces[l->first].n, r->now_us);
		l->first = (l->first + 1) % PIECES;
		l->count--;
	}
	ash_peer_turn(&r->peer, r->now_us);
	carry_all(r, &r->to_host, r->peer.said, r->peer.said_n);
	r->peer.said_n = 0;
}

/* Something new to say, on either side. */
static void traffic(struct run *r)
{
	uint8_t message[ASH_PEER_FRAME];
	size_t n;

	if (dice(r, 3) == 0) {
		n = compose(message, 'h', r->host_life, r->host_sent);
		if (ash_send(&r->ash, message, n, r->now_us) == 0)
			r->host_sent++;
	} else {
		n = compose(message, 'r', r->radio_life, r->radio_sent);
		if (ash_peer_send(&r->peer, message, n))
			r->radio_sent++;
	}
	r->messages++;
	if (chance(r, r->weather->watchdog))
		ash_peer_fail(&r->peer, 0x03);
}

static int64_t earliest(const struct run *r, int64_t traffic_us)
{
	int64_t at = traffic_us, other[] = { ash_deadline(&r->ash), ash_peer_deadline(&r->peer),
		r->to_host.count ? r->to_host.pieces[r->to_host.first].at : INT64_MAX,
		r->to_radio.count ? r->to_radio.pieces[r->to_radio.first].at : INT64_MAX };

	/* while the host sleeps, what is for it waits */
	for (unsigned i = 0; i < 4; i++) {
		int64_t t = other[i];

		if ((i == 0 || i == 2) && t < r->host_wakes_us)
			t = r->host_wakes_us;
		if (t < at)
			at = t;
	}
	return at;
}

/* Runs until that time, with messages until then if any. */
static void run_until(struct run *r, int64_t end_us, bool talk)
{
	int64_t next_us = r->now_us + 5 * MS;
	int64_t stood = 0;

	while (r->now_us < end_us) {
		int64_t at = earliest(r, talk ? next_us : end_us);

		if (at > end_us)
			at = end_us;
		stood = at > r->now_us ? 0 : stood + 1;
		if (stood > 1000)
			fail_msg("seed %llu: it spins", (unsigned long long)r->seed);
		if (at > r->now_us)
			r->now_us = at;
		if (talk && r->now_us >= next_us) {
			traffic(r);
			next_us = r->now_us + dice(r, dice(r, 4) ? 20 : 400) * MS;
		}
		turn_radio(r);
		turn_host(r);
	}
}

static void run(const struct weather *w, uint64_t seed, struct run *total)
{
	static struct run r;

	memset(&r, 0, sizeof(r));
	r.weather = w;
	r.seed = seed;
	r.state = seed * 0x9E3779B97F4A7C15u + 1;
	r.now_us = 1000000;
	r.peer.deliver = on_deliver;
	r.peer.rebooted = on_reboot;
	ash_peer_init(&r.peer);
	r.peer.window = w->radio_window;
	ash_init(&r.ash, &ops, w->host_window);
	ash_reset(&r.ash, r.now_us);
	run_until(&r, r.now_us + 60 * 1000 * MS, true);

	/* the weather clears: what is under way must arrive, or come anew */
	r.quiet = true;
	r.mute_until_us = r.host_wakes_us = 0;
	run_until(&r, r.now_us + 10 * 1000 * MS, true);
	run_until(&r, r.now_us + 45 * 1000 * MS, false);
	if (r.ash.state != ASH_UP || r.peer.state != PEER_CONNECTED)
		fail_msg(
			"seed %llu, %s: not up in good weather", (unsigned long long)seed, w->name);
	if (r.ash.count > 0 || r.peer.waiting > 0 || r.host_got != r.radio_sent ||
		r.radio_got != r.host_sent)
		fail_msg("seed %llu, %s: host %u of %u, radio %u of %u arrived",
			(unsigned long long)seed, w->name, r.radio_got, r.host_sent, r.host_got,
			r.radio_sent);
	total->delivered += r.delivered;
	total->downs += r.downs;
	total->garbled += r.garbled;
	total->ash.counters.repeated += r.ash.counters.repeated + r.peer.retransmissions;
}

static const struct weather fair = { .name = "fair", .host_window = 3, .radio_window = 5 };
static const struct weather showers = { .name = "showers",
	.drop = 10,
	.garble = 10,
	.doubled = 5,
	.substitute = 5,
	.host_window = 3,
	.radio_window = 5,
	.may_fail = true };
static const struct weather storm = { .name = "storm",
	.drop = 80,
	.garble = 80,
	.doubled = 40,
	.substitute = 40,
	.host_window = 7,
	.radio_window = 7,
	.may_fail = true };
static const struct weather one_at_a_time = { .name = "one at a time",
	.drop = 30,
	.garble = 50,
	.doubled = 20,
	.host_window = 1,
	.radio_window = 1,
	.may_fail = true };
static const struct weather stalls = {
	.name = "stalls", .stall = 20, .stall_ms = 2500, .host_window = 3, .radio_window = 5
};
static const struct weather long_stalls = { .name = "long stalls",
	.drop = 5,
	.stall = 5,
	.stall_ms = 20000,
	.mute = 3,
	.mute_ms = 9000,
	.host_window = 3,
	.radio_window = 5,
	.may_fail = true };
static const struct weather watchdog = { .name = "watchdog",
	.drop = 20,
	.garble = 20,
	.doubled = 10,
	.watchdog = 10,
	.host_window = 3,
	.radio_window = 5,
	.may_fail = true };

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 10) : otherwise;
}

static void run_seeds(const struct weather *w)
{
	static struct run total;
	uint64_t first = setting("ASH_SEED", 1), n = setting("ASH_SEEDS", 30);

	memset(&total, 0, sizeof(total));
	for (uint64_t seed = first; seed < first + n; seed++)
		run(w, seed, &total);
	printf("%s: seeds %llu to %llu, %u delivered, %llu repeated, %u garbled, %u times down\n",
		w->name, (unsigned long long)first, (unsigned long long)(first + n - 1),
		total.delivered, (unsigned long long)total.ash.counters.repeated, total.garbled,
		total.downs);
	assert_true(total.delivered > 100 * n);
}

static void test_fair(void **state)
{
	run_seeds(&fair);
}

static void test_showers(void **state)
{
	run_seeds(&showers);
}

static void test_storm(void **state)
{
	run_seeds(&storm);
}

static void test_one_at_a_time(void **state)
{
	run_seeds(&one_at_a_time);
}

/* A host that sleeps for up to 2.5 s now and then never loses the link. */
static void test_stalls(void **state)
{
	run_seeds(&stalls);
}

static void test_long_stalls(void **state)
{
	run_seeds(&long_stalls);
}

static void test_watchdog(void **state)
{
	run_seeds(&watchdog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fair),
		cmocka_unit_test(test_showers),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_stalls),
		cmocka_unit_test(test_long_stalls),
		cmocka_unit_test(test_watchdog),
	};

	return RUN_TESTS(tests);
}
