/* Arenas: zeroed memory under a cap, and what is released with it. */
#include "base/arena.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    unsigned char *last = NULL;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *memory = pxm_arena_alloc(arena, size);
        assert_non_null(memory);
        assert_ptr_not_equal(memory, last);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xAA, size);
        last = memory;
    }
    pxm_arena_free(arena);
}

static void a_large_piece_leaves_the_room_of_the_first_chunk(void **state)
{
    (void)state;
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    char *before = pxm_arena_alloc(arena, 16);
    char *large = pxm_arena_alloc(arena, 100000);
    char *after = pxm_arena_alloc(arena, 16);
    assert_ptr_equal(after, before + 16);
    memset(large, 1, 100000);
    pxm_arena_free(arena);
}

static void the_cap_holds_and_products_are_checked(void **state)
{
    (void)state;
    struct pxm_arena *arena = pxm_arena_new(64);
    assert_non_null(pxm_arena_alloc(arena, 48));
    assert_null(pxm_arena_alloc(arena, 17));
    assert_non_null(pxm_arena_alloc(arena, 16));
    assert_null(pxm_arena_alloc(arena, 0));
    assert_null(pxm_arena_alloc(arena, SIZE_MAX));
    pxm_arena_free(arena);
    arena = pxm_arena_new(SIZE_MAX);
    assert_null(pxm_arena_array(arena, SIZE_MAX / 2, 3));
    assert_null(pxm_arena_alloc(arena, SIZE_MAX - 32));
    assert_null(pxm_arena_strndup(arena, "", SIZE_MAX));
    assert_non_null(pxm_arena_array(arena, 0, 8));
    pxm_arena_free(arena);
    pxm_arena_free(NULL);
}

static void text_is_copied_and_formatted(void **state)
{
    (void)state;
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    assert_string_equal(pxm_arena_strndup(arena, "abcdef", 3), "abc");
    assert_string_equal(pxm_arena_strndup(arena, NULL, 0), "");
    assert_string_equal(pxm_arena_printf(arena, "%s is %d", "it", 7), "it is 7");
    pxm_arena_free(arena);
}

static char order[8];

static void note_release(void *arg)
{
    strncat(order, arg, 1);
}

static void defers_run_last_first(void **state)
{
    (void)state;
    order[0] = '\0';
    char names[] = "abc";
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pxm_arena_defer(arena, note_release, &names[i]), 0);
    }
    assert_string_equal(order, "");
    pxm_arena_free(arena);
    assert_string_equal(order, "cba");
}

static void what_cannot_be_remembered_is_released_at_once(void **state)
{
    (void)state;
    order[0] = '\0';
    char name[] = "x";
    struct pxm_arena *arena = pxm_arena_new(8);
    assert_int_equal(pxm_arena_defer(arena, note_release, name), -1);
    assert_string_equal(order, "x");
    pxm_arena_free(arena);
    assert_string_equal(order, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_large_piece_leaves_the_room_of_the_first_chunk),
        cmocka_unit_test(the_cap_holds_and_products_are_checked),
        cmocka_unit_test(text_is_copied_and_formatted),
        cmocka_unit_test(defers_run_last_first),
        cmocka_unit_test(what_cannot_be_remembered_is_released_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
