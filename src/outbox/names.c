/*
 * See names.h. Numbers count from 1 without gaps after what the database knew,
 * so a vector finds the text and a hash table the number.
 */
#include "outbox/names.h"

#include <errno.h>
#include <string.h>

#include "util/hash.h"

struct name {
	struct label *label; /* NULL: a number that is not known */
	int metric, word;    /* -1: not looked up */
};

struct names {
	struct name *list; /* by number; 0 is none */
	uint32_t count;    /* the highest number + 1 */
	uint32_t room;
	uint32_t saved; /* numbers below it are in the database */
	uint32_t *index;
	uint32_t mask; /* places of index - 1 */
	uint32_t own_epoch;
	uint32_t metrics[_METRIC_MAX], words[_WORD_MAX];
	bool failed;
};

static uint32_t *locate(const struct names *n, const char *text, size_t length)
{
	uint32_t at = (uint32_t)hash_bytes(&hash_key_fixed, text, length) & n->mask;

	while (n->index[at]) {
		const struct label *l = n->list[n->index[at]].label;

		if (l->length == length && memcmp(l->text, text, length) == 0)
			break;
		at = (at + 1) & n->mask;
	}
	return &n->index[at];
}

/* Makes room for the number id. */
static int grow(struct names *n, uint32_t id)
{
	uint32_t room = n->room ? n->room : 64;
	struct name *list;
	uint32_t *index;

	if (id >= NAMES_MAX)
		return -E2BIG;
	if (id < n->room)
		return 0;
	while (room <= id)
		room *= 2;
	list = realloc(n->list, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	n->list = list;
	index = calloc((size_t)room * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	for (uint32_t i = n->room; i < room; i++)
		n->list[i] = (struct name){ .metric = -1, .word = -1 };
	n->room = room;
	free(n->index);
	n->index = index;
	n->mask = 2 * room - 1;
	for (uint32_t i = 1; i < n->count; i++) {
		const struct label *l = n->list[i].label;

		if (l)
			*locate(n, l->text, l->length) = i;
	}
	return 0;
}

static int put(struct names *n, uint32_t id, struct label *l)
{
	int r = grow(n, id);

	if (r < 0)
		return r;
	n->list[id].label = label_ref(l);
	if (id >= n->count)
		n->count = id + 1;
	*locate(n, l->text, l->length) = id;
	return 0;
}

static uint32_t number_of(struct names *n, struct label *l)
{
	uint32_t id = l->mark;

	/* A number kept from an earlier call: right if it is still that text's. */
	if (id && id < n->count && n->list[id].label &&
		(n->list[id].label == l || strcmp(n->list[id].label->text, l->text) == 0))
		return id;
	id = *locate(n, l->text, l->length);
	if (!id) {
		id = n->count;
		if (put(n, id, l) < 0) {
			n->failed = true;
			return 0;
		}
	}
	l->mark = id;
	return id;
}

static uint32_t number_of_text(struct names *n, const char *text)
{
	struct label *l;
	uint32_t id;

	if (label_new(&l, text) < 0) {
		n->failed = true;
		return 0;
	}
	id = number_of(n, l);
	label_unref(l);
	return id;
}

int names_new(struct names **ret, const char *epoch)
{
	_cleanup_(names_freep) struct names *n = calloc(1, sizeof(*n));
	struct label *own;
	int r;

	if (!n)
		return -ENOMEM;
	n->count = n->saved = 1;
	r = grow(n, 1);
	if (r < 0)
		return r;
	/* It gets its number after what the database knows; until then the text stands at 0. */
	r = label_new(&own, epoch);
	if (r < 0)
		return r;
	n->list[0].label = own;
	*ret = TAKE_PTR(n);
	return 0;
}

struct names *names_free(struct names *n)
{
	if (!n)
		return NULL;
	for (uint32_t i = 0; i < n->count; i++)
		label_unref(n->list[i].label);
	free(n->list);
	free(n->index);
	free(n);
	return NULL;
}

int names_learn(struct names *n, const struct store_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct label *l;
		int r;

		if (names[i].id == 0 || names[i].id >= NAMES_MAX ||
			!memchr(names[i].text, 0, sizeof(names[i].text)) || !*names[i].text ||
			(names[i].id < n->count && n->list[names[i].id].label))
			continue;
		r = label_new(&l, names[i].text);
		if (r < 0)
			return r;
		r = put(n, names[i].id, l);
		label_unref(l);
		if (r < 0)
			return r;
	}
	n->saved = n->count;
	return 0;
}

uint32_t names_of_label(struct names *n, struct label *l)
{
	return l ? number_of(n, l) : 0;
}

uint32_t names_of_metric(struct names *n, enum metric m)
{
	if (!n->metrics[m])
		n->metrics[m] = number_of_text(n, metric_info(m)->name);
	return n->metrics[m];
}

uint32_t names_of_word(struct names *n, enum word w)
{
	if (w == WORD_NONE)
		return 0;
	if (!n->words[w])
		n->words[w] = number_of_text(n, word_text(w));
	return n->words[w];
}

uint32_t names_of_epoch(struct names *n, struct label *epoch)
{
	if (epoch)
		return number_of(n, epoch);
	if (!n->own_epoch)
		n->own_epoch = number_of(n, n->list[0].label);
	return n->own_epoch;
}

bool names_failed(struct names *n)
{
	bool failed = n->failed;

	n->failed = false;
	return failed;
}

bool names_known(const struct names *n, uint32_t id)
{
	return id > 0 && id < n->count && n->list[id].label;
}

struct label *names_label(const struct names *n, uint32_t id)
{
	return names_known(n, id) ? n->list[id].label : NULL;
}

struct label *names_epoch(const struct names *n, uint32_t id)
{
	struct label *l = names_label(n, id);

	return l && strcmp(l->text, n->list[0].label->text) == 0 ? NULL : l;
}

enum metric names_metric(struct names *n, uint32_t id)
{
	struct name *name;

	if (!names_known(n, id))
		return METRIC_NONE;
	name = &n->list[id];
	if (name->metric < 0)
		name->metric = (int)metric_by_name(name->label->text, name->label->length);
	return (enum metric)name->metric;
}

enum word names_word(struct names *n, uint32_t id)
{
	struct name *name;

	if (!names_known(n, id))
		return WORD_NONE;
	name = &n->list[id];
	if (name->word < 0)
		name->word = (int)word_by_text(name->label->text, name->label->length);
	return (enum word)name->word;
}

ssize_t names_unsaved(const struct names *n, struct store_name **ret)
{
	struct store_name *copy;
	size_t count = 0;

	*ret = NULL;
	if (n->saved == n->count)
		return 0;
	copy = calloc(n->count - n->saved, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (uint32_t id = n->saved; id < n->count; id++) {
		const struct label *l = n->list[id].label;

		if (!l)
			continue;
		copy[count].id = id;
		memcpy(copy[count].text, l->text, (size_t)l->length + 1);
		count++;
	}
	*ret = copy;
	return (ssize_t)count;
}

uint32_t names_next(const struct names *n)
{
	return n->count;
}

void names_saved(struct names *n, uint32_t next)
{
	if (next > n->saved)
		n->saved = next;
}

void names_forget_saved(struct names *n)
{
	n->saved = 1;
}
