/* Endpoints: built in, or given as a URL that libcurl takes apart. [any] */
#include "aws/endpoint.h"
#include "aws/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix, *suffix;
} partitions[] = {
    {"", "amazonaws.com"},          {"cn-", "amazonaws.com.cn"},   {"eusc-", "amazonaws.eu"},
    {"us-iso-", "c2s.ic.gov"},      {"us-isob-", "sc2s.sgov.gov"}, {"us-isof-", "csp.hci.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk"},
};

const char *aws_region_suffix(const char *region)
{
    size_t best = 0, length = 0;
    for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++) {
        size_t prefix = strlen(partitions[i].prefix);
        if (prefix > length && strncmp(region, partitions[i].prefix, prefix) == 0) {
            best = i;
            length = prefix;
        }
    }
    return partitions[best].suffix;
}

bool aws_endpoint_of_region(const char *service, const char *region, bool is_tls, struct aws_endpoint *ret)
{
    if (!aws_is_host_label(region)) {
        return false;
    }
    *ret = (struct aws_endpoint){.is_tls = is_tls, .is_aws = true};
    snprintf(ret->host, sizeof ret->host, "%s.%s.%s", service, region, aws_region_suffix(region));
    return true;
}

/* Whether the host is SERVICE.REGION.SUFFIX. */
static bool is_of_service(const char *service, const char *host)
{
    char region[64];
    struct aws_endpoint built_in;
    size_t length = strlen(service);
    if (strncmp(host, service, length) != 0 || host[length] != '.') {
        return false;
    }
    snprintf(region, sizeof region, "%.*s", (int)strcspn(host + length + 1, "."), host + length + 1);
    return aws_endpoint_of_region(service, region, true, &built_in) && strcmp(host, built_in.host) == 0;
}

/* An address without brackets and port. */
static void bare_host(const char *host, char bare[AWS_HOST_TEXT])
{
    const char *start = host[0] == '[' ? host + 1 : host;
    size_t length = strcspn(start, host[0] == '[' ? "]" : ":");
    snprintf(bare, AWS_HOST_TEXT, "%.*s", (int)length, start);
}

static bool is_address(const char *host)
{
    char bare[AWS_HOST_TEXT];
    struct in6_addr address;
    bare_host(host, bare);
    return inet_pton(AF_INET, bare, &address) == 1 || inet_pton(AF_INET6, bare, &address) == 1;
}

static const char *take_parts(CURLU *url, const char *scheme, const char *host, const char *port, const char *path,
                              struct aws_endpoint *ret)
{
    char *part = NULL;
    static const CURLUPart refused[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (curl_url_get(url, refused[i], &part, 0) == CURLUE_OK) {
            curl_free(part);
            return "it has a user, a query or a fragment";
        }
    }
    ret->is_tls = strcmp(scheme, "https") == 0;
    if (!ret->is_tls && strcmp(scheme, "http") != 0) {
        return "it is neither http nor https";
    }
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/') {
        length--;
    }
    if (length >= sizeof ret->path || strlen(host) + 7 >= sizeof ret->host) {
        return "it is too long";
    }
    snprintf(ret->path, sizeof ret->path, "%.*s", (int)length, path);
    bool is_usual = !port || strcmp(port, ret->is_tls ? "443" : "80") == 0;
    snprintf(ret->host, sizeof ret->host, "%.250s%s%.6s", host, is_usual ? "" : ":", is_usual ? "" : port);
    return NULL;
}

static const char *parse(const char *text, struct aws_endpoint *ret)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
    CURLU *url = curl_url();
    const char *reason = "it is not a URL like https://host:port";
    if (!url) {
        return "out of memory";
    }
    if (strstr(text, "://") && curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
        (void)curl_url_get(url, CURLUPART_PORT, &port, 0);
        reason = take_parts(url, scheme, host, port, path, ret);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_url_cleanup(url);
    return reason;
}

bool aws_endpoint_parse(const char *service, const char *url, struct aws_endpoint *ret, const char **ret_reason)
{
    struct aws_endpoint endpoint = {0};
    const char *reason = aws_is_header_value(url) ? parse(url, &endpoint) : "it has a control character";
    if (reason) {
        *ret_reason = reason;
        return false;
    }
    endpoint.is_ip = is_address(endpoint.host);
    endpoint.is_aws = !endpoint.path[0] && is_of_service(service, endpoint.host);
    *ret = endpoint;
    return true;
}

/* Whether the host is one of these addresses; "127." stands for all that start so. */
static bool is_one_of(const char *host, const char *const *addresses, size_t count)
{
    char bare[AWS_HOST_TEXT];
    struct in6_addr asked, known;
    bare_host(host, bare);
    for (size_t i = 0; i < count; i++) {
        int family = strchr(addresses[i], ':') ? AF_INET6 : AF_INET;
        size_t bytes = family == AF_INET6 ? 16 : strcmp(addresses[i], "127.0.0.0") == 0 ? 1 : 4;
        memset(&asked, 0, sizeof asked);
        if (inet_pton(family, bare, &asked) == 1 && inet_pton(family, addresses[i], &known) == 1 &&
            memcmp(&asked, &known, bytes) == 0) {
            return true;
        }
    }
    return strcmp(bare, "localhost") == 0;
}

bool aws_endpoint_is_loopback(const struct aws_endpoint *endpoint)
{
    static const char *const loopback[] = {"127.0.0.0", "::1"};
    return is_one_of(endpoint->host, loopback, sizeof loopback / sizeof *loopback);
}

bool aws_endpoint_is_trusted(const struct aws_endpoint *endpoint)
{
    static const char *const trusted[] = {"127.0.0.0", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
    return endpoint->is_tls || is_one_of(endpoint->host, trusted, sizeof trusted / sizeof *trusted);
}
