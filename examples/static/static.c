/* A program with pixmill and the plugin of examples/plugin inside: no module is opened.   static PIPELINE.yaml FILE */
#include <pixmill/pixmill.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char *what, pxm_error *error)
{
    fprintf(stderr, "%s: %s\n", what, pxm_error_text(error));
    pxm_error_free(error);
    return EXIT_FAILURE;
}

static int run(pxm_engine *engine, char **argv)
{
    const struct pxm_project_options options = {.struct_size = sizeof options, .path = argv[1]};
    const struct pxm_input_value file = {.name = "file", .path = argv[2]};
    const struct pxm_run_options job = {.struct_size = sizeof job, .inputs = &file, .input_count = 1};
    pxm_project_handle *project = NULL;
    pxm_run *run = NULL;
    pxm_error *error = NULL;

    /* The table is linked in; a plugin in it is started when the project names it. */
    if (pxm_engine_add_builtins(engine, pxm_static_plugins, &error) < 0) {
        return failed("plugins", error);
    }
    if (pxm_project_open(engine, &options, &project, NULL, &error) < 0) {
        return failed("project", error);
    }
    int result = EXIT_FAILURE;
    if (pxm_submit(pxm_project_pipeline(project, "stats"), &job, &run, &error) < 0) {
        result = failed("input", error);
    } else if (pxm_run_wait(run, -1) && pxm_run_status(run) < 0) {
        fprintf(stderr, "run: %s\n", pxm_error_text(pxm_run_error(run)));
    } else {
        puts(pxm_run_result_json(run));
        result = EXIT_SUCCESS;
    }
    pxm_run_free(run);
    pxm_project_close(project);
    return result;
}

int main(int argc, char **argv)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 1};
    pxm_engine *engine = NULL;
    pxm_error *error = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: static PIPELINE.yaml FILE\n");
        return EXIT_FAILURE;
    }
    if (pxm_engine_new(&options, &engine, &error) < 0) {
        return failed("engine", error);
    }
    int result = run(engine, argv);
    pxm_engine_free(engine);
    return result;
}
