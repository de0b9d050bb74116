/*
 * The store thread. See store.h.
 *
 * One mutex guards the letter box: for each state file the newest text that is
 * to be written, the batch, and the news on their way back. The thread takes
 * things out before it touches the disk, so the loop never waits for it. What
 * is to be done with the database is keeper.c's.
 */
#include "outbox/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "outbox/keeper.h"
#include "outbox/statefile.h"

#define SCANS_MAX STORE_OWED_MAX
#define CROWDED 8 /* news that the loop has not taken: background work waits */
#define WAIT_MAX_US INT64_C(60000000)

struct text_slot {
	char *text;
	size_t length;
	bool wanted; /* text is to be written */
	bool writing;
	bool reported; /* result is to be told */
	int result;
};

struct store {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	/* Under the lock. */
	struct text_slot slots[_STORE_FILE_MAX];
	bool ping, stop, gone, batch_wanted, batch_busy;
	struct store_batch batch; /* its arrays are the caller's until the result */
	struct news done;         /* of the batch; never freed */
	struct news *news, **news_end;
	size_t news_count;
	uint32_t scans[SCANS_MAX];
	size_t scan_count;
	struct store_limits limits;
	struct store_figures figures;
	int64_t answered_us;
	/* Set before the thread starts. */
	int directory_fd, wake_fd;
	/* The thread's. */
	struct keeper *keeper;
	/* The loop's. */
	sd_event_source *io;
	struct store_hooks hooks;
};

static void wake_loop(struct store *s)
{
	uint64_t one = 1;

	/* A full counter means that the loop is being woken already. */
	if (write(s->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* Writes one wanted file, if any, with the lock let go meanwhile. */
static bool save_once(struct store *s)
{
	for (int i = 0; i < _STORE_FILE_MAX; i++) {
		struct text_slot *slot = &s->slots[i];
		char *text = slot->text;
		size_t length = slot->length;
		int r;

		if (!slot->wanted)
			continue;
		slot->wanted = false;
		slot->writing = true;
		slot->text = NULL;
		pthread_mutex_unlock(&s->lock);
		r = statefile_write(s->directory_fd, (enum store_file)i, text, length);
		wipe_free(text, length); /* there may be keys in it */
		pthread_mutex_lock(&s->lock);
		slot->writing = false;
		slot->reported = true;
		slot->result = r;
		wake_loop(s);
		return true;
	}
	return false;
}

static void append_news(struct store *s, struct news *n)
{
	n->next = NULL;
	*s->news_end = n;
	s->news_end = &n->next;
	s->news_count++;
}

/* keeper_post_fn; the lock is not held. */
static void post(struct news *n, void *userdata)
{
	struct store *s = userdata;

	pthread_mutex_lock(&s->lock);
	/* What the hook then asks for is no older than what it is told. */
	s->figures = *keeper_figures(s->keeper);
	append_news(s, n);
	pthread_mutex_unlock(&s->lock);
	wake_loop(s);
}

/* Does the batch, if there is one, with the lock let go meanwhile. */
static bool batch_once(struct store *s)
{
	struct store_batch batch = s->batch;
	struct store_limits limits = s->limits;

	if (!s->batch_wanted)
		return false;
	s->batch_wanted = false;
	pthread_mutex_unlock(&s->lock);
	keeper_set_limits(s->keeper, &limits);
	keeper_batch(s->keeper, &batch, &s->done.done);
	pthread_mutex_lock(&s->lock);
	s->figures = *keeper_figures(s->keeper);
	s->batch_busy = false;
	append_news(s, &s->done);
	wake_loop(s);
	return true;
}

/* What can wait, when nothing else is wanted. Returns when to come again. */
static int64_t work_once(struct store *s)
{
	struct store_limits limits = s->limits;
	bool crowded = s->news_count > CROWDED;
	int64_t next_us;

	/* One that there is no memory for stays where it is. */
	while (s->scan_count > 0 && keeper_scan(s->keeper, s->scans[s->scan_count - 1]) == 0)
		s->scan_count--;
	pthread_mutex_unlock(&s->lock);
	keeper_set_limits(s->keeper, &limits);
	next_us = keeper_work(s->keeper, crowded);
	pthread_mutex_lock(&s->lock);
	s->figures = *keeper_figures(s->keeper);
	/* The loop took its news meanwhile, and its sign was not waited for. */
	if (crowded && s->news_count <= CROWDED)
		next_us = 0;
	return next_us;
}

static bool is_wanted(const struct store *s)
{
	for (int i = 0; i < _STORE_FILE_MAX; i++)
		if (s->slots[i].wanted)
			return true;
	return s->ping || s->stop || s->batch_wanted || s->scan_count > 0;
}

/* The point of CLOCK_MONOTONIC that lies as far ahead as until_us of CLOCK_BOOTTIME. */
static struct timespec wait_until(int64_t until_us)
{
	int64_t left_us = until_us - boottime_us();
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (left_us <= 0)
		return ts;
	if (left_us > WAIT_MAX_US)
		left_us = WAIT_MAX_US;
	ts.tv_sec += left_us / 1000000;
	ts.tv_nsec += left_us % 1000000 * 1000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

static void wait_for_work(struct store *s, int64_t next_us)
{
	struct timespec until = wait_until(next_us);

	if (next_us == INT64_MAX)
		pthread_cond_wait(&s->wanted, &s->lock);
	else
		pthread_cond_timedwait(&s->wanted, &s->lock, &until);
}

static void *thread_main(void *arg)
{
	struct store *s = arg;
	int64_t next_us;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		bool did;

		if (s->ping) {
			s->ping = false;
			s->answered_us = boottime_us();
		}
		/* One of each in turn, so that neither starves the other. */
		did = batch_once(s);
		did |= save_once(s);
		if (did)
			continue;
		if (s->stop)
			break;
		next_us = work_once(s);
		if (next_us > 0 && !is_wanted(s))
			wait_for_work(s, next_us);
	}
	pthread_mutex_unlock(&s->lock);
	s->keeper = keeper_free(s->keeper);
	pthread_mutex_lock(&s->lock);
	s->gone = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void tell_saved(struct store *s)
{
	bool reported[_STORE_FILE_MAX];
	int results[_STORE_FILE_MAX];

	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < _STORE_FILE_MAX; i++) {
		reported[i] = s->slots[i].reported;
		results[i] = s->slots[i].result;
		s->slots[i].reported = false;
	}
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < _STORE_FILE_MAX; i++)
		if (reported[i] && s->hooks.saved)
			s->hooks.saved((enum store_file)i, results[i], s->hooks.userdata);
}

static struct news *take_news(struct store *s)
{
	struct news *n;

	pthread_mutex_lock(&s->lock);
	n = s->news;
	if (n) {
		s->news = n->next;
		s->news_count--;
		if (!s->news)
			s->news_end = &s->news;
		if (s->news_count == CROWDED)
			pthread_cond_broadcast(&s->wanted);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* The batch's own news is part of the store and is filled again by the next batch, which the hook
 * may give: so what it holds is moved out first. */
static void tell_done(struct store *s)
{
	struct news done = s->done;

	s->done = (struct news){ .kind = NEWS_DONE };
	news_tell(&done, &s->hooks);
	news_clear(&done);
}

static int on_results(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct store *s = userdata;
	struct news *n;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	tell_saved(s);
	while ((n = take_news(s))) {
		if (n == &s->done) {
			tell_done(s);
			continue;
		}
		news_tell(n, &s->hooks);
		news_free(n);
	}
	return 0;
}

/* Takes the directory for this process; the lock ends with it, however it ends. It is the directory
 * itself that is locked, so that a card which has turned read-only stops no start. */
static int lock_directory(struct store *s, int *ret_holder)
{
	_cleanup_(closep) int fd = -1;
	char pid[16] = "";
	ssize_t n;

	if (flock(s->directory_fd, LOCK_EX | LOCK_NB) < 0) {
		n = errno == EWOULDBLOCK ? -EBUSY : -errno;
		fd = openat(s->directory_fd, "lock", O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && pread(fd, pid, sizeof(pid) - 1, 0) > 0)
			*ret_holder = (int)strtol(pid, NULL, 10);
		return (int)n;
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	fd = openat(s->directory_fd, "lock", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, pid, (size_t)n) < 0) {
		/* The number is for people only; the lock holds without it. */
	}
	return 0;
}

static void release(struct store *s)
{
	sd_event_source_disable_unref(s->io);
	for (int i = 0; i < _STORE_FILE_MAX; i++)
		wipe_free(s->slots[i].text, s->slots[i].length);
	s->keeper = keeper_free(s->keeper);
	for (struct news *n = s->news, *next; n; n = next) {
		next = n->next;
		if (n != &s->done)
			news_free(n);
	}
	news_clear(&s->done);
	closep(&s->directory_fd);
	closep(&s->wake_fd);
	pthread_cond_destroy(&s->wanted);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int start_thread(struct store *s)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&s->thread, NULL, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int store_new(struct store **ret, sd_event *e, const char *directory,
	const struct store_limits *limits, const struct store_hooks *hooks, int *ret_holder)
{
	struct store *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct store){
		.wake_fd = -1, .hooks = *hooks, .limits = *limits, .done = { .kind = NEWS_DONE }
	};
	s->news_end = &s->news;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wanted, &attr);
	pthread_condattr_destroy(&attr);
	s->answered_us = boottime_us();
	*ret_holder = 0;

	if (mkdir(directory, 0750) < 0 && errno != EEXIST) {
		s->directory_fd = -1;
		r = -errno;
		goto fail;
	}
	s->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = s->directory_fd < 0 ? -errno : lock_directory(s, ret_holder);
	if (r < 0)
		goto fail;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = s->wake_fd < 0 ? -errno
			   : sd_event_add_io(e, &s->io, s->wake_fd, EPOLLIN, on_results, s);
	if (r < 0)
		goto fail;
	(void)sd_event_source_set_description(s->io, "store");
	r = keeper_new(&s->keeper, directory, post, s);
	if (r == 0)
		r = start_thread(s);
	if (r < 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	release(s);
	return r;
}

struct store *store_free(struct store *s, int64_t until_us)
{
	struct timespec until;
	bool gone;

	if (!s)
		return NULL;
	until = wait_until(until_us);
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->wanted);
	while (!s->gone)
		if (pthread_cond_timedwait(&s->wanted, &s->lock, &until) == ETIMEDOUT)
			break;
	gone = s->gone;
	pthread_mutex_unlock(&s->lock);
	if (!gone) {
		/* It hangs in a system call: its memory must stay until the process ends. */
		s->io = sd_event_source_disable_unref(s->io);
		return NULL;
	}
	pthread_join(s->thread, NULL);
	release(s);
	return NULL;
}

int store_save(struct store *s, enum store_file file, const char *text, size_t length)
{
	struct text_slot *slot = &s->slots[file];
	char *copy;

	if (length > STORE_FILE_MAX)
		return -EFBIG;
	copy = malloc(length + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	copy[length] = 0;
	pthread_mutex_lock(&s->lock);
	wipe_free(slot->text, slot->length);
	slot->text = copy;
	slot->length = length;
	slot->wanted = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

void store_submit(struct store *s, const struct store_batch *batch)
{
	pthread_mutex_lock(&s->lock);
	assert(!s->batch_wanted && !s->batch_busy);
	s->batch = *batch;
	s->batch_wanted = s->batch_busy = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
}

int store_scan(struct store *s, uint32_t epoch)
{
	int r = 0;

	pthread_mutex_lock(&s->lock);
	if (s->scan_count == SCANS_MAX)
		r = -ENOBUFS;
	else
		s->scans[s->scan_count++] = epoch;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	return r;
}

void store_set_limits(struct store *s, const struct store_limits *limits)
{
	pthread_mutex_lock(&s->lock);
	s->limits = *limits;
	pthread_mutex_unlock(&s->lock);
}

struct store_figures store_figures(const struct store *s)
{
	struct store *w = (struct store *)s;
	struct store_figures f;

	pthread_mutex_lock(&w->lock);
	f = w->figures;
	pthread_mutex_unlock(&w->lock);
	return f;
}

const char *store_state_text(enum store_state state)
{
	static const char *const texts[_STORE_STATE_MAX] = {
		[STORE_OPENING] = "opening",
		[STORE_GOOD] = "ok",
		[STORE_FULL] = "full",
		[STORE_FAILING] = "failing",
	};

	return (unsigned)state < _STORE_STATE_MAX ? texts[state] : NULL;
}

void store_ping(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->ping = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
}

int64_t store_answered_us(const struct store *s)
{
	struct store *w = (struct store *)s;
	int64_t t;

	pthread_mutex_lock(&w->lock);
	t = s->answered_us;
	pthread_mutex_unlock(&w->lock);
	return t;
}

bool store_busy(const struct store *s)
{
	struct store *w = (struct store *)s;
	bool busy = false;

	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < _STORE_FILE_MAX; i++)
		busy |= s->slots[i].wanted || s->slots[i].writing;
	busy |= s->batch_busy;
	pthread_mutex_unlock(&w->lock);
	return busy;
}
