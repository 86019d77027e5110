/* The address is known before the first request, so that it is known who needs a token. */
#include "daemon/front.h"

#include "daemon/supervisor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

enum { PORT_DEFAULT = 8080 };

struct place_of_front {
    const char *host;
    uint16_t port;
};

static struct place_of_front wanted(const struct supervisor *supervisor)
{
    const struct serve_options *options = supervisor->options;
    const struct said *said = crew_said(supervisor->edition->crew);
    struct place_of_front place = {.host = "127.0.0.1", .port = PORT_DEFAULT};

    if (said->address[0]) {
        place = (struct place_of_front){.host = said->address, .port = (uint16_t)said->port};
    }
    if (options->host) {
        place.host = options->host;
    }
    if (options->port >= 0) {
        place.port = (uint16_t)options->port;
    }
    return place;
}

/* Where a socket listens that was handed over. One that cannot be asked is taken for one that others can reach. */
static void ask_socket(int fd, char host[SAID_ADDRESS_MAX])
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t length = sizeof at;

    if (getsockname(fd, &at.any, &length) != 0 || (at.any.sa_family != AF_INET && at.any.sa_family != AF_INET6) ||
        !inet_ntop(at.any.sa_family,
                   at.any.sa_family == AF_INET ? (const void *)&at.four.sin_addr : (const void *)&at.six.sin6_addr,
                   host, SAID_ADDRESS_MAX)) {
        snprintf(host, SAID_ADDRESS_MAX, "::");
    }
}

static pxm_status find_place(struct supervisor *supervisor, int given, pxm_error *error)
{
    const struct place_of_front place = wanted(supervisor);

    if (strlen(place.host) >= sizeof supervisor->host) {
        return pxm_error_set(error, PXM_E_INVALID, "http.listen", "the address to listen on is too long");
    }
    memcpy(supervisor->host, place.host, strlen(place.host) + 1);
    supervisor->port = place.port;
    if (given >= 0) {
        ask_socket(given, supervisor->host);
    }
    return PXM_OK;
}

pxm_status front_open(struct supervisor *supervisor, pxm_error *error)
{
    const struct serve_options *options = supervisor->options;
    int given = sd_listen_fds(0) > 0 ? SD_LISTEN_FDS_START : -1;
    pxm_status status = find_place(supervisor, given, error);

    if (status == PXM_OK) {
        status = supervisor_read_upload_token(supervisor, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    const struct http_options http = {.host = supervisor->host,
                                      .port = supervisor->port,
                                      .listen_fd = given,
                                      .connections_max = options->connections_max,
                                      .connections_per_address_max = options->connections_per_address_max,
                                      .header_ms_max = options->header_ms_max,
                                      .body_ms_max = options->body_ms_max,
                                      .body_rate_min = options->body_rate_min,
                                      .idle_ms_max = options->idle_ms_max,
                                      .idle_max = options->idle_max,
                                      .requests_max = options->requests_per_connection_max,
                                      .trust_forwarded = options->trust_proxy,
                                      .handler = &request_handler,
                                      .arg = supervisor};
    return http_start(&http, &supervisor->http, error);
}

bool front_is_moved(const struct supervisor *supervisor)
{
    const struct place_of_front place = wanted(supervisor);

    return sd_listen_fds(0) <= 0 && (strcmp(place.host, supervisor->host) != 0 || place.port != supervisor->port);
}
