/* pixmill plugins: what there is, why some of it could not be loaded, and what an operation or driver takes and
 * gives. */
#include "cli.h"

#include "base/error.h"
#include "base/value.h"
#include "describe.h"
#include "man.h"

#include <stdlib.h>
#include <string.h>

/* ---- list -------------------------------------------------------------------------------------------------------- */

static pxm_value *plugin_to_value(const struct pxm_plugin_info *info)
{
    pxm_value *value = pxm_value_record();
    pxm_value *units = pxm_value_list();

    for (size_t i = 0; i < info->unit_count; i++) {
        pxm_value *unit = pxm_value_record();
        pxm_value_set(unit, "name", pxm_value_cstring(info->units[i].name));
        pxm_value_set(unit, "interface", pxm_value_cstring(info->units[i].iface));
        pxm_value_set(unit, "summary", pxm_value_cstring(info->units[i].summary));
        pxm_value_append(units, unit);
    }
    pxm_value_set(value, "name", pxm_value_cstring(info->name));
    pxm_value_set(value, "path", pxm_value_cstring(info->path));
    pxm_value_set(value, "version", pxm_value_cstring(info->plugin ? info->plugin->version : NULL));
    pxm_value_set(value, "license", pxm_value_cstring(info->plugin ? info->plugin->license : NULL));
    pxm_value_set(value, "summary", pxm_value_cstring(info->plugin ? info->plugin->summary : NULL));
    pxm_value_set(value, "error", pxm_value_cstring(info->reason));
    pxm_value_set(value, "units", units);
    return value;
}

static void print_plugin(const struct cli *cli, const struct pxm_plugin_info *info)
{
    if (!info->plugin) {
        printf("%s%-10s cannot be loaded%s: %s\n", cli->color_out ? "\033[1;31m" : "", info->name,
               cli->color_out ? "\033[0m" : "", info->reason);
        return;
    }
    printf("%-10s %-8s %s", info->name, info->plugin->version, info->plugin->summary);
    printf(" (%zu unit%s)\n", info->unit_count, info->unit_count == 1 ? "" : "s");
    for (size_t i = 0; i < info->unit_count && info->unit_count <= 16; i++) {
        printf("  %-18s %-20s %s\n", info->units[i].name, info->units[i].iface, info->units[i].summary);
    }
    if (info->unit_count > 16) {
        printf("  %s, %s, ...: pixmill plugins describe %s\n", info->units[0].name, info->units[1].name, info->name);
    }
}

/* CLI_PLUGIN when one of them could not be loaded. */
static int list(const struct cli *cli, struct cli_project *project)
{
    struct pxm_error error = {0};
    pxm_value *all = cli->json ? pxm_value_list() : NULL;
    char **names = NULL;
    size_t count = 0;
    int code = CLI_OK;

    if (pxm_registry_names(project->registry, &names, &count, &error) != PXM_OK) {
        cli_print_error(cli, &error);
        pxm_value_unref(all);
        return CLI_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        struct pxm_plugin_info info;
        if (pxm_registry_plugin(project->registry, names[i], &info)) {
            code = info.plugin ? code : CLI_PLUGIN;
            if (all) {
                pxm_value_append(all, plugin_to_value(&info));
            } else {
                print_plugin(cli, &info);
            }
        }
        free(names[i]);
    }
    free(names);
    if (all) {
        pxm_value *document = pxm_value_record();
        pxm_value_set(document, "schema", pxm_value_cstring("pixmill.plugins/1"));
        pxm_value_set(document, "plugins", all);
        code = cli_print_json(document, 2) ? code : CLI_FAILED;
        pxm_value_unref(document);
    }
    return code;
}

/* ---- describe ---------------------------------------------------------------------------------------------------- */

/* What one name stands for; several things may bear it (a plugin and its driver). */
static bool find(struct cli_project *project, const char *name, struct description *ret)
{
    static const char *const ifaces[] = {PXM_IFACE_STORAGE, PXM_IFACE_METADATA, PXM_IFACE_QUEUE, PXM_IFACE_AUTH};
    struct pxm_missing missing = {0};

    *ret = (struct description){.name = name};
    ret->operation = project->catalog.operation(project->catalog.arg, project->arena, name, &missing);
    for (size_t i = 0; i < sizeof ifaces / sizeof ifaces[0]; i++) {
        struct pxm_missing none = {0};
        const struct pxm_unit *driver =
            project->catalog.driver(project->catalog.arg, project->arena, ifaces[i], name, &none);
        if (driver && ret->driver_count < DESCRIPTION_DRIVERS_MAX) {
            ret->drivers[ret->driver_count++] = driver;
        }
        if (none.broken) {
            missing = none;
        }
    }
    ret->is_plugin = pxm_registry_plugin(project->registry, name, &ret->plugin) && ret->plugin.plugin;
    if (!ret->operation && ret->driver_count == 0 && !ret->is_plugin) {
        fprintf(stderr, "pixmill plugins: %s\n", missing.message ? missing.message : name);
        if (missing.note) {
            fprintf(stderr, "  = %s\n", missing.note);
        }
        return false;
    }
    return true;
}

static void suggest(struct cli_project *project, const char *name)
{
    size_t count = 0;

    cli_load_all(project);
    const char *const *names = project->catalog.operation_names(project->catalog.arg, &count);
    const char *best = names ? pxm_suggest(name, names, count) : NULL;
    if (best) {
        fprintf(stderr, "  = did you mean `%s`?\n", best);
    }
}

static const char *summary_of(const struct description *description)
{
    if (description->operation) {
        return description->operation->summary;
    }
    return description->driver_count > 0 ? description->drivers[0]->summary : description->plugin.plugin->summary;
}

/* The description as it is, in the frame of a man page. */
static bool print_man(const struct description *description)
{
    struct pxm_buf buf;

    pxm_buf_init(&buf, CLI_TEXT_MAX);
    description_text(description, &buf);
    bool fine = buf.status == PXM_OK;
    if (fine) {
        man_print_head(description->name, 7, summary_of(description));
        printf(".SH DESCRIPTION\n.nf\n");
        man_print_text(buf.data);
        printf(".fi\n.SH SEE ALSO\n\\fBpixmill\\-plugins\\fR(1)\n");
    }
    pxm_buf_done(&buf);
    return fine;
}

static int describe(const struct cli *cli, const struct args *args, struct cli_project *project, const char *name)
{
    struct description description;

    if (!find(project, name, &description)) {
        suggest(project, name);
        return CLI_USAGE;
    }
    if (cli->json) {
        pxm_value *value = description_to_value(&description);
        bool fine = cli_print_json(value, 2);
        pxm_value_unref(value);
        return fine ? CLI_OK : CLI_FAILED;
    }
    if (args_has(args, "man")) {
        return print_man(&description) ? CLI_OK : CLI_FAILED;
    }
    struct pxm_buf buf;
    pxm_buf_init(&buf, CLI_TEXT_MAX);
    if (args_has(args, "markdown")) {
        description_markdown(&description, &buf);
    } else {
        description_text(&description, &buf);
    }
    return cli_write(stdout, &buf) ? CLI_OK : CLI_FAILED;
}

int verb_plugins(struct cli *cli, const struct args *args)
{
    struct cli_project project;
    const char *what = args->words[0];
    bool listing = strcmp(what, "list") == 0 && args->count == 1;
    bool describing = strcmp(what, "describe") == 0 && args->count == 2;

    if (!listing && !describing) {
        fprintf(stderr, "pixmill plugins: write `plugins list` or `plugins describe NAME`\n");
        return CLI_USAGE;
    }
    int code = cli_catalog_load(&project);
    if (code == CLI_OK) {
        code = listing ? list(cli, &project) : describe(cli, args, &project, args->words[1]);
    }
    cli_project_done(&project);
    return code;
}
