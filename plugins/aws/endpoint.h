/* Where a service is: the built-in hosts of each region, and endpoints that are given as a URL. [any] */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include <stdbool.h>

enum { AWS_HOST_TEXT = 264, AWS_PREFIX_TEXT = 256 };

struct aws_endpoint {
    bool is_tls;
    bool is_aws;                /* the service's own host of a region, which another region's may take the place of */
    bool is_ip;                 /* the host is an address                                                          */
    char host[AWS_HOST_TEXT];   /* as in the header `host`: with a port unless it is that of the scheme            */
    char path[AWS_PREFIX_TEXT]; /* "" or "/prefix"                                                                */
};

/* "amazonaws.com", by the longest prefix of the region's name that is known. */
const char *aws_region_suffix(const char *region);
/* The host of a service in a region; false: the region is no host label. */
bool aws_endpoint_of_region(const char *service, const char *region, bool is_tls, struct aws_endpoint *ret);
/* An http or https URL without user, query and fragment; a path may come before that of requests. *ret_reason: why
 * it is none. */
bool aws_endpoint_parse(const char *service, const char *url, struct aws_endpoint *ret, const char **ret_reason);
/* Whether the host is this machine's own. */
bool aws_endpoint_is_loopback(const struct aws_endpoint *endpoint);
/* Whether credentials may be asked for there without TLS: this machine's own, or one of the fixed hosts of
 * containers. */
bool aws_endpoint_is_trusted(const struct aws_endpoint *endpoint);

#endif
