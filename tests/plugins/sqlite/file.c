/* Database files for tests of sqlite, below the working directory, which is on a real file system. */
#include "file.h"

#include "conformance/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file {
    const struct pxm_unit *unit;
    char folder[64], path[4096];
    void *config; /* of the suite */
    pxm_value *indexes;
    void *others[64]; /* configs of file_open_as, which live as long as their instances may */
    pxm_value *other_indexes[64];
    size_t other_count;
};

static void *open_instance(struct file *file)
{
    void *self = NULL;
    pxm_error *error = pxm_error_new();
    if (file->unit->create(conformance_host(), file->config, &self, error) != PXM_OK) {
        fail_msg("create: %s", error->text);
    }
    pxm_error_free(error);
    return self;
}

static void *open_new(void *arg)
{
    struct file *file = arg;
    char base[2048];
    memcpy(file->folder, "sqlite-XXXXXX", sizeof "sqlite-XXXXXX");
    assert_non_null(mkdtemp(file->folder));
    assert_non_null(getcwd(base, sizeof base));
    snprintf(file->path, sizeof file->path, "%s/%s/records.db", base, file->folder);
    file->config = conformance_config(file->unit);
    file->indexes = json_value("['owner', 'tags', 'rank']");
    conformance_set_string(file->unit, file->config, "path", file->path);
    conformance_set_string(file->unit, file->config, "key", "id");
    conformance_set_list(file->unit, file->config, "indexes", file->indexes);
    conformance_set_int(file->unit, file->config, "busy_timeout", 60000);
    return open_instance(file);
}

static void *open_again(void *arg)
{
    return open_instance(arg);
}

static void close_instance(void *arg, void *self)
{
    struct file *file = arg;
    if (self) { /* a failed test may have closed it already */
        file->unit->destroy(self);
    }
}

static void finish(void *arg)
{
    struct file *file = arg;
    file_remove(file_driver());
    assert_int_equal(rmdir(file->folder), 0);
    conformance_host()->value_unref(file->indexes);
    free(file->config);
    for (size_t i = 0; i < file->other_count; i++) {
        conformance_host()->value_unref(file->other_indexes[i]);
        free(file->others[i]);
    }
    file->other_count = 0;
}

struct conformance_driver *file_driver(void)
{
    static struct file file;
    static struct conformance_driver driver = {
        .open = open_new, .open_again = open_again, .close = close_instance, .finish = finish, .arg = &file};
    if (!file.unit) {
        file.unit = driver.unit = conformance_load("sqlite", PXM_IFACE_METADATA);
    }
    return &driver;
}

const char *file_path(const struct conformance_driver *driver)
{
    const struct file *file = driver->arg;
    return file->path;
}

void file_remove(const struct conformance_driver *driver)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s%s", file_path(driver), suffixes[i]);
        unlink(path);
    }
}

pxm_status file_open_as(const struct conformance_driver *driver, const char *table, const char *indexes,
                        int64_t busy_timeout_ms, struct fixture *fixture, void **ret_self)
{
    struct file *file = driver->arg;
    size_t at = file->other_count++;
    assert_true(at < sizeof file->others / sizeof *file->others);
    void *config = file->others[at] = conformance_config(file->unit);
    file->other_indexes[at] = json_value(indexes);
    conformance_set_string(file->unit, config, "path", file->path);
    conformance_set_string(file->unit, config, "table", table);
    conformance_set_string(file->unit, config, "key", "id");
    conformance_set_list(file->unit, config, "indexes", file->other_indexes[at]);
    conformance_set_int(file->unit, config, "busy_timeout", busy_timeout_ms);
    fixture_next(fixture);
    return file->unit->create(conformance_host(), config, ret_self, fixture->error);
}
