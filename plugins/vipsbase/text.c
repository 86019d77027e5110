/* What libvips says of itself and of its pictures, in the engine's terms. Any thread. */
#include "vipsbase/vipsbase.h"
#include <string.h>

void vipsbase_text(char text[VIPSBASE_TEXT_MAX])
{
    g_autofree char *all = vips_error_buffer_copy();

    g_strlcpy(text, all && *all ? all : "no reason given", VIPSBASE_TEXT_MAX);
    text[strcspn(text, "\n")] = '\0';
}

pxm_status vipsbase_fail(const struct pxm_host *host, pxm_error *error, pxm_status status, const char *code,
                         const char *what)
{
    char text[VIPSBASE_TEXT_MAX];

    vipsbase_text(text);
    return host->fail(error, status, code, "%s: %s", what, text);
}

int64_t vipsbase_bytes(const VipsImage *image)
{
    int64_t bytes = (int64_t)vips_format_sizeof(image->BandFmt);

    if (__builtin_mul_overflow(bytes, image->Bands, &bytes) || __builtin_mul_overflow(bytes, image->Xsize, &bytes) ||
        __builtin_mul_overflow(bytes, image->Ysize, &bytes)) {
        return INT64_MAX;
    }
    return bytes;
}

void vipsbase_describe(VipsImage *image, struct pxm_image_info *ret)
{
    int height = vips_image_get_page_height(image);

    *ret = (struct pxm_image_info){
        .struct_size = sizeof(*ret),
        .width = image->Xsize,
        .height = height,
        .frames = image->Ysize / height,
        .has_alpha = vips_image_hasalpha(image) ? 1 : 0,
        .orientation = 1,
    };
}

int vipsbase_replace(VipsImage **image, VipsImage *next)
{
    g_clear_object(image);
    *image = next;
    return next ? 0 : -1;
}
