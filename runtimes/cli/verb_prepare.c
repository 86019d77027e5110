/* pixmill tables, pixmill queues: make what the profile names, where it is missing. */
#include "cli.h"

#include "base/error.h"
#include "base/value.h"

#include <string.h>

enum { PREPARE_MS = 600000 };

struct kind {
    enum pxm_resource_kind kind;
    const char *noun, *argument;
    bool compares; /* it tells what was there, and how that differs */
};

struct preparing {
    const struct cli *cli;
    const struct kind *kind;
    pxm_value *all; /* outcomes, for JSON; NULL: they are told as text */
    int code;       /* the first that is no success */
};

/* ---- as JSON ----------------------------------------------------------------------------------------------------- */

static void add_list(pxm_value *outcome, const pxm_value *fields, const char *name)
{
    const pxm_value *list = pxm_value_get(fields, name);

    pxm_value_set(outcome, name, list ? pxm_value_ref(list) : pxm_value_list());
}

/* One outcome as a record; NULL: out of memory. */
static pxm_value *outcome_of(const struct kind *kind, const struct pxm_resource *resource, const pxm_value *fields,
                             const pxm_error *error)
{
    pxm_value *outcome = pxm_value_record();

    pxm_value_set(outcome, kind->noun, pxm_value_cstring(resource->name));
    pxm_value_set(outcome, "driver", pxm_value_cstring(resource->unit->name));
    add_list(outcome, fields, "made");
    if (kind->compares) {
        add_list(outcome, fields, "there");
        add_list(outcome, fields, "differs");
    }
    if (error->status != PXM_OK) {
        pxm_value *failure = pxm_value_record();
        pxm_value_set(failure, "code", pxm_value_cstring(error->code));
        pxm_value_set(failure, "message", pxm_value_cstring(pxm_error_text(error)));
        pxm_value_set(outcome, "error", failure);
    }
    return outcome;
}

/* ---- as text ----------------------------------------------------------------------------------------------------- */

static void print_joined(const char *before, const pxm_value *list)
{
    for (size_t i = 0; i < pxm_value_count(list); i++) {
        fputs(i > 0 ? ", " : before, stdout);
        cli_print_text(stdout, pxm_value_as_string(pxm_value_at(list, i), NULL));
    }
}

static void tell(const struct cli *cli, const struct pxm_resource *resource, const pxm_value *fields,
                 const pxm_error *error)
{
    const pxm_value *made = pxm_value_get(fields, "made"), *differs = pxm_value_get(fields, "differs");

    if (error->status != PXM_OK) {
        cli_print_error(cli, error);
        return;
    }
    printf("%s (%s): ", resource->name, resource->unit->name);
    print_joined("made ", made);
    fputs(pxm_value_count(made) > 0 ? "" : "nothing to do", stdout);
    print_joined("; there: ", pxm_value_get(fields, "there"));
    puts("");
    for (size_t i = 0; i < pxm_value_count(differs); i++) {
        fputs("  differs: ", stdout);
        cli_print_text(stdout, pxm_value_as_string(pxm_value_at(differs, i), NULL));
        puts("");
    }
}

/* ---- all of a kind ----------------------------------------------------------------------------------------------- */

static void on_prepared(void *arg, const struct pxm_resource *resource, const pxm_value *fields, const pxm_error *error)
{
    struct preparing *preparing = arg;

    if (preparing->all) {
        pxm_value_append(preparing->all, outcome_of(preparing->kind, resource, fields, error));
    } else {
        tell(preparing->cli, resource, fields, error);
    }
    if (error->status != PXM_OK && preparing->code == CLI_OK) {
        preparing->code = cli_exit_of(error);
    }
}

static int create_all(const struct cli *cli, const struct kind *kind, pxm_project_handle *handle, const char *name)
{
    const char *profile = handle->profile->name;
    struct preparing preparing = {.cli = cli, .kind = kind, .all = cli->json ? pxm_value_list() : NULL, .code = CLI_OK};

    if (cli->json && !preparing.all) {
        fprintf(stderr, "pixmill: out of memory\n");
        return CLI_FAILED;
    }
    size_t count = pxm_project_prepare(handle, kind->kind, name, PREPARE_MS, on_prepared, &preparing);
    if (count == 0 && name) {
        fprintf(stderr, "pixmill %ss: the profile %s has no %s \"%s\"\n", kind->noun, profile, kind->noun, name);
        preparing.code = CLI_USAGE;
    } else if (cli->json) {
        preparing.code = cli_print_json(preparing.all, 2) ? preparing.code : CLI_FAILED;
    } else if (count == 0) {
        printf("the profile %s has no %ss\n", profile, kind->noun);
    }
    pxm_value_unref(preparing.all);
    return preparing.code;
}

static int create(struct cli *cli, const struct args *args, const struct kind *kind)
{
    struct cli_engine opened;

    if (strcmp(args->words[0], "create") != 0) {
        fprintf(stderr, "pixmill %ss: there is only `pixmill %ss create [%s]`\n", kind->noun, kind->noun,
                kind->argument);
        return CLI_USAGE;
    }
    int code = cli_engine_open(cli, args, NULL, NULL, 1, &opened);
    if (code == CLI_OK) {
        code = create_all(cli, kind, opened.handle, args->count > 1 ? args->words[1] : NULL);
    }
    cli_engine_done(&opened);
    return code;
}

int verb_tables(struct cli *cli, const struct args *args)
{
    static const struct kind tables = {.kind = PXM_RESOURCE_TABLE, .noun = "table", .argument = "TABLE"};

    return create(cli, args, &tables);
}

int verb_queues(struct cli *cli, const struct args *args)
{
    static const struct kind queues = {
        .kind = PXM_RESOURCE_QUEUE, .noun = "queue", .argument = "QUEUE", .compares = true};

    return create(cli, args, &queues);
}
