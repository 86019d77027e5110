/* What the verbs of the command line share: exit codes, output, and opening a project. Main thread. */
#ifndef PXM_CLI_CLI_H
#define PXM_CLI_CLI_H

#include "args.h"

#include "base/buf.h"
#include "engine/project_handle.h"
#include "engine/registry.h"
#include "lang/diag/diag.h"
#include "lang/program/program.h"
#include <pixmill/pixmill.h>
#include <stdbool.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1, /* a run or test failed */
    CLI_USAGE = 2,
    CLI_CHECK = 3,     /* the project has errors */
    CLI_PLUGIN = 4,    /* a plugin cannot be loaded or started */
    CLI_PARTLY = 5,    /* some of a batch failed */
    CLI_TRANSIENT = 6, /* failed, but may succeed when repeated */
    CLI_INTERRUPTED = 130
};

struct cli {
    bool json;
    bool color;     /* of standard error */
    bool color_out; /* of standard output */
};

extern const struct args_verb cli_verbs[];

enum { CLI_TEXT_MAX = 64 << 20 };

/* The exit code that an error's status and code stand for. */
int cli_exit_of(const pxm_error *error);
/* CLI_OK without errors; CLI_PLUGIN when all of them are plugins that cannot be loaded; else CLI_CHECK. */
int cli_exit_of_diags(const struct pxm_diags *diags);
/* Text that may quote the names of files, which may hold what a terminal would obey: control characters but line breaks
 * become question marks. */
void cli_print_text(FILE *out, const char *text);
/* "error[code]: text" on standard error, with notes. */
void cli_print_error(const struct cli *cli, const pxm_error *error);
/* Writes a buffer to standard output or error; false (and told) when that fails or the buffer had run out of memory. */
bool cli_write(FILE *out, struct pxm_buf *buf);
/* Prints a value as JSON and a newline on standard output. */
bool cli_print_json(const pxm_value *value, int indent);

/* A parsed project with what it needs to live. */
struct cli_project {
    struct pxm_registry *registry;
    struct pxm_arena *arena;
    struct pxm_catalog catalog;
    struct pxm_diags diags;
    struct pxm_project *project; /* NULL: nothing could be read */
};
/* Parses and checks without environment, network or heavy libraries. `path` NULL: --project, else found from here
 * upwards. `text`: a pipeline instead of a file; NULL: none. CLI_OK also when there are diagnostics. */
int cli_project_load(const struct args *args, const char *path, const char *text, struct cli_project *ret);
/* The plugins alone, without a project. */
int cli_catalog_load(struct cli_project *ret);
void cli_project_done(struct cli_project *project);
/* Loads every plugin there is, so that all of their operations and drivers are known. */
void cli_load_all(struct cli_project *project);
/* Prints the diagnostics in the way asked for; CLI_OK, CLI_CHECK or CLI_PLUGIN. */
int cli_project_report(const struct cli *cli, const struct cli_project *project);

/* A project that is open: environment and secrets read, stores and tables created. */
struct cli_engine {
    struct pxm_registry *registry; /* the engine's */
    pxm_engine *engine;
    pxm_project_handle *handle;
    long workers; /* of the engine */
};
/* Prints what came of opening a project: its diagnostics, and the error where they do not tell. The exit code. */
int cli_report_open(const struct cli *cli, const struct pxm_diags *diags, const pxm_error *error);
/* Prints what is wrong. `workers` 0: as `hosts: cli:` of the project says, else one per processor. Profile and limits
 * are what it says, too, where the arguments and the environment do not name a profile. */
int cli_engine_open(const struct cli *cli, const struct args *args, const char *path, const char *text, long workers,
                    struct cli_engine *ret);
void cli_engine_done(struct cli_engine *engine);

/* The program `name`, with a suggestion on standard error when there is none (then NULL). */
const struct pxm_program *cli_program(const struct pxm_project *project, const char *name);

int verb_check(struct cli *cli, const struct args *args);
int verb_run(struct cli *cli, const struct args *args);
int verb_test(struct cli *cli, const struct args *args);
int verb_daemon(struct cli *cli, const struct args *args);
int verb_invoke(struct cli *cli, const struct args *args);
int verb_tables(struct cli *cli, const struct args *args);
int verb_queues(struct cli *cli, const struct args *args);
int verb_plugins(struct cli *cli, const struct args *args);
int verb_schema(struct cli *cli, const struct args *args);
int verb_graph(struct cli *cli, const struct args *args);
int verb_explain(struct cli *cli, const struct args *args);
int verb_completion(struct cli *cli, const struct args *args);
int verb_man(struct cli *cli, const struct args *args);

#endif
