/* As much of Lambda's runtime API as a measurement needs: one process at a time, one event. */
#ifndef PXM_BENCH_LAMBDA_API_H
#define PXM_BENCH_LAMBDA_API_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { API_HEAD_BYTES_MAX = 16 << 10, API_BODY_BYTES_MAX = 7 << 20 };

struct api_event {
    char *bytes;
    size_t length; /* 0: none is given */
};

struct api {
    int listener, connection; /* -1: there is none */
    char head[API_HEAD_BYTES_MAX];
    size_t held; /* bytes in `head` that were read and not yet used */
    char *body;  /* of the last request */
    size_t body_length;
};

/* Listens on a free port of loopback, and names it in AWS_LAMBDA_RUNTIME_API for processes that are started now. Says
 * on standard error what failed, as all of these do. */
bool api_open(struct api *api);
void api_close(struct api *api);
/* Until the process asks for an event. False: it ended, did something else, or took a minute. */
bool api_wait_next(struct api *api, pid_t process);
/* Answers that with the event. */
bool api_give(struct api *api, const struct api_event *event);
/* Until it posts what came of the event, which is in `body`; takes it. False: also when that is an error. */
bool api_wait_answer(struct api *api, pid_t process);

#endif
