/* Reading an Accept header (RFC 9110 section 12.5.1). Any thread. */
#ifndef RESIZE_ACCEPT_H
#define RESIZE_ACCEPT_H

/* What a header says of a media type. Browsers that do not know a format send a wildcard all the same, so a wildcard is
 * not the word of a client that it can show the format. */
enum resize_accept {
    RESIZE_ACCEPT_REFUSED, /* named with a quality of 0, or only covered by a wildcard of quality 0 */
    RESIZE_ACCEPT_UNNAMED, /* not mentioned, or covered by a wildcard                               */
    RESIZE_ACCEPT_NAMED    /* named with a quality above 0                                          */
};

/* `media` is in small letters: "image/webp". Reads 4096 bytes and 64 ranges of the header at most. Ranges that break
 * the grammar are passed over. */
enum resize_accept resize_accept_rank(const char *header, const char *media);

#endif
