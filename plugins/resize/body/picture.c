/* The lazy picture behind `decode`. Several threads may open it at once: nothing in it changes. */
#include "picture.h"
#include "finish.h"
#include <stdlib.h>

struct picture {
    const struct pxm_host *host;
    pxm_blob *blob;
    struct resize_header header;
    int64_t page, frames;
};

/* Its address is the attachment by which a picture is known as ours. */
static const char picture_key;

static pxm_status open_stored(const struct picture *picture, int64_t min_width, int64_t min_height, VipsImage **ret,
                              pxm_error *error)
{
    bool swap = resize_orientation_swaps(picture->header.orientation);
    struct resize_request request = {.host = picture->host,
                                     .blob = picture->blob,
                                     .header = &picture->header,
                                     .page = picture->page,
                                     .frames = picture->frames,
                                     .min_width = swap ? min_height : min_width,
                                     .min_height = swap ? min_width : min_height};

    return resize_load(&request, ret, error);
}

static pxm_status picture_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height, VipsImage **ret,
                                 pxm_error *error)
{
    const struct picture *picture = self;
    struct vipsbase_pull pull = {.host = picture->host,
                                 .job = job,
                                 .status = PXM_E_INTERNAL,
                                 .code = "decode.failed",
                                 .what = "decode the picture"};
    VIPSBASE_AUTO_IMAGE image = NULL;
    pxm_status status = open_stored(picture, min_width, min_height, &image, error);

    status = status ? status : resize_finish(&pull, &image, error);
    if (!status) {
        *ret = g_steal_pointer(&image);
    }
    return status;
}

/* The file is the picture only when nothing is left out and nothing was turned. */
static pxm_status picture_encoded(void *self, pxm_blob **ret)
{
    const struct picture *picture = self;

    if (picture->header.orientation != 1 || picture->page != 0 || picture->frames != picture->header.pages) {
        return PXM_E_NOT_FOUND;
    }
    *ret = picture->host->blob_ref(picture->blob);
    return PXM_OK;
}

static void picture_free(void *self)
{
    struct picture *picture = self;

    picture->host->blob_unref(picture->blob);
    free(picture);
}

static const struct pxm_image_ops ops = {
    .struct_size = sizeof(struct pxm_image_ops),
    .pixels = picture_pixels,
    .encoded = picture_encoded,
    .free = picture_free,
};

static void *same(void *arg)
{
    return arg;
}

pxm_image *resize_picture_new(const struct pxm_host *host, pxm_blob *blob, const struct resize_header *header,
                              int64_t page, int64_t frames)
{
    bool swap = resize_orientation_swaps(header->orientation);
    struct pxm_image_info info = {.struct_size = sizeof(info),
                                  .width = swap ? header->height : header->width,
                                  .height = swap ? header->width : header->height,
                                  .frames = frames,
                                  .has_alpha = header->has_alpha,
                                  .orientation = header->orientation,
                                  .format = header->name};
    struct picture *picture = calloc(1, sizeof(*picture));
    pxm_image *image;

    if (!picture) {
        return NULL;
    }
    *picture =
        (struct picture){.host = host, .blob = host->blob_ref(blob), .header = *header, .page = page, .frames = frames};
    image = host->image_new(&ops, picture, &info);
    if (image && host->image_attach(image, &picture_key, same, picture, NULL) != picture) {
        host->image_unref(image);
        return NULL;
    }
    return image;
}

static void *none(void *arg)
{
    (void)arg;
    return NULL;
}

pxm_status resize_picture_open(const struct pxm_host *host, pxm_image *image, pxm_job *job, int64_t min_width,
                               int64_t min_height, VipsImage **ret, pxm_error *error)
{
    const struct picture *picture = host->image_attach(image, &picture_key, none, NULL, NULL);

    return picture ? open_stored(picture, min_width, min_height, ret, error)
                   : host->image_pixels(image, job, min_width, min_height, ret, error);
}

pxm_blob *resize_picture_file(const struct pxm_host *host, pxm_image *image)
{
    const struct picture *picture = host->image_attach(image, &picture_key, none, NULL, NULL);

    return picture ? picture->blob : NULL;
}
