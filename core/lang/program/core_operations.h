/* The option tables and signatures of the core's own operations, one file for each kind of resource. Constant. */
#ifndef PXM_LANG_CORE_OPERATIONS_H
#define PXM_LANG_CORE_OPERATIONS_H

#include "lang/program/operation.h"

/* In the order in which they are listed for people. */
extern const struct pxm_option core_put_options[], core_get_options[], core_key_options[], core_presign_options[],
    core_list_options[];
extern const struct pxm_signature core_put_signature, core_get_signature, core_head_signature, core_remove_signature,
    core_presign_signature, core_list_signature;

extern const struct pxm_option core_record_options[], core_lookup_options[], core_query_options[], core_erase_options[];
extern const struct pxm_signature core_record_signature, core_lookup_signature, core_query_signature,
    core_erase_signature;

extern const struct pxm_option core_send_options[], core_call_options[], core_fail_options[];
extern const struct pxm_signature core_send_signature, core_call_signature, core_fail_signature;

/* What may stand in a JSON document. */
enum {
    CORE_JSON = PXM_TYPE_NULL | PXM_TYPE_BOOL | PXM_TYPE_INT | PXM_TYPE_FLOAT | PXM_TYPE_STRING | PXM_TYPE_LIST |
                PXM_TYPE_RECORD
};

#endif
