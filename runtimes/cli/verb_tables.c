/* pixmill tables: makes the tables that the profile names, where they are missing. */
#include "cli.h"

#include "base/error.h"
#include "base/value.h"

#include <string.h>

enum { PREPARE_MS = 600000 };

static bool is_chosen(const struct pxm_resource *resource, const char *name)
{
    return resource->kind == PXM_RESOURCE_TABLE && (!name || strcmp(resource->name, name) == 0);
}

/* One table's outcome as a record; NULL: out of memory. */
static pxm_value *outcome_of(const struct pxm_resource *table, const pxm_value *fields, const pxm_error *error)
{
    const pxm_value *made = pxm_value_get(fields, "made");
    pxm_value *outcome = pxm_value_record();

    pxm_value_set(outcome, "table", pxm_value_cstring(table->name));
    pxm_value_set(outcome, "driver", pxm_value_cstring(table->unit->name));
    pxm_value_set(outcome, "made", made ? pxm_value_ref(made) : pxm_value_list());
    if (error->status != PXM_OK) {
        pxm_value *failure = pxm_value_record();
        pxm_value_set(failure, "code", pxm_value_cstring(error->code));
        pxm_value_set(failure, "message", pxm_value_cstring(pxm_error_text(error)));
        pxm_value_set(outcome, "error", failure);
    }
    return outcome;
}

static void tell(const struct cli *cli, const struct pxm_resource *table, const pxm_value *fields,
                 const pxm_error *error)
{
    const pxm_value *made = pxm_value_get(fields, "made");

    if (error->status != PXM_OK) {
        cli_print_error(cli, error);
        return;
    }
    printf("%s (%s): ", table->name, table->unit->name);
    for (size_t i = 0; made && i < pxm_value_count(made); i++) {
        printf("%s%s", i > 0 ? ", " : "made ", pxm_value_as_string(pxm_value_at(made, i), NULL));
    }
    puts(made && pxm_value_count(made) > 0 ? "" : "nothing to do");
}

/* Makes one; adds its outcome to `all` where there is one. The exit code. */
static int create_one(const struct cli *cli, pxm_project_handle *handle, const struct pxm_resource *table,
                      pxm_value *all)
{
    pxm_error error = {0};
    pxm_value *fields = pxm_value_record();
    pxm_status status =
        fields ? pxm_project_prepare(handle, table, PREPARE_MS, fields, &error) : pxm_error_no_memory(&error);

    if (all) {
        pxm_value_append(all, outcome_of(table, fields, &error));
    } else {
        tell(cli, table, fields, &error);
    }
    pxm_value_unref(fields);
    return status == PXM_OK ? CLI_OK : cli_exit_of(&error);
}

static int create_all(const struct cli *cli, pxm_project_handle *handle, const char *name)
{
    const struct pxm_profile *profile = handle->profile;
    pxm_value *all = cli->json ? pxm_value_list() : NULL;
    int code = CLI_OK;
    size_t count = 0;

    for (size_t i = 0; i < profile->resource_count; i++) {
        if (is_chosen(&profile->resources[i], name)) {
            int one = create_one(cli, handle, &profile->resources[i], all);
            code = code == CLI_OK ? one : code;
            count++;
        }
    }
    if (name && count == 0) {
        fprintf(stderr, "pixmill tables: the profile %s has no table \"%s\"\n", profile->name, name);
        code = CLI_USAGE;
    } else if (cli->json && (!all || !cli_print_json(all, 2))) {
        code = CLI_FAILED;
    }
    pxm_value_unref(all);
    return code;
}

int verb_tables(struct cli *cli, const struct args *args)
{
    struct cli_engine opened;

    if (strcmp(args->words[0], "create") != 0) {
        fprintf(stderr, "pixmill tables: there is only `pixmill tables create [TABLE]`\n");
        return CLI_USAGE;
    }
    int code = cli_engine_open(cli, args, NULL, NULL, 1, &opened);
    if (code == CLI_OK) {
        code = create_all(cli, opened.handle, args->count > 1 ? args->words[1] : NULL);
    }
    cli_engine_done(&opened);
    return code;
}
