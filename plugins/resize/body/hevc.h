/* HEIC pictures, where libvips was built without their decoder. */
#ifndef RESIZE_HEVC_H
#define RESIZE_HEVC_H

#include "header.h"

/* Whether a picture with this header can be decoded here. Fails with decode.unsupported. [job] */
pxm_status resize_hevc_allow(const struct resize_walk *walk, const struct resize_header *header);

#endif
