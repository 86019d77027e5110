/* From errno to the codes of the storage interface, and other small things that every part says in the same words.
 * [any] */
#include "localfs.h"

#include <errno.h>
#include <string.h>

static const struct failure {
    int number;
    pxm_status status;
    const char *code;
    const char *advice;
} failures[] = {
    {ENOENT, PXM_E_NOT_FOUND, "store.not_found", ""},
    {ENOSPC, PXM_E_NO_SPACE, "store.full", "; free space or inodes on the store's disk"},
    {EDQUOT, PXM_E_NO_SPACE, "store.full", "; raise the quota"},
    {EFBIG, PXM_E_LIMIT, "store.too_large", "; the file system or the process may have no larger file"},
    {EROFS, PXM_E_DENIED, "store.denied", ""},
    {EACCES, PXM_E_DENIED, "store.denied", "; check owner and mode of the store's folder"},
    {EPERM, PXM_E_DENIED, "store.denied", "; check owner and mode of the store's folder"},
    {ENOMEM, PXM_E_NO_MEMORY, "no_memory", ""},
    {ENOTDIR, PXM_E_INVALID, "store.bad_key", "; a part of the key is an object or a link, where a folder must be"},
    {ELOOP, PXM_E_INVALID, "store.bad_key", "; symbolic links are not followed"},
    {EISDIR, PXM_E_INVALID, "store.bad_key", "; the key names a folder, as there are objects below it"},
    {ENAMETOOLONG, PXM_E_INVALID, "store.bad_key", "; the file system takes no name as long"},
    {EILSEQ, PXM_E_INVALID, "store.bad_key", "; the file system takes no such name"},
    {EXDEV, PXM_E_INVALID, "store.unsupported", "; another file system is mounted below the store's folder"},
    {0, PXM_E_TRANSIENT, "store.unavailable", ""}, /* all others */
};

pxm_status localfs_fail(const struct localfs *fs, pxm_error *error, int number, const char *what, const char *key)
{
    const struct failure *failure = failures;
    while (failure->number && failure->number != number) {
        failure++;
    }
    const char *text = strerrordesc_np(number);
    return fs->host->fail(error, failure->status, failure->code, "cannot %s \"%s\" in %s: %s%s", what, key,
                          fs->config->root, text ? text : "unknown error", failure->advice);
}

pxm_status localfs_fail_memory(const struct localfs *fs, pxm_error *error)
{
    return fs->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

pxm_status localfs_fail_missing(const struct localfs *fs, pxm_error *error, const char *key)
{
    return fs->host->fail(error, PXM_E_NOT_FOUND, "store.not_found", "no object \"%s\" in %s", key, fs->config->root);
}

pxm_status localfs_in_time(const struct localfs *fs, const pxm_job *job, const char *key, pxm_error *error)
{
    if (fs->host->remaining_ms(job) > 0) {
        return PXM_OK;
    }
    return fs->host->fail(error, PXM_E_TIMEOUT, "limit.time",
                          "stopped at \"%s\": the time is up or the run was cancelled", key);
}

pxm_value *localfs_text(const struct localfs *fs, const char *text)
{
    return text ? fs->host->value_string(text, strlen(text)) : fs->host->value_null();
}
