/* pixmill check: parses and checks projects, without running anything. */
#include "cli.h"

#include "base/clock.h"

#include <string.h>

enum { CONNECT_MS = 10000 };

static bool format_of(const struct cli *cli, const struct args *args, enum pxm_diag_format *ret)
{
    static const char *const names[] = {"human", "short", "json", "sarif", "github"};
    static const enum pxm_diag_format formats[] = {PXM_DIAG_HUMAN, PXM_DIAG_SHORT, PXM_DIAG_JSON, PXM_DIAG_SARIF,
                                                   PXM_DIAG_GITHUB};
    const char *name = args_value(args, "format");

    *ret = cli->json ? PXM_DIAG_JSON : PXM_DIAG_HUMAN;
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = formats[i];
            return true;
        }
    }
    if (name) {
        fprintf(stderr, "pixmill check: --format takes human, short, json, sarif or github\n");
    }
    return name == NULL;
}

static void print_summary(const struct pxm_project *project, const struct pxm_diags *diags, int64_t ms)
{
    fprintf(stderr, "%zu pipeline%s ok (profile%s", project->program_count, project->program_count == 1 ? "" : "s",
            project->profile_count == 1 ? "" : "s");
    for (size_t i = 0; i < project->profile_count; i++) {
        fprintf(stderr, "%s %s", i ? "," : "", project->profiles[i].name);
    }
    fprintf(stderr, "), %zu warning%s, %lld ms\n", diags->warnings, diags->warnings == 1 ? "" : "s", (long long)ms);
}

/* One project: diagnostics on standard output in the machine formats, else on standard error. */
static int check_one(const struct cli *cli, const struct args *args, const char *path, enum pxm_diag_format format)
{
    struct cli_project project;
    struct pxm_buf buf;
    int64_t start = pxm_clock_system.monotonic_ms(NULL);
    int code = cli_project_load(args, path, NULL, &project);
    bool data = format == PXM_DIAG_JSON || format == PXM_DIAG_SARIF || format == PXM_DIAG_GITHUB;

    if (code != CLI_OK) {
        return code;
    }
    pxm_buf_init(&buf, CLI_TEXT_MAX);
    pxm_diags_render(&project.diags, format, cli->color, &buf);
    bool written = cli_write(data ? stdout : stderr, &buf);
    bool denied = args_has(args, "deny-warnings") && project.diags.warnings > 0;
    code = cli_exit_of_diags(&project.diags);
    if (code == CLI_OK && (!project.project || denied)) {
        code = CLI_CHECK;
    } else if (code == CLI_OK && !data) {
        print_summary(project.project, &project.diags, pxm_clock_system.monotonic_ms(NULL) - start);
    }
    if (project.diags.errors > 0 && !data) {
        fprintf(stderr, "%zu error%s, %zu warning%s\n", project.diags.errors, project.diags.errors == 1 ? "" : "s",
                project.diags.warnings, project.diags.warnings == 1 ? "" : "s");
    }
    cli_project_done(&project);
    return written ? code : CLI_FAILED;
}

static void tell_resource(void *arg, const struct pxm_resource *resource, pxm_status status, const pxm_error *error)
{
    (void)arg;
    fprintf(stderr, "  %s %s (%s): %s\n", status == PXM_OK ? "ok  " : "FAIL", resource->name, resource->unit->name,
            status == PXM_OK ? "answers" : pxm_error_text(error));
}

/* --connect: what only the world can tell. */
static int connect_one(const struct cli *cli, const struct args *args, const char *path)
{
    struct cli_engine opened;
    int code = cli_engine_open(cli, args, path, NULL, 1, &opened);

    if (code == CLI_OK && pxm_project_connect(opened.handle, CONNECT_MS, tell_resource, NULL) > 0) {
        code = CLI_FAILED;
    }
    cli_engine_done(&opened);
    return code;
}

int verb_check(struct cli *cli, const struct args *args)
{
    enum pxm_diag_format format = PXM_DIAG_HUMAN;
    int worst = CLI_OK;

    if (!format_of(cli, args, &format)) {
        return CLI_USAGE;
    }
    for (size_t i = 0; i < args->count || i == 0; i++) {
        const char *path = args->count > 0 ? args->words[i] : NULL;
        int code = check_one(cli, args, path, format);
        if (code == CLI_OK && args_has(args, "connect")) {
            code = connect_one(cli, args, path);
        }
        if (code > worst) {
            worst = code;
        }
    }
    return worst;
}
