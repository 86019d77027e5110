/* The checker as a program: audit PORT STATE LEDGER. It waits until no job is left, and then says what it found. */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct ledger ledger;

    if (argc != 4) {
        fprintf(stderr, "audit PORT STATE LEDGER\n");
        return 64;
    }
    ledger_init(&ledger);
    struct audit audit = {.port = (uint16_t)strtoul(argv[1], NULL, 10), .state = argv[2], .ledger = &ledger};
    bool fine = ledger_read(&ledger, argv[3]) && audit_await_rest(&audit) && audit_run(&audit);
    printf("%zu acknowledged, %zu records, %zu ready, %zu dead letters, %zu objects\n", audit.acknowledged,
           audit.records, audit.ready, audit.dead, audit.objects);
    printf("%zu lost, %zu duplicates, %zu partial, %zu strays\n", audit.lost, audit.duplicates, audit.partial,
           audit.strays);
    ledger_done(&ledger);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
