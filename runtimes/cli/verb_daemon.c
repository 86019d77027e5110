/* pixmill serve, pixmill jobs and pixmill invoke: hand over to programs of their own, which have the server, the
 * database and the HTTP client that a command line can do without. */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 1024 };

/* A program that a verb hands over to. */
struct program {
    const char *from_bin, *installed;
};

/* BIN/../libexec/pixmill/daemon: the same rule finds it in a build folder, an installed tree and one that was moved. */
static bool find_beside(const char *from_bin, char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t left = slash ? (size_t)PATH_MAX - (size_t)(slash + 1 - path) : 0;
    return slash && strlen(from_bin) < left && stpcpy(slash + 1, from_bin) && access(path, X_OK) == 0;
}

static const char *find_program(const struct program *program, char path[PATH_MAX])
{
    if (find_beside(program->from_bin, path)) {
        return path;
    }
    return access(program->installed, X_OK) == 0 ? program->installed : NULL;
}

/* "--name=value", or "--name" of a flag; NULL when out of memory. */
static char *option_word(const struct args_option *option, const char *value)
{
    char *word = NULL;
    int length = value ? asprintf(&word, "--%s=%s", option->name, value) : asprintf(&word, "--%s", option->name);
    return length < 0 ? NULL : word;
}

/* What was parsed, as a command line again: COMMAND --name=value... -- WORD... Whether to use colour is decided here,
 * by the rules of all commands. False when out of memory. */
static bool fill_words(const struct cli *cli, const struct args *args, char *words[WORDS_MAX], size_t *owned)
{
    static char program_word[] = "pixmill", end[] = "--";
    size_t count = 0;
    words[count++] = program_word;
    words[count++] = strdup(args->verb->name);
    for (size_t i = 0; words[count - 1] && i < args->value_count; i++) {
        if (strcmp(args->values[i].option->name, "color") != 0) {
            words[count++] = option_word(args->values[i].option, args->values[i].value);
        }
    }
    if (words[count - 1]) {
        words[count++] = strdup(cli->color ? "--color=always" : "--color=never");
    }
    *owned = count;
    if (!words[count - 1]) {
        return false;
    }
    words[count++] = end;
    for (size_t i = 0; i < args->count; i++) {
        words[count++] = args->words[i];
    }
    words[count] = NULL;
    return true;
}

static int hand_over(const struct program *to, const struct cli *cli, const struct args *args)
{
    char path[PATH_MAX], *words[WORDS_MAX];
    size_t owned = 0;
    const char *program = find_program(to, path);

    if (!program) {
        fprintf(stderr, "pixmill %s: the program %s is missing; it is a part of pixmill: install that again\n",
                args->verb->name, to->installed);
        return CLI_FAILED;
    }
    if (args->count > WORDS_MAX - ARGS_VALUES_MAX - 5) {
        fprintf(stderr, "pixmill %s: too many arguments\n", args->verb->name);
        return CLI_USAGE;
    }
    if (fill_words(cli, args, words, &owned)) {
        (void)fflush(NULL);
        execv(program, words);
        fprintf(stderr, "pixmill %s: %s cannot be started: %s\n", args->verb->name, program, strerrordesc_np(errno));
    } else {
        fprintf(stderr, "pixmill %s: out of memory\n", args->verb->name);
    }
    for (size_t i = 1; i < owned; i++) {
        free(words[i]);
    }
    return CLI_FAILED;
}

int verb_daemon(struct cli *cli, const struct args *args)
{
    static const struct program daemon = {PXM_DAEMON_FROM_BIN, PXM_DAEMON_INSTALLED};

    return hand_over(&daemon, cli, args);
}

int verb_invoke(struct cli *cli, const struct args *args)
{
    static const struct program lambda = {PXM_LAMBDA_FROM_BIN, PXM_LAMBDA_INSTALLED};

    return hand_over(&lambda, cli, args);
}
