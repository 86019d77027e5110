/* A driver over the gate, as tests want it: nothing is left of one test when the next begins, every line of its log is
 * looked at for secrets, and its config can be changed within a test. One for the program. */
#ifndef PXM_TEST_AWS_PLACE_H
#define PXM_TEST_AWS_PLACE_H

#include "aws-gate/gate.h"

struct place_kind {
    const char *module, *iface;
    /* Sets what is no key, in a config in which nothing is set. */
    void (*set_options)(const struct pxm_unit *unit, void *config);
    /* Each may be NULL: after the gate forgot what came before, while there is no instance; with the first instance of
     * a test; at the end of a test. */
    void (*begin)(void);
    void (*made)(void *self);
    void (*finish)(void);
};

/* The driver's functions. The kind must outlive the program's tests; only the first call loads the driver. */
struct conformance_driver *place_driver_of(const struct place_kind *kind);
/* Its config, which the next instance is made with; reset by opening a new place. */
void *place_config(void);
/* Another instance, after the config was changed. */
void *place_open(void);
/* Makes the fixture use another instance, after the config was changed. */
void place_reopen(struct fixture *fixture);
/* Changes an option of the config, and makes the fixture use an instance with it. */
void place_set(struct fixture *fixture, const char *option, const char *value);
/* The config as it was at first, with an instance of it. */
void place_defaults(struct fixture *fixture);
/* Takes back the faults that have not come yet. */
void place_forget(void);
/* How many requests came since the last reset for an operation of a table or a queue, such as "PutItem". */
size_t place_requests(const char *operation);

/* A failure whose text has that word, and nothing that must stay secret. */
void assert_fault(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code,
                  const char *word);
/* Fails if a text has a secret, a token or a signature. */
void assert_no_secret(const char *text);

#endif
