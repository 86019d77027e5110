/* Any text as a Content-Type: a type that is safe to show and a boundary that is one, or an error; and what was read,
 * written plainly, is read in the same way. */
#include "app/media_type.h"
#include "base/error.h"
#include "fuzz.h"
#include "outcome.h"
#include <stdlib.h>
#include <string.h>

static void check_type(const struct app_media_type *media)
{
    const char *slash = strchr(media->type, '/');
    check(media->type[0] == '\0' || (slash != NULL && app_is_token(media->type, (size_t)(slash - media->type)) &&
                                     app_is_token(slash + 1, strlen(slash + 1))));
    check(strlen(media->boundary) <= APP_BOUNDARY_MAX && strpbrk(media->boundary, "\r\n\"\\") == NULL);
}

static void check_again(const struct app_media_type *media)
{
    struct app_media_type again;
    struct pxm_buf text;
    pxm_buf_init(&text, 1 << 10);
    pxm_buf_puts(&text, media->type);
    if (media->charset[0] != '\0' && strpbrk(media->charset, "\"\\") == NULL) {
        pxm_buf_printf(&text, ";charset=\"%s\"", media->charset);
    }
    if (media->boundary[0] != '\0') {
        pxm_buf_printf(&text, "; boundary=\"%s\"", media->boundary);
    }
    check(app_media_type_read(text.data, &again, NULL) == PXM_OK);
    check(strcmp(again.type, media->type) == 0 && strcmp(again.boundary, media->boundary) == 0);
    pxm_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app_media_type media;
    struct pxm_error error = {0};
    char *text = calloc(size + 1, 1);
    check(text != NULL);
    memcpy(text, data, size);
    if (app_media_type_read(text, &media, &error) == PXM_OK) {
        check_type(&media);
        check_again(&media);
    } else {
        check(error.status == PXM_E_INVALID && strcmp(error.code, "request.media") == 0);
    }
    free(text);
    return 0;
}
