/* put: what may be asked, and how a durable draft becomes an object at once and for good. [any] */
#include "localfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool has_control(const char *text)
{
    for (; text && *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static const char *bad_request(const struct pxm_host *host, const struct pxm_put *put)
{
    /* Both become header lines. */
    if (has_control(put->content_type) || has_control(put->cache_control)) {
        return "content type or cache control has a control character";
    }
    for (size_t i = 0; put->meta && i < host->value_count(put->meta); i++) {
        if (host->value_type(host->value_at(put->meta, i)) != PXM_TYPE_STRING) {
            return "meta must be strings";
        }
    }
    return NULL;
}

pxm_status localfs_put_check(const struct localfs *fs, const struct pxm_put *put, pxm_error *error)
{
    static const struct stat any;
    static const char sha256[] = "0000000000000000000000000000000000000000000000000000000000000000";
    pxm_blob *json = NULL;
    pxm_status status = localfs_key_check(fs, put->key, error);
    if (status != PXM_OK) {
        return status;
    }
    const char *reason = bad_request(fs->host, put);
    if (reason) {
        return fs->host->fail(error, PXM_E_INVALID, "store.bad_meta", "cannot put \"%s\": %s", put->key, reason);
    }
    status = localfs_object_describe(fs, put, sha256, &any, &json, error);
    if (status == PXM_OK && fs->host->blob_length(json) > LOCALFS_ATTRIBUTES_MAX) {
        status = fs->host->fail(error, PXM_E_INVALID, "store.bad_meta",
                                "cannot put \"%s\": content type, cache control and meta take more than %d bytes",
                                put->key, LOCALFS_ATTRIBUTES_MAX);
    }
    fs->host->blob_unref(json);
    return status;
}

static void fill_fields(const struct localfs *fs, const char *key, const struct localfs_object *object, bool created,
                        pxm_value *fields)
{
    const struct pxm_host *host = fs->host;
    host->value_set(fields, "key", localfs_text(fs, key));
    host->value_set(fields, "url", localfs_key_url(fs, key));
    host->value_set(fields, "etag", localfs_text(fs, object->etag));
    host->value_set(fields, "bytes", host->value_int(object->stat.st_size));
    host->value_set(fields, "sha256", localfs_text(fs, object->sha256[0] ? object->sha256 : NULL));
    host->value_set(fields, "created", host->value_bool(created));
}

/* Tells about the object that is there, after making sure that it is as durable as if we had put it: its writer may not
 * have come so far. *ret_found stays false where there is none. */
static pxm_status report_existing(const struct localfs *fs, const char *key, pxm_value *fields, bool *ret_found,
                                  pxm_error *error)
{
    struct localfs_object object;
    pxm_status status = PXM_OK;
    int result = localfs_object_open(fs, -1, key, &object);
    if (result < 0) {
        return result == -ENOENT ? PXM_OK : localfs_fail(fs, error, -result, "open", key);
    }
    int folder = localfs_folder_make(fs, key, localfs_key_folder(key, strlen(key)));
    if (folder == -ENOENT) {
        goto out;
    }
    if (folder < 0 || fsync(folder) != 0) {
        status = localfs_fail(fs, error, folder < 0 ? -folder : errno, "make durable", key);
        goto out;
    }
    status = localfs_object_load(fs, &object, key, error);
    if (status == PXM_OK) {
        fill_fields(fs, key, &object, false, fields);
        *ret_found = true;
    }
out:
    if (folder >= 0) {
        close(folder);
    }
    localfs_object_done(fs, &object);
    return status;
}

/* One try to give the draft its name. 1: done and durable, 0: try again, as others changed the folder or the object in
 * between, or a negative errno; -EEXIST: there is something. */
static int publish_once(const struct localfs *fs, const struct pxm_put *put, struct localfs_draft *draft)
{
    int folder = localfs_folder_make(fs, put->key, localfs_key_folder(put->key, strlen(put->key)));
    if (folder < 0) {
        return folder == -ENOENT ? 0 : folder;
    }
    int result =
        localfs_draft_publish(fs, draft, folder, localfs_key_name(put->key), !(put->flags & PXM_PUT_IF_ABSENT));
    if (result == 0) {
        result = fsync(folder) == 0 ? 1 : -errno;
    } else if (result == -ENOENT) {
        result = 0;
    } else if (result == -EEXIST) {
        struct stat stat;
        bool blocked =
            fstatat(folder, localfs_key_name(put->key), &stat, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(stat.st_mode);
        result = blocked ? -EISDIR : -EEXIST;
    }
    close(folder);
    return result;
}

static pxm_status publish(const struct localfs *fs, pxm_job *job, const struct pxm_put *put,
                          struct localfs_draft *draft, const struct localfs_object *object, pxm_value *fields,
                          pxm_error *error)
{
    for (int i = 0; i < LOCALFS_TRIES; i++) {
        bool found = false;
        pxm_status status = localfs_in_time(fs, job, put->key, error);
        int result = status == PXM_OK ? publish_once(fs, put, draft) : 0;
        if (result == -EEXIST) {
            status = report_existing(fs, put->key, fields, &found, error);
        } else if (result < 0) {
            status = localfs_fail(fs, error, -result, "store", put->key);
        } else if (result == 1) {
            fill_fields(fs, put->key, object, true, fields);
            found = true;
        }
        if (status != PXM_OK || found) {
            return status;
        }
    }
    return fs->host->fail(error, PXM_E_TRANSIENT, "store.unavailable",
                          "cannot store \"%s\" in %s: others keep removing it or its folder", put->key,
                          fs->config->root);
}

/* Writes the body and gives it its name. */
static pxm_status put_new(const struct localfs *fs, pxm_job *job, const struct pxm_put *put, pxm_value *fields,
                          pxm_error *error)
{
    struct localfs_draft draft;
    struct localfs_object object = {.fd = -1};
    char sha256[LOCALFS_SHA256_TEXT] = "";
    localfs_draft_init(&draft);
    pxm_status status = localfs_body_write(fs, job, put, &draft, sha256, error);
    if (status != PXM_OK) {
        goto out;
    }
    object.fd = draft.fd;
    if (fstat(draft.fd, &object.stat) != 0) {
        status = localfs_fail(fs, error, errno, "write", put->key);
        goto out;
    }
    status = localfs_object_load(fs, &object, put->key, error);
    if (status == PXM_OK) {
        memcpy(object.sha256, sha256, sizeof sha256);
        status = publish(fs, job, put, &draft, &object, fields, error);
    }
out:
    object.fd = -1; /* the draft's */
    localfs_object_done(fs, &object);
    localfs_draft_done(&draft);
    return status;
}

pxm_status localfs_put(void *self, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error)
{
    const struct localfs *fs = self;
    bool found = false;
    pxm_status status = localfs_put_check(fs, put, error);
    if (status == PXM_OK && (put->flags & PXM_PUT_IF_ABSENT)) {
        status = report_existing(fs, put->key, fields, &found, error);
    }
    if (status != PXM_OK || found) {
        return status;
    }
    return put_new(fs, job, put, fields, error);
}
