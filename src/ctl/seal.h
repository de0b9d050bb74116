/*
 * Bytes locked by a passphrase: scrypt makes the key, AES-256-GCM locks pieces of
 * 64 KiB, each with its place and the header, so that nothing can be changed,
 * moved, cut off or added unseen. Pure but for the salt. What the bytes are is
 * archive.h's.
 *
 * A file: 80 bytes of header, then pieces. Numbers are big-endian.
 *    0  16  "wardgate-backup\n"
 *   16   8  version 1; key derivation 1 (scrypt); log2 N; r; p; cipher 1 (AES-256-GCM); log2 of a
 *           piece's size (16); 0
 *   24  32  salt
 *   56  16  the passphrase's check: of the 64 bytes that scrypt makes the first 32 are the key;
 * this is the beginning of SHA-256 over the others 72   8  the beginning of SHA-256 over all that
 * stands before 80      pieces: 4 bytes of length, the uppermost bit set in the last one; as many
 * bytes; a tag of
 *           16. All but the last are full. Nonce: 4 zero bytes, then 8 with the piece's number from
 * 0; authenticated along: header and length.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SEAL_HEADER 80
#define SEAL_PIECE 65536
#define SEAL_PLAIN_MAX (UINT64_C(128) * 1024 * 1024)
#define SEAL_LOG_N 17 /* 128 MiB and some 0.3 s to make a key */
#define SEAL_LOG_N_MAX 20
#define SEAL_PASSPHRASE_MIN 8
#define SEAL_PASSPHRASE_MAX 1023

enum seal_outcome {
	SEAL_GOOD,
	SEAL_NOT_OURS,     /* something else */
	SEAL_NEWER,        /* of a version or a way that this one does not know */
	SEAL_HEADER_WRONG, /* the header is damaged */
	SEAL_WRONG,        /* the passphrase is another */
	SEAL_DAMAGED,      /* the passphrase is right, the rest is not as it was */
	SEAL_CUT,          /* the end is missing */
	_SEAL_OUTCOME_MAX
};

/* Locks n bytes. *ret is to be freed. log_n: SEAL_LOG_N, less for tests. Returns 0 or a negative
 * errno. */
int seal(const void *data, size_t n, const char *passphrase, unsigned log_n, uint8_t **ret,
	size_t *ret_size);
/* Opens: SEAL_GOOD with *ret, which seal_wipe() frees; another outcome, or a negative errno. What
 * costs more than log_n_max counts as SEAL_NEWER. */
int seal_open(const uint8_t *data, size_t n, const char *passphrase, unsigned log_n_max,
	uint8_t **ret, size_t *ret_size);
/* Overwrites and frees. */
void seal_wipe(uint8_t *data, size_t n);
