/* What the files of the web page's server share. */
#ifndef PXM_DAEMON_STATIC_PRIVATE_H
#define PXM_DAEMON_STATIC_PRIVATE_H

#include "daemon/static.h"

enum static_encoding { STATIC_BROTLI, STATIC_GZIP, STATIC_PLAIN, STATIC_ENCODINGS };

struct static_file {
    char *path;       /* as in a request: "/assets/app-1a2b.js" */
    const char *type; /* static text */
    char sha256[65];  /* of the plain bytes */
    bool immutable;
    pxm_blob *bytes[STATIC_ENCODINGS]; /* NULL: not there; PLAIN always is */
};

struct static_site {
    size_t file_count;         /* 0: not built */
    struct static_file *files; /* in the order of their paths */
    size_t app_path_count;
    char **app_paths;
    size_t page_header_count;
    struct app_header *page_headers; /* owned copies */
};

/* static_load.c: fills files. */
pxm_status static_load(struct static_site *site, const char *folder, pxm_error *error);
/* static_encoding.c: of those that are there, the one that an Accept-Encoding (NULL: not said) likes best. */
enum static_encoding static_choose(const char *accept, const bool is_there[STATIC_ENCODINGS]);

#endif
