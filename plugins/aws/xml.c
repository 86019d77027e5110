/* Expat, held short. [any] */
#include "aws/xml.h"
#include "aws/text.h"

#include <expat.h>
#include <string.h>

struct reader {
    XML_Parser parser;
    aws_xml_element element;
    void *arg;
    char path[AWS_XML_PATH_TEXT];
    size_t path_length;
    struct aws_text texts[AWS_XML_DEPTH_MAX]; /* of the open elements */
    int depth;
    bool stopped, no_memory;
};

static void stop(struct reader *reader)
{
    reader->stopped = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

/* Namespaces differ between servers, so they do not count. */
static const char *local_name(const char *name)
{
    const char *mark = strrchr(name, '\n');
    return mark ? mark + 1 : name;
}

static void XMLCALL start_element(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = arg;
    const char *local = local_name(name);
    size_t length = strlen(local);
    (void)attributes;
    if (reader->stopped) {
        return;
    }
    if (reader->depth == AWS_XML_DEPTH_MAX || reader->path_length + length + 2 > sizeof reader->path) {
        stop(reader);
        return;
    }
    if (reader->depth > 0) {
        reader->path[reader->path_length++] = '/';
    }
    memcpy(reader->path + reader->path_length, local, length + 1);
    reader->path_length += length;
    aws_text_clear(&reader->texts[reader->depth++]);
}

static void XMLCALL end_element(void *arg, const XML_Char *name)
{
    struct reader *reader = arg;
    size_t length = strlen(local_name(name));
    if (reader->stopped) {
        return;
    }
    struct aws_text *text = &reader->texts[--reader->depth];
    reader->no_memory |= text->failed && !text->is_full;
    if (text->failed || !reader->element(reader->arg, reader->path, aws_text_get(text))) {
        stop(reader);
        return;
    }
    reader->path_length -= length + (reader->depth > 0 ? 1 : 0);
    reader->path[reader->path_length] = '\0';
}

static void XMLCALL character_data(void *arg, const XML_Char *data, int length)
{
    struct reader *reader = arg;
    if (!reader->stopped && reader->depth > 0) {
        aws_text_add(&reader->texts[reader->depth - 1], data, (size_t)length);
    }
}

static void XMLCALL start_doctype(void *arg, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                                  int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(arg);
}

enum aws_xml_result aws_xml_read(const char *data, size_t length, aws_xml_element element, void *arg)
{
    struct reader reader = {.element = element, .arg = arg};
    if (length > INT32_MAX) {
        return AWS_XML_BAD;
    }
    /* A parser with an encoding of ours takes none from the document. */
    reader.parser = XML_ParserCreateNS("UTF-8", '\n');
    if (!reader.parser) {
        return AWS_XML_NO_MEMORY;
    }
    for (int i = 0; i < AWS_XML_DEPTH_MAX; i++) {
        aws_text_init(&reader.texts[i], AWS_XML_TEXT_MAX);
    }
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, start_element, end_element);
    XML_SetCharacterDataHandler(reader.parser, character_data);
    XML_SetStartDoctypeDeclHandler(reader.parser, start_doctype);
    bool good = XML_Parse(reader.parser, data, (int)length, XML_TRUE) == XML_STATUS_OK && !reader.stopped;
    bool no_memory = reader.no_memory || XML_GetErrorCode(reader.parser) == XML_ERROR_NO_MEMORY;
    for (int i = 0; i < AWS_XML_DEPTH_MAX; i++) {
        aws_text_done(&reader.texts[i]);
    }
    XML_ParserFree(reader.parser);
    return no_memory ? AWS_XML_NO_MEMORY : good ? AWS_XML_GOOD : AWS_XML_BAD;
}
