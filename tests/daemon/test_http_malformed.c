/* Requests that are wrong, each with what must come of it. What a proxy in front could read in another way than we do
 * must be refused and the connection closed: else the rest of the bytes is somebody's request to one and not to the
 * other. Behind each refused request stands one for /smuggled, which must never be seen. */
#include "http_client.h"
#include "http_world.h"

#include "base/buf.h"
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
#define G        "GET / HTTP/1.1\r\n"
#define P        "POST /x HTTP/1.1\r\n"
#define H        "Host: h\r\n"

enum outcome {
    REFUSED,    /* one answer of ours with that status, then closed; the handler sees nothing */
    UNREADABLE, /* the same, but libmicrohttpd's own answer */
    GARBLED,    /* the same, and it writes the head of its answer twice */
    DROPPED,    /* closed without an answer; the handler sees nothing */
    TAKEN,      /* answered 200, and the connection goes on */
    LAST,       /* answered 200, then closed: what follows is not looked at */
    CUT_SHORT   /* begun, never completed: libmicrohttpd answers with that status and closes */
};
struct malformed {
    const char *what, *bytes;
    size_t length;
    enum outcome outcome;
    int status;
};
#define CASE(what, bytes, outcome, status)                                                                             \
    {                                                                                                                  \
        what, bytes, sizeof(bytes) - 1, outcome, status                                                                \
    }

static const struct malformed cases[] = {
    /* ---- the request line ---- */
    CASE("no target", "GET\r\n" H "\r\n", DROPPED, 0),
    CASE("no version", "GET /\r\n" H "\r\n", UNREADABLE, 400),
    CASE("version 0.9", "GET / HTTP/0.9\r\n" H "\r\n", UNREADABLE, 505),
    CASE("version 1.2", "GET / HTTP/1.2\r\n" H "\r\n", REFUSED, 505),
    CASE("version 2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", UNREADABLE, 505),
    CASE("version 1.10", "GET / HTTP/1.10\r\n" H "\r\n", UNREADABLE, 400),
    CASE("version in lower case", "GET / http/1.1\r\n" H "\r\n", UNREADABLE, 400),
    CASE("no HTTP", "GET / JUNK/1.1\r\n" H "\r\n", UNREADABLE, 400),
    CASE("blank behind the version", "GET / HTTP/1.1 \r\n" H "\r\n", UNREADABLE, 400),
    CASE("tab behind the version", "GET / HTTP/1.1\t\r\n" H "\r\n", UNREADABLE, 400),
    CASE("two blanks before the target", "GET  / HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("two blanks before the version", "GET /  HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("tab instead of a blank", "GET\t/\tHTTP/1.1\r\n" H "\r\n", DROPPED, 0),
    CASE("blank in the target", "GET /a b HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("a request in the target", "GET / HTTP/1.1 /x HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("bare CR in the target", "GET /a\rb HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("NUL in the target", "GET /a\0b HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("control character in the target", "GET /a\001b HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("byte beyond ASCII in the target", "GET /\xC3\xA4 HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("fragment in the target", "GET /a#b HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("target that is no path", "GET a HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("asterisk of GET", "GET * HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("URL of another host", "GET http://evil/ HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("URL of a host that only begins so", "GET http://h.evil/ HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("URL without a path", "GET http://h HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("URL of another scheme", "GET ftp://h/ HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("CONNECT", "CONNECT h:80 HTTP/1.1\r\n" H "\r\n", REFUSED, 501),
    CASE("TRACE", "TRACE / HTTP/1.1\r\n" H "\r\n", REFUSED, 501),
    CASE("method in lower case", "get / HTTP/1.1\r\n" H "\r\n", REFUSED, 501),
    CASE("unknown method", "BREW / HTTP/1.1\r\n" H "\r\n", REFUSED, 501),
    CASE("method that is no token", "G@T / HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("method with a colon", "GET: / HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("blank before the method", " GET / HTTP/1.1\r\n" H "\r\n", DROPPED, 0),
    CASE("NUL in the method", "GE\0T / HTTP/1.1\r\n" H "\r\n", REFUSED, 400),
    CASE("bare LF behind the request line", "GET / HTTP/1.1\n" H "\r\n", REFUSED, 400),
    CASE("empty lines before the request", "\r\n\r\n" G H "\r\n", TAKEN, 200),
    /* No proxy hands on a line that begins with NUL; to libmicrohttpd it is an empty one, and gone when we look. */
    CASE("a line that begins with NUL before the request", "\0GET /a HTTP/1.1\r\n" G H "\r\n", TAKEN, 200),
    /* ---- lines of headers ---- */
    CASE("bare LF behind a header", G "Host: h\n\r\n", REFUSED, 400),
    CASE("bare LF between headers", G "Host: h\nX: y\r\n\r\n", REFUSED, 400),
    CASE("bare LF for the empty line", G H "\n", REFUSED, 400),
    CASE("bare LF all over", "GET / HTTP/1.1\nHost: h\n\n", REFUSED, 400),
    CASE("bare CR in a value", G H "X: a\rb\r\n\r\n", REFUSED, 400),
    CASE("bare CR before a header", G H "X: a\rContent-Length: 5\r\n\r\n", REFUSED, 400),
    CASE("CR CR LF behind a header", G H "X: a\r\r\n\r\n", REFUSED, 400),
    CASE("NUL in a value", G H "X: a\0b\r\n\r\n", REFUSED, 400),
    CASE("NUL at the end of a value", G H "X: a\0\r\n\r\n", REFUSED, 400),
    CASE("two NULs that look like the end of a line", G H "X: a\0\0Y: b\r\n\r\n", REFUSED, 400),
    CASE("NULs that look like another header", G H "X: a\0\0Y\0b\r\n\r\n", REFUSED, 400),
    CASE("NUL in a name", G H "X\0Y: a\r\n\r\n", UNREADABLE, 400),
    CASE("a line that begins with NUL", G H "\0X: y\r\nContent-Length: 5\r\n\r\n", REFUSED, 400),
    CASE("a line of NULs", G H "\0\0\r\n\r\n", REFUSED, 400),
    /* NUL LF lies in memory as CR LF does once both are NUL. Whoever stands in front lets no NUL pass in a header. */
    CASE("NUL LF for CR LF", G "Host: h\0\n\r\n", TAKEN, 200),
    CASE("control character in a value", G H "X: a\001b\r\n\r\n", REFUSED, 400),
    CASE("DEL in a value", G H "X: a\177b\r\n\r\n", REFUSED, 400),
    CASE("blank before the colon", G H "X : y\r\n\r\n", REFUSED, 400),
    CASE("tab before the colon", G H "X\t: y\r\n\r\n", REFUSED, 400),
    CASE("no colon", G H "X\r\n\r\n", UNREADABLE, 400),
    CASE("no name", G H ": y\r\n\r\n", REFUSED, 400),
    CASE("name that is no token", G H "X(Y): z\r\n\r\n", REFUSED, 400),
    CASE("name beyond ASCII", G H "X\xC3\xA4: z\r\n\r\n", REFUSED, 400),
    CASE("folded header", G H "X: a\r\n b\r\n\r\n", REFUSED, 400),
    CASE("folded header by tab", G H "X: a\r\n\tb: c\r\n\r\n", REFUSED, 400),
    CASE("folded header without a value", P H "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("folded length", P H "Content-Length: 1\r\n 0\r\n\r\na", REFUSED, 400),
    CASE("blank before the first header", G " Host: h\r\n\r\n", REFUSED, 400),
    CASE("blanks around a value", G "Host:  h \r\nX: \t y \t\r\nY:\r\n\r\n", TAKEN, 200),
    CASE("bytes beyond ASCII in a value", G H "X: \xC3\xA4\xFF\r\n\r\n", TAKEN, 200),
    /* ---- hosts ---- */
    CASE("no host", G "\r\n", REFUSED, 400),
    CASE("two hosts", G "Host: h\r\nhost: h\r\n\r\n", REFUSED, 400),
    CASE("empty host", G "Host:\r\n\r\n", REFUSED, 400),
    CASE("host with a path", G "Host: h/x\r\n\r\n", REFUSED, 400),
    CASE("host with a user", G "Host: a@h\r\n\r\n", REFUSED, 400),
    CASE("list of hosts", G "Host: a, b\r\n\r\n", REFUSED, 400),
    CASE("two hosts of 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", REFUSED, 400),
    /* ---- how long the body is ---- */
    CASE("length and chunks", P H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("chunks and length", P H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("the same length twice", P H "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", REFUSED, 400),
    CASE("two lengths", P H "Content-Length: 1\r\nContent-Length: 6\r\n\r\na", REFUSED, 400),
    CASE("two lengths, one of them none", P H "Content-Length: 0\r\ncontent-length: 36\r\n\r\n", REFUSED, 400),
    CASE("list of lengths", P H "Content-Length: 1, 1\r\n\r\na", GARBLED, 400),
    CASE("length with a plus", P H "Content-Length: +1\r\n\r\na", GARBLED, 400),
    CASE("length with a minus", P H "Content-Length: -1\r\n\r\na", GARBLED, 400),
    CASE("length in hexadecimal", P H "Content-Length: 0x1\r\n\r\na", GARBLED, 400),
    CASE("length with a fraction", P H "Content-Length: 1.0\r\n\r\na", GARBLED, 400),
    CASE("length with letters", P H "Content-Length: 1a\r\n\r\na", GARBLED, 400),
    CASE("length in quotes", P H "Content-Length: \"1\"\r\n\r\na", GARBLED, 400),
    CASE("length with a blank in it", P H "Content-Length: 1 0\r\n\r\na", GARBLED, 400),
    CASE("length with a blank behind it", P H "Content-Length: 1 \r\n\r\na", GARBLED, 400),
    CASE("length with a NUL in it",
         P H "Content-Length: 1\0"
             "0\r\n\r\na",
         REFUSED, 400),
    CASE("empty length", P H "Content-Length:\r\n\r\n", GARBLED, 400),
    CASE("length beyond 63 bits", P H "Content-Length: 9223372036854775808\r\n\r\na", REFUSED, 400),
    CASE("length beyond 64 bits", P H "Content-Length: 18446744073709551617\r\n\r\na", GARBLED, 413),
    CASE("blank before the colon of a length", P H "Content-Length : 36\r\n\r\n", REFUSED, 400),
    CASE("length behind a vertical tab", P H "\vContent-Length: 36\r\n\r\n", REFUSED, 400),
    CASE("length with leading zeros", P H "Content-Length: 0001\r\n\r\na", TAKEN, 200),
    CASE("body of GET", G H "Content-Length: 1\r\n\r\na", TAKEN, 200),
    /* ---- codings ---- */
    CASE("coding of 1.0", "POST /x HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("unknown coding", P H "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("coding before chunks", P H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("coding behind chunks", P H "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("chunks twice", P H "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("two codings", P H "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("coding with a blank behind it", P H "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("coding behind a vertical tab", P H "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("coding with a NUL behind it", P H "Transfer-Encoding: chunked\0x\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("coding in quotes", P H "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("coding with a parameter", P H "Transfer-Encoding: chunked;x=y\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("blank before the colon of a coding", P H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", REFUSED, 400),
    CASE("empty coding", P H "Transfer-Encoding:\r\n\r\n0\r\n\r\n", REFUSED, 501),
    CASE("coding in capitals", P H "Transfer-Encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n", LAST, 200),
    /* ---- chunks: how lenient libmicrohttpd reads them is not ours to see. So such a request is the last one of its
     * connection, and what follows is nobody's request, however the end was found. ---- */
    CASE("chunk size that is no number", P H "Transfer-Encoding: chunked\r\n\r\nxyz\r\na\r\n0\r\n\r\n", CUT_SHORT, 400),
    CASE("chunk size with a minus", P H "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n", CUT_SHORT, 400),
    CASE("chunk size with 0x", P H "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", CUT_SHORT, 400),
    CASE("chunk size with a blank before it", P H "Transfer-Encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n", CUT_SHORT,
         400),
    CASE("chunk size with a blank behind it", P H "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", CUT_SHORT,
         400),
    CASE("chunk size beyond 64 bits", P H "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n",
         CUT_SHORT, 413),
    CASE("no chunk size", P H "Transfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n", CUT_SHORT, 400),
    CASE("chunk longer than its size", P H "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", CUT_SHORT, 400),
    CASE("no end of line behind a chunk", P H "Transfer-Encoding: chunked\r\n\r\n1\r\na0\r\n\r\n", CUT_SHORT, 400),
    CASE("bare LF behind a chunk size", P H "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", LAST, 200),
    CASE("bare LF behind a chunk", P H "Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n", LAST, 200),
    CASE("extension of a chunk", P H "Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\n\r\n", LAST, 200),
    CASE("extension that ends in a bare LF", P H "Transfer-Encoding: chunked\r\n\r\n1;x\na\r\n0\r\n\r\n", LAST, 200),
    CASE("chunk size with leading zeros", P H "Transfer-Encoding: chunked\r\n\r\n0001\r\na\r\n000\r\n\r\n", LAST, 200),
    CASE("trailer", P H "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", LAST, 200),
    CASE("length as a trailer", P H "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 36\r\n\r\n", LAST, 200),
    /* ---- the rest ---- */
    CASE("unknown expectation", P H "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", REFUSED, 417),
    CASE("two expectations", P H "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", REFUSED,
         400),
    CASE("TLS to a plain port", "\026\003\001\002\000\001\000\001\374\003\003\n", DROPPED, 0),
};

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_init(&world);
    world.options.linger_ms_max = 600000;
    world_start(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

/* Everything until the end of the connection. */
static size_t read_all(int fd, char *buffer, size_t size)
{
    size_t length = 0;
    for (;;) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&polled, 1, 60000), 1);
        assert_true(length + 1 < size);
        ssize_t got = recv(fd, buffer + length, size - 1 - length, 0);
        assert_true(got >= 0); /* no reset */
        if (got == 0) {
            buffer[length] = '\0';
            return length;
        }
        length += (size_t)got;
    }
}

static int count_answers(const char *text)
{
    int count = 0;
    while ((text = strstr(text, "HTTP/1.1 ")) != NULL) {
        count++;
        text++;
    }
    return count;
}

static void check_counts(const struct malformed *malformed, const char *received, int begun, int completed)
{
    static const struct {
        int answers, begun, completed;
    } expected[] = {
        [REFUSED] = {1, 0, 0}, [UNREADABLE] = {1, 0, 0}, [GARBLED] = {2, 0, 0},   [DROPPED] = {0, 0, 0},
        [TAKEN] = {2, 2, 2},   [LAST] = {1, 1, 1},       [CUT_SHORT] = {1, 1, 0},
    };
    int status = 0;
    (void)sscanf(received, "HTTP/1.1 %3d ", &status);
    const enum outcome outcome = malformed->outcome;
    if (status != malformed->status || count_answers(received) != expected[outcome].answers ||
        begun != expected[outcome].begun || completed != expected[outcome].completed) {
        fail_msg("%s: answered %d, %d times; begun %d, completed %d", malformed->what, status, count_answers(received),
                 begun, completed);
    }
    if (outcome == REFUSED) {
        assert_non_null(strstr(received, "Connection: close"));
        assert_non_null(strstr(received, "\"code\":\"request."));
    }
}

static void check(const struct malformed *malformed)
{
    static char received[65536];
    const int begun = atomic_load(&world.begun), completed = atomic_load(&world.completed);
    int fd = client_connect(http_port(world.server));
    client_send(fd, malformed->bytes, malformed->length);
    client_puts(fd,
                malformed->outcome == TAKEN ? "GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" : SMUGGLED);
    read_all(fd, received, sizeof received);
    close(fd);
    check_counts(malformed, received, atomic_load(&world.begun) - begun, atomic_load(&world.completed) - completed);
}

static void each_has_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(&cases[i]);
    }
}

/* Bytes in one piece and bytes one by one mean the same. */
static void each_has_its_outcome_in_pieces(void **state)
{
    static char received[65536];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct malformed *malformed = &cases[i];
        if (malformed->outcome != REFUSED) {
            continue;
        }
        const int begun = atomic_load(&world.begun);
        int fd = client_connect(http_port(world.server));
        for (size_t j = 0; j < malformed->length; j++) {
            client_send(fd, malformed->bytes + j, 1);
        }
        client_puts(fd, SMUGGLED);
        read_all(fd, received, sizeof received);
        close(fd);
        check_counts(malformed, received, atomic_load(&world.begun) - begun, 0);
    }
}

/* ---- too much ---------------------------------------------------------------------------------------------------- */

/* A request that is put together, and its status; with what it is refused if not with 200. */
static void expect_of(struct pxm_buf *request, int status)
{
    struct answer answer;
    assert_int_equal(request->status, PXM_OK);
    int fd = client_connect(http_port(world.server));
    client_send(fd, request->data, request->length);
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, status);
    assert_int_equal(answer.closes, status != 200);
    client_answer_done(&answer);
    shutdown(fd, SHUT_WR);
    assert_true(client_read_to_end(fd, NULL));
    close(fd);
}

static void add_many(struct pxm_buf *buf, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pxm_buf_puts(buf, text);
    }
}

static void a_target_has_its_limit(void **state)
{
    static const size_t lengths[] = {1, APP_TARGET_BYTES_MAX, APP_TARGET_BYTES_MAX + 1, 3 * APP_TARGET_BYTES_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct pxm_buf request;
        pxm_buf_init(&request, 1 << 20);
        pxm_buf_puts(&request, "GET /");
        add_many(&request, "a", lengths[i] - 1);
        pxm_buf_puts(&request, " HTTP/1.1\r\nHost: h\r\n\r\n");
        expect_of(&request, lengths[i] <= APP_TARGET_BYTES_MAX ? 200 : 414);
        pxm_buf_done(&request);
    }
}

static void headers_have_their_limit(void **state)
{
    static const struct {
        size_t count, bytes; /* beside Host */
        int status;
    } sizes[] = {{APP_HEADERS_MAX - 1, 1, 200},
                 {APP_HEADERS_MAX, 1, 431},
                 {1000, 1, 431},
                 {1, 16000, 200},
                 {1, 17000, 431},
                 {10, 1600, 200},
                 {10, 1700, 431},
                 {1, 60000, 431}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pxm_buf request;
        pxm_buf_init(&request, 1 << 20);
        pxm_buf_puts(&request, "GET / HTTP/1.1\r\nHost: h\r\n");
        for (size_t j = 0; j < sizes[i].count; j++) {
            pxm_buf_puts(&request, "X: ");
            add_many(&request, "v", sizes[i].bytes);
            pxm_buf_puts(&request, "\r\n");
        }
        pxm_buf_puts(&request, "\r\n");
        expect_of(&request, sizes[i].status);
        pxm_buf_done(&request);
    }
}

/* What does not even fit into the memory of a connection is libmicrohttpd's to refuse. */
static void what_never_ends_is_refused(void **state)
{
    static const char *const begins[] = {"GET /", G H "X: ", G H, "", "GET /?"};
    static const char *const goes_on[] = {"a", "v", "X: y\r\n", "G", "&"};
    static const int statuses[] = {414, 431, 431, 414, 414};
    (void)state;
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        struct pxm_buf request;
        struct answer answer;
        pxm_buf_init(&request, 4 << 20);
        pxm_buf_puts(&request, begins[i]);
        add_many(&request, goes_on[i], 300000);
        assert_int_equal(request.status, PXM_OK);
        int fd = client_connect(http_port(world.server));
        client_send(fd, request.data, request.length);
        assert_true(client_read(fd, &answer, false));
        assert_int_equal(answer.status, statuses[i]);
        client_answer_done(&answer);
        shutdown(fd, SHUT_WR);
        assert_true(client_read_to_end(fd, NULL));
        close(fd);
        pxm_buf_done(&request);
    }
    assert_int_equal(atomic_load(&world.begun), 0);
}

/* Every head that is cut short is no request. */
static void a_head_that_is_cut_anywhere_is_no_request(void **state)
{
    static const char request[] = P H "Content-Length: 1\r\nX: y\r\n\r\n";
    (void)state;
    int fds[sizeof request];
    for (size_t i = 0; i < sizeof request - 1; i++) {
        fds[i] = client_connect(http_port(world.server));
        client_send(fds[i], request, i);
        shutdown(fds[i], SHUT_WR);
    }
    for (size_t i = 0; i < sizeof request - 1; i++) {
        size_t length = 0;
        assert_true(client_read_to_end(fds[i], &length));
        assert_int_equal(length, 0);
        close(fds[i]);
    }
    assert_int_equal(atomic_load(&world.begun), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_has_its_outcome),       TEST(each_has_its_outcome_in_pieces),
        TEST(a_target_has_its_limit),     TEST(headers_have_their_limit),
        TEST(what_never_ends_is_refused), TEST(a_head_that_is_cut_anywhere_is_no_request),
    };
    return cmocka_run_group_tests_name("http malformed", tests, NULL, NULL);
}
