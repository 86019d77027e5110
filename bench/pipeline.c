/* The same work as bench/loop.c by pixmill, through the embedding API.
 *
 *   bench-pipeline PROJECT PIPELINE COUNT WORKERS FILE... */
#include <pixmill/pixmill.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MAX = 128, FILES_MAX = 64 };

static struct {
    char *data;
    size_t length;
} files[FILES_MAX];

static int failed(const char *what, pxm_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error ? pxm_error_text(error) : "failed");
    pxm_error_free(error);
    return 1;
}

static int read_file(const char *path, char **ret, size_t *ret_length)
{
    FILE *in = fopen(path, "rb");
    long length = -1;

    if (in && fseek(in, 0, SEEK_END) == 0) {
        length = ftell(in);
        rewind(in);
    }
    char *data = length > 0 ? malloc((size_t)length) : NULL;
    int fine = data && fread(data, 1, (size_t)length, in) == (size_t)length;
    if (in) {
        fclose(in);
    }
    *ret = data;
    *ret_length = fine ? (size_t)length : 0;
    return fine ? 0 : -1;
}

static int settle(pxm_run *run)
{
    pxm_run_wait(run, -1);
    int code = pxm_run_status(run) == PXM_OK ? 0 : 1;
    if (code) {
        fprintf(stderr, "%s\n", pxm_error_text(pxm_run_error(run)));
    }
    pxm_run_free(run);
    return code;
}

/* Twice as many runs as workers are in flight, so that none of them waits. */
static int work(pxm_pipeline *pipeline, int count, int workers, int file_count)
{
    pxm_run *window[WINDOW_MAX] = {0};
    int size = 2 * workers < WINDOW_MAX ? 2 * workers : WINDOW_MAX;
    int code = 0;

    for (int i = 0; i < count + size && code == 0; i++) {
        pxm_run **slot = &window[i % size];
        if (*slot) {
            code = settle(*slot);
            *slot = NULL;
        }
        if (i < count && code == 0) {
            pxm_error *error = NULL;
            const struct pxm_input_value file = {
                .name = "file", .data = files[i % file_count].data, .length = files[i % file_count].length};
            const struct pxm_run_options options = {
                .struct_size = sizeof options, .inputs = &file, .input_count = file_count > 0};
            if (pxm_submit(pipeline, &options, slot, &error) != PXM_OK) {
                code = failed("submit", error);
            }
        }
    }
    for (int i = 0; i < size; i++) {
        pxm_run_free(window[i]);
    }
    return code;
}

int main(int argc, char **argv)
{
    pxm_engine *engine = NULL;
    pxm_project_handle *project = NULL;
    pxm_error *error = NULL;
    int file_count = 0;

    if (argc < 5) {
        fprintf(stderr, "usage: bench-pipeline PROJECT PIPELINE COUNT WORKERS FILE...\n");
        return 2;
    }
    for (int i = 5; i < argc && file_count < FILES_MAX; i++, file_count++) {
        if (read_file(argv[i], &files[file_count].data, &files[file_count].length) != 0) {
            fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 1;
        }
    }
    const int workers = (int)strtol(argv[4], NULL, 10);
    const struct pxm_engine_options engine_options = {
        .struct_size = sizeof engine_options,
        .workers = (uint32_t)workers,
        .limits = {.struct_size = sizeof engine_options.limits, .bytes = 100 << 20, .pixels = 100000000}};
    if (pxm_engine_new(&engine_options, &engine, &error) != PXM_OK) {
        return failed("engine", error);
    }
    const struct pxm_project_options project_options = {.struct_size = sizeof project_options, .path = argv[1]};
    if (pxm_project_open(engine, &project_options, &project, NULL, &error) != PXM_OK) {
        return failed("project", error);
    }
    pxm_pipeline *pipeline = pxm_project_pipeline(project, argv[2]);
    int code = pipeline ? work(pipeline, (int)strtol(argv[3], NULL, 10), workers, file_count) : 2;
    pxm_project_close(project);
    pxm_engine_free(engine);
    for (int i = 0; i < file_count; i++) {
        free(files[i].data);
    }
    return code;
}
