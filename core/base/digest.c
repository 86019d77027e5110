/* SHA-256, randomness and hex over libcrypto. No state of its own; libcrypto's is per thread or locked. */
#include "base/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

pxm_status pxm_sha256(const void *data, size_t length, uint8_t out[PXM_SHA256_BYTES])
{
    return EVP_Digest(data, length, out, NULL, EVP_sha256(), NULL) == 1 ? PXM_OK : PXM_E_NO_MEMORY;
}

pxm_status pxm_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
                           uint8_t out[PXM_SHA256_BYTES])
{
    if (key_length > INT_MAX) {
        return PXM_E_INVALID;
    }
    return HMAC(EVP_sha256(), key, (int)key_length, data, length, out, NULL) != NULL ? PXM_OK : PXM_E_NO_MEMORY;
}

/* An EVP context under our name: this type is never defined. */
static EVP_MD_CTX *context_of(struct pxm_sha256_stream *stream)
{
    return (EVP_MD_CTX *)stream;
}

struct pxm_sha256_stream *pxm_sha256_new(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return (struct pxm_sha256_stream *)context;
}

pxm_status pxm_sha256_update(struct pxm_sha256_stream *stream, const void *data, size_t length)
{
    return EVP_DigestUpdate(context_of(stream), data, length) == 1 ? PXM_OK : PXM_E_INTERNAL;
}

pxm_status pxm_sha256_final(struct pxm_sha256_stream *stream, uint8_t out[PXM_SHA256_BYTES])
{
    return EVP_DigestFinal_ex(context_of(stream), out, NULL) == 1 ? PXM_OK : PXM_E_INTERNAL;
}

void pxm_sha256_free(struct pxm_sha256_stream *stream)
{
    EVP_MD_CTX_free(context_of(stream));
}

pxm_status pxm_random(void *out, size_t length)
{
    unsigned char *at = out;
    while (length > 0) {
        int part = length < INT_MAX ? (int)length : INT_MAX;
        if (RAND_bytes(at, part) != 1) {
            return PXM_E_INTERNAL;
        }
        at += part;
        length -= (size_t)part;
    }
    return PXM_OK;
}

void pxm_hex(const uint8_t *data, size_t length, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * length] = '\0';
}
