/* The checksum of IEEE 802.3, as replies carry it and as items are spread by. [any] */
#ifndef AWS_CRC32_H
#define AWS_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t aws_crc32(const void *data, size_t length);

#endif
