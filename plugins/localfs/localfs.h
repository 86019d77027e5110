/* What the parts of the localfs driver share. An instance holds one open folder and, but for what watch keeps, is
 * constant after create, so every operation may run in any number of threads and processes at once: the file system is
 * the only shared state.
 *
 * Below the root an object is one regular file whose path is its key. Its attributes are JSON in the extended attribute
 * `user.pixmill`. The folder LOCALFS_PRIVATE at the root holds names that files have while they are being put in place;
 * every such file is locked (flock) by its writer, so that whoever gets the lock knows that the writer is dead. */
#ifndef LOCALFS_H
#define LOCALFS_H

#include "storebase/storebase.h"

#include <pixmill/plugin.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define LOCALFS_PRIVATE   ".pixmill"
#define LOCALFS_ATTRIBUTE "user.pixmill"

enum {
    LOCALFS_KEY_MAX = STOREBASE_KEY_MAX,
    LOCALFS_NAME_MAX = STOREBASE_NAME_MAX,
    LOCALFS_ATTRIBUTES_MAX = 3584, /* bytes of JSON that surely fit: ext4 has one block of 4 KiB for them */
    LOCALFS_SHA256_TEXT = 65,
    LOCALFS_ETAG_TEXT = 72, /* a quoted SHA-256, or quoted inode, size and time */
    LOCALFS_TRIES = 100     /* how often a put starts over when others remove its folder */
};

struct localfs_config {
    const char *root, *base_url;
};

struct localfs {
    const struct pxm_host *host;
    const struct localfs_config *config;
    int root;         /* the folder, open for reading                                      */
    bool has_openat2; /* the kernel confines paths; else they are walked                   */
    bool has_proc;    /* /proc/self/fd is there, so that a file without a name can get one */
    /* What watch keeps from one call to the next: */
    pthread_mutex_t lock; /* guards the list and who is busy in it */
    struct localfs_watch *watches;
};

/* ---- keys (key.c) ---- */

/* PXM_OK, or store.bad_key. */
pxm_status localfs_key_check(const struct localfs *fs, const char *key, pxm_error *error);
/* Whether `text` may be a key; *ret_reason (may be NULL) says why not. */
bool localfs_key_valid(const struct localfs *fs, const char *text, const char **ret_reason);
/* Bytes of the folder part of a key, without the slash: 3 of "a/b/c", 0 of "a". */
size_t localfs_key_folder(const char *key, size_t length);
/* The last component. */
const char *localfs_key_name(const char *key);
/* base_url and the percent-encoded key (RFC 3986 section 2.1), slashes kept; NULL when out of memory. */
pxm_value *localfs_key_url(const struct localfs *fs, const char *key);

/* ---- failures (fail.c) ---- */

/* Sets the error from errno `number`, as met while trying to `what` the key. */
pxm_status localfs_fail(const struct localfs *fs, pxm_error *error, int number, const char *what, const char *key);
pxm_status localfs_fail_memory(const struct localfs *fs, pxm_error *error);
pxm_status localfs_fail_missing(const struct localfs *fs, pxm_error *error, const char *key);
/* PXM_OK, or PXM_E_TIMEOUT when the job is late or given up. */
pxm_status localfs_in_time(const struct localfs *fs, const pxm_job *job, const char *key, pxm_error *error);
/* A string value; NULL text gives null. */
pxm_value *localfs_text(const struct localfs *fs, const char *text);

/* ---- folders, confined below the root (folder.c). All return a descriptor or 0, or a negative errno. ---- */

/* Opens the folder that the first `length` bytes of a key name; 0: the root. No symbolic link is ever followed. */
int localfs_folder_open(const struct localfs *fs, const char *key, size_t length);
/* The same, making what is missing; when it returns, the folder and all above it are durable. -ENOENT: somebody removed
 * a folder on the way, so try again. */
int localfs_folder_make(const struct localfs *fs, const char *key, size_t length);
/* Removes the folder and those above it as far as they are empty and not watched. */
void localfs_folder_prune(const struct localfs *fs, const char *key, size_t length);
/* Marks a folder as one that stays when it is empty. */
void localfs_folder_keep(int folder);
/* Opens LOCALFS_PRIVATE, making it if `make`. */
int localfs_folder_private(const struct localfs *fs, bool make);

/* ---- objects that are there (object.c) ---- */

struct localfs_object {
    int fd;
    struct stat stat;
    pxm_value *attributes;            /* record; NULL: has none                 */
    char sha256[LOCALFS_SHA256_TEXT]; /* lower-case hex; "": not known          */
    char etag[LOCALFS_ETAG_TEXT];     /* strong (RFC 9110 section 8.8.3), quoted */
};

/* Opens the object `key` below the open folder of the key; -1 looks that up. 0, -ENOENT for whatever is no object (a
 * folder, a link, a pipe), or another negative errno. */
int localfs_object_open(const struct localfs *fs, int folder, const char *key, struct localfs_object *ret);
/* Fills attributes, sha256 and etag of an open object. */
pxm_status localfs_object_load(const struct localfs *fs, struct localfs_object *object, const char *key,
                               pxm_error *error);
void localfs_object_done(const struct localfs *fs, struct localfs_object *object);
/* The attributes of a file that was written whole, as JSON. */
pxm_status localfs_object_describe(const struct localfs *fs, const struct pxm_put *put, const char *sha256,
                                   const struct stat *stat, pxm_blob **ret, pxm_error *error);
int64_t localfs_object_modified_ms(const struct localfs_object *object);
int64_t localfs_object_modified_ns(const struct localfs_object *object);
/* Sets sha256, and the etag that it makes. */
void localfs_object_set_digest(struct localfs_object *object, const char *sha256);
pxm_status localfs_get(void *self, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                       pxm_error *error);
pxm_status localfs_head(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error);
pxm_status localfs_remove(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error);

/* ---- files on their way to be objects (draft.c) ---- */

struct localfs_draft {
    int fd;             /* -1: none                                                        */
    int private_folder; /* where `name` is; -1: not open                                   */
    char name[48];      /* "": the file has no name there                                  */
    bool borrowed;      /* the file is the body's own; its attribute is our claim on it    */
};

void localfs_draft_init(struct localfs_draft *draft);
/* Makes an empty file on the store's file system. 0 or a negative errno. */
int localfs_draft_create(const struct localfs *fs, struct localfs_draft *draft);
/* Takes a file without a name over as it is, with `attributes`; -EXDEV when that cannot be. */
int localfs_draft_adopt(const struct localfs *fs, struct localfs_draft *draft, int fd, const void *attributes,
                        size_t length);
/* Gives the file the name of an object. With `replace` in place of what is there, else -EEXIST. */
int localfs_draft_publish(const struct localfs *fs, struct localfs_draft *draft, int folder, const char *name,
                          bool replace);
/* Leaves nothing behind of a file that was not published, and frees what is held. */
void localfs_draft_done(struct localfs_draft *draft);
/* Removes files of writers that died. */
void localfs_draft_sweep(const struct localfs *fs);

/* 32 bytes as lower-case hex. */
void localfs_hex(const uint8_t *digest, char text[LOCALFS_SHA256_TEXT]);
/* Writes the body of a put, with its attributes, to a durable draft (body.c). `sha256` is filled in. */
pxm_status localfs_body_write(const struct localfs *fs, pxm_job *job, const struct pxm_put *put,
                              struct localfs_draft *draft, char sha256[LOCALFS_SHA256_TEXT], pxm_error *error);

/* ---- put.c, list.c, presign.c, watch.c ---- */

/* Whether an object may have this key and these attributes: PXM_OK, store.bad_key or store.bad_meta. */
pxm_status localfs_put_check(const struct localfs *fs, const struct pxm_put *put, pxm_error *error);
pxm_status localfs_put(void *self, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error);
pxm_status localfs_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields, pxm_error *error);
pxm_status localfs_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields,
                           pxm_error *error);
pxm_status localfs_watch(void *self, pxm_job *job, const struct pxm_watch *watch, pxm_value *fields, pxm_error *error);
/* Frees all watches; no thread is in one. */
void localfs_watch_done(struct localfs *fs);

#endif
