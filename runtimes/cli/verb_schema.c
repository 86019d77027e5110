/* pixmill schema: JSON Schemas of the files that people write, for their editors. */
#include "cli.h"

#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "lang/program/schema.h"
#include "testing/test_schema.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    pxm_value *(*make)(const struct pxm_catalog *catalog);
} schemas[] = {{"project", pxm_schema_project}, {"pipeline", pxm_schema_pipeline}, {"test", test_schema}};

static bool write_schema(const char *folder, const char *name, const pxm_value *schema)
{
    char path[4096];
    struct pxm_buf buf;
    struct pxm_error error = {0};
    int length = snprintf(path, sizeof path, "%s/%s.schema.json", folder, name);
    FILE *out = length > 0 && (size_t)length < sizeof path ? fopen(path, "we") : NULL;

    if (!out) {
        fprintf(stderr, "pixmill schema: %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    pxm_buf_init(&buf, CLI_TEXT_MAX);
    bool fine = pxm_json_write(&buf, schema, 2, 0, &error) == PXM_OK && pxm_buf_putc(&buf, '\n') == PXM_OK;
    fine = cli_write(out, &buf) && fine;
    fine = fclose(out) == 0 && fine;
    if (fine) {
        fprintf(stderr, "%s\n", path);
    }
    return fine;
}

static bool give(const char *folder, const char *name, const pxm_value *schema)
{
    if (!schema) {
        fprintf(stderr, "pixmill schema: out of memory\n");
        return false;
    }
    return folder ? write_schema(folder, name, schema) : cli_print_json(schema, 2);
}

int verb_schema(struct cli *cli, const struct args *args)
{
    const char *folder = args_value(args, "out");
    const char *which = args->count > 0 ? args->words[0] : NULL;
    struct cli_project project;
    bool found = false;
    bool fine = true;

    (void)cli;
    if (!folder && !which) {
        fprintf(stderr, "pixmill schema: name one (project, pipeline or test), or write all with --out FOLDER\n");
        return CLI_USAGE;
    }
    if (folder && mkdir(folder, 0777) < 0 && errno != EEXIST) {
        fprintf(stderr, "pixmill schema: %s: %s\n", folder, strerrordesc_np(errno));
        return CLI_FAILED;
    }
    int code = cli_catalog_load(&project);
    if (code != CLI_OK) {
        return code;
    }
    cli_load_all(&project);
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        if (!which || strcmp(which, schemas[i].name) == 0) {
            pxm_value *schema = schemas[i].make(&project.catalog);
            found = true;
            fine = give(folder, schemas[i].name, schema) && fine;
            pxm_value_unref(schema);
        }
    }
    cli_project_done(&project);
    if (!found) {
        fprintf(stderr, "pixmill schema: there is no schema `%s`; project, pipeline or test?\n", which);
        return CLI_USAGE;
    }
    return fine ? CLI_OK : CLI_FAILED;
}
