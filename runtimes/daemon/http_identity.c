/* Who asks and what the request is called: ids of requests, and what a proxy in front says of its client. */
#include "daemon/http_private.h"

#include "base/clock.h"
#include "base/digest.h"
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* ---- ids --------------------------------------------------------------------------------------------------------- */

/* 48 bits of wall time in milliseconds and 80 random bits, in base 32: sorted as text they are in the order of time.
 * Within a millisecond, or when the clock was set back, the random part counts up. */
static void next_id(struct http_server *server)
{
    uint64_t now = (uint64_t)pxm_clock_system.wall_ms(pxm_clock_system.arg);
    if (now > server->id_time && pxm_random(server->id_random, sizeof server->id_random) == PXM_OK) {
        server->id_time = now;
        server->id_random[0] &= 0x7F; /* room to count up */
        return;
    }
    for (size_t i = sizeof server->id_random; i > 0 && ++server->id_random[i - 1] == 0; i--) {
    }
}

void http_identify(struct http_exchange *exchange)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    const struct http_server *server = exchange->server;
    size_t at = 0;

    next_id(exchange->server);
    for (int shift = 45; shift >= 0; shift -= 5) {
        exchange->id[at++] = digits[server->id_time >> shift & 31];
    }
    for (size_t i = 0; i < sizeof server->id_random; i += 5) {
        uint64_t bits = 0;
        for (size_t j = 0; j < 5; j++) {
            bits = bits << 8 | server->id_random[i + j];
        }
        for (int shift = 35; shift >= 0; shift -= 5) {
            exchange->id[at++] = digits[bits >> shift & 31];
        }
    }
    exchange->id[at] = '\0';
}

/* ---- what a proxy says ------------------------------------------------------------------------------------------- */

/* The last element of the last header of that name: the one that the proxy that is next to us wrote. */
static bool last_element(const struct app_head *head, const char *name, char *buffer, size_t size)
{
    const char *value = NULL;
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            value = head->headers[i].value;
        }
    }
    if (value == NULL) {
        return false;
    }
    const char *comma = strrchr(value, ',');
    const char *start = comma != NULL ? comma + 1 : value;
    start += strspn(start, " \t");
    size_t length = strcspn(start, " \t");
    if (length == 0 || length >= size || start[length + strspn(start + length, " \t")] != '\0') {
        return false;
    }
    memcpy(buffer, start, length);
    buffer[length] = '\0';
    return true;
}

static bool is_sane_id(const char *id)
{
    static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
    return strlen(id) >= 8 && id[strspn(id, allowed)] == '\0';
}

void http_believe_proxy(struct http_exchange *exchange)
{
    char text[HTTP_REQUEST_ID_MAX];
    struct in6_addr address;
    if (last_element(&exchange->head, "X-Forwarded-For", text, HTTP_REMOTE_MAX) &&
        (inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1)) {
        memcpy(exchange->remote, text, strlen(text) + 1);
    }
    if (last_element(&exchange->head, "X-Forwarded-Proto", text, sizeof text)) {
        exchange->head.scheme = strcasecmp(text, "https") == 0 ? "https" : "http";
    }
    if (last_element(&exchange->head, "X-Request-Id", text, sizeof text) && is_sane_id(text)) {
        memcpy(exchange->id, text, strlen(text) + 1);
    }
}
