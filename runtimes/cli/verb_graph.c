/* pixmill graph: the data flow of a pipeline, for other tools to draw. */
#include "cli.h"

#include "lang/program/graph.h"

#include <string.h>

int verb_graph(struct cli *cli, const struct args *args)
{
    const char *format = args_value(args, "format");
    struct cli_project project;
    struct pxm_buf buf;

    if (format && strcmp(format, "mermaid") != 0 && strcmp(format, "dot") != 0) {
        fprintf(stderr, "pixmill graph: --format takes mermaid or dot\n");
        return CLI_USAGE;
    }
    int code = cli_project_load(args, NULL, NULL, &project);
    if (code == CLI_OK) {
        code = cli_project_report(cli, &project);
    }
    const struct pxm_program *program = code == CLI_OK ? cli_program(project.project, args->words[0]) : NULL;
    if (program) {
        pxm_buf_init(&buf, CLI_TEXT_MAX);
        pxm_graph_write(program, format && strcmp(format, "dot") == 0 ? PXM_GRAPH_DOT : PXM_GRAPH_MERMAID, &buf);
        code = cli_write(stdout, &buf) ? CLI_OK : CLI_FAILED;
    } else if (code == CLI_OK) {
        code = CLI_USAGE;
    }
    cli_project_done(&project);
    return code;
}
