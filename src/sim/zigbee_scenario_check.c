/* What the parts of a scenario say of each other; see zigbee_scenario.h. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble_crypto.h"
#include "sim/ini.h"
#include "sim/zigbee_scenario.h"

int szb_eui_parse(const char *text, uint8_t ret[static 8])
{
	char digits[17];
	uint8_t bytes[8];
	size_t n = 0;

	if (!strncmp(text, "0x", 2))
		text += 2;
	for (; *text && n < 16; text++)
		if (*text != ':')
			digits[n++] = *text;
	digits[n] = 0;
	if (*text || sble_unhex(digits, bytes, 8) < 0)
		return -EINVAL;
	for (size_t i = 0; i < 8; i++)
		ret[i] = bytes[7 - i];
	return 0;
}

/* CRC-16/X-25 */
static uint16_t x25(const uint8_t *p, size_t n)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
	}
	return crc ^ 0xffff;
}

/* AES-MMO: each block is enciphered under the hash so far and added to itself; at the end stand a
 * one bit, zeroes and the length in bits (Zigbee specification, B.6). */
static void mmo(const uint8_t *p, size_t n, uint8_t hash[static 16])
{
	uint8_t block[16] = { 0 }, out[32];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t last = (n + 2) / 16; /* the bit and the length have to fit, too */

	memset(hash, 0, 16);
	for (size_t b = 0; c && b <= last; b++) {
		int done = 0;

		for (size_t i = 0; i < sizeof(block); i++)
			block[i] = b * 16 + i < n ? p[b * 16 + i] : b * 16 + i == n ? 0x80 : 0;
		if (b == last) {
			block[14] = (uint8_t)(n * 8 >> 8);
			block[15] = (uint8_t)(n * 8);
		}
		if (EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, hash, NULL) != 1 ||
			EVP_EncryptUpdate(c, out, &done, block, 16) != 1)
			abort(); /* out of memory */
		for (int i = 0; i < 16; i++)
			hash[i] = out[i] ^ block[i];
	}
	EVP_CIPHER_CTX_free(c);
}

int szb_install_key(const char *hex, uint8_t ret[static 16])
{
	uint8_t code[18];
	size_t n = strlen(hex) / 2;
	uint16_t crc;

	if ((n != 8 && n != 10 && n != 14 && n != 18) || sble_unhex(hex, code, n) < 0)
		return -EINVAL;
	crc = x25(code, n - 2);
	if (code[n - 2] == crc >> 8 && code[n - 1] == (crc & 0xff)) {
		/* Some vendors print the checksum the other way round. */
		code[n - 2] = (uint8_t)crc;
		code[n - 1] = (uint8_t)(crc >> 8);
	}
	if (code[n - 2] != (crc & 0xff) || code[n - 1] != crc >> 8)
		return -EINVAL;
	mmo(code, n, ret);
	return 0;
}

static size_t find_device(const struct szb_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->device_count; i++)
		if (!strcmp(s->devices[i].name, name))
			return i;
	return SIZE_MAX;
}

static void add_to_eui(uint8_t eui[static 8], size_t more)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | eui[i];
	v += more;
	for (int i = 0; i < 8; i++, v >>= 8)
		eui[i] = (uint8_t)v;
}

static void check_device(struct szb_scenario *s, struct szb_device_config *d, struct ini *i)
{
	i->line = d->line;
	if (!d->kind) {
		if (!d->has_kind)
			ini_problem(i, "[Device %s] wants Kind=", d->name);
		return;
	}
	if (find_device(s, d->name) != (size_t)(d - s->devices))
		ini_problem(i, "[Device %s] stands twice", d->name);
	if (strlen(d->name) + (d->count > 1 ? 5 : 0) > SZB_NAME_MAX)
		ini_problem(i, "[Device %s]: the name is too long for Count=", d->name);
	if (d->interval_ms < 0)
		d->interval_ms = d->kind->interval_ms;
	if (d->sleepy < 0)
		d->sleepy = !d->kind->mains;
	if (d->kind->quirk != SZB_PLAIN)
		d->always = 1;
}

static void check_parent(struct szb_scenario *s, struct szb_device_config *d, struct ini *i)
{
	i->line = d->line;
	if (!*d->parent_name)
		return;
	d->parent = find_device(s, d->parent_name);
	if (d->parent == SIZE_MAX)
		ini_problem(i, "[Device %s]: there is no %s", d->name, d->parent_name);
	else if (s->devices[d->parent].sleepy)
		ini_problem(i, "[Device %s]: %s sleeps and is nobody's parent", d->name,
			d->parent_name);
}

/* Every device with Count=N becomes N of them, in its place at the end of the list. */
static int multiply(struct szb_scenario *s, struct ini *i)
{
	struct szb_device_config *all;
	size_t total = 0, n = 0;

	for (size_t k = 0; k < s->device_count; k++)
		total += (size_t)s->devices[k].count;
	if (total > SZB_DEVICES_MAX) {
		ini_problem(i, "%zu devices in all; at most %d", total, SZB_DEVICES_MAX);
		return 0;
	}
	all = calloc(total + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t k = 0; k < s->device_count; k++)
		for (int64_t c = 0; c < s->devices[k].count; c++) {
			struct szb_device_config *d = &all[n++];

			*d = s->devices[k];
			if (d->count > 1)
				snprintf(d->name, sizeof(d->name), "%.56s-%d", s->devices[k].name,
					(int)(c + 1));
			add_to_eui(d->eui, (size_t)c);
		}
	free(s->devices);
	s->devices = all;
	s->device_count = total;
	return 0;
}

/* The devices that an event names: one, or all of a Count=. */
static void find_targets(const struct szb_scenario *s, struct szb_event_config *e, struct ini *i)
{
	size_t length = strlen(e->target);

	e->first = e->of_all ? 0 : SIZE_MAX;
	e->count = e->of_all ? s->device_count : 0;
	for (size_t k = 0; !e->of_all && k < s->device_count; k++) {
		const struct szb_device_config *d = &s->devices[k];
		bool one = !strcmp(d->name, e->target);

		if (!one && (d->count == 1 || strncmp(d->name, e->target, length) != 0 ||
				    d->name[length] != '-' ||
				    strspn(d->name + length + 1, "0123456789") !=
					    strlen(d->name + length + 1)))
			continue;
		if (e->first == SIZE_MAX)
			e->first = k;
		e->count++;
	}
	if (!e->count && !e->of_all)
		ini_problem(i, "[Event %s]: there is no %s", e->name, e->target);
}

void szb_event_check(const struct szb_scenario *s, struct szb_event_config *e, struct ini *i)
{
	bool devices = e->action >= SZB_FIRST_OF_DEVICES;

	i->line = e->line;
	if (e->of_device)
		find_targets(s, e, i);
	if (e->action == SZB_DO_CHANGE) {
		e->metric = szb_metric_by_name(e->metric_name);
		if (!e->of_device)
			ini_problem(i, "[Event %s] wants Device=, and Do= or Metric=", e->name);
		else if (e->metric == _SZB_METRIC_MAX ||
			 szb_value_parse(e->metric, e->to, &e->value) < 0)
			ini_problem(i, "[Event %s] Metric=%s To=%s: not a metric and its value",
				e->name, e->metric_name, e->to);
	} else if (e->action != SZB_DO_SILENCE && devices != e->of_device)
		ini_problem(i, "[Event %s] Do=%s happens to %s", e->name,
			szb_action_text(e->action), devices ? "a Device=" : "the radio");
	if (e->action == SZB_DO_SAY && !e->frame_n)
		ini_problem(i, "[Event %s] wants Frame=", e->name);
	if (e->by_rule && e->when >= SZB_WHEN_JOIN && !e->of_device)
		ini_problem(i, "[Event %s] When= counts what a Device= does; name one", e->name);
}

static int by_time(const void *a, const void *b)
{
	const struct szb_event_config *x = a, *y = b;

	if (x->by_rule != y->by_rule)
		return x->by_rule ? -1 : 1;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

int szb_scenario_check(struct szb_scenario *s, struct ini *ini)
{
	int r;

	for (size_t i = 0; i < s->device_count; i++)
		check_device(s, &s->devices[i], ini);
	if (ini->problems)
		return 0;
	r = multiply(s, ini);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->device_count; i++)
		check_parent(s, &s->devices[i], ini);
	for (size_t i = 0; i < s->event_count; i++) {
		szb_event_check(s, &s->events[i], ini);
		s->rule_count += s->events[i].by_rule;
	}
	if (s->rule_count > SZB_RULES_MAX)
		ini_problem(ini, "%zu events with When=; at most %d", s->rule_count, SZB_RULES_MAX);
	if (s->event_count)
		qsort(s->events, s->event_count, sizeof(*s->events), by_time);
	return 0;
}
