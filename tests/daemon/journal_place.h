/* A journal in a folder of its own, with an event loop and a clock that stands still until it is set. */
#ifndef PXM_TEST_JOURNAL_PLACE_H
#define PXM_TEST_JOURNAL_PLACE_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "daemon/journal.h"

#include <stdatomic.h>

enum { PLACE_NOW = 1000000000, PLACE_KEEP_MS = 1000000 };

struct place {
    char folder[64];
    struct loop *loop;
    struct journal *journal;
    struct journal_report report;
    struct pxm_clock clock;
    _Atomic int64_t wall_ms, monotonic_ms;
    int left; /* operations that are not done yet */
};

/* Where temporary folders are made: in memory where that is possible, as a flush takes its time on a disk, and what a
 * process leaves behind when it dies is the same. */
const char *place_base(void);
int place_set_up(void **state); /* for cmocka */
int place_tear_down(void **state);
#define PLACE_TEST(function) cmocka_unit_test_setup_teardown(function, place_set_up, place_tear_down)

/* In a folder that is there. */
pxm_status place_open(struct place *place, pxm_error *error);
void place_must_open(struct place *place, enum journal_found found);
void place_close(struct place *place);
void place_empty(const char *folder);                                              /* removes the files in it */
void place_copy(const char *from_folder, const char *to_folder, const char *name); /* nothing if it is not there */
void place_path(const char *folder, const char *name, char path[256]);

/* Submits an operation and waits for it; its status. */
pxm_status place_do(struct place *place, struct journal_op *op);
/* The same for several, in one batch where that is possible. */
void place_do_all(struct place *place, struct journal_op *ops, size_t count);
void place_assert_done(struct place *place, struct journal_op *op);
void place_assert_fails(struct place *place, struct journal_op *op, pxm_status status, const char *code);

/* Shorthand. Times are PLACE_NOW plus `at`. */
int64_t place_add(struct place *place, const char *dedupe, int64_t at);
int64_t place_expect(struct place *place, const char *run, const char *dedupe);
void place_conclude(struct place *place, const char *run);
size_t place_take(struct place *place, int64_t limit, int64_t at, struct journal_op *op); /* journal_op_done after it */
int64_t place_take_one(struct place *place, int64_t at);                                  /* its id; 0: none */
struct journal_counts place_count(struct place *place);

#endif
