/* Prints a value of a JSON document: json_get PATH < DOCUMENT, where PATH is a.b.0.c, "a.#" counts what is in a, and
 * "." is the whole. Strings are printed as they are, all else as JSON. Exit code 1: no such value, 3: no JSON. */
#include "base/json.h"

#include "base/error.h"
#include "base/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pxm_value *read_document(void)
{
    struct pxm_error error = {0};
    pxm_value *document = NULL;
    struct pxm_buf text;
    char part[4096];
    size_t length = 0;

    pxm_buf_init(&text, PXM_JSON_BYTES_MAX);
    while ((length = fread(part, 1, sizeof part, stdin)) > 0) {
        pxm_buf_add(&text, part, length);
    }
    if (text.status != PXM_OK || pxm_json_parse(text.data, text.length, &document, &error) != PXM_OK) {
        fprintf(stderr, "json_get: %s\n", text.status == PXM_OK ? error.text : "the document is too large");
    }
    pxm_buf_done(&text);
    return document;
}

static const pxm_value *walk(const pxm_value *value, char *path)
{
    char *rest = NULL;

    for (char *part = strtok_r(path, ".", &rest); part && value; part = strtok_r(NULL, ".", &rest)) {
        value = pxm_value_type(value) == PXM_TYPE_LIST ? pxm_value_at(value, strtoul(part, NULL, 10))
                                                       : pxm_value_get(value, part);
    }
    return value;
}

static int print_value(const pxm_value *value)
{
    struct pxm_error error = {0};
    struct pxm_buf text;

    if (pxm_value_type(value) == PXM_TYPE_STRING) {
        puts(pxm_value_as_string(value, NULL));
        return 0;
    }
    pxm_buf_init(&text, PXM_JSON_BYTES_MAX);
    pxm_status status = pxm_json_write(&text, value, 0, 0, &error);
    if (status == PXM_OK) {
        printf("%.*s\n", (int)text.length, text.data);
    }
    pxm_buf_done(&text);
    return status == PXM_OK ? 0 : 3;
}

int main(int argc, char **argv)
{
    char *path = argc == 2 ? argv[1] : NULL;
    size_t length = path ? strlen(path) : 0;
    bool counts = length > 0 && path[length - 1] == '#';
    pxm_value *document = path ? read_document() : NULL;

    if (!document) {
        return 3;
    }
    if (counts) {
        path[length - 1] = '\0';
    }
    const pxm_value *value = walk(document, path);
    int code = value ? 0 : 1;
    if (value && counts) {
        printf("%zu\n", pxm_value_count(value));
    } else if (value) {
        code = print_value(value);
    }
    pxm_value_unref(document);
    return code;
}
