/* One put in a process of its own, to be disturbed from outside: put_once ROOT KEY BYTES SEED if_absent|replace. Ends
 * with PUT_DURABLE when the put said that the object is durable, with PUT_FAILED when it failed. */
#include "put_once.h"
#include "conformance/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const struct pxm_unit *unit = conformance_load("localfs", PXM_IFACE_STORAGE);
    const struct pxm_host *host = conformance_host();
    if (argc != 6) {
        fprintf(stderr, "usage: put_once ROOT KEY BYTES SEED if_absent|replace\n");
        return EXIT_FAILURE;
    }
    struct body_plan plan = body_plan(strtol(argv[3], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10));
    void *self = NULL, *config = conformance_config(unit);
    pxm_error *error = pxm_error_new();
    pxm_value *fields = host->value_record();
    conformance_set_string(unit, config, "root", argv[1]);
    (void)!access(PUT_STARTS, F_OK);
    pxm_status status = unit->create(host, config, &self, error);
    if (status == PXM_OK) {
        const struct pxm_storage_ops *ops = unit->ops;
        pxm_stream *body = body_stream(&plan);
        struct pxm_put put = {.struct_size = sizeof put,
                              .flags = strcmp(argv[5], "if_absent") == 0 ? PXM_PUT_IF_ABSENT : 0,
                              .key = argv[2],
                              .body = body};
        status = ops->put(self, NULL, &put, fields, error);
        host->stream_close(body);
        unit->destroy(self);
    }
    host->value_unref(fields);
    pxm_error_free(error);
    free(config);
    return status == PXM_OK ? PUT_DURABLE : PUT_FAILED;
}
