/* One step over a libvips operation, as its lazy results keep it: what to run, on what, with which options. */
#ifndef VOP_CALL_H
#define VOP_CALL_H

#include "vipsbase/vipsbase.h"
#include "vop.h"

/* An option as the engine fills it: VOP_SLOT bytes. */
union vop_slot {
    int32_t choice; /* also a bool */
    int64_t integer;
    double number;
    char *string;
    pxm_value *list;
    pxm_image *image;
};

struct vop_call {
    gint references; /* atomic */
    const struct pxm_host *host;
    const struct vop_operation *operation;
    pxm_image *in;         /* NULL: takes none */
    union vop_slot *slots; /* its own copies, one for each argument */
};

/* Copies what it is called with. NULL: out of memory. [job] */
struct vop_call *vop_call_new(const struct pxm_host *host, const struct vop_operation *operation,
                              const struct pxm_call *call);
struct vop_call *vop_call_ref(struct vop_call *call);
void vop_call_unref(struct vop_call *call);

/* Builds a fresh operation over fresh pixels of its inputs and sets it up. What it gives as numbers is computed then;
 * its pictures are lazy. *ret: a new reference, to be given back with vop_compose_done(). [job] */
pxm_status vop_compose(const struct vop_call *call, pxm_job *job, VipsOperation **ret, pxm_error *error);
/* Takes the picture that the operation gives as `property`, checked against the job's limits. [job] */
pxm_status vop_compose_image(const struct vop_call *call, pxm_job *job, VipsOperation *operation, const char *property,
                             VipsImage **ret, pxm_error *error);
void vop_compose_done(VipsOperation *operation);

/* Sets the property of an option that is no picture, if it was given. [job] */
pxm_status vop_argument_set(const struct vop_call *call, VipsOperation *operation, size_t index, pxm_error *error);

/* Reads the output `index`, not a picture, as a new value. A number must be one: "vips.failed". [job] */
pxm_status vop_output_value(const struct vop_call *call, VipsOperation *operation, size_t index, pxm_value **ret,
                            pxm_error *error);

/* A lazy picture: the output `property` of the call. Takes over `first`, the same output of an operation that was
 * composed within `job` already. `several`: more than one step reads it, so it is rendered once. [job] */
pxm_status vop_picture_new(struct vop_call *call, pxm_job *job, const char *property, VipsImage *first, bool several,
                           pxm_image **ret, pxm_error *error);

/* "vips.missing": this libvips lacks `what`. */
pxm_status vop_missing(const struct vop_call *call, const char *what, pxm_error *error);
pxm_status vop_missing_property(const struct vop_call *call, const char *property, pxm_error *error);

/* Refuses, before anything is set up, what would take too much memory or time. [job] */
pxm_status vop_bounds_check(const struct vop_call *call, pxm_job *job, pxm_error *error);
/* Refuses a resulting picture beyond the limits; one no larger than an input is always within them. */
pxm_status vop_bounds_image(const struct vop_call *call, pxm_job *job, VipsImage *image, pxm_error *error);

#endif
