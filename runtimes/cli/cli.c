/* What verbs share. */
#include "cli.h"

#include "base/error.h"
#include "base/job.h"
#include "base/json.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST "cli" /* the name of the command line among `hosts:` */
enum { PROJECT_BYTES_MAX = 64 << 20 };

int cli_exit_of(const pxm_error *error)
{
    if (strncmp(pxm_error_code(error), "plugin.", 7) == 0) {
        return CLI_PLUGIN;
    }
    return pxm_error_is_transient(error) ? CLI_TRANSIENT : CLI_FAILED;
}

int cli_exit_of_diags(const struct pxm_diags *diags)
{
    bool broken = diags->count > 0;

    if (diags->errors == 0 && !diags->no_memory) {
        return CLI_OK;
    }
    for (size_t i = 0; i < diags->count; i++) {
        const struct pxm_diag *diag = diags->items[i];
        broken = broken && (diag->severity != PXM_SEVERITY_ERROR || strcmp(diag->code, "E401") == 0);
    }
    return broken ? CLI_PLUGIN : CLI_CHECK;
}

void cli_print_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        bool control = (unsigned char)*text < ' ' || *text == 0x7f;
        fputc(control && *text != '\n' ? '?' : *text, out);
    }
}

void cli_print_error(const struct cli *cli, const pxm_error *error)
{
    fprintf(stderr, "%serror[%s]%s: ", cli->color ? "\033[1;31m" : "", pxm_error_code(error),
            cli->color ? "\033[0m" : "");
    cli_print_text(stderr, pxm_error_text(error));
    fputc('\n', stderr);
    if (error->origin[0] && strcmp(error->origin, error->step) != 0) {
        fprintf(stderr, "  = step `%s` is to blame: pictures are decoded when somebody needs their pixels\n",
                error->origin);
    }
    for (size_t i = 0; i < error->note_count; i++) {
        fprintf(stderr, "  = %s: ", error->notes[i].key);
        cli_print_text(stderr, error->notes[i].value);
        fputc('\n', stderr);
    }
    fprintf(stderr, "  = %s\n", pxm_error_is_transient(error) ? "repeating may help" : "repeating will not help");
}

bool cli_write(FILE *out, struct pxm_buf *buf)
{
    bool fine = buf->status == PXM_OK && fwrite(buf->data, 1, buf->length, out) == buf->length && fflush(out) == 0;

    if (!fine) {
        fprintf(stderr, "pixmill: the output could not be written: %s\n",
                buf->status == PXM_OK ? strerrordesc_np(errno) : "out of memory");
    }
    pxm_buf_done(buf);
    return fine;
}

bool cli_print_json(const pxm_value *value, int indent)
{
    struct pxm_buf buf;
    struct pxm_error error = {0};

    pxm_buf_init(&buf, CLI_TEXT_MAX);
    if (!value || pxm_json_write(&buf, value, indent, 1, &error) != PXM_OK) {
        fprintf(stderr, "pixmill: %s\n", value ? error.text : "out of memory");
        pxm_buf_done(&buf);
        return false;
    }
    pxm_buf_putc(&buf, '\n');
    return cli_write(stdout, &buf);
}

int cli_catalog_load(struct cli_project *ret)
{
    struct pxm_error error = {0};

    *ret = (struct cli_project){.arena = pxm_arena_new(PROJECT_BYTES_MAX)};
    if (!ret->arena) {
        fprintf(stderr, "pixmill: out of memory\n");
        return CLI_FAILED;
    }
    pxm_diags_init(&ret->diags, ret->arena);
    if (pxm_registry_new(NULL, &ret->registry, &error) != PXM_OK) {
        fprintf(stderr, "pixmill: %s\n", error.text);
        cli_project_done(ret);
        return CLI_FAILED;
    }
    ret->catalog = pxm_registry_catalog(ret->registry);
    return CLI_OK;
}

int cli_project_load(const struct args *args, const char *path, const char *text, struct cli_project *ret)
{
    int code = cli_catalog_load(ret);

    if (code == CLI_OK) {
        const struct pxm_load_options options = {
            .path = path ? path : args_value(args, "project"), .text = text, .catalog = &ret->catalog};
        ret->project = pxm_project_parse(&options, &ret->diags);
    }
    return code;
}

void cli_load_all(struct cli_project *project)
{
    char **names = NULL;
    size_t count = 0;
    struct pxm_error error = {0};

    if (pxm_registry_names(project->registry, &names, &count, &error) != PXM_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct pxm_plugin_info info;
        (void)pxm_registry_plugin(project->registry, names[i], &info);
        free(names[i]);
    }
    free(names);
}

void cli_project_done(struct cli_project *project)
{
    pxm_arena_free(project->arena);
    pxm_registry_free(project->registry);
    *project = (struct cli_project){0};
}

int cli_project_report(const struct cli *cli, const struct cli_project *project)
{
    struct pxm_buf buf;

    if (project->diags.count > 0 || project->diags.no_memory) {
        pxm_buf_init(&buf, CLI_TEXT_MAX);
        pxm_diags_render(&project->diags, cli->json ? PXM_DIAG_JSON : PXM_DIAG_HUMAN, cli->color, &buf);
        cli_write(stderr, &buf);
    }
    int code = cli_exit_of_diags(&project->diags);
    return code == CLI_OK && !project->project ? CLI_CHECK : code;
}

int cli_report_open(const struct cli *cli, const struct pxm_diags *diags, const pxm_error *error)
{
    struct pxm_buf buf;

    pxm_buf_init(&buf, CLI_TEXT_MAX);
    pxm_diags_render(diags, PXM_DIAG_HUMAN, cli->color, &buf);
    cli_write(stderr, &buf);
    if (error->status == PXM_OK) {
        return CLI_OK;
    }
    if (diags->errors == 0) {
        cli_print_error(cli, error);
    } else if (pxm_error_is_transient(error)) {
        fprintf(stderr, "  = repeating may help\n");
    }
    return strcmp(error->code, "project.invalid") == 0 ? cli_exit_of_diags(diags) : cli_exit_of(error);
}

/* False, and told: it has errors. Its diagnostics go on to what opens it. */
static bool load_for_engine(const struct cli *cli, const struct args *args, const char *path, const char *text,
                            struct cli_project *loaded, int *ret_code)
{
    struct pxm_error error = {0};

    *ret_code = cli_project_load(args, path, text, loaded);
    if (*ret_code != CLI_OK || (loaded->project && loaded->diags.errors == 0)) {
        return *ret_code == CLI_OK;
    }
    pxm_error_set(&error, PXM_E_INVALID, "project.invalid", "the project has errors");
    *ret_code = cli_report_open(cli, &loaded->diags, &error);
    return false;
}

/* The command line and the environment go before what the project says. */
static const char *profile_of(const struct args *args, const struct pxm_host_entry *host)
{
    const char *given = args_value(args, "profile"), *named = secure_getenv("PIXMILL_PROFILE");

    return given || (named && named[0] != '\0') || !host ? given : host->profile;
}

static long workers_of(long given, const struct pxm_host_entry *host)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (given > 0) {
        return given;
    }
    return host && host->workers != PXM_UNSET_INT ? (long)host->workers : processors > 0 ? processors : 1;
}

static pxm_status make_engine(const struct cli_project *loaded, const struct pxm_host_entry *host,
                              struct cli_engine *ret, pxm_error *error)
{
    const struct pxm_engine_parts parts = {.registry = loaded->registry};
    struct pxm_engine_options options = {.struct_size = sizeof options, .workers = (uint32_t)ret->workers};

    pxm_limits_default(&options.limits);
    pxm_host_limits(host, &options.limits, &options.time_ms);
    return pxm_engine_create(&options, &parts, &ret->engine, error);
}

int cli_engine_open(const struct cli *cli, const struct args *args, const char *path, const char *text, long workers,
                    struct cli_engine *ret)
{
    struct cli_project loaded;
    struct pxm_error error = {0};
    int code = CLI_OK;

    *ret = (struct cli_engine){0};
    if (!load_for_engine(cli, args, path, text, &loaded, &code)) {
        cli_project_done(&loaded);
        return code;
    }
    const struct pxm_host_entry *host = pxm_project_host(loaded.project, HOST);
    const struct pxm_open_options options = {.profile = profile_of(args, host), .project = loaded.project};
    ret->workers = workers_of(workers, host);
    pxm_status status = make_engine(&loaded, host, ret, &error);
    ret->registry = loaded.registry;
    loaded.registry = NULL;
    if (status != PXM_OK) {
        fprintf(stderr, "pixmill: %s\n", error.text);
        cli_project_done(&loaded);
        return CLI_FAILED;
    }
    status = pxm_project_handle_open(ret->engine, &options, &loaded.diags, &ret->handle, &error);
    code = cli_report_open(cli, &loaded.diags, &error);
    if (status == PXM_OK) {
        loaded.arena = NULL; /* the project has taken it over */
    }
    cli_project_done(&loaded);
    return code;
}

void cli_engine_done(struct cli_engine *engine)
{
    pxm_project_close(engine->handle);
    pxm_engine_free(engine->engine);
    pxm_registry_free(engine->registry);
    *engine = (struct cli_engine){0};
}

const struct pxm_program *cli_program(const struct pxm_project *project, const char *name)
{
    const struct pxm_program *found = pxm_project_program(project, name);
    size_t count = project->program_count;

    if (found) {
        return found;
    }
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) {
        names[i] = project->programs[i]->name;
    }
    const char *best = names ? pxm_suggest(name, names, count) : NULL;
    fprintf(stderr, "pixmill: %s has no pipeline `%s`", project->path, name);
    if (best) {
        fprintf(stderr, "; did you mean `%s`?\n", best);
    } else {
        fprintf(stderr, "%s", count > 0 ? "; it has" : " and no other");
        for (size_t i = 0; names && i < count; i++) {
            fprintf(stderr, " %s", names[i]);
        }
        fputc('\n', stderr);
    }
    free(names);
    return NULL;
}
