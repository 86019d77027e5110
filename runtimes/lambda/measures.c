/* As the specification of the embedded metric format says: a document with a member `_aws` describing the others. */
#include "lambda/measures.h"

#include "app/log.h"
#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

static void put_member(struct pxm_buf *buf, const char *name, const char *text)
{
    pxm_buf_printf(buf, ",\"%s\":", name);
    pxm_buf_json_string(buf, text, strlen(text));
}

void lambda_measure_write(const struct lambda_settings *settings, const struct lambda_invocation *invocation,
                          const struct lambda_measure *measure)
{
    struct pxm_buf buf;

    if (!settings->measures) {
        return;
    }
    pxm_buf_init(&buf, LOG_LINE_MAX);
    pxm_buf_printf(&buf,
                   "{\"_aws\":{\"Timestamp\":%" PRId64 ",\"CloudWatchMetrics\":[{\"Namespace\":\"pixmill\","
                   "\"Dimensions\":[[\"FunctionName\",\"Pipeline\"]],\"Metrics\":["
                   "{\"Name\":\"Runs\",\"Unit\":\"Count\"},{\"Name\":\"Failures\",\"Unit\":\"Count\"},"
                   "{\"Name\":\"ColdStarts\",\"Unit\":\"Count\"},{\"Name\":\"Duration\",\"Unit\":\"Milliseconds\"}]}]}",
                   pxm_clock_system.wall_ms(pxm_clock_system.arg));
    put_member(&buf, "FunctionName", settings->name);
    put_member(&buf, "Pipeline", measure->pipeline);
    put_member(&buf, "requestId", invocation->id);
    put_member(&buf, "run", measure->run);
    if (measure->code) {
        put_member(&buf, "code", measure->code);
    }
    pxm_buf_printf(&buf, ",\"Runs\":1,\"Failures\":%d,\"ColdStarts\":%d,\"Duration\":%" PRId64 "}\n",
                   measure->code != NULL, invocation->cold, measure->ms);
    if (buf.status == PXM_OK) {
        log_document(buf.data, buf.length);
    }
    pxm_buf_done(&buf);
}
