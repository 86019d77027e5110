/* What tests of the Lambda host share. */
#ifndef PXM_TESTS_LAMBDA_FIXTURE_H
#define PXM_TESTS_LAMBDA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/value.h"
#include <string.h>

/* JSON with ' for ", as a new value. */
static inline pxm_value *json(const char *text)
{
    char copy[4096];
    pxm_value *value = NULL;

    assert_true(strlen(text) < sizeof copy);
    for (size_t i = 0; i <= strlen(text); i++) {
        copy[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    }
    assert_int_equal(pxm_json_parse(copy, strlen(copy), &value, NULL), PXM_OK);
    return value;
}

#endif
