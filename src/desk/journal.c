/*
 * See journal.h. A kill between any two instructions leaves whole records and
 * at most one that is not: its sum tells. Records carry no order but their
 * place, and a renewed file lies beside the old one until it has all, so that
 * reading both, the old one first, is always right.
 */
#include "desk/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "util/ramfile.h"
#include "util/hash.h"

#define VERSION 1
#define RECORD UINT32_C(0x77676172)
#define LARGE (4 * 1024 * 1024)

static const char magic[8] = { 'w', 'g', 'a', 'l', 'a', 'r', 'm', 's' };

struct alive {
	int64_t boot_us, utc_us;
};

struct header {
	char magic[8];
	uint32_t version, zero;
	uint64_t identity[2];
	char boot[CLOCK_BOOT_ID_SIZE];
	struct alive alive[2]; /* with sums: a kill leaves one of them whole */
	uint64_t alive_sum[2];
};

struct record {
	uint32_t magic, name, text, zero; /* lengths */
	uint64_t sum;                     /* of the lengths, the name and the text */
};

struct journal {
	char path[PATH_MAX], next_path[PATH_MAX + 8], first_path[PATH_MAX + 8];
	struct header header;
	int fd;              /* what is written to; -1: nothing yet */
	const char *renewed; /* its path while it does not have all; NULL: it has */
	off_t size, base;    /* of it; when it was complete */
	unsigned beat;       /* which of the two signs of life is written next */
};

static uint64_t sum_of(const struct record *r, const char *name, const char *text)
{
	return hash_bytes(&hash_key_fixed, name, r->name) ^
	       hash_bytes(&hash_key_fixed, text, r->text) * 3 ^ ((uint64_t)r->name << 32 | r->text);
}

static uint64_t sum_of_alive(const struct alive *a)
{
	return hash_bytes(&hash_key_fixed, a, sizeof(*a)) | 1;
}

/* ---- what was left ---- */

/* Returns its length with *ret to be freed, or a negative errno: -ENOENT, -EPERM when it is not
 * ours alone. */
static ssize_t read_all(const char *path, char **ret)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	_cleanup_(freep) char *text = NULL;
	off_t size;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (!ramfile_is_private(fd, &size))
		return -EPERM;
	if (size > JOURNAL_MAX)
		return -EFBIG;
	text = malloc((size_t)size + 1);
	if (!text)
		return -ENOMEM;
	n = pread(fd, text, (size_t)size, 0);
	if (n < 0)
		return -errno;
	*ret = TAKE_PTR(text);
	return n;
}

static bool is_ours(const struct journal *j, const struct header *h)
{
	return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->version == VERSION &&
	       memcmp(h->identity, j->header.identity, sizeof(h->identity)) == 0 &&
	       memcmp(h->boot, j->header.boot, sizeof(h->boot)) == 0;
}

static int add_piece(struct journal_left *l, const struct journal_piece *p)
{
	if ((l->count & (l->count - 1)) == 0) {
		size_t size = l->count ? 2 * l->count : 64;
		struct journal_piece *more = realloc(l->pieces, size * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->pieces = more;
	}
	l->pieces[l->count++] = *p;
	return 0;
}

/* The records as far as they are whole. The name ends with a 0 within the file. */
static int read_records(struct journal_left *l, const char *text, size_t length)
{
	size_t at = sizeof(struct header);

	while (length - at >= sizeof(struct record)) {
		const char *name = text + at + sizeof(struct record);
		struct journal_piece p;
		struct record r;

		memcpy(&r, text + at, sizeof(r));
		at += sizeof(r);
		if (r.magic != RECORD || r.name < 2 || r.name > JOURNAL_NAME_MAX + 1 ||
			r.text > JOURNAL_MAX || length - at < (size_t)r.name + r.text ||
			name[r.name - 1] != 0 || sum_of(&r, name, name + r.name) != r.sum)
			break;
		p = (struct journal_piece){ name, name + r.name, r.text };
		if (add_piece(l, &p) < 0)
			return -ENOMEM;
		at += (size_t)r.name + r.text;
	}
	return 0;
}

static void read_alive(struct journal_left *l, const struct header *h)
{
	for (int i = 0; i < 2; i++)
		if (h->alive_sum[i] == sum_of_alive(&h->alive[i]) &&
			h->alive[i].boot_us > l->alive_us) {
			l->alive_us = h->alive[i].boot_us;
			l->utc_us = h->alive[i].utc_us;
		}
}

/* One file, behind what was read before. text is kept in l. Returns 0, -ENOENT or -ENOMEM. */
static int read_file(const struct journal *j, const char *path, struct journal_left *l, char **keep)
{
	_cleanup_(freep) char *text = NULL;
	ssize_t n = read_all(path, &text);
	struct header h;

	if (n == -ENOMEM)
		return -ENOMEM;
	if (!text || n < (ssize_t)sizeof(h))
		return -ENOENT;
	memcpy(&h, text, sizeof(h));
	if (!is_ours(j, &h))
		return -ENOENT;
	read_alive(l, &h);
	*keep = TAKE_PTR(text);
	return read_records(l, *keep, (size_t)n);
}

static int compare_pieces(const void *a, const void *b)
{
	const struct journal_piece *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Sorts by name; of one name the last counts, and that one not when it is empty. */
static int settle(struct journal_left *l)
{
	_cleanup_(freep) struct journal_piece *copy = calloc(l->count + 1, sizeof(*copy));
	size_t kept = 0;

	if (!copy)
		return -ENOMEM;
	/* qsort() keeps no order among equals: merge by hand what has one. */
	for (size_t i = 0; i < l->count; i++) {
		size_t low = 0, high = kept;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (compare_pieces(&copy[middle], &l->pieces[i]) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < kept && compare_pieces(&copy[low], &l->pieces[i]) == 0) {
			copy[low] = l->pieces[i];
			continue;
		}
		memmove(&copy[low + 1], &copy[low], (kept - low) * sizeof(*copy));
		copy[low] = l->pieces[i];
		kept++;
	}
	l->count = 0;
	for (size_t i = 0; i < kept; i++)
		if (copy[i].length > 0)
			l->pieces[l->count++] = copy[i];
	return 0;
}

int journal_read(struct journal *j, struct journal_left *ret)
{
	_cleanup_(journal_left_done) struct journal_left l = { 0 };
	int first, next;

	first = read_file(j, j->path, &l, &l.text);
	next = first == -ENOMEM ? first : read_file(j, j->next_path, &l, &l.more);
	if (first == -ENOMEM || next == -ENOMEM || settle(&l) < 0)
		return -ENOMEM;
	if (l.count == 0 || l.alive_us == 0)
		return -ENOENT;
	*ret = l;
	l = (struct journal_left){ 0 };
	return 0;
}

void journal_left_done(struct journal_left *l)
{
	free(l->text);
	free(l->more);
	free(l->pieces);
	*l = (struct journal_left){ 0 };
}

void journal_set_aside(struct journal *j)
{
	char aside[sizeof(j->path) + 16];

	(void)snprintf(aside, sizeof(aside), "%s.refused", j->path);
	(void)rename(j->path, aside);
	(void)unlink(j->next_path);
}

/* ---- writing ---- */

/* Begins a file that takes the place of the others once it has all. */
static int begin(struct journal *j, const char *path)
{
	_cleanup_(closep) int fd = -1;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, &j->header, sizeof(j->header), 0) != (ssize_t)sizeof(j->header)) {
		(void)unlink(path);
		return -ENOSPC;
	}
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = TAKE_FD(fd);
	j->renewed = path;
	j->size = sizeof(j->header);
	return 0;
}

int journal_renew(struct journal *j)
{
	return begin(j, j->fd < 0 ? j->first_path : j->next_path);
}

void journal_complete(struct journal *j)
{
	if (!j->renewed || rename(j->renewed, j->path) < 0)
		return;
	if (j->renewed == j->first_path)
		(void)unlink(j->next_path);
	j->renewed = NULL;
	j->base = j->size;
}

bool journal_is_large(const struct journal *j)
{
	return !j->renewed && j->fd >= 0 && j->size > LARGE + 3 * j->base;
}

bool journal_is_renewing(const struct journal *j)
{
	return j->renewed;
}

int journal_write(struct journal *j, const char *name, const char *text, size_t length)
{
	struct record r = {
		.magic = RECORD, .name = (uint32_t)strlen(name) + 1, .text = (uint32_t)length
	};
	/* They are only read. */
	struct iovec parts[] = { { &r, sizeof(r) }, { (char *)name, r.name },
		{ (char *)text, length } };
	ssize_t n, all = (ssize_t)(sizeof(r) + r.name + length);

	if (j->fd < 0)
		return -EBADF;
	if (r.name > JOURNAL_NAME_MAX + 1)
		return -ENAMETOOLONG;
	if (j->size + all > JOURNAL_MAX)
		return -EFBIG;
	r.sum = sum_of(&r, name, text);
	n = pwritev(j->fd, parts, 3, j->size);
	if (n != all) {
		int e = n < 0 ? -errno : -ENOSPC;

		/* Half a record would hide those behind it. */
		(void)!ftruncate(j->fd, j->size);
		return e;
	}
	j->size += all;
	return 0;
}

void journal_alive(struct journal *j, int64_t boot_us, int64_t utc_us)
{
	unsigned i = j->beat++ & 1;

	j->header.alive[i] = (struct alive){ boot_us, utc_us };
	j->header.alive_sum[i] = sum_of_alive(&j->header.alive[i]);
	if (j->fd >= 0)
		(void)!pwrite(j->fd, &j->header, sizeof(j->header), 0);
}

/* ---- life ---- */

int journal_new(struct journal **ret, const char *directory, const char *state_directory,
	const char *gateway, const char *boot)
{
	_cleanup_(journal_freep) struct journal *j = calloc(1, sizeof(*j));
	char found[PATH_MAX / 2];
	int r;

	if (!j)
		return -ENOMEM;
	j->fd = -1;
	memcpy(j->header.magic, magic, sizeof(magic));
	j->header.version = VERSION;
	(void)snprintf(j->header.boot, sizeof(j->header.boot), "%s", boot);
	r = ramfile_identify(state_directory, gateway, j->header.identity);
	if (r == 0 && !directory) {
		r = ramfile_directory(found, sizeof(found));
		directory = found;
	}
	if (r < 0)
		return r;
	if (snprintf(j->path, sizeof(j->path), "%s/wardgate-%016" PRIx64 ".alarms", directory,
		    j->header.identity[0]) >= (int)sizeof(j->path))
		return -ENAMETOOLONG;
	(void)snprintf(j->next_path, sizeof(j->next_path), "%s.next", j->path);
	(void)snprintf(j->first_path, sizeof(j->first_path), "%s.first", j->path);
	*ret = TAKE_PTR(j);
	return 0;
}

struct journal *journal_free(struct journal *j)
{
	if (!j)
		return NULL;
	if (j->fd >= 0)
		(void)close(j->fd);
	free(j);
	return NULL;
}
