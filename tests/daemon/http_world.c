/* The scripted server of the HTTP tests. */
#include "http_world.h"

#include "app/answer.h"
#include "base/blob.h"
#include "base/error.h"
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- an intake that counts --------------------------------------------------------------------------------------- */

struct app_intake {
    struct world *world;
    int64_t bytes, sum;
    bool fails;
};

static void fail_test(pxm_error *error)
{
    pxm_error_set(error, PXM_E_INVALID, "test.fail", "as it was told");
}

pxm_status app_intake_feed(struct app_intake *intake, const void *data, size_t length, pxm_error *error)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < length; i++) {
        intake->sum += bytes[i];
    }
    intake->bytes += (int64_t)length;
    if (intake->fails && intake->bytes >= 1000) {
        fail_test(error);
        return PXM_E_INVALID;
    }
    return PXM_OK;
}

pxm_status app_intake_finish(struct app_intake *intake, struct app_body *ret, pxm_error *error)
{
    if (intake->fails) {
        fail_test(error);
        return PXM_E_INVALID;
    }
    ret->bytes = intake->bytes;
    memcpy(ret->sha256, &intake->sum, sizeof intake->sum);
    return PXM_OK;
}

void app_intake_free(struct app_intake *intake)
{
    if (intake != NULL) {
        atomic_fetch_sub(&intake->world->intakes, 1);
        free(intake);
    }
}

void app_body_done(struct app_body *body)
{
    memset(body, 0, sizeof *body);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static struct app_response *text_answer(int status, const char *text)
{
    struct app_response *response = app_response_new(status);
    assert_non_null(response);
    assert_true(app_response_set(response, "Content-Type", "text/plain"));
    assert_true(app_response_set(response, "Connection", "of-the-handler")); /* which is the server's business */
    if (text != NULL) {
        app_response_body(response, pxm_blob_copy(text, strlen(text)));
    }
    return response;
}

static struct app_response *file_answer(struct world *world, bool part)
{
    struct app_response *response = app_response_new(part ? 206 : 200);
    pxm_blob *blob = NULL;
    assert_int_equal(pxm_blob_from_fd(dup(world->file), 0, world->body_bytes, &blob, NULL), PXM_OK);
    app_response_body(response, blob);
    if (part) {
        response->offset = 500;
        response->length = 1000;
    }
    return response;
}

static struct app_response *answer_of(struct world *world, struct http_exchange *exchange, const struct app_body *body)
{
    const struct app_head *head = http_head(exchange);
    char text[1024];
    int64_t sum = 0;
    if (strncmp(head->path, "/status/", 8) == 0) {
        return text_answer((int)strtol(head->path + 8, NULL, 10), NULL);
    }
    if (strcmp(head->path, "/unchanged") == 0) {
        struct app_response *response = text_answer(304, NULL);
        response->length = world->body_bytes;
        return response;
    }
    if (strcmp(head->path, "/file") == 0 || strcmp(head->path, "/part") == 0) {
        return file_answer(world, head->path[1] == 'p');
    }
    if (strcmp(head->path, "/memory") == 0) {
        struct app_response *response = app_response_new(200);
        app_response_body(response, pxm_blob_new(world->bytes, (size_t)world->body_bytes, NULL, NULL));
        return response;
    }
    if (body != NULL) {
        memcpy(&sum, body->sha256, sizeof sum);
    }
    snprintf(text, sizeof text, "%s %.400s?%.400s %lld %lld %s %s\n", head->method, head->path, head->query,
             body != NULL ? (long long)body->bytes : -1, (long long)sum, head->remote_addr, head->scheme);
    return text_answer(200, text);
}

/* ---- the handler ------------------------------------------------------------------------------------------------- */

static struct app_intake *begin(void *arg, struct http_exchange *exchange, struct app_response **ret_refusal)
{
    struct world *world = arg;
    const struct app_head *head = http_head(exchange);
    atomic_fetch_add(&world->begun, 1);
    pthread_mutex_lock(&world->lock);
    if (world->id_count < WORLD_IDS_MAX) {
        snprintf(world->ids[world->id_count++], HTTP_REQUEST_ID_MAX, "%s", http_request_id(exchange));
    }
    pthread_mutex_unlock(&world->lock);
    if (strcmp(head->path, "/refuse") == 0) {
        *ret_refusal = text_answer(413, "too much\n");
        return NULL;
    }
    if (head->content_length <= 0 && app_head_get(head, "Transfer-Encoding") == NULL) {
        return NULL;
    }
    struct app_intake *intake = calloc(1, sizeof *intake);
    assert_non_null(intake);
    intake->world = world;
    intake->fails = strcmp(head->path, "/fail") == 0;
    atomic_fetch_add(&world->intakes, 1);
    return intake;
}

static void complete(void *arg, struct http_exchange *exchange, struct app_body *body)
{
    struct world *world = arg;
    const char *path = http_head(exchange)->path;
    atomic_fetch_add(&world->completed, 1);
    struct app_response *answer = NULL;
    pthread_mutex_lock(&world->lock);
    if (strcmp(path, "/later") == 0) {
        assert_true(world->later_count < 64);
        http_set_data(exchange, answer_of(world, exchange, body));
        world->later[world->later_count++] = exchange;
    } else if (strcmp(path, "/hold") == 0) {
        assert_true(world->held_count < 64);
        world->held[world->held_count++] = exchange;
    } else {
        answer = answer_of(world, exchange, body);
    }
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    if (body != NULL) {
        app_body_done(body);
        free(body);
    }
    if (answer != NULL) {
        http_answer(exchange, answer);
    }
}

static struct app_response *failed(void *arg, struct http_exchange *exchange, const pxm_error *error)
{
    struct world *world = arg;
    (void)exchange;
    atomic_fetch_add(&world->failed, 1);
    return text_answer(422, error->code);
}

static void over(void *arg, struct http_exchange *exchange, bool sent)
{
    struct world *world = arg;
    const struct http_outcome outcome = http_outcome(exchange);
    pthread_mutex_lock(&world->lock);
    atomic_store(&world->last_status, outcome.status);
    atomic_store(&world->last_sent_bytes, outcome.bytes_sent);
    atomic_store(&world->last_received_bytes, outcome.bytes_received);
    atomic_fetch_add(&world->sent, sent);
    atomic_fetch_add(&world->over, 1);
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
}

static void rejected(void *arg, struct http_exchange *exchange)
{
    struct world *world = arg;
    pthread_mutex_lock(&world->lock);
    atomic_store(&world->last_rejected, http_outcome(exchange).status);
    atomic_fetch_add(&world->rejected, 1);
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
}

static const struct http_handler handler = {
    .begin = begin, .complete = complete, .failed = failed, .over = over, .rejected = rejected};

/* Answers what is to be answered later. */
static void *answer_later(void *arg)
{
    struct world *world = arg;
    pthread_mutex_lock(&world->lock);
    while (!world->ends || world->later_count > 0) {
        if (world->later_count == 0) {
            pthread_cond_wait(&world->changed, &world->lock);
            continue;
        }
        struct http_exchange *exchange = world->later[--world->later_count];
        pthread_mutex_unlock(&world->lock);
        http_answer(exchange, http_data(exchange));
        pthread_mutex_lock(&world->lock);
    }
    pthread_mutex_unlock(&world->lock);
    return NULL;
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->options = (struct http_options){
        .host = "127.0.0.1",
        .listen_fd = -1,
        .connections_max = 2048,
        .connections_per_address_max = 2048,
        .header_ms_max = 600000,
        .body_ms_max = 600000,
        .body_rate_min = 0,
        .body_grace_ms = 600000,
        .answer_ms_max = 600000,
        .idle_ms_max = 600000,
        .requests_max = 1 << 30,
        .handler = &handler,
        .arg = world,
    };
    world->body_bytes = 100000;
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->changed, NULL);
}

static void make_body(struct world *world)
{
    world->file = memfd_create("body", MFD_CLOEXEC);
    assert_true(world->file >= 0);
    world->bytes = malloc((size_t)world->body_bytes);
    assert_non_null(world->bytes);
    for (int64_t i = 0; i < world->body_bytes; i++) {
        world->bytes[i] = (uint8_t)(i * 7 % 251);
    }
    assert_int_equal(write(world->file, world->bytes, (size_t)world->body_bytes), world->body_bytes);
}

void world_start(struct world *world)
{
    pxm_error error = {.status = PXM_OK};
    make_body(world);
    if (http_start(&world->options, &world->server, &error) != PXM_OK) {
        fail_msg("%s: %s", error.code, error.text);
    }
    assert_int_equal(pthread_create(&world->answerer, NULL, answer_later, world), 0);
}

void world_wait(struct world *world, atomic_int *counter, int least)
{
    pthread_mutex_lock(&world->lock);
    while (atomic_load(counter) < least) {
        pthread_cond_wait(&world->changed, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
}

void world_wait_held(struct world *world, size_t count)
{
    pthread_mutex_lock(&world->lock);
    while (world->held_count < count) {
        pthread_cond_wait(&world->changed, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
}

bool world_held_is_gone(struct world *world, size_t index)
{
    return http_is_gone(world->held[index]);
}

void world_release(struct world *world)
{
    struct http_exchange *held[64];
    pthread_mutex_lock(&world->lock);
    size_t count = world->held_count;
    memcpy(held, world->held, sizeof held);
    world->held_count = 0;
    pthread_mutex_unlock(&world->lock);
    for (size_t i = 0; i < count; i++) {
        http_answer(held[i], text_answer(200, "released\n"));
    }
}

void world_stop_server(struct world *world)
{
    http_stop(world->server);
    world->server = NULL;
}

void world_stop(struct world *world)
{
    if (world->server != NULL) {
        world_stop_server(world);
    }
    pthread_mutex_lock(&world->lock);
    world->ends = true;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    pthread_join(world->answerer, NULL);
    world_release(world);
    assert_int_equal(atomic_load(&world->over), atomic_load(&world->begun));
    assert_int_equal(atomic_load(&world->intakes), 0);
    close(world->file);
    free(world->bytes);
    pthread_cond_destroy(&world->changed);
    pthread_mutex_destroy(&world->lock);
}

int world_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}
