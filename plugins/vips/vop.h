/* A libvips operation as a step ("vop"): what the generated tables of the two halves are made of. units.c, for the
 * light half, describes every operation as a unit; operations.c, for the body, tells how its options and fields map to
 * libvips. */
#ifndef VOP_H
#define VOP_H

#include <pixmill/plugin.h>

/* Both halves carry it; the engine refuses a pair that differs. */
#define VOP_VERSION "0.1.0"

/* Option `i` of an operation is at byte i * VOP_SLOT of its config struct. */
enum { VOP_SLOT = 8 };

/* How a value travels: as what option or field, and as what for libvips. */
enum vop_kind {
    VOP_BOOL,        /* bool; gboolean                                                */
    VOP_INT,         /* int; gint                                                     */
    VOP_FLOAT,       /* float; gdouble                                                */
    VOP_ENUM,        /* enum, as a field a string; an enum, by nick                   */
    VOP_INTERPOLATE, /* enum; VipsInterpolate, by nick                                */
    VOP_PROFILE,     /* enum; name of a built-in ICC profile                          */
    VOP_STRING,      /* string; gchararray                                            */
    VOP_PLAIN,       /* string; gchararray that is markup, with all of it escaped     */
    VOP_INTS,        /* list of ints; VipsArrayInt                                    */
    VOP_FLOATS,      /* list of numbers; VipsArrayDouble                              */
    VOP_ENUMS,       /* list of strings; VipsArrayInt of an enum, by nick             */
    VOP_IMAGE,       /* image; VipsImage                                              */
    VOP_IMAGES       /* list of images; VipsArrayImage                                */
};

struct vop_argument {
    const char *property; /* libvips' name of it                                                                  */
    enum vop_kind kind;
    int32_t side;                     /* a width or height, which bounds memory before there is a picture        */
    const struct pxm_choice *choices; /* ENUM, INTERPOLATE, PROFILE, ENUMS                                       */
    const char *type;                 /* ENUMS: GType of the enum                                                */
};

struct vop_operation {
    const char *unit;   /* "vips.gaussblur"                                                                     */
    const char *name;   /* what libvips finds it by                                                             */
    const char *in;     /* property that the step's input goes to; NULL: takes none                             */
    int32_t in_is_list; /* `in` is an array: the step's input is its first picture, the option `with` the rest  */
    int32_t in_place;   /* it draws on `in`, which is also its result                                           */
    const char *out;    /* property of the resulting picture; NULL: gives fields only                           */
    const struct vop_argument *arguments; /* in the order of the options                                         */
    const struct vop_argument *outputs;   /* in the order of the fields, after `width` and `height` if `out`      */
    uint32_t argument_count, output_count;
    int64_t input_pixels;  /* most that one input may have, where time grows faster than pixels; 0: any           */
    int64_t working_bytes; /* for each sample of the first input, beyond what streaming takes                     */
};

extern const struct pxm_unit *const vop_units[];      /* units.c: NULL at the end                               */
extern const struct pxm_unit *const vop_body_units[]; /* operations.c: the same names with what runs them       */
extern const struct vop_operation vop_operations[];   /* operations.c: sorted by unit                           */
extern const size_t vop_operation_count;

/* What every unit of the body is made of; in body.c. */
extern const struct pxm_transform_ops vop_transform;
pxm_status vop_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error);
void vop_destroy(void *self);
#define VOP_BODY_UNIT                                                                                                  \
    .struct_size = sizeof(struct pxm_unit), .threads = PXM_THREADS_PARALLEL, .iface = PXM_IFACE_TRANSFORM,             \
    .ops = &vop_transform, .create = vop_create, .destroy = vop_destroy

#endif
