/* Media types by magic bytes: the allow-list that stands before every decoder. Knows no codec. [any] */
#ifndef PXM_BASE_MEDIA_H
#define PXM_BASE_MEDIA_H

#include <stddef.h>

/* "image/jpeg" ... of the first bytes of a file (64 are enough); NULL: none that we know. Static text. Also names what
 * is always refused ("image/svg+xml", "application/pdf", "application/gzip", ...), so that messages can say it. */
const char *pxm_media_type(const void *data, size_t length);
/* "jpg" of "image/jpeg"; NULL: not known. */
const char *pxm_media_extension(const char *media);
/* "image/jpeg" of "photo.JPG"; NULL: not known. */
const char *pxm_media_of_name(const char *name);

#endif
