/* What the files of the client share. */
#ifndef PXM_LAMBDA_RUNTIME_PRIVATE_H
#define PXM_LAMBDA_RUNTIME_PRIVATE_H

#include "lambda/runtime_api.h"

#include <curl/curl.h>

#define LAMBDA_ID_CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

enum { LAMBDA_REPLY_BYTES_MAX = 16 << 10, LAMBDA_URL_MAX = 512 };

struct lambda_api {
    CURL *curl;
    struct curl_slist *headers;
    bool no_memory; /* while a request was made */
    char base[256], url[LAMBDA_URL_MAX];
    struct pxm_buf reply;  /* of anything but an event */
    struct pxm_buf *event; /* where one goes; NULL: to `reply` */
};

/* Sets the handle up for a request to what follows the base. */
void lambda_api_prepare(struct lambda_api *api, const char *path);
/* Adds a line to the headers of the request. */
void lambda_api_header(struct lambda_api *api, const char *line);
/* Sends it; PXM_E_TRANSIENT where there is no whole reply. */
pxm_status lambda_api_perform(struct lambda_api *api, long *ret_status, pxm_error *error);
/* What a reply to an answer means. */
pxm_status lambda_api_judge(struct lambda_api *api, long status, pxm_error *error);

#endif
