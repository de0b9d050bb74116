/*
 * See refusals.h.
 */
#include "publish/refusals.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *refusal_text(enum refusal why)
{
	static const char *const texts[_REFUSAL_MAX] = {
		[REFUSAL_RATE] = "rate",
		[REFUSAL_MALFORMED] = "malformed",
		[REFUSAL_RESPONSE_TOPIC] = "response-topic",
	};

	return why < _REFUSAL_MAX ? texts[why] : "unknown";
}

static void tell(struct refusals *r, enum refusal why)
{
	struct refusal_burst *b = &r->bursts[why];

	b->sum.why = why;
	b->sum.verbs = b->verbs;
	if (r->tell)
		r->tell(&b->sum, r->userdata);
	b->sum = (struct publish_refusals){ .count = 0 };
	b->named = 0;
	b->verbs[0] = 0;
}

/* A name as verbs have them; anything else could be anything. */
static const char *printable(const char *verb)
{
	size_t n = strnlen(verb, REFUSALS_VERB_MAX + 1);

	if (n == 0 || n > REFUSALS_VERB_MAX ||
		strspn(verb, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
		return "?";
	return verb;
}

static bool named(const char *verbs, const char *verb)
{
	size_t n = strlen(verb);

	for (const char *p = verbs; *p; p += strcspn(p, " "), p += *p == ' ')
		if (strncmp(p, verb, n) == 0 && (p[n] == ' ' || p[n] == 0))
			return true;
	return false;
}

static void name(struct refusal_burst *b, const char *verb)
{
	size_t used = strlen(b->verbs);

	verb = printable(verb);
	if (b->named > REFUSALS_VERBS_MAX || named(b->verbs, verb))
		return;
	if (b->named++ == REFUSALS_VERBS_MAX)
		verb = "...";
	(void)snprintf(b->verbs + used, sizeof(b->verbs) - used, "%s%s", used ? " " : "", verb);
}

void refusals_note(
	struct refusals *r, enum refusal why, const char *verb, int64_t now_us, int64_t boot_us)
{
	struct refusal_burst *b = &r->bursts[why];

	if (b->sum.count++ == 0)
		b->sum.first_us = now_us;
	b->sum.last_us = now_us;
	name(b, verb);
	if (boot_us < b->until_us)
		return;
	tell(r, why);
	b->until_us = boot_us + REFUSALS_EVERY_US;
}

int64_t refusals_next(const struct refusals *r)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < _REFUSAL_MAX; i++)
		if (r->bursts[i].sum.count > 0 && r->bursts[i].until_us < next)
			next = r->bursts[i].until_us;
	return next;
}

void refusals_tick(struct refusals *r, int64_t boot_us)
{
	for (size_t i = 0; i < _REFUSAL_MAX; i++) {
		struct refusal_burst *b = &r->bursts[i];

		if (b->sum.count == 0 || boot_us < b->until_us)
			continue;
		tell(r, (enum refusal)i);
		b->until_us = boot_us + REFUSALS_EVERY_US;
	}
}

void refusals_flush(struct refusals *r)
{
	for (size_t i = 0; i < _REFUSAL_MAX; i++)
		if (r->bursts[i].sum.count > 0)
			tell(r, (enum refusal)i);
}
