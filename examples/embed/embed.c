/* A program with pixmill inside: makes a thumbnail of one picture.   embed PIPELINE.yaml PHOTO WIDTH OUT.webp */
#include <pixmill/pixmill.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char *what, pxm_error *error)
{
    fprintf(stderr, "%s: %s\n", what, pxm_error_text(error));
    pxm_error_free(error);
    return EXIT_FAILURE;
}

static int save(const char *path, const void *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    int written = file && fwrite(data, 1, length, file) == length;

    if (!file || fclose(file) != 0 || !written) {
        perror(path);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int thumbnail(pxm_engine *engine, char **argv)
{
    const struct pxm_project_options options = {.struct_size = sizeof options, .path = argv[1]};
    const struct pxm_input_value inputs[] = {{.name = "file", .path = argv[2]}, {.name = "width", .text = argv[3]}};
    const struct pxm_run_options job = {
        .struct_size = sizeof job, .deadline_ms = 10000, .inputs = inputs, .input_count = 2};
    pxm_project_handle *project = NULL;
    pxm_run *run = NULL;
    pxm_error *error = NULL;
    const char *media = NULL;
    size_t length = 0;

    if (pxm_project_open(engine, &options, &project, NULL, &error) < 0) {
        return failed("project", error); /* "thumbnail.yaml:7:12: error[E102]: unknown option ..." */
    }
    int result = EXIT_FAILURE;
    if (pxm_submit(pxm_project_pipeline(project, "thumbnail"), &job, &run, &error) < 0) {
        result = failed("input", error);
    } else if (pxm_run_wait(run, -1) && pxm_run_status(run) < 0) {
        fprintf(stderr, "run: %s\n", pxm_error_text(pxm_run_error(run)));
    } else {
        const void *data = pxm_run_result_data(run, &length, &media);
        printf("%zu bytes of %s\n", length, media);
        result = save(argv[4], data, length);
    }
    pxm_run_free(run);
    pxm_project_close(project);
    return result;
}

int main(int argc, char **argv)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 2};
    pxm_engine *engine = NULL;
    pxm_error *error = NULL;

    if (argc != 5) {
        fprintf(stderr, "usage: embed PIPELINE.yaml PHOTO WIDTH OUT.webp\n");
        return EXIT_FAILURE;
    }
    if (pxm_engine_new(&options, &engine, &error) < 0) {
        return failed("engine", error);
    }
    int result = thumbnail(engine, argv);
    pxm_engine_free(engine);
    return result;
}
