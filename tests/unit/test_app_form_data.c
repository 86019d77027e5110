/* multipart/form-data: what browsers and other clients send becomes fields and files; what could be read in two ways is
 * refused. Every body is fed in one piece, byte by byte, and cut at every place. */
#include "intake_fixture.h"

#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE                       "multipart/form-data; boundary=b"
#define DISPOSITION                "Content-Disposition: form-data; "
#define PART(disposition, content) "--b\r\n" DISPOSITION disposition "\r\n\r\n" content "\r\n"
#define END                        "--b--\r\n"

struct form {
    const char *body, *expected;
};

static void check(const struct form *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        intake_check(&(struct intake_case){.trigger = {.reads_form = true, .reads_files = true},
                                           .content_type = TYPE,
                                           .body = forms[i].body,
                                           .expected = forms[i].expected});
    }
}

static void parts_become_fields_and_files(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {END, ""},
        {"--b--", ""},
        {"--b-- \t", ""},
        {"--b--\r\nepilogue\r\n--b\r\nnothing", ""},
        {"preamble\r\n--b--\r\n", ""},
        {PART("name=a", "1") END, "form={\"a\":\"1\"}"},
        {PART("name=\"a\"", "1") END, "form={\"a\":\"1\"}"},
        {PART("name=\"a\"", "") END, "form={\"a\":\"\"}"},
        {"--b\r\n" DISPOSITION "name=\"a\"\r\n\r\n--b--", "form={\"a\":\"\"}"},
        {"ignored\r\n--b \t\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--b--", "form={\"a\":\"1\"}"},
        {PART("name=a", "1") PART("name=b", "2") PART("name=a", "3") END, "form={\"a\":\"1\",\"b\":\"2\"}"},
        {PART("name=f; filename=\"x.txt\"", "text") END, "files={f=\"text\"} filenames={\"f\":\"x.txt\"}"},
        {PART("name=f; filename=\"x.gif\"\r\nContent-Type: text/plain", "GIF89a") END,
         "files={f=\"GIF89a\"(image/gif)} filenames={\"f\":\"x.gif\"}"},
        {PART("name=f; filename=x", "1") PART("name=f", "2") END,
         "form={\"f\":\"2\"} files={f=\"1\"} filenames={\"f\":\"x\"}"},
        {PART("name=f; filename=\"\"\r\nContent-Type: application/octet-stream", "") END, ""},
        {PART("name=f; filename=\"\"", "text") END, "files={f=\"text\"}"},
        {PART("name=f; filename=\"x\"", "") END, "files={f=\"\"} filenames={\"f\":\"x\"}"},
        {PART("name=f; filename*=UTF-8''x", "text") END, "files={f=\"text\"}"},
        {PART("name=f; filename=y; filename*=UTF-8''x", "text") END, "files={f=\"text\"} filenames={\"f\":\"y\"}"},
        {PART("name=\"\xC3\xA9%22\\\"\\\\\\x%25\"", "1") END, "form={\"\xC3\xA9\\\"\\\"\\\\\\\\x%25\":\"1\"}"},
        {PART("name=f; filename=\"C:\\pictures\\x.gif\"", "1") END,
         "files={f=\"1\"} filenames={\"f\":\"C:\\\\pictures\\\\x.gif\"}"},
        {"--b\r\nX-Other: 1\r\ncontent-disposition:FORM-DATA ;NAME=a ; \r\nContent-Transfer-Encoding: "
         "Binary\r\n\r\n1\r\n"
         "--b--",
         "form={\"a\":\"1\"}"},
    };
    check(forms, sizeof forms / sizeof forms[0]);
}

static void what_resembles_a_boundary_is_data(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {PART("name=a", "\r\n-\r\n--\r\n--c\n--b\r--b --b") END,
         "form={\"a\":\"\\r\\n-\\r\\n--\\r\\n--c\\n--b\\r--b --b\"}"},
        {PART("name=a", "\r\r\n\r\n\r") END, "form={\"a\":\"\\r\\r\\n\\r\\n\\r\"}"},
        {PART("name=a", "-") END, "form={\"a\":\"-\"}"},
        {PART("name=a", "--") END, "form={\"a\":\"--\"}"},
        {PART("name=a", "\r\n--") END, "form={\"a\":\"\\r\\n--\"}"},
        {"--\r\n-b\r\n--c\r\n" PART("name=a", "--c") END, "form={\"a\":\"--c\"}"},
    };
    check(forms, sizeof forms / sizeof forms[0]);
}

static void what_can_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
#define MALFORMED "request.body: "
    static const struct form forms[] = {
        {"no boundary", MALFORMED "byte 12 of multipart/form-data: the last boundary is missing"},
        {PART("name=a", "1"), MALFORMED},
        {PART("name=a", "1") "--b", MALFORMED},
        {PART("name=a", "1") "--b-", MALFORMED},
        {PART("name=a", "1") "--b--\r", MALFORMED "byte "},
        {PART("name=a", "1") "--b--x", MALFORMED "byte "},
        {PART("name=a", "1") "--bc--", MALFORMED "byte "},
        {PART("name=a", "1") "--b\n--b--", MALFORMED "byte "},
        {PART("name=a", "1") "--b x\r\n", MALFORMED "byte "},
        {"--b\r\n\r\n1\r\n--b--", MALFORMED "part 1: a part has no Content-Disposition"},
        {"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--", MALFORMED "part 1: a part has no Content-Disposition"},
        {PART("name=a", "1") PART("filename=x", "1") END, MALFORMED "part 2: a part has no name"},
        {"--b\r\n" DISPOSITION "name=a\n\n1\r\n--b--", MALFORMED},
        {"--b\r\n" DISPOSITION "name=a\r\n x\r\n\r\n1\r\n--b--", MALFORMED "part 1: a header of a part is malformed"},
        {"--b\r\n" DISPOSITION "name=a\rx\r\n\r\n1\r\n--b--", MALFORMED "part 1: a header"},
        {"--b\r\nContent-Disposition : form-data; name=a\r\n\r\n1\r\n--b--", MALFORMED "part 1: a header"},
        {"--b\r\n: x\r\n\r\n1\r\n--b--", MALFORMED "part 1: a header"},
        {"--b\r\nnone\r\n\r\n1\r\n--b--", MALFORMED "part 1: a header"},
        {"--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--",
         MALFORMED "part 1: the Content-Disposition"},
        {"--b\r\nContent-Disposition: form-datax; name=a\r\n\r\n1\r\n--b--", MALFORMED "part 1: the Content-Disp"},
        {PART("name=a\r\n" DISPOSITION "name=b", "1") END, MALFORMED "part 1: a part has two Content-Dispositions"},
        {PART("name=a; name=b", "1") END, MALFORMED "part 1: a Content-Disposition says something twice"},
        {PART("name=a; filename=b; filename=c", "1") END, MALFORMED "part 1: a Content-Disposition says"},
        {PART("name=\"a", "1") END, MALFORMED "part 1: a Content-Disposition is malformed"},
        {PART("name=\"a\"b", "1") END, MALFORMED "part 1: a Content-Disposition is malformed"},
        {PART("name=a b", "1") END, MALFORMED "part 1: a Content-Disposition is malformed"},
        {PART("name =a", "1") END, MALFORMED "part 1: a Content-Disposition is malformed"},
        {PART("name", "1") END, MALFORMED "part 1: a Content-Disposition is malformed"},
        {PART("name=", "1") END, MALFORMED "part 1: a Content-Disposition is malformed"},
        {PART("name=\"\xFF\"", "1") END, MALFORMED "part 1: a name in a Content-Disposition is no UTF-8"},
        {PART("name=\"a\x01\"", "1") END, MALFORMED "part 1: a header of a part is malformed"},
        {PART("name=a\r\nContent-Type: Multipart/mixed; boundary=c", "1") END, MALFORMED "part 1: a part is multipart"},
        {PART("name=a\r\nContent-Transfer-Encoding: base64", "1") END, MALFORMED "part 1: a part has a Content-Tr"},
        {PART("name=a", "\xFF") END, MALFORMED "the field \"a\" is no text in UTF-8"},
        {PART("name=\"a\x7F\"", "") END, MALFORMED "part 1: a header of a part is malformed"},
        {PART("name=f; filename=x", "1") PART("name=f; filename=y", "2") END,
         "request.fields: part 2: there are two files of the name \"f\""},
    };
    check(forms, sizeof forms / sizeof forms[0]);
}

static void a_nul_is_no_text(void **state)
{
    (void)state;
    static const char in_field[] = PART("name=a", "1\0002") END, in_header[] = PART("name=a\0", "1") END,
                      in_file[] = PART("name=f; filename=x", "1\0002") END;
    struct intake_case what = {.trigger = {.reads_form = true, .reads_files = true}, .content_type = TYPE};
    what.body = in_field, what.length = sizeof in_field - 1, what.expected = "request.body: the field \"a\" is no text";
    intake_check(&what);
    what.body = in_header, what.length = sizeof in_header - 1,
    what.expected = "request.body: byte 44 of multipart/form";
    intake_check(&what);
    what.body = in_file, what.length = sizeof in_file - 1;
    what.expected = "files={f=\"1\\u00002\"} filenames={\"f\":\"x\"}";
    intake_check(&what);
}

/* A form that is put together from pieces, fed in one step and in steps of 1000 bytes. */
static void check_large(const struct pxm_buf *body, int64_t bytes_max, const char *expected)
{
    assert_int_equal(body->status, PXM_OK);
    const size_t steps[] = {body->length, 1000};
    for (size_t i = 0; i < 2; i++) {
        const struct intake_case what = {.trigger = {.reads_form = true, .reads_files = true},
                                         .content_type = TYPE,
                                         .bytes_max = bytes_max,
                                         .body = body->data,
                                         .length = body->length};
        struct pxm_error error = {0};
        struct app_body got = {.bytes = 0};
        pxm_status status = intake_run(&what, -1, steps[i], &got, &error);
        if (expected == NULL) {
            assert_int_equal(status, PXM_OK);
            app_body_done(&got);
        } else {
            assert_int_not_equal(status, PXM_OK);
            assert_string_equal(error.code, expected);
        }
    }
}

static void add_letters(struct pxm_buf *buf, size_t count)
{
    while (count-- > 0) {
        pxm_buf_putc(buf, 'x');
    }
}

static void parts_are_counted(void **state)
{
    (void)state;
    struct pxm_buf body;
    pxm_buf_init(&body, 1 << 20);
    for (int i = 0; i < APP_PARTS_MAX; i++) {
        pxm_buf_printf(&body, PART("name=a%d", "1"), i);
    }
    size_t length = body.length;
    pxm_buf_puts(&body, END);
    check_large(&body, 1000, NULL);
    pxm_buf_truncate(&body, length);
    pxm_buf_puts(&body, PART("name=b", "1") END);
    check_large(&body, 1000, "request.fields");
    pxm_buf_done(&body);
}

static void headers_of_a_part_have_a_limit(void **state)
{
    (void)state;
    const size_t around = strlen(DISPOSITION "name=a\r\nX: \r\n\r\n");
    for (size_t over = 0; over <= 1; over++) {
        struct pxm_buf body;
        pxm_buf_init(&body, 1 << 20);
        pxm_buf_puts(&body, "--b\r\n" DISPOSITION "name=a\r\nX: ");
        add_letters(&body, APP_PART_HEADERS_BYTES_MAX - around + over);
        pxm_buf_puts(&body, "\r\n\r\n1\r\n" END);
        check_large(&body, 1000, over > 0 ? "request.fields" : NULL);
        pxm_buf_done(&body);
    }
}

static void fields_have_a_limit_together(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        struct pxm_buf body;
        pxm_buf_init(&body, 2 << 20);
        pxm_buf_puts(&body, PART("name=a", "12345") "--b\r\n" DISPOSITION "name=b\r\n\r\n");
        add_letters(&body, APP_FORM_BYTES_MAX - strlen("a12345b") + over);
        pxm_buf_puts(&body, "\r\n" END);
        check_large(&body, 1000, over > 0 ? "request.fields" : NULL);
        pxm_buf_done(&body);
    }
}

static void one_field_has_a_limit_before_it_ends(void **state)
{
    (void)state;
    struct pxm_buf body;
    pxm_buf_init(&body, 2 << 20);
    pxm_buf_puts(&body, "--b\r\n" DISPOSITION "name=b\r\n\r\n");
    add_letters(&body, APP_FORM_BYTES_MAX + 1);
    check_large(&body, 1000, "request.fields");
    pxm_buf_done(&body);
}

static void files_have_a_limit_together(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        struct pxm_buf body;
        pxm_buf_init(&body, 1 << 20);
        pxm_buf_puts(&body, PART("name=f; filename=x", "12345") "--b\r\n" DISPOSITION "name=g; filename=y\r\n\r\n");
        add_letters(&body, 995 + over);
        pxm_buf_puts(&body, "\r\n" END);
        check_large(&body, 1000, over > 0 ? "limit.bytes" : NULL);
        pxm_buf_done(&body);
    }
}

static void an_endless_preamble_is_refused(void **state)
{
    (void)state;
    struct pxm_buf body;
    pxm_buf_init(&body, 4 << 20);
    add_letters(&body, 3 << 20);
    check_large(&body, 1000, "limit.bytes");
    pxm_buf_done(&body);
}

static void files_that_nobody_reads_are_dropped(void **state)
{
    (void)state;
    static const char *const names[] = {"f", NULL};
    const char *body = PART("name=f; filename=x", "1") PART("name=g; filename=y", "2") PART("name=a", "3") END;
    intake_check(&(struct intake_case){.trigger = {.reads_files = true, .files = names},
                                       .content_type = TYPE,
                                       .body = body,
                                       .expected = "form={\"a\":\"3\"} files={f=\"1\"} filenames={\"f\":\"x\"}"});
    intake_check(&(struct intake_case){
        .trigger = {.reads_form = true}, .content_type = TYPE, .body = body, .expected = "form={\"a\":\"3\"}"});
}

static void the_boundary_may_be_long_and_odd(void **state)
{
    (void)state;
    static const char *const boundaries[] = {
        "'()+_,-./:=? b",
        "0123456789012345678901234567890123456789012345678901234567890123456789",
        "----WebKitFormBoundaryZ",
    };
    for (size_t i = 0; i < sizeof boundaries / sizeof boundaries[0]; i++) {
        struct pxm_buf body, type;
        pxm_buf_init(&body, 1000);
        pxm_buf_init(&type, 1000);
        pxm_buf_printf(&type, "Multipart/Form-Data;charset=utf-8; Boundary=\"%s\"", boundaries[i]);
        pxm_buf_printf(&body, "--%s\r\n" DISPOSITION "name=a\r\n\r\n--%.*s\r\n--%s--\r\n", boundaries[i],
                       (int)strlen(boundaries[i]) - 1, boundaries[i], boundaries[i]);
        struct pxm_buf expected;
        pxm_buf_init(&expected, 1000);
        pxm_buf_printf(&expected, "form={\"a\":\"--%.*s\"}", (int)strlen(boundaries[i]) - 1, boundaries[i]);
        intake_check(&(struct intake_case){
            .trigger = {.reads_form = true}, .content_type = type.data, .body = body.data, .expected = expected.data});
        pxm_buf_done(&body);
        pxm_buf_done(&type);
        pxm_buf_done(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_become_fields_and_files),
        cmocka_unit_test(what_resembles_a_boundary_is_data),
        cmocka_unit_test(what_can_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_nul_is_no_text),
        cmocka_unit_test(parts_are_counted),
        cmocka_unit_test(headers_of_a_part_have_a_limit),
        cmocka_unit_test(fields_have_a_limit_together),
        cmocka_unit_test(one_field_has_a_limit_before_it_ends),
        cmocka_unit_test(files_have_a_limit_together),
        cmocka_unit_test(an_endless_preamble_is_refused),
        cmocka_unit_test(files_that_nobody_reads_are_dropped),
        cmocka_unit_test(the_boundary_may_be_long_and_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
