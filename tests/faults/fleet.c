/* Several daemons, each with a state folder of its own, share a bucket and a table, and one after another is killed
 * (SIGKILL) while clients upload, and started anew:
 * fleet DAEMON PROJECT STATES PICTURE DAEMONS CYCLES GATE [SEED [QUEUE LETTERS]].
 *
 * STATES is where the state folders are made; GATE is the port of the control of the gate that has the bucket. The
 * environment tells the profile. With a QUEUE, through which the bucket tells of its objects, some uploads go straight
 * into the bucket, and none of its messages becomes one of LETTERS. Clients stay with their daemon, as it is the one
 * that knows their keys. In the end the checker asks each of the daemons for all that any of them acknowledged. Exit
 * code 0: nothing is lost, or there twice. */
#include "audit.h"
#include "gate.h"
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DAEMONS_MAX = 8, CYCLES_MAX = 1000, CLIENTS = 3, MOMENT_MS_MAX = 400, PATH_BYTES = 4096 };

struct member {
    struct host host;
    struct load load;
    char state[PATH_BYTES], log[PATH_BYTES + 8];
};

struct fleet {
    struct member members[DAEMONS_MAX];
    unsigned count, random;
    long cycles;
    uint16_t gate_port;
    const char *queue, *letters; /* NULL: there is none */
};

static unsigned next_random(struct fleet *fleet)
{
    fleet->random = fleet->random * 1664525U + 1013904223U;
    return fleet->random >> 8;
}

static bool start(struct member *member)
{
    bool fine = host_start(&member->host);

    if (!fine) {
        fprintf(stderr, "# it did not start, see %s\n", member->log);
    }
    return fine;
}

static bool start_all(struct fleet *fleet, char **argv)
{
    for (unsigned i = 0; i < fleet->count; i++) {
        struct member *member = &fleet->members[i];
        snprintf(member->state, sizeof member->state, "%s/%u", argv[3], i);
        snprintf(member->log, sizeof member->log, "%s/%u.log", argv[3], i);
        member->host =
            (struct host){.program = argv[1], .project = argv[2], .state = member->state, .log = member->log};
        member->load = (struct load){.host = &member->host,
                                     .picture = argv[4],
                                     .clients = CLIENTS,
                                     .seed = fleet->random + i,
                                     .signs = fleet->queue != NULL};
        if (!start(member) || !load_start(&member->load)) {
            return false;
        }
    }
    return true;
}

/* The moment is what is random here; nothing depends on how long it takes. */
static bool kill_one(struct fleet *fleet)
{
    struct member *member = &fleet->members[next_random(fleet) % fleet->count];
    const struct timespec moment = {.tv_nsec = (long)(next_random(fleet) % MOMENT_MS_MAX) * 1000000};

    nanosleep(&moment, NULL);
    host_stop(&member->host, SIGKILL);
    return start(member);
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static void add_all(struct ledger *all, const struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        ledger_add(all, ledger->entries[i].key, ledger->entries[i].digest, ledger->entries[i].filename);
    }
}

static void gather(struct fleet *fleet, struct ledger *all)
{
    ledger_init(all);
    for (unsigned i = 0; i < fleet->count; i++) {
        add_all(all, &fleet->members[i].load.ledger);
        add_all(all, &fleet->members[i].load.direct);
    }
}

/* What a daemon had received when it was killed comes again when its leases have ended, to any of them. */
static bool await_messages(const struct fleet *fleet)
{
    bool fine = gate_end_leases(fleet->gate_port) && gate_await_empty(fleet->gate_port, fleet->queue);

    if (gate_messages(fleet->gate_port, fleet->letters) != 0) {
        fprintf(stderr, "# there are dead letters in the queue\n");
        fine = false;
    }
    return fine;
}

static bool judge_member(const struct fleet *fleet, const struct member *member, const struct ledger *all)
{
    const struct load *load = &member->load;
    struct audit audit = {.port = (uint16_t)atomic_load(&member->host.port),
                          .state = member->state,
                          .ledger = all,
                          .gate_port = fleet->gate_port};
    bool fine = audit_run(&audit);

    printf("%zu of %zu acknowledged by it, %zu by the bucket, %zu tries without an answer, %zu wrong answers; %zu "
           "records, %zu objects; "
           "%zu lost, %zu duplicates, %zu partial, %zu strays\n",
           load->ledger.count, audit.acknowledged, load->direct.count, atomic_load(&load->broken),
           atomic_load(&load->wrong), audit.records, audit.objects, audit.lost, audit.duplicates, audit.partial,
           audit.strays);
    return fine && atomic_load(&load->wrong) == 0 && audit.acknowledged > 0;
}

static bool judge(struct fleet *fleet)
{
    struct ledger all;
    bool fine = true;

    for (unsigned i = 0; i < fleet->count; i++) {
        load_stop(&fleet->members[i].load);
    }
    fine = !fleet->queue || await_messages(fleet);
    for (unsigned i = 0; i < fleet->count; i++) {
        const struct member *member = &fleet->members[i];
        const struct audit audit = {.port = (uint16_t)atomic_load(&member->host.port), .state = member->state};
        fine &= audit_await_rest(&audit);
    }
    gather(fleet, &all);
    for (unsigned i = 0; i < fleet->count; i++) {
        fine &= judge_member(fleet, &fleet->members[i], &all);
        load_done(&fleet->members[i].load);
    }
    ledger_done(&all);
    return fine;
}

int main(int argc, char **argv)
{
    static struct fleet fleet; /* clients that were given up still look at it */

    if (argc < 8) {
        fprintf(stderr, "fleet DAEMON PROJECT STATES PICTURE DAEMONS CYCLES GATE [SEED [QUEUE LETTERS]]\n");
        return 64;
    }
    fleet.count = (unsigned)strtoul(argv[5], NULL, 10);
    fleet.cycles = strtol(argv[6], NULL, 10);
    fleet.gate_port = (uint16_t)strtoul(argv[7], NULL, 10);
    fleet.random = argc > 8 ? (unsigned)strtoul(argv[8], NULL, 10) : (unsigned)time(NULL);
    fleet.queue = argc > 10 ? argv[9] : NULL;
    fleet.letters = argc > 10 ? argv[10] : NULL;
    if (fleet.count < 1 || fleet.count > DAEMONS_MAX || fleet.cycles < 0 || fleet.cycles > CYCLES_MAX ||
        (mkdir(argv[3], 0700) != 0 && errno != EEXIST)) {
        return 64;
    }
    printf("seed %u\n", fleet.random);
    fflush(stdout);
    bool fine = start_all(&fleet, argv);
    for (long i = 0; i < fleet.cycles && fine; i++) {
        fine = kill_one(&fleet);
    }
    fine = fine && judge(&fleet);
    for (unsigned i = 0; i < fleet.count; i++) {
        host_stop(&fleet.members[i].host, SIGKILL);
    }
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
