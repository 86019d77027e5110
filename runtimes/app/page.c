/* Writes both. */
#include "app/page.h"

#include <inttypes.h>
#include <string.h>

enum { FILES_MAX = 1000 };

/* What the app's upload pipeline takes. */
static const char accept[] = "[\"image/jpeg\",\"image/png\",\"image/webp\",\"image/gif\",\"image/avif\",\"image/heic\","
                             "\"image/tiff\"]";

static void add_text(struct pxm_buf *buf, const char *key, const char *text)
{
    pxm_buf_printf(buf, "\"%s\":", key);
    pxm_buf_json_string(buf, text ? text : "", text ? strlen(text) : 0);
    pxm_buf_putc(buf, ',');
}

void app_page_config(const struct app_page *page, struct pxm_buf *ret)
{
    pxm_buf_puts(ret, "{\"v\":1,");
    add_text(ret, "name", page->name);
    add_text(ret, "api", page->api);
    add_text(ret, "media", page->media);
    pxm_buf_printf(ret,
                   "\"upload\":{\"mode\":\"%s\",\"maxBytes\":%" PRId64 ",\"maxFiles\":%d,\"concurrency\":%" PRId64
                   ",\"accept\":%s},",
                   page->uploads ? "presigned" : "raw", page->bytes_max, FILES_MAX, page->concurrency, accept);
    pxm_buf_printf(ret,
                   "\"status\":\"poll\",\"auth\":null,\"features\":{\"tags\":true,\"exif\":true,\"ops\":%s,"
                   "\"delete\":true},\"locales\":[\"en\",\"de\"]}",
                   page->operations ? "true" : "false");
}

static void add_origin(struct pxm_buf *buf, const char *origin)
{
    if (origin) {
        pxm_buf_printf(buf, " %s", origin);
    }
}

void app_page_policy(const struct app_page *page, struct pxm_buf *ret)
{
    pxm_buf_puts(ret, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'");
    add_origin(ret, page->media);
    pxm_buf_puts(ret, "; connect-src 'self'");
    add_origin(ret, page->api);
    add_origin(ret, page->uploads);
    pxm_buf_puts(ret, "; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "
                      "'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types lit-html default");
}
