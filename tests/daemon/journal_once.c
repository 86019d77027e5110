/* A journal in a process of its own, to be disturbed from outside: journal_once FOLDER open|work|leave.
 *
 *   open   opens the journal and closes it again: all on this thread
 *   work   opens it, keeps its thread busy for a while, says ONCE_STARTS and does its rounds: from there on, what is
 *          called on files is called on the journal's thread. In each round a job is added and one is expected ("a1"
 *          and "e1" when that is done, in one batch), the run that expects is concluded ("c1"), and the added job is
 *          finished ("f1")
 *   leave  the same, and ends without closing it
 *
 * What fails is tried again a few times; a letter of letter_of tells how it failed. */
#include "journal_once.h"

#include "daemon/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARM_UP = 40, TRIES = 3 };

static struct loop *loop;
static struct journal *journal;
static int left;

static void count_down(struct journal_op *op)
{
    (void)op;
    if (--left == 0) {
        loop_stop(loop);
    }
}

static void acknowledge(char what, int round)
{
    const char text[2] = {what, (char)('0' + round)};
    if (write(ONCE_ACKS, text, sizeof text) != (ssize_t)sizeof text) {
        _exit(EXIT_FAILURE);
    }
}

/* F: the disk is full, U: the journal is not available, X: anything else. */
static char letter_of(const pxm_error *error)
{
    if (strcmp(error->code, "journal.full") == 0 && error->status == PXM_E_NO_SPACE) {
        return 'F';
    }
    return strcmp(error->code, "journal.unavailable") == 0 && error->status == PXM_E_TRANSIENT ? 'U' : 'X';
}

/* Until all are done, and says so with a letter for each. */
static bool insist(struct journal_op *ops, size_t count, const char *letters, int round)
{
    bool done[2] = {false};
    for (int i = 0; i < TRIES; i++) {
        left = 0;
        for (size_t k = 0; k < count; k++) {
            left += !done[k];
        }
        for (size_t k = 0; k < count; k++) {
            if (!done[k]) {
                ops[k].done = count_down;
                journal_submit(journal, &ops[k]);
            }
        }
        loop_run(loop);
        bool all = true;
        for (size_t k = 0; k < count; k++) {
            if (!done[k] && ops[k].error.status == PXM_OK) {
                done[k] = true;
                if (letters) {
                    acknowledge(letters[k], round);
                }
            } else if (!done[k]) {
                acknowledge(letter_of(&ops[k].error), round);
            }
            all = all && done[k];
        }
        if (all) {
            return true;
        }
    }
    return false;
}

static bool warm_up(void)
{
    bool fine = true;
    for (int i = 0; fine && i < WARM_UP; i++) {
        struct journal_op add = {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "warm", .now_ms = 1};
        fine = insist(&add, 1, NULL, 0);
        struct journal_op finish = {.kind = JOURNAL_FINISH, .id = add.ret_id};
        fine = fine && insist(&finish, 1, NULL, 0);
    }
    return fine;
}

static bool do_round(int round)
{
    char run[8], added[8], expected[8];
    snprintf(run, sizeof run, "run %d", round);
    snprintf(added, sizeof added, "a%d", round);
    snprintf(expected, sizeof expected, "e%d", round);
    struct journal_op both[] = {
        {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = added},
        {.kind = JOURNAL_EXPECT, .run = run, .pipeline = "p", .trigger = "t", .event = expected}};
    struct journal_op conclude = {.kind = JOURNAL_CONCLUDE, .run = run};
    struct journal_op finish = {.kind = JOURNAL_FINISH};
    if (!insist(both, 2, "ae", round) || !insist(&conclude, 1, "c", round)) {
        return false;
    }
    finish.id = both[0].ret_id;
    return insist(&finish, 1, "f", round);
}

static int work(bool leave)
{
    bool fine = warm_up();
    (void)!access(ONCE_STARTS, F_OK);
    for (int round = 1; fine && round <= ONCE_ROUNDS; round++) {
        fine = do_round(round);
    }
    if (leave) {
        _exit(fine ? ONCE_DONE : ONCE_GAVE_UP);
    }
    return fine ? ONCE_DONE : ONCE_GAVE_UP;
}

int main(int argc, char **argv)
{
    struct journal_report report;
    if (argc != 3 || loop_new(&loop, NULL) != PXM_OK) {
        fprintf(stderr, "usage: journal_once FOLDER open|work|leave\n");
        return EXIT_FAILURE;
    }
    const struct journal_options options = {.folder = argv[1], .loop = loop, .keep_ms = 1000000};
    bool opens_only = strcmp(argv[2], "open") == 0;
    if (opens_only) {
        (void)!access(ONCE_STARTS, F_OK);
    }
    if (journal_open(&options, &journal, &report, NULL) != PXM_OK) {
        return ONCE_NOT_OPENED;
    }
    int result = opens_only ? ONCE_DONE : work(strcmp(argv[2], "leave") == 0);
    journal_close(journal);
    loop_free(loop);
    return result;
}
