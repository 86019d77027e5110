/* From an answer to what a gateway wants for it. [any] */
#ifndef PXM_LAMBDA_HTTP_ANSWER_H
#define PXM_LAMBDA_HTTP_ANSWER_H

#include "app/response.h"
#include "base/buf.h"
#include "lambda/http_event.h"

/* {statusCode, headers, body, isBase64Encoded}, and what the shape wants besides. The body is text where that is what
 * its type says and its bytes are, else base64. PXM_E_LIMIT: it is more than Lambda takes in one piece. */
pxm_status lambda_answer_write(const struct app_response *response, const struct lambda_request *request,
                               enum lambda_shape shape, struct pxm_buf *ret);
/* {statusCode, headers, cookies}: what a stream begins with. */
pxm_status lambda_answer_write_head(const struct app_response *response, struct pxm_buf *ret);

#endif
