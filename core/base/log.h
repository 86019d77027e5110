/* The log: one sink for the process, set by the host program before threads start. Text for people or JSON lines. */
#ifndef PXM_BASE_LOG_H
#define PXM_BASE_LOG_H

#include <pixmill/plugin.h>
#include <stdarg.h>

struct pxm_log_entry {
    int32_t level;
    const char *source; /* plugin or part */
    const char *run;    /* id; may be NULL */
    const char *text;
};
typedef void (*pxm_log_sink)(void *arg, const struct pxm_log_entry *entry);

/* NULL: standard error, warnings and above. */
void pxm_log_set_sink(pxm_log_sink sink, void *arg, int32_t min_level);
void pxm_log(int32_t level, const char *source, const char *run, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void pxm_logv(int32_t level, const char *source, const char *run, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

#endif
