/*
 * Scope-bound ownership: _cleanup_(), TAKE_PTR() and the destructors of plain
 * C objects. Destructors of our own types stand beside those types.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Gives an owned pointer away: yields it and clears the variable. */
#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) *_take_at = &(p);                                                    \
		__typeof__(p) _taken = *_take_at;                                                  \
		*_take_at = NULL;                                                                  \
		_taken;                                                                            \
	})

/* The same for a file descriptor. */
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int *_take_at = &(fd);                                                             \
		int _taken = *_take_at;                                                            \
		*_take_at = -1;                                                                    \
		_taken;                                                                            \
	})

/* Defines NAMEp(), for _cleanup_(NAMEp), from a destructor that takes NULL. */
#define WG_DEFINE_CLEANUP(type, name)                                                              \
	static inline void name##p(type *p)                                                        \
	{                                                                                          \
		if (*p)                                                                            \
			name(*p);                                                                  \
	}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* Frees what may hold keys. p: NULL or of at least n bytes. */
static inline void wipe_free(void *p, size_t n)
{
	if (p)
		explicit_bzero(p, n);
	free(p);
}
