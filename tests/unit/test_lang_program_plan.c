/* What the engine is told about a pipeline: slots and wires, readers, fields, announcements and types. */
#include "lang_program_fixture.h"

#include "base/value.h"
#include <string.h>

static const struct pxm_step *find_in(const struct pxm_block *block, const char *id)
{
    const struct pxm_step *found = NULL;

    for (size_t i = 0; !found && i < block->step_count; i++) {
        const struct pxm_step *step = block->steps[i];
        found = strcmp(step->id, id) == 0 ? step : find_in(&step->block, id);
    }
    return found;
}

static const struct pxm_step *step_of(const struct pxm_program *program, const char *id)
{
    const struct pxm_step *step = find_in(&program->block, id);

    assert_non_null(step);
    return step;
}

static uint64_t field_bit(const struct pxm_step *step, const char *name)
{
    size_t index = 0;

    while (strcmp(step->operation->signature->fields[index].name, name) != 0) {
        index++;
    }
    return UINT64_C(1) << index;
}

/* ---- readers ---------------------------------------------------------------------------------------------------- */

static void readers_of_a_result_are_counted(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program = world_program(&world, "version: 1\n"
                                                              "inputs: {file: {type: blob}}\n"
                                                              "steps:\n"
                                                              "  - {id: image, decode: {}}\n"
                                                              "  - {id: none, thumbnail: {width: 1}}\n"
                                                              "  - {id: small, in: image, thumbnail: {width: 2}}\n"
                                                              "  - {id: file, encode: {format: webp}}\n"
                                                              "output: \"${steps.file}\"\n");
    assert_int_equal(step_of(program, "image")->consumers, 2);
    assert_int_equal(step_of(program, "none")->consumers, 0);
    assert_int_equal(step_of(program, "small")->consumers, 1);
    assert_int_equal(step_of(program, "file")->consumers, 1);
    world_close(&world);
}

static void a_reader_inside_a_loop_counts_as_several(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program =
        world_program(&world, "version: 1\n"
                              "inputs: {file: {type: blob}}\n"
                              "steps:\n"
                              "  - {id: image, decode: {}}\n"
                              "  - id: sizes\n"
                              "    foreach: [1, 2]\n"
                              "    steps:\n"
                              "      - {id: small, in: image, thumbnail: {width: \"${item}\"}}\n"
                              "      - {id: file, encode: {format: webp}}\n"
                              "    emit: ${steps.file}\n");
    assert_int_equal(step_of(program, "image")->consumers, 2);
    assert_int_equal(step_of(program, "small")->consumers, 1);
    assert_int_equal(step_of(program, "file")->consumers, 1);
    world_close(&world);
}

static void readers_of_a_step_that_passes_its_input_on_count_for_what_it_passes(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program =
        world_program(&world, "version: 1\n"
                              "inputs: {file: {type: blob}, crisp: {type: bool}}\n"
                              "steps:\n"
                              "  - {id: image, in: input.file, decode: {}}\n"
                              "  - {id: sharp, when: input.crisp, vips: {op: sharpen}}\n"
                              "  - {id: soft, when: input.crisp, vips: {op: gaussblur}}\n"
                              "  - {id: a, in: soft, thumbnail: {width: 1}}\n"
                              "  - {id: b, in: soft, thumbnail: {width: 2}}\n"
                              "  - {id: hash, in: a, when: input.crisp, blurhash: {}}\n");
    assert_true(step_of(program, "soft")->pass_through);
    assert_false(step_of(program, "hash")->pass_through);
    assert_int_equal(step_of(program, "soft")->consumers, 2);
    assert_int_equal(step_of(program, "sharp")->consumers, 2);
    assert_int_equal(step_of(program, "image")->consumers, 2);
    world_close(&world);
}

static void fields_are_wanted_when_somebody_reads_them(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program = world_program(
        &world, "version: 1\n"
                "inputs: {file: {type: blob}}\n"
                "steps:\n"
                "  - {id: image, decode: {}}\n"
                "  - {id: small, thumbnail: {width: 3}, on_error: {\"*\": fallback}, fallback: {acme.facecrop: {}}}\n"
                "  - {id: hash, in: image, blurhash: {}}\n"
                "  - {id: more, in: image, blurhash: {}}\n"
                "output: {w: \"${steps.image.width}\", h: \"${steps.small.height}\", all: \"${steps.hash}\"}\n");
    const struct pxm_step *image = step_of(program, "image"), *small = step_of(program, "small");
    assert_int_equal(image->fields_wanted, field_bit(image, "width"));
    assert_int_equal(small->fields_wanted, field_bit(small, "height"));
    assert_int_equal(small->fallback->fields_wanted, field_bit(small->fallback, "height"));
    assert_int_equal(step_of(program, "hash")->fields_wanted, 1);
    assert_int_equal(step_of(program, "more")->fields_wanted, 0);
    world_close(&world);
}

/* ---- slots and wires -------------------------------------------------------------------------------------------- */

static void wires_lead_to_slots_of_frames(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program = world_program(&world, "version: 1\n"
                                                              "inputs: {name: {type: string}, file: {type: blob}}\n"
                                                              "steps:\n"
                                                              "  - {id: image, decode: {}}\n"
                                                              "  - id: sizes\n"
                                                              "    foreach: [1, 2]\n"
                                                              "    steps:\n"
                                                              "      - {id: small, in: image, thumbnail: {width: 1}}\n"
                                                              "      - {id: file, encode: {format: webp}}\n"
                                                              "  - parallel:\n"
                                                              "      - {id: a, in: image, encode: {format: webp}}\n"
                                                              "      - {id: b, in: image, encode: {format: jpeg}}\n"
                                                              "  - {id: last, in: a, put: {store: thumbs, key: x}}\n");
    const struct pxm_step *image = step_of(program, "image"), *sizes = step_of(program, "sizes");
    const struct pxm_step *small = step_of(program, "small"), *file = step_of(program, "file");
    assert_int_equal(image->in.kind, PXM_WIRE_INPUT);
    assert_int_equal(image->in.slot, 1);
    assert_int_equal(small->in.kind, PXM_WIRE_STEP);
    assert_int_equal(small->in.depth, 1);
    assert_int_equal(small->in.slot, image->slot);
    assert_int_equal(file->in.depth, 0);
    assert_int_equal(file->in.slot, small->slot);
    assert_int_equal(sizes->block.slot_count, 2);
    assert_int_equal(program->block.slot_count, 6);
    assert_int_equal(step_of(program, "last")->in.slot, step_of(program, "a")->slot);
    assert_int_not_equal(step_of(program, "a")->slot, step_of(program, "b")->slot);
    assert_int_equal(program->step_count, 8);
    world_close(&world);
}

static void a_step_without_an_id_is_named_after_its_operation_and_line(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program = world_program(&world, "version: 1\n"
                                                              "steps:\n"
                                                              "  - get: {store: originals, key: a}\n");
    assert_string_equal(program->block.steps[0]->id, "get@3");
    assert_false(program->block.steps[0]->named);
    world_close(&world);
}

static void the_most_exact_rule_comes_first(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program =
        world_program(&world, "version: 1\n"
                              "steps:\n"
                              "  - id: a\n"
                              "    get: {store: originals, key: a}\n"
                              "    on_error: {\"*\": skip, store: fail, store.not_found: stop}\n");
    const struct pxm_step *step = step_of(program, "a");
    assert_int_equal(step->rule_count, 3);
    assert_string_equal(step->rules[0].pattern, "store.not_found");
    assert_int_equal(step->rules[0].action, PXM_ON_ERROR_STOP);
    assert_string_equal(step->rules[1].pattern, "store");
    assert_string_equal(step->rules[2].pattern, "*");
    world_close(&world);
}

/* ---- announcements ---------------------------------------------------------------------------------------------- */

static void readers_whose_options_are_known_are_announced(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program =
        world_program(&world, "version: 1\n"
                              "inputs: {file: {type: blob}, w: {type: int, default: 3}}\n"
                              "vars: {widths: [1, 2]}\n"
                              "steps:\n"
                              "  - {id: image, decode: {}}\n"
                              "  - {id: known, thumbnail: {width: \"${input.w}\", height: \"${steps.image.height}\"}}\n"
                              "  - {id: late, in: image, thumbnail: {width: \"${steps.known.width}\"}}\n"
                              "  - {id: maybe, in: image, when: steps.known.width > 3, thumbnail: {width: 3}}\n"
                              "  - id: sizes\n"
                              "    foreach: ${vars.widths}\n"
                              "    where: item <= steps.image.width\n"
                              "    steps:\n"
                              "      - {id: each, in: image, thumbnail: {width: \"${item}\"}}\n"
                              "      - {id: then, in: image, thumbnail: {width: \"${steps.each.width}\"}}\n"
                              "    emit: {w: \"${steps.each.width}\"}\n"
                              "  - id: others\n"
                              "    foreach: [1]\n"
                              "    where: item <= steps.known.width\n"
                              "    steps: [{id: unknown, in: image, thumbnail: {width: \"${item}\"}}]\n");
    const struct pxm_step *image = step_of(program, "image");
    assert_int_equal(image->announce_count, 2);
    assert_ptr_equal(image->announces[0].step, step_of(program, "known"));
    assert_null(image->announces[0].foreach);
    assert_ptr_equal(image->announces[1].step, step_of(program, "each"));
    assert_ptr_equal(image->announces[1].foreach, step_of(program, "sizes"));
    world_close(&world);
}

/* ---- types ------------------------------------------------------------------------------------------------------ */

static void results_have_types(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program =
        world_program(&world, "version: 1\n"
                              "inputs: {file: {type: blob}}\n"
                              "steps:\n"
                              "  - {id: image, decode: {}, on_error: {decode: stop}}\n"
                              "  - {id: sizes, foreach: [1], steps: [{id: b, in: image, thumbnail: {width: 3}}], emit: "
                              "\"${steps.b.width}\"}\n"
                              "output: {n: \"${steps.sizes.items}\"}\n");
    struct pxm_arena *arena = world.arena;
    assert_string_equal(pxm_type_text(arena, step_of(program, "image")->type), "image");
    const struct pxm_type *items = pxm_type_field(step_of(program, "sizes")->type, "items");
    assert_string_equal(pxm_type_text(arena, items), "list of int");
    assert_int_equal(program->output_type->bits, PXM_TYPE_RECORD | PXM_TYPE_NULL);
    world_close(&world);
}

static void limits_triggers_and_inputs_arrive(void **state)
{
    struct world world;
    (void)state;
    const struct pxm_program *program = world_program(
        &world,
        "version: 1\n"
        "inputs: {a: {type: int, min: 2, default: 7}, b: {type: string, optional: true, values: [x, y]}}\n"
        "triggers:\n"
        "  web: {http: {method: PUT, path: \"/a/{b...}\", status: 204, vary: [accept, origin], body_max: 1KiB}, "
        "bind: {b: \"${event.path.b}\"}}\n"
        "limits: {bytes: 1MiB, time: 1m}\n"
        "concurrency: {max: 3, when_full: wait}\n"
        "steps: [{id: a, get: {store: originals, key: a}}]\n");
    assert_int_equal(program->input_count, 2);
    assert_int_equal(pxm_value_as_int(program->inputs[0].fallback), 7);
    assert_true(program->inputs[0].min == 2 && program->inputs[0].max > 1e18);
    assert_int_equal(program->inputs[1].type->bits, PXM_TYPE_STRING | PXM_TYPE_NULL);
    assert_string_equal(program->inputs[1].values[1], "y");
    assert_null(program->inputs[1].values[2]);
    assert_int_equal(program->trigger_count, 1);
    assert_string_equal(program->triggers[0].method, "PUT");
    assert_string_equal(program->triggers[0].path, "/a/{b...}");
    assert_int_equal(program->triggers[0].status, 204);
    assert_int_equal(program->triggers[0].body_max, 1024);
    assert_string_equal(program->triggers[0].vary[1], "origin");
    assert_int_equal(program->triggers[0].bind_count, 1);
    assert_int_equal(program->triggers[0].binds[0].input, 1);
    assert_int_equal(program->limits.bytes, 1 << 20);
    assert_int_equal(program->limits.time_ms, 60000);
    assert_true(program->limits.pixels == PXM_UNSET_INT);
    assert_int_equal(program->concurrency_max, 3);
    assert_true(program->queue_max == PXM_UNSET_INT);
    assert_int_equal(program->when_full, PXM_WHEN_FULL_WAIT);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_of_a_result_are_counted),
        cmocka_unit_test(a_reader_inside_a_loop_counts_as_several),
        cmocka_unit_test(readers_of_a_step_that_passes_its_input_on_count_for_what_it_passes),
        cmocka_unit_test(fields_are_wanted_when_somebody_reads_them),
        cmocka_unit_test(wires_lead_to_slots_of_frames),
        cmocka_unit_test(a_step_without_an_id_is_named_after_its_operation_and_line),
        cmocka_unit_test(the_most_exact_rule_comes_first),
        cmocka_unit_test(readers_whose_options_are_known_are_announced),
        cmocka_unit_test(results_have_types),
        cmocka_unit_test(limits_triggers_and_inputs_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
