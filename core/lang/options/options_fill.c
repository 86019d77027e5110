/* Fills config structs from bindings: templates are evaluated, converted to their option's type and checked as literals
 * were; what the struct points at lives as long as it does. Any thread. */
#include "lang/options/options_private.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "lang/expr/expr_ast.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct held { /* what a field points at */
    pxm_value *value;
    char *secret; /* a copy of our own, because it is wiped */
    size_t secret_length;
};

struct pxm_config {
    void *data;
    size_t held_count;
    struct held held[];
};

/* ---- conversion ------------------------------------------------------------------------------------------------- */

static pxm_value *to_text(const pxm_value *value, pxm_error *error)
{
    struct pxm_buf buf;
    pxm_value *ret = NULL;
    pxm_buf_init(&buf, OPTION_TEXT_MAX);
    if (expr_render(&buf, value) == PXM_OK) {
        ret = expr_value(pxm_value_string(buf.data, buf.length), error);
    } else {
        expr_buf_fail(buf.status, error);
    }
    pxm_buf_done(&buf);
    return ret;
}

static pxm_value *to_number(const struct pxm_option *option, const pxm_value *text, pxm_error *error)
{
    int64_t number = 0;
    size_t length = 0;
    const char *string = pxm_value_as_string(text, &length);
    const char *wrong = option_kind(option->type)->read(string, &number);
    if (wrong || strlen(string) != length) {
        const char *phrase = option_kind(option->type)->phrase;
        pxm_error_set(error, PXM_E_INVALID, "input.invalid", "`%s` takes %s; %s", option->name, phrase,
                      wrong ? wrong : "there is a NUL in it");
        return NULL;
    }
    return expr_value(pxm_value_int(number), error);
}

/* What a template gave, as a value of the option's literal kind. Takes over the value. */
static pxm_value *convert(const struct pxm_option *option, pxm_value *value, pxm_error *error)
{
    const struct option_kind *kind = option_kind(option->type);
    uint32_t type = pxm_value_type(value);
    pxm_value *ret = value;
    if (type & kind->literal || !(type & kind->accepts)) {
        return ret; /* the check tells what is none */
    }
    if (kind->literal == PXM_TYPE_STRING) {
        ret = to_text(value, error);
    } else if (kind->literal == PXM_TYPE_FLOAT) {
        ret = expr_value(pxm_value_float(pxm_value_as_float(value)), error);
    } else {
        ret = to_number(option, value, error);
    }
    pxm_value_unref(value);
    return ret;
}

static pxm_value *evaluate(const struct pxm_option *option, const struct pxm_template *tpl,
                           const struct pxm_scope *scope, pxm_error *error)
{
    struct option_problem problem;
    pxm_value *value = NULL;
    if (pxm_template_literal(tpl)) {
        return pxm_value_ref(pxm_template_literal(tpl));
    }
    if (pxm_template_eval(tpl, scope, &value, error) != PXM_OK) {
        pxm_error_context(error, "option `%s`", option->name);
        return NULL;
    }
    value = convert(option, value, error);
    if (value && !option_check(option, value, &problem)) {
        pxm_error_set(error, PXM_E_INVALID, "input.invalid", "%s%s%s", problem.message, problem.hint[0] ? "; " : "",
                      problem.hint);
        pxm_value_unref(value);
        return NULL;
    }
    return value;
}

/* ---- fields ----------------------------------------------------------------------------------------------------- */

static int32_t choice_value(const struct pxm_option *option, const char *name)
{
    const struct pxm_choice *choice = option->choices;
    while (strcmp(choice->name, name) != 0) {
        choice++;
    }
    return choice->value;
}

/* A field of the struct; one union, because each kind is a different C type of the same address. */
union field {
    int32_t small;
    int64_t integer;
    double number;
    const void *pointer;
};

static void store_field(struct pxm_config *config, const struct pxm_option *option, const union field *field)
{
    memcpy((char *)config->data + option->offset, field, option_kind(option->type)->field_size);
}

static void store_unset(struct pxm_config *config, const struct pxm_option *option)
{
    union field field = {.pointer = NULL};
    switch (option->type) {
    case PXM_OPT_BOOL:
        field.small = 0;
        break;
    case PXM_OPT_ENUM:
        field.small = -1;
        break;
    case PXM_OPT_INT:
    case PXM_OPT_SIZE:
    case PXM_OPT_DURATION:
    case PXM_OPT_PIXELS:
        field.integer = PXM_UNSET_INT;
        break;
    case PXM_OPT_FLOAT:
        field.number = NAN;
        break;
    default:
        break;
    }
    store_field(config, option, &field);
}

static void store_value(struct pxm_config *config, const struct pxm_option *option, const pxm_value *value)
{
    union field field = {.pointer = value};
    switch (option->type) {
    case PXM_OPT_BOOL:
        field.small = pxm_value_as_bool(value) != 0;
        break;
    case PXM_OPT_ENUM:
        field.small = choice_value(option, pxm_value_as_string(value, NULL));
        break;
    case PXM_OPT_INT:
    case PXM_OPT_SIZE:
    case PXM_OPT_DURATION:
    case PXM_OPT_PIXELS:
        field.integer = pxm_value_as_int(value);
        break;
    case PXM_OPT_FLOAT:
        field.number = pxm_value_as_float(value);
        break;
    case PXM_OPT_IMAGE:
        field.pointer = pxm_value_as_image(value);
        break;
    case PXM_OPT_BLOB:
        field.pointer = pxm_value_as_blob(value);
        break;
    case PXM_OPT_LIST:
    case PXM_OPT_RECORD:
    case PXM_OPT_INT_OR_RECORD:
    case PXM_OPT_VALUE:
        break;
    default:
        field.pointer = pxm_value_as_string(value, NULL);
        break;
    }
    store_field(config, option, &field);
}

static pxm_status store_secret(struct pxm_config *config, const struct pxm_option *option, struct held *held,
                               pxm_error *error)
{
    const char *text = pxm_value_as_string(held->value, &held->secret_length);
    union field field;
    held->secret = malloc(held->secret_length + 1);
    if (!held->secret) {
        return pxm_error_no_memory(error);
    }
    memcpy(held->secret, text, held->secret_length + 1);
    pxm_value_unref(held->value);
    held->value = NULL;
    field.pointer = held->secret;
    store_field(config, option, &field);
    return PXM_OK;
}

/* Puts the base before a relative path. Takes over the value. */
static pxm_value *make_absolute(const struct pxm_option *option, pxm_value *value, const char *base, pxm_error *error)
{
    struct pxm_buf buf;
    size_t length = 0;
    const char *path = pxm_value_as_string(value, &length);
    pxm_value *ret = NULL;
    if (length == 0 || path[0] == '/') {
        return value;
    }
    pxm_buf_init(&buf, PATH_MAX);
    pxm_buf_puts(&buf, base);
    pxm_buf_putc(&buf, '/');
    if (pxm_buf_add(&buf, path, length) == PXM_OK) {
        ret = expr_value(pxm_value_string(buf.data, buf.length), error);
    } else if (buf.status == PXM_E_LIMIT) {
        pxm_error_set(error, PXM_E_INVALID, "input.invalid", "`%s` is a path of more than %d bytes", option->name,
                      PATH_MAX);
    } else {
        pxm_error_no_memory(error);
    }
    pxm_buf_done(&buf);
    pxm_value_unref(value);
    return ret;
}

static pxm_status fill_option(struct pxm_config *config, const struct pxm_option *option,
                              const struct pxm_bindings *bindings, size_t index, const struct pxm_scope *scope,
                              pxm_error *error)
{
    const struct pxm_binding *binding = &bindings->items[index];
    struct held *held = &config->held[index];
    if (!binding->value) {
        store_unset(config, option);
        return PXM_OK;
    }
    held->value = evaluate(option, binding->value, scope, error);
    if (held->value && option->flags & PXM_OPT_PATH && bindings->base) {
        held->value = make_absolute(option, held->value, bindings->base, error);
    }
    if (!held->value) {
        return error->status;
    }
    if (option->flags & PXM_OPT_SECRET) {
        return store_secret(config, option, held, error);
    }
    store_value(config, option, held->value);
    return PXM_OK;
}

/* ---- configs ---------------------------------------------------------------------------------------------------- */

pxm_status pxm_config_fill(const struct pxm_bindings *bindings, const struct pxm_scope *scope, struct pxm_config **ret,
                           pxm_error *error)
{
    size_t count = pxm_options_count(bindings->table);
    size_t data_size = bindings->table->config_size ? bindings->table->config_size : 1;
    struct pxm_config *config = calloc(1, sizeof *config + count * sizeof(struct held));
    if (!config || !(config->data = calloc(1, data_size))) {
        pxm_config_free(config);
        return pxm_error_no_memory(error);
    }
    config->held_count = count;
    for (size_t i = 0; i < count; i++) {
        struct pxm_option option = pxm_options_at(bindings->table, i);
        pxm_status status = fill_option(config, &option, bindings, i, scope, error);
        if (status != PXM_OK) {
            pxm_config_free(config);
            return status;
        }
    }
    *ret = config;
    return PXM_OK;
}

const void *pxm_config_data(const struct pxm_config *config)
{
    return config->data;
}

void pxm_config_free(struct pxm_config *config)
{
    if (!config) {
        return;
    }
    for (size_t i = 0; i < config->held_count; i++) {
        pxm_value_unref(config->held[i].value);
        if (config->held[i].secret) {
            explicit_bzero(config->held[i].secret, config->held[i].secret_length);
            free(config->held[i].secret);
        }
    }
    free(config->data);
    free(config);
}
