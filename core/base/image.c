/* Counted lazy pictures: what a decoder said about one, and what transforms attached to it. Shared by any threads. */
#include "base/image.h"

#include "base/error.h"
#include "base/utf8.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct attachment {
    struct attachment *next;
    const void *key;
    void *value;
    void (*free)(void *);
};

struct pxm_image {
    atomic_size_t refs;
    struct pxm_image_ops ops;
    struct pxm_image_info info;
    void *self;
    char origin[64];
    pthread_mutex_t lock;           /* guards attachments */
    struct attachment *attachments; /* the last one added comes first */
};

/* Copies a struct that starts with its size: what the other side does not have is zero. */
static void copy_sized(void *to, size_t size, const void *from, uint32_t from_size)
{
    memset(to, 0, size);
    memcpy(to, from, from_size < size ? from_size : size);
}

pxm_image *pxm_image_new(const struct pxm_image_ops *ops, void *self, const struct pxm_image_info *info)
{
    struct pxm_image_ops known = {0};
    copy_sized(&known, sizeof known, ops, ops->struct_size);
    pxm_image *image = known.pixels != NULL ? calloc(1, sizeof *image) : NULL;
    if (image == NULL || pthread_mutex_init(&image->lock, NULL) != 0) {
        free(image);
        if (known.free != NULL) {
            known.free(self);
        }
        return NULL;
    }
    atomic_init(&image->refs, 1);
    image->ops = known;
    image->self = self;
    copy_sized(&image->info, sizeof image->info, info, info->struct_size);
    image->info.struct_size = sizeof image->info;
    return image;
}

pxm_image *pxm_image_ref(pxm_image *image)
{
    if (image != NULL) {
        atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
    }
    return image;
}

void pxm_image_unref(pxm_image *image)
{
    if (image == NULL || atomic_fetch_sub_explicit(&image->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    /* Attachments first: they were made from what self keeps. */
    for (struct attachment *attachment = image->attachments; attachment != NULL;) {
        struct attachment *next = attachment->next;
        if (attachment->free != NULL) {
            attachment->free(attachment->value);
        }
        free(attachment);
        attachment = next;
    }
    if (image->ops.free != NULL) {
        image->ops.free(image->self);
    }
    pthread_mutex_destroy(&image->lock);
    free(image);
}

const struct pxm_image_info *pxm_image_info(const pxm_image *image)
{
    return &image->info;
}

pxm_status pxm_image_pixels(pxm_image *image, pxm_job *job, int64_t min_width, int64_t min_height,
                            struct _VipsImage **ret, pxm_error *error)
{
    pxm_status status = image->ops.pixels(image->self, job, min_width, min_height, ret, error);
    if (status == PXM_E_BAD_IMAGE && image->origin[0] != '\0') {
        pxm_error_blame(error, image->origin);
    }
    return status;
}

pxm_status pxm_image_encoded(pxm_image *image, pxm_blob **ret)
{
    return image->ops.encoded != NULL ? image->ops.encoded(image->self, ret) : PXM_E_NOT_FOUND;
}

static struct attachment *find_attachment(const pxm_image *image, const void *key)
{
    struct attachment *attachment = image->attachments;
    while (attachment != NULL && attachment->key != key) {
        attachment = attachment->next;
    }
    return attachment;
}

static struct attachment *make_attachment(const void *key, void *(*make)(void *), void *arg, void (*free_value)(void *))
{
    struct attachment *attachment = calloc(1, sizeof *attachment);
    if (attachment == NULL) {
        return NULL;
    }
    *attachment = (struct attachment){.key = key, .value = make(arg), .free = free_value};
    if (attachment->value == NULL) {
        free(attachment);
        return NULL;
    }
    return attachment;
}

void *pxm_image_attach(pxm_image *image, const void *key, void *(*make)(void *), void *arg, void (*free)(void *))
{
    pthread_mutex_lock(&image->lock);
    struct attachment *attachment = find_attachment(image, key);
    if (attachment == NULL) {
        attachment = make_attachment(key, make, arg, free);
        if (attachment != NULL) {
            attachment->next = image->attachments;
            image->attachments = attachment;
        }
    }
    void *value = attachment != NULL ? attachment->value : NULL;
    pthread_mutex_unlock(&image->lock);
    return value;
}

void pxm_image_set_origin(pxm_image *image, const char *step)
{
    pxm_utf8_copy(image->origin, sizeof image->origin, step);
}

const char *pxm_image_origin(const pxm_image *image)
{
    return image->origin[0] != '\0' ? image->origin : NULL;
}
