#include "app/answer.h"
#include "base/blob.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
struct app_response *app_answer_problem(int status, const char *code, const char *request_id, const char *format, ...)
{
    char text[512], detail[256];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    struct app_response *response = app_response_new(status);
    snprintf(text, sizeof text, "{\"status\":%d,\"code\":\"%s\",\"detail\":\"%s\",\"request\":\"%s\"}", status, code,
             detail, request_id);
    app_response_set(response, "Content-Type", "application/problem+json");
    app_response_body(response, pxm_blob_copy(text, strlen(text)));
    return response;
}
