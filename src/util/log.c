/*
 * The two places that an entry can go to. See log.h.
 */
#include "util/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/cleanup.h"
#include "util/text.h"

#define FIELDS_MAX 16
#define LINE_MAX_BYTES 2048

static atomic_int level = LOG_INFO;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool to_journal;

void log_set_level(int priority)
{
	atomic_store(&level, priority);
}

bool log_enabled(int priority)
{
	return priority <= atomic_load_explicit(&level, memory_order_relaxed);
}

/* systemd names the stream that it connected to the journal; it may have been replaced since. */
static void find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode)
		to_journal = true;
}

static void put_value(struct text *t, const struct log_field *f)
{
	char buf[128];

	if (f->error)
		text_str(t, strerror_r(-f->error, buf, sizeof(buf)));
	else if (f->str)
		text_str(t, f->str);
	else
		text_i64(t, f->number);
}

static const char *field_name(const struct log_field *f)
{
	return f->error ? "ERROR" : f->name;
}

static bool is_end(const struct log_field *f)
{
	return !f->name;
}

/* Numbers plain, text quoted: control characters must not reach a terminal. */
static void put_fields(struct text *t, const struct log_field *fields)
{
	char value[512];

	for (; !is_end(fields) && !t->overflow; fields++) {
		struct text v = text_init(value, sizeof(value));
		char *before = t->at;

		put_value(&v, fields);
		text_char(t, ' ');
		text_str(t, field_name(fields));
		text_char(t, '=');
		if (fields->error || fields->str)
			text_json_string(t, value, (size_t)(v.at - v.start));
		else
			text_bytes(t, value, (size_t)(v.at - v.start));
		if (t->overflow)
			t->at = before;
	}
}

/* The fields stand in the sentence, too: journalctl shows people nothing else. */
static struct iovec put_message(char buf[static LINE_MAX_BYTES], const char *module,
	const char *sentence, const struct log_field *fields)
{
	struct text t = text_init(buf, LINE_MAX_BYTES);

	text_lit(&t, "MESSAGE=");
	text_str(&t, module);
	text_lit(&t, ": ");
	text_str(&t, sentence);
	put_fields(&t, fields);
	return (struct iovec){ .iov_base = buf, .iov_len = (size_t)(t.at - buf) };
}

static void write_journal(
	int priority, const char *module, const char *sentence, const struct log_field *fields)
{
	struct iovec iov[FIELDS_MAX + 3];
	char buf[LINE_MAX_BYTES], message[LINE_MAX_BYTES];
	struct text t = text_init(buf, sizeof(buf));
	size_t n = 0;

	iov[n++] = put_message(message, module, sentence, fields);
	for (size_t part = 1; n < ARRAY_SIZE(iov); part++) {
		char *start = t.at;

		if (part == 1) {
			text_lit(&t, "PRIORITY=");
			text_i64(&t, priority);
		} else if (part == 2) {
			text_lit(&t, "WARDGATE_MODULE=");
			text_str(&t, module);
		} else {
			if (is_end(fields))
				break;
			text_str(&t, field_name(fields));
			text_char(&t, '=');
			put_value(&t, fields);
			fields++;
		}
		if (t.overflow)
			break;
		iov[n++] = (struct iovec){ .iov_base = start, .iov_len = (size_t)(t.at - start) };
	}
	(void)sd_journal_sendv(iov, (int)n);
}

static void write_stderr(
	int priority, const char *module, const char *sentence, const struct log_field *fields)
{
	char buf[LINE_MAX_BYTES];
	struct text t = text_init(buf, sizeof(buf) - 1);
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	text_char(&t, '<');
	text_i64(&t, priority);
	text_char(&t, '>');
	text_str(&t, module);
	text_lit(&t, ": ");
	text_str(&t, sentence);
	put_fields(&t, fields);
	*t.at++ = '\n';
	/* A reader that hangs behind a full pipe must not hold up the loop: rather lose the line. A
	 * pipe that polls writable has room for PIPE_BUF bytes, which is more than a line. */
	if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, buf, (size_t)(t.at - buf)) < 0)
		return;
}

void log_write(
	int priority, const char *module, const char *sentence, const struct log_field *fields)
{
	int saved = errno;

	pthread_once(&once, find_journal);
	if (to_journal)
		write_journal(priority, module, sentence, fields);
	else
		write_stderr(priority, module, sentence, fields);
	errno = saved;
}
