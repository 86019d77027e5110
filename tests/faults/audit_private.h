/* What the checker has read. */
#ifndef PXM_TEST_FAULTS_AUDIT_PRIVATE_H
#define PXM_TEST_FAULTS_AUDIT_PRIVATE_H

#include "audit.h"

#include <pixmill/plugin.h>

struct audit_record {
    const char *filename, *digest, *owner; /* owner: "": it tells none */
    const pxm_value *thumbnails;           /* {w, h, url, type} each */
    bool ready;
};

struct audit_world {
    pxm_value **pages; /* of which the rest is */
    size_t page_count;
    struct audit_record *records; /* by filename */
    size_t record_count;
    const char **dead; /* keys of objects whose job is a dead letter */
    size_t dead_count;
};

/* The JSON of a path, asked for as the operator; NULL: there is no answer that makes sense. Owned. */
pxm_value *audit_operate(const struct audit *audit, const char *path);
/* All records and dead letters; false: they cannot be had. */
bool audit_world_read(const struct audit *audit, struct audit_world *ret);
void audit_world_done(struct audit_world *world);
const struct audit_record *audit_find_record(const struct audit_world *world, const char *filename);
/* Objects without a record, and files that should have gone: of the state folder, and of the bucket. */
void audit_folders(struct audit *audit, const struct audit_world *world);
void audit_bucket(struct audit *audit, const struct audit_world *world);

#endif
