/* See zigbee_line.h. */
#include "sim/zigbee_line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sim/zigbee_stage.h"
#include "util/cleanup.h"

int szb_line_init(struct szb_line *l, struct szb *b, const char *link, uint64_t seed)
{
	*l = (struct szb_line){ .szb = b, .link = link, .fd = -1, .other = -1 };
	l->rng = rng_fork(seed, 0x6c696e65);
	l->out = malloc(SZB_OUT_MAX);
	return l->out ? 0 : -ENOMEM;
}

static void forget(struct szb_line *l)
{
	while (l->later_count) {
		free(l->later[l->later_first].bytes);
		l->later_first = (l->later_first + 1) % SZB_LATER_MAX;
		l->later_count--;
	}
	l->out_n = l->in_n = 0;
}

void szb_line_unplug(struct szb_line *l)
{
	char target[64] = "", ours[64] = "";

	if (l->fd < 0)
		return;
	/* The link goes, unless somebody else has put another in its place. */
	if (!ttyname_r(l->other, ours, sizeof(ours)) &&
		readlink(l->link, target, sizeof(target) - 1) > 0 && !strcmp(target, ours))
		(void)unlink(l->link);
	l->io = sd_event_source_disable_unref(l->io);
	close(l->fd);
	close(l->other);
	l->fd = l->other = -1;
	forget(l);
}

void szb_line_done(struct szb_line *l)
{
	szb_line_unplug(l);
	forget(l);
	free(l->out);
	l->out = NULL;
}

/* ---- faults */

void szb_line_fault(struct szb_line *l, enum szb_line_fault what, struct szb_fault f)
{
	f.on = true;
	l->faults_on += !l->faults[what].on;
	l->faults[what] = f;
}

/* Whether a fault happens to this frame; one that is over ends here. */
static bool happens(struct szb_line *l, enum szb_line_fault what)
{
	struct szb_fault *f = &l->faults[what];

	if (!f->on)
		return false;
	if (f->until_us && szb_now(l->szb) >= f->until_us) {
		f->on = false;
		l->faults_on--;
		return false;
	}
	if (f->thousandths && rng_below(&l->rng, 1000) >= f->thousandths)
		return false;
	if (f->times && !--f->times) {
		f->on = false;
		l->faults_on--;
	}
	return true;
}

static bool lasts(const struct szb_line *l, enum szb_line_fault what)
{
	const struct szb_fault *f = &l->faults[what];

	return f->on && (!f->until_us || szb_now(l->szb) < f->until_us);
}

bool szb_line_stalled(const struct szb_line *l)
{
	return lasts(l, SZB_L_STALL);
}

static void keep_later(struct szb_line *l, const uint8_t *p, size_t n, int64_t us)
{
	struct szb_later *to;

	if (l->later_count == SZB_LATER_MAX)
		return; /* a line that is so slow loses */
	to = &l->later[(l->later_first + l->later_count) % SZB_LATER_MAX];
	to->bytes = malloc(n);
	if (!to->bytes)
		return;
	memcpy(to->bytes, p, n);
	to->n = n;
	to->at_us = szb_now(l->szb) + us;
	l->later_count++;
}

static void put(struct szb_line *l, const uint8_t *p, size_t n)
{
	int64_t delay = 0;

	if (l->fd < 0)
		return;
	if (l->faults_on && happens(l, SZB_L_DELAY))
		delay = l->faults[SZB_L_DELAY].amount;
	if (delay || l->later_count) {
		keep_later(l, p, n, delay);
		return;
	}
	if (l->out_n + n > SZB_OUT_MAX) {
		l->dropped++;
		return;
	}
	memcpy(l->out + l->out_n, p, n);
	l->out_n += n;
}

/* One bit of one byte, and never so that a byte turns into one of those that are reserved. */
static void corrupt(struct szb_line *l, uint8_t *p, size_t n)
{
	size_t at = rng_below(&l->rng, (uint32_t)(n > 1 ? n - 1 : 1));

	p[at] ^= (uint8_t)(1u << rng_below(&l->rng, 2));
	if (p[at] == NCP_FLAG || p[at] == NCP_ESCAPE || p[at] == NCP_CANCEL ||
		p[at] == NCP_SUBSTITUTE)
		p[at] = 0x55;
}

static void note(struct szb_line *l, const char *what)
{
	sble_log_event(l->szb->log, what, NULL, NULL);
}

static void put_noise(struct szb_line *l)
{
	uint8_t bytes[24];
	size_t n = 1 + rng_below(&l->rng, sizeof(bytes) - 1);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)rng_below(&l->rng, 256);
	put(l, bytes, n);
	bytes[0] = NCP_FLAG;
	put(l, bytes, 1);
}

/* A byte put in at some place. */
static void put_with(struct szb_line *l, const uint8_t *p, size_t n, uint8_t byte)
{
	size_t at = rng_below(&l->rng, (uint32_t)n);

	put(l, p, at);
	put(l, &byte, 1);
	put(l, p + at, n - at);
}

static void put_meddled(struct szb_line *l, const uint8_t *p, size_t n)
{
	uint8_t copy[NCP_WIRE_MAX];

	memcpy(copy, p, n);
	if (happens(l, SZB_L_SILENCE))
		return;
	if (happens(l, SZB_L_DROP)) {
		note(l, "frame-dropped");
		return;
	}
	if (happens(l, SZB_L_NOISE))
		put_noise(l);
	if (happens(l, SZB_L_CANCEL)) {
		put(l, p, n / 2);
		put(l, &(uint8_t){ NCP_CANCEL }, 1);
	}
	if (happens(l, SZB_L_REPEAT))
		put(l, p, n);
	if (happens(l, SZB_L_CORRUPT)) {
		note(l, "frame-corrupted");
		corrupt(l, copy, n);
	}
	if (happens(l, SZB_L_SUBSTITUTE))
		put_with(l, copy, n, NCP_SUBSTITUTE);
	else if (happens(l, SZB_L_FLOW_BYTES))
		put_with(l, copy, n, rng_below(&l->rng, 2) ? NCP_XON : NCP_XOFF);
	else
		put(l, copy, n);
}

void szb_line_wire(struct szb_line *l, uint8_t control, const uint8_t *p, size_t n)
{
	szb_count(l->szb, SZB_WHEN_FRAME_OUT, SIZE_MAX, -1);
	if (l->faults_on)
		put_meddled(l, p, n);
	else
		put(l, p, n);
}

/* ---- from the host */

static void take(struct szb_line *l, const uint8_t *p, size_t n)
{
	struct szb *b = l->szb;

	ncp_ash_receive(&b->ncp.ash, p, n, b->ncp.now_us);
}

static void take_frame(struct szb_line *l)
{
	size_t n = l->in_n;

	l->in_n = 0;
	if (happens(l, SZB_L_DROP_IN)) {
		note(l, "frame-dropped-in");
		return;
	}
	if (happens(l, SZB_L_CORRUPT_IN)) {
		note(l, "frame-corrupted-in");
		corrupt(l, l->in, n);
	}
	take(l, l->in, n);
}

static void count_frames(struct szb_line *l, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == NCP_FLAG)
			szb_count(l->szb, SZB_WHEN_FRAME_IN, SIZE_MAX, -1);
}

static void receive(struct szb_line *l, const uint8_t *p, size_t n)
{
	if (l->szb->scenario->rule_count)
		count_frames(l, p, n);
	if (lasts(l, SZB_L_SILENCE))
		return;
	if (!l->in_n && !l->faults[SZB_L_DROP_IN].on && !l->faults[SZB_L_CORRUPT_IN].on) {
		take(l, p, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		l->in[l->in_n++] = p[i];
		if (p[i] == NCP_FLAG || l->in_n == sizeof(l->in))
			take_frame(l);
	}
}

static int on_io(sd_event_source *src, int fd, uint32_t events, void *userdata)
{
	struct szb_line *l = userdata;
	uint8_t bytes[4096];
	ssize_t n;

	if (lasts(l, SZB_L_STALL)) {
		sd_event_source_set_enabled(src, SD_EVENT_OFF);
		return 0;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return 0;
	n = read(fd, bytes, sizeof(bytes));
	if (n <= 0)
		return 0;
	l->bytes_in += (uint64_t)n;
	l->szb->ncp.now_us = szb_boot_us();
	receive(l, bytes, (size_t)n);
	/* The acknowledgement may have made room. */
	ncp_ash_pump(&l->szb->ncp.ash, l->szb->ncp.now_us);
	szb_rate_top_up(l->szb);
	return 0;
}

/* ---- the terminal */

/* A link by that name that is in the way and nobody's file is replaced. */
static int make_link(const char *to, const char *link)
{
	char beside[PATH_MAX];
	struct stat st;

	if (!lstat(link, &st) && !S_ISLNK(st.st_mode))
		return -EEXIST;
	if (snprintf(beside, sizeof(beside), "%s.new", link) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	(void)unlink(beside);
	if (symlink(to, beside) < 0 || rename(beside, link) < 0)
		return -errno;
	return 0;
}

int szb_line_plug(struct szb_line *l)
{
	char name[64];
	struct termios raw;
	int r;

	if (l->fd >= 0)
		return 0;
	if (openpty(&l->fd, &l->other, NULL, NULL, NULL) < 0) {
		l->fd = l->other = -1;
		return -errno;
	}
	(void)fcntl(l->fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(l->other, F_SETFD, FD_CLOEXEC);
	(void)fcntl(l->fd, F_SETFL, O_NONBLOCK);
	/* Without this, what is said before the host sets it up would be echoed to us. */
	r = tcgetattr(l->other, &raw) < 0 ? -errno : 0;
	cfmakeraw(&raw);
	if (r >= 0 && tcsetattr(l->other, TCSANOW, &raw) < 0)
		r = -errno;
	if (r >= 0)
		r = -ttyname_r(l->other, name, sizeof(name));
	if (r >= 0)
		r = sd_event_add_io(l->szb->event, &l->io, l->fd, EPOLLIN, on_io, l);
	if (r >= 0)
		r = make_link(name, l->link);
	if (r < 0)
		szb_line_unplug(l);
	return r;
}

static void release_later(struct szb_line *l)
{
	while (l->later_count && l->later[l->later_first].at_us <= szb_now(l->szb)) {
		struct szb_later *from = &l->later[l->later_first];

		if (l->out_n + from->n <= SZB_OUT_MAX) {
			memcpy(l->out + l->out_n, from->bytes, from->n);
			l->out_n += from->n;
		}
		free(from->bytes);
		l->later_first = (l->later_first + 1) % SZB_LATER_MAX;
		l->later_count--;
	}
}

void szb_line_flush(struct szb_line *l)
{
	size_t done = 0;
	ssize_t n = 0;

	if (l->fd < 0 || lasts(l, SZB_L_STALL))
		return;
	if (l->io && l->faults[SZB_L_STALL].on) {
		l->faults[SZB_L_STALL].on = false;
		l->faults_on--;
		sd_event_source_set_enabled(l->io, SD_EVENT_ON);
	}
	release_later(l);
	while (done < l->out_n) {
		n = write(l->fd, l->out + done, l->out_n - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	l->bytes_out += done;
	memmove(l->out, l->out + done, l->out_n - done);
	l->out_n -= done;
	sd_event_source_set_io_events(l->io, EPOLLIN | (l->out_n ? EPOLLOUT : 0));
	if (!l->out_n && !l->later_count)
		ncp_ash_drained(&l->szb->ncp.ash);
}

int64_t szb_line_deadline(const struct szb_line *l)
{
	int64_t at = l->later_count ? l->later[l->later_first].at_us : INT64_MAX;

	if (l->faults[SZB_L_STALL].on && l->faults[SZB_L_STALL].until_us < at)
		at = l->faults[SZB_L_STALL].until_us;
	return at;
}
