/* Reading the web page's folder into memory, by its manifest and nothing else. */
#include "daemon/static_private.h"

#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANIFEST_BYTES_MAX = 4 << 20, PATH_MAX_BYTES = 255 };

struct loading {
    struct static_site *site;
    int folder;
    int64_t bytes; /* read so far */
    pxm_error *error;
};

static pxm_status refuse(struct loading *loading, const char *path, const char *why)
{
    return pxm_error_set(loading->error, PXM_E_INVALID, "static.file", "%s of the web page: %s", path, why);
}

static pxm_status refuse_manifest(struct loading *loading, const char *why)
{
    return pxm_error_set(loading->error, PXM_E_INVALID, "static.manifest", "manifest.json of the web page: %s", why);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* Reads exactly `length` bytes. */
static bool read_whole(int fd, char *data, size_t length)
{
    size_t done = 0;
    while (done < length) {
        const ssize_t got = read(fd, data + done, length - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

static pxm_status read_open(struct loading *loading, const char *path, int fd, int64_t max, pxm_blob **ret)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return refuse(loading, path, "not a regular file");
    }
    if (info.st_size > max || info.st_size > STATIC_BYTES_MAX - loading->bytes) {
        return refuse(loading, path, "too large");
    }
    const size_t length = (size_t)info.st_size;
    char *data = malloc(length + 1);
    if (data == NULL) {
        return pxm_error_no_memory(loading->error);
    }
    if (!read_whole(fd, data, length)) {
        free(data);
        return refuse(loading, path, "cannot be read");
    }
    loading->bytes += info.st_size;
    *ret = pxm_blob_new(data, length, free, data);
    return *ret != NULL ? PXM_OK : pxm_error_no_memory(loading->error);
}

/* *ret stays NULL where there is no such file. */
static pxm_status read_file(struct loading *loading, const char *path, int64_t max, pxm_blob **ret)
{
    const int fd = openat(loading->folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? PXM_OK : pxm_error_errno(loading->error, errno, "static.file", path);
    }
    const pxm_status status = read_open(loading, path, fd, max, ret);
    close(fd);
    return status;
}

static const char *type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".avif", "image/avif"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
    };
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const size_t end = strlen(types[i].end);
        if (length > end && strcmp(path + length - end, types[i].end) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* As in a URL, where the folder is the root. */
static bool is_sane_path(const char *path)
{
    static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-/";
    const size_t length = strlen(path);
    return length > 1 && length <= PATH_MAX_BYTES && path[strspn(path, allowed)] == '\0' && path[0] == '/' &&
           strstr(path, "/.") == NULL && strstr(path, "//") == NULL && path[length - 1] != '/';
}

static pxm_status load_variants(struct loading *loading, struct static_file *file, const char *path)
{
    static const char *const ends[] = {[STATIC_BROTLI] = ".br", [STATIC_GZIP] = ".gz"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[PATH_MAX_BYTES + 4];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        const pxm_status status = read_file(loading, name, STATIC_FILE_BYTES_MAX, &file->bytes[i]);
        if (status != PXM_OK) {
            return status;
        }
    }
    return PXM_OK;
}

static pxm_status load_file(struct loading *loading, const pxm_value *entry)
{
    const char *url = pxm_value_as_string(pxm_value_get(entry, "path"), NULL);
    const char *sha256 = pxm_value_as_string(pxm_value_get(entry, "sha256"), NULL);
    const char *cache = pxm_value_as_string(pxm_value_get(entry, "cache"), NULL);
    struct static_file *file = &loading->site->files[loading->site->file_count];
    const bool immutable = cache != NULL && strcmp(cache, "immutable") == 0;
    if (url == NULL || !is_sane_path(url)) {
        return refuse_manifest(loading, "a path is missing or leads elsewhere");
    }
    if (sha256 == NULL || strlen(sha256) != 64 || cache == NULL || (!immutable && strcmp(cache, "revalidate") != 0)) {
        return refuse_manifest(loading, "a file lacks its sha256, or its cache class, immutable or revalidate");
    }
    loading->site->file_count++; /* so that what follows is freed */
    file->type = type_of(url);
    file->immutable = immutable;
    file->path = strdup(url);
    if (file->path == NULL) {
        return pxm_error_no_memory(loading->error);
    }
    const char *path = url + 1; /* below the folder */
    const pxm_status status = read_file(loading, path, STATIC_FILE_BYTES_MAX, &file->bytes[STATIC_PLAIN]);
    if (status != PXM_OK) {
        return status;
    }
    if (file->bytes[STATIC_PLAIN] == NULL) {
        return refuse(loading, path, "is missing");
    }
    const uint8_t *digest = pxm_blob_sha256(file->bytes[STATIC_PLAIN]);
    if (digest == NULL) {
        return pxm_error_no_memory(loading->error);
    }
    pxm_hex(digest, PXM_SHA256_BYTES, file->sha256);
    if (strcmp(file->sha256, sha256) != 0) {
        return refuse(loading, path, "is not the file that the manifest says");
    }
    return load_variants(loading, file, path);
}

/* ---- the manifest ------------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct static_file *)a)->path, ((const struct static_file *)b)->path);
}

static pxm_status load_listed(struct loading *loading, const pxm_value *manifest)
{
    struct static_site *site = loading->site;
    const pxm_value *list = pxm_value_get(manifest, "files");
    const size_t count = pxm_value_count(list);
    if (pxm_value_type(list) != PXM_TYPE_LIST || count == 0 || count > STATIC_FILES_MAX) {
        return refuse_manifest(loading, "has no list of files, or too long a one");
    }
    site->files = calloc(count, sizeof *site->files);
    if (site->files == NULL) {
        return pxm_error_no_memory(loading->error);
    }
    for (size_t i = 0; i < count; i++) {
        const pxm_status status = load_file(loading, pxm_value_at(list, i));
        if (status != PXM_OK) {
            return status;
        }
    }
    qsort(site->files, count, sizeof *site->files, compare);
    for (size_t i = 1; i < count; i++) {
        if (compare(&site->files[i - 1], &site->files[i]) == 0) {
            return refuse_manifest(loading, "names a file twice");
        }
    }
    return PXM_OK;
}

pxm_status static_load(struct static_site *site, const char *folder, pxm_error *error)
{
    struct loading loading = {.site = site, .error = error};
    loading.folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (loading.folder < 0) {
        return errno == ENOENT ? PXM_OK : pxm_error_errno(error, errno, "static.file", folder);
    }
    pxm_blob *text = NULL;
    pxm_value *manifest = NULL;
    pxm_status status = read_file(&loading, "manifest.json", MANIFEST_BYTES_MAX, &text);
    if (status == PXM_OK && text != NULL) {
        pxm_error cause = {.status = PXM_OK};
        status = pxm_json_parse(pxm_blob_data(text, NULL), pxm_blob_length(text), &manifest, &cause);
        if (status != PXM_OK) {
            status = refuse_manifest(&loading, cause.text);
        }
    }
    if (status == PXM_OK && manifest != NULL) {
        status = load_listed(&loading, manifest);
    }
    pxm_value_unref(manifest);
    pxm_blob_unref(text);
    close(loading.folder);
    return status;
}
