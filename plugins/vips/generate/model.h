/* An operation as the generator has read it from libvips, ready to be written down. */
#ifndef VOP_MODEL_H
#define VOP_MODEL_H

#include "rules.h"
#include <vips/vips.h>

enum { MODEL_ARGUMENTS_MAX = 48 };

struct model_argument {
    char *option;         /* name in YAML                                          */
    const char *property; /* name in libvips                                       */
    char *help;
    enum vop_kind kind;
    GType choices; /* ENUM, ENUMS: the enum; else 0                         */
    gboolean required, literal, side;
    const char *fallback; /* BOOL only: anything else stays unset unless given     */
    double min, max;
};

struct model {
    char *unit, *summary;
    struct vop_operation facts; /* name, in, out and the bounds; the tables are in the arrays below */
    struct model_argument arguments[MODEL_ARGUMENTS_MAX], outputs[MODEL_ARGUMENTS_MAX];
    size_t argument_count, output_count;
    const char *denied; /* why it is left out; NULL: it is not */
};

/* All concrete operations, sorted by unit, denied ones included: array of struct model *. */
GPtrArray *model_read(void);

/* The two files; FALSE with a message on stderr. */
gboolean write_units(const char *path, const GPtrArray *models);
gboolean write_operations(const char *path, const GPtrArray *models);

#endif
