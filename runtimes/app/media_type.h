/* Values of header fields that have parameters: `text/plain; charset=utf-8` (RFC 9110, sections 5.6.6 and 8.3.1).
 * Strict: what would be read otherwise elsewhere is refused. [any] */
#ifndef PXM_APP_MEDIA_TYPE_H
#define PXM_APP_MEDIA_TYPE_H

#include "base/buf.h"
#include <stdbool.h>

enum { APP_MEDIA_TYPE_MAX = 128, APP_CHARSET_MAX = 32, APP_BOUNDARY_MAX = 70, APP_PARAMETER_NAME_MAX = 64 };

struct app_media_type {
    char type[APP_MEDIA_TYPE_MAX];       /* in lower case, without parameters; "": none was said */
    char charset[APP_CHARSET_MAX];       /* in lower case; "": none */
    char boundary[APP_BOUNDARY_MAX + 1]; /* of multipart (RFC 2046, section 5.1.1); "": none */
};

/* `text` NULL or "": there is none, and all of *ret is empty. Code "request.media". */
pxm_status app_media_type_read(const char *text, struct app_media_type *ret, pxm_error *error);

/* Whether it is a token (RFC 9110, section 5.6.2), which has at least one character. */
bool app_is_token(const char *text, size_t length);

enum app_parameter { APP_PARAMETER, APP_PARAMETERS_END, APP_PARAMETERS_BAD, APP_PARAMETERS_NO_MEMORY };
/* Reads the next parameter from *at, which stands behind the value or the last parameter, and moves it on. The name is
 * in lower case. In a quoted value a backslash stands before a quote or a backslash; any other one, as browsers send
 * them in names of files, stands for itself. */
enum app_parameter app_parameter_next(const char **at, char name[APP_PARAMETER_NAME_MAX], struct pxm_buf *value);

#endif
