/*
 * A disk that can fail, for tests: an SQLite VFS of ours over the default one.
 * It models a volatile write cache. What was written and not synced since is
 * remembered by sectors; when the power is cut, each such piece is applied,
 * dropped or garbled, by a seeded generator, and files are made and deleted or
 * not. It also refuses calls without a cut, and holds a sync back. There is
 * one such disk in a process. Nothing is really synced: it is quick.
 *
 * Not a model of what else happens in the directory: a rename(2) by the code
 * under test is taken as done and lasting, and so are files that SQLite has
 * not opened. The index of the write-ahead log (-shm) never survives a cut.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Makes it SQLite's default VFS, named "cut"; the one before is the default again afterwards. */
void cutvfs_install(void);
void cutvfs_remove(void);

struct cutvfs_disk {
	uint64_t seed;
	uint32_t sector; /* bytes: 512 or 4096 */
	/* A sector is written whole: what it holds beside the bytes written can be garbled with
	 * them. SQLite is told so. */
	bool whole_sectors;
	/* Syncs are confirmed and do nothing. */
	bool lies;
};

/* Power on, no faults, counters at 0; what the files hold now is taken for lasting. No file may be
 * open. */
void cutvfs_reset(const struct cutvfs_disk *disk);

enum cutvfs_moment {
	CUTVFS_BEFORE,  /* the sync did not take effect */
	CUTVFS_BETWEEN, /* the file is synced, its new name in the directory is not */
	CUTVFS_AFTER,   /* it did, but nobody was told */
	_CUTVFS_MOMENT_MAX
};

/* Cuts the power at the nth sync, from 1: from then on every call fails with SQLITE_IOERR. The
 * deletion of a file with a sync of its directory counts as a sync, too. 0: never. */
void cutvfs_cut_at_sync(uint32_t nth, enum cutvfs_moment moment);
/* Likewise before the nth write. */
void cutvfs_cut_at_write(uint32_t nth);
/* Now, between two calls. */
void cutvfs_cut(void);
bool cutvfs_is_cut(void);
/* After a cut: leaves on the real disk what the cut left, and goes on as after cutvfs_reset(). */
void cutvfs_power_on(void);

enum cutvfs_call {
	CUTVFS_READ = 1,
	CUTVFS_WRITE = 2, /* and truncation */
	CUTVFS_SYNC = 4,
	CUTVFS_OPEN = 8,
	CUTVFS_DELETE = 16,
	CUTVFS_ANY = 31,
};

struct cutvfs_fault {
	unsigned calls; /* enum cutvfs_call, which of them fail */
	uint32_t from;  /* the first that fails, from 1, counted from cutvfs_set_fault() on */
	uint32_t every; /* then each, each second...; 0: only that one */
	int error;      /* SQLite's code */
	/* A write that fails leaves its first half in the file. A sync that fails makes the kernel
	 * forget some of what it did not write, as Linux does: a later sync does not bring it. */
	bool half;
};

void cutvfs_set_fault(const struct cutvfs_fault *fault);
void cutvfs_clear_fault(void);
/* How many calls the fault has refused. */
uint32_t cutvfs_refused(void);
/* As a file system that was remounted read-only. */
void cutvfs_set_read_only(bool on);

/* Syncs wait until they are let go. */
void cutvfs_hold_syncs(bool on);
/* Returns as soon as a sync waits. */
void cutvfs_await_held(void);

struct cutvfs_counts {
	uint32_t reads, writes, syncs, opens, deletes;
};

/* Since the reset or the power came back; without those after a cut. */
struct cutvfs_counts cutvfs_counts(void);
/* Of the files of which at least one written byte is not synced; 0 when all is on disk. */
uint32_t cutvfs_unsynced(void);
