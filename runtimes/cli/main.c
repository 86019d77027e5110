/* pixmill, the command line: finds the verb, parses its options and leaves the rest to verb_*.c. Data goes to standard
 * output; progress and diagnostics to standard error. */
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_help(FILE *out)
{
    fprintf(out, "pixmill: image pipelines that are declared in YAML\n\nusage: pixmill VERB [ARGUMENTS] [OPTIONS]\n\n");
    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        fprintf(out, "  %-12s %s\n", verb->name, verb->summary);
    }
    fprintf(out,
            "\npixmill VERB --help tells more. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the project has errors,\n"
            "4 a plugin cannot be loaded, 5 some of a batch failed, 6 failed but worth repeating, 130 interrupted.\n");
}

static const struct args_verb *find_verb(const char *name)
{
    const char *names[32];
    size_t count = 0;

    for (const struct args_verb *verb = cli_verbs; verb->name; verb++) {
        if (strcmp(verb->name, name) == 0) {
            return verb;
        }
        names[count++] = verb->name;
    }
    const char *best = pxm_suggest(name, names, count);
    if (best) {
        fprintf(stderr, "pixmill: there is no verb `%s`; did you mean `%s`?\n", name, best);
    } else {
        fprintf(stderr, "pixmill: there is no verb `%s`; see pixmill --help\n", name);
    }
    return NULL;
}

/* https://no-color.org: a NO_COLOR that is not empty wins over a terminal, and --color over both. */
static bool wants_color(const char *when, int fd)
{
    const char *no_color = secure_getenv("NO_COLOR");
    const char *term = secure_getenv("TERM");

    if (when && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    return isatty(fd) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static bool check_color_word(const char *when)
{
    if (!when || strcmp(when, "auto") == 0 || strcmp(when, "always") == 0 || strcmp(when, "never") == 0) {
        return true;
    }
    fprintf(stderr, "pixmill: --color takes auto, always or never\n");
    return false;
}

/* Of a verb, or of all. */
static int help(int argc, char **argv)
{
    if (argc < 3) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? CLI_USAGE : CLI_OK;
    }
    const struct args_verb *verb = find_verb(argv[2]);
    if (verb) {
        args_help(verb, stdout);
    }
    return verb ? CLI_OK : CLI_USAGE;
}

int main(int argc, char **argv)
{
    struct args args;

    signal(SIGPIPE, SIG_IGN); /* a closed pager shows as a failed write, and the run is finished properly */
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        return help(argc, argv);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("pixmill %s\n", PXM_VERSION);
        return CLI_OK;
    }
    const struct args_verb *verb = find_verb(argv[1]);
    if (!verb || !args_parse(&args, verb, argc - 1, argv + 1) || !check_color_word(args_value(&args, "color"))) {
        return CLI_USAGE;
    }
    if (args_has(&args, "help")) {
        args_help(verb, stdout);
        return CLI_OK;
    }
    struct cli cli = {.json = args_has(&args, "json"),
                      .color = wants_color(args_value(&args, "color"), STDERR_FILENO),
                      .color_out = wants_color(args_value(&args, "color"), STDOUT_FILENO)};
    int code = verb->run(&cli, &args);
    if (fflush(stdout) != 0 && code == CLI_OK) {
        perror("pixmill: standard output");
        return CLI_FAILED;
    }
    return code;
}
