/* What journal_once says to who started it. */
#ifndef PXM_TEST_JOURNAL_ONCE_H
#define PXM_TEST_JOURNAL_ONCE_H

/* Exit statuses that nobody else gives. */
enum { ONCE_DONE = 42, ONCE_NOT_OPENED = 43, ONCE_GAVE_UP = 44 };

enum { ONCE_ROUNDS = 3, ONCE_ACKS = 3 /* the descriptor of a pipe: a letter and a digit for all that is done */ };

/* A path that is not there, which it looks for right before its work. */
#define ONCE_STARTS "/journal_once/starts"

#endif
