/* The checker: from what clients know to whether the daemon kept its promise. It asks over HTTP as they do, and looks
 * into the state folder only for what should not be there. One thread; no upload, delete or job may be under way. */
#ifndef PXM_TEST_FAULTS_AUDIT_H
#define PXM_TEST_FAULTS_AUDIT_H

#include "ledger.h"

struct audit {
    uint16_t port;
    const char *state; /* folder of the daemon */
    const struct ledger *ledger;
    uint16_t gate_port; /* control of the gate whose bucket the objects are in; 0: they are in the state folder */
    /* results */
    size_t acknowledged, records, ready, dead, objects;
    size_t lost, duplicates, partial, strays; /* each is told on standard error */
};

/* Waits until no job is left; false: there is no end to it. */
bool audit_await_rest(const struct audit *audit);
/* True: all is as it was promised. */
bool audit_run(struct audit *audit);
/* Asks for an object as a reader would. False: it was there and was not what its name or tag says, or it was not there
 * though it must be. An answer that did not come whole, or is a failure of
 * the daemon (500 and above), says nothing. `digest` NULL: known by its tag alone;
 * `ret` (may be NULL) gets the status, or 0. */
bool audit_object(uint16_t port, const char *path, const char *digest, int *ret);

#endif
