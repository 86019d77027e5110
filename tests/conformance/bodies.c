/* Contents that tests can make and check anywhere without keeping them. */
#include "base/digest.h"
#include "conformance/harness.h"

#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 64 << 10 };

uint8_t body_byte(uint32_t seed, int64_t at)
{
    uint64_t mixed = ((uint64_t)at / 8 + 1) * 0x9e3779b97f4a7c15u + seed * 0xbf58476d1ce4e5b9u;
    mixed ^= mixed >> 29;
    mixed *= 0x94d049bb133111ebu;
    return (uint8_t)(mixed >> (8 * (at % 8)));
}

void body_fill(uint8_t *to, uint32_t seed, int64_t from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        to[i] = body_byte(seed, from + (int64_t)i);
    }
}

void body_sha256(uint32_t seed, int64_t bytes, char hex[65])
{
    uint8_t digest[PXM_SHA256_BYTES];
    uint8_t *content = malloc((size_t)bytes + 1);
    assert_non_null(content);
    body_fill(content, seed, 0, (size_t)bytes);
    assert_int_equal(pxm_sha256(content, (size_t)bytes, digest), PXM_OK);
    pxm_hex(digest, sizeof digest, hex);
    free(content);
}

struct body_plan body_plan(int64_t bytes, uint32_t seed)
{
    return (struct body_plan){.bytes = bytes, .announced = bytes, .seed = seed, .stop_at = -1, .fail_at = -1};
}

struct body {
    struct body_plan plan;
    int64_t at;
};

static int64_t body_read(void *self, void *buffer, size_t length, pxm_error *error)
{
    struct body *body = self;
    struct body_plan *plan = &body->plan;
    size_t left = (size_t)(plan->bytes - body->at);
    size_t piece = length > 1 ? length - length / 3 : length;
    piece = piece < left ? piece : left;
    if (plan->fail_at >= 0 && body->at + (int64_t)piece > plan->fail_at) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "test.reset", "the sender went away");
    }
    body_fill(buffer, plan->seed, body->at, piece);
    body->at += (int64_t)piece;
    if (plan->stop_at >= 0 && body->at >= plan->stop_at) {
        plan->stop_at = -1;
        plan->stop(plan->arg);
    }
    return (int64_t)piece;
}

pxm_stream *body_stream(const struct body_plan *plan)
{
    static const struct pxm_stream_ops ops = {.struct_size = sizeof ops, .read = body_read, .close = free};
    struct body *body = calloc(1, sizeof *body);
    assert_non_null(body);
    body->plan = *plan;
    pxm_stream *stream = conformance_host()->stream_new(&ops, body, plan->announced);
    assert_non_null(stream);
    return stream;
}

void assert_body(const struct fixture *fixture, pxm_stream *stream, uint32_t seed, int64_t from, int64_t length)
{
    static _Thread_local uint8_t got[READ_BYTES], expected[READ_BYTES];
    int64_t at = 0, count;
    assert_int_equal(fixture->host->stream_size(stream) < 0 ? length : fixture->host->stream_size(stream), length);
    while ((count = fixture->host->stream_read(stream, got, sizeof got, fixture->error)) > 0) {
        assert_true(at + count <= length);
        body_fill(expected, seed, from + at, (size_t)count);
        assert_memory_equal(got, expected, (size_t)count);
        at += count;
    }
    assert_int_equal(count, 0);
    assert_int_equal(at, length);
    fixture->host->stream_close(stream);
}
