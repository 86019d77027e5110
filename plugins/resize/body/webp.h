/* WebP files as bytes. */
#ifndef RESIZE_WEBP_H
#define RESIZE_WEBP_H

#include <stddef.h>
#include <stdint.h>

/* Takes Exif and XMP out of a WebP file, in place; *length becomes less. What is no such file stays as it is. [any] */
void resize_webp_strip(uint8_t *data, size_t *length);

#endif
