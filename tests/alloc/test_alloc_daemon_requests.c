/* Requests to the daemon when memory runs out, over real HTTP: from the gate through journal and loop to the answer.
 * Each is answered as it should be, or with a failure that says so, or its connection is closed; and then nothing is
 * left of it. In place of a worker stands a run that succeeds at once. */
#include "alloc_sweep.h"
#include "base/error.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/conclude.h"
#include "daemon/observe.h"
#include "daemon/supervisor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWER_BYTES_MAX = 16 << 10, PATIENCE_S = 240 };
#define TOKEN "0123456789abcdefghijklmnopqrstuvwxyz"

static struct app_pipeline pipelines[] = {
    {.name = "list", .light = true, .time_ms = 60000, .concurrency_max = PXM_UNSET_INT, .queue_max = PXM_UNSET_INT},
    {.name = "upload", .time_ms = 60000, .concurrency_max = PXM_UNSET_INT, .queue_max = PXM_UNSET_INT},
};
static struct app_trigger triggers[] = {
    {.pipeline = &pipelines[0],
     .name = "get",
     .kind = PXM_TRIGGER_HTTP,
     .method = "GET",
     .path = "/list/{name}",
     .status = 200},
    {.pipeline = &pipelines[1],
     .name = "post",
     .kind = PXM_TRIGGER_HTTP,
     .method = "POST",
     .path = "/upload",
     .status = 201,
     .auth = "token",
     .body_max = 1 << 20,
     .reads_body = true},
};
static const struct app_manifest manifest = {
    .pipeline_count = 2, .pipelines = pipelines, .trigger_count = 2, .triggers = triggers};

static char folder[512];
static struct serve_options options;
static struct supervisor supervisor;
static struct edition edition;
static pthread_t thread;
static int turn; /* makes each key another one */

/* ---- the daemon -------------------------------------------------------------------------------------------------- */

/* NOLINTNEXTLINE(bugprone-reserved-identifier): a name that the linker's --wrap makes. */
void __wrap_work_add(struct work *work);

/* A run that succeeds; what a worker would allocate is not looked at here. */
void __wrap_work_add(struct work *work)
{
    alloc_pause(true);
    work->run.output = pxm_value_record();
    pxm_value_set(work->run.output, "filename", pxm_value_cstring("a.jpg"));
    work->run.ms = 5;
    alloc_pause(false);
    work->ended(work);
}

static void forget_line(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    (void)entry;
}

static void *run_loop(void *arg)
{
    loop_run(arg);
    return NULL;
}

static void open_state(pxm_error *error)
{
    const struct journal_options journal = {.folder = folder, .keep_ms = 3600000, .loop = supervisor.loop};
    struct journal_report report;

    assert_int_equal(state_open(folder, &supervisor.state, error), PXM_OK);
    supervisor.spool = open(state_spool(supervisor.state), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(supervisor.spool >= 0);
    assert_int_equal(journal_open(&journal, &supervisor.journal, &report, error), PXM_OK);
}

static int set_up(void **state)
{
    const struct http_options http = {.connections_max = 64,
                                      .connections_per_address_max = 64,
                                      .listen_fd = -1,
                                      .header_ms_max = 600000,
                                      .body_ms_max = 600000,
                                      .body_rate_min = 1,
                                      .idle_ms_max = 600000,
                                      .requests_max = 1000,
                                      .handler = &request_handler,
                                      .arg = &supervisor};
    const char *temporary = secure_getenv("TMPDIR");
    pxm_error error = {0};
    (void)state;

    pxm_log_set_sink(forget_line, NULL, PXM_LOG_ERROR);
    snprintf(folder, sizeof folder, "%s/pixmill-requests-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(folder));
    serve_options_default(&options);
    options.state = folder;
    options.free_bytes_min = 0;
    supervisor.options = &options;
    snprintf(supervisor.operator_token, sizeof supervisor.operator_token, "operator-" TOKEN);
    snprintf(supervisor.upload_token, sizeof supervisor.upload_token, TOKEN);
    pthread_mutex_init(&supervisor.lock, NULL);
    assert_int_equal(loop_new(&supervisor.loop, &error), PXM_OK);
    open_state(&error);
    jobs_init(&supervisor.jobs, &supervisor);
    supervisor.jobs.in_hand = INT32_MAX; /* so that no job is taken */
    assert_int_equal(observe_new(&supervisor, &error), PXM_OK);
    edition = (struct edition){.supervisor = &supervisor, .manifest = &manifest, .image_workers = 2, .refs = 1};
    supervisor.edition = &edition;
    assert_int_equal(http_start(&http, &supervisor.http, &error), PXM_OK);
    return pthread_create(&thread, NULL, run_loop, supervisor.loop);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    loop_stop(supervisor.loop);
    pthread_join(thread, NULL);
    journal_close(supervisor.journal);
    conclude_end(&supervisor);
    http_stop(supervisor.http);
    observe_free(&supervisor);
    loop_free(supervisor.loop);
    close(supervisor.spool);
    state_close(supervisor.state);
    pthread_mutex_destroy(&supervisor.lock);
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static int connect_client(void)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(http_port(supervisor.http)),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        abort();
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static bool is_over(void)
{
    pthread_mutex_lock(&supervisor.lock);
    bool over = !supervisor.requests.open && edition.refs == 1;
    pthread_mutex_unlock(&supervisor.lock);
    return over && http_exchanges(supervisor.http) == 0 && http_connections(supervisor.http) == 0;
}

/* Its status when nothing of it is left; 0: no answer. Nothing is allocated here. */
static int ask(const char *request)
{
    static char answer[ANSWER_BYTES_MAX];
    const struct timespec moment = {.tv_nsec = 200000};
    size_t length = 0;
    int fd = connect_client(), status = 0;

    send(fd, request, strlen(request), MSG_NOSIGNAL);
    for (ssize_t got;
         length < sizeof answer - 1 && (got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0;) {
        length += (size_t)got;
    }
    answer[length] = '\0';
    close(fd);
    while (!is_over()) {
        nanosleep(&moment, NULL);
    }
    return sscanf(answer, "HTTP/1.1 %d ", &status) == 1 ? status : 0;
}

struct scenario {
    const char *target, *rest; /* "POST /upload"; further headers and the body */
    int status;
    bool again; /* with an Idempotency-Key, and a second time */
};

static int ask_once(void *arg)
{
    const struct scenario *scenario = arg;
    char request[1024], key[48] = "";
    int status = 0;

    turn++;
    if (scenario->again) {
        snprintf(key, sizeof key, "Idempotency-Key: key-%d\r\n", turn);
    }
    snprintf(request, sizeof request, "%s?%d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%s",
             scenario->target, turn, key, scenario->rest);
    for (int time = 0; time <= scenario->again; time++) {
        status = ask(request);
        if (status != scenario->status) {
            return status == 0 || status == 500 || status == 503 ? ALLOC_FAILURE : ALLOC_FALSE;
        }
    }
    return supervisor.requests.flights ? ALLOC_FALSE : ALLOC_SUCCESS;
}

static void sweep(const char *name, const char *target, const char *rest, int status)
{
    struct scenario scenario = {.target = target, .rest = rest, .status = status};

    alloc_sweep(name, ask_once, &scenario);
}

#define BEARER    "Authorization: Bearer "
#define FILE_TEXT "Content-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc"

static void what_is_refused_by_its_headers(void **state)
{
    (void)state;
    sweep("no route", "GET /nothing", "\r\n", 404);
    sweep("no method", "PUT /upload", "\r\n", 405);
    sweep("no token", "POST /upload", FILE_TEXT, 401);
    sweep("too large", "POST /upload", BEARER TOKEN "\r\nContent-Length: 2000000\r\n\r\n", 413);
    sweep("a preflight", "OPTIONS /upload", "Origin: http://a.b\r\nAccess-Control-Request-Method: POST\r\n\r\n", 204);
}

static void what_the_daemon_answers_itself(void **state)
{
    (void)state;
    sweep("health", "GET /health", "\r\n", 200);
    sweep("metrics", "GET /metrics", "\r\n", 200);
    sweep("dead letters", "GET /admin/dead", BEARER "operator-" TOKEN "\r\n\r\n", 200);
}

static void what_pipelines_answer(void **state)
{
    struct scenario twice = {
        .target = "POST /upload", .rest = BEARER TOKEN "\r\n" FILE_TEXT, .status = 201, .again = true};
    (void)state;

    sweep("a read", "GET /list/all", "\r\n", 200);
    sweep("an upload", "POST /upload", BEARER TOKEN "\r\n" FILE_TEXT, 201);
    alloc_sweep("an upload with a key, twice", ask_once, &twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_refused_by_its_headers),
                                       cmocka_unit_test(what_the_daemon_answers_itself),
                                       cmocka_unit_test(what_pipelines_answer)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
