/* Writes pictures that no encoder would: legal ones that cost a decoder far more than their size tells, and lies.
 * Called by the tests of this folder: make_picture KIND [NUMBER...] > FILE. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static void put_bytes(const void *bytes, size_t length)
{
    fwrite(bytes, 1, length, stdout);
}

static void put_be16(uint32_t number)
{
    putchar((int)(number >> 8 & 0xff));
    putchar((int)(number & 0xff));
}

static void put_le16(uint32_t number)
{
    putchar((int)(number & 0xff));
    putchar((int)(number >> 8 & 0xff));
}

static void put_be32(uint32_t number)
{
    put_be16(number >> 16);
    put_be16(number & 0xffff);
}

/* ---- PNG (PNG Specification, Third Edition) ---------------------------------------------------------------------- */

/* Annex D: the remainder of a polynomial division, bit by bit. */
static uint32_t crc_of(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
    }
    return ~crc;
}

static void put_png_header(uint32_t width, uint32_t height)
{
    const uint8_t header[] = {'I',
                              'H',
                              'D',
                              'R',
                              (uint8_t)(width >> 24),
                              (uint8_t)(width >> 16),
                              (uint8_t)(width >> 8),
                              (uint8_t)width,
                              (uint8_t)(height >> 24),
                              (uint8_t)(height >> 16),
                              (uint8_t)(height >> 8),
                              (uint8_t)height,
                              8,  /* bits */
                              2,  /* RGB */
                              0,  /* deflate */
                              0,  /* adaptive filters */
                              0}; /* not interlaced */

    put_bytes("\x89PNG\r\n\x1a\n", 8);
    put_be32(13);
    put_bytes(header, sizeof header);
    put_be32(crc_of(header, sizeof header));
}

/* A header, a first few bytes of pixels, and the end. */
static void png_header_alone(uint32_t width, uint32_t height)
{
    static const uint8_t data[] = {'I', 'D', 'A', 'T', 0x78, 0x9c, 0x63, 0x60};

    put_png_header(width, height);
    put_be32(4);
    put_bytes(data, sizeof data);
    put_be32(crc_of(data, sizeof data));
    put_be32(0);
    put_bytes("IEND", 4);
    put_be32(crc_of((const uint8_t *)"IEND", 4));
}

/* 57 bytes that announce a compressed text of 1 GiB. */
static void png_text_that_is_not_there(void)
{
    put_png_header(16, 16);
    put_be32(1 << 30);
    put_bytes("zTXtcomment\0\0\x78\x9c\0\0\0\0", 20);
}

static void put_chunk(const char type[4], const uint8_t *data, uint32_t length)
{
    uint8_t whole[64];

    memcpy(whole, type, 4);
    memcpy(whole + 4, data, length);
    put_be32(length);
    put_bytes(whole, length + 4);
    put_be32(crc_of(whole, length + 4));
}

/* A black pixel behind so many chunks that nobody knows, and as many texts. */
static void png_of_chunks(uint32_t chunks)
{
    static const uint8_t text[] = "Comment\0text";
    static const uint8_t pixel[] = {0x78, 1, 1, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 4, 0, 1}; /* stored as it is */

    put_png_header(1, 1);
    for (uint32_t i = 0; i < chunks; i++) {
        put_chunk("quIz", text, 4);
        put_chunk("tEXt", text, sizeof text - 1);
    }
    put_chunk("IDAT", pixel, sizeof pixel);
    put_chunk("IEND", pixel, 0);
}

/* ---- WebP (RFC 9649) --------------------------------------------------------------------------------------------- */

static void put_le32(uint32_t number)
{
    put_le16(number & 0xffff);
    put_le16(number >> 16);
}

/* An animation of so many frames, each one pixel without loss; its canvas is as large as it says. */
static void webp_of_frames(uint32_t frames, uint32_t side)
{
    /* A VP8L of one pixel: its signature, 14 bits each of width and height less one, no alpha, version 0; no
     * transforms, no cache, no meta code, and five codes of one symbol. */
    static const uint8_t image[] = {0x2f, 0, 0, 0, 0, 0x88, 0x88, 0x08};

    put_bytes("RIFF", 4);
    put_le32(4 + 18 + 14 + frames * (8 + 16 + 8 + (uint32_t)sizeof image));
    put_bytes("WEBPVP8X", 8);
    put_le32(10);
    put_le32(2); /* is an animation */
    put_le16((side - 1) & 0xffff);
    putchar((int)((side - 1) >> 16));
    put_le16((side - 1) & 0xffff);
    putchar((int)((side - 1) >> 16));
    put_bytes("ANIM\6\0\0\0\0\0\0\0\0\0", 14);
    for (uint32_t i = 0; i < frames; i++) {
        put_bytes("ANMF", 4);
        put_le32(16 + 8 + sizeof image);
        put_bytes("\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0VP8L", 20); /* at 0, 0; 1 x 1; for 1 ms */
        put_le32(sizeof image);
        put_bytes(image, sizeof image);
    }
}

/* ---- GIF (GIF89a Specification) ---------------------------------------------------------------------------------- */

static void gif_of_frames(uint32_t frames)
{
    put_bytes("GIF89a", 6);
    put_le16(1);
    put_le16(1);
    put_bytes("\x80\0\0\0\0\0\xff\xff\xff", 9); /* two colours, black and white */
    for (uint32_t i = 0; i < frames; i++) {
        put_bytes("\x2c\0\0\0\0\1\0\1\0\0", 10); /* a frame of one pixel */
        put_bytes("\2\2\x44\1\0", 5);            /* LZW: clear, colour 0, end */
    }
    putchar(0x3b);
}

/* ---- JPEG (ITU-T T.81) ------------------------------------------------------------------------------------------- */

enum { BANDS = 63, SHIFT_MOST = 13, COMPONENTS = 3, RUN_MOST = 0x7fff };

struct bits { /* the entropy-coded segment being written, most significant bit first */
    uint32_t held;
    int count;
};

static void put_bits(struct bits *bits, uint32_t value, int count)
{
    while (count-- > 0) {
        bits->held = bits->held << 1 | (value >> count & 1);
        if (++bits->count == 8) {
            putchar((int)bits->held);
            if (bits->held == 0xff) {
                putchar(0); /* B.1.1.5: a byte of ones is no marker */
            }
            *bits = (struct bits){0};
        }
    }
}

static void end_bits(struct bits *bits)
{
    while (bits->count > 0) {
        put_bits(bits, 1, 1);
    }
}

/* Table 0 for DC has the one word "no difference"; table 0 for AC has a word of four bits for each length of an
 * end-of-band run (G.1.2.2): symbol n<<4, followed by n bits. */
static void put_tables(void)
{
    static const uint8_t dc_counts[16] = {1};
    static const uint8_t ac_counts[16] = {0, 0, 0, 15};

    put_be16(0xffdb); /* quantization: all ones */
    put_be16(67);
    putchar(0);
    for (int i = 0; i < 64; i++) {
        putchar(1);
    }
    put_be16(0xffc4);
    put_be16(2 + 17 + 1);
    putchar(0x00);
    put_bytes(dc_counts, sizeof dc_counts);
    putchar(0);
    put_be16(0xffc4);
    put_be16(2 + 17 + 15);
    putchar(0x10);
    put_bytes(ac_counts, sizeof ac_counts);
    for (int i = 0; i < 15; i++) {
        putchar(i << 4);
    }
}

static void put_frame(uint32_t width, uint32_t height)
{
    put_be16(0xffc2); /* progressive, Huffman */
    put_be16(8 + 3 * COMPONENTS);
    putchar(8);
    put_be16(height);
    put_be16(width);
    putchar(COMPONENTS);
    for (int i = 1; i <= COMPONENTS; i++) {
        putchar(i);
        putchar(0x11);
        putchar(0);
    }
}

static void put_scan_header(int component, int first, int last, int high, int low)
{
    put_be16(0xffda);
    put_be16(8);
    putchar(1);
    putchar(component);
    putchar(0);
    putchar(first);
    putchar(last);
    putchar(high << 4 | low);
}

static void put_dc_scan(int component, uint32_t blocks)
{
    struct bits bits = {0};

    put_scan_header(component, 0, 0, 0, 0);
    for (uint32_t i = 0; i < blocks; i++) {
        put_bits(&bits, 0, 1);
    }
    end_bits(&bits);
}

/* One bit of one coefficient of all blocks, which is zero everywhere. */
static void put_ac_scan(int component, int band, int high, int low, uint32_t blocks)
{
    struct bits bits = {0};

    put_scan_header(component, band, band, high, low);
    while (blocks > 0) {
        uint32_t run = blocks < RUN_MOST ? blocks : RUN_MOST;
        int size = 31 - __builtin_clz(run);
        put_bits(&bits, (uint32_t)size, 4);
        put_bits(&bits, run, size); /* without its leading one */
        blocks -= run;
    }
    end_bits(&bits);
}

/* A grey picture in as many scans as the standard allows: each coefficient of each component bit by bit. */
static void jpeg_of_scans(uint32_t width, uint32_t height)
{
    uint32_t blocks = ((width + 7) / 8) * ((height + 7) / 8);

    put_be16(0xffd8);
    put_tables();
    put_frame(width, height);
    for (int component = 1; component <= COMPONENTS; component++) {
        put_dc_scan(component, blocks);
    }
    for (int component = 1; component <= COMPONENTS; component++) {
        for (int band = 1; band <= BANDS; band++) {
            put_ac_scan(component, band, 0, SHIFT_MOST, blocks);
            for (int low = SHIFT_MOST - 1; low >= 0; low--) {
                put_ac_scan(component, band, low + 1, low, blocks);
            }
        }
    }
    put_be16(0xffd9);
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    uint32_t first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    uint32_t second = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

    if (strcmp(kind, "png-header") == 0) {
        png_header_alone(first, second);
    } else if (strcmp(kind, "png-text") == 0) {
        png_text_that_is_not_there();
    } else if (strcmp(kind, "png-chunks") == 0) {
        png_of_chunks(first);
    } else if (strcmp(kind, "webp-frames") == 0) {
        webp_of_frames(first, second);
    } else if (strcmp(kind, "gif-frames") == 0) {
        gif_of_frames(first);
    } else if (strcmp(kind, "jpeg-scans") == 0) {
        jpeg_of_scans(first, second);
    } else {
        fprintf(stderr,
                "usage: make_picture png-header W H | png-text | png-chunks N | gif-frames N | webp-frames N SIDE | "
                "jpeg-scans W H\n");
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
