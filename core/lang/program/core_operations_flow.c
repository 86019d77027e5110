/* send, call and fail: operations that hand work on, or end it. */
#include "lang/program/core_operations.h"

/* ---- send ------------------------------------------------------------------------------------------------------- */

const struct pxm_option core_send_options[] = {
    {.name = "queue",
     .type = PXM_OPT_QUEUE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_send_config, queue, const char *),
     .help = "Where the message goes."},
    {.name = "body",
     .type = PXM_OPT_VALUE,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_send_config, body, const pxm_value *),
     .help = "What it says."},
    {.name = "delay",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_send_config, delay, int64_t),
     .fallback = "0s",
     .min = 0,
     .max = 15.0 * 60 * 1000,
     .help = "Nobody gets it before that time has passed."},
    {.name = "dedupe_id",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_send_config, dedupe_id, const char *),
     .min = 1,
     .max = 128,
     .help = "Sent once however often it is repeated, where the queue can do that."},
    {.name = NULL},
};

static const struct pxm_field send_fields[] = {
    {.name = "id", .type = PXM_TYPE_STRING | PXM_TYPE_NULL, .help = "What the queue calls the message."},
    {.name = NULL},
};
static const char *const send_codes[] = {"queue.unavailable", "queue.too_large", "queue.lost_lease", NULL};

const struct pxm_signature core_send_signature = {.struct_size = sizeof(struct pxm_signature),
                                                  .field_size = sizeof(struct pxm_field),
                                                  .fields = send_fields,
                                                  .codes = send_codes};

/* ---- call ------------------------------------------------------------------------------------------------------- */

const struct pxm_option core_call_options[] = {
    {.name = "pipeline",
     .type = PXM_OPT_PIPELINE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_call_config, pipeline, const char *),
     .help = "A pipeline of the same project; its output is the result."},
    {.name = "with",
     .type = PXM_OPT_RECORD,
     .item = PXM_TYPE_ANY,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_call_config, with, const pxm_value *),
     .help = "Its inputs."},
    {.name = NULL},
};

const struct pxm_signature core_call_signature = {
    .struct_size = sizeof(struct pxm_signature), .field_size = sizeof(struct pxm_field), .out = PXM_TYPE_ANY};

/* ---- fail ------------------------------------------------------------------------------------------------------- */

const struct pxm_option core_fail_options[] = {
    {.name = "code",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_fail_config, code, const char *),
     .min = 1,
     .max = 63,
     .help = "Dotted and stable, such as upload.too_small; on_error and clients match it."},
    {.name = "message",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_fail_config, message, const char *),
     .min = 1,
     .max = 1000,
     .help = "What is wrong and what to do, for people."},
    {.name = "transient",
     .type = PXM_OPT_BOOL,
     .offset = PXM_FIELD(struct pxm_fail_config, transient, int32_t),
     .fallback = "false",
     .help = "Whether repeating may help."},
    {.name = NULL},
};

const struct pxm_signature core_fail_signature = {.struct_size = sizeof(struct pxm_signature),
                                                  .field_size = sizeof(struct pxm_field)};
