/* Times as the services write them, and a clock that learns from their answers. [any] */
#ifndef AWS_TIME_H
#define AWS_TIME_H

#include <pixmill/plugin.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { AWS_STAMP_TEXT = 17, AWS_ISO_TEXT = 25 };

/* "20150830T123600Z"; times outside the years 1970 to 9999 become the nearest. */
void aws_time_stamp(int64_t ms, char text[AWS_STAMP_TEXT]);
/* "2015-08-30T12:36:00.000Z" */
void aws_time_iso(int64_t ms, char text[AWS_ISO_TEXT]);
/* Reads an HTTP date (RFC 9110 section 5.6.7, the form that is not obsolete) or an ISO 8601 time in UTC. */
bool aws_time_parse(const char *text, int64_t *ret_ms);

/* The engine's clock, moved to where the service's own stands. */
struct aws_clock {
    const struct pxm_host *host;
    _Atomic int64_t offset_ms;
};
int64_t aws_clock_now_ms(struct aws_clock *clock);
/* From now on it is `server_ms`. Whether that moved the clock by more than a minute. */
bool aws_clock_correct(struct aws_clock *clock, int64_t server_ms);

#endif
