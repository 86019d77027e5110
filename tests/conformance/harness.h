/* What the conformance suites and the drivers' own tests share: a loaded plugin, its config, a host table, a job whose
 * clock and cancellation the test controls, and an error. Drivers are used through plugin.h alone. */
#ifndef PXM_CONFORMANCE_HARNESS_H
#define PXM_CONFORMANCE_HARNESS_H

#include "base/error.h"
#include "base/host.h"
#include "base/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- a driver under test ---- */

/* What the service behind a driver cannot do, so that the driver can promise only less. */
enum { CONFORMANCE_EXCLUSIVE_PUT = 1 /* if-absent does not hold against others who put at the same time */ };

/* How a suite gets instances. All functions run in the test's own thread. */
struct conformance_driver {
    const struct pxm_unit *unit;
    void *(*open)(void *arg);             /* a new instance over a new, empty place                              */
    void *(*open_again)(void *arg);       /* another instance over the place that was opened last                */
    void (*close)(void *arg, void *self); /* destroys an instance                                                */
    void (*finish)(void *arg);            /* after the last close: asserts that nothing is left, drops the place */
    /* Stores that can be watched: makes an object whole, at once, by other means than put; may be called by several
     * threads. NULL: cannot. */
    void (*drop)(void *arg, const char *key, int64_t bytes, uint32_t seed);
    int thrift;     /* so many times fewer objects and rounds where a service is slow; 0: all of them */
    unsigned lacks; /* CONFORMANCE_...; the suite then asserts the lesser promise */
    void *arg;
};

/* How many rounds or objects a loop of so many is to have with this driver. */
int conformance_rounds(const struct conformance_driver *driver, int count);
/* The unit of that interface in the module NAME.so of the build; fails the test run when it cannot be had. */
const struct pxm_unit *conformance_load(const char *module, const char *iface);
/* A config struct with all fields unset, string options at their defaults. Free with free(). */
void *conformance_config(const struct pxm_unit *unit);
void conformance_set_string(const struct pxm_unit *unit, void *config, const char *option, const char *value);
void conformance_set_int(const struct pxm_unit *unit, void *config, const char *option, int64_t value);
/* An ENUM or BOOL. */
void conformance_set_choice(const struct pxm_unit *unit, void *config, const char *option, int32_t value);
void conformance_set_list(const struct pxm_unit *unit, void *config, const char *option, const pxm_value *value);
/* One for the process. */
const struct pxm_host *conformance_host(void);
/* Puts the clock of that host ahead, so that a test need not wait for what happens later. */
void conformance_pass_ms(int64_t ms);
/* Is told whenever it is put ahead, by how much in all: a server in another process goes by a clock of its own. */
void conformance_on_pass(void (*passed)(int64_t passed_ms));
/* A value from JSON, with ' for ". */
pxm_value *json_value(const char *json);

/* ---- one test's surroundings ---- */

struct fixture {
    struct conformance_driver *driver;
    const struct pxm_host *host;
    const void *ops;
    void *self;
    pxm_error *error;
    pxm_value *fields; /* of the last operation; empty before each */
    struct pxm_job job;
    struct pxm_clock clock;
    _Atomic int64_t now_ms;
    atomic_bool cancelled;
};

/* For cmocka: setup takes the driver as *state and puts a fixture there, teardown undoes that. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
#define FIXTURE_TEST(function, driver)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(function, fixture_setup, fixture_teardown, driver)
/* For further threads and instances: borrows the driver and, if given, the instance. */
struct fixture *fixture_new(struct conformance_driver *driver, void *self);
void fixture_free(struct fixture *fixture);
/* Empty fields and error, for the next operation. */
void fixture_next(struct fixture *fixture);

/* ---- assertions; they tell the error text ---- */

void assert_status(const struct fixture *fixture, pxm_status status, pxm_status expected);
/* A failure with that code that left the fields alone. */
void assert_failed(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code);
const char *field_text(const struct fixture *fixture, const char *name); /* NULL for null */
int64_t field_int(const struct fixture *fixture, const char *name);
int field_bool(const struct fixture *fixture, const char *name);
void assert_field_null(const struct fixture *fixture, const char *name);
/* What `name` holds equals that JSON, with ' for ". */
void assert_field_json(const struct fixture *fixture, const char *name, const char *json);

/* ---- bodies (bodies.c) ---- */

struct body_plan {
    int64_t bytes;     /* that come                                                     */
    int64_t announced; /* what the stream says its size is; -1: not known               */
    uint32_t seed;     /* of the content                                                */
    int64_t stop_at;   /* after so many bytes `stop` is called once; -1: never          */
    void (*stop)(void *arg);
    void *arg;
    int64_t fail_at; /* the read that would pass this fails; -1: never                */
};
struct body_plan body_plan(int64_t bytes, uint32_t seed);
/* A stream that is no blob and gives its bytes in pieces of odd sizes. */
pxm_stream *body_stream(const struct body_plan *plan);
/* The byte at a place of a content. */
uint8_t body_byte(uint32_t seed, int64_t at);
void body_fill(uint8_t *to, uint32_t seed, int64_t from, size_t length);
void body_sha256(uint32_t seed, int64_t bytes, char hex[65]);
/* Reads to the end and asserts that it is that part of a content. Closes the stream. */
void assert_body(const struct fixture *fixture, pxm_stream *stream, uint32_t seed, int64_t from, int64_t length);

/* Runs fn(arg, 0) to fn(arg, count - 1), each in its own thread, and waits for all. */
void run_threads(int count, void (*fn)(void *arg, int index), void *arg);

#endif
