/*
 * See lookup.h.
 */
#include "ctl/lookup.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A name that is looked up by a thread of its own, since a resolver may never answer. */
struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over;      /* the thread has its answer */
	bool abandoned; /* nobody waits any more: the thread frees it */
	char *host, *service;
	struct addrinfo *result;
	int r;
};

static void lookup_free(struct lookup *l)
{
	pthread_cond_destroy(&l->ended);
	pthread_mutex_destroy(&l->lock);
	free(l->host);
	free(l->service);
	free(l);
}

static void *lookup_main(void *arg)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *result = NULL;
	struct lookup *l = arg;
	bool abandoned;
	int r = getaddrinfo(l->host, l->service, &hints, &result);

	pthread_mutex_lock(&l->lock);
	l->r = r;
	l->result = result;
	l->over = true;
	abandoned = l->abandoned;
	pthread_cond_signal(&l->ended);
	pthread_mutex_unlock(&l->lock);
	if (abandoned) {
		if (r == 0)
			freeaddrinfo(result);
		lookup_free(l);
	}
	return NULL;
}

static struct lookup *lookup_start(const char *host, unsigned port)
{
	struct lookup *l = calloc(1, sizeof(*l));
	pthread_condattr_t attr;
	pthread_t thread;

	if (!l)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->ended, &attr);
	pthread_condattr_destroy(&attr);
	l->host = strdup(host);
	if (!l->host || asprintf(&l->service, "%u", port) < 0) {
		l->service = NULL;
		lookup_free(l);
		return NULL;
	}
	if (pthread_create(&thread, NULL, lookup_main, l) != 0) {
		lookup_free(l);
		return NULL;
	}
	pthread_detach(thread);
	return l;
}

int lookup_name(const char *host, unsigned port, int64_t left_ms, struct addrinfo **ret)
{
	struct lookup *l = lookup_start(host, port);
	struct timespec until;
	int r = EAI_AGAIN;
	bool over;

	if (!l)
		return EAI_MEMORY;
	clock_gettime(CLOCK_MONOTONIC, &until);
	if (left_ms > 0) {
		until.tv_sec += left_ms / 1000;
		until.tv_nsec += left_ms % 1000 * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
	}
	pthread_mutex_lock(&l->lock);
	while (!l->over && pthread_cond_timedwait(&l->ended, &l->lock, &until) == 0)
		;
	over = l->over;
	l->abandoned = !over;
	if (over) {
		r = l->r;
		*ret = l->result;
	}
	pthread_mutex_unlock(&l->lock);
	if (over)
		lookup_free(l);
	return r;
}
