/* AWS Signature Version 4: of a request in its headers, of a URL, and of the policy of a browser's form. Pure: neither
 * clock nor network, nor anything kept between calls. [any] */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "aws/list.h"
#include "aws/text.h"

#include <stdint.h>

#define AWS_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

enum { AWS_SHA256_TEXT = 65 };

/* How the path goes into the signature. Neither for S3; both for all other services. */
enum { AWS_SIGN_NORMALISE_PATH = 1, AWS_SIGN_ENCODE_PATH = 2 };

struct aws_scope {
    const char *access_key, *secret_key;
    const char *token; /* of temporary keys; NULL: none */
    const char *region, *service;
    int64_t now_ms;
    uint32_t flags;
};

struct aws_signable {
    const char *method;
    const char *path;               /* as it goes on the wire: encoded, with the endpoint's own path before it */
    const struct aws_list *query;   /* not encoded; NULL: none                                                 */
    const struct aws_list *headers; /* those that are to be signed are, `host` among them                     */
    const char *payload;            /* hex SHA-256 of the body, or AWS_UNSIGNED_PAYLOAD                        */
};

/* Adds x-amz-date, x-amz-security-token and authorization to the headers, which are those of `request`. */
bool aws_sign_headers(const struct aws_scope *scope, const struct aws_signable *request, struct aws_list *headers);
/* Adds the whole query of a signed URL. */
bool aws_sign_query(const struct aws_scope *scope, const struct aws_signable *request, int64_t expires_s,
                    struct aws_text *query);
/* Signs a policy, given in base64. */
bool aws_sign_policy(const struct aws_scope *scope, const char *policy, char signature[AWS_SHA256_TEXT]);
/* "AKID/20150830/us-east-1/s3/aws4_request" */
void aws_scope_write(const struct aws_scope *scope, struct aws_text *to);
/* The query of a request, in the order and form in which it is signed. */
void aws_query_write(const struct aws_list *query, struct aws_text *to);
bool aws_sha256(const void *data, size_t length, uint8_t digest[32]);
bool aws_sha256_hex(const void *data, size_t length, char hex[AWS_SHA256_TEXT]);

#endif
