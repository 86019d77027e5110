/* multipart/form-data as it comes in (RFC 7578 over RFC 2046, section 5.1), in pieces of any size. Strict: lines end in
 * CRLF, every boundary is one for every reader, parts are not nested. Holds back no more than a boundary. One thread at
 * a time. */
#ifndef PXM_APP_MULTIPART_H
#define PXM_APP_MULTIPART_H

#include "app/media_type.h"
#include "app/part.h"

struct app_multipart_sink { /* who gets the parts; what fails ends the reading */
    /* Takes over what is in the part. */
    pxm_status (*begin)(void *arg, struct app_part *part, pxm_error *error);
    pxm_status (*data)(void *arg, const void *data, size_t length, pxm_error *error);
    pxm_status (*end)(void *arg, pxm_error *error);
};

enum app_multipart_state {
    APP_MULTIPART_PREAMBLE, /* ignored */
    APP_MULTIPART_BOUNDARY, /* behind one, to the end of its line */
    APP_MULTIPART_HEADERS,
    APP_MULTIPART_DATA,
    APP_MULTIPART_EPILOGUE /* ignored */
};

struct app_multipart {
    const struct app_multipart_sink *sink; /* borrowed, as is arg */
    void *arg;
    enum app_multipart_state state;
    int64_t read; /* bytes */
    char delimiter[4 + APP_BOUNDARY_MAX + 1];
    size_t delimiter_length;
    size_t matched;      /* bytes of a delimiter that were read last */
    size_t assumed;      /* of these, how many stand before the start of the data: its CRLF */
    char last;           /* BOUNDARY: the byte before; NUL: none */
    bool is_last;        /* BOUNDARY: it closes the body */
    struct pxm_buf head; /* of the part */
    size_t part_count;
};

/* `boundary` as of a media type. Free with app_multipart_done. */
void app_multipart_init(struct app_multipart *multipart, const char *boundary, const struct app_multipart_sink *sink,
                        void *arg);
/* Codes: request.body, request.fields (too many parts, too long headers), and those of the sink. */
pxm_status app_multipart_feed(struct app_multipart *multipart, const void *data, size_t length, pxm_error *error);
/* Fails with request.body where the last boundary is missing. */
pxm_status app_multipart_finish(const struct app_multipart *multipart, pxm_error *error);
void app_multipart_done(struct app_multipart *multipart);

#endif
