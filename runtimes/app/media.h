/* What a blob is served as. Private to answers. [any] */
#ifndef PXM_APP_MEDIA_H
#define PXM_APP_MEDIA_H

#include <pixmill/plugin.h>
#include <stdbool.h>

/* The type that its first bytes show, whatever it was said to be; application/octet-stream where they show none, or
 * cannot be read. Static text. */
const char *app_media_of_blob(const pxm_blob *blob);
/* Whether it is a picture that a browser shows without running anything. */
bool app_media_is_inert(const char *media);

#endif
