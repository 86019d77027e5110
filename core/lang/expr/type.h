/* Static types: the kinds a value can have, and what is known of its items and fields. Types are immutable and live in
 * an arena or for ever. Data that nobody declared (JSON from outside, an item of a table) is dynamic: it may be used
 * where one of the kinds it could have is wanted, and whoever takes the value checks it at run time. That it may be
 * null is never left to run time. */
#ifndef PXM_LANG_TYPE_H
#define PXM_LANG_TYPE_H

#include "base/arena.h"
#include <pixmill/plugin.h>
#include <stdbool.h>

struct pxm_type_field {
    const char *name;
    const struct pxm_type *type;
};
struct pxm_type {
    uint32_t bits;               /* PXM_TYPE_ bits; with PXM_TYPE_NULL it may be null; 0: there is no such value, as of
                                    the items of []                                                              */
    bool tainted;                /* a secret: may go nowhere but into an option of that kind                     */
    bool open;                   /* a record that may have other fields                                          */
    const struct pxm_type *item; /* of a list, and of the other fields of an open record; NULL: anything         */
    size_t field_count;          /* of a record                                                                  */
    const struct pxm_type_field *fields;
    /* For the message "`steps.blur` may be null, because its `on_error` (line 12) can skip it": what may be null, when
     * that is not the whole reference, and why, when there is more to say than that. Either may be NULL. */
    const char *null_subject, *null_reason;
};

extern const struct pxm_type pxm_type_any, pxm_type_null, pxm_type_bool, pxm_type_int, pxm_type_float, pxm_type_string,
    pxm_type_blob, pxm_type_image, pxm_type_list, pxm_type_record; /* list and record: of anything */

/* "int", "list of string", "int or null", "secret": into the arena; "?" when memory is out. */
const char *pxm_type_text(struct pxm_arena *arena, const struct pxm_type *type);
/* Whether its kind shows at run time only. */
bool pxm_type_is_dynamic(const struct pxm_type *type);
/* Whether every value of `from` may stand where `to` is wanted; int is taken for float. */
bool pxm_type_fits(const struct pxm_type *from, const struct pxm_type *to);
/* The same where the value is checked at run time: dynamic data fits what it may turn out to be. Null is still
 * strict. */
bool pxm_type_may_fit(const struct pxm_type *from, const struct pxm_type *to);
/* NULL: surely not there. Of a record alone; that it may be null or something else is for the caller to see. */
const struct pxm_type *pxm_type_field(const struct pxm_type *record, const char *name);

/* These make types in the arena; NULL: no memory. NULL arguments give NULL, so that calls nest without a check each. */
/* What both may be. */
const struct pxm_type *pxm_type_union(struct pxm_arena *arena, const struct pxm_type *a, const struct pxm_type *b);
const struct pxm_type *pxm_type_without_null(struct pxm_arena *arena, const struct pxm_type *type);
const struct pxm_type *pxm_type_with_null(struct pxm_arena *arena, const struct pxm_type *type);
const struct pxm_type *pxm_type_list_of(struct pxm_arena *arena, const struct pxm_type *item);
/* Of PXM_TYPE_ bits alone. */
const struct pxm_type *pxm_type_of_bits(struct pxm_arena *arena, uint32_t bits);
/* The exact type of a value. */
const struct pxm_type *pxm_type_of_value(struct pxm_arena *arena, const pxm_value *value);

#endif
