/* `pixmill serve`: from words on the command line to a daemon that runs. */
#include "daemon/daemon.h"

#include "app/log.h"
#include "base/error.h"
#include "daemon/options.h"
#include "daemon/place.h"
#include "daemon/supervisor.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct words { /* texts that options point to */
    struct place place;
    char site[PATH_MAX];
};

enum word {
    WORD_PROJECT = 1,
    WORD_PROFILE,
    WORD_HOST,
    WORD_PORT,
    WORD_STATE,
    WORD_WORKERS,
    WORD_LOG,
    WORD_ORIGIN,
    WORD_UPLOAD_TOKEN,
    WORD_OPERATOR_TOKEN,
    WORD_TRUST_PROXY,
    WORD_SITE,
    WORD_JSON,
    WORD_COLOR
};

static const struct option known[] = {
    {"project", required_argument, NULL, WORD_PROJECT},
    {"profile", required_argument, NULL, WORD_PROFILE},
    {"host", required_argument, NULL, WORD_HOST},
    {"port", required_argument, NULL, WORD_PORT},
    {"state", required_argument, NULL, WORD_STATE},
    {"workers", required_argument, NULL, WORD_WORKERS},
    {"log", required_argument, NULL, WORD_LOG},
    {"origin", required_argument, NULL, WORD_ORIGIN},
    {"upload-token-file", required_argument, NULL, WORD_UPLOAD_TOKEN},
    {"operator-token-file", required_argument, NULL, WORD_OPERATOR_TOKEN},
    {"trust-proxy", no_argument, NULL, WORD_TRUST_PROXY},
    {"site", required_argument, NULL, WORD_SITE},
    {"json", no_argument, NULL, WORD_JSON},
    {"color", required_argument, NULL, WORD_COLOR},
    {0},
};

static bool complain(const char *text, const char *what)
{
    fprintf(stderr, "pixmill serve: %s%s\n", text, what);
    return false;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

static bool number(const char *name, const char *text, long least, long most, long *ret)
{
    char *end = NULL;

    errno = 0;
    *ret = strtol(text, &end, 10);
    if (errno != 0 || *text == '\0' || *end != '\0' || *ret < least || *ret > most) {
        fprintf(stderr, "pixmill serve: --%s takes a number from %ld to %ld\n", name, least, most);
        return false;
    }
    return true;
}

static bool add_origin(struct serve_options *options, const char *origin)
{
    size_t count = 0;

    while (options->origins[count]) {
        count++;
    }
    if (count == SERVE_ORIGINS_MAX) {
        return complain("too many --origin", "");
    }
    options->origins[count] = origin;
    return true;
}

static bool take_number(struct serve_options *options, enum word word, const char *text)
{
    long value = 0;

    if (word == WORD_PORT) {
        bool fine = number("port", text, 0, UINT16_MAX, &value);
        options->port = (int32_t)value;
        return fine;
    }
    bool fine = number("workers", text, 1, 64, &value);
    options->image_workers = (uint32_t)value;
    return fine;
}

static bool take_word(struct serve_options *options, int word, const char *text)
{
    switch (word) {
    case WORD_PROJECT:
        options->project = text;
        return true;
    case WORD_PROFILE:
        options->profile = text;
        return true;
    case WORD_HOST:
        options->host = text;
        return true;
    case WORD_STATE:
        options->state = text;
        return true;
    case WORD_SITE:
        options->site = text;
        return true;
    case WORD_LOG:
        options->json_log = strcmp(text, "json") == 0;
        return options->json_log || strcmp(text, "text") == 0 || complain("--log is text or json, not ", text);
    case WORD_JSON:
        options->json_log = true;
        return true;
    case WORD_COLOR:
        options->colored_log = strcmp(text, "always") == 0;
        return true;
    case WORD_ORIGIN:
        return add_origin(options, text);
    case WORD_UPLOAD_TOKEN:
        options->upload_token_file = text;
        return true;
    case WORD_OPERATOR_TOKEN:
        options->operator_token_file = text;
        return true;
    case WORD_TRUST_PROXY:
        options->trust_proxy = true;
        return true;
    case WORD_PORT:
    case WORD_WORKERS:
        return take_number(options, (enum word)word, text);
    default:
        return complain("try `pixmill help serve`", "");
    }
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

/* Everything that the daemon keeps is in one folder, which the project's resources may use, too. */
static bool find_places(struct serve_options *options, struct words *words)
{
    struct place *place = &words->place;

    if (!place_project(place, "serve", options->project) || !place_state(place, "serve", options->state) ||
        setenv("PIXMILL_STATE", place->state, 1) != 0) {
        return false;
    }
    options->project = place->project;
    options->project_folder = place->folder;
    options->state = place->state;
    return true;
}

/* The page that was built in the folder that this was built in, or is installed with the program. Where there is none a
 * folder is named all the same: what is served then says how to get it. */
static void find_site(struct serve_options *options, struct words *words)
{
    static const char *const places[] = {"../../../../frontend/dist", "../../share/pixmill/site"};

    for (size_t i = 0; i < sizeof places / sizeof places[0] && !options->site; i++) {
        options->site = place_from_program(places[i], words->site) ? words->site : NULL;
    }
    if (!options->site && snprintf(words->site, sizeof words->site, "%s/site", options->state) < PATH_MAX) {
        options->site = words->site;
    }
}

int serve_command(int argc, char **argv)
{
    struct serve_options options;
    struct words *words = calloc(1, sizeof *words);
    bool fine = words != NULL;
    int word;

    serve_options_default(&options);
    optind = 1;
    while (fine && (word = getopt_long(argc, argv, "", known, NULL)) != -1) {
        fine = take_word(&options, word, optarg);
    }
    if (fine && optind < argc) {
        fine = complain("there is nothing to be said but options: ", argv[optind]);
    }
    fine = fine && find_places(&options, words);
    int code = DAEMON_EXIT_USAGE;
    if (fine) {
        find_site(&options, words);
        const struct log_options log = {.format = options.json_log ? LOG_JSON : LOG_TEXT,
                                        .fd = STDERR_FILENO,
                                        .min_level = PXM_LOG_INFO,
                                        .access = true,
                                        .colored = options.colored_log};
        log_start(&log);
        code = supervisor_run(&options);
        log_stop();
    }
    free(words);
    return code;
}
