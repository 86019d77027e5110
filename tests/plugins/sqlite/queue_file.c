/* Database files for tests of sqlite queues, below the working directory, which is on a real file system. */
#include "queue_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW_MS = 24 * 3600 * 1000, OTHERS_MAX = 64 };

struct queue_file {
    const struct pxm_unit *unit;
    char folder[64], path[4096];
    void *config;             /* of the suite */
    void *others[OTHERS_MAX]; /* configs of queue_file_open_as, which live as long as their instances may */
    size_t other_count;
};

static void *new_config(const struct queue_file *file, const char *queue, int64_t max_attempts, int64_t busy_timeout_ms)
{
    void *config = conformance_config(file->unit);
    conformance_set_string(file->unit, config, "path", file->path);
    conformance_set_string(file->unit, config, "queue", queue);
    conformance_set_int(file->unit, config, "max_attempts", max_attempts);
    conformance_set_int(file->unit, config, "dedupe_window", WINDOW_MS);
    conformance_set_int(file->unit, config, "busy_timeout", busy_timeout_ms);
    return config;
}

static void *open_instance(struct queue_file *file)
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
    struct queue_file *file = arg;
    char base[2048];
    memcpy(file->folder, "sqlite-XXXXXX", sizeof "sqlite-XXXXXX");
    assert_non_null(mkdtemp(file->folder));
    assert_non_null(getcwd(base, sizeof base));
    snprintf(file->path, sizeof file->path, "%s/%s/queues.db", base, file->folder);
    file->config = new_config(file, "messages", QUEUE_ATTEMPTS_MAX, 60000);
    return open_instance(file);
}

static void *open_again(void *arg)
{
    return open_instance(arg);
}

static void close_instance(void *arg, void *self)
{
    struct queue_file *file = arg;
    if (self) { /* a failed test may have closed it already */
        file->unit->destroy(self);
    }
}

static void finish(void *arg)
{
    struct queue_file *file = arg;
    queue_file_remove(queue_file_driver());
    assert_int_equal(rmdir(file->folder), 0);
    free(file->config);
    for (size_t i = 0; i < file->other_count; i++) {
        free(file->others[i]);
    }
    file->other_count = 0;
}

struct conformance_driver *queue_file_driver(void)
{
    static struct queue_file file;
    static struct conformance_driver driver = {
        .open = open_new, .open_again = open_again, .close = close_instance, .finish = finish, .arg = &file};
    if (!file.unit) {
        file.unit = driver.unit = conformance_load("sqlite", PXM_IFACE_QUEUE);
    }
    return &driver;
}

const char *queue_file_path(const struct conformance_driver *driver)
{
    const struct queue_file *file = driver->arg;
    return file->path;
}

void queue_file_remove(const struct conformance_driver *driver)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s%s", queue_file_path(driver), suffixes[i]);
        unlink(path);
    }
}

pxm_status queue_file_open_as(const struct conformance_driver *driver, const char *queue, int64_t max_attempts,
                              int64_t busy_timeout_ms, struct fixture *fixture, void **ret_self)
{
    struct queue_file *file = driver->arg;
    assert_true(file->other_count < OTHERS_MAX);
    void *config = file->others[file->other_count++] = new_config(file, queue, max_attempts, busy_timeout_ms);
    fixture_next(fixture);
    return file->unit->create(conformance_host(), config, ret_self, fixture->error);
}

void queue_file_close_own(struct fixture *fixture)
{
    fixture->driver->close(fixture->driver->arg, fixture->self);
    fixture->self = NULL;
}

void queue_file_open_own(struct fixture *fixture)
{
    fixture->self = fixture->driver->open_again(fixture->driver->arg);
}
