/* Several sizes from one decode. The first request decodes for the largest size announced; the others are made from
 * pixels that are there. Several threads may ask at once: one makes, the others wait, as they need what it makes. */
#include "renditions.h"
#include "picture.h"
#include "scale.h"
#include <pthread.h>
#include <stdlib.h>

/* How many times larger than its result a picture should be before the final resampling. Decoders that shrink on load
 * and earlier resampling soften a little; at 1.5 nothing of that is left to see, and 2 costs up to a fifth more. */
#define MARGIN 1.5

struct rendition {
    struct rendition *next;
    int64_t width, height;
    int32_t kernel;
    int pending;       /* announcements not yet taken */
    VipsImage *pixels; /* NULL: not made, or dropped  */
};

struct renditions {
    pthread_mutex_t lock; /* guards all below, and is held while pixels are made */
    struct rendition *first;
    int announced; /* in all */
};

static const char renditions_key;

static void free_renditions(void *arg)
{
    struct renditions *all = arg;

    while (all->first) {
        struct rendition *next = all->first->next;
        g_clear_object(&all->first->pixels);
        free(all->first);
        all->first = next;
    }
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static void *make_renditions(void *arg)
{
    struct renditions *all = calloc(1, sizeof(*all));

    (void)arg;
    if (all && pthread_mutex_init(&all->lock, NULL) != 0) {
        free(all);
        return NULL;
    }
    return all;
}

static void *make_none(void *arg)
{
    (void)arg;
    return NULL;
}

static struct rendition *find(struct renditions *all, const struct resize_plan *plan)
{
    struct rendition *r = all->first;

    while (r && (r->width != plan->width || r->height != plan->height || r->kernel != plan->kernel)) {
        r = r->next;
    }
    return r;
}

void resize_renditions_announce(const struct pxm_host *host, pxm_image *image, const struct resize_plan *plan)
{
    const struct pxm_image_info *info = host->image_info(image);
    struct renditions *all;
    struct rendition *r;

    if (plan->width > info->width || plan->height > info->height) {
        return; /* an enlarged picture is no parent for others */
    }
    all = host->image_attach(image, &renditions_key, make_renditions, NULL, free_renditions);
    if (!all) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    r = find(all, plan);
    if (!r && (r = calloc(1, sizeof(*r))) != NULL) {
        *r = (struct rendition){
            .next = all->first, .width = plan->width, .height = plan->height, .kernel = plan->kernel};
        all->first = r;
    }
    if (r) {
        r->pending++;
        all->announced++;
    }
    pthread_mutex_unlock(&all->lock);
}

static bool covers(const struct rendition *parent, const struct rendition *child, double margin)
{
    return parent->kernel == child->kernel && (double)parent->width >= (double)child->width * margin &&
           (double)parent->height >= (double)child->height * margin;
}

/* The size to make `child` from, among those that are there or will be needed anyway: the smallest that leaves the
 * margin, as the least work gives the same picture; else the largest, so that no picture is more than one resampling at
 * a lesser margin away from the file. NULL: none, it is made from the file. */
static struct rendition *parent_of(const struct renditions *all, const struct rendition *child)
{
    struct rendition *smallest = NULL, *largest = NULL;

    for (struct rendition *r = all->first; r; r = r->next) {
        if (r == child || !(r->pixels || r->pending) || !covers(r, child, 1)) {
            continue;
        }
        if (covers(r, child, MARGIN) && (!smallest || r->width < smallest->width)) {
            smallest = r;
        }
        if (!largest || r->width > largest->width) {
            largest = r;
        }
    }
    return smallest ? smallest : largest;
}

static struct resize_plan plan_of(const struct rendition *r)
{
    return (struct resize_plan){
        .width = r->width, .height = r->height, .out_width = r->width, .out_height = r->height, .kernel = r->kernel};
}

pxm_status resize_render(const struct vipsbase_pull *pull, pxm_image *image, const struct resize_plan *plan,
                         VipsImage **ret, pxm_error *error)
{
    VIPSBASE_AUTO_IMAGE out = NULL;
    pxm_status status = resize_picture_open(pull->host, image, pull->job, (int64_t)((double)plan->width * MARGIN),
                                            (int64_t)((double)plan->height * MARGIN), &out, error);

    status = status ? status : resize_scale(pull, &out, plan, error);
    if (!status) {
        *ret = g_steal_pointer(&out);
    }
    return status;
}

/* Makes the pixels of `r` from those of `parent`, or from the file where that is NULL. */
static pxm_status make(const struct vipsbase_pull *pull, pxm_image *image, struct rendition *r,
                       const struct rendition *parent, pxm_error *error)
{
    struct resize_plan plan = plan_of(r);
    VIPSBASE_AUTO_IMAGE out = NULL;
    pxm_status status;

    if (parent) {
        out = g_object_ref(parent->pixels);
        status = resize_scale(pull, &out, &plan, error);
    } else {
        status = resize_render(pull, image, &plan, &out, error);
    }
    return status ? status : vipsbase_pull_to_memory(pull, out, &r->pixels, error);
}

/* Drops all pixels from which nothing will be made any more. */
static void sweep(struct renditions *all)
{
    for (struct rendition *r = all->first; r; r = r->next) {
        bool used = r->pending > 0;
        for (const struct rendition *child = all->first; child && !used; child = child->next) {
            used = child->pending > 0 && !child->pixels && parent_of(all, child) == r;
        }
        if (!used) {
            g_clear_object(&r->pixels);
        }
    }
}

/* Sees to it that `r` has pixels: makes the largest of its missing ancestors first, which is the one decode, and comes
 * down from there. A parent is always larger, so this ends. */
static pxm_status ensure(const struct vipsbase_pull *pull, pxm_image *image, const struct renditions *all,
                         struct rendition *r, pxm_error *error)
{
    pxm_status status = PXM_OK;

    while (!status && !r->pixels) {
        struct rendition *missing = r, *parent;
        while ((parent = parent_of(all, missing)) && !parent->pixels) {
            missing = parent;
        }
        status = make(pull, image, missing, parent, error);
    }
    return status;
}

static pxm_status take(const struct vipsbase_pull *pull, pxm_image *image, struct renditions *all, struct rendition *r,
                       VipsImage **ret, pxm_error *error)
{
    pxm_status status = ensure(pull, image, all, r, error);

    if (!status) {
        r->pending--;
        *ret = g_object_ref(r->pixels);
    }
    sweep(all);
    return status;
}

pxm_status resize_renditions_take(const struct vipsbase_pull *pull, pxm_image *image, const struct resize_plan *plan,
                                  VipsImage **ret, pxm_error *error)
{
    struct renditions *all = pull->host->image_attach(image, &renditions_key, make_none, NULL, NULL);
    struct rendition *r;
    pxm_status status = PXM_OK;

    if (!all) {
        return PXM_OK;
    }
    pthread_mutex_lock(&all->lock);
    r = find(all, plan);
    if (r && r->pending > 0 && all->announced > 1) {
        status = take(pull, image, all, r, ret, error);
    }
    pthread_mutex_unlock(&all->lock);
    return status;
}
