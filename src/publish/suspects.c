/*
 * Messages that a broker hangs up on. See suspects.h.
 */
#include "publish/suspects.h"

#include <string.h>

static struct suspect *find(struct suspects *s, uint64_t id)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].id == id)
			return &s->list[i];
	return NULL;
}

void suspects_clear(struct suspects *s, uint64_t id)
{
	struct suspect *x;

	if (s->count == 0)
		return;
	x = find(s, id);
	if (!x)
		return;
	s->count--;
	memmove(x, x + 1, (size_t)(s->list + s->count - x) * sizeof(*x));
}

bool suspects_single(const struct suspects *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].losses >= SUSPECTS_LOSSES)
			return true;
	return false;
}

uint64_t suspects_lost(struct suspects *s, const uint64_t *in_flight, size_t count)
{
	bool single = suspects_single(s);
	struct suspects next = { .count = 0 };

	/* Nothing in flight: the connection was lost for another reason, which says nothing of
	 * those under suspicion. */
	if (count == 0)
		return 0;

	if (single && count == 1) {
		struct suspect *x = find(s, in_flight[0]);

		/* Alone, and among those that were there each time. */
		if (x && x->losses >= SUSPECTS_LOSSES) {
			suspects_clear(s, in_flight[0]);
			return in_flight[0];
		}
	}

	for (size_t i = 0; i < count && next.count < SUSPECTS_MAX; i++) {
		const struct suspect *x = find(s, in_flight[i]);

		next.list[next.count++] = (struct suspect){
			.id = in_flight[i],
			.losses = x ? x->losses + 1 : 1,
		};
	}
	/* With one at a time, the others under suspicion were not sent and stay under it. */
	for (size_t i = 0; single && i < s->count && next.count < SUSPECTS_MAX; i++)
		if (!find(&next, s->list[i].id))
			next.list[next.count++] = s->list[i];
	*s = next;
	return 0;
}
