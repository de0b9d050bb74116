/*
 * Backups: any bytes as an archive; or, when the first byte is S, as a locked
 * file; or, when it is L, an archive that is locked, spoilt in one place that the
 * input names, and opened: that must be found. What reads well must write to what
 * reads the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/archive.h"
#include "ctl/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PASSPHRASE "correct horse"
#define LOG_N 1 /* a key in microseconds */

static void judge_archive(const uint8_t *data, size_t size)
{
	struct archive a = { 0 }, again = { 0 };
	char why[ARCHIVE_WHY_MAX] = "";
	uint8_t *text = NULL;
	size_t n = 0;
	int r = archive_read(data, size, &a, why);

	assert(r == 0 || (a.count == 0 && *why && !strchr(why, '\n')));
	if (r < 0)
		return;
	assert(a.count > 0 && a.count <= ARCHIVE_FILES_MAX && a.files[0].place == PLACE_CONFIG);
	for (size_t i = 0; i < a.count; i++) {
		assert((a.files[i].name[0] == '/') == (a.files[i].place == PLACE_PATH));
		assert(!strstr(a.files[i].name, "/../") && strncmp(a.files[i].name, "../", 3) != 0);
		assert(archive_find(&a, a.files[i].place, a.files[i].name) == &a.files[i]);
	}
	r = archive_write(&a, &text, &n);
	assert(r == 0);
	r = archive_read(text, n, &again, why);
	assert(r == 0 && again.count == a.count && again.bytes == a.bytes);
	for (size_t i = 0; i < a.count; i++)
		assert(memcmp(again.files[i].data, a.files[i].data, a.files[i].size) == 0);
	seal_wipe(text, n);
	archive_done(&a);
	archive_done(&again);
}

static void judge_sealed(const uint8_t *data, size_t size)
{
	uint8_t *plain = NULL;
	size_t n = 0;
	int r = seal_open(data, size, PASSPHRASE, LOG_N, &plain, &n);

	assert(r >= 0 && r < _SEAL_OUTCOME_MAX && (r == SEAL_GOOD) == (plain != NULL));
	if (r == SEAL_GOOD)
		judge_archive(plain, n);
	seal_wipe(plain, n);
}

/* Two bytes say where, one how. */
static void judge_spoilt(const uint8_t *data, size_t size)
{
	uint8_t *sealed = NULL, *plain = NULL;
	size_t n = 0, m = 0, at;
	int r;

	if (size < 3)
		return;
	r = seal(data, size, PASSPHRASE, LOG_N, &sealed, &n);
	assert(r == 0);
	r = seal_open(sealed, n, PASSPHRASE, LOG_N, &plain, &m);
	assert(r == SEAL_GOOD && m == size && memcmp(plain, data, m) == 0);
	seal_wipe(plain, m);
	at = ((size_t)data[0] << 8 | data[1]) % n;
	if (data[2]) {
		sealed[at] ^= data[2];
		r = seal_open(sealed, n, PASSPHRASE, LOG_N, &plain, &m);
		assert(r > SEAL_GOOD);
		assert(r != SEAL_WRONG);
	} else {
		r = seal_open(sealed, at, PASSPHRASE, LOG_N, &plain, &m);
		assert(r == SEAL_CUT || (at < 16 && r == SEAL_NOT_OURS));
	}
	free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && *data == 'S')
		judge_sealed(data + 1, size - 1);
	else if (size > 0 && *data == 'L')
		judge_spoilt(data + 1, size - 1);
	else
		judge_archive(data, size);
	return 0;
}
