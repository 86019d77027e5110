/* The intake and events when memory runs out: no crash, no leak, no descriptor left, no false success. */
#include "alloc_sweep.h"
#include "app/event.h"
#include "base/blob.h"
#include "base/error.h"
#include "base/value.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct upload {
    const char *content_type, *body;
    size_t length, members; /* members: of all records of the body together */
    int folder;
};

/* The lowest descriptor that is free. */
static int free_descriptor(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD, STDERR_FILENO + 1);
    close(fd);
    return fd;
}

static pxm_status take(const struct upload *upload, struct app_body *ret, pxm_error *error)
{
    static const char *const files[] = {"image", "other", NULL};
    const struct app_trigger trigger = {
        .reads_body = true, .reads_json = true, .reads_form = true, .reads_files = true, .files = files};
    const struct app_intake_options options = {.trigger = &trigger,
                                               .content_type = upload->content_type,
                                               .content_length = -1,
                                               .bytes_max = 1 << 20,
                                               .spool = upload->folder};
    struct app_intake *intake = NULL;
    pxm_status status = app_intake_new(&options, &intake, error);
    const size_t half = upload->length / 2;
    if (status == PXM_OK) {
        status = app_intake_feed(intake, upload->body, half, error);
    }
    if (status == PXM_OK) {
        status = app_intake_feed(intake, upload->body + half, upload->length - half, error);
    }
    if (status == PXM_OK) {
        status = app_intake_finish(intake, ret, error);
    }
    app_intake_free(intake);
    return status;
}

static int take_body(void *arg)
{
    const struct upload *upload = arg;
    const int descriptor = free_descriptor();
    struct app_body body = {.bytes = 0};
    struct pxm_error error = {0};
    pxm_status status = take(upload, &body, &error);
    size_t members = pxm_value_count(body.json) + pxm_value_count(body.form) + pxm_value_count(body.files) +
                     pxm_value_count(body.filenames) + (body.body != NULL ? 1 : 0);
    app_body_done(&body);
    if (free_descriptor() != descriptor || error.status != status) {
        return ALLOC_FALSE;
    }
    if (status == PXM_OK) {
        return members == upload->members ? ALLOC_SUCCESS : ALLOC_FALSE;
    }
    return status == PXM_E_NO_MEMORY && members == 0 ? ALLOC_FAILURE : ALLOC_FALSE;
}

static void sweep(const char *what, struct upload upload)
{
    upload.folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(upload.folder >= 0);
    upload.length = upload.length > 0 ? upload.length : strlen(upload.body);
    alloc_sweep(what, take_body, &upload);
    close(upload.folder);
}

static void bodies_survive(void **state)
{
    (void)state;
    static char large[3 * APP_MEMORY_BYTES];
    sweep("body in memory", (struct upload){.content_type = "image/gif", .body = "GIF89a", .members = 1});
    sweep("body in a file", (struct upload){.body = large, .length = sizeof large, .members = 1});
}

static void forms_survive(void **state)
{
    (void)state;
    sweep("pairs", (struct upload){.content_type = "application/x-www-form-urlencoded; charset=utf-8",
                                   .body = "a=1&b=%41+&c",
                                   .members = 3});
    sweep("multipart", (struct upload){.content_type = "multipart/form-data; boundary=\"b\"",
                                       .body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                                               "--b\r\nContent-Disposition: form-data; name=\"image\"; "
                                               "filename=\"x%22.gif\"\r\n\r\nGIF89a\r\n"
                                               "--b\r\nContent-Disposition: form-data; name=none; filename=x\r\n\r\n"
                                               "dropped\r\n--b--\r\n",
                                       .members = 3});
}

static void json_survives(void **state)
{
    (void)state;
    sweep("json with files", (struct upload){.content_type = "application/json",
                                             .body = "{\"a\":[1,{}],\"\\u0069mage\":\"R0lGODlh\","
                                                     "\"other\":\"data:,x%41\",\"z\":\"x\"}",
                                             .members = 4});
}

static int make_event(void *arg)
{
    (void)arg;
    const struct app_header headers[] = {{"Host", "x"}, {"Accept", "a"}, {"accept", "b"}, {"Cookie", "c"}};
    const struct app_head head = {
        .method = "GET", .path = "/", .query = "a=1&b=2", .remote_addr = "::1", .header_count = 4, .headers = headers};
    const struct app_match match = {.kind = APP_MATCH_FOUND};
    struct app_body body = {.body = pxm_blob_copy("x", 1)};
    struct pxm_error error = {0};
    pxm_value *event = NULL;
    const struct app_http_event from = {.head = &head, .match = &match, .body = &body};
    pxm_status status = app_event_http(&from, &event, &error);
    bool is_right = error.status == status && (event != NULL) == (status == PXM_OK);
    bool is_whole = body.body != NULL;
    if (status == PXM_OK) {
        is_right = is_right && pxm_value_count(pxm_value_get(event, "query")) == 2 &&
                   pxm_value_count(pxm_value_get(event, "headers")) == 2 &&
                   (pxm_value_as_blob(pxm_value_get(event, "body")) != NULL) == is_whole;
    }
    pxm_value_unref(event);
    app_body_done(&body);
    if (!is_right) {
        return ALLOC_FALSE;
    }
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    return is_whole ? ALLOC_SUCCESS : ALLOC_FAILURE;
}

static int make_object_event(void *arg)
{
    const struct app_object *object = arg;
    struct pxm_error error = {0};
    pxm_value *event = NULL;
    pxm_status status = app_event_object_created(object, &event, &error);
    bool is_right = error.status == status && (event != NULL) == (status == PXM_OK) &&
                    (status == PXM_OK || status == PXM_E_NO_MEMORY);
    pxm_value_unref(event);
    if (!is_right) {
        return ALLOC_FALSE;
    }
    return status == PXM_OK ? ALLOC_SUCCESS : ALLOC_FAILURE;
}

static void events_survive(void **state)
{
    (void)state;
    struct app_object object = {.store = "s", .key = "k", .bytes = 1, .time_ms = 1};
    alloc_sweep("http event", make_event, NULL);
    alloc_sweep("object event", make_object_event, &object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_survive),
        cmocka_unit_test(forms_survive),
        cmocka_unit_test(json_survives),
        cmocka_unit_test(events_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
