/* Renders descriptions. */
#include "describe.h"

#include "base/value.h"
#include "lang/options/option_docs.h"

#include <string.h>

/* ---- signatures -------------------------------------------------------------------------------------------------- */

static const char *types(uint32_t bits, char *buffer, size_t size)
{
    return bits ? pxm_type_name(bits, buffer, size) : "nothing";
}

/* The i-th field, widened; a NULL name ends them. */
static struct pxm_field field_at(const struct pxm_signature *signature, size_t index)
{
    struct pxm_field field = {0};
    size_t size = signature->field_size < sizeof field ? signature->field_size : sizeof field;

    if (signature->fields) {
        memcpy(&field, (const char *)signature->fields + index * signature->field_size, size);
    }
    return field;
}

static void fields_text(const struct pxm_signature *signature, struct pxm_buf *out)
{
    char type[96];

    for (size_t i = 0; field_at(signature, i).name; i++) {
        struct pxm_field field = field_at(signature, i);
        pxm_buf_printf(out, "  .%-18s %-16s %s\n", field.name, types(field.type, type, sizeof type),
                       field.help ? field.help : "");
    }
}

static void fields_markdown(const struct pxm_signature *signature, struct pxm_buf *out)
{
    char type[96];

    if (!field_at(signature, 0).name) {
        return;
    }
    pxm_buf_puts(out, "| field | type | |\n|---|---|---|\n");
    for (size_t i = 0; field_at(signature, i).name; i++) {
        struct pxm_field field = field_at(signature, i);
        pxm_buf_printf(out, "| `%s` | %s | %s |\n", field.name, types(field.type, type, sizeof type),
                       field.help ? field.help : "");
    }
    pxm_buf_putc(out, '\n');
}

static void codes(const struct pxm_signature *signature, const char *start, const char *quote, struct pxm_buf *out)
{
    for (size_t i = 0; signature->codes && signature->codes[i]; i++) {
        pxm_buf_printf(out, "%s%s%s%s", i ? ", " : start, quote, signature->codes[i], quote);
    }
    if (signature->codes && signature->codes[0]) {
        pxm_buf_putc(out, '\n');
    }
}

/* ---- options, for people ----------------------------------------------------------------------------------------- */

static void option_text(const pxm_value *option, struct pxm_buf *out)
{
    const pxm_value *fallback = pxm_value_get(option, "default");
    const pxm_value *choices = pxm_value_get(option, "choices");
    bool required = pxm_value_as_bool(pxm_value_get(option, "required"));

    pxm_buf_printf(out, "  %s%-*s %-10s", pxm_value_as_string(pxm_value_get(option, "name"), NULL), required ? 1 : 0,
                   required ? "*" : "", pxm_value_as_string(pxm_value_get(option, "type"), NULL));
    if (pxm_value_get(option, "min") || pxm_value_get(option, "max")) {
        pxm_buf_printf(out, " %g..%g", pxm_value_as_float(pxm_value_get(option, "min")),
                       pxm_value_as_float(pxm_value_get(option, "max")));
    }
    for (size_t i = 0; i < pxm_value_count(choices); i++) {
        pxm_buf_printf(out, "%s%s", i ? "|" : " ",
                       pxm_value_as_string(pxm_value_get(pxm_value_at(choices, i), "name"), NULL));
    }
    if (fallback) {
        pxm_buf_printf(out, " = %s", pxm_value_as_string(fallback, NULL));
    }
    pxm_buf_printf(out, "\n      %s\n", pxm_value_as_string(pxm_value_get(option, "help"), NULL));
}

static void options_text(const struct pxm_option_table *table, struct pxm_buf *out)
{
    pxm_value *options = pxm_option_docs_json(table);

    for (size_t i = 0; i < pxm_value_count(options); i++) {
        option_text(pxm_value_at(options, i), out);
    }
    pxm_value_unref(options);
}

static struct pxm_option_table table_of(const struct pxm_unit *unit)
{
    return (struct pxm_option_table){unit->options, unit->option_size, unit->config_size};
}

/* ---- the three forms --------------------------------------------------------------------------------------------- */

static void operation_text(const struct pxm_operation *operation, struct pxm_buf *out)
{
    char in[96];
    char result[96];

    pxm_buf_printf(out, "%s: %s\n  %s -> %s   (%s)\n", operation->name, operation->summary,
                   types(operation->signature->in, in, sizeof in),
                   types(operation->signature->out, result, sizeof result),
                   operation->plugin ? operation->plugin : "core");
    options_text(&operation->options, out);
    fields_text(operation->signature, out);
    codes(operation->signature, "  fails with ", "", out);
}

void description_text(const struct description *description, struct pxm_buf *out)
{
    if (description->operation) {
        operation_text(description->operation, out);
    }
    for (size_t i = 0; i < description->driver_count; i++) {
        const struct pxm_unit *driver = description->drivers[i];
        const struct pxm_option_table table = table_of(driver);
        pxm_buf_printf(out, "%s: %s\n  %s\n", driver->name, driver->summary, driver->iface);
        options_text(&table, out);
    }
    if (description->is_plugin && description->driver_count == 0) {
        const struct pxm_plugin *plugin = description->plugin.plugin;
        pxm_buf_printf(out, "plugin %s %s: %s (%s)\n  %s\n", plugin->name, plugin->version, plugin->summary,
                       plugin->license ? plugin->license : "no licence named",
                       description->plugin.path ? description->plugin.path : "linked in");
        for (size_t i = 0; i < description->plugin.unit_count; i++) {
            pxm_buf_printf(out, "  %-26s %s\n", description->plugin.units[i].name,
                           description->plugin.units[i].summary);
        }
    }
}

/* What ends a summary as a sentence: plugins write it with or without. */
static const char *full_stop(const char *summary)
{
    size_t length = strlen(summary);
    return length > 0 && summary[length - 1] == '.' ? "" : ".";
}

static void operation_markdown(const struct pxm_operation *operation, struct pxm_buf *out)
{
    char in[96];
    char result[96];

    pxm_buf_printf(out, "## `%s`\n\n%s%s Takes %s, gives %s.\n\n", operation->name, operation->summary,
                   full_stop(operation->summary), types(operation->signature->in, in, sizeof in),
                   types(operation->signature->out, result, sizeof result));
    pxm_option_docs_markdown(&operation->options, out);
    pxm_buf_putc(out, '\n');
    fields_markdown(operation->signature, out);
    codes(operation->signature, "Fails with ", "`", out);
}

void description_markdown(const struct description *description, struct pxm_buf *out)
{
    if (description->operation) {
        operation_markdown(description->operation, out);
    }
    for (size_t i = 0; i < description->driver_count; i++) {
        const struct pxm_option_table table = table_of(description->drivers[i]);
        const char *summary = description->drivers[i]->summary;
        pxm_buf_printf(out, "## `%s`\n\n%s%s Implements `%s`.\n\n", description->drivers[i]->name, summary,
                       full_stop(summary), description->drivers[i]->iface);
        pxm_option_docs_markdown(&table, out);
        pxm_buf_putc(out, '\n');
    }
    for (size_t i = 0; description->is_plugin && i < description->plugin.operation_count; i++) {
        operation_markdown(&description->plugin.operations[i], out);
        pxm_buf_putc(out, '\n');
    }
}

static pxm_value *operation_to_value(const struct pxm_operation *operation)
{
    char text[96];
    pxm_value *value = pxm_value_record();
    pxm_value *fields = pxm_value_list();

    for (size_t i = 0; field_at(operation->signature, i).name; i++) {
        struct pxm_field field = field_at(operation->signature, i);
        pxm_value *row = pxm_value_record();
        pxm_value_set(row, "name", pxm_value_cstring(field.name));
        pxm_value_set(row, "type", pxm_value_cstring(types(field.type, text, sizeof text)));
        pxm_value_set(row, "help", pxm_value_cstring(field.help));
        pxm_value_append(fields, row);
    }
    pxm_value_set(value, "name", pxm_value_cstring(operation->name));
    pxm_value_set(value, "summary", pxm_value_cstring(operation->summary));
    pxm_value_set(value, "plugin", pxm_value_cstring(operation->plugin));
    pxm_value_set(value, "in", pxm_value_cstring(types(operation->signature->in, text, sizeof text)));
    pxm_value_set(value, "out", pxm_value_cstring(types(operation->signature->out, text, sizeof text)));
    pxm_value_set(value, "options", pxm_option_docs_json(&operation->options));
    pxm_value_set(value, "fields", fields);
    return value;
}

pxm_value *description_to_value(const struct description *description)
{
    pxm_value *value = pxm_value_record();
    pxm_value *drivers = pxm_value_list();

    for (size_t i = 0; i < description->driver_count; i++) {
        const struct pxm_option_table table = table_of(description->drivers[i]);
        pxm_value *driver = pxm_value_record();
        pxm_value_set(driver, "name", pxm_value_cstring(description->drivers[i]->name));
        pxm_value_set(driver, "interface", pxm_value_cstring(description->drivers[i]->iface));
        pxm_value_set(driver, "summary", pxm_value_cstring(description->drivers[i]->summary));
        pxm_value_set(driver, "options", pxm_option_docs_json(&table));
        pxm_value_append(drivers, driver);
    }
    pxm_value_set(value, "schema", pxm_value_cstring("pixmill.description/1"));
    pxm_value_set(value, "operation",
                  description->operation ? operation_to_value(description->operation) : pxm_value_null());
    pxm_value_set(value, "drivers", drivers);
    if (pxm_value_status(value) != PXM_OK) {
        pxm_value_unref(value);
        return NULL;
    }
    return value;
}
