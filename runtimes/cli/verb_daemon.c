/* pixmill serve and pixmill jobs: hand over to the daemon's program, which has the server and the database that a
 * command line can do without. */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 1024 };

/* BIN/../libexec/pixmill/daemon: the same rule finds it in a build folder, an installed tree and one that was moved. */
static bool find_beside(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t left = slash ? (size_t)PATH_MAX - (size_t)(slash + 1 - path) : 0;
    return slash && strlen(PXM_DAEMON_FROM_BIN) < left && stpcpy(slash + 1, PXM_DAEMON_FROM_BIN) &&
           access(path, X_OK) == 0;
}

static const char *find_daemon(char path[PATH_MAX])
{
    if (find_beside(path)) {
        return path;
    }
    return access(PXM_DAEMON_INSTALLED, X_OK) == 0 ? PXM_DAEMON_INSTALLED : NULL;
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
    static char program[] = "daemon", end[] = "--";
    size_t count = 0;
    words[count++] = program;
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

int verb_daemon(struct cli *cli, const struct args *args)
{
    char path[PATH_MAX], *words[WORDS_MAX];
    size_t owned = 0;
    const char *daemon = find_daemon(path);

    if (!daemon) {
        fprintf(stderr, "pixmill %s: the program %s is missing; it is a part of pixmill: install that again\n",
                args->verb->name, PXM_DAEMON_INSTALLED);
        return CLI_FAILED;
    }
    if (args->count > WORDS_MAX - ARGS_VALUES_MAX - 5) {
        fprintf(stderr, "pixmill %s: too many arguments\n", args->verb->name);
        return CLI_USAGE;
    }
    if (fill_words(cli, args, words, &owned)) {
        fflush(NULL);
        execv(daemon, words);
        fprintf(stderr, "pixmill %s: %s cannot be started: %s\n", args->verb->name, daemon, strerrordesc_np(errno));
    } else {
        fprintf(stderr, "pixmill %s: out of memory\n", args->verb->name);
    }
    for (size_t i = 1; i < owned; i++) {
        free(words[i]);
    }
    return CLI_FAILED;
}
