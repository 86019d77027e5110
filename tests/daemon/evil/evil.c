/* A plugin that does what no plugin should: transforms that crash, hang, leak, and reach for what is not theirs, and a
 * store that does so when it is checked, made or destroyed. It is for tests alone. */
#include <errno.h>
#include <fcntl.h>
#include <pixmill/plugin.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET = 3 /* to the supervisor */, LEAK_BYTES = 24 << 20, LEAK_DESCRIPTORS = 24, EAT_BYTES = 4 << 20 };

/* ---- deeds ------------------------------------------------------------------------------------------------------- */

static volatile int zero;

static int crash(void)
{
    *(volatile int *)(uintptr_t)zero = 1;
    return 0;
}

static int abort_now(void)
{
    abort();
}

static int exit_well(void)
{
    exit(0);
}

static int exit_badly(void)
{
    _exit(3);
}

/* Not a call at the end, so that it stays a recursion. */
static int overflow(int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    return zero ? 0 : overflow(depth + 1) + frame[0];
}

static int overflow_stack(void)
{
    return overflow(0);
}

static int smash_heap(void)
{
    char *blocks[64];

    for (size_t i = 0; i < 64; i++) {
        blocks[i] = malloc(64);
    }
    for (size_t i = 0; i < 64 && blocks[i]; i++) {
        volatile char *at = blocks[i];
        for (size_t j = 0; j < 128; j++) {
            at[j] = 'x';
        }
    }
    for (size_t i = 0; i < 64; i++) {
        free(blocks[i]);
    }
    return 0;
}

static int spin(void)
{
    while (!zero) {
    }
    return 0;
}

static int sleep_on(void)
{
    const struct timespec day = {.tv_sec = 86400};

    while (!zero) {
        nanosleep(&day, NULL);
    }
    return 0;
}

/* As one that holds out against whoever would stop it. */
static int block_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    signal(SIGTERM, SIG_IGN);
    return spin();
}

static int leak_memory(void)
{
    char *leaked = mmap(NULL, LEAK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (leaked == MAP_FAILED) {
        return errno;
    }
    memset(leaked, 'x', LEAK_BYTES);
    return 0;
}

static int leak_descriptors(void)
{
    for (size_t i = 0; i < LEAK_DESCRIPTORS; i++) {
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) {
            return errno;
        }
    }
    return 0;
}

/* Takes what there is, then ends as libraries do that cannot go on without memory. */
static int eat_memory(void)
{
    for (;;) {
        char *eaten = mmap(NULL, EAT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (eaten == MAP_FAILED) {
            abort();
        }
        memset(eaten, 'x', EAT_BYTES);
    }
}

static int close_socket(void)
{
    return close(SOCKET);
}

static int close_socket_and_sleep(void)
{
    close(SOCKET);
    return sleep_on();
}

static int say_nonsense(void)
{
    send(SOCKET, "nonsense", 8, MSG_NOSIGNAL);
    return sleep_on();
}

/* A message that is one, but of no type that a worker sends. */
static int say_what_is_not_its_own(void)
{
    const uint32_t header[6] = {0x314d5850, 999, 0, 0, 4, 2};
    char packet[sizeof header + 6];

    memcpy(packet, header, sizeof header);
    memcpy(packet + sizeof header, "null[]", 6);
    send(SOCKET, packet, sizeof packet, MSG_NOSIGNAL);
    return sleep_on();
}

static int kill_supervisor(void)
{
    return kill(getppid(), SIGKILL) == 0 ? 0 : errno;
}

static int fork_bomb(void)
{
    pid_t child = fork();

    if (child == 0) {
        _exit(0);
    }
    return child < 0 ? errno : 0;
}

static int run_program(void)
{
    static char name[] = "true";
    char *const arguments[] = {name, NULL};

    execv("/bin/true", arguments);
    return errno;
}

/* A file that is neither the project's nor a temporary one. It is opened and left as it is. */
static int write_elsewhere(void)
{
    int fd = open("/etc/passwd", O_WRONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno;
    }
    close(fd);
    return 0;
}

static int die_by_kill(void)
{
    raise(SIGKILL);
    return 0;
}

static void *sleep_in_thread(void *arg)
{
    sleep_on();
    return arg;
}

static int start_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, sleep_in_thread, NULL);
}

static int nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*does)(void); /* 0 or an errno */
} deeds[] = {{"nothing", nothing},
             {"thread", start_thread},
             {"segv", crash},
             {"abort", abort_now},
             {"exit0", exit_well},
             {"exit3", exit_badly},
             {"overflow", overflow_stack},
             {"smash", smash_heap},
             {"spin", spin},
             {"sleep", sleep_on},
             {"block", block_signals},
             {"leak_memory", leak_memory},
             {"leak_descriptors", leak_descriptors},
             {"eat", eat_memory},
             {"close", close_socket},
             {"close_sleep", close_socket_and_sleep},
             {"nonsense", say_nonsense},
             {"lie", say_what_is_not_its_own},
             {"kill_parent", kill_supervisor},
             {"fork", fork_bomb},
             {"exec", run_program},
             {"elsewhere", write_elsewhere},
             {"kill_self", die_by_kill}};

static int commit(const char *deed)
{
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        if (deed && strcmp(deeds[i].name, deed) == 0) {
            return deeds[i].does();
        }
    }
    return ENOSYS;
}

/* The one that does as it is asked, and gives up with its job. */
static pxm_status wait_for_the_end(const struct pxm_host *host, const pxm_job *job, pxm_error *error)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    while (host->remaining_ms(job) > 0) {
        nanosleep(&moment, NULL);
    }
    return host->fail(error, PXM_E_CANCELLED, "run.cancelled", "given up");
}

/* ---- the transform ----------------------------------------------------------------------------------------------- */

struct deed_options {
    const char *deed;
};
static const struct pxm_option deed_options[] = {{.name = "deed",
                                                  .type = PXM_OPT_STRING,
                                                  .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
                                                  .offset = PXM_FIELD(struct deed_options, deed, const char *),
                                                  .help = "What to do."},
                                                 {0}};
static const struct pxm_field deed_fields[] = {
    {.name = "error", .type = PXM_TYPE_INT, .help = "0, or the errno of what was refused."},
    {.name = "pid", .type = PXM_TYPE_INT, .help = "Of the process."},
    {0}};
static const struct pxm_signature deed_signature = {
    .struct_size = sizeof deed_signature, .field_size = sizeof deed_fields[0], .fields = deed_fields};

static pxm_status create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    (void)config;
    (void)error;
    *ret_self = (void *)(uintptr_t)host;
    return PXM_OK;
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = self;
    const struct deed_options *options = call->options;
    (void)ret_out;

    host->log(host, job, PXM_LOG_INFO, "will do: %s", options->deed);
    if (strcmp(options->deed, "wait") == 0) {
        return wait_for_the_end(host, job, error);
    }
    host->value_set(fields, "error", host->value_int(commit(options->deed)));
    host->value_set(fields, "pid", host->value_int(getpid()));
    return PXM_OK;
}

static const struct pxm_transform_ops transform_ops = {.struct_size = sizeof transform_ops, .apply = apply};
static const struct pxm_unit deed_unit = {.struct_size = sizeof deed_unit,
                                          .config_size = sizeof(struct deed_options),
                                          .option_size = sizeof deed_options[0],
                                          .iface = PXM_IFACE_TRANSFORM,
                                          .name = "evil.do",
                                          .summary = "Does what it should not.",
                                          .options = deed_options,
                                          .signature = &deed_signature,
                                          .ops = &transform_ops,
                                          .create = create};

/* ---- the store --------------------------------------------------------------------------------------------------- */

struct store_config {
    const char *validate, *create, *destroy, *refuse;
};
static const struct pxm_option store_options[] = {{.name = "validate",
                                                   .type = PXM_OPT_STRING,
                                                   .offset = PXM_FIELD(struct store_config, validate, const char *),
                                                   .fallback = "nothing",
                                                   .help = "What to do when the options are checked."},
                                                  {.name = "create",
                                                   .type = PXM_OPT_STRING,
                                                   .offset = PXM_FIELD(struct store_config, create, const char *),
                                                   .fallback = "nothing",
                                                   .help = "What to do when it is made."},
                                                  {.name = "destroy",
                                                   .type = PXM_OPT_STRING,
                                                   .offset = PXM_FIELD(struct store_config, destroy, const char *),
                                                   .fallback = "nothing",
                                                   .help = "What to do when it is destroyed."},
                                                  {.name = "refuse",
                                                   .type = PXM_OPT_STRING,
                                                   .offset = PXM_FIELD(struct store_config, refuse, const char *),
                                                   .help = "The code to be refused with when it is made."},
                                                  {0}};

static pxm_status store_validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct store_config *options = config;
    (void)host;
    (void)error;

    commit(options->validate);
    return PXM_OK;
}

struct store {
    const struct pxm_host *host;
    const struct store_config *options;
};

static pxm_status store_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct store_config *options = config;

    commit(options->create);
    if (options->refuse) {
        return host->fail(error, PXM_E_DENIED, options->refuse, "this store is not to be had");
    }
    struct store *store = malloc(sizeof *store);
    if (!store) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    *store = (struct store){host, options};
    *ret_self = store;
    return PXM_OK;
}

static void store_destroy(void *self)
{
    struct store *store = self;

    commit(store->options->destroy);
    free(store);
}

/* Two objects that were there before anybody came; what is taken is told no more. */
static const char *const dropped[] = {"a", "b"};
static bool was_taken[2];

static void take(const struct pxm_host *host, const pxm_value *taken)
{
    for (size_t i = 0; taken && i < host->value_count(taken); i++) {
        const char *key = host->value_as_string(host->value_get(host->value_at(taken, i), "key"), NULL);
        host->log(host, NULL, PXM_LOG_INFO, "taken: %s", key);
        was_taken[key[0] == 'b'] = true;
    }
}

static pxm_status store_watch(void *self, pxm_job *job, const struct pxm_watch *watch, pxm_value *fields,
                              pxm_error *error)
{
    const struct pxm_host *host = ((const struct store *)self)->host;
    pxm_value *items = host->value_list();
    (void)job;
    (void)error;

    take(host, watch->taken);
    for (size_t i = 0; i < 2; i++) {
        if (!was_taken[i]) {
            pxm_value *item = host->value_record();
            host->value_set(item, "key", host->value_string(dropped[i], 1));
            host->value_set(item, "etag", host->value_string("\"e\"", 3));
            host->value_append(items, item);
        }
    }
    if (host->value_count(items) == 0) {
        const struct timespec wait = {.tv_nsec = watch->wait_ms * 1000000};
        nanosleep(&wait, NULL);
    }
    host->value_set(fields, "items", items);
    return PXM_OK;
}

static const struct pxm_storage_ops storage_ops = {.struct_size = sizeof storage_ops, .watch = store_watch};
static const struct pxm_unit store_unit = {.struct_size = sizeof store_unit,
                                           .config_size = sizeof(struct store_config),
                                           .option_size = sizeof store_options[0],
                                           .iface = PXM_IFACE_STORAGE,
                                           .name = "evil",
                                           .summary = "Keeps nothing.",
                                           .options = store_options,
                                           .ops = &storage_ops,
                                           .validate = store_validate,
                                           .create = store_create,
                                           .destroy = store_destroy};

/* ---- the auth, as good as it gets here --------------------------------------------------------------------------- */

struct auth_config {
    int64_t unused;
};
static const struct pxm_option auth_options[] = {{0}};

static pxm_status auth_verify(void *self, pxm_job *job, const pxm_value *request, pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = self;
    const pxm_value *user = host->value_get(host->value_get(request, "headers"), "x-user");
    (void)job;

    if (!user) {
        return host->fail(error, PXM_E_DENIED, "auth.missing", "nobody said who this is");
    }
    host->value_set(fields, "subject", host->value_ref(user));
    return PXM_OK;
}

static const struct pxm_auth_ops auth_ops = {.struct_size = sizeof auth_ops, .verify = auth_verify};
static const struct pxm_unit auth_unit = {.struct_size = sizeof auth_unit,
                                          .config_size = sizeof(struct auth_config),
                                          .option_size = sizeof auth_options[0],
                                          .iface = PXM_IFACE_AUTH,
                                          .name = "evil",
                                          .summary = "Believes a header.",
                                          .options = auth_options,
                                          .ops = &auth_ops,
                                          .create = create};

static pxm_status load(const struct pxm_host *host, pxm_error *error)
{
    const char *deed = getenv("EVIL_LOAD");
    (void)host;
    (void)error;

    if (deed) {
        commit(deed);
    }
    return PXM_OK;
}

static const struct pxm_unit *const units[] = {&deed_unit, &store_unit, &auth_unit, NULL};
static const struct pxm_plugin plugin = {.struct_size = sizeof plugin,
                                         .abi = PXM_ABI_CURRENT,
                                         .abi_min = PXM_ABI(1, 0),
                                         .name = "evil",
                                         .version = "1.0.0",
                                         .license = "MIT",
                                         .summary = "For tests: does what no plugin should.",
                                         .units = units,
                                         .load = load};
PXM_PLUGIN(evil, plugin)
