/* Whose the sections of a scenario are; see halves.h. */
#include "sim/halves.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ini.h"

#define SECTIONS_MAX 16384
#define NAME_MAX_BYTES 64

/* A device, or an event. */
struct section {
	char name[NAME_MAX_BYTES], target[NAME_MAX_BYTES]; /* target of an event's Device= */
	enum half half;                                    /* of an event: by its keys alone */
	bool of_event;
	int line;
};

struct halves {
	struct section *sections; /* in the order of their lines */
	size_t count;
	int error;
};

struct halves *halves_free(struct halves *h)
{
	if (!h)
		return NULL;
	free(h->sections);
	free(h);
	return NULL;
}

static struct section *add(struct halves *h, const char *name, bool of_event, int line)
{
	struct section *p = NULL;

	if (h->count < SECTIONS_MAX)
		p = reallocarray(h->sections, h->count + 1, sizeof(*p));
	if (!p) {
		h->error = h->count < SECTIONS_MAX ? -ENOMEM : -E2BIG;
		return NULL;
	}
	h->sections = p;
	p += h->count++;
	*p = (struct section){
		.of_event = of_event, .half = of_event ? HALF_BOTH : HALF_COAP, .line = line
	};
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

static void on_item(struct ini *i, const char *kind, const char *name, const char *key,
	const char *value, void *userdata)
{
	struct halves *h = userdata;
	bool of_event = !strcmp(kind, "Event");
	struct section *s;

	if (h->error || (!of_event && strcmp(kind, "Device") != 0))
		return;
	if (!key) {
		(void)add(h, name, of_event, i->line);
		return;
	}
	s = h->count ? &h->sections[h->count - 1] : NULL;
	if (!s)
		return;
	if (!of_event && !strcmp(key, "Transport"))
		s->half = !strcmp(value, "ble") ? HALF_BLE : HALF_COAP;
	else if (!of_event)
		return;
	else if (!strcmp(key, "Adapter") || !strcmp(key, "Do") || !strcmp(key, "When"))
		s->half = HALF_BLE;
	else if (!strcmp(key, "Fault"))
		s->half = HALF_COAP;
	else if (!strcmp(key, "Device"))
		snprintf(s->target, sizeof(s->target), "%s", value);
}

static int by_line(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

static const struct section *find_device(const struct halves *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (!h->sections[i].of_event && !strcmp(h->sections[i].name, name))
			return &h->sections[i];
	return NULL;
}

/* Either half knows a name that stands twice in its own. */
static void check_names(const struct halves *h, struct ini *ini)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct section *s = &h->sections[i];
		const struct section *first = s->of_event ? s : find_device(h, s->name);

		if (!first || first->half == s->half)
			continue;
		ini->line = s->line;
		ini_problem(ini, "[Device %s] stands twice", s->name);
	}
}

int halves_read(struct halves **ret, const char *path)
{
	_cleanup_(halves_freep) struct halves *h = calloc(1, sizeof(*h));
	struct ini ini = { .quiet = true };
	int r;

	if (!h)
		return -ENOMEM;
	r = ini_read(&ini, path, on_item, h);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return -EBADMSG;
	}
	if (h->error == -E2BIG)
		fprintf(stderr, "%s: more than %d devices and events\n", path, SECTIONS_MAX);
	if (h->error)
		return h->error == -ENOMEM ? -ENOMEM : -EBADMSG;
	ini = (struct ini){ .path = path };
	check_names(h, &ini);
	if (ini.problems)
		return -EBADMSG;
	*ret = TAKE_PTR(h);
	return 0;
}

size_t halves_count(const struct halves *h, enum half half)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += !h->sections[i].of_event && h->sections[i].half == half;
	return n;
}

enum half halves_of(const struct halves *h, const char *kind, int line)
{
	const struct section *s, *target, wanted = { .line = line };

	if (!strcmp(kind, "Adapter"))
		return HALF_BLE;
	s = h->count ? bsearch(&wanted, h->sections, h->count, sizeof(wanted), by_line) : NULL;
	if (!s)
		return HALF_BOTH;
	target = *s->target ? find_device(h, s->target) : NULL;
	return target ? target->half : s->half;
}
