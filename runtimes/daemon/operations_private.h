/* What the files of the daemon's own routes share. */
#ifndef PXM_DAEMON_OPERATIONS_PRIVATE_H
#define PXM_DAEMON_OPERATIONS_PRIVATE_H

#include "base/buf.h"
#include "daemon/operations.h"

enum { OPERATION_SEGMENT_MAX = 256, OPERATION_LIST_DEFAULT = 50, OPERATION_LIST_MAX = 500 };

struct operation {
    const char *method;
    const char *path; /* an asterisk stands for a segment, where it is whole */
    bool quick, for_operators;
    void (*start)(struct request *request);
};

/* operations_answer.c: answers, and what was asked. A function that returns false has answered. */
/* Takes over the value. */
void operation_answer_json(struct request *request, int status, pxm_value *value);
void operation_answer_error(struct request *request, const pxm_error *error);
/* Text, or null for 0. */
pxm_value *operation_time(int64_t wall_ms);
/* What an asterisk of the operation's path stands for, counted from 0, decoded. */
bool operation_segment(struct request *request, int index, char ret[OPERATION_SEGMENT_MAX]);
bool operation_id(struct request *request, int64_t *ret); /* the first asterisk, as a number above 0 */
/* Parameters of the query: `limit` from 1 to OPERATION_LIST_MAX, and `cursor`, which is added to the buffer; "" where
 * there is none. */
bool operation_page(struct request *request, int64_t *ret_limit, struct pxm_buf *cursor);

/* operations_state.c */
void operation_health(struct request *request);
void operation_ready(struct request *request);
void operation_metrics(struct request *request);
void operation_status(struct request *request);
void operation_reload(struct request *request);

/* operations_jobs.c */
void operation_jobs(struct request *request);
void operation_dead(struct request *request);
void operation_dead_retry(struct request *request);
void operation_dead_discard(struct request *request);

/* operations_queues.c */
void operation_queues(struct request *request);
void operation_queue_dead(struct request *request);
void operation_queue_retry(struct request *request);
void operation_queue_discard(struct request *request);

#endif
