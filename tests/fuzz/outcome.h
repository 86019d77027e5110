/* What comes of a body that an intake takes, as text: equal outcomes give equal texts. */
#ifndef PXM_TESTS_FUZZ_OUTCOME_H
#define PXM_TESTS_FUZZ_OUTCOME_H

#include "app/intake.h"
#include "base/buf.h"

/* Aborts when it does not hold. */
void check(bool holds);

/* The outcome of the bytes fed in steps of so many. Fails to hold where a failure is none of those an intake may have,
 * or what it gives is not what its type says. */
void outcome_of(const struct app_trigger *trigger, const char *content_type, const void *data, size_t size, size_t step,
                struct pxm_buf *ret);
/* The outcome, after it was looked at that it does not depend on the steps. */
void outcome_of_any_steps(const struct app_trigger *trigger, const char *content_type, const void *data, size_t size,
                          struct pxm_buf *ret);

#endif
