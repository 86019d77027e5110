/* Hashes and randomness, over libcrypto. [any] */
#ifndef PXM_BASE_DIGEST_H
#define PXM_BASE_DIGEST_H

#include <pixmill/plugin.h>
#include <stddef.h>
#include <stdint.h>

enum { PXM_SHA256_BYTES = 32 };

pxm_status pxm_sha256(const void *data, size_t length, uint8_t out[PXM_SHA256_BYTES]);
/* HMAC-SHA256 (RFC 2104). */
pxm_status pxm_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
                           uint8_t out[PXM_SHA256_BYTES]);
struct pxm_sha256_stream; /* incremental */
struct pxm_sha256_stream *pxm_sha256_new(void);
pxm_status pxm_sha256_update(struct pxm_sha256_stream *stream, const void *data, size_t length);
pxm_status pxm_sha256_final(struct pxm_sha256_stream *stream, uint8_t out[PXM_SHA256_BYTES]);
void pxm_sha256_free(struct pxm_sha256_stream *stream);
pxm_status pxm_random(void *out, size_t length); /* cryptographic */
/* Lower-case hex into a buffer of 2 x length + 1. */
void pxm_hex(const uint8_t *data, size_t length, char *out);

#endif
