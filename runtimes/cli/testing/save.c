/* Writes what tests leave behind. */
#include "save.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/media.h"
#include "write_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES_MAX = 4096 };

/* Makes the folders above a file. */
static pxm_status make_folders(const char *path, pxm_error *error)
{
    char folder[PATH_BYTES_MAX];
    int length = snprintf(folder, sizeof folder, "%s", path);

    if (length < 0 || (size_t)length >= sizeof folder) {
        return pxm_error_set(error, PXM_E_INVALID, "io.error", "the path is too long");
    }
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            return pxm_error_errno(error, errno, NULL, folder);
        }
        *slash = '/';
    }
    return PXM_OK;
}

pxm_status save_file(const char *path, const void *data, size_t length, pxm_error *error)
{
    pxm_status status = make_folders(path, error);

    return status == PXM_OK ? write_file(path, data, length, error) : status;
}

pxm_status save_picture(struct tools *tools, const char *path, pxm_blob *blob, pxm_error *error)
{
    size_t length = 0;
    const void *data = pxm_blob_data(blob, &length);
    const char *wanted = pxm_media_of_name(path);
    const char *has = data ? pxm_media_type(data, length) : NULL;
    pxm_blob *other = NULL;

    if (!wanted || strncmp(wanted, "image/", 6) != 0) {
        return pxm_error_set(error, PXM_E_INVALID, "io.error", "its name does not end as that of a picture file");
    }
    if (has && strcmp(wanted, has) == 0) {
        return save_file(path, data, length, error);
    }
    pxm_status status = tools_convert(tools, blob, wanted + 6, &other, error);
    if (status == PXM_OK) {
        data = pxm_blob_data(other, &length);
        status = save_file(path, data, length, error);
    }
    pxm_blob_unref(other);
    return status;
}

pxm_status save_failed_picture(struct tools *tools, const char *root, const char *golden, struct save_pair pictures,
                               char *stem, size_t size, pxm_error *error)
{
    const char *slash = strrchr(golden, '/');
    const char *name = slash ? slash + 1 : golden;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    char path[PATH_BYTES_MAX];

    snprintf(stem, size, ".pixmill/failed/%.*s", (int)length, name);
    snprintf(path, sizeof path, "%s/%s.actual.png", root, stem);
    pxm_status status = save_picture(tools, path, pictures.actual, error);
    if (status == PXM_OK && pictures.difference) {
        snprintf(path, sizeof path, "%s/%s.diff.png", root, stem);
        status = save_picture(tools, path, pictures.difference, error);
    }
    return status;
}
