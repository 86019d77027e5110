/* Metrics as lines of the log, in the embedded metric format of CloudWatch, which makes them metrics. [any] */
#ifndef PXM_LAMBDA_MEASURES_H
#define PXM_LAMBDA_MEASURES_H

#include "lambda/invocation.h"
#include "lambda/settings.h"

struct lambda_measure { /* of one run */
    const char *pipeline, *run;
    const char *code; /* of a failure; NULL: none */
    int64_t ms;
};
/* Writes nothing where the settings say so. */
void lambda_measure_write(const struct lambda_settings *settings, const struct lambda_invocation *invocation,
                          const struct lambda_measure *measure);

#endif
