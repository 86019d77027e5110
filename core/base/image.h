/* Counted lazy pictures. The core knows no pixel: it keeps what the decoder said and passes requests on. */
#ifndef PXM_BASE_IMAGE_H
#define PXM_BASE_IMAGE_H

#include <pixmill/plugin.h>

pxm_image *pxm_image_new(const struct pxm_image_ops *ops, void *self, const struct pxm_image_info *info);
pxm_image *pxm_image_ref(pxm_image *image);
void pxm_image_unref(pxm_image *image);
const struct pxm_image_info *pxm_image_info(const pxm_image *image);
pxm_status pxm_image_pixels(pxm_image *image, pxm_job *job, int64_t min_width, int64_t min_height,
                            struct _VipsImage **ret, pxm_error *error);
pxm_status pxm_image_encoded(pxm_image *image, pxm_blob **ret);
void *pxm_image_attach(pxm_image *image, const void *key, void *(*make)(void *), void *arg, void (*free)(void *));
/* The step that decoded it: a broken file shows only when pixels are read. Set by the engine before sharing; copied. */
void pxm_image_set_origin(pxm_image *image, const char *step);
const char *pxm_image_origin(const pxm_image *image); /* NULL: not known */

#endif
