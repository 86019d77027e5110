/* `negotiate`: the format to encode for a client, from what its Accept header names and what the operator prefers. It
 * needs no image library, so all of it is in the light half. Any thread. */
#include "accept.h"
#include "units.h"
#include <string.h>

static const struct pxm_option options[] = {
    {.name = "accept",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct resize_negotiate_options, accept, const char *),
     .help = "The client's Accept header; empty where it sent none. What is beyond 4096 bytes is not read."},
    {.name = "still",
     .type = PXM_OPT_LIST,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct resize_negotiate_options, still, const pxm_value *),
     .item = PXM_TYPE_STRING,
     .min = 1,
     .max = 8,
     .help = "Formats for a picture of one frame, the preferred one first; the last is for clients that name none."},
    {.name = "animated",
     .type = PXM_OPT_LIST,
     .offset = PXM_FIELD(struct resize_negotiate_options, animated, const pxm_value *),
     .item = PXM_TYPE_STRING,
     .min = 1,
     .max = 8,
     .help = "The same for a picture of several frames; `still` unless given."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    {"name", PXM_TYPE_STRING, 0, "The format, for `encode`."},
    {"media", PXM_TYPE_STRING, 0, "Its media type."},
    {"vary", PXM_TYPE_STRING, 0, "For the header Vary: `Accept`, or empty where there was no choice."},
    {NULL, 0, 0, NULL},
};

static const struct {
    const char *name, *media;
} formats[] = {
    {"avif", "image/avif"}, {"webp", "image/webp"}, {"jpeg", "image/jpeg"},
    {"png", "image/png"},   {"gif", "image/gif"},   {"tiff", "image/tiff"},
};

static const char *media_of(const char *name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        if (!strcmp(formats[i].name, name)) {
            return formats[i].media;
        }
    }
    return NULL;
}

static pxm_status check_list(const struct pxm_host *host, const char *option, const pxm_value *list, pxm_error *error)
{
    for (size_t i = 0; i < host->value_count(list); i++) {
        const char *name = host->value_as_string(host->value_at(list, i), NULL);

        if (!media_of(name)) {
            return host->fail(error, PXM_E_INVALID, "negotiate.format",
                              "`%s` in `%s` is no format; there are avif, webp, jpeg, png, gif and tiff", name, option);
        }
    }
    return PXM_OK;
}

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct resize_negotiate_options *wanted = config;
    pxm_status status = check_list(host, "still", wanted->still, error);

    return status ? status : check_list(host, "animated", wanted->animated, error);
}

/* The first that the client names; else the last that it does not refuse; else the last. */
static const char *choose(const struct pxm_host *host, const char *accept, const pxm_value *list)
{
    size_t count = host->value_count(list);

    for (size_t i = 0; i < count; i++) {
        const char *name = host->value_as_string(host->value_at(list, i), NULL);

        if (resize_accept_rank(accept, media_of(name)) == RESIZE_ACCEPT_NAMED) {
            return name;
        }
    }
    for (size_t i = count; i-- > 0;) {
        const char *name = host->value_as_string(host->value_at(list, i), NULL);

        if (resize_accept_rank(accept, media_of(name)) != RESIZE_ACCEPT_REFUSED) {
            return name;
        }
    }
    return host->value_as_string(host->value_at(list, count - 1), NULL);
}

static pxm_status set_text(const struct pxm_host *host, pxm_value *record, const char *key, const char *text)
{
    return host->value_set(record, key, host->value_string(text, strlen(text)));
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *record,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_light *)self)->host;
    const struct resize_negotiate_options *wanted = call->options;
    const struct pxm_image_info *info = host->image_info(host->value_as_image(call->in));
    const pxm_value *list = info->frames > 1 && wanted->animated ? wanted->animated : wanted->still;
    pxm_status status = validate(host, wanted, error);
    const char *name;

    (void)job;
    (void)ret_out;
    if (status) {
        return status;
    }
    name = choose(host, wanted->accept ? wanted->accept : "", list);
    if (set_text(host, record, "name", name) || set_text(host, record, "media", media_of(name)) ||
        set_text(host, record, "vary", host->value_count(list) > 1 ? "Accept" : "")) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    return PXM_OK;
}

static const char *const codes[] = {"negotiate.format", NULL};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_IMAGE,
    .fields = fields,
    .codes = codes,
};

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_negotiate_unit = {
    RESIZE_LIGHT_UNIT,   .config_size = sizeof(struct resize_negotiate_options),
    .name = "negotiate", .summary = "Chooses the format for a client by its Accept header.",
    .options = options,  .signature = &signature,
    .ops = &ops,         .validate = validate,
};
