/*
 * What the bench's programs share: time, processor time, an even pace, the
 * arguments key=value, and times noted per reading for another program to
 * compare with. Included by one file per program; nothing of the product.
 */
#pragma once

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Readings of one run are told apart by six digits behind the point of their value. */
#define BENCH_READINGS_MAX 1000000
#define BENCH_VALUE_BASE "60."

__attribute__((noreturn, format(printf, 1, 2), unused)) static void bench_die(
	const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

/* --- arguments: key=value --- */

__attribute__((unused)) static const char *bench_arg(
	int argc, char **argv, const char *key, const char *otherwise)
{
	size_t n = strlen(key);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return otherwise;
}

__attribute__((unused)) static const char *bench_need(int argc, char **argv, const char *key)
{
	const char *value = bench_arg(argc, argv, key, NULL);

	if (!value)
		bench_die("%s: %s= is missing", argv[0], key);
	return value;
}

__attribute__((unused)) static long bench_number(
	int argc, char **argv, const char *key, long otherwise)
{
	const char *value = bench_arg(argc, argv, key, NULL);
	char *end;
	long n;

	if (!value)
		return otherwise;
	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || *end || end == value || n < 0)
		bench_die("%s: %s=%s is no number", argv[0], key, value);
	return n;
}

/* --- time --- */

__attribute__((unused)) static int64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* User and system time of this process so far, all threads. */
__attribute__((unused)) static int64_t bench_cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

/* --- pace: every millisecond, or less often where less often one is due, as many as are due --- */

#define BENCH_TICK_NS 1000000

struct bench_pace {
	int timer;
	int64_t start_ns;
	int64_t rate; /* per second */
	int64_t total, given;
};

__attribute__((unused)) static void bench_pace_open(struct bench_pace *p)
{
	*p = (struct bench_pace){ .timer = timerfd_create(
					  CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC) };
	if (p->timer < 0)
		bench_die("timerfd_create: %s", strerror(errno));
}

/* Starts offering total at that rate. */
__attribute__((unused)) static void bench_pace_start(
	struct bench_pace *p, int64_t rate, int64_t total)
{
	int64_t tick_ns = 1000000000 / rate > BENCH_TICK_NS ? 1000000000 / rate : BENCH_TICK_NS;
	struct timespec tick = { tick_ns / 1000000000, tick_ns % 1000000000 };
	struct itimerspec every = { tick, tick };

	p->rate = rate;
	p->total = total;
	p->given = 0;
	p->start_ns = bench_now_ns();
	(void)timerfd_settime(p->timer, 0, &every, NULL);
}

__attribute__((unused)) static void bench_pace_stop(struct bench_pace *p)
{
	struct itimerspec never = { { 0, 0 }, { 0, 0 } };

	(void)timerfd_settime(p->timer, 0, &never, NULL);
}

/* The timer is readable: how many are due now and were not given before. */
__attribute__((unused)) static int64_t bench_pace_due(struct bench_pace *p)
{
	int64_t due;
	uint64_t ticks;

	if (read(p->timer, &ticks, sizeof(ticks)) != (ssize_t)sizeof(ticks))
		return 0;
	due = (bench_now_ns() - p->start_ns) * p->rate / 1000000000;
	if (due > p->total)
		due = p->total;
	due -= p->given;
	p->given += due;
	if (p->given == p->total)
		bench_pace_stop(p);
	return due;
}

/* --- times of readings, one int64_t of nanoseconds each, 0: never --- */

__attribute__((unused)) static int64_t *bench_times_new(void)
{
	int64_t *times = calloc(BENCH_READINGS_MAX, sizeof(*times));

	if (!times)
		bench_die("no memory");
	return times;
}

__attribute__((unused)) static void bench_times_write(const char *path, const int64_t *times)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(times, sizeof(*times), BENCH_READINGS_MAX, f) != BENCH_READINGS_MAX ||
		fclose(f) != 0)
		bench_die("%s: %s", path, strerror(errno));
}

/* The number in a value 60.nnnnnn that follows key, which may have lost zeros at its end. -1:
 * there is none. */
__attribute__((unused)) static int64_t bench_reading_number(
	const char *text, size_t length, const char *key)
{
	const char *at = memmem(text, length, key, strlen(key)), *end = text + length;
	int64_t n = 0;
	int digits = 0;

	if (!at)
		return -1;
	at += strlen(key);
	if ((size_t)(end - at) < sizeof(BENCH_VALUE_BASE) - 1 || *at != '6')
		return -1;
	at += sizeof(BENCH_VALUE_BASE) - 1;
	for (; at < end && *at >= '0' && *at <= '9' && digits < 6; at++, digits++)
		n = n * 10 + (*at - '0');
	for (; digits < 6; digits++)
		n *= 10;
	return n;
}

/* --- orders on standard input, one a line; answers on standard output --- */

/* Blocks. Returns the number of words, 0 at the end of input. */
__attribute__((unused)) static int bench_order(char *line, size_t size, char *words[], int max)
{
	char *at, *save = NULL;
	int n = 0;

	if (!fgets(line, (int)size, stdin))
		return 0;
	for (at = strtok_r(line, " \n", &save); at && n < max; at = strtok_r(NULL, " \n", &save))
		words[n++] = at;
	return n;
}
