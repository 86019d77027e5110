/* The web page's files: what is served, in which encoding, with which headers; and what never is. */
#include "daemon/static.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct pxm_buf manifest; /* the list of files so far */
static struct static_site *site;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/pixmill-static-XXXXXX");
    assert_non_null(mkdtemp(folder));
    pxm_buf_init(&manifest, 1 << 20);
    site = NULL;
    return 0;
}

static int remove_folder(void)
{
    static const char *const names[] = {"manifest.json", "index.html", "index.html.br", "index.html.gz",
                                        "a.js",          "a.js.gz",    "ops.html",      "secret.txt",
                                        "x.bin",         "sub/b.css",  "sub",           "link.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
    return rmdir(folder);
}

static int teardown(void **state)
{
    (void)state;
    static_close(site);
    pxm_buf_done(&manifest);
    return remove_folder();
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void list(const char *name, const char *text, const char *cache)
{
    uint8_t digest[PXM_SHA256_BYTES];
    char hex[65];
    assert_int_equal(pxm_sha256(text, strlen(text), digest), PXM_OK);
    pxm_hex(digest, sizeof digest, hex);
    pxm_buf_printf(&manifest, "%s{\"path\":\"/%s\",\"sha256\":\"%s\",\"cache\":\"%s\"}", manifest.length > 0 ? "," : "",
                   name, hex, cache);
}

static void add(const char *name, const char *text, const char *cache)
{
    write_file(name, text);
    list(name, text, cache);
}

static void write_manifest(void)
{
    struct pxm_buf whole;
    pxm_buf_init(&whole, 2 << 20);
    pxm_buf_printf(&whole, "{\"files\":[%s]}", manifest.data);
    assert_int_equal(whole.status, PXM_OK);
    write_file("manifest.json", whole.data);
    pxm_buf_done(&whole);
}

static pxm_status open_site(pxm_error *error)
{
    static const char *const app_paths[] = {"/g", "/tag/*", "/i/*", NULL};
    static const struct app_header headers[] = {{"Content-Security-Policy", "default-src 'none'"},
                                                {"Referrer-Policy", "no-referrer"}};
    const struct static_options options = {
        .folder = folder, .app_paths = app_paths, .page_headers = headers, .page_header_count = 2};
    return static_open(&options, &site, error);
}

/* A page with some files, opened. */
static void make_site(void)
{
    pxm_error error = {.status = PXM_OK};
    char path[256];
    add("index.html", "<p>plain</p>", "revalidate");
    write_file("index.html.br", "brotli");
    write_file("index.html.gz", "gzip");
    add("a.js", "let a", "immutable");
    write_file("a.js.gz", "gzipped js");
    add("x.bin", "", "revalidate");
    snprintf(path, sizeof path, "%s/sub", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    add("sub/b.css", "b{}", "immutable");
    write_file("secret.txt", "not listed");
    write_manifest();
    assert_int_equal(open_site(&error), PXM_OK);
    assert_true(static_is_built(site));
}

static struct app_response *ask(const char *method, const char *path, const char *name, const char *value)
{
    const struct app_header header = {name, value};
    const struct app_head head = {.method = method,
                                  .path = path,
                                  .query = "",
                                  .remote_addr = "::1",
                                  .scheme = "http",
                                  .header_count = name != NULL,
                                  .headers = &header,
                                  .content_length = -1};
    return static_answer(site, &head);
}

static void expect_body(const char *path, const char *accept, const char *body)
{
    struct app_response *response = ask("GET", path, accept != NULL ? "Accept-Encoding" : NULL, accept);
    size_t length = 0;
    assert_non_null(response);
    assert_int_equal(response->status, 200);
    const char *data = pxm_blob_data(response->body, &length);
    if (length != strlen(body) || memcmp(data, body, length) != 0) {
        fail_msg("%s, %s: got %.*s", path, accept != NULL ? accept : "-", (int)length, data);
    }
    assert_int_equal(response->length, length);
    app_response_free(response);
}

static void expect_header(const char *path, const char *name, const char *value)
{
    struct app_response *response = ask("GET", path, NULL, NULL);
    assert_non_null(response);
    if (value != NULL) {
        assert_string_equal(app_response_get(response, name), value);
    } else {
        assert_null(app_response_get(response, name));
    }
    app_response_free(response);
}

static void listed_files_are_served_with_their_types(void **state)
{
    (void)state;
    make_site();
    expect_body("/a.js", NULL, "let a");
    expect_body("/sub/b.css", NULL, "b{}");
    expect_body("/x.bin", NULL, "");
    expect_header("/a.js", "Content-Type", "text/javascript; charset=utf-8");
    expect_header("/sub/b.css", "Content-Type", "text/css; charset=utf-8");
    expect_header("/x.bin", "Content-Type", "application/octet-stream");
    expect_header("/index.html", "Content-Type", "text/html; charset=utf-8");
    expect_header("/a.js", "X-Content-Type-Options", "nosniff");
}

static void the_class_says_what_caches_may_do(void **state)
{
    (void)state;
    make_site();
    expect_header("/a.js", "Cache-Control", "public, max-age=31536000, immutable");
    expect_header("/index.html", "Cache-Control", "no-cache");
    expect_header("/", "Cache-Control", "no-cache");
    expect_header("/a.js", "Vary", "Accept-Encoding");
    expect_header("/sub/b.css", "Vary", NULL);
}

static void pages_and_only_pages_carry_policies(void **state)
{
    (void)state;
    make_site();
    expect_header("/", "Content-Security-Policy", "default-src 'none'");
    expect_header("/i/abc", "Referrer-Policy", "no-referrer");
    expect_header("/a.js", "Content-Security-Policy", NULL);
}

static void the_page_is_shown_at_the_paths_of_the_app(void **state)
{
    static const char *const paths[] = {"/", "/index.html", "/g", "/tag/x", "/tag/", "/i/2026", "/i/a%2Fb"};
    (void)state;
    make_site();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        expect_body(paths[i], NULL, "<p>plain</p>");
    }
}

static void nothing_else_is_served(void **state)
{
    static const char *const paths[] = {"/secret.txt",
                                        "/manifest.json",
                                        "/a.js.gz",
                                        "/a.js/",
                                        "/A.js",
                                        "//a.js",
                                        "/./a.js",
                                        "/sub/../a.js",
                                        "/sub",
                                        "/sub/",
                                        "/../etc/passwd",
                                        "/%2e%2e/etc/passwd",
                                        "/a%2ejs",
                                        "a.js",
                                        "",
                                        "/g/x",
                                        "/gallery",
                                        "/tag",
                                        "*",
                                        "/i",
                                        "/sub/b.css\\",
                                        "/index.html%00.png",
                                        "/..;/index.html"};
    (void)state;
    make_site();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct app_response *response = ask("GET", paths[i], NULL, NULL);
        if (response != NULL) {
            fail_msg("%s is served", paths[i]);
        }
    }
    assert_null(ask("POST", "/", NULL, NULL));
    assert_null(ask("DELETE", "/a.js", NULL, NULL));
    assert_null(ask("OPTIONS", "*", NULL, NULL));
}

static void the_client_chooses_the_encoding(void **state)
{
    static const struct {
        const char *accept, *body;
    } cases[] = {
        {NULL, "<p>plain</p>"},
        {"", "<p>plain</p>"},
        {"identity", "<p>plain</p>"},
        {"br", "brotli"},
        {"gzip", "gzip"},
        {"GZIP", "gzip"},
        {"gzip, deflate, br, zstd", "brotli"},
        {"gzip;q=1.0, br;q=0.5", "gzip"},
        {"gzip;q=0.5,br;q=0.5", "brotli"},
        {"br;q=0, gzip", "gzip"},
        {"br;q=0,gzip;q=0", "<p>plain</p>"},
        {"br;q=0.000, *", "gzip"},
        {"*", "brotli"},
        {"*;q=0", "<p>plain</p>"},
        {"*;q=0, gzip;q=0.001", "gzip"},
        {"identity;q=1, br;q=0.5", "<p>plain</p>"},
        {"identity;q=0.5, br;q=0.5", "brotli"},
        {"gzip ; q=0.8 , br ; q=0.9", "brotli"},
        {"gzip;q=0.9;x=y, br;x=y;q=0.8", "gzip"},
        {"br;q=2, gzip", "gzip"},
        {"br;q=abc, gzip", "gzip"},
        {"br;q=, gzip", "gzip"},
        {"brotli, x-gzip, bro, b", "<p>plain</p>"},
        {",,;,br", "brotli"},
        {"br;q=-1", "<p>plain</p>"},
    };
    (void)state;
    make_site();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_body("/index.html", cases[i].accept, cases[i].body);
    }
    expect_body("/a.js", "br, gzip;q=0.1", "gzipped js");
    expect_body("/sub/b.css", "br, gzip", "b{}");
    struct app_response *response = ask("GET", "/", "Accept-Encoding", "br");
    assert_string_equal(app_response_get(response, "Content-Encoding"), "br");
    app_response_free(response);
    expect_header("/", "Content-Encoding", NULL);
}

/* Each encoding has other bytes, and so another strong tag. */
static void a_client_that_has_it_gets_304(void **state)
{
    (void)state;
    make_site();
    struct app_response *plain = ask("GET", "/", NULL, NULL), *brotli = ask("GET", "/", "Accept-Encoding", "br");
    const char *tag = app_response_get(plain, "ETag");
    assert_int_equal(strlen(tag), 66);
    assert_string_not_equal(tag, app_response_get(brotli, "ETag"));
    struct app_response *again = ask("GET", "/", "If-None-Match", tag);
    assert_int_equal(again->status, 304);
    assert_null(again->body);
    assert_int_equal(again->length, strlen("<p>plain</p>"));
    assert_string_equal(app_response_get(again, "ETag"), tag);
    assert_string_equal(app_response_get(again, "Cache-Control"), "no-cache");
    assert_string_equal(app_response_get(again, "Vary"), "Accept-Encoding");
    assert_null(app_response_get(again, "Content-Type"));
    app_response_free(again);
    again = ask("HEAD", "/", "If-None-Match", "*");
    assert_int_equal(again->status, 304);
    app_response_free(again);
    again = ask("GET", "/", "If-None-Match", app_response_get(brotli, "ETag"));
    assert_int_equal(again->status, 200);
    app_response_free(again);
    const struct app_header headers[] = {{"Accept-Encoding", "br"},
                                         {"If-None-Match", app_response_get(brotli, "ETag")}};
    const struct app_head head = {.method = "GET", .path = "/", .query = "", .header_count = 2, .headers = headers};
    again = static_answer(site, &head);
    assert_int_equal(again->status, 304);
    app_response_free(again);
    app_response_free(plain);
    app_response_free(brotli);
}

/* ---- what is wrong with a folder --------------------------------------------------------------------------------- */

static void a_page_that_is_not_built_says_how_to_get_it(void **state)
{
    pxm_error error = {.status = PXM_OK};
    size_t length = 0;
    (void)state;
    write_file("index.html", "left over");
    assert_int_equal(open_site(&error), PXM_OK);
    assert_false(static_is_built(site));
    struct app_response *response = ask("GET", "/", NULL, NULL);
    assert_int_equal(response->status, 404);
    assert_non_null(strstr(pxm_blob_data(response->body, &length), "./dev page"));
    app_response_free(response);
    assert_null(ask("GET", "/index.html", NULL, NULL));
}

static void a_folder_that_is_not_there_is_a_page_that_is_not_built(void **state)
{
    struct static_options options = {.folder = "/nonexistent/folder"};
    pxm_error error = {.status = PXM_OK};
    (void)state;
    assert_int_equal(static_open(&options, &site, &error), PXM_OK);
    assert_false(static_is_built(site));
}

static void expect_refused(const char *code)
{
    pxm_error error = {.status = PXM_OK};
    assert_int_not_equal(open_site(&error), PXM_OK);
    assert_string_equal(error.code, code);
    assert_null(site);
}

static void a_manifest_that_is_wrong_is_refused(void **state)
{
    static const char sha[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; /* of nothing */
    static const char *const paths[] = {"/../x.bin", "x.bin",   "/sub/../x.bin", "/.hidden",  "/sub/.x", "",  "/x.bin/",
                                        "/x//y",     "/x\\\\y", "/x y",          "/x\\u0000", "/x%2e",   "/."};
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "{\"files\":{}}",
                                        "{\"files\":[]}",
                                        "{\"files\":[1]}",
                                        "{\"files\":[{\"path\":\"/x.bin\"}]}",
                                        "null"};
    (void)state;
    write_file("x.bin", "");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("manifest.json", texts[i]);
        expect_refused("static.manifest");
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "{\"files\":[{\"path\":\"%s\",\"sha256\":\"%s\",\"cache\":\"immutable\"}]}",
                 paths[i], sha);
        write_file("manifest.json", text);
        expect_refused("static.manifest");
    }
    list("x.bin", "", "sometimes");
    write_manifest();
    expect_refused("static.manifest");
    pxm_buf_clear(&manifest);
    list("x.bin", "", "immutable");
    list("x.bin", "", "revalidate");
    write_manifest();
    expect_refused("static.manifest");
}

static void a_file_that_is_wrong_is_refused(void **state)
{
    char path[256];
    (void)state;
    list("index.html", "not there", "revalidate");
    write_manifest();
    expect_refused("static.file");
    write_file("index.html", "another one");
    expect_refused("static.file");
    pxm_buf_clear(&manifest);
    list("sub", "", "revalidate");
    write_manifest();
    snprintf(path, sizeof path, "%s/sub", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refused("static.file");
    pxm_buf_clear(&manifest);
    list("link.txt", "", "revalidate");
    write_manifest();
    snprintf(path, sizeof path, "%s/link.txt", folder);
    assert_int_equal(symlink("/dev/null", path), 0);
    expect_refused("static.file");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(listed_files_are_served_with_their_types),
        TEST(the_class_says_what_caches_may_do),
        TEST(pages_and_only_pages_carry_policies),
        TEST(the_page_is_shown_at_the_paths_of_the_app),
        TEST(nothing_else_is_served),
        TEST(the_client_chooses_the_encoding),
        TEST(a_client_that_has_it_gets_304),
        TEST(a_page_that_is_not_built_says_how_to_get_it),
        TEST(a_folder_that_is_not_there_is_a_page_that_is_not_built),
        TEST(a_manifest_that_is_wrong_is_refused),
        TEST(a_file_that_is_wrong_is_refused),
    };
    return cmocka_run_group_tests_name("static", tests, NULL, NULL);
}
