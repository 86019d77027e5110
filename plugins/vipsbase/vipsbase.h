/* What the plugins over libvips share: starting the library, reading its errors, and the one door through which pixels
 * are pulled. Each plugin body links its own copy; the library's state is the process's. Only the C API of libvips 8.14
 * is used, so that the same binary runs on later ones. */
#ifndef VIPSBASE_H
#define VIPSBASE_H

#include <pixmill/plugin.h>
#include <stdbool.h>
#include <vips/vips.h>

/* pxm_plugin.load of a body. Repeating it, also from another body, does nothing. [load] */
pxm_status vipsbase_start(const struct pxm_host *host, pxm_error *error);

/* Forbids libvips to compile its loops where that would end the process; after libvips was started. [load] */
void vipsbase_choose_loops(void);

/* Takes libvips' error text, as one line, into `text`, and empties its buffer. The buffer is one for all threads, so
 * the text may be another's or missing: fit for people, never for decisions. [any] */
enum { VIPSBASE_TEXT_MAX = 160 };
void vipsbase_text(char text[VIPSBASE_TEXT_MAX]);

/* Fails with "WHAT: what libvips says". [any] */
pxm_status vipsbase_fail(const struct pxm_host *host, pxm_error *error, pxm_status status, const char *code,
                         const char *what);

/* The same picture, which from now on remembers, and tells all that is derived from it, when reading it failed: that is
 * how a broken file is told from a failure further on. Takes over `in`; NULL on failure, or when `in` is NULL. [job] */
VipsImage *vipsbase_origin_mark(VipsImage *in);
/* Why reading what `image` derives from failed; NULL: it did not. Lives as long as the image. */
const char *vipsbase_origin_failure(VipsImage *image);

/* On whose behalf pixels are made, and how failing to is told: with limit.time, with decode.corrupt where the file is
 * to blame, else with `status` and `code`; `what` is what was being done: "write the JPEG". */
struct vipsbase_pull {
    const struct pxm_host *host;
    pxm_job *job;
    const char *code, *what;
    pxm_status status;
};

/* While it lasts, an evaluation of `image` or of what derives from it stops when the job's time is over. */
struct vipsbase_watch {
    const struct vipsbase_pull *pull;
    VipsImage *image; /* borrowed */
    gulong handler;
    gint late; /* atomic */
};
/* `image` must be read by nobody else. The watch stays where it is until its end. [job] */
void vipsbase_watch_begin(struct vipsbase_watch *watch, const struct vipsbase_pull *pull, VipsImage *image);
void vipsbase_watch_end(struct vipsbase_watch *watch);
/* The error for an evaluation of `image` (NULL: not known which) that failed while being watched. */
pxm_status vipsbase_watch_fail(struct vipsbase_watch *watch, VipsImage *image, pxm_error *error);

/* Makes the pixels of `image` and gives them to `sink`, which returns 0, or -1 with libvips' error set. [job] */
pxm_status vipsbase_pull(const struct vipsbase_pull *pull, VipsImage *image, int (*sink)(VipsImage *image, void *arg),
                         void *arg, pxm_error *error);
/* A copy in memory, for whoever reads a picture more than once, out of order, or changes it: always a new one. Fails
 * with limit.memory where it takes more bytes than the job may. [job] */
pxm_status vipsbase_pull_to_memory(const struct vipsbase_pull *pull, VipsImage *image, VipsImage **ret,
                                   pxm_error *error);

/* A picture of that size and kind in memory, to be written by vips_image_write; NULL with libvips' error set. [any] */
VipsImage *vipsbase_pixels_new(const VipsImage *like);

/* Bytes of all pixels of a picture in memory; INT64_MAX where that is no number. [any] */
int64_t vipsbase_bytes(const VipsImage *image);

/* Size, frames and alpha for host->image_new(); upright, of no format. */
void vipsbase_describe(VipsImage *image, struct pxm_image_info *ret);

/* Drops *image and takes `next` in its place; 0 if there is a next one. Makes a chain of operations one expression. */
int vipsbase_replace(VipsImage **image, VipsImage *next);

static inline void vipsbase_unref(VipsImage **image)
{
    g_clear_object(image);
}
#define VIPSBASE_AUTO_IMAGE __attribute__((cleanup(vipsbase_unref))) VipsImage *

#endif
