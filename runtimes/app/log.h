/* The log of a host: lines on a descriptor, of text for people or of JSON for machines. It is the sink of
 * core/base/log.h, and more: a line may say to which request, run, job, pipeline and step it belongs.
 *
 * Secrets do not get through: what follows "authorization:", "bearer ", "signature=" and the like is replaced wherever
 * it stands. Control characters are escaped. A line that is repeated is written ten times in ten seconds, then counted.
 * A reader of a pipe that does not read makes lines be dropped, and counted, rather than the host wait. [any] */
#ifndef PXM_APP_LOG_H
#define PXM_APP_LOG_H

#include "base/error.h"

#include <pixmill/plugin.h>
#include <stdbool.h>

enum { LOG_LINE_MAX = 4000 /* bytes: what a pipe takes at once */, LOG_REQUEST_MAX = 64 };

/* LOG_CLOUD: JSON with the names that Amazon CloudWatch knows: timestamp, level in capitals, requestId. */
enum log_format { LOG_TEXT, LOG_JSON, LOG_CLOUD };

struct log_options {
    enum log_format format;
    int fd;            /* borrowed; usually 2 */
    int32_t min_level; /* PXM_LOG_... */
    bool access;       /* log_access writes */
    bool colored;      /* text is */
    /* Which request a run belongs to, for lines that only tell the run: false where nobody knows. Called by whoever
     * writes a line. NULL: lines that do not say it have none. */
    bool (*request_of)(const char *run, char request[LOG_REQUEST_MAX]);
};
/* Before threads start. Sets the sink. */
void log_start(const struct log_options *options);
/* Tells what was dropped or not repeated, and gives the sink back. After threads have ended. */
void log_stop(void);

struct log_subject {                                            /* what a line is about; all may be NULL */
    const char *request, *run, *origin, *job, *pipeline, *step; /* origin: the run that caused the job of this one */
    const int64_t *ms;                                          /* how long it took */
    const pxm_error *error; /* its notes are told, such as a service's id of the request */
    bool is_each;           /* written however often one like it is, as each counts */
};
void log_about(const struct log_subject *subject, int32_t level, const char *source, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct log_exchange {
    const char *request, *method, *path, *query; /* query: values that are secret are not written */
    const char *remote, *route, *agent;          /* route: the pipeline; agent: User-Agent; may be NULL */
    const char *run;                             /* that it began; may be NULL */
    int status;                                  /* 0: none was sent */
    int64_t bytes_received, bytes_sent, ms;
    bool sent; /* false: cut off */
};
/* One line for each exchange, at level info. */
void log_access(const struct log_exchange *exchange);
/* A line that is a document of its own, such as of metrics, with its end; one that is too long is dropped. */
void log_document(const char *text, size_t length);

#endif
