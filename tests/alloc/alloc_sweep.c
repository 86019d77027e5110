/* The harness between the tested code and the C library. Counters are atomic, as the tested code may have threads. */
#include "alloc_sweep.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* NOLINTBEGIN(bugprone-reserved-identifier): names that the linker's --wrap makes, and one of the leak sanitizer. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
int __real_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
int __wrap_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Absent without the leak sanitizer. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
/* NOLINTEND(bugprone-reserved-identifier) */

/* Under the sanitizer, which looks at the same paths again after the first pass, and takes long. */
enum { STICKY_STEP = 7 };

static atomic_int made;                        /* allocations since the run began */
static atomic_int first_failing, last_failing; /* which of them fail, counted from 1; 0, 0: none */

static atomic_bool paused;

static bool must_fail(void)
{
    if (atomic_load(&paused)) {
        return false;
    }
    int number = atomic_fetch_add(&made, 1) + 1;
    bool fails = number >= atomic_load(&first_failing) && number <= atomic_load(&last_failing);
    if (fails) {
        errno = ENOMEM;
    }
    return fails;
}

void *__wrap_malloc(size_t size)
{
    return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return must_fail() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return must_fail() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    return must_fail() ? NULL : __real_strndup(text, length);
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
    return must_fail() ? -1 : __real_vasprintf(ret, format, args);
}

static void set_failing(int first, int last)
{
    atomic_store(&made, 0);
    atomic_store(&first_failing, first);
    atomic_store(&last_failing, last);
}

void alloc_fail_all(bool fail)
{
    set_failing(fail ? 1 : 0, fail ? INT32_MAX : 0);
}

void alloc_pause(bool pause)
{
    atomic_store(&paused, pause);
}

static bool looks_for_leaks(void)
{
    return __lsan_do_recoverable_leak_check != NULL;
}

/* One pass over each `step`th N; `sticky`: the later ones fail too. Gives the number of allocations of the untouched
 * run. */
static int sweep(const char *name, int (*scenario)(void *arg), void *arg, bool sticky, int step)
{
    for (int number = 1;; number += step) {
        set_failing(number, sticky ? INT32_MAX : number);
        int result = scenario(arg);
        int count = atomic_load(&made);
        set_failing(0, 0);
        if (count < number && result == ALLOC_SUCCESS) {
            return count;
        }
        if (count < number || (result != ALLOC_SUCCESS && result != ALLOC_FAILURE)) {
            fail_msg("%s: result %d when allocation %d%s of %d fails", name, result, number,
                     sticky ? " and all later ones" : "", count);
        }
    }
}

void alloc_sweep(const char *name, int (*scenario)(void *arg), void *arg)
{
    int count = sweep(name, scenario, arg, false, 1);
    sweep(name, scenario, arg, true, looks_for_leaks() ? STICKY_STEP : 1);
    if (looks_for_leaks() && __lsan_do_recoverable_leak_check() != 0) {
        fail_msg("%s: memory leaked", name);
    }
    print_message("%s: each of %d allocations failed, alone and with all later ones\n", name, count);
}
