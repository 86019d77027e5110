/* Media types by magic bytes. Constant tables and a bounded look at the first bytes. */
#include "base/media.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { TEXT_LOOK_MAX = 1024 /* bytes of a text looked at for the root element */ };

struct magic {
    const char *bytes;
    size_t length;
    const char *media;
};

/* At the very start of a file. A longer one stands before what it begins with. */
static const struct magic magics[] = {
    {"\xFF\xD8\xFF", 3, "image/jpeg"},
    {"\x89PNG\r\n\x1A\n", 8, "image/png"},
    {"GIF87a", 6, "image/gif"},
    {"GIF89a", 6, "image/gif"},
    {"II*\0", 4, "image/tiff"},
    {"MM\0*", 4, "image/tiff"},
    {"II+\0", 4, "image/tiff"}, /* BigTIFF */
    {"MM\0+", 4, "image/tiff"},
    {"BM", 2, "image/bmp"},
    {"8BPS", 4, "image/vnd.adobe.photoshop"},
    {"\xFF\x0A", 2, "image/jxl"},
    {"\0\0\0\x0CJXL \r\n\x87\n", 12, "image/jxl"},
    {"\0\0\0\x0CjP  \r\n\x87\n", 12, "image/jp2"},
    {"\xFF\x4F\xFF\x51", 4, "image/jp2"},
    {"\0\0\1\0", 4, "image/x-icon"},
    {"v/1\1", 4, "image/x-exr"},
    {"#?RADIANCE", 10, "image/vnd.radiance"},
    {"%PDF-", 5, "application/pdf"},
    {"%!PS", 4, "application/postscript"},
    {"\x1F\x8B", 2, "application/gzip"},
    {"PK\3\4", 4, "application/zip"},
    {"PK\5\6", 4, "application/zip"},
    {"7z\xBC\xAF\x27\x1C", 6, "application/x-7z-compressed"},
    {"Rar!\x1A\7", 6, "application/vnd.rar"},
    {"BZh", 3, "application/x-bzip2"},
    {"\xFD"
     "7zXZ\0",
     6, "application/x-xz"},
    {"\x28\xB5\x2F\xFD", 4, "application/zstd"},
    {"\x1A\x45\xDF\xA3", 4, "video/x-matroska"},
    {"\x7F"
     "ELF",
     4, "application/x-elf"},
};

static bool starts_with(const unsigned char *data, size_t length, const char *bytes, size_t count)
{
    return length >= count && memcmp(data, bytes, count) == 0;
}

/* A RIFF container (WebP Container Specification, "RIFF file format"): the form type stands behind the size. */
static const char *riff_type(const unsigned char *data, size_t length)
{
    if (!starts_with(data, length, "RIFF", 4) || length < 12) {
        return NULL;
    }
    if (memcmp(data + 8, "WEBP", 4) == 0) {
        return "image/webp";
    }
    if (memcmp(data + 8, "AVI ", 4) == 0) {
        return "video/x-msvideo";
    }
    return memcmp(data + 8, "WAVE", 4) == 0 ? "audio/wav" : NULL;
}

/* What a brand of a file type box says by itself; NULL: nothing, as "mif1" is any HEIF picture. */
static const char *brand_type(const unsigned char *brand)
{
    static const struct {
        char brand[5];
        const char *media;
    } brands[] = {
        {"avif", "image/avif"},        {"avis", "image/avif"},      {"heic", "image/heic"}, {"heix", "image/heic"},
        {"heim", "image/heic"},        {"heis", "image/heic"},      {"hevc", "image/heic"}, {"hevx", "image/heic"},
        {"hevm", "image/heic"},        {"hevs", "image/heic"},      {"isom", "video/mp4"},  {"iso2", "video/mp4"},
        {"iso4", "video/mp4"},         {"iso5", "video/mp4"},       {"iso6", "video/mp4"},  {"mp41", "video/mp4"},
        {"mp42", "video/mp4"},         {"avc1", "video/mp4"},       {"dash", "video/mp4"},  {"M4V ", "video/mp4"},
        {"M4A ", "audio/mp4"},         {"qt  ", "video/quicktime"}, {"3gp4", "video/3gpp"}, {"3gp5", "video/3gpp"},
        {"crx ", "image/x-canon-cr3"},
    };
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++) {
        if (memcmp(brand, brands[i].brand, 4) == 0) {
            return brands[i].media;
        }
    }
    return NULL;
}

/* The file type box of ISO/IEC 14496-12, section 4.3: size, "ftyp", major brand, minor version, compatible brands. The
 * major brand decides; where it says nothing, the first compatible one that does. */
static const char *iso_type(const unsigned char *data, size_t length)
{
    if (length < 12 || memcmp(data + 4, "ftyp", 4) != 0) {
        return NULL;
    }
    size_t size = (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
    size_t end = size < length ? size : length;
    if (size < 16) {
        return NULL;
    }
    const char *media = brand_type(data + 8);
    for (size_t at = 16; media == NULL && at + 4 <= end; at += 4) {
        media = brand_type(data + at);
    }
    if (media == NULL && (memcmp(data + 8, "mif1", 4) == 0 || memcmp(data + 8, "msf1", 4) == 0)) {
        return "image/heif";
    }
    return media != NULL ? media : "application/mp4";
}

/* Where the text goes on behind one comment, declaration or processing instruction at `at`; `length` where it does not
 * end in what is looked at. An internal subset of a document type is stepped over by its "]". */
static size_t skip_markup(const char *text, size_t length, size_t at)
{
    const char *end = ">";
    if (length - at >= 4 && memcmp(text + at, "<!--", 4) == 0) {
        end = "-->";
    } else if (text[at + 1] == '?') {
        end = "?>";
    } else if (memchr(text + at, '[', length - at) != NULL) {
        const char *close = memchr(text + at, '>', length - at);
        const char *open = memchr(text + at, '[', length - at);
        end = close == NULL || open < close ? "]" : ">";
    }
    const char *found = memmem(text + at, length - at, end, strlen(end));
    if (found == NULL) {
        return length;
    }
    at = (size_t)(found - text) + strlen(end);
    if (end[0] == ']') {
        const char *close = memchr(text + at, '>', length - at);
        at = close != NULL ? (size_t)(close - text) + 1 : length;
    }
    return at;
}

static bool is_element(const char *text, size_t length, const char *name)
{
    size_t count = strlen(name);
    return length > count && strncasecmp(text, name, count) == 0 && strchr(" \t\r\n/>", text[count]) != NULL;
}

/* SVG and HTML, which can carry scripts, behind byte order mark, white space, prolog and comments. */
static const char *text_type(const unsigned char *data, size_t length)
{
    const char *text = (const char *)data;
    bool has_xml = false;
    size_t at = starts_with(data, length, "\xEF\xBB\xBF", 3) ? 3 : 0;
    length = length < TEXT_LOOK_MAX ? length : TEXT_LOOK_MAX;
    while (at < length) {
        if (strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
            at++;
            continue;
        }
        if (text[at] != '<' || at + 1 >= length) {
            break;
        }
        if (is_element(text + at + 1, length - at - 1, "svg") ||
            is_element(text + at + 1, length - at - 1, "svg:svg")) {
            return "image/svg+xml";
        }
        if (is_element(text + at + 1, length - at - 1, "html")) {
            return "text/html";
        }
        if (text[at + 1] != '!' && text[at + 1] != '?') {
            break;
        }
        has_xml = has_xml || text[at + 1] == '?';
        at = skip_markup(text, length, at);
    }
    return has_xml ? "text/xml" : NULL;
}

const char *pxm_media_type(const void *data, size_t length)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (starts_with(data, length, magics[i].bytes, magics[i].length)) {
            return magics[i].media;
        }
    }
    const char *media = riff_type(data, length);
    media = media != NULL ? media : iso_type(data, length);
    return media != NULL ? media : text_type(data, length);
}

/* The first extension of a type is the one we write. */
static const struct {
    char extension[6];
    const char *media;
} extensions[] = {
    {"jpg", "image/jpeg"},        {"jpeg", "image/jpeg"},     {"jpe", "image/jpeg"},
    {"jfif", "image/jpeg"},       {"png", "image/png"},       {"gif", "image/gif"},
    {"webp", "image/webp"},       {"avif", "image/avif"},     {"heic", "image/heic"},
    {"heif", "image/heic"},       {"tif", "image/tiff"},      {"tiff", "image/tiff"},
    {"svg", "image/svg+xml"},     {"bmp", "image/bmp"},       {"jxl", "image/jxl"},
    {"jp2", "image/jp2"},         {"ico", "image/x-icon"},    {"psd", "image/vnd.adobe.photoshop"},
    {"pdf", "application/pdf"},   {"gz", "application/gzip"}, {"zip", "application/zip"},
    {"json", "application/json"}, {"html", "text/html"},      {"css", "text/css"},
    {"js", "text/javascript"},    {"mjs", "text/javascript"}, {"txt", "text/plain"},
    {"xml", "text/xml"},          {"mp4", "video/mp4"},       {"mov", "video/quicktime"},
    {"webm", "video/webm"},       {"woff2", "font/woff2"},    {"map", "application/json"},
};

const char *pxm_media_extension(const char *media)
{
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (strcasecmp(extensions[i].media, media) == 0) {
            return extensions[i].extension;
        }
    }
    return NULL;
}

const char *pxm_media_of_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || strchr(dot, '/') != NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (strcasecmp(extensions[i].extension, dot + 1) == 0) {
            return extensions[i].media;
        }
    }
    return NULL;
}
