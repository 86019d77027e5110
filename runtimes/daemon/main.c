/* The daemon's program: finds the command and leaves the rest to it. */
#include "daemon/daemon.h"
#include "daemon/urls.h"
#include "daemon/zygote.h"

#include <stdio.h>
#include <string.h>

/* What workers are forked from; the supervisor starts it. */
static int zygote_command(int argc, char **argv)
{
    const struct zygote_options options = {.extensions = urls_extensions};
    (void)argc;
    (void)argv;

    return zygote_main(&options);
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", serve_command},
    {"jobs", jobs_command},
    {ZYGOTE_WORD, zygote_command},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "pixmill: this is a part of pixmill that is not started by itself; see pixmill --help\n");
    return DAEMON_EXIT_USAGE;
}
