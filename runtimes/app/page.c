/* Writes both. */
#include "app/page.h"

#include "base/value.h"

#include <inttypes.h>
#include <stdio.h>
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

/* ---- links ------------------------------------------------------------------------------------------------------- */

static void add_escaped(struct pxm_buf *buf, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            pxm_buf_puts(buf, "&amp;");
            break;
        case '<':
            pxm_buf_puts(buf, "&lt;");
            break;
        case '>':
            pxm_buf_puts(buf, "&gt;");
            break;
        case '"':
            pxm_buf_puts(buf, "&quot;");
            break;
        default:
            pxm_buf_putc(buf, *text);
        }
    }
}

static void add_meta(struct pxm_buf *buf, const char *property, const char *origin, const char *text)
{
    pxm_buf_printf(buf, "<meta property=\"%s\" content=\"", property);
    add_escaped(buf, origin);
    add_escaped(buf, text);
    pxm_buf_puts(buf, "\">");
}

/* The largest thumbnail, which is the last; NULL: there is none. */
static const pxm_value *largest(const pxm_value *record)
{
    const pxm_value *all = pxm_value_get(record, "thumbnails");
    size_t count = pxm_value_type(all) == PXM_TYPE_LIST ? pxm_value_count(all) : 0;

    return count > 0 ? pxm_value_at(all, count - 1) : NULL;
}

static void add_picture(struct pxm_buf *buf, const char *origin, const pxm_value *picture)
{
    static const char *const sizes[][2] = {{"og:image:width", "w"}, {"og:image:height", "h"}};
    const char *url = pxm_value_as_string(pxm_value_get(picture, "url"), NULL);
    char number[24];

    add_meta(buf, "og:image", url[0] == '/' ? origin : "", url);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        snprintf(number, sizeof number, "%" PRId64, pxm_value_as_int(pxm_value_get(picture, sizes[i][1])));
        add_meta(buf, sizes[i][0], "", number);
    }
    pxm_buf_puts(buf, "<meta name=\"twitter:card\" content=\"summary_large_image\">");
}

void app_page_meta(const struct app_head *head, const pxm_value *record, struct pxm_buf *ret)
{
    const char *host = app_head_get(head, "Host"), *name = pxm_value_as_string(pxm_value_get(record, "name"), NULL);
    const char *filename = pxm_value_as_string(pxm_value_get(record, "filename"), NULL);
    const pxm_value *picture = largest(record);
    char origin[300];

    snprintf(origin, sizeof origin, "%s://%.255s", head->scheme, host ? host : "localhost");
    add_meta(ret, "og:type", "", "website");
    add_meta(ret, "og:title", "", name[0] ? name : filename);
    add_meta(ret, "og:url", origin, head->path);
    if (picture) {
        add_picture(ret, origin, picture);
    }
}
