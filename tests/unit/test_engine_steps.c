/* Runs of pipelines: order, wiring, results, skipping, errors and what is done about them. */
#include "engine_fixture.h"

#include <string.h>

static const char file_bytes[] = "twelve bytes";
static const struct pxm_input_value file_input[] = {
    {.name = "file", .data = file_bytes, .length = sizeof file_bytes - 1}, {.name = NULL}};

/* ---- the ordinary case ------------------------------------------------------------------------------------------- */

static const char upload[] =
    "version: 1\n"
    "inputs: {file: {type: blob}}\n"
    "steps:\n"
    "  - {id: image, fake.open: {}}\n"
    "  - {id: original, in: input.file, put: {store: objects, key: \"originals/${steps.image.width}\"}}\n"
    "  - {id: small, in: image, fake.shrink: {width: 320}}\n"
    "  - {id: packed, fake.pack: {}}\n"
    "  - {id: thumb, put: {store: objects, key: \"t/${run.id}.fake\"}}\n"
    "  - {id: row, record: {table: rows, key: \"k1\", set: {w: \"${steps.small.width}\", thumb: "
    "\"${steps.thumb.key}\"}}}\n"
    "output: {width: \"${steps.image.width}\", thumb: \"${steps.thumb.key}\", made: \"${steps.row.created}\"}\n";

static void steps_run_in_order_and_are_wired_to_what_stands_above(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "upload", upload, NULL);
    assert_string_equal(world_result(&world, "upload", file_input),
                        "{\"width\":1000,\"thumb\":\"t/r1.fake\",\"made\":true}");
    assert_string_equal(journal_text(), "open, announce 320, put originals/1000, shrink 320, put t/r1.fake, record k1");
    assert_string_equal(fake_object("objects", "originals/1000"), file_bytes);
    assert_string_equal(fake_object("objects", "t/r1.fake"), "320x160");
    assert_string_equal(fake_item("rows", "k1"), "{\"w\":320,\"thumb\":\"t/r1.fake\"}");
    world_close(&world);
}

static void an_output_of_one_blob_is_data(void **state)
{
    struct world world;
    size_t length = 0;
    const char *media = NULL;
    (void)state;

    world_open(&world, 1, NULL, "view",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps:\n"
               "  - {id: image, fake.open: {}}\n"
               "  - {id: packed, fake.pack: {}}\n"
               "output: ${steps.packed}\n",
               NULL);
    pxm_run *run = world_run(&world, "view", file_input);
    const char *data = pxm_run_result_data(run, &length, &media);
    assert_int_equal(length, strlen("1000x500"));
    assert_memory_equal(data, "1000x500", length);
    assert_string_equal(media, "image/fake");
    assert_string_equal(pxm_run_result_json(run), "{\"blob\":{\"bytes\":8,\"media\":\"image/fake\"}}");
    pxm_run_free(run);
    world_close(&world);
}

static void stores_tables_and_queues_are_read_and_written(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "all",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps:\n"
               "  - {id: kept, in: input.file, put: {store: objects, key: a/b, meta: {x: y}}}\n"
               "  - {id: got, get: {store: objects, key: a/b}}\n"
               "  - {id: again, put: {store: objects, key: a/c}}\n"
               "  - {id: row, record: {table: rows, key: k, set: {n: 1, l: [a, true]}}}\n"
               "  - {id: look, lookup: {table: rows, key: k}}\n"
               "  - {id: sent, send: {queue: jobs, body: {key: \"${steps.again.key}\"}, delay: 2s}}\n"
               "  - {id: gone, erase: {table: rows, key: k}}\n"
               "  - {id: removed, remove: {store: objects, key: a/b}}\n"
               "output: {item: \"${steps.look.item}\", gone: \"${steps.gone.erased}\", removed: "
               "\"${steps.removed.removed}\"}\n",
               NULL);
    assert_string_equal(world_result(&world, "all", file_input),
                        "{\"item\":{\"n\":1,\"l\":[\"a\",true]},\"gone\":true,\"removed\":true}");
    assert_string_equal(
        journal_text(),
        "put a/b with {\"x\":\"y\"}, put a/c, record k, send {\"key\":\"a/c\"} after 2000, erase k, remove a/b");
    assert_null(fake_object("objects", "a/b"));
    assert_string_equal(fake_object("objects", "a/c"), file_bytes);
    world_close(&world);
}

/* ---- skipping ---------------------------------------------------------------------------------------------------- */

static const char skipping[] = "version: 1\n"
                               "inputs: {file: {type: blob}, w: {type: int, default: 500}}\n"
                               "steps:\n"
                               "  - {id: image, fake.open: {}}\n"
                               "  - {id: small, when: input.w < 100, fake.shrink: {width: 50}}\n"
                               "  - {id: packed, fake.pack: {}}\n"
                               "  - {id: maybe, when: input.w < 100, fake.note: {text: maybe}}\n"
                               "output: {size: \"${steps.small.width ?? 0}\", note: \"${steps.maybe.text ?? 'none'}\", "
                               "blob: \"${steps.packed}\"}\n";

static void a_skipped_step_hands_on_its_input_or_is_null(void **state)
{
    const struct pxm_input_value small[] = {file_input[0], {.name = "w", .text = "64"}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "skipping", skipping, NULL);
    pxm_run *run = world_run(&world, "skipping", file_input);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    assert_string_equal(pxm_run_result_json(run),
                        "{\"size\":0,\"note\":\"none\",\"blob\":{\"blob\":{\"bytes\":8,\"media\":\"image/fake\"}}}");
    pxm_run_free(run);
    assert_string_equal(world_result(&world, "skipping", small),
                        "{\"size\":50,\"note\":\"maybe\",\"blob\":{\"blob\":{\"bytes\":5,\"media\":\"image/fake\"}}}");
    world_close(&world);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void an_error_names_its_step_and_place(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "bad",
               "version: 1\n"
               "steps:\n"
               "  - {id: first, fake.note: {text: a}}\n"
               "  - {id: second, fake.note: {text: b, fail: acme.no_face}}\n"
               "  - {id: third, fake.note: {text: c}}\n",
               NULL);
    pxm_run *run = world_run(&world, "bad", NULL);
    const pxm_error *error = pxm_run_error(run);
    assert_string_equal(pxm_error_code(error), "acme.no_face");
    assert_string_equal(pxm_error_step(error), "second");
    assert_non_null(strstr(pxm_error_text(error), "step `second`"));
    assert_non_null(strstr(pxm_error_text(error), "bad.yaml:4:18"));
    assert_non_null(strstr(pxm_error_text(error), "as told"));
    assert_int_equal(pxm_error_is_transient(error), 0);
    assert_string_equal(pxm_run_result_json(run), "null");
    assert_null(pxm_run_result_data(run, NULL, NULL));
    pxm_run_free(run);
    assert_string_equal(journal_text(), "a, b");
    world_close(&world);
}

static void a_broken_picture_blames_the_step_that_opened_it(void **state)
{
    struct world world;
    (void)state;

    world_open(
        &world, 1, NULL, "lazy",
        "version: 1\n"
        "inputs: {file: {type: blob}}\n"
        "steps:\n"
        "  - {id: image, fake.open: {}}\n"
        "  - {id: small, fake.shrink: {width: 13}}\n"
        "  - {id: packed, fake.pack: {}}\n"
        "  - {put: {store: objects, key: a}}\n"
        "on_failure:\n"
        "  - {id: row, record: {table: rows, key: e, set: {code: \"${error.code}\", origin: \"${error.origin}\"}}}\n",
        NULL);
    assert_string_equal(world_failure(&world, "lazy", file_input), "decode.corrupt@packed");
    assert_string_equal(fake_item("rows", "e"), "{\"code\":\"decode.corrupt\",\"origin\":\"image\"}");
    world_close(&world);
}

static void only_transient_errors_are_retried(void **state)
{
    struct world world;
    (void)state;

    world_open(
        &world, 1, NULL, "transient",
        "version: 1\n"
        "steps: [{id: s, fake.note: {text: try, fail: a.b, transient: true, times: 2}, retry: {times: 3, backoff: "
        "200ms}}]\n",
        "permanent",
        "version: 1\n"
        "steps: [{id: s, fake.note: {text: try, fail: a.b}, retry: {times: 3, backoff: 200ms}}]\n",
        "spent",
        "version: 1\n"
        "steps: [{id: s, fake.note: {text: try, fail: a.b, transient: true}, retry: {times: 2, backoff: 200ms}}]\n",
        NULL);
    world_result(&world, "transient", NULL);
    assert_string_equal(journal_text(), "try, try, try");
    assert_true(fake_clock_slept() <= 200 + 400);
    journal_clear();
    assert_string_equal(world_failure(&world, "permanent", NULL), "a.b@s");
    assert_string_equal(journal_text(), "try");
    journal_clear();
    assert_string_equal(world_failure(&world, "spent", NULL), "a.b@s");
    assert_string_equal(journal_text(), "try, try, try");
    world_close(&world);
}

static void a_put_is_retried_with_its_whole_body(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "put",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps: [{in: input.file, put: {store: flaky, key: a}, retry: {times: 2, backoff: 1s}}]\n",
               NULL);
    world_result(&world, "put", file_input);
    assert_string_equal(fake_object("flaky", "a"), file_bytes);
    world_close(&world);
}

static void no_retry_begins_that_would_end_too_late(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "late",
               "version: 1\n"
               "limits: {time: 1s}\n"
               "steps: [{id: s, fake.note: {text: try, fail: a.b, transient: true}, retry: {times: 10, backoff: 10s, "
               "max: 10m}}]\n",
               NULL);
    world_failure(&world, "late", NULL);
    assert_true(fake_clock_slept() < 1000);
    world_close(&world);
}

static const char rules[] =
    "version: 1\n"
    "inputs: {code: {type: string}}\n"
    "steps:\n"
    "  - id: risky\n"
    "    fake.note: {text: risky, fail: \"${input.code}\"}\n"
    "    on_error: {acme.skip: skip, acme.stop: stop, acme.other: fallback, acme.other.deep: fail, limit: skip}\n"
    "    fallback: {fake.note: {text: plan b}}\n"
    "  - {id: after, fake.note: {text: after}}\n"
    "output: {text: \"${steps.risky.text ?? 'none'}\"}\n";

static const char *with_code(struct world *world, const char *code)
{
    const struct pxm_input_value inputs[] = {{.name = "code", .text = code}, {.name = NULL}};

    journal_clear();
    return world_result(world, "rules", inputs);
}

static void on_error_takes_the_most_exact_rule(void **state)
{
    const struct pxm_input_value deep[] = {{.name = "code", .text = "acme.other.deep"}, {.name = NULL}};
    const struct pxm_input_value unknown[] = {{.name = "code", .text = "limits.x"}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "rules", rules, NULL);
    assert_string_equal(with_code(&world, "none"), "{\"text\":\"risky\"}");
    assert_string_equal(with_code(&world, "acme.skip"), "{\"text\":\"none\"}");
    assert_string_equal(journal_text(), "risky, after");
    assert_string_equal(with_code(&world, "acme.stop"), "null");
    assert_string_equal(journal_text(), "risky");
    assert_string_equal(with_code(&world, "acme.other.x"), "{\"text\":\"plan b\"}");
    assert_string_equal(journal_text(), "risky, plan b, after");
    assert_string_equal(with_code(&world, "limit.any"), "{\"text\":\"none\"}");
    assert_string_equal(world_failure(&world, "rules", deep), "acme.other.deep@risky");
    assert_string_equal(world_failure(&world, "rules", unknown), "limits.x@risky");
    world_close(&world);
}

static void a_failing_fallback_fails_the_run_and_tells_of_both(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "both",
               "version: 1\n"
               "steps:\n"
               "  - {id: s, fake.note: {fail: a.b}, on_error: {\"*\": fallback}, fallback: {fake.note: {fail: c.d}}}\n",
               NULL);
    pxm_run *run = world_run(&world, "both", NULL);
    const pxm_error *error = pxm_run_error(run);
    assert_string_equal(pxm_error_code(error), "c.d");
    assert_int_equal(error->note_count, 1);
    assert_string_equal(error->notes[0].key, "fallback_for");
    pxm_run_free(run);
    world_close(&world);
}

/* ---- undo and on_failure ----------------------------------------------------------------------------------------- */

static void what_the_run_created_is_undone_last_first(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "undo",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps:\n"
               "  - {id: a, in: input.file, put: {store: objects, key: old, if_absent: true}, undo: true}\n"
               "  - {id: b, in: input.file, put: {store: objects, key: new, if_absent: true}, undo: true}\n"
               "  - {id: r, record: {table: rows, key: row, set: {x: 1}, if_absent: true}, undo: true}\n"
               "  - {id: keep, in: input.file, put: {store: objects, key: keep}}\n"
               "  - {id: bad, fake.note: {fail: acme.bad}}\n"
               "on_failure:\n"
               "  - {id: note, fake.note: {text: \"failed ${error.code} ${error.step} ${run.id}\"}}\n",
               "first",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps: [{id: a, in: input.file, put: {store: objects, key: old}}]\n",
               NULL);
    world_result(&world, "first", file_input);
    journal_clear();
    assert_string_equal(world_failure(&world, "undo", file_input), "acme.bad@bad");
    assert_string_equal(journal_text(), "put old, put new, record row, put keep, note, erase row, remove new, "
                                        "failed acme.bad bad r1");
    assert_non_null(fake_object("objects", "old"));
    assert_null(fake_object("objects", "new"));
    assert_non_null(fake_object("objects", "keep"));
    world_close(&world);
}

static void nothing_is_undone_after_success(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "fine",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps: [{id: a, in: input.file, put: {store: objects, key: new, if_absent: true}, undo: true}]\n"
               "on_failure: [{fake.note: {text: never}}]\n",
               NULL);
    world_result(&world, "fine", file_input);
    assert_string_equal(journal_text(), "put new");
    world_close(&world);
}

static void failures_of_cleaning_up_are_notes(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "notes",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "steps:\n"
               "  - {id: a, in: input.file, put: {store: objects, key: sticky, if_absent: true}, undo: true}\n"
               "  - {id: bad, fake.note: {fail: acme.bad}}\n"
               "on_failure: [{id: worse, fake.note: {fail: acme.worse}}]\n",
               NULL);
    pxm_run *run = world_run(&world, "notes", file_input);
    const pxm_error *error = pxm_run_error(run);
    assert_string_equal(pxm_error_code(error), "acme.bad");
    assert_int_equal(error->note_count, 2);
    assert_string_equal(error->notes[0].key, "a");
    assert_non_null(strstr(error->notes[0].value, "`sticky` was not undone"));
    assert_string_equal(error->notes[1].key, "on_failure");
    assert_non_null(strstr(error->notes[1].value, "worse"));
    pxm_run_free(run);
    world_close(&world);
}

/* ---- call -------------------------------------------------------------------------------------------------------- */

static const char callee[] =
    "version: 1\n"
    "inputs: {n: {type: int, max: 10}, file: {type: blob}}\n"
    "steps:\n"
    "  - {id: kept, in: input.file, put: {store: objects, key: \"c/${input.n}\", if_absent: true}, undo: true}\n"
    "  - {id: maybe, when: input.n == 7, fake.note: {fail: acme.seven}}\n"
    "output: {key: \"${steps.kept.key}\", n: \"${input.n}\"}\n";

static const char caller[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, n: {type: int}, bad: {type: bool, default: false}}\n"
    "steps:\n"
    "  - {id: sub, call: {pipeline: callee, with: {n: \"${input.n}\", file: \"${input.file}\"}}}\n"
    "  - {id: after, when: input.bad, fake.note: {fail: acme.after}}\n"
    "output: {key: \"${steps.sub.key}\"}\n";

static void a_call_gives_the_output_of_the_other_pipeline(void **state)
{
    struct pxm_input_value inputs[] = {file_input[0], {.name = "n", .text = "3"}, {.name = NULL}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "callee", callee, "caller", caller, NULL);
    assert_string_equal(world_result(&world, "caller", inputs), "{\"key\":\"c/3\"}");
    inputs[1].text = "11";
    assert_string_equal(world_failure(&world, "caller", inputs), "input.invalid@sub");
    inputs[1].text = "7";
    journal_clear();
    assert_string_equal(world_failure(&world, "caller", inputs), "acme.seven@maybe");
    assert_string_equal(journal_text(), "put c/7, note, remove c/7");
    world_close(&world);
}

static void what_a_callee_created_is_undone_when_its_caller_fails(void **state)
{
    const struct pxm_input_value inputs[] = {
        file_input[0], {.name = "n", .text = "3"}, {.name = "bad", .text = "true"}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "callee", callee, "caller", caller, NULL);
    assert_string_equal(world_failure(&world, "caller", inputs), "acme.after@after");
    assert_string_equal(journal_text(), "put c/3, note, remove c/3");
    world_close(&world);
}

static void fail_is_a_declared_error(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "fails",
               "version: 1\n"
               "inputs: {name: {type: string}}\n"
               "steps: [{id: f, when: input.name != '', fail: {code: app.no, message: \"not ${input.name}\"}}]\n",
               NULL);
    const struct pxm_input_value inputs[] = {{.name = "name", .text = "you"}, {.name = NULL}};
    pxm_run *run = world_run(&world, "fails", inputs);
    assert_string_equal(pxm_error_code(pxm_run_error(run)), "app.no");
    assert_non_null(strstr(pxm_error_text(pxm_run_error(run)), "not you"));
    pxm_run_free(run);
    world_close(&world);
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

static void a_plugin_that_breaks_its_contract_is_named(void **state)
{
    static const char *const ways[] = {"status", "silent", "nothing", "type", "field", "field_type"};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "breaks",
               "version: 1\n"
               "inputs: {how: {type: string}}\n"
               "steps: [{id: b, fake.broken: {how: \"${input.how}\"}}]\n"
               "output: {size: \"${steps.b.size}\"}\n",
               NULL);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const struct pxm_input_value inputs[] = {{.name = "how", .text = ways[i]}, {.name = NULL}};
        pxm_run *run = world_run(&world, "breaks", inputs);
        assert_int_equal(pxm_run_status(run), PXM_E_INTERNAL);
        assert_string_equal(pxm_error_code(pxm_run_error(run)), "plugin.contract");
        assert_non_null(strstr(pxm_error_text(pxm_run_error(run)), "plugin `fake`"));
        pxm_run_free(run);
    }
    const struct pxm_input_value fine[] = {{.name = "how", .text = "not at all"}, {.name = NULL}};
    assert_string_equal(world_result(&world, "breaks", fine), "{\"size\":1}");
    world_close(&world);
}

static void a_key_that_leaves_its_folder_is_refused(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keys",
               "version: 1\n"
               "inputs: {key: {type: string}}\n"
               "steps: [{id: g, get: {store: objects, key: \"${input.key}\", under: a/}}]\n",
               NULL);
    const char *const bad[] = {"b/x", "a/../b", "a//b", "a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct pxm_input_value inputs[] = {{.name = "key", .text = bad[i]}, {.name = NULL}};
        assert_string_equal(world_failure(&world, "keys", inputs), "key.invalid@g");
    }
    const struct pxm_input_value absent[] = {{.name = "key", .text = "a/b"}, {.name = NULL}};
    assert_string_equal(world_failure(&world, "keys", absent), "store.not_found@g");
    world_close(&world);
}

/* ---- metadata of objects ----------------------------------------------------------------------------------------- */

static const char named[] = "version: 1\n"
                            "inputs: {name: {type: string, default: \"\"}, tag: {type: string, default: \"\"}}\n"
                            "steps:\n"
                            "  - id: place\n"
                            "    presign:\n"
                            "      {store: objects, key: a/b, method: PUT, meta: {name: \"${input.name}\", tag: "
                            "\"${input.tag}\"}}\n"
                            "output: ${steps.place.headers}\n";

static void texts_that_are_empty_are_not_kept_with_an_object(void **state)
{
    const struct pxm_input_value name[] = {{.name = "name", .text = "a.jpg"}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "named", named, "kept",
               "version: 1\n"
               "inputs: {file: {type: blob}}\n"
               "vars: {none: \"${lower('')}\"}\n"
               "steps:\n"
               "  - {id: some, in: input.file, put: {store: objects, key: a/b, meta: {x: y, z: \"${vars.none}\"}}}\n"
               "  - {id: got, get: {store: objects, key: a/b}}\n"
               "  - {id: no, in: input.file, put: {store: objects, key: a/c, meta: {z: \"${vars.none}\"}}}\n"
               "  - {id: nothing, get: {store: objects, key: a/c}}\n"
               "output: [\"${steps.got.meta}\", \"${steps.nothing.meta}\"]\n",
               NULL);
    assert_string_equal(world_result(&world, "kept", file_input), "[{\"x\":\"y\"},null]");
    assert_string_equal(world_result(&world, "named", name), "{\"name\":\"a.jpg\"}");
    assert_string_equal(world_result(&world, "named", NULL), "{}");
    world_close(&world);
}

static void a_driver_that_knows_no_metadata_of_uploads_signs_none(void **state)
{
    const struct pxm_input_value name[] = {{.name = "name", .text = "a.jpg"}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "named", named, NULL);
    struct pxm_instance *store = pxm_project_instance(world.project, PXM_RESOURCE_STORE, "objects");
    assert_int_equal(store->abi, PXM_ABI_CURRENT);
    store->abi = PXM_ABI(1, 2);
    assert_string_equal(world_failure(&world, "named", name), "plugin.cannot@place");
    assert_string_equal(journal_text(), "");
    assert_string_equal(world_result(&world, "named", NULL), "{}");
    assert_string_equal(journal_text(), "presign a/b");
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_run_in_order_and_are_wired_to_what_stands_above),
        cmocka_unit_test(an_output_of_one_blob_is_data),
        cmocka_unit_test(stores_tables_and_queues_are_read_and_written),
        cmocka_unit_test(a_skipped_step_hands_on_its_input_or_is_null),
        cmocka_unit_test(an_error_names_its_step_and_place),
        cmocka_unit_test(a_broken_picture_blames_the_step_that_opened_it),
        cmocka_unit_test(only_transient_errors_are_retried),
        cmocka_unit_test(a_put_is_retried_with_its_whole_body),
        cmocka_unit_test(no_retry_begins_that_would_end_too_late),
        cmocka_unit_test(on_error_takes_the_most_exact_rule),
        cmocka_unit_test(a_failing_fallback_fails_the_run_and_tells_of_both),
        cmocka_unit_test(what_the_run_created_is_undone_last_first),
        cmocka_unit_test(nothing_is_undone_after_success),
        cmocka_unit_test(failures_of_cleaning_up_are_notes),
        cmocka_unit_test(a_call_gives_the_output_of_the_other_pipeline),
        cmocka_unit_test(what_a_callee_created_is_undone_when_its_caller_fails),
        cmocka_unit_test(fail_is_a_declared_error),
        cmocka_unit_test(a_plugin_that_breaks_its_contract_is_named),
        cmocka_unit_test(a_key_that_leaves_its_folder_is_refused),
        cmocka_unit_test(texts_that_are_empty_are_not_kept_with_an_object),
        cmocka_unit_test(a_driver_that_knows_no_metadata_of_uploads_signs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
