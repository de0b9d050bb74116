/*
 * The store thread. See store.h.
 *
 * One mutex guards the letter box: for each file the newest text that is to be
 * written, and the results on their way back. The thread takes a text out
 * before it writes, so the loop never waits for the disk.
 */
#include "outbox/store.h"

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

static const char *const file_names[_STORE_FILE_MAX] = {
	[STORE_EPOCH] = "epoch",
	[STORE_RETAINED] = "retained-topics",
};

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
	bool ping, stop, gone;
	int64_t answered_us;
	/* Set before the thread starts. */
	int directory_fd, lock_fd, wake_fd;
	/* The loop's. */
	sd_event_source *io;
	struct store_hooks hooks;
	struct store_limits limits;
};

static int64_t boot_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* Temporary name, sync, rename, sync of the directory: the old or the new text, never half of one.
 */
static int write_file(int directory_fd, const char *name, const char *text, size_t length)
{
	_cleanup_(closep) int fd = -1;
	char temporary[64];
	int r;

	(void)snprintf(temporary, sizeof(temporary), "%s.new", name);
	fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, length);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
		r = -errno;
	if (r == 0 && fsync(directory_fd) < 0)
		r = -errno;
	return r;
}

static void wake_loop(struct store *s)
{
	uint64_t one = 1;

	/* A full counter means that the loop is being woken already. */
	if (write(s->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* Writes one wanted file, if any, with the lock let go meanwhile. */
static bool work_once(struct store *s)
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
		r = write_file(s->directory_fd, file_names[i], text, length);
		free(text);
		pthread_mutex_lock(&s->lock);
		slot->writing = false;
		slot->reported = true;
		slot->result = r;
		wake_loop(s);
		return true;
	}
	return false;
}

static void *thread_main(void *arg)
{
	struct store *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (s->ping) {
			s->ping = false;
			s->answered_us = boot_us();
		}
		if (work_once(s))
			continue;
		if (s->stop)
			break;
		pthread_cond_wait(&s->wanted, &s->lock);
	}
	s->gone = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int on_results(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct store *s = userdata;
	bool reported[_STORE_FILE_MAX];
	int results[_STORE_FILE_MAX];
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < _STORE_FILE_MAX; i++) {
		reported[i] = s->slots[i].reported;
		results[i] = s->slots[i].result;
		s->slots[i].reported = false;
	}
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < _STORE_FILE_MAX; i++)
		if (reported[i])
			s->hooks.saved((enum store_file)i, results[i], s->hooks.userdata);
	return 0;
}

/* Takes the directory for this process; the lock ends with it, however it ends. */
static int lock_directory(struct store *s, int *ret_holder)
{
	char pid[16] = "";
	ssize_t n;

	s->lock_fd = openat(s->directory_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return -errno;
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
		*ret_holder = n > 0 ? (int)strtol(pid, NULL, 10) : 0;
		return -EBUSY;
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) < 0) {
		/* The number is for people only; the lock holds without it. */
	}
	return 0;
}

static void release(struct store *s)
{
	sd_event_source_disable_unref(s->io);
	for (int i = 0; i < _STORE_FILE_MAX; i++)
		free(s->slots[i].text);
	closep(&s->directory_fd);
	closep(&s->lock_fd);
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
	*s = (struct store){ .lock_fd = -1, .wake_fd = -1, .hooks = *hooks, .limits = *limits };
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wanted, &attr);
	pthread_condattr_destroy(&attr);
	s->answered_us = boot_us();
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
	int64_t left_us = until_us - boot_us();
	bool gone;

	if (!s)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &until);
	if (left_us > 0) {
		until.tv_sec += left_us / 1000000;
		until.tv_nsec += left_us % 1000000 * 1000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
	}
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

ssize_t store_load(const char *directory, enum store_file file, char **ret)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	_cleanup_(closep) int fd = -1;
	struct stat st;
	ssize_t n;

	if (asprintf(&path, "%s/%s", directory, file_names[file]) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > STORE_FILE_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	n = read(fd, text, (size_t)st.st_size);
	if (n < 0)
		return -errno;
	text[n] = 0;
	*ret = TAKE_PTR(text);
	return n;
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
	free(slot->text);
	slot->text = copy;
	slot->length = length;
	slot->wanted = true;
	pthread_cond_broadcast(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	return 0;
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
	pthread_mutex_unlock(&w->lock);
	return busy;
}
