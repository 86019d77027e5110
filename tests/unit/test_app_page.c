/* What browsers and the page are told of it. */
#include "app/page.h"

#include "base/error.h"
#include "base/json.h"
#include "base/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct app_header headers[] = {{"Host", "pictures.example:8443"}};
static const struct app_head head = {
    .method = "GET", .path = "/i/a.jpg", .query = "", .scheme = "https", .header_count = 1, .headers = headers};

static void expect_meta(const char *json, const char *expected)
{
    pxm_value *record = NULL;
    struct pxm_buf buf;

    assert_int_equal(pxm_json_parse(json, strlen(json), &record, NULL), PXM_OK);
    pxm_buf_init(&buf, 1 << 16);
    app_page_meta(&head, record, &buf);
    assert_int_equal(buf.status, PXM_OK);
    assert_string_equal(buf.data, expected);
    pxm_buf_done(&buf);
    pxm_value_unref(record);
}

static void a_link_shows_the_largest_thumbnail(void **state)
{
    (void)state;
    expect_meta("{\"filename\":\"a.jpg\",\"name\":\"my cat.jpg\",\"thumbnails\":["
                "{\"w\":320,\"h\":240,\"url\":\"/thumbnails/a/320.webp\"},"
                "{\"w\":640,\"h\":480,\"url\":\"/thumbnails/a/640.webp\"}]}",
                "<meta property=\"og:type\" content=\"website\">"
                "<meta property=\"og:title\" content=\"my cat.jpg\">"
                "<meta property=\"og:url\" content=\"https://pictures.example:8443/i/a.jpg\">"
                "<meta property=\"og:image\" content=\"https://pictures.example:8443/thumbnails/a/640.webp\">"
                "<meta property=\"og:image:width\" content=\"640\">"
                "<meta property=\"og:image:height\" content=\"480\">"
                "<meta name=\"twitter:card\" content=\"summary_large_image\">");
}

static void a_picture_without_thumbnails_has_a_title(void **state)
{
    (void)state;
    expect_meta("{\"filename\":\"a.jpg\",\"name\":\"\",\"status\":\"queued\"}",
                "<meta property=\"og:type\" content=\"website\">"
                "<meta property=\"og:title\" content=\"a.jpg\">"
                "<meta property=\"og:url\" content=\"https://pictures.example:8443/i/a.jpg\">");
}

static void what_strangers_call_a_picture_is_no_markup(void **state)
{
    (void)state;
    expect_meta("{\"filename\":\"a.jpg\",\"name\":\"\\\"><script>alert(1)</script>&amp;\"}",
                "<meta property=\"og:type\" content=\"website\">"
                "<meta property=\"og:title\" content=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;\">"
                "<meta property=\"og:url\" content=\"https://pictures.example:8443/i/a.jpg\">");
}

static void what_is_no_record_gives_nothing_of_it(void **state)
{
    (void)state;
    expect_meta("[1]", "<meta property=\"og:type\" content=\"website\">"
                       "<meta property=\"og:title\" content=\"\">"
                       "<meta property=\"og:url\" content=\"https://pictures.example:8443/i/a.jpg\">");
}

static void a_url_elsewhere_stays_what_it_is(void **state)
{
    (void)state;
    expect_meta("{\"filename\":\"a\",\"thumbnails\":[{\"w\":1,\"h\":2,\"url\":\"https://cdn.example/a.webp\"}]}",
                "<meta property=\"og:type\" content=\"website\">"
                "<meta property=\"og:title\" content=\"a\">"
                "<meta property=\"og:url\" content=\"https://pictures.example:8443/i/a.jpg\">"
                "<meta property=\"og:image\" content=\"https://cdn.example/a.webp\">"
                "<meta property=\"og:image:width\" content=\"1\">"
                "<meta property=\"og:image:height\" content=\"2\">"
                "<meta name=\"twitter:card\" content=\"summary_large_image\">");
}

/* ---- configuration and policy ------------------------------------------------------------------------------------ */

static void expect_config(const struct app_page *page, const char *key, const char *expected)
{
    struct pxm_buf buf;
    pxm_value *config = NULL;

    pxm_buf_init(&buf, 1 << 16);
    app_page_config(page, &buf);
    assert_int_equal(pxm_json_parse(buf.data, buf.length, &config, NULL), PXM_OK);
    assert_string_equal(pxm_value_as_string(pxm_value_get(config, key), NULL), expected);
    pxm_value_unref(config);
    pxm_buf_done(&buf);
}

static void the_configuration_is_json_whatever_the_site_is_called(void **state)
{
    const struct app_page page = {.name = "cats \"&\" dogs\n", .media = "https://cdn.example", .bytes_max = 1};
    (void)state;

    expect_config(&page, "name", "cats \"&\" dogs\n");
    expect_config(&page, "media", "https://cdn.example");
    expect_config(&page, "api", "");
}

static void expect_policy(const struct app_page *page, const char *directive)
{
    struct pxm_buf buf;

    pxm_buf_init(&buf, 1 << 16);
    app_page_policy(page, &buf);
    assert_non_null(strstr(buf.data, directive));
    pxm_buf_done(&buf);
}

static void the_policy_allows_what_the_configuration_names_and_no_more(void **state)
{
    const struct app_page own = {.name = "own"};
    const struct app_page cloud = {.name = "cloud",
                                   .media = "https://cdn.example",
                                   .uploads = "https://bucket.example",
                                   .api = "https://api.example"};
    (void)state;

    expect_policy(&own, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';");
    expect_policy(&own, "require-trusted-types-for 'script'");
    expect_policy(&cloud, "img-src 'self' https://cdn.example;");
    expect_policy(&cloud, "connect-src 'self' https://api.example https://bucket.example;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_shows_the_largest_thumbnail),
        cmocka_unit_test(a_picture_without_thumbnails_has_a_title),
        cmocka_unit_test(what_strangers_call_a_picture_is_no_markup),
        cmocka_unit_test(what_is_no_record_gives_nothing_of_it),
        cmocka_unit_test(a_url_elsewhere_stays_what_it_is),
        cmocka_unit_test(the_configuration_is_json_whatever_the_site_is_called),
        cmocka_unit_test(the_policy_allows_what_the_configuration_names_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
