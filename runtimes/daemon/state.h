/* The state folder: what the daemon keeps on the disk beside what its stores do, and the lock that makes it the only
 * daemon there. Everything in it is private (0700, 0600).
 *
 *   lock            held for as long as the daemon lives; its text is the process id
 *   journal.db ...  see journal.h
 *   operator.token  who knows it may operate the daemon; upload.token: may upload
 *   url.keys        sign URLs: one or two lines of hex, the first signs
 *   spool/          unlinked files of uploads under way
 *
 * Tokens and keys are made when they are missing. They are secrets: they are in no log and no error. */
#ifndef PXM_DAEMON_STATE_H
#define PXM_DAEMON_STATE_H

#include "base/error.h"
#include <pixmill/plugin.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
    STATE_TOKEN_MIN = 32,
    STATE_TOKEN_MAX = 256, /* characters */
    STATE_KEYS_MAX = 2,
    STATE_KEY_BYTES_MIN = 32,
    STATE_KEY_BYTES_MAX = 64
};
#define STATE_OPERATOR_TOKEN "operator.token"
#define STATE_UPLOAD_TOKEN   "upload.token"

struct state; /* opaque */

/* Makes the folder and those above it where they are missing, and takes the lock. PXM_E_EXISTS "state.locked":
 * another daemon has it, the text says which; state.denied: the folder is not ours alone to write to; and
 * state.unavailable. One thread. */
pxm_status state_open(const char *folder, struct state **ret, pxm_error *error);
void state_close(struct state *state); /* lets go of the lock */

const char *state_spool(const struct state *state); /* absolute; a folder that state_open has emptied */
/* Bytes that are free for us on the file system of the folder. [any] */
pxm_status state_free_bytes(const struct state *state, int64_t *ret, pxm_error *error);

/* Reads a token of the folder, by one of the names above; makes it if it is missing. state.token: it is shorter than
 * STATE_TOKEN_MIN or longer than STATE_TOKEN_MAX, has other characters than those between ! and ~, or its file may be
 * read by others or written by its group. */
pxm_status state_token(const struct state *state, const char *name, char token[STATE_TOKEN_MAX + 1], pxm_error *error);
/* The same of a file that an operator has made, which must be there. [any] */
pxm_status state_token_read(const char *path, char token[STATE_TOKEN_MAX + 1], pxm_error *error);

struct state_keys {
    size_t count; /* 1 or 2 */
    struct {
        uint8_t bytes[STATE_KEY_BYTES_MAX];
        size_t length;
    } keys[STATE_KEYS_MAX];
};
/* Reads url.keys; makes it if it is missing. state.keys: no such keys, or too open a file. */
pxm_status state_url_keys(const struct state *state, struct state_keys *ret, pxm_error *error);
/* Reads url.keys of a folder whose daemon is another process and has made them. [any] */
pxm_status state_url_keys_read(const char *folder, struct state_keys *ret, pxm_error *error);

/* Who holds the lock of a folder, for a process that does not want it; 0: nobody does, or it cannot be told who. [any]
 */
pid_t state_holder(const char *folder);

#endif
