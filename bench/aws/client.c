/* Measures the drivers s3 and dynamodb without anything around them: one client, one thread.
 *
 *   bench-aws-client PROJECT OPERATION COUNT [FILE]   OPERATION: put, put-known, get, record, lookup, query, prepare
 *
 * One operation goes before what is measured. `put` reads FILE as a file of which nothing is known; `put-known` as one
 * whose SHA-256 somebody has computed, as those that the daemon takes in. Prints CPU and wall time of an operation in
 * ms, and how much more memory the process had at its peak than before the first one, in MiB. */
#include "base/blob.h"
#include "base/error.h"
#include "base/job.h"
#include "base/stream.h"
#include "base/value.h"
#include "engine/project_handle.h"

#include <pixmill/pixmill.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 << 10, KEY_TEXT = 64, PAGE = 20 };

struct bench {
    struct pxm_instance *store, *table;
    pxm_job job;
    pxm_error error;
    const char *file;
    char key[KEY_TEXT]; /* of the object, or the item */
    uint8_t digest[32];
    bool is_known;
};

static double ms_of(struct timeval time)
{
    return 1e3 * (double)time.tv_sec + (double)time.tv_usec / 1e3;
}

static double cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
}

static double wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + (double)now.tv_nsec / 1e6;
}

/* A field of /proc/self/status, in MiB. */
static double memory_mib(const char *field)
{
    char line[256];
    double kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, field, strlen(field)) == 0) {
            kib = strtod(line + strlen(field) + 1, NULL);
        }
    }
    if (file) {
        fclose(file);
    }
    return kib / 1024;
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static pxm_status put(struct bench *bench)
{
    pxm_blob *blob = NULL;
    pxm_status status = pxm_blob_open(bench->file, INT64_MAX, &blob, &bench->error);
    if (status != PXM_OK) {
        return status;
    }
    if (bench->is_known) {
        pxm_blob_set_sha256(blob, bench->digest);
    }
    pxm_value *fields = pxm_value_record();
    pxm_stream *body = pxm_stream_of_blob(blob);
    const struct pxm_put put = {.struct_size = sizeof put, .key = bench->key, .body = body};
    status = bench->store->ops.storage.put(bench->store->self, &bench->job, &put, fields, &bench->error);
    pxm_stream_close(body);
    pxm_blob_unref(blob);
    pxm_value_unref(fields);
    return status;
}

static pxm_status get(struct bench *bench)
{
    static char chunk[CHUNK];
    const struct pxm_get get = {.struct_size = sizeof get, .key = bench->key, .length = -1};
    pxm_value *fields = pxm_value_record();
    pxm_stream *body = NULL;
    pxm_status status =
        bench->store->ops.storage.get(bench->store->self, &bench->job, &get, &body, fields, &bench->error);
    int64_t count = 1;
    while (status == PXM_OK && count > 0) {
        count = pxm_stream_read(body, chunk, sizeof chunk, &bench->error);
        status = count < 0 ? (pxm_status)count : PXM_OK;
    }
    pxm_stream_close(body);
    pxm_value_unref(fields);
    return status;
}

static pxm_status record(struct bench *bench)
{
    static int number;
    char key[2 * KEY_TEXT];
    pxm_value *fields = pxm_value_record(), *set = pxm_value_record();
    snprintf(key, sizeof key, "%s-%ld-%d-%d", bench->key, (long)time(NULL), (int)getpid(), number++);
    pxm_value_set(set, "name", pxm_value_cstring("a photo of the harbour.jpg"));
    pxm_value_set(set, "bytes", pxm_value_int(4194304));
    pxm_value_set(set, "status", pxm_value_cstring("ready"));
    const struct pxm_record record = {
        .struct_size = sizeof record, .flags = PXM_RECORD_IF_ABSENT, .key = key, .set = set};
    pxm_status status =
        bench->table->ops.metadata.record(bench->table->self, &bench->job, &record, fields, &bench->error);
    pxm_value_unref(set);
    pxm_value_unref(fields);
    return status;
}

static pxm_status lookup(struct bench *bench)
{
    pxm_value *fields = pxm_value_record();
    pxm_status status =
        bench->table->ops.metadata.lookup(bench->table->self, &bench->job, "known", fields, &bench->error);
    pxm_value_unref(fields);
    return status;
}

static pxm_status query(struct bench *bench)
{
    const struct pxm_query query = {.struct_size = sizeof query, .limit = PAGE};
    pxm_value *fields = pxm_value_record();
    pxm_status status =
        bench->table->ops.metadata.query(bench->table->self, &bench->job, &query, fields, &bench->error);
    pxm_value_unref(fields);
    return status;
}

/* The table, with an item to look up. */
static pxm_status prepare(struct bench *bench)
{
    pxm_value *fields = pxm_value_record(), *set = pxm_value_record();
    const struct pxm_record record = {.struct_size = sizeof record, .key = "known", .set = set};
    pxm_value_set(set, "name", pxm_value_cstring("a photo of the harbour.jpg"));
    pxm_status status = bench->table->ops.metadata.prepare(bench->table->self, &bench->job, fields, &bench->error);
    if (status == PXM_OK) {
        status = bench->table->ops.metadata.record(bench->table->self, &bench->job, &record, fields, &bench->error);
    }
    pxm_value_unref(set);
    pxm_value_unref(fields);
    return status;
}

static const struct {
    const char *name;
    pxm_status (*run)(struct bench *);
} operations[] = {
    {"put", put},       {"put-known", put}, {"get", get},         {"record", record},
    {"lookup", lookup}, {"query", query},   {"prepare", prepare},
};

/* ---- measuring --------------------------------------------------------------------------------------------------- */

static pxm_status know(struct bench *bench)
{
    pxm_blob *blob = NULL;
    pxm_status status = pxm_blob_open(bench->file, INT64_MAX, &blob, &bench->error);
    const uint8_t *digest = status == PXM_OK ? pxm_blob_sha256(blob) : NULL;
    if (digest) {
        memcpy(bench->digest, digest, sizeof bench->digest);
        bench->is_known = true;
    }
    pxm_blob_unref(blob);
    return status;
}

static pxm_status measure(struct bench *bench, pxm_status (*run)(struct bench *), int count)
{
    double before_mib = memory_mib("VmRSS:");
    pxm_status status = run(bench);
    double before_cpu = cpu_ms(), before_wall = wall_ms();
    for (int i = 0; i < count && status == PXM_OK; i++) {
        status = run(bench);
    }
    if (status == PXM_OK && count > 0) {
        printf("%.3f %.3f %.1f\n", (cpu_ms() - before_cpu) / count, (wall_ms() - before_wall) / count,
               memory_mib("VmHWM:") - before_mib);
    }
    return status;
}

static int failed(const char *what, const pxm_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error ? error->text : "failed");
    return EXIT_FAILURE;
}

static int run_in(pxm_project_handle *project, int argc, char **argv)
{
    static struct bench bench;
    pxm_status status = PXM_OK;

    bench.store = pxm_project_instance(project, PXM_RESOURCE_STORE, "bucket");
    bench.table = pxm_project_instance(project, PXM_RESOURCE_TABLE, "table");
    bench.job = (pxm_job){.id = "bench", .clock = &pxm_clock_system, .deadline_ms = INT64_MAX};
    pxm_limits_default(&bench.job.limits);
    bench.file = argc > 4 ? argv[4] : "";
    const char *name = strrchr(bench.file, '/');
    snprintf(bench.key, sizeof bench.key, "%s", name ? name + 1 : "item");
    if (strcmp(argv[2], "put-known") == 0) {
        status = know(&bench);
    }
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (status == PXM_OK && strcmp(operations[i].name, argv[2]) == 0) {
            status = measure(&bench, operations[i].run, (int)strtol(argv[3], NULL, 10));
            return status == PXM_OK ? EXIT_SUCCESS : failed(argv[2], &bench.error);
        }
    }
    return failed(argv[2], status == PXM_OK ? NULL : &bench.error);
}

int main(int argc, char **argv)
{
    pxm_engine *engine = NULL;
    pxm_project_handle *project = NULL;
    pxm_error *error = NULL;

    if (argc < 4) {
        fprintf(stderr, "usage: bench-aws-client PROJECT OPERATION COUNT [FILE]\n");
        return 2;
    }
    const struct pxm_engine_options engine_options = {.struct_size = sizeof engine_options, .workers = 1};
    const struct pxm_project_options project_options = {.struct_size = sizeof project_options, .path = argv[1]};
    if (pxm_engine_new(&engine_options, &engine, &error) != PXM_OK ||
        pxm_project_open(engine, &project_options, &project, NULL, &error) != PXM_OK) {
        return failed("project", error);
    }
    int code = run_in(project, argc, argv);
    pxm_project_close(project);
    pxm_engine_free(engine);
    return code;
}
