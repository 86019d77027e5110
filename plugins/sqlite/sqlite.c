/* The sqlite plugin: what it offers, on one SQLite file. */
#include "sqlite.h"

static const struct pxm_unit *const units[] = {&sqlite_table_unit, &sqlite_queue_unit, NULL};

static const struct pxm_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "sqlite",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "Tables and queues in a file of this machine",
    .units = units,
};

PXM_PLUGIN(sqlite, plugin)
