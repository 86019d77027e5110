/* foreach and parallel: order, isolation, failing side by side, announcements, with one worker and with several. */
#include "engine_fixture.h"

#include <string.h>

static const char file_bytes[] = "twelve bytes";
static const struct pxm_input_value file_input[] = {
    {.name = "file", .data = file_bytes, .length = sizeof file_bytes - 1}, {.name = NULL}};

static const char sizes[] = "version: 1\n"
                            "inputs: {file: {type: blob}}\n"
                            "vars: {widths: [320, 640, 1280, 1920]}\n"
                            "steps:\n"
                            "  - {id: image, fake.open: {}}\n"
                            "  - id: sizes\n"
                            "    foreach: ${vars.widths}\n"
                            "    where: index == 0 or item <= steps.image.width\n"
                            "    max_parallel: 4\n"
                            "    steps:\n"
                            "      - {id: shrink, in: image, fake.shrink: {width: \"${item}\"}}\n"
                            "      - {id: packed, fake.pack: {}}\n"
                            "      - {id: save, put: {store: objects, key: \"t/${item}\"}}\n"
                            "    emit: {w: \"${steps.shrink.width}\", key: \"${steps.save.key}\", i: \"${index}\"}\n"
                            "output: {items: \"${steps.sizes.items}\", count: \"${steps.sizes.count}\"}\n";

static const char sizes_result[] =
    "{\"items\":[{\"w\":320,\"key\":\"t/320\",\"i\":0},{\"w\":640,\"key\":\"t/640\",\"i\":1}],"
    "\"count\":2}";

static void items_come_out_in_the_order_of_the_list(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers += 3) {
        struct world world;
        world_open(&world, workers, NULL, "sizes", sizes, NULL);
        assert_string_equal(world_result(&world, "sizes", file_input), sizes_result);
        assert_string_equal(fake_object("objects", "t/640"), "640x320");
        assert_null(fake_object("objects", "t/1280"));
        world_close(&world);
    }
}

static void sizes_are_announced_before_the_first_is_made(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "sizes", sizes, NULL);
    world_result(&world, "sizes", file_input);
    assert_string_equal(journal_text(),
                        "open, announce 320, announce 640, shrink 320, put t/320, shrink 640, put t/640");
    world_close(&world);
}

static const char tolerant[] =
    "version: 1\n"
    "inputs: {codes: {type: list}}\n"
    "steps:\n"
    "  - id: each\n"
    "    foreach: ${input.codes}\n"
    "    tolerate: 1\n"
    "    max_parallel: 2\n"
    "    steps:\n"
    "      - {id: n, fake.note: {text: \"${item ?? ''}\", fail: \"${item ?? ''}\"}}\n"
    "    emit: ${steps.n.text}\n"
    "output: {items: \"${steps.each.items}\", failed: \"${steps.each.failed}\", count: \"${steps.each.count}\"}\n";

static void a_list_that_is_too_long_is_refused(void **state)
{
    static char list[7000];
    struct world world;
    (void)state;

    list[0] = '[';
    for (size_t i = 0; i < 1001; i++) {
        memcpy(list + 1 + 6 * i, "none, ", 6);
    }
    memcpy(list + 1 + 6 * 1001, "none]", 5);
    const struct pxm_input_value inputs[] = {{.name = "codes", .text = list}, {.name = NULL}};
    world_open(&world, 2, NULL, "tolerant", tolerant, NULL);
    assert_string_equal(world_failure(&world, "tolerant", inputs), "limit.items@each");
    world_close(&world);
}

static void as_many_items_may_fail_as_are_tolerated(void **state)
{
    const struct pxm_input_value one[] = {{.name = "codes", .text = "[none, acme.x, none]"}, {.name = NULL}};
    const struct pxm_input_value two[] = {{.name = "codes", .text = "[acme.x, none, acme.y]"}, {.name = NULL}};
    (void)state;

    for (uint32_t workers = 1; workers <= 4; workers += 3) {
        struct world world;
        world_open(&world, workers, NULL, "tolerant", tolerant, NULL);
        const char *json = world_result(&world, "tolerant", one);
        assert_non_null(strstr(json, "{\"items\":[\"none\",\"none\"],\"failed\":[{\"code\":\"acme.x\""));
        assert_non_null(strstr(json, "\"index\":1}]"));
        assert_non_null(strstr(json, "\"count\":3"));
        pxm_run *run = world_run(&world, "tolerant", two);
        assert_string_equal(pxm_error_step(pxm_run_error(run)), "n");
        assert_memory_equal(pxm_error_code(pxm_run_error(run)), "acme.", 5);
        assert_non_null(strstr(pxm_error_text(pxm_run_error(run)), "): item "));
        pxm_run_free(run);
        world_close(&world);
    }
}

static void a_failure_halts_the_items_that_have_not_begun(void **state)
{
    const struct pxm_input_value inputs[] = {{.name = "codes", .text = "[acme.x, acme.y, none, none]"}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "tolerant", tolerant, NULL);
    assert_string_equal(world_failure(&world, "tolerant", inputs), "acme.y@n");
    assert_string_equal(journal_text(), "acme.x, acme.y");
    world_close(&world);
}

static const char nested[] = "version: 1\n"
                             "steps:\n"
                             "  - id: rows\n"
                             "    foreach: [a, b]\n"
                             "    max_parallel: 2\n"
                             "    steps:\n"
                             "      - id: row\n"
                             "        fake.note: {text: \"${item}\"}\n"
                             "      - id: columns\n"
                             "        foreach: [1, 2, 3]\n"
                             "        max_parallel: 3\n"
                             "        steps:\n"
                             "          - {id: cell, fake.note: {text: \"${steps.row.text}${item}\"}}\n"
                             "        emit: ${steps.cell.text}\n"
                             "    emit: ${steps.columns.items}\n"
                             "output: ${steps.rows.items}\n";

static void loops_nest_at_any_number_of_workers(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        struct world world;
        world_open(&world, workers, NULL, "nested", nested, NULL);
        assert_string_equal(world_result(&world, "nested", NULL), "[[\"a1\",\"a2\",\"a3\"],[\"b1\",\"b2\",\"b3\"]]");
        world_close(&world);
    }
}

static const char siblings[] =
    "version: 1\n"
    "inputs: {code: {type: string, default: none}}\n"
    "steps:\n"
    "  - parallel:\n"
    "      - {id: a, fake.note: {text: a, fail: \"${input.code}\"}, on_error: {acme.stop: stop}}\n"
    "      - {id: b, fake.note: {text: b}}\n"
    "      - {id: c, fake.note: {text: c}}\n"
    "output: {a: \"${steps.a.text}\", b: \"${steps.b.text}\", c: \"${steps.c.text}\"}\n";

static void siblings_all_run_and_are_all_seen_afterwards(void **state)
{
    const struct pxm_input_value bad[] = {{.name = "code", .text = "acme.bad"}, {.name = NULL}};
    const struct pxm_input_value stop[] = {{.name = "code", .text = "acme.stop"}, {.name = NULL}};
    (void)state;

    for (uint32_t workers = 1; workers <= 4; workers += 3) {
        struct world world;
        world_open(&world, workers, NULL, "siblings", siblings, NULL);
        assert_string_equal(world_result(&world, "siblings", NULL), "{\"a\":\"a\",\"b\":\"b\",\"c\":\"c\"}");
        assert_string_equal(world_failure(&world, "siblings", bad), "acme.bad@a");
        assert_string_equal(world_result(&world, "siblings", stop), "null");
        world_close(&world);
    }
}

static void a_failing_loop_undoes_what_its_items_created(void **state)
{
    struct world world;
    (void)state;

    world_open(
        &world, 4, NULL, "undo",
        "version: 1\n"
        "inputs: {file: {type: blob}}\n"
        "steps:\n"
        "  - id: each\n"
        "    foreach: [1, 2, 3]\n"
        "    max_parallel: 3\n"
        "    steps:\n"
        "      - {id: p, in: input.file, put: {store: objects, key: \"u/${item}\", if_absent: true}, undo: true}\n"
        "  - {id: bad, fake.note: {fail: acme.bad}}\n",
        NULL);
    assert_string_equal(world_failure(&world, "undo", file_input), "acme.bad@bad");
    assert_null(fake_object("objects", "u/1"));
    assert_null(fake_object("objects", "u/2"));
    assert_null(fake_object("objects", "u/3"));
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_the_order_of_the_list),
        cmocka_unit_test(sizes_are_announced_before_the_first_is_made),
        cmocka_unit_test(a_list_that_is_too_long_is_refused),
        cmocka_unit_test(as_many_items_may_fail_as_are_tolerated),
        cmocka_unit_test(a_failure_halts_the_items_that_have_not_begun),
        cmocka_unit_test(loops_nest_at_any_number_of_workers),
        cmocka_unit_test(siblings_all_run_and_are_all_seen_afterwards),
        cmocka_unit_test(a_failing_loop_undoes_what_its_items_created),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
