/* A client of the daemon that takes nothing for granted: one request, one connection, and an answer only if all of it
 * came. [any] */
#ifndef PXM_TEST_FAULTS_WIRE_H
#define PXM_TEST_FAULTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_DIGEST_MAX = 65, WIRE_TAG_MAX = 80 };

struct wire_request {
    const char *method, *path;
    const char *headers; /* whole lines with their ends; NULL: none */
    const char *host;    /* as it is called in the request; NULL: by its address */
    const void *body;
    size_t length; /* 0: no body */
};

struct wire_answer {
    int status;
    char etag[WIRE_TAG_MAX]; /* as it was sent; "": none */
    char *body;              /* ends in NUL; owned */
    size_t length;
};

/* False: there is no answer, or not all of one: nothing may be concluded from it. */
bool wire_ask(uint16_t port, const struct wire_request *request, struct wire_answer *ret);
void wire_answer_done(struct wire_answer *answer);
/* SHA-256 in hex. */
void wire_digest(const void *data, size_t length, char ret[WIRE_DIGEST_MAX]);
/* The tag that a bucket gives to an object which was put in one request: its MD5 in hex, in quotes. */
void wire_md5_tag(const void *data, size_t length, char ret[WIRE_TAG_MAX]);

#endif
