/* Runs the tools, each a pipeline that is opened when it is first asked for. */
#include "tools.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/value.h"
#include "engine/run_start.h"

#include <string.h>

enum { SEED_STEP = 333333, SEEDS = TOOLS_SEED_MAX + 1, CELL_MIN = 8, CELL_PARTS = 5, INPUTS_MAX = 8 };

static const char generate_text[] =
    "version: 1\n"
    "inputs:\n"
    "  {width: {type: int}, height: {type: int}, cell: {type: int}, red: {type: int}, green: {type: int},\n"
    "   blue: {type: int}, format: {type: string}}\n"
    "steps:\n"
    "  - {id: green, vips: {op: perlin, width: \"${input.width}\", height: \"${input.height}\",\n"
    "                       cell_size: \"${input.cell}\", seed: \"${input.green}\", uchar: true}}\n"
    "  - {id: blue, vips: {op: perlin, width: \"${input.width}\", height: \"${input.height}\",\n"
    "                      cell_size: \"${input.cell}\", seed: \"${input.blue}\", uchar: true}}\n"
    "  - {id: red, vips: {op: perlin, width: \"${input.width}\", height: \"${input.height}\",\n"
    "                     cell_size: \"${input.cell}\", seed: \"${input.red}\", uchar: true}}\n"
    "  - {id: all, vips: {op: bandjoin, with: [\"${steps.green}\", \"${steps.blue}\"]}}\n"
    "  - {id: file, encode: {format: \"${input.format}\"}}\n"
    "output: ${steps.file}\n";

static const char inspect_text[] = "version: 1\n"
                                   "inputs: {file: {type: blob}}\n"
                                   "steps: [{id: seen, in: input.file, inspect: {}}]\n"
                                   "output: ${steps.seen}\n";

static const char compare_text[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, with: {type: blob}}\n"
    "steps: [{id: seen, in: input.file, compare: {with: \"${input.with}\"}}]\n"
    "output: {mean_de: \"${steps.seen.mean_de}\", max_de: \"${steps.seen.max_de}\", dhash: \"${steps.seen.dhash}\",\n"
    "         same_size: \"${steps.seen.same_size}\", turned: \"${steps.seen.turned}\", picture: \"${steps.seen}\"}\n";

static const char convert_text[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, format: {type: string}}\n"
    "steps: [{in: input.file, decode: {frames: all}}, {id: file, encode: {format: \"${input.format}\"}}]\n"
    "output: ${steps.file}\n";

static const struct {
    const char *name, *text;
} descriptions[TOOL_COUNT] = {
    [TOOL_GENERATE] = {"generate", generate_text},
    [TOOL_INSPECT] = {"inspect", inspect_text},
    [TOOL_COMPARE] = {"compare", compare_text},
    [TOOL_CONVERT] = {"convert", convert_text},
};

/* ---- opening ---- */

static pxm_status open_engine(struct tools *tools, pxm_error *error)
{
    static const struct pxm_engine_options options = {.struct_size = sizeof options,
                                                      .workers = 1,
                                                      .limits = {.struct_size = sizeof options.limits,
                                                                 .bytes = INT64_C(1) << 30,
                                                                 .pixels = INT64_C(1) << 30,
                                                                 .side = 1 << 20,
                                                                 .frames = 1 << 16,
                                                                 .memory = INT64_C(1) << 32,
                                                                 .scans = 1 << 16,
                                                                 .output_side = 1 << 20},
                                                      .time_ms = INT32_MAX};

    return tools->engine ? PXM_OK : pxm_engine_create(&options, NULL, &tools->engine, error);
}

static pxm_status open_tool(struct tools *tools, enum tool tool, pxm_error *error)
{
    const struct pxm_open_options options = {
        .path = descriptions[tool].name, .profile = "local", .text = descriptions[tool].text};
    struct pxm_diags diags;
    pxm_status status = open_engine(tools, error);

    if (status != PXM_OK || tools->handles[tool]) {
        return status;
    }
    struct pxm_arena *arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    if (!arena) {
        return pxm_error_no_memory(error);
    }
    pxm_diags_init(&diags, arena);
    status = pxm_project_handle_open(tools->engine, &options, &diags, &tools->handles[tool], error);
    if (status != PXM_OK) {
        pxm_error_context(error, "tests need the operations of the plugins `resize` and `vips`");
        pxm_arena_free(arena);
    }
    return status;
}

/* ---- running ---- */

struct argument {
    const char *name;
    pxm_value *value; /* owned; NULL: no memory */
};

static pxm_status start(pxm_pipeline *pipeline, const struct argument *arguments, size_t count, pxm_run **ret,
                        pxm_error *error)
{
    const struct pxm_program *program = pxm_pipeline_program(pipeline);
    const pxm_value *values[INPUTS_MAX] = {0};
    const struct pxm_run_start run = {.values = values};

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < program->input_count && k < INPUTS_MAX; k++) {
            if (strcmp(program->inputs[k].name, arguments[i].name) == 0) {
                values[k] = arguments[i].value;
            }
        }
    }
    return pxm_run_begin(pipeline, &run, ret, error);
}

/* Takes over the arguments. *ret is a new reference to the output. */
static pxm_status use(struct tools *tools, enum tool tool, const struct argument *arguments, size_t count,
                      pxm_value **ret, pxm_error *error)
{
    pxm_run *run = NULL;
    pxm_status status = open_tool(tools, tool, error);

    if (status == PXM_OK) {
        status =
            start(pxm_project_pipeline(tools->handles[tool], descriptions[tool].name), arguments, count, &run, error);
    }
    if (status == PXM_OK) {
        pxm_run_wait(run, -1);
        status = pxm_run_status(run);
        if (status == PXM_OK) {
            *ret = pxm_value_ref(pxm_run_result(run));
        } else {
            *error = *pxm_run_error(run);
        }
    }
    pxm_run_free(run);
    for (size_t i = 0; i < count; i++) {
        pxm_value_unref(arguments[i].value);
    }
    return status;
}

static pxm_status use_for_blob(struct tools *tools, enum tool tool, const struct argument *arguments, size_t count,
                               pxm_blob **ret, pxm_error *error)
{
    pxm_value *value = NULL;
    pxm_status status = use(tools, tool, arguments, count, &value, error);

    if (status == PXM_OK) {
        *ret = pxm_blob_ref(pxm_value_as_blob(value));
    }
    pxm_value_unref(value);
    return status;
}

pxm_status tools_generate(struct tools *tools, const struct tools_picture *picture, pxm_blob **ret, pxm_error *error)
{
    int64_t least = picture->width < picture->height ? picture->width : picture->height;
    int64_t cell = least / CELL_PARTS > CELL_MIN ? least / CELL_PARTS : CELL_MIN;
    const struct argument arguments[] = {
        {"width", pxm_value_int(picture->width)},
        {"height", pxm_value_int(picture->height)},
        {"cell", pxm_value_int(cell)},
        {"red", pxm_value_int(picture->seed)},
        {"green", pxm_value_int((picture->seed + SEED_STEP) % SEEDS)},
        {"blue", pxm_value_int((picture->seed + 2 * SEED_STEP) % SEEDS)},
        {"format", pxm_value_cstring(picture->format)},
    };

    return use_for_blob(tools, TOOL_GENERATE, arguments, sizeof arguments / sizeof *arguments, ret, error);
}

pxm_status tools_inspect(struct tools *tools, pxm_blob *blob, pxm_value **ret, pxm_error *error)
{
    const struct argument arguments[] = {{"file", pxm_value_blob(pxm_blob_ref(blob))}};

    return use(tools, TOOL_INSPECT, arguments, 1, ret, error);
}

pxm_status tools_compare(struct tools *tools, pxm_blob *blob, pxm_blob *with, pxm_value **ret, pxm_error *error)
{
    const struct argument arguments[] = {{"file", pxm_value_blob(pxm_blob_ref(blob))},
                                         {"with", pxm_value_blob(pxm_blob_ref(with))}};

    return use(tools, TOOL_COMPARE, arguments, 2, ret, error);
}

pxm_status tools_convert(struct tools *tools, pxm_blob *blob, const char *format, pxm_blob **ret, pxm_error *error)
{
    const struct argument arguments[] = {{"file", pxm_value_blob(pxm_blob_ref(blob))},
                                         {"format", pxm_value_cstring(format)}};

    return use_for_blob(tools, TOOL_CONVERT, arguments, 2, ret, error);
}

void tools_done(struct tools *tools)
{
    for (size_t i = 0; i < TOOL_COUNT; i++) {
        pxm_project_close(tools->handles[i]);
    }
    pxm_engine_free(tools->engine);
    *tools = (struct tools){0};
}
