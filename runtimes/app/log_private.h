/* What the files of the log share. */
#ifndef PXM_APP_LOG_PRIVATE_H
#define PXM_APP_LOG_PRIVATE_H

#include "app/log.h"
#include "base/buf.h"

enum { LOG_FIELDS_MAX = 16 };

struct log_field {
    const char *name;
    const char *text; /* NULL: it is the number */
    int64_t number;
};
struct log_line {
    int32_t level;
    const char *source, *message;
    size_t count;
    struct log_field fields[LOG_FIELDS_MAX];
};

/* log_line.c: the line with its end, in no more than LOG_LINE_MAX bytes. */
void log_write_line(struct pxm_buf *buf, const struct log_line *line, enum log_format format, bool colored);

/* log_redact.c */
/* Copies text, without what is secret in it. */
void log_redact(struct pxm_buf *buf, const char *text);
/* The same of a query, by the names of its parameters. */
void log_redact_query(struct pxm_buf *buf, const char *query);

/* log_repeat.c: not thread-safe */
struct log_repeat {
    uint64_t hash;
    int64_t since_ms;
    int count;
};
enum { LOG_REPEATS = 64, LOG_REPEATED_MAX = 10, LOG_REPEAT_MS = 10000 };
/* Whether a line is to be written now. *ret_missed: how many like it were not, since it was last said so. */
bool log_repeat_allows(struct log_repeat table[LOG_REPEATS], const struct log_line *line, int64_t now_ms,
                       int *ret_missed);

#endif
