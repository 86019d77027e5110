/* Text as the value of an input. [any] */
#ifndef PXM_ENGINE_INPUT_TEXT_H
#define PXM_ENGINE_INPUT_TEXT_H

#include "lang/program/program.h"

/* A string is the text itself; bools and numbers are written as in YAML; lists and records are YAML in one piece,
 * such as [a, 2] or {"a": 1}, in which ${ has no meaning. "null" or nothing gives null where the type is no string
 * and may be null. *ret is a new reference. Code: input.invalid. */
pxm_status pxm_input_of_text(const struct pxm_input *input, const char *text, size_t length, pxm_value **ret,
                             pxm_error *error);

#endif
