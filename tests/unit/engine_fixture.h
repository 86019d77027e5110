/* A small world for tests of the engine: a plugin that is linked in, with stores, tables and queues in memory and
 * transforms that do as they are told; a clock whose hands the tests turn; projects in a temporary folder; a journal
 * of what happened. */
#ifndef PXM_TESTS_ENGINE_FIXTURE_H
#define PXM_TESTS_ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* a macro there, a function of the host table here */

#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "engine/engine.h"
#include "engine/project_handle.h"
#include "engine/run_start.h"
#include <pixmill/pixmill.h>

/* ---- the plugin (engine_fakes.c, engine_stores.c) ---------------------------------------------------------------- */

/*  stores  mem {name, fail_puts}        tables  memtable {name}        queues  memqueue {}        auths  memauth {key}
 *  fake.note {text, fail, transient, times}   journal: "text"; fails with the code `fail`, at most `times` times in all
 *  fake.open               blob -> image, fields width height       fake.shrink {width}  image -> image, announced
 *  fake.pack               image -> blob; "decode.corrupt" of a picture that is 13 wide
 *  fake.same               image -> image: its input
 *  fake.hang {advance}     waits for its deadline or a cancel; `advance` turns the clock by so many ms each look
 *  fake.broken {how}       breaks the contract: status, silent, nothing, type, field, field_type
 *  fake.serial, fake.each, fake.parallel   of the three thread models; field `most`: that ever ran at once */
const struct pxm_plugin *pxm_plugin_fake(void);
extern const struct pxm_unit *const fake_resource_units[];

/* ---- the journal: lines in the order they happened --------------------------------------------------------------- */

void journal_clear(void); /* also what fake.note and the thread models count */
void fake_failures_reset(void);
void journal_add(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* All lines joined by ", "; valid until the next call by any thread. */
const char *journal_text(void);

/* ---- the clock --------------------------------------------------------------------------------------------------- */

extern const struct pxm_clock fake_clock; /* starts at 1000000; sleeping turns it */
void fake_clock_reset(void);
void fake_clock_turn(int64_t ms);
int64_t fake_clock_slept(void); /* since the reset */

/* ---- stores and tables of the running test ----------------------------------------------------------------------- */

/* The object's bytes as text, or the item as JSON; NULL: not there. Valid until the next call. */
const char *fake_object(const char *store, const char *key);
const char *fake_item(const char *table, const char *key);
void fake_resources_clear(void);

/* ---- projects ---------------------------------------------------------------------------------------------------- */

struct world {
    char folder[64];
    pxm_engine *engine;
    pxm_project_handle *project;
};
/* An engine with the plugin, and a project of the standard profile (stores `objects` and `flaky`,
 * whose first two puts fail; table `rows`, queue `jobs`)
 * with pipelines given as name, text, name, text, ..., NULL. Fails the test when it does not open. `clock` NULL:
 * fake_clock. */
void world_open(struct world *world, uint32_t workers, const struct pxm_clock *clock, ...) __attribute__((sentinel));
void world_close(struct world *world);
/* Closes the project and removes the folder; the engine is somebody else's. */
void world_close_project(struct world *world);
/* Writes a file below the folder, which is made if need be. */
void world_write(struct world *world, const char *name, const char *text);
/* A further project of the world's folder; the report and error of one that does not open are printed. */
pxm_status world_project(struct world *world, const char *profile, pxm_project_handle **ret, pxm_error *error);

/* Runs a pipeline to its end. `inputs` ends with a NULL name; may be NULL. To be freed. */
pxm_run *world_run(struct world *world, const char *pipeline, const struct pxm_input_value *inputs);
/* Runs it, expects success, and gives the result's JSON; valid until the next call. */
const char *world_result(struct world *world, const char *pipeline, const struct pxm_input_value *inputs);
/* Runs it, expects a failure, and gives "code@step"; valid until the next call. */
const char *world_failure(struct world *world, const char *pipeline, const struct pxm_input_value *inputs);

#endif
