/* Writes operations down as C. Build time only; what it writes is compiled under the same flags as all else. */
#include "model.h"
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
    [VOP_BOOL] = "VOP_BOOL",     [VOP_INT] = "VOP_INT",       [VOP_FLOAT] = "VOP_FLOAT",
    [VOP_ENUM] = "VOP_ENUM",     [VOP_STRING] = "VOP_STRING", [VOP_INTERPOLATE] = "VOP_INTERPOLATE",
    [VOP_PLAIN] = "VOP_PLAIN",   [VOP_INTS] = "VOP_INTS",     [VOP_PROFILE] = "VOP_PROFILE",
    [VOP_FLOATS] = "VOP_FLOATS", [VOP_ENUMS] = "VOP_ENUMS",   [VOP_IMAGE] = "VOP_IMAGE",
    [VOP_IMAGES] = "VOP_IMAGES",
};
static const char *const option_types[] = {
    [VOP_BOOL] = "PXM_OPT_BOOL",    [VOP_INT] = "PXM_OPT_INT",       [VOP_FLOAT] = "PXM_OPT_FLOAT",
    [VOP_ENUM] = "PXM_OPT_ENUM",    [VOP_STRING] = "PXM_OPT_STRING", [VOP_INTERPOLATE] = "PXM_OPT_ENUM",
    [VOP_PLAIN] = "PXM_OPT_STRING", [VOP_INTS] = "PXM_OPT_LIST",     [VOP_PROFILE] = "PXM_OPT_ENUM",
    [VOP_FLOATS] = "PXM_OPT_LIST",  [VOP_ENUMS] = "PXM_OPT_LIST",    [VOP_IMAGE] = "PXM_OPT_IMAGE",
    [VOP_IMAGES] = "PXM_OPT_LIST",
};
static const char *const item_types[] = {
    [VOP_INTS] = "PXM_TYPE_INT",
    [VOP_FLOATS] = "PXM_TYPE_INT | PXM_TYPE_FLOAT",
    [VOP_ENUMS] = "PXM_TYPE_STRING",
    [VOP_IMAGES] = "PXM_TYPE_IMAGE",
};
static const char *const field_types[] = {
    [VOP_BOOL] = "PXM_TYPE_BOOL",   [VOP_INT] = "PXM_TYPE_INT",       [VOP_FLOAT] = "PXM_TYPE_FLOAT",
    [VOP_ENUM] = "PXM_TYPE_STRING", [VOP_STRING] = "PXM_TYPE_STRING", [VOP_INTS] = "PXM_TYPE_LIST",
    [VOP_FLOATS] = "PXM_TYPE_LIST", [VOP_IMAGE] = "PXM_TYPE_IMAGE",   [VOP_IMAGES] = "PXM_TYPE_LIST",
};
static const char *const interpolators[] = {"nearest", "bilinear", "bicubic", "lbb", "nohalo", "vsqbs"};
static const char *const profiles[] = {"srgb", "p3", "cmyk", "none"};

static void put_string(FILE *file, const char *text)
{
    g_autofree char *escaped = g_strescape(text, NULL);

    fprintf(file, "\"%s\"", escaped);
}

static const char *choices_of(const struct model_argument *argument)
{
    switch (argument->kind) {
    case VOP_ENUM:
    case VOP_ENUMS:
        return argument->choices ? g_type_name(argument->choices) : NULL;
    case VOP_INTERPOLATE:
        return "interpolate";
    case VOP_PROFILE:
        return "profile";
    default:
        return NULL;
    }
}

/* A negative value of an enum means "none", and "last" counts them. */
static void put_enum(FILE *file, GType type)
{
    g_autoptr(GEnumClass) class = g_type_class_ref(type);

    fprintf(file, "static const struct pxm_choice choices_%s[] = {\n", g_type_name(type));
    for (guint i = 0; i < class->n_values; i++) {
        const GEnumValue *value = &class->values[i];

        if (value->value >= 0 && strcmp(value->value_nick, "last")) {
            fprintf(file, "    {\"%s\", %d, 0, \"%s of libvips.\"},\n", value->value_nick, value->value,
                    value->value_name);
        }
    }
    fputs("    {NULL, 0, 0, NULL},\n};\n", file);
}

static void put_names(FILE *file, const char *name, const char *const *names, size_t count, const char *help)
{
    fprintf(file, "static const struct pxm_choice choices_%s[] = {\n", name);
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "    {\"%s\", %zu, 0, \"%s\"},\n", names[i], i, help);
    }
    fputs("    {NULL, 0, 0, NULL},\n};\n", file);
}

static void put_choices(FILE *file, const GPtrArray *models)
{
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);

    put_names(file, "interpolate", interpolators, G_N_ELEMENTS(interpolators), "An interpolator of libvips.");
    put_names(file, "profile", profiles, G_N_ELEMENTS(profiles), "A profile that libvips has built in.");
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        for (size_t k = 0; k < model->argument_count; k++) {
            GType type = model->arguments[k].choices;

            if (type && !model->denied && g_hash_table_add(done, GSIZE_TO_POINTER(type))) {
                put_enum(file, type);
            }
        }
    }
}

static void put_option(FILE *file, const struct model_argument *argument, size_t index)
{
    char min[G_ASCII_DTOSTR_BUF_SIZE], max[G_ASCII_DTOSTR_BUF_SIZE];
    const char *choices = argument->kind == VOP_ENUMS ? NULL : choices_of(argument);

    fprintf(file, "    {.name = \"%s\", .type = %s, .flags = %s%s, .offset = %zu", argument->option,
            option_types[argument->kind], argument->required ? "PXM_OPT_REQUIRED | " : "",
            argument->literal ? "0" : "PXM_OPT_DYNAMIC", index * VOP_SLOT);
    if (argument->kind < G_N_ELEMENTS(item_types) && item_types[argument->kind]) {
        fprintf(file, ", .item = %s", item_types[argument->kind]);
    }
    if (argument->fallback) {
        fprintf(file, ", .fallback = \"%s\"", argument->fallback);
    }
    if (argument->min < argument->max) {
        fprintf(file, ", .min = %s, .max = %s", g_ascii_dtostr(min, sizeof(min), argument->min),
                g_ascii_dtostr(max, sizeof(max), argument->max));
    }
    if (choices) {
        fprintf(file, ", .choices = choices_%s", choices);
    }
    fputs(", .help = ", file);
    put_string(file, argument->help);
    fputs("},\n", file);
}

static void put_unit_tables(FILE *file, const struct model *model, guint index)
{
    if (model->argument_count) {
        fprintf(file, "static const struct pxm_option options_%u[] = {\n", index);
        for (size_t i = 0; i < model->argument_count; i++) {
            put_option(file, &model->arguments[i], i);
        }
        fputs("    {.name = NULL},\n};\n", file);
    }
    fprintf(file, "static const struct pxm_field fields_%u[] = {\n", index);
    if (model->facts.out) {
        fputs("    {\"width\", PXM_TYPE_INT, 0, \"Pixels of one frame.\"},\n", file);
        fputs("    {\"height\", PXM_TYPE_INT, 0, \"Pixels of one frame.\"},\n", file);
    }
    for (size_t i = 0; i < model->output_count; i++) {
        const struct model_argument *output = &model->outputs[i];

        fprintf(file, "    {\"%s\", %s, 0, ", output->option, field_types[output->kind]);
        put_string(file, output->help);
        fputs("},\n", file);
    }
    fputs("    {NULL, 0, 0, NULL},\n};\n", file);
}

static void put_unit(FILE *file, const struct model *model, guint index)
{
    put_unit_tables(file, model, index);
    fprintf(file,
            "static const struct pxm_signature signature_%u = {\n"
            "    .struct_size = sizeof(struct pxm_signature), .field_size = sizeof(struct pxm_field),\n"
            "    .in = %s, .out = %s, .fields = fields_%u, .codes = codes,\n};\n",
            index, model->facts.in ? "PXM_TYPE_IMAGE" : "0", model->facts.out ? "PXM_TYPE_IMAGE" : "0", index);
    fprintf(file,
            "static const struct pxm_unit unit_%u = {\n"
            "    .struct_size = sizeof(struct pxm_unit), .threads = PXM_THREADS_PARALLEL,\n"
            "    .option_size = sizeof(struct pxm_option), .iface = PXM_IFACE_TRANSFORM,\n"
            "    .name = \"%s\", .signature = &signature_%u,\n    .summary = ",
            index, model->unit, index);
    put_string(file, model->summary);
    if (model->argument_count) {
        fprintf(file, ",\n    .options = options_%u, .config_size = %zu", index, model->argument_count * VOP_SLOT);
    }
    fputs(",\n};\n\n", file);
}

static void put_arguments(FILE *file, const char *name, guint index, const struct model_argument *arguments,
                          size_t count)
{
    if (!count) {
        return;
    }
    fprintf(file, "static const struct vop_argument %s_%u[] = {\n", name, index);
    for (size_t i = 0; i < count; i++) {
        const struct model_argument *argument = &arguments[i];
        const char *choices = choices_of(argument);

        fprintf(file, "    {\"%s\", %s, %d, %s%s, ", argument->property, kinds[argument->kind], argument->side,
                choices ? "choices_" : "NULL", choices ? choices : "");
        if (argument->kind == VOP_ENUMS) {
            put_string(file, g_type_name(argument->choices));
        } else {
            fputs("NULL", file);
        }
        fputs("},\n", file);
    }
    fputs("};\n", file);
}

static void put_name(FILE *file, const char *field, const char *name)
{
    if (name) {
        fprintf(file, ", .%s = \"%s\"", field, name);
    }
}

static void put_operation(FILE *file, const struct model *model, guint index)
{
    const struct vop_operation *facts = &model->facts;

    fprintf(file, "    {.unit = \"%s\"", model->unit);
    put_name(file, "name", facts->name);
    put_name(file, "in", facts->in);
    put_name(file, "out", facts->out);
    fprintf(file,
            ",\n     .in_is_list = %d, .in_place = %d, .input_pixels = %" G_GINT64_FORMAT
            ", .working_bytes = %" G_GINT64_FORMAT ",\n     .argument_count = %zu, .output_count = %zu",
            facts->in_is_list, facts->in_place, facts->input_pixels, facts->working_bytes, model->argument_count,
            model->output_count);
    if (model->argument_count) {
        fprintf(file, ", .arguments = arguments_%u", index);
    }
    if (model->output_count) {
        fprintf(file, ", .outputs = outputs_%u", index);
    }
    fputs("},\n", file);
}

static FILE *begin(const char *path, const GPtrArray *models)
{
    FILE *file = fopen(path, "w");

    if (!file) {
        perror(path);
        return NULL;
    }
    fprintf(file, "/* Generated from what libvips %s says of its operations. Left out:\n", vips_version_string());
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        if (model->denied && strcmp(model->denied, "reads or writes files")) {
            fprintf(file, " * %s: %s.\n", model->unit, model->denied);
        }
    }
    fputs(" * Also whatever reads or writes files. */\n#include \"vop.h\"\n\n", file);
    put_choices(file, models);
    return file;
}

static gboolean end(FILE *file, const char *path)
{
    gboolean failed = ferror(file) != 0;

    if (fclose(file) || failed) {
        perror(path);
        return FALSE;
    }
    return TRUE;
}

gboolean write_units(const char *path, const GPtrArray *models)
{
    FILE *file = begin(path, models);

    if (!file) {
        return FALSE;
    }
    fputs("static const char *const codes[] = {\n    \"vips.failed\", \"vips.missing\", \"decode.corrupt\", "
          "\"limit.pixels\", \"limit.memory\", \"limit.time\", NULL,\n};\n\n",
          file);
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        if (!model->denied) {
            put_unit(file, model, i);
        }
    }
    fputs("const struct pxm_unit *const vop_units[] = {\n", file);
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        if (!model->denied) {
            fprintf(file, "    &unit_%u,\n", i);
        }
    }
    fputs("    NULL,\n};\n", file);
    return end(file, path);
}

gboolean write_operations(const char *path, const GPtrArray *models)
{
    FILE *file = begin(path, models);

    if (!file) {
        return FALSE;
    }
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        if (!model->denied) {
            put_arguments(file, "arguments", i, model->arguments, model->argument_count);
            put_arguments(file, "outputs", i, model->outputs, model->output_count);
            fprintf(file, "static const struct pxm_unit unit_%u = {VOP_BODY_UNIT, .name = \"%s\"};\n", i, model->unit);
        }
    }
    fputs("\nconst struct vop_operation vop_operations[] = {\n", file);
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        if (!model->denied) {
            put_operation(file, model, i);
        }
    }
    fputs("};\nconst size_t vop_operation_count = sizeof(vop_operations) / sizeof(*vop_operations);\n\n", file);
    fputs("const struct pxm_unit *const vop_body_units[] = {\n", file);
    for (guint i = 0; i < models->len; i++) {
        const struct model *model = g_ptr_array_index(models, i);

        if (!model->denied) {
            fprintf(file, "    &unit_%u,\n", i);
        }
    }
    fputs("    NULL,\n};\n", file);
    return end(file, path);
}
