/* ThumbHash and BlurHash of small pictures against what their authors' own programs give for them, and what is asked of
 * a dominant colour. The pictures follow a formula, so both sides could make them. */
#include "body/placeholder_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint8_t pixels[RESIZE_HASH_SIDE_MAX * RESIZE_HASH_SIDE_MAX * 4];

struct formula {
    int a, b, c, alpha; /* alpha -1: a slope */
};

static struct resize_rgba picture(int width, int height, int formula)
{
    static const struct formula formulas[] = {{7, 3, 1, 255},   {0, 0, 0, 255},  {2, 5, 0, 255},   {9, 1, 3, -1},
                                              {-2, -3, 0, 255}, {-1, -2, 0, -1}, {-5, -1, -2, 255}};
    const struct formula *f = &formulas[formula];

    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = &pixels[4 * (x + y * width)];

            for (int i = 0; i < 3; i++) {
                pixel[i] = (uint8_t)(x * f->a * (i + 1) + y * f->b + x * y * f->c + 40 * i);
            }
            pixel[3] = (uint8_t)(f->alpha < 0 ? x * 8 + y * 4 : f->alpha);
        }
    }
    return (struct resize_rgba){pixels, width, height};
}

/* In each, what varies most does so upwards: of the programs for BlurHash some scale by the largest value and some, as
 * the description says and this one does, by the largest amount. */
static const struct vector {
    int width, height, formula, x, y;
    const char *thumbhash, *blurhash;
} vectors[] = {
    {100, 100, 0, 9, 9, "20f8010700755641a8573641109131475757242204280002",
     "|1HVC*%OJC%zElTyI=%$M~yXOsF{E,Fx9~BpJ.J.E3ESIn9#9}5TIdE4Mz%#J4J6V}M|B6J4NxVaR%K6NMN{EzEjOUVzI]%#W,JQM|SdI:Vwi^"
     "rdIvNES$OFJ#KKjER:t3%fR%NLS6V_IqR;srV@S[j2X7S6IvI;nUw0z{"},
    {40, 30, 4, 4, 3, "e6180a2d860f65782b64887687897787f9bc76ffbe", "LcKdxW_MrUv{}=rViIm-raifa6eu"},
    {30, 40, 4, 4, 3, "a708062d081c770e7448758987778878dbdf98fdde", "LiK1%Z?an2wv~8rUibn6v#ida6eu"},
    {64, 20, 4, 9, 2, "63480a42867f6265686577875f7a37ff7c", "HnJtVn~hs@rTnMrXnLnVn#=cr@idiveai_eujde@"},
    {50, 70, 6, 5, 6, "2008020d02fdafd88c999dcdb97b7b5bdf98eadf8f",
     "n6HoE|^z=r~9=q-C+}+$#S#qt1$yxBx:xo-.w[$yxns*r{rvw}r?nA-B$Nw[s:sC"},
    {100, 66, 4, 4, 3, "dff705158cb8bc67fa7c23895284867888fc7f4aaf", "LQG]2NOp#Z%uPR|{.4PS$w,GBzvA"},
    {90, 30, 5, 1, 1, "a629861a82081f56597677fa8947ef8dc2f03515947478", "00LW-1"},
    {33, 44, 6, 3, 4, "2008020d04cf69cb8bb49a83899879b9fecde9af8b", "TBH_xy}t]i=_,;-OxY$fxn,v#:wg"},
};

static void hashes_are_those_of_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        const struct vector *vector = &vectors[i];
        struct resize_rgba image = picture(vector->width, vector->height, vector->formula);
        uint8_t bytes[RESIZE_THUMBHASH_MAX];
        char hex[2 * RESIZE_THUMBHASH_MAX + 1] = "", text[RESIZE_BLURHASH_MAX];
        size_t length = resize_thumbhash(&image, bytes);

        for (size_t k = 0; k < length; k++) {
            snprintf(hex + 2 * k, 3, "%02x", bytes[k]);
        }
        assert_string_equal(hex, vector->thumbhash);
        resize_blurhash(&image, vector->x, vector->y, text);
        assert_string_equal(text, vector->blurhash);
    }
}

static void the_largest_hashes_fit_their_buffers(void **state)
{
    struct resize_rgba image = picture(RESIZE_HASH_SIDE_MAX, RESIZE_HASH_SIDE_MAX, 3);
    uint8_t bytes[RESIZE_THUMBHASH_MAX];
    char text[RESIZE_BLURHASH_MAX];

    (void)state;
    assert_in_range(resize_thumbhash(&image, bytes), 5, RESIZE_THUMBHASH_MAX);
    resize_blurhash(&image, 9, 9, text);
    assert_int_equal(strlen(text), 6 + 2 * 80);
}

static void fill(uint8_t *at, size_t count, uint32_t rgba)
{
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < 4; c++) {
            at[4 * i + (size_t)c] = (uint8_t)(rgba >> (24 - 8 * c));
        }
    }
}

static void the_dominant_color_is_that_of_most_pixels_not_the_mean(void **state)
{
    char color[8];
    const struct resize_rgba image = {pixels, 10, 10};

    (void)state;
    fill(pixels, 60, 0xd02030ff);
    fill(pixels + 60 * 4, 40, 0x00ff00ff);
    resize_dominant_color(&image, color);
    assert_string_equal(color, "#d02030");
}

static void what_is_transparent_does_not_count(void **state)
{
    char color[8];
    const struct resize_rgba image = {pixels, 10, 10};

    (void)state;
    fill(pixels, 60, 0xd0203010);
    fill(pixels + 60 * 4, 40, 0x00ff00ff);
    resize_dominant_color(&image, color);
    assert_string_equal(color, "#00ff00");
    fill(pixels, 100, 0xd0203000);
    resize_dominant_color(&image, color);
    assert_string_equal(color, "#ffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_reference),
        cmocka_unit_test(the_largest_hashes_fit_their_buffers),
        cmocka_unit_test(the_dominant_color_is_that_of_most_pixels_not_the_mean),
        cmocka_unit_test(what_is_transparent_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
