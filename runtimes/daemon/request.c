/* A request on the loop: told from identical ones, given its name, run, journaled, answered. */
#include "daemon/request.h"

#include "app/answer.h"
#include "app/event.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/value.h"
#include "daemon/conclude.h"
#include "daemon/observe.h"
#include "daemon/site.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 1 << 20, MEAN_WEIGHT = 8, KEY_LENGTH_MAX = 255 };

/* ---- answers ----------------------------------------------------------------------------------------------------- */

struct app_response *request_dress(struct supervisor *supervisor, struct http_exchange *exchange,
                                   struct app_response *response)
{
    if (response && !app_policy_apply(&supervisor->policy, http_head(exchange), response)) {
        app_response_free(response);
        return NULL;
    }
    return response;
}

void request_let_go(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;

    pthread_mutex_lock(&supervisor->lock);
    request->pending = false;
    pthread_mutex_unlock(&supervisor->lock);
    app_body_done(&request->body);
    if (request->edition) {
        edition_unref(request->edition);
        request->edition = NULL;
    }
}

void request_answer(struct request *request, struct app_response *response)
{
    struct app_response *dressed = request_dress(request->supervisor, request->exchange, response);

    request_let_go(request);
    http_answer(request->exchange, dressed);
}

/* The page itself tells what is wrong, in the words of its users. */
static void answer_page(struct request *request, const pxm_value *record, int status)
{
    struct app_response *response = site_picture_page(request->supervisor, http_head(request->exchange), record);

    if (response) {
        response->status = status;
    }
    request_answer(request, response);
}

static void answer_error(struct request *request, const pxm_error *error)
{
    if (request->is_page) {
        answer_page(request, NULL, app_status_of(error));
        return;
    }
    int64_t after_s = pxm_error_is_transient(error) ? request_retry_after_s(request->supervisor) : 0;

    request_answer(request, app_answer_error(error, http_request_id(request->exchange), after_s));
}

static void answer_output(struct request *request, const pxm_value *output)
{
    struct app_response *response = NULL;
    pxm_error error = {0};

    if (request->is_page) {
        answer_page(request, output, 200);
        return;
    }
    if (app_answer_output(request->match.trigger, http_head(request->exchange), output, &response, &error) == PXM_OK) {
        request_answer(request, response);
    } else {
        answer_error(request, &error);
    }
}

/* What came of a run goes to all who asked for it. Nothing of a request may be touched after its answer. */
static void answer_all(struct request *leader, const pxm_value *output, const pxm_error *error)
{
    struct request *next = NULL;

    for (struct request *one = leader->followers; one; one = next) {
        next = one->next_follower;
        if (error) {
            answer_error(one, error);
        } else {
            answer_output(one, output);
        }
    }
    if (error) {
        answer_error(leader, error);
    } else {
        answer_output(leader, output);
    }
}

int64_t request_retry_after_s(struct supervisor *supervisor)
{
    int64_t waiting = 1, workers = 1, each_ms = atomic_load(&supervisor->requests.service_ms);

    pthread_mutex_lock(&supervisor->lock);
    if (supervisor->edition) {
        workers = supervisor->edition->image_workers;
    }
    for (const struct request *other = supervisor->requests.open; other; other = other->next_open) {
        waiting += other->pending;
    }
    pthread_mutex_unlock(&supervisor->lock);
    int64_t seconds = waiting * each_ms / workers / 1000 + 1;
    return seconds < 30 ? seconds : 30;
}

/* ---- identical requests ------------------------------------------------------------------------------------------ */

static void remove_flight(struct request *request)
{
    struct requests *requests = &request->supervisor->requests;

    *(request->last_flight ? &request->last_flight->next_flight : &requests->flights) = request->next_flight;
    if (request->next_flight) {
        request->next_flight->last_flight = request->last_flight;
    }
    request->next_flight = request->last_flight = NULL;
}

static void add_flight(struct request *request)
{
    struct requests *requests = &request->supervisor->requests;

    request->next_flight = requests->flights;
    if (requests->flights) {
        requests->flights->last_flight = request;
    }
    requests->flights = request;
}

static void follow(struct request *request, struct request *leader)
{
    request->next_follower = leader->followers;
    leader->followers = request;
}

/* Another request like this one, or one with its idempotency key, that is being answered right now. */
static struct request *find_flight(const struct request *request, bool by_key)
{
    for (struct request *other = request->supervisor->requests.flights; other; other = other->next_flight) {
        const char *theirs = by_key ? other->key : other->flight;
        if (theirs[0] && strcmp(theirs, by_key ? request->key : request->flight) == 0) {
            return other;
        }
    }
    return NULL;
}

/* With its end, so that no two lists of texts are alike. */
static pxm_status add_text(struct pxm_sha256_stream *stream, const char *text)
{
    return pxm_sha256_update(stream, text, strlen(text) + 1);
}

/* Hashes texts, and, where `head` is not NULL, all else of it that a pipeline may see. */
static pxm_status digest(const char *const *texts, const struct app_head *head, char ret[REQUEST_DIGEST_MAX],
                         pxm_error *error)
{
    uint8_t bytes[PXM_SHA256_BYTES];
    struct pxm_sha256_stream *stream = pxm_sha256_new();
    pxm_status status = stream ? PXM_OK : PXM_E_NO_MEMORY;

    for (; *texts && status == PXM_OK; texts++) {
        status = add_text(stream, *texts);
    }
    for (size_t i = 0; head && i < head->header_count && status == PXM_OK; i++) {
        status = add_text(stream, head->headers[i].name);
        status = status == PXM_OK ? add_text(stream, head->headers[i].value) : status;
    }
    if (head && status == PXM_OK) {
        status = add_text(stream, head->remote_addr);
    }
    if (status == PXM_OK) {
        status = pxm_sha256_final(stream, bytes);
    }
    pxm_sha256_free(stream);
    if (status != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    pxm_hex(bytes, sizeof bytes, ret);
    return PXM_OK;
}

/* A client that repeats itself may say other things in its headers (when, for which trace), so of these its key looks
 * at the type alone. */
static pxm_status take_key(struct request *request, const char *key, pxm_error *error)
{
    const struct app_head *head = http_head(request->exchange);
    const char *const name[] = {head->method, head->path, request->subject, key, NULL};
    size_t length = strlen(key);

    if (length == 0 || length > KEY_LENGTH_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "request.key", "an Idempotency-Key has 1 to %d characters",
                             KEY_LENGTH_MAX);
    }
    return digest(name, NULL, request->key, error);
}

/* The same picture twice at the same time is one that was sent twice; two who ask or tell the same are still two, and a
 * place that is signed for one of them is not the other's. */
static bool has_file(const struct app_body *body)
{
    return body->body || pxm_value_count(body->files) > 0;
}

/* Fills flight, key and fingerprint. */
static pxm_status identify(struct request *request, pxm_error *error)
{
    const struct app_head *head = http_head(request->exchange);
    const char *type = app_head_get(head, "Content-Type");
    const char *key = strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0
                          ? NULL
                          : app_head_get(head, "Idempotency-Key");
    char body[REQUEST_DIGEST_MAX];

    if (request->bytes == 0 && !key) {
        return PXM_OK; /* nothing to share, and nothing to repeat by mistake */
    }
    pxm_hex(request->body.sha256, sizeof request->body.sha256, body);
    const char *const all[] = {head->method, head->path, head->query, request->subject, type ? type : "", body, NULL};
    pxm_status status = digest(all, NULL, request->fingerprint, error);
    if (status == PXM_OK && key) {
        status = take_key(request, key, error);
    } else if (status == PXM_OK && has_file(&request->body)) {
        status = digest(all, head, request->flight, error);
    }
    return status;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void finish(struct request *request, const pxm_error *journal_error)
{
    struct crew_run *run = &request->work.run;
    const pxm_value *event = run->event;
    pxm_value *output = run->output ? pxm_value_ref(run->output) : pxm_value_null();
    pxm_error error = run->error.status != PXM_OK ? run->error : *journal_error;

    remove_flight(request);
    work_forget_made(&request->work);
    observe_run(request->supervisor, &request->work);
    free(request->answer);
    crew_run_done(run);
    pxm_value_unref((pxm_value *)(uintptr_t)event);
    if (error.status == PXM_OK && !output) {
        pxm_error_no_memory(&error);
    }
    answer_all(request, output, error.status == PXM_OK ? NULL : &error);
    pxm_value_unref(output);
}

/* What was done is acknowledged only now that it is sure to be finished. */
static void on_concluded(struct journal_op *op)
{
    struct request *request = (struct request *)((char *)op - offsetof(struct request, op));
    const pxm_error error = op->error;

    supervisor_note_journal(request->supervisor, &error);
    if (error.status != PXM_OK) {
        conclude_again(request->supervisor, op);
    }
    journal_op_done(op);
    jobs_look(&request->supervisor->jobs);
    finish(request, &error);
}

static char *write_answer(const pxm_value *output)
{
    struct pxm_buf buf;
    char *text = NULL;

    pxm_buf_init(&buf, ANSWER_BYTES_MAX);
    if (pxm_json_write(&buf, output, 0, 0, NULL) == PXM_OK) {
        text = pxm_buf_take(&buf);
    }
    pxm_buf_done(&buf);
    return text;
}

/* What a run put, or may have, is found when the request comes again and is run under the same name: it would be there
 * twice under another. */
static bool may_have_left_something(const struct request *request)
{
    const struct crew_run *run = &request->work.run;

    return request->work.expected > 0 || run->killed_worker || pxm_error_is_transient(&run->error);
}

static void conclude(struct request *request)
{
    bool fine = request->work.run.error.status == PXM_OK;

    /* An answer that cannot be kept (a file, or a very large one) is made anew when the request comes again. */
    request->answer = fine && request->key[0] ? write_answer(request->work.run.output) : NULL;
    request->op = (struct journal_op){.kind = JOURNAL_CONCLUDE,
                                      .done = on_concluded,
                                      .run = request->id,
                                      .key = request->key,
                                      .answer = request->answer,
                                      .keep_key = may_have_left_something(request),
                                      .told = request->work.told,
                                      .told_count = request->work.told_count,
                                      .now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg)};
    journal_submit(request->supervisor->journal, &request->op);
}

static void note_service(struct request *request)
{
    int64_t mean = atomic_load(&request->supervisor->requests.service_ms);

    atomic_store(&request->supervisor->requests.service_ms, mean + (request->work.run.ms - mean) / MEAN_WEIGHT);
}

/* What tells inputs apart that kill workers. */
static const char *input_of(const struct request *request)
{
    return request->fingerprint[0] ? request->fingerprint : request->id;
}

static void on_ended(struct work *work)
{
    struct request *request = (struct request *)((char *)work - offsetof(struct request, work));
    struct supervisor *supervisor = request->supervisor;
    const pxm_error none = {0};

    if (work->run.killed_worker) {
        poison_died(&supervisor->poison, work->run.trigger->pipeline->name, input_of(request), &work->run.error,
                    loop_now_ms(supervisor->loop));
    }
    if (work->run.ms > 0) {
        note_service(request);
    }
    if (work->expected > 0 || request->key[0]) {
        conclude(request);
    } else {
        finish(request, &none);
    }
}

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

static pxm_status make_event(struct request *request, pxm_value **ret, pxm_error *error)
{
    pxm_value *user = NULL;

    if (request->subject[0]) {
        user = pxm_value_record();
        pxm_value_set(user, "subject", pxm_value_cstring(request->subject));
        if (pxm_value_status(user) != PXM_OK) {
            pxm_value_unref(user);
            return pxm_error_no_memory(error);
        }
    }
    const struct app_http_event from = {.head = http_head(request->exchange),
                                        .match = &request->match,
                                        .body = request->bytes > 0 ? &request->body : NULL,
                                        .user = user};
    pxm_status status = app_event_http(&from, ret, error);
    pxm_value_unref(user);
    return status;
}

static void run(struct request *request, int64_t time_ms, int64_t attempt)
{
    struct supervisor *supervisor = request->supervisor;
    pxm_value *event = NULL;
    pxm_error error = {0};
    int64_t wait_ms = 0;

    request->work.edition = request->edition;
    request->work.kind = WORK_REQUEST;
    request->work.ended = on_ended;
    request->work.bytes = request->bytes;
    request->work.run.id = request->id;
    request->work.run.trigger = request->match.trigger;
    request->work.run.time_ms = time_ms;
    request->work.run.attempt = attempt;
    request->work.run.final = true; /* nobody but the client will try again */
    request->work.run.deadline_ms = trigger_deadline_ms(request->match.trigger);
    add_flight(request);
    if (poison_check(&supervisor->poison, request->match.trigger->pipeline->name, input_of(request),
                     loop_now_ms(supervisor->loop), &wait_ms, &error) != PXM_OK ||
        make_event(request, &event, &error) != PXM_OK) {
        request->work.run.error = error;
        on_ended(&request->work);
        return;
    }
    request->work.run.event = event;
    work_add(&request->work);
}

static void answer_kept(struct request *request, const char *json)
{
    pxm_value *output = NULL;
    pxm_error error = {0};

    if (pxm_json_parse(json, strlen(json), &output, &error) == PXM_OK) {
        answer_output(request, output);
    } else {
        answer_error(request, &error);
    }
    pxm_value_unref(output);
}

static void on_claimed(struct journal_op *op)
{
    struct request *request = (struct request *)((char *)op - offsetof(struct request, op));
    struct journal_op claim = *op;
    struct request *leader = NULL;
    pxm_error error = claim.error;

    supervisor_note_journal(request->supervisor, &error);
    if (error.status == PXM_OK && claim.claimed == JOURNAL_CLAIM_OTHER) {
        pxm_error_set(&error, PXM_E_INVALID, "request.key_reused", "this Idempotency-Key was used for another request");
    } else if (error.status == PXM_OK && claim.claimed == JOURNAL_CLAIM_RUNNING) {
        leader = find_flight(request, true);
        if (!leader) { /* it ended, and its answer is on its way to the journal */
            pxm_error_set(&error, PXM_E_THROTTLED, "request.in_flight", "this request is being answered");
        }
    }
    if (error.status != PXM_OK) {
        answer_error(request, &error);
    } else if (leader) {
        follow(request, leader);
    } else if (claim.claimed == JOURNAL_CLAIM_DONE) {
        answer_kept(request, claim.ret_answer ? claim.ret_answer : "null");
    } else {
        snprintf(request->id, sizeof request->id, "%s", claim.ret_run);
        run(request, claim.ret_run_ms, claim.claimed == JOURNAL_CLAIM_AGAIN ? 2 : 1);
    }
    journal_op_done(&claim);
}

static void claim(struct request *request, int64_t wall_ms)
{
    request->op = (struct journal_op){.kind = JOURNAL_CLAIM,
                                      .done = on_claimed,
                                      .run = request->id,
                                      .run_ms = wall_ms,
                                      .key = request->key,
                                      .fingerprint = request->fingerprint,
                                      .now_ms = wall_ms};
    journal_submit(request->supervisor->journal, &request->op);
}

void request_start(struct request *request)
{
    int64_t wall_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    pxm_error error = {0};

    if (pxm_run_id_make(&pxm_clock_system, request->id, &error) != PXM_OK || identify(request, &error) != PXM_OK) {
        answer_error(request, &error);
        return;
    }
    struct request *leader = request->flight[0] ? find_flight(request, false) : NULL;
    if (leader) {
        follow(request, leader);
    } else if (request->key[0]) {
        claim(request, wall_ms);
    } else {
        run(request, wall_ms, 1);
    }
}

/* ---- clients that went away -------------------------------------------------------------------------------------- */

void requests_stop(struct supervisor *supervisor)
{
    while (supervisor->requests.open) { /* each leaves the list as it is answered */
        request_answer(supervisor->requests.open, NULL);
    }
}

void request_sweep(struct supervisor *supervisor)
{
    struct request *next = NULL;

    for (struct request *one = supervisor->requests.flights; one; one = next) {
        next = one->next_flight;
        if (one->followers || !http_is_gone(one->exchange)) {
            continue;
        }
        if (work_remove(&one->work)) {
            pxm_error_set(&one->work.run.error, PXM_E_CANCELLED, "request.gone", "the client went away");
            on_ended(&one->work);
        } else if (one->bytes == 0) {
            crew_cancel(one->edition->crew, &one->work.run);
        }
    }
}
