/* Option tables as reference pages and as JSON for programs. */
#include "lang/options/option_docs.h"

#include "base/value.h"
#include "lang/options/options_private.h"
#include <math.h>
#include <stdio.h>

enum { TYPE_TEXT_MAX = 128 };

/* "list of string" */
static const char *type_text(const struct pxm_option *option, char text[TYPE_TEXT_MAX])
{
    char item[TYPE_TEXT_MAX / 2];
    const char *name = option_kind(option->type)->name;
    if (option->type != PXM_OPT_LIST && option->type != PXM_OPT_RECORD) {
        return option->flags & PXM_OPT_COLOR ? "color" : option->flags & PXM_OPT_PATH ? "path" : name;
    }
    if (option->item == PXM_TYPE_ANY) {
        return name;
    }
    snprintf(text, TYPE_TEXT_MAX, "%s of %s", name, pxm_type_name(option->item, item, sizeof item));
    return text;
}

/* ---- Markdown --------------------------------------------------------------------------------------------------- */

/* A cell is one line, and a pipe in it would end it. */
static void put_cell(struct pxm_buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|') {
            pxm_buf_putc(out, '\\');
        }
        pxm_buf_putc(out, *text == '\n' ? ' ' : *text);
    }
}

static void put_code(struct pxm_buf *out, const char *text)
{
    pxm_buf_putc(out, '`');
    put_cell(out, text);
    pxm_buf_putc(out, '`');
}

static void put_values(struct pxm_buf *out, const struct pxm_option *option)
{
    char range[OPTION_TEXT_MAX];
    const char *unit = "";
    option_range_text(option, range);
    if (range[0] && !option_is_number(option)) {
        unit = option->type == PXM_OPT_LIST ? " items" : option->type == PXM_OPT_RECORD ? " entries" : " characters";
    }
    pxm_buf_printf(out, "%s%s", range, unit);
    for (size_t i = 0; option->choices && option->choices[i].name; i++) {
        const char *before = i ? ", " : range[0] ? "; keys: " : "";
        pxm_buf_puts(out, before);
        put_code(out, option->choices[i].name);
    }
}

static void put_notes(struct pxm_buf *out, const struct pxm_option *option)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } notes[] = {
        {PXM_OPT_SECRET, " Takes a secret."},
        {PXM_OPT_DYNAMIC, " May hold a template."},
        {PXM_OPT_ADVANCED, " For special cases."},
        {PXM_OPT_DEPRECATED, " Deprecated."},
    };
    put_cell(out, option->help);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        pxm_buf_puts(out, option->flags & notes[i].flag ? notes[i].text : "");
    }
    if (option->old_name) {
        pxm_buf_puts(out, " Formerly ");
        put_code(out, option->old_name);
        pxm_buf_putc(out, '.');
    }
}

static void put_row(struct pxm_buf *out, const struct pxm_option *option)
{
    char type[TYPE_TEXT_MAX];
    pxm_buf_puts(out, "| ");
    put_code(out, option->name);
    pxm_buf_printf(out, " | %s | ", type_text(option, type));
    if (option->fallback) {
        put_code(out, option->fallback);
    } else {
        pxm_buf_puts(out, option->flags & PXM_OPT_REQUIRED ? "required" : "");
    }
    pxm_buf_puts(out, " | ");
    put_values(out, option);
    pxm_buf_puts(out, " | ");
    put_notes(out, option);
    pxm_buf_puts(out, " |\n");
}

static void put_choices(struct pxm_buf *out, const struct pxm_option *option)
{
    bool first = true;
    for (size_t i = 0; option->choices && option->choices[i].name; i++) {
        const struct pxm_choice *choice = &option->choices[i];
        if (!choice->help || !*choice->help) {
            continue;
        }
        if (first) {
            pxm_buf_printf(out, "\nValues of `%s`:\n\n", option->name);
            first = false;
        }
        pxm_buf_printf(out, "- `%s`: %s\n", choice->name, choice->help);
    }
}

void pxm_option_docs_markdown(const struct pxm_option_table *table, struct pxm_buf *out)
{
    size_t count = pxm_options_count(table);
    if (count == 0) {
        return;
    }
    pxm_buf_puts(out, "| Option | Type | Default | Values | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        struct pxm_option option = pxm_options_at(table, i);
        put_row(out, &option);
    }
    for (size_t i = 0; i < count; i++) {
        struct pxm_option option = pxm_options_at(table, i);
        put_choices(out, &option);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void set_flag(pxm_value *record, const struct pxm_option *option, uint32_t flag, const char *key)
{
    pxm_value_set(record, key, pxm_value_bool((option->flags & flag) != 0));
}

pxm_value *option_number_json(const struct pxm_option *option, double number)
{
    char text[OPTION_TEXT_MAX];
    if (option_is_number(option) && option_kind(option->type)->accepts & PXM_TYPE_STRING) {
        option_number_text(option, number, text);
        return pxm_value_cstring(text);
    }
    bool whole = fabs(number) < 0x1p53 && number == trunc(number);
    return whole ? pxm_value_int((int64_t)number) : pxm_value_float(number);
}

pxm_value *option_json_done(pxm_value *value)
{
    if (pxm_value_status(value) != PXM_OK) {
        pxm_value_unref(value);
        return NULL;
    }
    return value;
}

static pxm_value *choices_json(const struct pxm_option *option)
{
    pxm_value *list = pxm_value_list();
    for (size_t i = 0; option->choices[i].name; i++) {
        pxm_value *choice = pxm_value_record();
        pxm_value_set(choice, "name", pxm_value_cstring(option->choices[i].name));
        if (option->choices[i].help) {
            pxm_value_set(choice, "help", pxm_value_cstring(option->choices[i].help));
        }
        pxm_value_append(list, choice);
    }
    return list;
}

static pxm_value *option_json(const struct pxm_option *option)
{
    char type[TYPE_TEXT_MAX];
    pxm_value *record = pxm_value_record();
    pxm_value_set(record, "name", pxm_value_cstring(option->name));
    pxm_value_set(record, "type", pxm_value_cstring(type_text(option, type)));
    set_flag(record, option, PXM_OPT_REQUIRED, "required");
    set_flag(record, option, PXM_OPT_DYNAMIC, "dynamic");
    set_flag(record, option, PXM_OPT_SECRET, "secret");
    set_flag(record, option, PXM_OPT_ADVANCED, "advanced");
    set_flag(record, option, PXM_OPT_DEPRECATED, "deprecated");
    pxm_value_set(record, "help", pxm_value_cstring(option->help));
    if (option->fallback) {
        pxm_value_set(record, "default", pxm_value_cstring(option->fallback));
    }
    if (option_has_least(option)) {
        pxm_value_set(record, "min", option_number_json(option, option->min));
    }
    if (option_has_most(option)) {
        pxm_value_set(record, "max", option_number_json(option, option->max));
    }
    if (option->choices) {
        pxm_value_set(record, "choices", choices_json(option));
    }
    if (option->old_name) {
        pxm_value_set(record, "old_name", pxm_value_cstring(option->old_name));
    }
    return record;
}

pxm_value *pxm_option_docs_json(const struct pxm_option_table *table)
{
    pxm_value *list = pxm_value_list();
    for (size_t i = 0; i < pxm_options_count(table); i++) {
        struct pxm_option option = pxm_options_at(table, i);
        pxm_value_append(list, option_json(&option));
    }
    return option_json_done(list);
}
