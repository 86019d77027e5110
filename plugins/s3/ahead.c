/* The hash of what is sent next, computed while the network is waited for: neither hashing nor sending waits for the
 * other. [job] */
#include "s3.h"

#include <openssl/evp.h>

enum { LITTLE_BYTES = 128 << 10 };

bool s3_ahead_init(struct s3_ahead *ahead)
{
    *ahead = (struct s3_ahead){.digest = EVP_MD_CTX_new(), .algorithm = EVP_MD_fetch(NULL, "SHA256", NULL)};
    return ahead->digest && ahead->algorithm;
}

void s3_ahead_done(struct s3_ahead *ahead)
{
    EVP_MD_CTX_free(ahead->digest);
    EVP_MD_free(ahead->algorithm);
}

void s3_ahead_begin(struct s3_ahead *ahead, const char *data, size_t length)
{
    ahead->data = data;
    ahead->left = length;
    ahead->has_failed = EVP_DigestInit_ex2(ahead->digest, ahead->algorithm, NULL) != 1;
}

static bool hash_bytes(struct s3_ahead *ahead, size_t length)
{
    ahead->has_failed |= EVP_DigestUpdate(ahead->digest, ahead->data, length) != 1;
    ahead->data += length;
    ahead->left -= length;
    return ahead->left > 0;
}

bool s3_ahead_work(void *arg)
{
    struct s3_ahead *ahead = arg;
    return ahead->left > 0 && hash_bytes(ahead, ahead->left < LITTLE_BYTES ? ahead->left : LITTLE_BYTES);
}

bool s3_ahead_end(struct s3_ahead *ahead, char hex[S3_SHA256_TEXT])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int count = 0;
    hash_bytes(ahead, ahead->left);
    if (ahead->has_failed || EVP_DigestFinal_ex(ahead->digest, digest, &count) != 1) {
        return false;
    }
    aws_hex(digest, count, hex);
    return true;
}
