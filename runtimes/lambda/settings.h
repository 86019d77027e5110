/* What the function is told by its environment, each name at one place. Read once, before threads start. */
#ifndef PXM_LAMBDA_SETTINGS_H
#define PXM_LAMBDA_SETTINGS_H

#include <pixmill/plugin.h>
#include <stdbool.h>

enum { LAMBDA_LOOPS_MAX = 64, LAMBDA_ORIGINS_MAX = 16, LAMBDA_PATH_MAX = 4096 };

struct lambda_settings { /* texts are of the environment, which lives as long as the process; NULL: not said */
    const char *api;     /* AWS_LAMBDA_RUNTIME_API: host and port */
    const char *handler; /* _HANDLER: the function's pipelines; NULL: all of the project */
    const char *profile; /* PIXMILL_PROFILE */
    const char *name;    /* AWS_LAMBDA_FUNCTION_NAME; never NULL */
    const char *version; /* AWS_LAMBDA_FUNCTION_VERSION; never NULL */
    char project[LAMBDA_PATH_MAX]; /* PIXMILL_PROJECT, else LAMBDA_TASK_ROOT and "/pipelines" */
    int64_t memory_bytes;          /* AWS_LAMBDA_FUNCTION_MEMORY_SIZE; PXM_UNSET_INT: not said */
    int64_t loops;                 /* AWS_LAMBDA_MAX_CONCURRENCY: events at once */
    int32_t log_level;             /* AWS_LAMBDA_LOG_LEVEL: PXM_LOG_... */
    bool streams;                  /* PIXMILL_RESPONSE_MODE=streaming: of answers over HTTP */
    bool measures;                 /* PIXMILL_METRICS=off: lines of metrics are not written */
    int64_t attempts_max;          /* PIXMILL_ATTEMPTS_MAX: how often an event or message is tried; PXM_UNSET_INT:
                                      unknown */
    const char *base_path;         /* PIXMILL_BASE_PATH: what comes before every path, such as "/api"; never NULL */
    /* Who may call: a trigger with `auth: token` takes this token, whom the gateway let in, or anybody. */
    const char *upload_token, *operator_token;   /* PIXMILL_UPLOAD_TOKEN, PIXMILL_OPERATOR_TOKEN; never NULL */
    bool open;                                   /* PIXMILL_UPLOAD_AUTH=open */
    const char *origins[LAMBDA_ORIGINS_MAX + 1]; /* PIXMILL_ORIGINS, with commas; NULL at the end */
    char origins_text[1024];
};

/* Code "settings.invalid", which names the variable. */
pxm_status lambda_settings_read(struct lambda_settings *ret, pxm_error *error);

#endif
