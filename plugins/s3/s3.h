/* What the parts of the s3 driver share. An instance is constant after create but for what its client learns, so every
 * operation may run in any number of threads at once. */
#ifndef S3_H
#define S3_H

#include "aws/client.h"
#include "storebase/storebase.h"

#include <openssl/evp.h>
#include <pixmill/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    S3_KEY_MAX = STOREBASE_KEY_MAX,
    S3_BUCKET_MAX = 63,
    S3_PATH_TEXT = 3 * S3_KEY_MAX + S3_BUCKET_MAX + 4,
    S3_URL_MAX = 8 << 10,
    S3_META_MAX = 2048,        /* bytes of names and values of metadata      */
    S3_META_HEADER_TEXT = 140, /* of the name of a header: x-amz-meta-a...   */
    S3_REPLY_MAX = 64 << 10,
    S3_LIST_MAX = 8 << 20,
    S3_SHA256_TEXT = 65
};

enum s3_addressing { S3_ADDRESSING_AUTO, S3_ADDRESSING_PATH, S3_ADDRESSING_VIRTUAL };
enum s3_if_absent { S3_IF_ABSENT_NATIVE, S3_IF_ABSENT_HEAD };
enum s3_expect { S3_EXPECT_AUTO, S3_EXPECT_NEVER };
enum s3_sign_parts { S3_SIGN_PARTS_ALWAYS, S3_SIGN_PARTS_UNLESS_TLS };
enum s3_checksum { S3_CHECKSUM_OFF, S3_CHECKSUM_SHA256 };

struct s3_config {
    struct aws_options aws;
    const char *bucket, *base_url;
    int32_t addressing, if_absent, expect, checksum, sign_parts;
    int32_t list_v1;
    int64_t multipart_above, part_size;
};

struct s3 {
    const struct pxm_host *host;
    const struct s3_config *config;
    struct aws_client *client;
    bool is_virtual; /* the bucket comes before the host, and not into the path */
};

/* ---- keys (key.c). [any] ---- */

/* PXM_OK, or store.bad_key. */
pxm_status s3_key_check(const struct s3 *s3, const char *key, pxm_error *error);
/* "/key" or "/bucket/key", encoded; key NULL: that of the bucket. */
void s3_key_path(const struct s3 *s3, const char *key, char path[S3_PATH_TEXT]);
/* base_url and the encoded key, or where the object is in the service; NULL when out of memory. [job] */
pxm_value *s3_key_url(const struct s3 *s3, pxm_job *job, const char *key);

/* ---- requests (request.c) ---- */

struct s3_request {
    struct aws_request request;
    char path[S3_PATH_TEXT], bucket_path[S3_PATH_TEXT];
};
/* For a key, or for the bucket where it is NULL. Undone by s3_request_done. */
void s3_request_init(const struct s3 *s3, const char *method, const char *key, struct s3_request *request);
void s3_request_done(struct s3_request *request);
/* Sets the error of a reply that did not do `what` with the key (NULL: the bucket). */
pxm_status s3_fail(const struct s3 *s3, const struct aws_reply *reply, const char *what, const char *key,
                   pxm_error *error);
pxm_status s3_fail_memory(const struct s3 *s3, pxm_error *error);
/* PXM_OK, or PXM_E_TIMEOUT when the job is late or given up. */
pxm_status s3_in_time(const struct s3 *s3, const pxm_job *job, const char *key, pxm_error *error);
/* A string value; NULL text gives null. */
pxm_value *s3_text(const struct s3 *s3, const char *text);

/* ---- objects (object.c) ---- */

/* The head of an object. Returns PXM_OK with *ret_found false where there is none. */
pxm_status s3_look(const struct s3 *s3, pxm_job *job, const char *key, struct aws_list *ret_headers, bool *ret_found,
                   pxm_error *error);
/* The fields of head, from the headers of a reply; `bytes` -1: not known. */
void s3_fill_head(const struct s3 *s3, pxm_job *job, const char *key, const struct aws_list *headers, int64_t bytes,
                  pxm_value *fields);
/* The value of the header content-length; -1: there is none. */
int64_t s3_content_length(const struct aws_list *headers);
pxm_status s3_head(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error);
pxm_status s3_remove(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error);

/* ---- attributes as headers (attributes.c) ---- */

/* Why `meta` cannot be stored, a constant; NULL: it can, or there is none. */
const char *s3_meta_fault(const struct s3 *s3, const pxm_value *meta);
/* Adds metadata, encoded. */
void s3_meta_write(const struct s3 *s3, const pxm_value *meta, struct aws_list *headers);
/* PXM_OK, or store.bad_meta. */
pxm_status s3_attributes_check(const struct s3 *s3, const struct pxm_put *put, pxm_error *error);
/* Adds content type, cache control and metadata. */
void s3_attributes_write(const struct s3 *s3, const struct pxm_put *put, struct aws_list *headers);
/* The metadata of a reply as a record; null where there is none. */
pxm_value *s3_attributes_read(const struct s3 *s3, const struct aws_list *headers);

/* ---- putting (put.c, parts.c) ---- */

/* What became of a body. */
struct s3_outcome {
    char *etag;                  /* with its quotes; NULL: the service told none */
    char sha256[S3_SHA256_TEXT]; /* "": not known */
    int64_t bytes;
    bool was_there; /* if-absent found an object: nothing was put */
};

/* A body that goes by parts: a blob, or a stream of which the first part was read already. */
struct s3_body {
    pxm_blob *blob;   /* NULL: a stream                                                    */
    const char *data; /* of a blob in memory; NULL: it is in a file                        */
    size_t length;    /* of the blob, or of first                                          */
    char *first;      /* room for part_size bytes, which is used for the other parts again */
    pxm_stream *stream;
    int64_t announced; /* -1: not known                                                     */
    size_t part_size;
};

/* How long parts are: part_size, or as long as it takes for a body of so many bytes to have no more than 10000; -1: not
 * known. */
size_t s3_part_size(const struct s3 *s3, int64_t bytes);
/* Puts the object by parts. */
pxm_status s3_put_parts(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, struct s3_body *body,
                        struct s3_outcome *outcome, pxm_error *error);
/* Reads until the buffer is full or the stream ends; bytes, or a pxm_status. */
int64_t s3_read_full(const struct s3 *s3, pxm_job *job, const char *key, pxm_stream *stream, char *buffer,
                     size_t length, pxm_error *error);
/* Adds if-none-match where the put asks for it and the service does it. */
void s3_write_condition(const struct s3 *s3, const struct pxm_put *put, struct aws_list *headers);
pxm_status s3_fail_truncated(const struct s3 *s3, const char *key, int64_t bytes, int64_t announced, pxm_error *error);
pxm_status s3_put(void *self, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error);

/* ---- hashing ahead (ahead.c) ---- */

struct s3_ahead {
    EVP_MD_CTX *digest;
    EVP_MD *algorithm;
    const char *data; /* what is not hashed yet, and how many bytes */
    size_t left;
    bool has_failed;
};
/* False: out of memory; to be undone all the same. */
bool s3_ahead_init(struct s3_ahead *ahead);
void s3_ahead_done(struct s3_ahead *ahead);
/* The bytes are borrowed until the end. */
void s3_ahead_begin(struct s3_ahead *ahead, const char *data, size_t length);
/* Hashes a little; as an aws_idle_work. */
bool s3_ahead_work(void *ahead);
/* Hashes the rest; the SHA-256 in hex. False: libcrypto failed. */
bool s3_ahead_end(struct s3_ahead *ahead, char hex[S3_SHA256_TEXT]);

/* ---- get.c, list.c, presign.c, form.c ---- */

pxm_status s3_get(void *self, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                  pxm_error *error);
pxm_status s3_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields, pxm_error *error);
pxm_status s3_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields, pxm_error *error);

/* What a signed URL or form is made with; borrowed. */
struct s3_signing {
    struct aws_place place;
    struct aws_credentials *credentials;
    struct aws_scope scope;
    int64_t expires_ms; /* on the service's clock */
    char host[AWS_HOST_TEXT + S3_BUCKET_MAX + 1];
};
/* A form that a browser may post: fills url, headers, fields. */
pxm_status s3_presign_form(const struct s3 *s3, const struct pxm_presign *presign, const struct s3_signing *signing,
                           pxm_value *fields, pxm_error *error);

#endif
