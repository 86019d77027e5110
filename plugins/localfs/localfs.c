/* The localfs driver: objects as files below one folder. This file owns the instance and the description of the unit.
 * Every put and remove is durable when it returns, and no reader ever sees part of an object that was put. */
#include "localfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct localfs_config *settings = config;
    const char *base = settings->base_url;
    if (!settings->root || !settings->root[0]) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "root is empty: name the folder that holds the objects");
    }
    if (!base || !base[0] || base[strlen(base) - 1] != '/') {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "base_url must end in a slash, as keys are appended to it");
    }
    return PXM_OK;
}

/* The entry of the root in the folder above it may be as new as the root. Above may be a folder that we may not read:
 * then it is not we who made the root. */
static int flush_above(int root)
{
    int above = openat(root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0) {
        return errno == EACCES ? 0 : -errno;
    }
    int result = fsync(above) == 0 ? 0 : -errno;
    close(above);
    return result;
}

static int open_root(const char *path)
{
    int made = mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
    int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) { /* a folder that is missing is so because it could not be made */
        return errno == ENOENT && made < 0 ? made : -errno;
    }
    int result = flush_above(root);
    if (result < 0) {
        close(root);
        return result;
    }
    return root;
}

static bool probe_openat2(int root)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    long fd = syscall(SYS_openat2, root, ".", &how, sizeof how);
    if (fd >= 0) {
        close((int)fd);
    }
    return fd >= 0;
}

static pxm_status create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct localfs_config *settings = config;
    pxm_status status = validate(host, config, error);
    if (status != PXM_OK) {
        return status;
    }
    struct localfs *fs = calloc(1, sizeof *fs);
    if (!fs) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    if (pthread_mutex_init(&fs->lock, NULL) != 0) {
        free(fs);
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    fs->host = host;
    fs->config = settings;
    fs->root = open_root(settings->root);
    if (fs->root < 0) {
        status = host->fail(error, fs->root == -ENOENT ? PXM_E_NOT_FOUND : PXM_E_DENIED, "store.denied",
                            "cannot open the folder %s: %s; make it, or the folder above it, and give this user access",
                            settings->root, strerrordesc_np(-fs->root));
        pthread_mutex_destroy(&fs->lock);
        free(fs);
        return status;
    }
    fs->has_openat2 = probe_openat2(fs->root);
    fs->has_proc = access("/proc/self/fd", X_OK) == 0;
    localfs_draft_sweep(fs);
    *ret_self = fs;
    return PXM_OK;
}

/* Proves that objects can be made: a file without a name leaves nothing. */
static pxm_status check(void *self, pxm_job *job, pxm_error *error)
{
    const struct localfs *fs = self;
    struct localfs_draft draft;
    (void)job;
    localfs_draft_init(&draft);
    int result = localfs_draft_create(fs, &draft);
    localfs_draft_done(&draft);
    return result == 0 ? PXM_OK : localfs_fail(fs, error, -result, "write to", ".");
}

static void destroy(void *self)
{
    struct localfs *fs = self;
    localfs_watch_done(fs);
    pthread_mutex_destroy(&fs->lock);
    close(fs->root);
    free(fs);
}

static const struct pxm_option options[] = {
    {.name = "root",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_PATH,
     .offset = PXM_FIELD(struct localfs_config, root, const char *),
     .help = "Folder that holds the objects; it is made if the folder above it is there."},
    {.name = "base_url",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct localfs_config, base_url, const char *),
     .fallback = "/",
     .help = "What comes before the key in the URL of an object; ends in a slash."},
    {.name = NULL},
};

static const struct pxm_storage_ops ops = {
    .struct_size = sizeof ops,
    .put = localfs_put,
    .get = localfs_get,
    .head = localfs_head,
    .remove = localfs_remove,
    .list = localfs_list,
    .presign = localfs_presign,
    .watch = localfs_watch,
};

static const struct pxm_unit unit = {
    .struct_size = sizeof unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct localfs_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_STORAGE,
    .name = "localfs",
    .summary = "Objects as files in a folder, durable and atomic",
    .options = options,
    .ops = &ops,
    .validate = validate,
    .create = create,
    .check = check,
    .destroy = destroy,
};

static const struct pxm_unit *const units[] = {&unit, NULL};

static const struct pxm_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "localfs",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "Objects in a folder of this machine",
    .units = units,
};

PXM_PLUGIN(localfs, plugin)
