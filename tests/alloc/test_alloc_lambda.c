/* Events of Lambda when memory runs out: each is answered, or fails so that it comes again, and none says that
 * something was done which was not. */
#include "alloc_sweep.h"
#include "lambda/call.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char project[] = "version: 1\nprofiles: {local: {}}\n";
static const char echo[] = "version: 1\n"
                           "inputs: {name: {type: string}, file: {type: blob, optional: true}}\n"
                           "triggers:\n"
                           "  ask:\n"
                           "    http: {method: POST, path: \"/echo/{name}\", auth: token}\n"
                           "    bind: {name: \"${event.path.name}\", file: \"${event.body}\"}\n"
                           "output: {name: \"${input.name}\"}\n";

struct asked {
    struct lambda_host *host;
    struct lambda_invocation invocation;
    const char *expected; /* a part of the answer */
};

static int handle(void *arg)
{
    const struct asked *asked = arg;
    struct lambda_outcome outcome;
    int result = ALLOC_FALSE;

    lambda_outcome_init(&outcome);
    lambda_handle(asked->host, &asked->invocation, &outcome);
    if (outcome.failure != LAMBDA_SUCCESS) {
        result = outcome.error.status == PXM_E_NO_MEMORY ? ALLOC_FAILURE : ALLOC_FALSE;
    } else if (outcome.body.status == PXM_OK && strstr(outcome.body.data, asked->expected)) {
        result = ALLOC_SUCCESS;
    } else if (strstr(outcome.body.data, "\"statusCode\":503") && strstr(outcome.body.data, "no_memory")) {
        result = ALLOC_FAILURE;
    }
    lambda_outcome_done(&outcome);
    return result;
}

static void sweep(void **state, const char *name, const char *event, const char *expected)
{
    struct asked asked = {.host = *state, .expected = expected};

    asked.invocation = (struct lambda_invocation){.id = "id-1", .deadline_ms = INT64_MAX};
    pxm_buf_init(&asked.invocation.event, 1 << 20);
    assert_int_equal(pxm_buf_puts(&asked.invocation.event, event), PXM_OK);
    alloc_sweep(name, handle, &asked);
    pxm_buf_done(&asked.invocation.event);
}

static void requests_survive(void **state)
{
    sweep(state, "a request",
          "{\"version\":\"2.0\",\"rawPath\":\"/echo/"
          "ann\",\"rawQueryString\":\"a=1\",\"headers\":{\"content-type\":\"image/png\"},"
          "\"requestContext\":{\"http\":{\"method\":\"POST\",\"sourceIp\":\"::1\"},\"authorizer\":{\"jwt\":{\"claims\":"
          "{\"sub\":"
          "\"a\"}}}},\"isBase64Encoded\":true,\"body\":\"aGVsbG8=\"}",
          "\\\"name\\\":\\\"ann\\\"");
}

static void events_of_our_own_survive(void **state)
{
    sweep(state, "a direct event", "{\"pipeline\":\"echo\",\"inputs\":{\"name\":\"bob\"}}", "{\"name\":\"bob\"}");
}

/* ---- the host ---------------------------------------------------------------------------------------------------- */

static char folder[512];
static struct lambda_settings settings = {.name = "f",
                                          .version = "1",
                                          .handler = "echo",
                                          .base_path = "",
                                          .upload_token = "",
                                          .operator_token = "",
                                          .loops = 1,
                                          .memory_bytes = PXM_UNSET_INT,
                                          .attempts_max = PXM_UNSET_INT};

static int write_file(const char *name, const char *text)
{
    char path[sizeof folder + 32];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    return file && fputs(text, file) >= 0 && fclose(file) == 0 ? 0 : 1;
}

static int open_host(void **state)
{
    enum lambda_failure failure = LAMBDA_SUCCESS;
    struct lambda_host *host = NULL;
    pxm_error error = {0};

    const char *temporary = secure_getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/pixmill-alloc-lambda-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder) || write_file("pixmill.yaml", project) != 0 || write_file("echo.yaml", echo) != 0) {
        return 1;
    }
    snprintf(settings.project, sizeof settings.project, "%s", folder);
    if (lambda_host_open(&settings, NULL, &host, &failure, &error) != PXM_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    *state = host;
    return 0;
}

static int close_host(void **state)
{
    char path[sizeof folder + 32];

    lambda_host_close(*state);
    snprintf(path, sizeof path, "%s/pixmill.yaml", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/echo.yaml", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_survive),
        cmocka_unit_test(events_of_our_own_survive),
    };
    return cmocka_run_group_tests_name("lambda without memory", tests, open_host, close_host);
}
