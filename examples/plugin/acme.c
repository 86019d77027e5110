/* A whole plugin: `acme.stats` tells of a file how many different bytes it holds and how surprising they are. Built
 * against <pixmill/plugin.h> alone; the engine finds it by the vendor's name, which is the name of the module. */
#include <math.h>
#include <pixmill/plugin.h>

struct stats_options {
    int64_t sample; /* bytes to look at */
};

static const struct pxm_option stats_options[] = {
    {.name = "sample",
     .type = PXM_OPT_SIZE,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct stats_options, sample, int64_t),
     .fallback = "64KiB",
     .min = 1,
     .max = 1 << 30,
     .help = "How much of the file to look at, from its start."},
    {0},
};

enum { FIELD_DISTINCT, FIELD_ENTROPY };
static const struct pxm_field stats_fields[] = {
    {.name = "distinct", .type = PXM_TYPE_INT, .help = "how many of the 256 byte values occur"},
    {.name = "entropy", .type = PXM_TYPE_FLOAT, .help = "bits per byte, 0..8 (C. E. Shannon, 1948)"},
    {0},
};
static const char *const stats_codes[] = {"acme.empty", NULL};
static const struct pxm_signature stats_signature = {.struct_size = sizeof stats_signature,
                                                     .field_size = sizeof stats_fields[0],
                                                     .in = PXM_TYPE_BLOB,
                                                     .fields = stats_fields,
                                                     .codes = stats_codes};

/* The instance is the host table itself: there is nothing else to keep. */
static pxm_status stats_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    (void)config;
    (void)error;
    *ret_self = (void *)(uintptr_t)host;
    return PXM_OK;
}

static pxm_status stats_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                              pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = self;
    const struct stats_options *options = call->options;
    size_t length = 0;
    const uint8_t *bytes = host->blob_data(host->value_as_blob(call->in), &length);
    int64_t counts[256] = {0};
    int64_t distinct = 0;
    double entropy = 0;

    (void)job;
    (void)ret_out;
    if (!bytes || length == 0) {
        return host->fail(error, PXM_E_INVALID, "acme.empty", "an empty file has no statistics");
    }
    if ((int64_t)length > options->sample) {
        length = (size_t)options->sample;
    }
    for (size_t i = 0; i < length; i++) {
        counts[bytes[i]]++;
    }
    for (int i = 0; i < 256; i++) {
        double share = (double)counts[i] / (double)length;
        distinct += counts[i] > 0;
        entropy -= counts[i] > 0 ? share * log2(share) : 0;
    }
    host->value_set(fields, "distinct", host->value_int(distinct));
    host->value_set(fields, "entropy", host->value_float(entropy));
    return PXM_OK;
}

static const struct pxm_transform_ops stats_ops = {.struct_size = sizeof stats_ops, .apply = stats_apply};

static const struct pxm_unit stats_unit = {.struct_size = sizeof stats_unit,
                                           .threads = PXM_THREADS_PARALLEL,
                                           .config_size = sizeof(struct stats_options),
                                           .option_size = sizeof stats_options[0],
                                           .iface = PXM_IFACE_TRANSFORM,
                                           .name = "acme.stats",
                                           .summary = "counts the bytes of a file",
                                           .options = stats_options,
                                           .signature = &stats_signature,
                                           .ops = &stats_ops,
                                           .create = stats_create};

static const struct pxm_unit *const units[] = {&stats_unit, NULL};
static const struct pxm_plugin acme = {.struct_size = sizeof acme,
                                       .abi = PXM_ABI_CURRENT,
                                       .abi_min = PXM_ABI(1, 0),
                                       .name = "acme",
                                       .version = "1.0.0",
                                       .license = "Apache-2.0",
                                       .summary = "an example of a plugin",
                                       .units = units};
PXM_PLUGIN(acme, acme)
