/* One small plugin in many guises; which one, a definition of the build says. */
#include <pixmill/plugin.h>

struct config {
    int64_t times;
    const char *word;
};

#ifdef ABI_newer
/* As a later version of the contract might be: every struct has grown at its end. */
struct later_option {
    struct pxm_option option;
    const char *since;
    uint64_t more[3];
};
struct later_unit {
    struct pxm_unit unit;
    void *more[4];
};
struct later_plugin {
    struct pxm_plugin plugin;
    const char *homepage;
};
#endif

#ifndef ABI_light /* its body does the work */
static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    (void)self;
    (void)job;
    (void)call;
    (void)ret_out;
    (void)fields;
    (void)error;
    return PXM_OK;
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof ops, .apply = apply};
#endif

#ifndef ABI_light_body /* a body describes nothing */
static const struct pxm_field fields[] = {{.name = "answer", .type = PXM_TYPE_INT, .help = "what it found"}, {0}};
static const struct pxm_signature signature = {
    .struct_size = sizeof signature, .field_size = sizeof fields[0], .in = PXM_TYPE_BLOB, .fields = fields};

#define OPTION_TIMES                                                                                                   \
    {                                                                                                                  \
        .name = "times", .type = PXM_OPT_INT, .offset = PXM_FIELD(struct config, times, int64_t), .fallback = "3",     \
        .min = 1, .max = 9, .help = "How often."                                                                       \
    }
#define OPTION_WORD                                                                                                    \
    {                                                                                                                  \
        .name = "word", .type = PXM_OPT_STRING, .offset = PXM_FIELD(struct config, word, const char *),                \
        .help = "Which word."                                                                                          \
    }

#endif

#ifdef ABI_newer
static const struct later_option options[] = {
    {.option = OPTION_TIMES, .since = "1.7"}, {.option = OPTION_WORD, .since = "1.0"}, {.option = {0}, .since = NULL}};
static const struct later_unit unit = {.unit = {.struct_size = sizeof unit,
                                                .threads = PXM_THREADS_PARALLEL,
                                                .config_size = sizeof(struct config),
                                                .option_size = sizeof options[0],
                                                .iface = PXM_IFACE_TRANSFORM,
                                                .name = "newer.op",
                                                .summary = "does nothing",
                                                .options = &options[0].option,
                                                .signature = &signature,
                                                .ops = &ops}};
static const struct pxm_unit *const units[] = {&unit.unit, NULL};
static const struct later_plugin description = {.plugin = {.struct_size = sizeof description,
                                                           .abi = PXM_ABI(1, 7),
                                                           .abi_min = PXM_ABI(1, 0),
                                                           .name = "newer",
                                                           .version = "7.0.1",
                                                           .license = "Apache-2.0",
                                                           .summary = "made for a later host",
                                                           .units = units}};
PXM_PLUGIN(newer, description.plugin)
#else

#ifdef ABI_badoption
static const struct pxm_option options[] = {
    {.name = "times", .type = PXM_OPT_INT, .offset = 4096, .help = "Outside of its struct."}, {0}};
#elif !defined ABI_light_body
static const struct pxm_option options[] = {OPTION_TIMES, OPTION_WORD, {0}};
#endif

#if defined ABI_older
/* As if the contract had ended before `validate`: what lies behind must not be looked at, so it is poison. */
#define UNIT_SIZE    offsetof(struct pxm_unit, validate)
#define POISON(type) ((type)(uintptr_t)0x5a5a5a5a)
#define TAIL                                                                                                           \
    .validate = POISON(pxm_status(*)(const struct pxm_host *, const void *, pxm_error *)),                             \
    .destroy = POISON(void (*)(void *))
#else
#define UNIT_SIZE sizeof(struct pxm_unit)
#define TAIL      .validate = NULL
#endif

#if defined ABI_light || defined ABI_light_body
#define NAME "light"
#elif defined ABI_plain
#define NAME "plain"
#elif defined ABI_older
#define NAME "older"
#elif defined ABI_toonew
#define NAME "toonew"
#elif defined ABI_othermajor
#define NAME "othermajor"
#elif defined ABI_twice
#define NAME "twice"
#elif defined ABI_misnamed
#define NAME "somebody-else"
#elif defined ABI_stubborn
#define NAME "stubborn"
#elif defined ABI_badoption
#define NAME "badoption"
#else
#define NAME "unresolved"
#endif

static const struct pxm_unit unit = {.struct_size = UNIT_SIZE,
                                     .threads = PXM_THREADS_PARALLEL,
                                     .iface = PXM_IFACE_TRANSFORM,
                                     .name = NAME ".op",
#ifdef ABI_light_body
                                     .ops = &ops,
#else
                                     .config_size = sizeof(struct config),
                                     .option_size = sizeof options[0],
                                     .summary = "does nothing",
                                     .options = options,
                                     .signature = &signature,
#ifndef ABI_light
                                     .ops = &ops,
#endif
#endif
                                     TAIL};

#ifdef ABI_twice
static const struct pxm_unit *const units[] = {&unit, &unit, NULL};
#else
static const struct pxm_unit *const units[] = {&unit, NULL};
#endif

#if defined ABI_unresolved
int a_function_that_nobody_has(void);
#endif

static pxm_status load(const struct pxm_host *host, pxm_error *error)
{
    (void)host;
    (void)error;
#if defined ABI_stubborn
    return host->fail(error, PXM_E_INVALID, "stubborn.mood", "not today");
#elif defined ABI_unresolved
    return a_function_that_nobody_has();
#else
    return PXM_OK;
#endif
}

static const struct pxm_plugin description = {.struct_size = sizeof description,
#if defined ABI_toonew
                                              .abi = PXM_ABI(1, 9),
                                              .abi_min = PXM_ABI(1, 9),
#elif defined ABI_othermajor
                                              .abi = PXM_ABI(2, 0),
                                              .abi_min = PXM_ABI(2, 0),
#else
                                              .abi = PXM_ABI_CURRENT,
                                              .abi_min = PXM_ABI(1, 0),
#endif
#ifdef ABI_light_body
                                              .name = NAME "-body",
#else
                                              .name = NAME,
#endif
                                              .version = "1.2.3",
                                              .license = "Apache-2.0",
                                              .summary = "a plugin for tests",
                                              .units = units,
#ifdef ABI_light
                                              .body = "light-body",
#endif
                                              .load = load};

#if defined ABI_noentry
__attribute__((visibility("default"))) const struct pxm_plugin *some_other_function(void);
const struct pxm_plugin *some_other_function(void)
{
    return &description;
}
#elif defined ABI_nothing
__attribute__((visibility("default"))) const struct pxm_plugin *pxm_plugin_entry(void);
const struct pxm_plugin *pxm_plugin_entry(void)
{
    return description.units ? NULL : &description;
}
#else
PXM_PLUGIN(test, description)
#endif
#endif
