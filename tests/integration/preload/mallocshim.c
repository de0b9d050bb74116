/*
 * Preloaded into the daemon by tests: counts how often memory is asked for, by
 * the program's own code and by libraries, in a small file that the test reads.
 * It gives what glibc would have given; a sanitizer's allocator comes before it,
 * and then nothing is counted.
 *
 * File: struct counts. Without WARDGATE_MALLOC in the environment nothing is
 * counted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SITES 128

struct counts {
	int64_t own, libraries;
	struct {
		int64_t offset; /* in the program's file, of where the call returns to; 0: free */
		int64_t count;
	} sites[SITES];
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static struct counts *counts;
static uintptr_t base, first, end; /* of the program's code */

static int find_program(struct dl_phdr_info *info, size_t size, void *userdata)
{
	(void)size;
	(void)userdata;
	base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type == PT_LOAD && h->p_flags & PF_X) {
			first = base + h->p_vaddr;
			end = first + h->p_memsz;
		}
	}
	return 1; /* the program is the first */
}

__attribute__((constructor)) static void open_counts(void)
{
	const char *path = getenv("WARDGATE_MALLOC");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	(void)dl_iterate_phdr(find_program, NULL);
	p = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		counts = p;
}

static void note(uintptr_t from)
{
	int64_t offset = (int64_t)(from - base);

	if (!counts)
		return;
	if (from < first || from >= end) {
		__atomic_add_fetch(&counts->libraries, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_add_fetch(&counts->own, 1, __ATOMIC_RELAXED);
	for (size_t i = 0; i < SITES; i++) {
		int64_t none = 0;

		if (__atomic_compare_exchange_n(&counts->sites[i].offset, &none, offset, 0,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED) || none == offset) {
			__atomic_add_fetch(&counts->sites[i].count, 1, __ATOMIC_RELAXED);
			return;
		}
	}
}

void *malloc(size_t size)
{
	note((uintptr_t)__builtin_return_address(0));
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	note((uintptr_t)__builtin_return_address(0));
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	note((uintptr_t)__builtin_return_address(0));
	return __libc_realloc(p, size);
}
