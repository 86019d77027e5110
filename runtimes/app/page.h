/* What the web page is told of its host, and what its host tells browsers of the page: config.json and the content
 * security policy come from one description, so they cannot disagree. [any] */
#ifndef PXM_APP_PAGE_H
#define PXM_APP_PAGE_H

#include "app/head.h"
#include "base/buf.h"
#include <stdbool.h>

struct app_page {            /* origins as of RFC 6454, "https://host[:port]"; NULL: the page's own */
    const char *name;        /* what the site is called */
    const char *api, *media; /* where the API and the pictures are */
    const char *uploads;     /* where signed upload URLs lead; NULL: the page uploads to the API itself */
    int64_t bytes_max;       /* of one upload */
    int64_t concurrency;     /* uploads at once */
    bool operations;         /* the page for operators works here */
};

/* JSON. What goes wrong is in the buffer's status. */
void app_page_config(const struct app_page *page, struct pxm_buf *ret);
/* The value of Content-Security-Policy for the page. */
void app_page_policy(const struct app_page *page, struct pxm_buf *ret);
/* What others show of a link to a picture (https://ogp.me): HTML for the head of its page, made of the picture's
 * record. `head`: the request for that page. Nothing of a record, which strangers write, is markup in it. */
void app_page_meta(const struct app_head *head, const pxm_value *record, struct pxm_buf *ret);

#endif
