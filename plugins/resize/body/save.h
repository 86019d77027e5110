/* The encoders, one for each format that `encode` writes. */
#ifndef RESIZE_SAVE_H
#define RESIZE_SAVE_H

#include "options.h"
#include "vipsbase/vipsbase.h"

/* One writing: what to do, and what came of it. */
struct resize_save {
    int64_t quality, effort;
    bool progressive, lossless;
    bool bare;  /* no metadata at all, not even the profile that the picture has */
    void *data; /* the file, to be freed by g_free */
    size_t length;
};

struct resize_saver {
    const char *name, *media, *ext;
    bool alpha, animation, lossless; /* what it can hold, and whether it can keep pixels exactly */
    int64_t quality, effort;         /* where the options say nothing             */
    int64_t effort_min, effort_max;
    /* Writes `image`, 8 bit with 1 to 4 bands, into the struct resize_save at `save`; -1 with libvips' error set. */
    int (*write)(VipsImage *image, void *save);
};

/* For a RESIZE_FORMAT_ of options.h. */
const struct resize_saver *resize_saver_of(int32_t format);

#endif
