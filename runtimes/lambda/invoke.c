/* pixmill invoke: one event of a file, in this process, as Lambda would hand it over. */
#include "app/log.h"
#include "base/log.h"
#include "lambda/call.h"
#include "lambda/lambda.h"
#include "lambda/live.h"
#include "lambda/runtime_api.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_HANDLER = 1, OPTION_PROJECT, OPTION_PROFILE, OPTION_HOST, OPTION_JSON, OPTION_COLOR };

static const struct option options[] = {
    {"handler", required_argument, NULL, OPTION_HANDLER},
    {"project", required_argument, NULL, OPTION_PROJECT},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"host", required_argument, NULL, OPTION_HOST},
    {"json", no_argument, NULL, OPTION_JSON},
    {"color", required_argument, NULL, OPTION_COLOR},
    {0},
};

static bool read_options(int argc, char **argv, struct lambda_settings *settings, const char **ret_path)
{
    bool sound = true;
    int option = 0;

    while (sound && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPTION_HANDLER:
            settings->handler = optarg;
            break;
        case OPTION_PROJECT:
            sound = snprintf(settings->project, sizeof settings->project, "%s", optarg) < (int)sizeof settings->project;
            break;
        case OPTION_PROFILE:
            settings->profile = optarg;
            break;
        case OPTION_HOST:
            sound = strcmp(optarg, "lambda") == 0;
            break;
        case OPTION_JSON: /* the answer is JSON in any case */
        case OPTION_COLOR:
            break;
        default:
            sound = false;
        }
    }
    if (!sound || optind + 1 != argc) {
        fprintf(stderr, "pixmill invoke: usage: pixmill invoke [--handler NAME] EVENT.json\n");
        return false;
    }
    *ret_path = argv[optind];
    return true;
}

static pxm_status read_all(FILE *file, struct pxm_buf *ret, pxm_error *error)
{
    char bytes[16 << 10];
    size_t count = 0;

    while (ret->status == PXM_OK && (count = fread(bytes, 1, sizeof bytes, file)) > 0) {
        pxm_buf_add(ret, bytes, count);
    }
    if (ferror(file)) {
        return pxm_error_errno(error, errno, NULL, "the event");
    }
    if (ret->status == PXM_E_LIMIT) {
        return pxm_error_set(error, PXM_E_LIMIT, "event.invalid", "the event is more than Lambda hands over");
    }
    return ret->status == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status read_event(const char *path, struct pxm_buf *ret, pxm_error *error)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "re");

    if (!file) {
        return pxm_error_errno(error, errno, NULL, path);
    }
    pxm_status status = read_all(file, ret, error);
    if (!is_input) {
        (void)fclose(file); /* which was only read */
    }
    return status;
}

/* The answer alone goes to standard output, so that it can be read by others. */
static bool print(const struct lambda_outcome *outcome)
{
    struct pxm_buf failure;
    const struct pxm_buf *text = &outcome->body;

    pxm_buf_init(&failure, LAMBDA_ANSWER_BYTES_MAX);
    if (outcome->failure != LAMBDA_SUCCESS) {
        lambda_error_write(outcome->failure, &outcome->error, &failure);
        text = &failure;
    }
    bool done = text->status == PXM_OK && fwrite(text->data, 1, text->length, stdout) == text->length &&
                fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    pxm_buf_done(&failure);
    return done;
}

static int run(struct lambda_host *host, struct lambda_invocation *invocation)
{
    struct lambda_outcome outcome;
    pxm_error error = {0};

    if (pxm_run_id_make(&pxm_clock_system, invocation->id, &error) != PXM_OK) {
        fprintf(stderr, "pixmill invoke: %s\n", error.text);
        return LAMBDA_EXIT_FAILED;
    }
    lambda_outcome_init(&outcome);
    lambda_handle(host, invocation, &outcome);
    bool done = print(&outcome) && outcome.failure == LAMBDA_SUCCESS;
    lambda_outcome_done(&outcome);
    return done ? EXIT_SUCCESS : LAMBDA_EXIT_FAILED;
}

static int invoke(struct lambda_settings *settings, const char *path, const pxm_plugin_entry_fn *builtins)
{
    struct lambda_invocation invocation = {.deadline_ms = INT64_MAX, .cold = true};
    struct lambda_host *host = NULL;
    enum lambda_failure failure = LAMBDA_SUCCESS;
    pxm_error error = {0};
    int code = LAMBDA_EXIT_CHECK;

    pxm_buf_init(&invocation.event, LAMBDA_EVENT_BYTES_MAX);
    if (read_event(path, &invocation.event, &error) != PXM_OK) {
        fprintf(stderr, "pixmill invoke: %s\n", error.text);
        code = LAMBDA_EXIT_USAGE;
    } else if (lambda_host_open(settings, builtins, &host, &failure, &error) != PXM_OK) {
        fprintf(stderr, "pixmill invoke: %s\n", error.text);
    } else {
        code = run(host, &invocation);
    }
    lambda_host_close(host);
    pxm_buf_done(&invocation.event);
    return code;
}

int lambda_invoke(int argc, char **argv, const pxm_plugin_entry_fn *builtins)
{
    static struct lambda_settings settings;
    const char *path = NULL;
    pxm_error error = {0};

    if (lambda_settings_read(&settings, &error) != PXM_OK) {
        fprintf(stderr, "pixmill invoke: %s\n", error.text);
        return LAMBDA_EXIT_USAGE;
    }
    if (!read_options(argc, argv, &settings, &path)) {
        return LAMBDA_EXIT_USAGE;
    }
    const struct log_options log = {
        .format = LOG_TEXT, .fd = STDERR_FILENO, .min_level = settings.log_level, .request_of = lambda_live_request};
    settings.streams = false; /* a terminal is no gateway */
    settings.measures = false;
    settings.loops = 1;
    log_start(&log);
    int code = invoke(&settings, path, builtins);
    log_stop();
    return code;
}
