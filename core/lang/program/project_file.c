/* pixmill.yaml: version, plugins, environment and hosts. Profiles have a file of their own. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <stdlib.h>
#include <string.h>

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static const char *const project_keys[] = {"version", "summary", "plugins", "env", "profiles", "hosts", NULL};

/* ---- plugins ---------------------------------------------------------------------------------------------------- */

static void read_require(struct compiler *compiler, const struct pxm_entry *entry)
{
    const struct pxm_catalog *catalog = compiler->catalog;
    bool is_looked_at = !compiler->part; /* what a part does not use need not be there */
    const struct pxm_node *version = compile_kind(compiler, entry->value, PXM_NODE_SCALAR, "a version");
    struct pxm_missing missing = {0};

    if (!version) {
        return;
    }
    compiler->project->requires[compiler->project->require_count++] =
        (struct pxm_require){.plugin = entry->key->text, .version = version->text, .span = entry->key->span};
    if (is_looked_at && !catalog->require(catalog->arg, compiler->arena, entry->key->text, version->text, &missing)) {
        struct pxm_diag *diag = compile_error(compiler, "E401", entry->key->span, "%s", missing.message);
        if (missing.note) {
            pxm_diag_note(compiler->diags, diag, "%s", missing.note);
        }
    }
}

static void read_plugins(struct compiler *compiler, const struct pxm_node *map)
{
    static const char *const keys[] = {"require", NULL};
    struct pxm_project *project = compiler->project;

    map = compile_kind(compiler, map, PXM_NODE_MAP, "`plugins`");
    compile_keys(compiler, map, keys, "`plugins`");
    map = compile_kind(compiler, pxm_node_get(map, "require"), PXM_NODE_MAP, "`require`");
    project->requires =
        map ? compile_have(compiler, pxm_arena_array(compiler->arena, map->length + 1, sizeof *project->requires))
            : NULL;
    for (size_t i = 0; project->requires && i < map->length; i++) {
        read_require(compiler, &map->entries[i]);
    }
}

/* ---- env -------------------------------------------------------------------------------------------------------- */

static void read_env(struct compiler *compiler, const struct pxm_node *map)
{
    struct pxm_project *project = compiler->project;

    map = compile_kind(compiler, map, PXM_NODE_MAP, "`env`");
    project->envs =
        map ? compile_have(compiler, pxm_arena_array(compiler->arena, map->length + 1, sizeof *project->envs)) : NULL;
    for (size_t i = 0; project->envs && i < map->length; i++) {
        const struct pxm_entry *entry = &map->entries[i];
        const char *name = compile_name(compiler, entry->key, "the name of a variable");
        const struct pxm_node *value = compile_kind(compiler, entry->value, PXM_NODE_MAP, "a variable");
        struct declaration declared = {0};
        if (value) {
            compile_declaration(compiler, value, entry->key->span, "a variable", true, &declared);
        }
        if (name) {
            project->envs[project->env_count++] = (struct pxm_env){.name = name,
                                                                   .type = declared.type,
                                                                   .fallback = declared.fallback,
                                                                   .min = declared.min,
                                                                   .max = declared.max,
                                                                   .profiles = declared.profiles,
                                                                   .span = entry->key->span};
        }
    }
}

/* ---- hosts ------------------------------------------------------------------------------------------------------ */

struct host_config {
    const char *profile, *listen;
    int64_t workers, nice, deadline_margin;
};
static const struct pxm_option host_options[] = {
    {.name = "profile",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct host_config, profile, const char *),
     .min = 1,
     .max = 63,
     .help = "Its profile; the first one if not said."},
    {.name = "listen",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct host_config, listen, const char *),
     .min = 1,
     .max = 255,
     .help = "Address and port, such as 127.0.0.1:8080."},
    {.name = "workers",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct host_config, workers, int64_t),
     .min = 1,
     .max = 256,
     .help = "Runs at once; one for each processor if not said."},
    {.name = "nice",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct host_config, nice, int64_t),
     .min = 0,
     .max = 19,
     .help = "How much workers give way to other processes, the daemon's own among them; 10 if not said."},
    {.name = "deadline_margin",
     .type = PXM_OPT_DURATION,
     .offset = PXM_FIELD(struct host_config, deadline_margin, int64_t),
     .min = 0,
     .max = 60000,
     .help = "How long before its time is up a function ends its run."},
    {.name = NULL},
};
const struct pxm_option_table compile_host_table = {
    .options = host_options, .option_size = sizeof(struct pxm_option), .config_size = sizeof(struct host_config)};

static void check_profile(struct compiler *compiler, const struct pxm_node *node)
{
    const struct pxm_project *project = compiler->project;
    const char **words =
        compile_have(compiler, pxm_arena_array(compiler->arena, project->profile_count + 1, sizeof *words));

    if (!node || node->kind != PXM_NODE_SCALAR || !words || pxm_project_profile(project, node->text)) {
        return;
    }
    for (size_t i = 0; i < project->profile_count; i++) {
        words[i] = project->profiles[i].name;
    }
    struct pxm_diag *diag = compile_error(compiler, "E503", node->span, "there is no profile `%s`", node->text);
    pxm_diag_label(compiler->diags, diag, "%s",
                   compile_hint(compiler, node->text, words, project->profile_count, "declare it under `profiles`"));
}

/* "ADDRESS:PORT", or "[ADDRESS]:PORT" of an IPv6 one; the brackets are no part of the address. False: it is neither. */
static bool split_listen(struct compiler *compiler, const char *text, struct pxm_host_entry *host)
{
    bool bracketed = text[0] == '[';
    const char *address = text + bracketed, *end = strrchr(text, ':');
    size_t length = strcspn(address, bracketed ? "]" : ":[]"), digits = end ? strspn(end + 1, "0123456789") : 0;

    if (!end || address + length + bracketed != end || length == 0 || digits == 0 || digits > PORT_DIGITS_MAX ||
        end[1 + digits] != '\0' || strtol(end + 1, NULL, 10) > PORT_MAX) {
        return false;
    }
    host->address = compile_have(compiler, pxm_arena_strndup(compiler->arena, address, length));
    host->port = strtol(end + 1, NULL, 10);
    return true;
}

static void read_listen(struct compiler *compiler, const struct pxm_node *node, const char *text,
                        struct pxm_host_entry *host)
{
    if (text && !split_listen(compiler, text, host)) {
        struct pxm_diag *diag = compile_error(compiler, "E123", node->span, "`%s` is no address and port", text);
        pxm_diag_label(compiler->diags, diag, "such as 127.0.0.1:8080 or \"[::1]:8080\"");
    }
}

static void read_host(struct compiler *compiler, const struct pxm_entry *entry)
{
    const char *name = compile_label(compiler, entry->key, "the name of a host");
    const struct pxm_node *map = compile_kind(compiler, entry->value, PXM_NODE_MAP, "a host");
    struct pxm_host_entry *host = &compiler->project->hosts[compiler->project->host_count];

    if (!name || !map) {
        return;
    }
    *host = (struct pxm_host_entry){.name = name,
                                    .port = PXM_UNSET_INT,
                                    .workers = PXM_UNSET_INT,
                                    .nice = PXM_UNSET_INT,
                                    .deadline_margin_ms = PXM_UNSET_INT};
    compiler->project->host_count++;
    compile_limits(compiler, pxm_node_get(map, "limits"), &host->limits);
    const struct pxm_node *rest = compile_without(compiler, compile_without(compiler, map, "limits"), "functions");
    const struct host_config *config =
        compile_literals(compiler, &compile_host_table, rest, entry->key->span, "a host", NULL);
    if (config) {
        host->profile = config->profile;
        read_listen(compiler, pxm_node_get(map, "listen"), config->listen, host);
        host->workers = config->workers;
        host->nice = config->nice;
        host->deadline_margin_ms = config->deadline_margin;
    }
    compile_functions(compiler, pxm_node_get(map, "functions"), host);
    if (!compiler->part) { /* of which one profile alone is read */
        check_profile(compiler, pxm_node_get(map, "profile"));
    }
}

void compile_hosts(struct compiler *compiler, const struct pxm_node *map)
{
    struct pxm_project *project = compiler->project;

    map = compile_kind(compiler, map, PXM_NODE_MAP, "`hosts`");
    project->hosts =
        map ? compile_have(compiler, pxm_arena_array(compiler->arena, map->length + 1, sizeof *project->hosts)) : NULL;
    for (size_t i = 0; project->hosts && i < map->length; i++) {
        const char *only = compiler->part ? compiler->part->host : NULL;
        if (!only || strcmp(map->entries[i].key->text, only) == 0) {
            read_host(compiler, &map->entries[i]);
        }
    }
}

void compile_project_file(struct compiler *compiler, const struct pxm_node *root)
{
    compile_keys(compiler, root, project_keys, "pixmill.yaml");
    compile_version(compiler, root);
    compile_kind(compiler, pxm_node_get(root, "summary"), PXM_NODE_SCALAR, "`summary`");
    read_plugins(compiler, pxm_node_get(root, "plugins"));
    read_env(compiler, pxm_node_get(root, "env"));
    if (!pxm_node_get(root, "profiles")) {
        compile_error(compiler, "E122", root->span, "a project has `profiles`");
    }
}
