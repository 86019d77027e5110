/* Reads what libvips says of its operations: a class for each, and a GParamSpec for each argument. Build time only. */
#include "model.h"
#include <float.h>
#include <string.h>

/* Names in a pipeline are in small letters. */
static char *snake(const char *property)
{
    return g_strdelimit(g_ascii_strdown(property, -1), "-", '_');
}

static char *unit_of(const char *name)
{
    g_autofree char *small = snake(name);

    return g_strconcat("vips.", small, NULL);
}

/* One sentence: libvips' own, and the default where the option may be left out. */
static char *describe(GParamSpec *spec, const char *fallback)
{
    const char *blurb = g_param_spec_get_blurb(spec);
    g_autofree char *text = g_strstrip(g_strdup(blurb && *blurb ? blurb : g_param_spec_get_name(spec)));
    size_t length = strlen(text);

    if (length && text[length - 1] == '.') {
        text[length - 1] = '\0';
    }
    text[0] = g_ascii_toupper(text[0]);
    return fallback ? g_strdup_printf("%s; %s unless given.", text, fallback) : g_strdup_printf("%s.", text);
}

static char *number(double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    return g_strdup(g_ascii_formatd(buffer, sizeof(buffer), "%.9g", value));
}

static void read_enum(struct model_argument *argument, GParamSpec *spec)
{
    const GEnumValue *value;
    g_autoptr(GEnumClass) class = g_type_class_ref(G_PARAM_SPEC_VALUE_TYPE(spec));

    argument->kind = VOP_ENUM;
    argument->choices = G_PARAM_SPEC_VALUE_TYPE(spec);
    value = g_enum_get_value(class, ((GParamSpecEnum *)spec)->default_value);
    argument->help = describe(spec, argument->required || !value ? NULL : value->value_nick);
}

static void read_number(struct model_argument *argument, const char *operation, GParamSpec *spec)
{
    double fallback;
    g_autofree char *text = NULL;

    /* The checked casts want a variable of GObject's, and a library that holds GObject need not export it. */
    if (G_PARAM_SPEC_VALUE_TYPE(spec) == G_TYPE_INT) {
        GParamSpecInt *range = (GParamSpecInt *)spec;

        argument->kind = VOP_INT;
        argument->min = range->minimum;
        argument->max = range->maximum;
        fallback = range->default_value;
        argument->side = !strcmp(argument->property, "width") || !strcmp(argument->property, "height");
    } else {
        GParamSpecDouble *range = (GParamSpecDouble *)spec;

        argument->kind = VOP_FLOAT;
        argument->min = CLAMP(range->minimum, -DBL_MAX, DBL_MAX);
        argument->max = CLAMP(range->maximum, -DBL_MAX, DBL_MAX);
        fallback = range->default_value;
    }
    rule_range(operation, argument->property, &argument->min, &argument->max);
    text = number(fallback);
    argument->help = describe(spec, argument->required ? NULL : text);
}

static gboolean read_string(struct model_argument *argument, const char *operation, GParamSpec *spec)
{
    if (g_str_has_suffix(argument->property, "-profile")) {
        argument->kind = VOP_PROFILE;
    } else if (!strcmp(operation, "text")) {
        argument->kind = strcmp(argument->property, "text") ? VOP_STRING : VOP_PLAIN;
        argument->min = 1;
        argument->max = 1000;
    } else {
        return FALSE;
    }
    argument->help =
        argument->kind == VOP_PLAIN ? g_strdup("Text to draw, as it is: markup has no meaning.") : describe(spec, NULL);
    return TRUE;
}

/* Lists of numbers are as long as a picture has bands, or a matrix cells. */
static void read_list(struct model_argument *argument, const char *operation, GParamSpec *spec, GType type)
{
    argument->min = 1;
    argument->max = 256;
    argument->help = describe(spec, NULL);
    if (type == VIPS_TYPE_ARRAY_DOUBLE) {
        argument->kind = VOP_FLOATS;
    } else if (type == VIPS_TYPE_ARRAY_IMAGE) {
        argument->kind = VOP_IMAGES;
        argument->max = 64;
    } else if (!strcmp(operation, "composite") && !strcmp(argument->property, "mode")) {
        argument->kind = VOP_ENUMS;
        argument->choices = VIPS_TYPE_BLEND_MODE;
    } else {
        argument->kind = VOP_INTS;
    }
}

/* FALSE: of a type that has no place in a pipeline. */
static gboolean read_type(struct model_argument *argument, const char *operation, GParamSpec *spec)
{
    GType type = G_PARAM_SPEC_VALUE_TYPE(spec);

    if (type == G_TYPE_BOOLEAN) {
        argument->kind = VOP_BOOL;
        argument->fallback = ((GParamSpecBoolean *)spec)->default_value ? "true" : "false";
        argument->help = describe(spec, NULL);
    } else if (type == G_TYPE_INT || type == G_TYPE_DOUBLE) {
        read_number(argument, operation, spec);
    } else if (g_type_is_a(type, G_TYPE_ENUM)) {
        read_enum(argument, spec);
    } else if (type == G_TYPE_STRING) {
        return read_string(argument, operation, spec);
    } else if (type == VIPS_TYPE_ARRAY_DOUBLE || type == VIPS_TYPE_ARRAY_INT || type == VIPS_TYPE_ARRAY_IMAGE) {
        read_list(argument, operation, spec, type);
    } else if (g_type_is_a(type, VIPS_TYPE_INTERPOLATE)) {
        argument->kind = VOP_INTERPOLATE;
        argument->help = describe(spec, argument->required ? NULL : "bilinear");
    } else if (g_type_is_a(type, VIPS_TYPE_IMAGE)) {
        argument->kind = VOP_IMAGE;
        argument->help = describe(spec, NULL);
    } else {
        return FALSE;
    }
    return TRUE;
}

static struct model_argument *append(struct model *model, gboolean output)
{
    size_t *count = output ? &model->output_count : &model->argument_count;

    if (*count == MODEL_ARGUMENTS_MAX) {
        g_error("%s has more arguments than MODEL_ARGUMENTS_MAX", model->unit);
    }
    return output ? &model->outputs[(*count)++] : &model->arguments[(*count)++];
}

static void read_input(struct model *model, GParamSpec *spec, VipsArgumentFlags flags)
{
    const char *name = g_param_spec_get_name(spec);
    struct model_argument argument = {.property = name, .required = !!(flags & VIPS_ARGUMENT_REQUIRED)};

    argument.literal = rule_literal(model->facts.name, name);
    if (!read_type(&argument, model->facts.name, spec)) {
        if (argument.required && !model->denied) {
            model->denied = "needs an argument that only a program can give";
        }
        return;
    }
    if (argument.required && !model->facts.in && (argument.kind == VOP_IMAGE || argument.kind == VOP_IMAGES)) {
        model->facts.in = name;
        model->facts.in_is_list = argument.kind == VOP_IMAGES;
        model->facts.in_place = !!(flags & VIPS_ARGUMENT_MODIFY);
        if (argument.kind == VOP_IMAGE) {
            return;
        }
        argument.option = g_strdup("with");
        argument.required = FALSE;
        g_free(argument.help);
        argument.help = g_strdup("The pictures after the input of the step.");
    } else {
        argument.option = snake(name);
    }
    *append(model, FALSE) = argument;
}

/* `width` and `height` are those of the resulting picture, where there is one. */
static void read_output(struct model *model, GParamSpec *spec, VipsArgumentFlags flags)
{
    const char *name = g_param_spec_get_name(spec);
    struct model_argument argument = {.property = name, .required = TRUE};

    if (!read_type(&argument, model->facts.name, spec)) {
        return;
    }
    if (argument.kind == VOP_IMAGE && !model->facts.out && (flags & VIPS_ARGUMENT_REQUIRED)) {
        model->facts.out = name;
        return;
    }
    argument.option = snake(name);
    argument.choices = 0; /* an enum is told by the nick it has at run time */
    *append(model, TRUE) = argument;
}

static void *read_argument(VipsObject *object, GParamSpec *spec, VipsArgumentClass *class,
                           VipsArgumentInstance *instance, void *a, void *b)
{
    struct model *model = a;

    (void)object;
    (void)instance;
    (void)b;
    if (!(class->flags & VIPS_ARGUMENT_CONSTRUCT) || (class->flags & VIPS_ARGUMENT_DEPRECATED) ||
        rule_dropped(model->facts.name, g_param_spec_get_name(spec))) {
        return NULL;
    }
    if (class->flags & VIPS_ARGUMENT_INPUT) {
        read_input(model, spec, class->flags);
    } else if (class->flags & VIPS_ARGUMENT_OUTPUT) {
        read_output(model, spec, class->flags);
    }
    return NULL;
}

static void drop_shadowed_outputs(struct model *model)
{
    size_t kept = 0;

    for (size_t i = 0; i < model->output_count; i++) {
        const char *name = model->outputs[i].option;

        if (!model->facts.out || (strcmp(name, "width") && strcmp(name, "height"))) {
            model->outputs[kept++] = model->outputs[i];
        }
    }
    model->output_count = kept;
}

static void *read_class(GType type, void *a)
{
    GPtrArray *models = a;
    VipsObjectClass *class;
    struct model *model;
    VipsObject *object;

    if (G_TYPE_IS_ABSTRACT(type)) {
        return NULL;
    }
    class = g_type_class_ref(type);
    if (((VipsOperationClass *)class)->flags & VIPS_OPERATION_DEPRECATED) {
        return NULL;
    }
    model = g_new0(struct model, 1);
    model->facts.name = class->nickname;
    model->unit = unit_of(class->nickname);
    model->summary = g_strconcat(class->description, ".", NULL);
    model->summary[0] = g_ascii_toupper(model->summary[0]);
    model->denied = rule_denied(class->nickname, g_type_name(type));
    rule_bounds(class->nickname, &model->facts);
    object = g_object_new(type, NULL);
    vips_argument_map(object, read_argument, model, NULL);
    g_object_unref(object);
    if (model->facts.in_place) {
        model->facts.out = model->facts.in;
    }
    drop_shadowed_outputs(model);
    /* Two classes share the nickname of extract_area; the second is found by the name of its type. */
    for (guint i = 0; i < models->len; i++) {
        const struct model *other = g_ptr_array_index(models, i);

        if (!strcmp(other->unit, model->unit)) {
            model->facts.name = g_type_name(type);
            g_free(model->unit);
            model->unit = unit_of(g_type_name(type));
        }
    }
    g_ptr_array_add(models, model);
    return NULL;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    const struct model *left = *(const struct model *const *)a, *right = *(const struct model *const *)b;

    return strcmp(left->unit, right->unit);
}

GPtrArray *model_read(void)
{
    GPtrArray *models = g_ptr_array_new();

    vips_type_map_all(VIPS_TYPE_OPERATION, read_class, models);
    g_ptr_array_sort(models, compare);
    return models;
}
