/* XML that services send, and XML that they never should. */
#include "aws/xml.h"

#include "aws/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 20 };

static bool note(void *arg, const char *path, const char *text)
{
    aws_text_printf(arg, "%s=%s;", path, text);
    return true;
}

static bool read_all(const char *xml, struct aws_text *notes)
{
    aws_text_init(notes, ROOM);
    return aws_xml_read(xml, strlen(xml), note, notes) == AWS_XML_GOOD;
}

static void elements_come_with_their_path_and_text(void **state)
{
    static const struct {
        const char *xml, *expected;
    } examples[] = {
        {"<a><b>1</b><b>2</b></a>", "a/b=1;a/b=2;a=;"},
        {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>x</Code></Error>", "Error/Code=x;Error=;"},
        {"<a xmlns=\"urn:x\"><b xmlns:n=\"urn:y\"><n:c>t</n:c></b></a>", "a/b/c=t;a/b=;a=;"},
        {"<a>x<b/>y</a>", "a/b=;a=xy;"},
        {"<a>&amp;&lt;&#x27;&#39;<![CDATA[<raw>]]></a>", "a=&<''<raw>;"},
        {"<a>\xe5\x86\x99</a>", "a=\xe5\x86\x99;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct aws_text notes;
        assert_true(read_all(examples[i].xml, &notes));
        assert_string_equal(aws_text_get(&notes), examples[i].expected);
        aws_text_done(&notes);
    }
}

static void what_is_no_such_xml_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "text",
        "{\"a\": 1}",
        "<html><body><p>Bad gateway</body></html>",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a>&nbsp;</a>",
        "<a>\xff</a>",
        "<!DOCTYPE html><html></html>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><l>&b;</l>",
        "<a>\x01</a>",
        "<a b=1/>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aws_text notes;
        assert_false(read_all(bad[i], &notes));
        aws_text_done(&notes);
    }
}

/* <a><a>...</a></a> */
static bool reads_depth(int depth)
{
    struct aws_text xml, notes;
    aws_text_init(&xml, ROOM);
    for (int i = 0; i < depth; i++) {
        aws_text_puts(&xml, "<a>");
    }
    for (int i = 0; i < depth; i++) {
        aws_text_puts(&xml, "</a>");
    }
    bool good = read_all(aws_text_get(&xml), &notes);
    aws_text_done(&xml);
    aws_text_done(&notes);
    return good;
}

static bool reads_text_of(size_t length)
{
    struct aws_text xml, notes;
    char *text = calloc(1, length + 1);
    assert_non_null(text);
    memset(text, 'x', length);
    aws_text_init(&xml, ROOM);
    aws_text_printf(&xml, "<a>%s</a>", text);
    bool good = read_all(aws_text_get(&xml), &notes);
    free(text);
    aws_text_done(&xml);
    aws_text_done(&notes);
    return good;
}

static bool reads_name_of(size_t length)
{
    struct aws_text xml, notes;
    char *name = calloc(1, length + 1);
    assert_non_null(name);
    memset(name, 'n', length);
    aws_text_init(&xml, ROOM);
    aws_text_printf(&xml, "<%s/>", name);
    bool good = read_all(aws_text_get(&xml), &notes);
    free(name);
    aws_text_done(&xml);
    aws_text_done(&notes);
    return good;
}

static void depth_text_and_names_have_limits(void **state)
{
    (void)state;
    assert_true(reads_depth(AWS_XML_DEPTH_MAX));
    assert_false(reads_depth(AWS_XML_DEPTH_MAX + 1));
    assert_false(reads_depth(10000));
    assert_true(reads_text_of(AWS_XML_TEXT_MAX));
    assert_false(reads_text_of(AWS_XML_TEXT_MAX + 1));
    assert_true(reads_name_of(400));
    assert_false(reads_name_of(AWS_XML_PATH_TEXT));
}

static bool stop_at_once(void *arg, const char *path, const char *text)
{
    (void)path;
    (void)text;
    ++*(int *)arg;
    return false;
}

static void a_reader_may_stop(void **state)
{
    int calls = 0;
    static const char xml[] = "<a><b/><b/><b/></a>";
    (void)state;
    assert_int_equal(aws_xml_read(xml, strlen(xml), stop_at_once, &calls), AWS_XML_BAD);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_with_their_path_and_text),
        cmocka_unit_test(what_is_no_such_xml_is_refused),
        cmocka_unit_test(depth_text_and_names_have_limits),
        cmocka_unit_test(a_reader_may_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
