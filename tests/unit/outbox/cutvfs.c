/*
 * See cutvfs.h. The files themselves hold what the kernel would show (the
 * cache); an image in memory holds what the disk has for certain, and the
 * operations since the last sync.
 */
#include "unit/outbox/cutvfs.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/outbox/cutdisk.h"

struct cut_file {
	sqlite3_file base;
	struct cutdisk_image *image; /* NULL: a temporary file, which is none of our business */
	bool sync_directory;
	sqlite3_file *real;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	sqlite3_vfs vfs, *real;
	bool installed;
	/* Under the lock. */
	struct cutdisk disk;
	bool off, read_only, hold;
	int held;
	uint32_t cut_sync, cut_write;
	enum cutvfs_moment moment;
	struct cutvfs_fault fault;
	uint32_t fault_seen, refused;
	struct cutvfs_counts counts;
} cut = { .lock = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_COND_INITIALIZER };

static void cut_power(void)
{
	cut.off = true;
	cutdisk_cut(&cut.disk);
	pthread_cond_broadcast(&cut.turn);
}

static void forget_all(void)
{
	cutdisk_forget(&cut.disk);
	cut.off = cut.read_only = cut.hold = false;
	cut.cut_sync = cut.cut_write = 0;
	cut.fault = (struct cutvfs_fault){ 0 };
	cut.fault_seen = cut.refused = 0;
	cut.counts = (struct cutvfs_counts){ 0 };
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* ---- files ---- */

/* Whether this call is refused, and how: 0 goes on. */
static int refuse(enum cutvfs_call call, uint32_t *counter)
{
	const struct cutvfs_fault *f = &cut.fault;
	uint32_t since;

	if (cut.off)
		return SQLITE_IOERR;
	++*counter;
	if (cut.read_only && (call == CUTVFS_WRITE || call == CUTVFS_DELETE))
		return SQLITE_READONLY;
	if (!(f->calls & call) || ++cut.fault_seen < f->from)
		return 0;
	since = cut.fault_seen - f->from;
	if (f->every == 0 ? since > 0 : since % f->every != 0)
		return 0;
	cut.refused++;
	return f->error;
}

static struct cut_file *cut_file(sqlite3_file *file)
{
	return (struct cut_file *)file;
}

static int x_close(sqlite3_file *file)
{
	struct cut_file *f = cut_file(file);

	return f->real->pMethods ? f->real->pMethods->xClose(f->real) : SQLITE_OK;
}

static int x_read(sqlite3_file *file, void *to, int length, sqlite3_int64 at)
{
	struct cut_file *f = cut_file(file);
	int r;

	pthread_mutex_lock(&cut.lock);
	r = refuse(CUTVFS_READ, &cut.counts.reads);
	pthread_mutex_unlock(&cut.lock);
	return r ? r : f->real->pMethods->xRead(f->real, to, length, at);
}

static int x_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at)
{
	struct cut_file *f = cut_file(file);
	int r, done = length;

	pthread_mutex_lock(&cut.lock);
	r = refuse(CUTVFS_WRITE, &cut.counts.writes);
	if (r == 0 && cut.counts.writes == cut.cut_write) {
		cut_power();
		r = SQLITE_IOERR;
	}
	if (r)
		done = !cut.off && !cut.read_only && cut.fault.half ? length / 2 : 0;
	if (done > 0) {
		int w = f->real->pMethods->xWrite(f->real, data, done, at);

		if (w != SQLITE_OK)
			r = w;
		else if (f->image)
			cutdisk_write(f->image, at, data, (size_t)done);
	}
	pthread_mutex_unlock(&cut.lock);
	return r;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct cut_file *f = cut_file(file);
	int r;

	pthread_mutex_lock(&cut.lock);
	r = refuse(CUTVFS_WRITE, &cut.counts.writes);
	if (r == 0)
		r = f->real->pMethods->xTruncate(f->real, size);
	if (r == 0 && f->image)
		cutdisk_truncate(f->image, size);
	pthread_mutex_unlock(&cut.lock);
	return r;
}

static bool cut_here(enum cutvfs_moment moment)
{
	if (cut.off || cut.counts.syncs != cut.cut_sync || cut.moment != moment)
		return cut.off;
	cut_power();
	return true;
}

static void sync_now(struct cut_file *f)
{
	if (cut_here(CUTVFS_BEFORE))
		return;
	if (f->image && !cut.disk.how.lies)
		cutdisk_sync(f->image);
	if (cut_here(CUTVFS_BETWEEN))
		return;
	if (f->sync_directory && !cut.disk.how.lies)
		cutdisk_sync_directory(&cut.disk);
	f->sync_directory = false;
	(void)cut_here(CUTVFS_AFTER);
}

static int x_sync(sqlite3_file *file, int flags)
{
	struct cut_file *f = cut_file(file);
	int r;

	pthread_mutex_lock(&cut.lock);
	r = refuse(CUTVFS_SYNC, &cut.counts.syncs);
	if (r && !cut.off && cut.fault.half && f->image)
		cutdisk_lose(&cut.disk, f->image);
	cut.held++;
	pthread_cond_broadcast(&cut.turn);
	while (cut.hold && !cut.off)
		pthread_cond_wait(&cut.turn, &cut.lock);
	cut.held--;
	if (r == 0)
		sync_now(f);
	if (cut.off)
		r = SQLITE_IOERR;
	pthread_mutex_unlock(&cut.lock);
	return r;
}

static int x_file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	struct cut_file *f = cut_file(file);

	return cutvfs_is_cut() ? SQLITE_IOERR : f->real->pMethods->xFileSize(f->real, ret);
}

static int x_lock(sqlite3_file *file, int level)
{
	struct cut_file *f = cut_file(file);

	return cutvfs_is_cut() ? SQLITE_IOERR : f->real->pMethods->xLock(f->real, level);
}

static int x_unlock(sqlite3_file *file, int level)
{
	struct cut_file *f = cut_file(file);

	return f->real->pMethods->xUnlock(f->real, level);
}

static int x_check_reserved(sqlite3_file *file, int *ret)
{
	struct cut_file *f = cut_file(file);

	return cutvfs_is_cut() ? SQLITE_IOERR : f->real->pMethods->xCheckReservedLock(f->real, ret);
}

static int x_control(sqlite3_file *file, int op, void *arg)
{
	struct cut_file *f = cut_file(file);

	/* These would change the file, or hand it out, past us. */
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	if (op == SQLITE_FCNTL_MMAP_SIZE)
		return SQLITE_NOTFOUND;
	return f->real->pMethods->xFileControl(f->real, op, arg);
}

static int x_sector_size(sqlite3_file *file)
{
	return (int)cut.disk.how.sector;
}

static int x_characteristics(sqlite3_file *file)
{
	return cut.disk.how.whole_sectors ? 0 : SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int x_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
	struct cut_file *f = cut_file(file);
	bool read_only;

	pthread_mutex_lock(&cut.lock);
	read_only = cut.read_only;
	pthread_mutex_unlock(&cut.lock);
	*ret = NULL;
	if (cutvfs_is_cut())
		return SQLITE_IOERR;
	if (read_only)
		return SQLITE_READONLY_CANTINIT;
	return f->real->pMethods->xShmMap(f->real, page, size, extend, ret);
}

static int x_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	struct cut_file *f = cut_file(file);

	if ((flags & SQLITE_SHM_LOCK) && cutvfs_is_cut())
		return SQLITE_IOERR;
	return f->real->pMethods->xShmLock(f->real, offset, n, flags);
}

static void x_shm_barrier(sqlite3_file *file)
{
	struct cut_file *f = cut_file(file);

	f->real->pMethods->xShmBarrier(f->real);
}

static int x_shm_unmap(sqlite3_file *file, int delete)
{
	struct cut_file *f = cut_file(file);

	return f->real->pMethods->xShmUnmap(f->real, delete);
}

/* Version 2: no memory mapping, so that each read and write is seen. */
static const sqlite3_io_methods methods = { 2, x_close, x_read, x_write, x_truncate, x_sync,
	x_file_size, x_lock, x_unlock, x_check_reserved, x_control, x_sector_size,
	x_characteristics, x_shm_map, x_shm_lock, x_shm_barrier, x_shm_unmap, NULL, NULL };

#define TEMPORARY                                                                                  \
	(SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TEMP_JOURNAL |              \
		SQLITE_OPEN_TRANSIENT_DB | SQLITE_OPEN_SUBJOURNAL)
#define SYNCS_DIRECTORY (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)

/* With the lock. */
static int open_real(struct cut_file *f, sqlite3_filename path, int flags, int *ret_flags)
{
	bool tracked = path && !(flags & TEMPORARY), existed = path && access(path, F_OK) == 0;
	int r, got = 0;

	if (cut.read_only && !(flags & TEMPORARY)) {
		if (!existed)
			return SQLITE_CANTOPEN;
		flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
		flags |= SQLITE_OPEN_READONLY;
	}
	f->real = (sqlite3_file *)(f + 1);
	r = cut.real->xOpen(cut.real, path, f->real, flags, &got);
	if (ret_flags)
		*ret_flags = got;
	if (r != SQLITE_OK)
		return r;
	f->base.pMethods = &methods;
	if (tracked)
		f->image = cutdisk_opened(&cut.disk, path, existed);
	f->sync_directory = tracked && !existed && (flags & SYNCS_DIRECTORY);
	return SQLITE_OK;
}

static int x_open(
	sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *ret_flags)
{
	struct cut_file *f = cut_file(file);
	int r;

	memset(f, 0, (size_t)vfs->szOsFile);
	pthread_mutex_lock(&cut.lock);
	r = refuse(CUTVFS_OPEN, &cut.counts.opens);
	if (r == 0)
		r = open_real(f, path, flags, ret_flags);
	pthread_mutex_unlock(&cut.lock);
	return r;
}

static int delete_real(const char *path, int sync)
{
	int r;

	if (sync)
		cut.counts.syncs++;
	if (sync && cut_here(CUTVFS_BEFORE))
		return SQLITE_IOERR;
	r = cut.real->xDelete(cut.real, path, 0);
	if (r == SQLITE_OK)
		cutdisk_deleted(&cut.disk, path);
	if (sync && cut_here(CUTVFS_BETWEEN))
		return SQLITE_IOERR;
	if (sync && !cut.disk.how.lies)
		cutdisk_sync_directory(&cut.disk);
	if (sync && cut_here(CUTVFS_AFTER))
		return SQLITE_IOERR;
	return r;
}

static int x_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	int r;

	pthread_mutex_lock(&cut.lock);
	r = refuse(CUTVFS_DELETE, &cut.counts.deletes);
	if (r == 0)
		r = delete_real(path, sync);
	pthread_mutex_unlock(&cut.lock);
	return r;
}

static int x_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
	return cutvfs_is_cut() ? SQLITE_IOERR : cut.real->xAccess(cut.real, path, flags, ret);
}

/* ---- what tests call ---- */

void cutvfs_install(void)
{
	if (!cut.installed) {
		cut.real = must(sqlite3_vfs_find(NULL));
		cut.vfs = *cut.real;
		cut.vfs.zName = "cut";
		cut.vfs.pNext = NULL;
		cut.vfs.szOsFile = (int)sizeof(struct cut_file) + cut.real->szOsFile;
		cut.vfs.xOpen = x_open;
		cut.vfs.xDelete = x_delete;
		cut.vfs.xAccess = x_access;
		cut.installed = true;
	}
	sqlite3_vfs_register(&cut.vfs, 1);
}

void cutvfs_remove(void)
{
	cutvfs_reset(&(struct cutvfs_disk){ .sector = 512 });
	sqlite3_vfs_unregister(&cut.vfs);
	sqlite3_vfs_register(cut.real, 1);
}

void cutvfs_reset(const struct cutvfs_disk *disk)
{
	pthread_mutex_lock(&cut.lock);
	forget_all();
	cut.disk.how = *disk;
	cut.disk.random = disk->seed;
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_power_on(void)
{
	pthread_mutex_lock(&cut.lock);
	assert(cut.off);
	cutdisk_leave(&cut.disk);
	forget_all();
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_cut_at_sync(uint32_t nth, enum cutvfs_moment moment)
{
	pthread_mutex_lock(&cut.lock);
	cut.cut_sync = nth;
	cut.moment = moment;
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_cut_at_write(uint32_t nth)
{
	pthread_mutex_lock(&cut.lock);
	cut.cut_write = nth;
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_cut(void)
{
	pthread_mutex_lock(&cut.lock);
	if (!cut.off)
		cut_power();
	pthread_mutex_unlock(&cut.lock);
}

bool cutvfs_is_cut(void)
{
	bool off;

	pthread_mutex_lock(&cut.lock);
	off = cut.off;
	pthread_mutex_unlock(&cut.lock);
	return off;
}

void cutvfs_set_fault(const struct cutvfs_fault *fault)
{
	pthread_mutex_lock(&cut.lock);
	cut.fault = *fault;
	cut.fault_seen = cut.refused = 0;
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_clear_fault(void)
{
	pthread_mutex_lock(&cut.lock);
	cut.fault = (struct cutvfs_fault){ 0 };
	pthread_mutex_unlock(&cut.lock);
}

uint32_t cutvfs_refused(void)
{
	uint32_t n;

	pthread_mutex_lock(&cut.lock);
	n = cut.refused;
	pthread_mutex_unlock(&cut.lock);
	return n;
}

void cutvfs_set_read_only(bool on)
{
	pthread_mutex_lock(&cut.lock);
	cut.read_only = on;
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_hold_syncs(bool on)
{
	pthread_mutex_lock(&cut.lock);
	cut.hold = on;
	pthread_cond_broadcast(&cut.turn);
	pthread_mutex_unlock(&cut.lock);
}

void cutvfs_await_held(void)
{
	pthread_mutex_lock(&cut.lock);
	while (cut.held == 0 && !cut.off)
		pthread_cond_wait(&cut.turn, &cut.lock);
	pthread_mutex_unlock(&cut.lock);
}

struct cutvfs_counts cutvfs_counts(void)
{
	struct cutvfs_counts counts;

	pthread_mutex_lock(&cut.lock);
	counts = cut.counts;
	pthread_mutex_unlock(&cut.lock);
	return counts;
}

uint32_t cutvfs_unsynced(void)
{
	uint32_t n = 0;

	pthread_mutex_lock(&cut.lock);
	for (const struct cutdisk_image *image = cut.disk.images; image; image = image->next)
		n += image->ops != NULL;
	pthread_mutex_unlock(&cut.lock);
	return n;
}
