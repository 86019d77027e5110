/* Places within places. Pure functions, called from any thread. */
#include "lang/diag/source.h"

/* Columns count code points, so bytes that go on one are passed over. */
static void step(struct pxm_span *place, const char *text)
{
    char c = text[place->offset];

    if (c == '\n' || (c == '\r' && text[place->offset + 1] != '\n')) {
        place->line++;
        place->column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) {
        place->column++;
    }
    place->offset++;
}

struct pxm_span pxm_span_part(struct pxm_span span, uint32_t offset, uint32_t length)
{
    struct pxm_span part = span;
    uint32_t begin = offset < span.length ? offset : span.length;

    part.length = length < span.length - begin ? length : span.length - begin;
    if (!span.source) {
        return part;
    }
    while (part.offset < span.offset + begin && part.offset < span.source->length) {
        step(&part, span.source->text);
    }
    return part;
}
