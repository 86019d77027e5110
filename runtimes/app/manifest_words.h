/* Words of a manifest that its writer and its reader share; private to manifest*.c. */
#ifndef PXM_APP_MANIFEST_WORDS_H
#define PXM_APP_MANIFEST_WORDS_H

enum { APP_MANIFEST_VERSION = 1 };

extern const char *const app_manifest_kinds[]; /* by enum pxm_trigger_kind; NULL at the end */

#endif
