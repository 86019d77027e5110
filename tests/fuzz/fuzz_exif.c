/* Any bytes as a file with Exif data: what is found is inside the file, and what is read of it is clean. */
#include "body/exif.h"
#include "fuzz.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_text(const char *text)
{
    check(memchr(text, 0, RESIZE_EXIF_TEXT_MAX) != NULL);
    for (; *text; text++) {
        check((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
}

static void check_exif(const struct resize_exif *exif)
{
    check_text(exif->make);
    check_text(exif->model);
    check_text(exif->lens);
    check_text(exif->software);
    check_text(exif->taken_at);
    check(exif->orientation >= 0 && exif->orientation <= 8);
    check(exif->iso >= 0);
    check(isnan(exif->exposure) || exif->exposure > 0);
    check(isnan(exif->latitude) == isnan(exif->longitude));
    check(isnan(exif->latitude) || fabs(exif->latitude) <= 90);
    check(isnan(exif->longitude) || fabs(exif->longitude) <= 180);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *tiff;
    struct resize_exif exif;
    size_t length;

    if (resize_exif_find(data, size, &tiff, &length)) {
        check(tiff >= data && (size_t)(tiff - data) <= size && length <= size - (size_t)(tiff - data));
        resize_exif_read(tiff, length, false, &exif);
        check(isnan(exif.latitude) && isnan(exif.altitude));
        resize_exif_read(tiff, length, true, &exif);
        check_exif(&exif);
    }
    return 0;
}
