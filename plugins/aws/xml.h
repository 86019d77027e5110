/* A strict reader of what services send as XML: no document type, no entity but the five, limits on depth, size and
 * text. [any] */
#ifndef AWS_XML_H
#define AWS_XML_H

#include <stdbool.h>
#include <stddef.h>

enum { AWS_XML_DEPTH_MAX = 16, AWS_XML_TEXT_MAX = 16 << 10, AWS_XML_PATH_TEXT = 512 };

/* An element that has ended: the local names from the root to it, parted by slashes, and its own text without that of
 * elements within. False stops the reading. */
typedef bool (*aws_xml_element)(void *arg, const char *path, const char *text);

enum aws_xml_result {
    AWS_XML_GOOD, /* well-formed, and read to its end   */
    AWS_XML_BAD,  /* it is not, or was stopped          */
    AWS_XML_NO_MEMORY
};
enum aws_xml_result aws_xml_read(const char *data, size_t length, aws_xml_element element, void *arg);

#endif
