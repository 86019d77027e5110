/* s3 when memory runs out, at each of its allocations: an operation succeeds, or says so, and leaves nothing behind.
 * The driver and what it shares with others are linked in, so that every allocation of theirs can fail. */
#include "alloc_scene.h"
#include "aws-gate/gate.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

enum { PART_BYTES = 1000, FORM_FIELDS = 10 };

const struct pxm_plugin *pxm_plugin_s3(void);

static const struct pxm_unit *unit(void)
{
    return pxm_plugin_s3()->units[0];
}

static const struct pxm_storage_ops *ops(void)
{
    return unit()->ops;
}

static void sweep(const char *name, alloc_operation operation)
{
    void *config = conformance_config(unit());
    const struct {
        const char *name, *value;
    } texts[] = {{"bucket", "images"},
                 {"endpoint", gate_s3_url()},
                 {"region", "us-east-1"},
                 {"access_key", GATE_KEY},
                 {"secret_key", GATE_SECRET}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        conformance_set_string(unit(), config, texts[i].name, texts[i].value);
    }
    conformance_set_int(unit(), config, "multipart_above", PART_BYTES);
    conformance_set_int(unit(), config, "part_size", PART_BYTES);
    alloc_scene(name, unit(), config, operation);
    free(config);
}

static pxm_value *meta; /* of all that is put or signed; made before allocations fail */

static int setup(void **state)
{
    (void)state;
    gate_reset();
    gate_settings("{'gate':{'part_min':1}}");
    meta = json_value("{'name': 'K\xc3\xa4se.jpg', 'owner': 'u-1'}");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    conformance_host()->value_unref(meta);
    return 0;
}

/* ---- operations ---- */

static pxm_status put_length(void *self, size_t length, uint32_t flags, pxm_value *fields, pxm_error *error)
{
    static const char bytes[PART_BYTES + 10];
    const struct pxm_host *host = conformance_host();
    pxm_blob *blob = host->blob_new(bytes, length, NULL, NULL);
    pxm_stream *body = blob ? host->stream_of_blob(blob) : NULL;
    struct pxm_put put = {.struct_size = sizeof put,
                          .flags = flags,
                          .key = "a b/c",
                          .content_type = "image/png",
                          .meta = meta,
                          .body = body};
    pxm_status status = body ? ops()->put(self, NULL, &put, fields, error) : PXM_E_NO_MEMORY;
    host->stream_close(body);
    host->blob_unref(blob);
    return status;
}

static pxm_status put_small(void *self, pxm_value *fields, pxm_error *error)
{
    return put_length(self, 10, PXM_PUT_IF_ABSENT, fields, error);
}

static pxm_status put_parts(void *self, pxm_value *fields, pxm_error *error)
{
    return put_length(self, PART_BYTES + 10, 0, fields, error);
}

static pxm_status get_whole(void *self, pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = conformance_host();
    struct pxm_get get = {.struct_size = sizeof get, .key = "a b/c", .length = -1};
    pxm_stream *stream = NULL;
    char bytes[64];
    pxm_status status = ops()->get(self, NULL, &get, &stream, fields, error);
    if (status != PXM_OK) {
        return status;
    }
    int64_t count = host->stream_read(stream, bytes, sizeof bytes, error);
    host->stream_close(stream);
    return count < 0 ? (pxm_status)count : PXM_OK;
}

static pxm_status list_all(void *self, pxm_value *fields, pxm_error *error)
{
    struct pxm_list list = {.struct_size = sizeof list, .prefix = "", .limit = 10};
    return ops()->list(self, NULL, &list, fields, error);
}

static pxm_status remove_one(void *self, pxm_value *fields, pxm_error *error)
{
    return ops()->remove(self, NULL, "a b/c", fields, error);
}

/* What was signed is told whole, or that it could not be. */
static pxm_status presign(void *self, const char *method, int64_t bytes_max, pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = conformance_host();
    bool is_form = strcmp(method, "POST") == 0;
    struct pxm_presign presign = {.struct_size = sizeof presign,
                                  .method = method,
                                  .key = "k",
                                  .expires_ms = 60000,
                                  .content_type = "image/png",
                                  .bytes_max = bytes_max,
                                  .meta = meta};
    pxm_status status = ops()->presign(self, NULL, &presign, fields, error);
    bool is_whole =
        host->value_count(host->value_get(fields, is_form ? "fields" : "headers")) == (is_form ? FORM_FIELDS : 3);
    return status == PXM_OK && pxm_value_status(fields) == PXM_OK && !is_whole ? PXM_E_INTERNAL : status;
}

static pxm_status presign_form(void *self, pxm_value *fields, pxm_error *error)
{
    return presign(self, "POST", 10, fields, error);
}

static pxm_status presign_url(void *self, pxm_value *fields, pxm_error *error)
{
    return presign(self, "PUT", PXM_UNSET_INT, fields, error);
}

/* ---- tests ---- */

static void objects_survive_failing_allocations(void **state)
{
    (void)state;
    sweep("put", put_small);
    sweep("get", get_whole);
    sweep("list", list_all);
    sweep("remove", remove_one);
}

static void parts_survive_failing_allocations(void **state)
{
    (void)state;
    sweep("put by parts", put_parts);
}

static void signing_survives_failing_allocations(void **state)
{
    (void)state;
    sweep("presign a form", presign_form);
    sweep("presign a URL", presign_url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(objects_survive_failing_allocations, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_survive_failing_allocations, setup, teardown),
        cmocka_unit_test_setup_teardown(signing_survives_failing_allocations, setup, teardown),
    };
    return pxm_plugin_s3()->load(conformance_host(), NULL) == PXM_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
